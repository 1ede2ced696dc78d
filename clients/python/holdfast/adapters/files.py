"""Writes updates as JSON Lines: into files that are rotated by size, or to standard output."""

import asyncio
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from holdfast.adapters.adapter import Adapter
from holdfast.adapters.outcomes import RetryLater
from holdfast.adapters.source import ChannelUpdate

MIB = 1024 * 1024


def line_of(update: ChannelUpdate, channel: str) -> bytes:
    """An update as one line of JSON."""
    recorded_at = update.recorded_at
    content: dict[str, Any] = {
        "channel": channel,
        **update._asdict(),
        "locations": [
            {**each._asdict(), "listing": each.listing and each.listing._asdict()}
            for each in update.locations
        ],
        "listing": update.listing and update.listing._asdict(),
        "recorded_at": recorded_at and recorded_at.isoformat(),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Files(Adapter):
    """Appends each update to a file as a line of JSON, and has it on disk before it acknowledges.

    A file that has grown too large is renamed to ``NAME.000001``, and so on, in order. After a
    crash the last updates may be there twice, never torn: what was cut off is cut away.
    """

    name = "files"
    batch_max = 1_000

    def __init__(
        self,
        *,
        path: Annotated[Path, "The file, in a directory that exists."],
        rotate_mib: Annotated[float, "Size at which a new file begins."] = 64.0,
        keep: Annotated[int, "Older files that are kept; 0: all."] = 0,
    ) -> None:
        if rotate_mib <= 0 or keep < 0:
            raise ValueError("--rotate-mib must be above 0, and --keep not below.")
        self._path = path
        self._rotate_bytes = int(rotate_mib * MIB)
        self._keep = keep
        self._file: BinaryIO | None = None

    async def start(self) -> None:
        """Opens the file, without what a crash has cut off."""
        await asyncio.to_thread(self._open)

    async def push(self, updates: Sequence[ChannelUpdate]) -> None:
        """Appends the lines; returns once they are on disk."""
        lines = b"".join(line_of(each, self.context.channel) for each in updates)
        await asyncio.to_thread(self._append, lines)

    async def stop(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO:
        file = self._file = self._path.open("ab+", buffering=0)
        end = _end_of_lines(file)
        if end < file.seek(0, os.SEEK_END):
            file.truncate(end)
        _sync_directory(self._path.parent)
        return file

    def _append(self, lines: bytes) -> None:
        file = self._file
        try:
            if file is None or file.closed:
                file = self._open()
            if file.seek(0, os.SEEK_END) >= self._rotate_bytes:
                file = self._rotate(file)
            rest = memoryview(lines)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError as error:
            # What was written in part is cut away when it is opened for the next attempt.
            if file is not None:
                file.close()
            raise RetryLater(str(error), whole_channel=True, reason="disk") from error

    def _rotate(self, file: BinaryIO) -> BinaryIO:
        file.close()
        numbers = sorted(self._older())
        self._path.rename(self._numbered(numbers[-1] + 1 if numbers else 1))
        if self._keep:
            for number in numbers[: max(0, len(numbers) + 1 - self._keep)]:
                self._numbered(number).unlink(missing_ok=True)
        return self._open()

    def _older(self) -> list[int]:
        endings = [
            each.name.removeprefix(f"{self._path.name}.")
            for each in self._path.parent.glob(f"{self._path.name}.*")
        ]
        return [int(each) for each in endings if each.isdecimal()]

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number:06d}")


class Stdout(Adapter):
    """Writes each update to standard output as a line of JSON."""

    name = "stdout"
    batch_max = 1_000

    async def push(self, updates: Sequence[ChannelUpdate]) -> None:
        """Writes the lines; if standard output is a file, they are on disk when this returns."""
        lines = b"".join(line_of(each, self.context.channel) for each in updates)
        await asyncio.to_thread(_write_out, lines)


def _write_out(lines: bytes) -> None:
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()
    descriptor = sys.stdout.fileno()
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fsync(descriptor)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last complete line of a file ends."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65_536)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _sync_directory(directory: Path) -> None:
    """Makes names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
