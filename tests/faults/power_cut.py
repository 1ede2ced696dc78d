"""A power cut: processes are killed, and every byte that they had not synced is dropped.

SIGKILL alone keeps the page cache, so it cannot show that an answer waits for the disk. A small
library that is preloaded into the node's processes writes down what they have synced.

What is not modelled: entries of directories that were not synced stay.
"""

import asyncio
import os
import random
import select
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import processes
from benchmarks.node import Node

SOURCE = Path(__file__).with_name("synced_bytes.c")
SMALL_BYTES = 8_192
"""Files up to this size are remembered with what was in them: see `synced_bytes.c`."""
WHOLE_NODE_EVERY = 5
"""So many cuts take the front end along, of each so many; the others only the shards."""
ENDED_S_MAX = 30


def preload(source: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile a library and have it loaded before all others, by every process of a node that is
    started from now on; it takes a C compiler, as `make soak` says."""
    library = directory / f"{source.stem}.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library), prepend=" ")


class PowerCut:
    """Watches the processes that are started under its environment, and cuts."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Record from now on what processes with this environment sync."""
        self.journal = directory / "synced.journal"
        self.dropped = 0
        """Bytes of write-ahead logs and marks, in all cuts: of what answers wait for."""
        self.cuts: Counter[str] = Counter()
        preload(SOURCE, directory, monkeypatch)
        monkeypatch.setenv("SYNCED_BYTES_JOURNAL", str(self.journal))

    async def strike(self, node: Node, chance: random.Random) -> None:
        """Cut the power of the shards, or of the whole node, and let it come up again. The front
        end of a node whose shards lose their power remembers what they have told."""
        if chance.randrange(WHOLE_NODE_EVERY) == 0:
            self.cuts["whole nodes"] += 1
            await asyncio.to_thread(node.kill)
            self.cut(node.data_dir)
            await node.start()
        else:
            self.cuts["shards"] += 1
            await asyncio.to_thread(self.cut_shards, node)

    def cut_shards(self, node: Node) -> None:
        """Cut the power of all shards, while their front end is held still, so that it starts none
        before what was not synced is gone."""
        front_end = node.process_id
        os.kill(front_end, signal.SIGSTOP)
        try:
            os.waitid(os.P_PID, front_end, os.WSTOPPED)
            _end(processes.children(front_end))
            self.cut(*node.data_dir.glob("shard-*"))
        finally:
            os.kill(front_end, signal.SIGCONT)

    def cut(self, *directories: Path) -> int:
        """Drop everything below the directories that was not synced; give the number of bytes
        of write-ahead logs and marks. What RocksDB tells of itself is never synced."""
        synced = self._synced()
        dropped = 0
        for path in (each for directory in directories for each in directory.rglob("*")):
            if not path.is_file():
                continue
            status = path.stat()
            key = (status.st_dev, status.st_ino)
            size, content = synced.get(key, (0, b""))
            if size < status.st_size:
                dropped += (status.st_size - size) * _is_waited_for(path)
                os.truncate(path, size)
            if content and (was := path.read_bytes()) != content:
                dropped += sum(map(int.__ne__, was, content)) * _is_waited_for(path)
                path.write_bytes(content)
            # What has survived is on the disk now: the next cut begins with it.
            size = path.stat().st_size
            synced[key] = (size, path.read_bytes() if size <= SMALL_BYTES else b"")
        with self.journal.open("w") as journal:
            for (device, inode), (size, content) in synced.items():
                journal.write(f"\n{device} {inode} {size} {content.hex()}.")
        self.dropped += dropped
        return dropped

    def _synced(self) -> dict[tuple[int, int], tuple[int, bytes]]:
        """Size, and content if it is small, that each file had when it was synced last. What is not
        written down whole was synced by a process that died before anybody heard of it."""
        synced: dict[tuple[int, int], tuple[int, str]] = {}
        for line in self.journal.read_text().splitlines():
            if not line.endswith("."):
                continue
            device, inode, size, content = line[:-1].split(" ")
            key = (int(device), int(inode))
            if int(size) < 0:
                synced.pop(key, None)
            else:
                synced[key] = (int(size), content)
        return {key: (size, bytes.fromhex(content)) for key, (size, content) in synced.items()}


def _is_waited_for(path: Path) -> bool:
    return path.name == "mark" or path.suffix == ".log"


def _end(victims: list[int]) -> None:
    """SIGKILL processes; returns when they have ended."""
    with ExitStack() as stack:
        descriptors = []
        for process_id in victims:
            descriptors.append(os.pidfd_open(process_id))
            stack.callback(os.close, descriptors[-1])
            os.kill(process_id, signal.SIGKILL)
        for descriptor in descriptors:
            ending = select.poll()
            ending.register(descriptor, select.POLLIN)
            if not ending.poll(ENDED_S_MAX * 1_000):
                raise AssertionError("a shard has outlived SIGKILL")
