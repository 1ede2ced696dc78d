"""Asks shards what channels need to know, within one deadline."""

import asyncio
import time
from typing import TypeVar

from engine.shard.messages import Result, TooLate
from engine.shard.port import Shards, ShardUnavailable
from engine.shard.queries import NotThere, Query, QueryResult, Question, TooLarge

Q = TypeVar("Q", bound=QueryResult)

WAIT_NS = 10 * 1_000_000_000
"""How long a question may wait for its answer where nobody has stated a deadline."""


class Unanswered(Exception):
    """A shard gave another answer than the question has: too late, or failed."""

    def __init__(self, shard: int, asked: str, result: Result) -> None:
        super().__init__(f"shard {shard} has answered {asked} with {type(result).__name__}")
        self.shard = shard
        self.asked = asked
        self.result = result


class AnsweredTooLate(Unanswered):
    """The deadline had passed when the shard came to the question."""


class AnswerTooLarge(Unanswered):
    """The answer would name more locations than one may."""


_KINDS: dict[type, type[Unanswered]] = {TooLate: AnsweredTooLate, TooLarge: AnswerTooLarge}


class ChannelMissing(Exception):
    """No such channel is configured."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"there is no channel {channel}")
        self.channel = channel


class Asking:
    """Questions of one caller, who waits until `deadline_ns` (CLOCK_MONOTONIC; 0: WAIT_NS)."""

    def __init__(self, shards: Shards, deadline_ns: int = 0) -> None:
        self.shards = shards
        self.deadline_ns = deadline_ns or time.monotonic_ns() + WAIT_NS
        self.positions: dict[int, int] = {}
        """By shard, the earliest position that was read there."""

    async def ask(self, slot: int, query: Query, kind: type[Q]) -> Q:
        """Ask the shard of a slot in its turn. Overloaded, ShardUnavailable or Unanswered if there
        is no answer of this kind in time; ChannelMissing if that is why."""
        future = self.shards.submit(slot, query, self.deadline_ns)
        return await self._answer(self.shards.shard_of(slot), query, future, kind)

    async def look_up(self, shard: int, question: Question, kind: type[Q]) -> Q:
        """Ask a shard beside its writer; it fails as `ask` does."""
        future = self.shards.look_up(shard, question, self.deadline_ns)
        return await self._answer(shard, question, future, kind)

    async def _answer(
        self, shard: int, asked: Query | Question, future: asyncio.Future[Result], kind: type[Q]
    ) -> Q:
        result = await self.wait(shard, future)
        if isinstance(result, kind):
            position: int = getattr(result, "position", 0)
            self.positions[shard] = min(self.positions.get(shard, position), position)
            return result
        channel: str = getattr(asked, "channel", "")
        if isinstance(result, NotThere) and channel:
            raise ChannelMissing(channel)
        raise _KINDS.get(type(result), Unanswered)(shard, type(asked).__name__, result)

    async def wait(self, shard: int, future: asyncio.Future[Result]) -> Result:
        """What a shard answers. ShardUnavailable if it does not until the deadline: what was
        submitted is not taken back, so its outcome is unknown."""
        left_s = max(0.0, (self.deadline_ns - time.monotonic_ns()) / 1e9)
        done, _ = await asyncio.wait((future,), timeout=left_s)
        if not done:
            future.add_done_callback(_ignore)
            raise ShardUnavailable(shard)
        return future.result()


def _ignore(future: asyncio.Future[Result]) -> None:
    """Nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
