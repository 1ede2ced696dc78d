"""What the front end needs of the shards. `router.Router` is the real one."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.shard.messages import Request, Result
from engine.shard.queries import Question


class Overloaded(Exception):
    """The shard's queue is full: nothing was sent."""

    def __init__(self, shard: int, queued: int) -> None:
        super().__init__(f"shard {shard} has {queued} commands queued")
        self.shard = shard
        self.queued = queued


class ShardUnavailable(Exception):
    """The shard is starting, stopping or gone. Whether what was sent took effect is unknown."""

    def __init__(self, shard: int) -> None:
        super().__init__(f"shard {shard} is not available")
        self.shard = shard


class HistoryDamaged(Exception):
    """A part of a shard's history cannot be read: what is stored there is damaged. The message
    names the directory."""

    def __init__(self, shard: int, message: str) -> None:
        super().__init__(message)
        self.shard = shard


class Shards(Protocol):
    """The way to the shards of a node."""

    count: int
    """How many shards there are."""
    history: str
    """Eight hex digits that name this data directory's history."""
    epoch: int
    """Another, higher one after each restore of the history."""

    @property
    def past_epochs(self) -> Mapping[int, tuple[int, ...]]:
        """For each earlier epoch of the history, the position at which it ended here, by shard."""

    def shard_of(self, slot: int) -> int:
        """The shard of a slot."""

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """Send a request to the shard of `slot`. Overloaded or ShardUnavailable is raised at once;
        the future may fail with ShardUnavailable and, where a write concerns other shards as well,
        with either. The future's result is durable. Cancelling the future does not take the request
        back."""

    def overload(self) -> Overloaded | None:
        """What `submit` would raise now for whatever it is given; None if a shard takes it, or is
        not available. So that refusing costs little when there is much to refuse."""

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        """Ask one shard something that it answers beside its writer. It fails as `submit` does."""

    def feed(self, shard: int) -> "ShardFeed":
        """The history of one shard."""


class ShardFeed(Protocol):
    """One shard's durable history, as the feed sees it."""

    shard: int
    head: int
    """The last durable position known here; 0 if the log is empty."""
    oldest: int
    """The oldest position that can be read."""
    head_time_ms: int
    """Engine time of the last durable group."""

    def follow(self, on_group: Callable[[bytes], None]) -> None:
        """Call `on_group` with each encoded CommitGroup that becomes durable from now on, in order
        and without gaps while the shard is up. After a restart of the shard the next group may lie
        beyond the last one: whoever needs the groups between reads them."""

    async def read(self, from_position: int, bytes_max: int) -> list[bytes]:
        """Durable encoded groups, the first of which contains `from_position`; none if the head
        lies before it. ShardUnavailable if the shard is down, HistoryDamaged if what is stored
        cannot be trusted."""
