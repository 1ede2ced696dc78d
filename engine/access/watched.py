"""A file that is looked at again and again: what it says is taken when it has changed and is right;
otherwise what it said before stays in force."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

FILE_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of the largest file that is read."""

T = TypeVar("T")


class FileRefused(Exception):
    """A file cannot be used: the message names it, and says what is wrong with it. It holds nothing
    secret."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class _Stamp(NamedTuple):
    """What changes when a file is written or replaced, or becomes readable: the owner, the mode and
    a content whose time is put back change only `changed_ns`."""

    modified_ns: int
    changed_ns: int
    size_bytes: int
    inode: int


class WatchedFile(Generic[T]):
    """A file with what it says. `value` is what was right last."""

    def __init__(self, path: Path, parse: Callable[[Path, bytes], T]) -> None:
        """Read it. FileRefused if it cannot be read, or `parse` raises that."""
        self.path = path
        self._parse = parse
        self._stamp = self._look_at()
        self.value = parse(path, self._read())

    def look(self) -> bool:
        """Read it again if it has changed; whether `value` is another now. FileRefused once for
        each change that is wrong; what was right last stays."""
        try:
            stamp = self._look_at()
        except FileRefused:
            missing = _Stamp(0, 0, 0, 0)
            if self._stamp == missing:
                return False
            self._stamp = missing
            raise
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        value = self._parse(self.path, self._read())
        changed = value != self.value
        self.value = value
        return changed

    def _look_at(self) -> _Stamp:
        try:
            found = self.path.stat()
        except OSError as error:
            raise FileRefused(self.path, error.strerror or str(error)) from error
        return _Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise FileRefused(self.path, error.strerror or str(error)) from error
        if len(content) > FILE_BYTES_MAX:
            raise FileRefused(self.path, f"it is larger than {FILE_BYTES_MAX} bytes")
        return content
