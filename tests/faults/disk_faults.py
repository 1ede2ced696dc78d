"""A disk that fails for a real process: a small library, preloaded, makes the calls of the node's
processes return errors, for the files and from the call or byte on that a test aims at."""

import errno
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from mmap import mmap
from pathlib import Path

import pytest

from tests.faults.power_cut import preload

SOURCE = Path(__file__).with_name("disk_faults.c")
WRITES, SYNCS, NAMES = 1, 2, 4
_PAGE = struct.Struct("=iiiiqqqq256s64s")
"""As `struct page` in `disk_faults.c` has it."""
_ERROR = struct.Struct("=i")
LOOK_S = 0.001


@dataclass(frozen=True)
class Aim:
    """What is to fail."""

    name: str
    error: int
    calls: int
    part: str
    """What the path of a file holds."""
    ending: str = ""
    passes: int = 1
    """The call that fails first."""
    bytes: int = -1
    """Bytes that may still be written; negative: any number, and calls are counted."""
    lasting: bool = False
    """Whether all calls after the first fail as well, until the disk is mended."""
    at_start: bool = False
    """Whether the files are written only when a shard starts: it has to be killed first."""


AIMS = (
    Aim("EIO, sync of the write-ahead log", errno.EIO, SYNCS, "/log/", ".log"),
    Aim("EIO, write to the write-ahead log", errno.EIO, WRITES, "/log/", ".log"),
    Aim("EIO, sync of the mark", errno.EIO, SYNCS, "/shard-", "/mark"),
    Aim("EIO, write of the mark", errno.EIO, WRITES, "/shard-", "/mark"),
    Aim("EIO, everything", errno.EIO, WRITES | SYNCS | NAMES, "/shard-", lasting=True),
    Aim("ENOSPC, everything", errno.ENOSPC, WRITES, "/shard-", bytes=0, lasting=True),
    Aim("EROFS, everything", errno.EROFS, WRITES | SYNCS | NAMES, "/shard-", lasting=True),
    Aim("EIO, sync of a table at start", errno.EIO, SYNCS, "/log/", ".sst", at_start=True),
    Aim("EIO, write of a table at start", errno.EIO, WRITES, "/log/", ".sst", at_start=True),
    Aim("EIO, sync of a manifest at start", errno.EIO, SYNCS, "/log/MANIFEST", at_start=True),
    Aim("ENOSPC at start", errno.ENOSPC, WRITES, "/shard-", bytes=0, lasting=True, at_start=True),
)
PASSES_MAX = 20
BYTES_MAX = 40_000


def aim_of(aim: Aim, chance: random.Random) -> Aim:
    """The aim at a random call or byte, at times at one call alone."""
    if aim.bytes >= 0:
        return replace(aim, bytes=chance.randrange(BYTES_MAX if not aim.at_start else 4_000))
    lasting = aim.lasting or chance.random() < 0.5
    return replace(
        aim, passes=1 if aim.at_start else chance.randint(1, PASSES_MAX), lasting=lasting
    )


class Disk:
    """The disk of the processes that are started under its environment."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A disk that does not fail."""
        path = directory / "disk.page"
        path.write_bytes(bytes(_PAGE.size))
        with path.open("r+b") as file:
            self._page = mmap(file.fileno(), _PAGE.size)
        preload(SOURCE, directory, monkeypatch)
        monkeypatch.setenv("DISK_FAULTS", str(path))

    def fail(self, aim: Aim) -> None:
        """Fail from now on as it is aimed."""
        page = _PAGE.pack(
            *(0, aim.calls, aim.lasting, 0, aim.passes, aim.bytes, 0, 0),
            *(aim.part.encode(), aim.ending.encode()),
        )
        self._page[:] = page
        # Last: whoever sees that something fails sees what.
        _ERROR.pack_into(self._page, 0, aim.error)

    def mend(self) -> None:
        """Fail no more."""
        _ERROR.pack_into(self._page, 0, 0)

    @property
    def struck_s(self) -> float | None:
        """When the first call failed, by the monotonic clock; None: none has yet."""
        at_ns: int = _PAGE.unpack(self._page)[7]
        return at_ns / 1e9 if at_ns else None

    @property
    def struck_process(self) -> int:
        """The process whose call it was."""
        process_id: int = _PAGE.unpack(self._page)[3]
        return process_id

    def wait_until_struck(self, wait: Callable[[float], object], timeout_s: float) -> bool:
        """Wait until a call has failed; gives whether one has in time."""
        end = time.monotonic() + timeout_s
        while self.struck_s is None:
            if time.monotonic() > end:
                return False
            wait(LOOK_S)
        return True
