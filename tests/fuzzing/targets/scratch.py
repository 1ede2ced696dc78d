"""What targets keep from one input to the next: a file to put an input into, for what reads files,
and what takes long to make."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def folder() -> Path:
    """A directory of this process, gone when it ends."""
    _FOLDERS.append(tempfile.TemporaryDirectory(prefix="holdfast-fuzzing-"))
    return Path(_FOLDERS[-1].name)


def scratch(name: str, data: bytes) -> Path:
    """The file of this name with this content."""
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


_KEPT: dict[str, Any] = {}


def kept(name: str, make: Callable[[], T]) -> T:
    """What is made once for all inputs of a process."""
    if name not in _KEPT:
        _KEPT[name] = make()
    found: T = _KEPT[name]
    return found
