"""The logs under the contract, each with its way to crash."""

import shutil
from pathlib import Path
from typing import Protocol

from engine.log.memory import MemoryLog
from engine.log.port import Log
from engine.log.rocks import RocksLog


class Backend(Protocol):
    """A kind of log under test."""

    log: Log

    def reopen(self) -> Log:
        """Close the log and open it again."""

    def crash(self) -> Log:
        """The log as it is found after a power cut that takes whatever was not flushed."""

    def release(self) -> None:
        """Let go of everything."""


class Memory:
    def __init__(self, _directory: Path) -> None:
        self.log = MemoryLog()

    def reopen(self) -> Log:
        self.log.close()
        self.log = self.log.crash()
        return self.log

    def crash(self) -> Log:
        self.log = self.log.crash()
        return self.log

    def release(self) -> None:
        self.log.close()


class Rocks:
    """The files are copied after each flush, as the disk would hold them if nothing else had
    reached it: a crash opens the copy."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "0"
        self._copies = 0
        self._durable = directory / "durable"
        self._open(self._directory)

    def _open(self, directory: Path) -> None:
        self.log = RocksLog(directory)
        flush = self.log.flush
        self._copy()

        def flush_and_copy() -> int:
            position = flush()
            self._copy()
            return position

        self.log.flush = flush_and_copy  # type: ignore[method-assign]

    def _copy(self) -> None:
        shutil.rmtree(self._durable, ignore_errors=True)
        shutil.copytree(self._directory, self._durable)

    def reopen(self) -> Log:
        self.log.close()
        self._open(self._directory)
        return self.log

    def crash(self) -> Log:
        self._copies += 1
        directory = self._directory.with_name(str(self._copies))
        shutil.copytree(self._durable, directory)
        self.log.close()
        self._directory = directory
        self._open(directory)
        return self.log

    def release(self) -> None:
        self.log.close()
