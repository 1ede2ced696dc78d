"""A power cut: the node is killed, and every byte that it had not synced is dropped.

SIGKILL alone keeps the page cache, so it cannot show that an answer waits for the disk. A small
library that is preloaded into the node's processes writes down what they have synced.

What is not modelled: entries of directories that were not synced stay.
"""

import os
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("synced_bytes.c")


def build(directory: Path) -> Path:
    """Compile the library; it takes a C compiler, as `make soak` says."""
    library = directory / "synced_bytes.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


class PowerCut:
    """Watches the processes that are started under its environment, and cuts."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Record from now on what processes with this environment sync."""
        self.journal = directory / "synced.journal"
        monkeypatch.setenv("LD_PRELOAD", str(build(directory)))
        monkeypatch.setenv("SYNCED_BYTES_JOURNAL", str(self.journal))

    def cut(self, data_dir: Path) -> int:
        """Drop everything below `data_dir` that was not synced; give the number of bytes."""
        synced = self._synced()
        dropped = 0
        for path in data_dir.rglob("*"):
            if not path.is_file():
                continue
            status = path.stat()
            size, content = synced.get((status.st_dev, status.st_ino), (0, b""))
            if size < status.st_size:
                dropped += status.st_size - size
                os.truncate(path, size)
            if content and path.read_bytes() != content:
                path.write_bytes(content)
        self.journal.unlink(missing_ok=True)
        # What has survived is on the disk now: the next cut begins with it.
        with self.journal.open("w") as journal:
            for path in data_dir.rglob("*"):
                if path.is_file():
                    status = path.stat()
                    small = path.read_bytes().hex() if status.st_size <= 4096 else ""
                    journal.write(f"{status.st_dev} {status.st_ino} {status.st_size} {small}\n")
        return dropped

    def _synced(self) -> dict[tuple[int, int], tuple[int, bytes]]:
        """Size, and content if it is small, that each file had when it was synced last."""
        synced: dict[tuple[int, int], tuple[int, bytes]] = {}
        for line in self.journal.read_text().splitlines():
            device, inode, size, *content = line.split(" ")
            key = (int(device), int(inode))
            if int(size) < 0:
                synced.pop(key, None)
            else:
                synced[key] = (int(size), bytes.fromhex(content[0]) if content else b"")
        return synced
