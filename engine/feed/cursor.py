"""A place in the feed as text: "1-<history>-<epoch>-<shard>.<position>[_<shard>.<position>...]".

Clients treat it as opaque. There is one way to write a place (shards ascending, decimals without
leading zeros), and nothing else is read, so that equal places are equal texts. The leading 1 is the
version of this form.
"""

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

CURSOR_BYTES_MAX = 2_048
"""Longest text that is looked at. The longest cursor, of 64 shards, has 1 500 characters."""

_NUMBER = "(?:0|[1-9][0-9]{0,18})"
_TEXT = re.compile(
    f"1-(?P<history>[0-9a-f]{{8}})-(?P<epoch>[1-9][0-9]{{0,8}})"
    f"-(?P<positions>{_NUMBER}[.]{_NUMBER}(?:_{_NUMBER}[.]{_NUMBER})*)"
)


class CursorError(Exception):
    """A feed cannot start at the cursor that was given."""

    def __init__(self, cursor: str, message: str) -> None:
        super().__init__(message)
        self.cursor = cursor


class MalformedCursor(CursorError):
    """The text is no cursor of ours."""

    def __init__(self, cursor: str) -> None:
        super().__init__(cursor, f"not a cursor: {cursor[:64]!r}")


class CursorForeign(CursorError):
    """The cursor belongs to another history than the one that is served, or to another epoch of
    it."""

    def __init__(self, cursor: str, history: str, epoch: int) -> None:
        super().__init__(cursor, f"the cursor {cursor} is not of history {history}, epoch {epoch}")
        self.history = history
        self.epoch = epoch


class CursorOutOfRange(CursorError):
    """The cursor lies before the oldest kept event of a shard, or ahead of its newest, `is_ahead`.
    `oldest` is a cursor that gives every event that is kept."""

    def __init__(self, cursor: str, oldest: str, *, is_ahead: bool = False) -> None:
        super().__init__(cursor, f"the cursor {cursor} is out of range; the oldest is {oldest}")
        self.oldest = oldest
        self.is_ahead = is_ahead


class Lineage(Protocol):
    """What says whether a cursor is of the history that is served."""

    count: int
    """How many shards there are."""
    history: str
    """The history."""
    epoch: int
    """Its present epoch."""

    @property
    def past_epochs(self) -> Mapping[int, tuple[int, ...]]:
        """For each earlier epoch, the position at which it ended, by shard."""


class Cursor(msgspec.Struct, frozen=True):
    """Everything up to a position of each named shard. A cursor of a write names one shard, one of
    a feed all."""

    history: str
    epoch: int
    positions: Mapping[int, int]
    """Position by shard: 0 is before the first event."""

    def encode(self) -> str:
        """The text of the cursor."""
        places = "_".join(f"{shard}.{self.positions[shard]}" for shard in sorted(self.positions))
        return f"1-{self.history}-{self.epoch}-{places}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor; MalformedCursor if the text is not exactly what `encode` writes."""
        match = _TEXT.fullmatch(text) if len(text) <= CURSOR_BYTES_MAX else None
        if match is None:
            raise MalformedCursor(text)
        positions: dict[int, int] = {}
        shard_last = -1
        for place in match["positions"].split("_"):
            shard, _, position = place.partition(".")
            if int(shard) <= shard_last:
                raise MalformedCursor(text)
            shard_last = int(shard)
            positions[shard_last] = int(position)
        return cls(match["history"], int(match["epoch"]), positions)


def own(cursor: Cursor, text: str, shards: Lineage) -> Cursor:
    """The same place as the history that is served counts now. CursorForeign if it is not of that
    history.

    A restore begins a new epoch: what an earlier one had recorded after the backup is lost. A
    cursor of that epoch is good as far as the backup goes, and foreign beyond it.
    """
    is_ours = cursor.history == shards.history and max(cursor.positions) < shards.count
    if is_ours and cursor.epoch == shards.epoch:
        return cursor
    ends = shards.past_epochs.get(cursor.epoch)
    if not is_ours or ends is None:
        raise CursorForeign(text, shards.history, shards.epoch)
    if any(position > ends[shard] for shard, position in cursor.positions.items()):
        raise CursorForeign(text, shards.history, shards.epoch)
    return Cursor(cursor.history, shards.epoch, cursor.positions)


def write_cursor(
    history: str,
    epoch: int,
    shard: int,
    position: int,
    elsewhere: tuple[tuple[int, int], ...] = (),
) -> str:
    """The cursor right after a write: it names the write's shard and those that it took effect in
    besides."""
    if elsewhere:
        return Cursor(history, epoch, {shard: position, **dict(elsewhere)}).encode()
    return f"1-{history}-{epoch}-{shard}.{position}"
