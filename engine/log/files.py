"""Files that are there whole or not at all, whatever a power cut interrupts."""

import os
from pathlib import Path

UNFINISHED_SUFFIX = ".new"
"""What the name of a file ends with until it is whole."""


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable: a new file is not until then."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes) -> None:
    """Write a file durably; one of that name is replaced in one step. OSError if that fails."""
    unfinished = path.with_name(path.name + UNFINISHED_SUFFIX)
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_directory(path.parent)
