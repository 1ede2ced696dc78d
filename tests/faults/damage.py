"""Ways to damage a file, and the kinds of file that a data directory and a backup consist of."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

NODE_KINDS = {
    "node.json": "node.json",
    "subscriptions": "subscriptions.db",
    "journal of subscriptions": "subscriptions.db-wal",
    "mark of subscriptions": "subscriptions.mark",
    "write-ahead log": "shard-*/log/*.log",
    "table": "shard-*/log/*.sst",
    "manifest": "shard-*/log/MANIFEST-*",
    "current": "shard-*/log/CURRENT",
    "options": "shard-*/log/OPTIONS-*",
    "identity": "shard-*/log/IDENTITY",
    "settings": "shard-*/log/rocksdict-config.json",
    "lock": "shard-*/log/LOCK",
    "information": "shard-*/log/LOG",
    "mark": "shard-*/mark",
    "clock": "shard-*/clock",
}
"""The files of a node that was killed, by what they are."""

PAST_KINDS = {
    "base": "shard-*/base/*",
    "table": "shard-*/log/*.sst",
    "write-ahead log": "shard-*/log/*.log",
}
"""Those of a directory whose log goes on from a base."""

BACKUP_KINDS = {
    "manifest of the backup": "manifest.json",
    "subscriptions": "subscriptions.db",
    "write-ahead log": "shard-*/log/*.log",
    "table": "shard-*/log/*.sst",
    "manifest": "shard-*/log/MANIFEST-*",
    "current": "shard-*/log/CURRENT",
    "mark": "shard-*/mark",
}
"""Those of a backup."""


class Case(NamedTuple):
    """A file of this kind is damaged in this way; the rest follows from the seed."""

    image: str
    kind: str
    how: str
    seed: int

    def __str__(self) -> str:
        return f"{self.image}: {self.kind}, {self.how}, seed {self.seed}"


def _flip(path: Path, random: Random) -> None:
    """One bit, within what was written rather than in what was only set aside for it."""
    data = bytearray(path.read_bytes())
    written = len(data.rstrip(b"\0"))
    if written:
        data[random.randrange(written)] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def _truncate(path: Path, random: Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: random.choice((0, random.randrange(len(data) + 1)))])


def _delete(path: Path, _random: Random) -> None:
    path.unlink()


def _zero(path: Path, random: Random) -> None:
    """A block of it, or all."""
    data = path.read_bytes()
    start = random.choice((0, random.randrange(len(data) + 1) // 512 * 512))
    end = random.choice((len(data), min(len(data), start + 4_096)))
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])


def _overwrite(path: Path, random: Random) -> None:
    path.write_bytes(random.randbytes(path.stat().st_size))


def _append(path: Path, random: Random) -> None:
    with path.open("ab") as file:
        file.write(random.randbytes(random.choice((1, 100, 5_000))))


HOWS: dict[str, Callable[[Path, Random], None]] = {
    "flip": _flip,
    "truncate": _truncate,
    "delete": _delete,
    "zero": _zero,
    "overwrite": _overwrite,
    "append": _append,
}
SWAP = "swap"
EVERY_HOW = (*HOWS, SWAP)


def damage(directory: Path, pattern: str, how: str, random: Random) -> list[Path]:
    """Damage a file, or swap two; the paths of what was damaged, none if there is nothing to."""
    paths = sorted(directory.glob(pattern))
    if not paths:
        return []
    path = random.choice(paths)
    if how != SWAP:
        HOWS[how](path, random)
        return [path]
    others = [each for each in paths if each != path]
    if not others:
        return []
    other = random.choice(others)
    aside = path.with_name("aside")
    shutil.move(path, aside)
    shutil.move(other, path)
    shutil.move(aside, other)
    return [path, other]
