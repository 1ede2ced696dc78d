"""Files that hold secrets: for their owner alone, and never written over unasked."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.cli.failures import ExitCode, fail

PRIVATE, PUBLIC = 0o600, 0o644


class NewFile(NamedTuple):
    """A file that is to be written."""

    path: Path
    content: bytes
    is_private: bool = False


def write_files(files: Sequence[NewFile], *, replace: bool) -> None:
    """Write files, each whole or not at all. Without `replace` nothing is written if one of them is
    there already."""
    there = [str(file.path) for file in files if file.path.exists()]
    if there and not replace:
        raise fail(
            ExitCode.USAGE,
            f"{', '.join(there)}: there already, nothing was written",
            "  Choose another folder, or say --replace.",
        )
    for file in files:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            _write(file)
        except OSError as error:
            raise fail(ExitCode.USAGE, f"{file.path} cannot be written: {error.strerror}") from None


def _write(file: NewFile) -> None:
    beside = file.path.with_name(f".{file.path.name}.{os.getpid()}")
    mode = PRIVATE if file.is_private else PUBLIC
    # The mode holds from the first byte on, whatever the process's mask.
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as opened:
            opened.write(file.content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, file.path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_file(path: Path) -> bytes:
    """What is in a file; the command ends if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise fail(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from None
