"""A subscriber's places in all shards."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.feed.cursor import Cursor
from engine.feed.group import FeedGroup
from engine.feed.limits import FeedLimits
from engine.feed.reader import ShardReader
from engine.feed.turns import Turns


class Intake(Protocol):
    """What groups are taken in by."""

    @property
    def is_full(self) -> bool:
        """Whether no more is taken in for now."""

    @property
    def waits_for_history(self) -> bool:
        """Whether history is read before anything is told of what was taken in."""

    def take(self, reader: ShardReader, group: FeedGroup) -> None:
        """Take what passes from the group, from the reader's place on, and move the reader."""


class Readers:
    """A place in each shard, from which groups are taken in."""

    def __init__(
        self,
        identity: tuple[str, int],
        readers: Sequence[ShardReader],
        limits: FeedLimits,
        turns: Turns,
    ) -> None:
        self.all = readers
        self._turns = turns
        self._history, self._epoch = identity
        self._retry_s = limits.retry_s
        self._first = 0
        self.is_following = False
        """Whether the subscriber was told that it is up to date: then it is told, too, before it
        goes back to history because it was too slow."""

    @property
    def positions(self) -> dict[int, int]:
        """By shard, everything up to where was taken in."""
        return {reader.feed.shard: reader.position for reader in self.all}

    @property
    def heads(self) -> dict[int, int]:
        """By shard, the last position that is durable."""
        return {reader.feed.shard: reader.feed.head for reader in self.all}

    @property
    def oldest(self) -> str:
        """The cursor that gives everything that is kept."""
        return self.cursor({reader.feed.shard: reader.feed.oldest - 1 for reader in self.all})

    @property
    def time_ms(self) -> int:
        """Engine time."""
        return max(reader.feed.head_time_ms for reader in self.all)

    @property
    def lag_events(self) -> int:
        """Events of all shards that were not taken in yet."""
        return sum(reader.lag_events for reader in self.all)

    @property
    def held_bytes(self) -> int:
        """Memory that is held for the history of this subscriber alone."""
        return sum(reader.held_bytes for reader in self.all)

    @property
    def were_left_behind(self) -> bool:
        """Whether what comes next in a shard has to be read from history, because the subscriber
        was too slow."""
        return any(reader.was_left_behind for reader in self.all)

    def cursor(self, positions: Mapping[int, int]) -> str:
        """The cursor of positions by shard."""
        return Cursor(self._history, self._epoch, positions).encode()

    def retry_at(self, now_s: float, until_s: float) -> float:
        """When to look again, at the latest, at a shard that could not be read."""
        waiting = (reader.retry_s for reader in self.all if reader.retry_s > now_s)
        return min(waiting, default=until_s)

    def start_at(self, positions: Mapping[int, int]) -> None:
        """Go to other places."""
        for reader in self.all:
            reader.position = positions[reader.feed.shard]

    def rest(self) -> bool:
        """Whether everything that is there was taken in."""
        for reader in self.all:
            if reader.is_behind:
                return False
            reader.rest()
        return True

    async def gather(self, intake: Intake) -> bool:
        """Take in what there is, until the intake is full, and say whether any reader has moved.

        Each time it begins with another shard, so that a busy one does not keep the others from
        being heard. While somebody writes it ends after a part of a group of history.
        HistoryDropped if what comes next is not kept any more.
        """
        has_moved = False
        if any(reader.has_chunk for reader in self.all):
            await self._turns.take()
        count = len(self.all)
        first = self._first
        self._first = (first + 1) % count
        for index in range(first, first + count):
            reader = self.all[index % count]
            while not intake.is_full:
                if not reader.is_behind:
                    reader.rest()
                    break
                group = reader.group() or await self._load(reader, intake)
                if group is None:
                    break
                intake.take(reader, group)
                has_moved = True
                if reader.has_chunk and self._turns.are_short:
                    return True
        return has_moved

    async def _load(self, reader: ShardReader, intake: Intake) -> FeedGroup | None:
        """Read the next chunk of history; None if it is not the time for that, or there is none."""
        if not intake.waits_for_history or (self.is_following and reader.was_left_behind):
            return None
        loop = asyncio.get_running_loop()
        if reader.retry_s > loop.time():
            return None
        if await reader.load():
            await self._turns.take()
            return reader.group()
        reader.retry_s = loop.time() + self._retry_s
        return None
