"""Asks shards what channels need to know, within one deadline."""

import time
from typing import TypeVar

from engine.shard.messages import Result
from engine.shard.port import Shards
from engine.shard.queries import Query, QueryResult, Question

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


class Asking:
    """Questions of one caller, who waits until `deadline_ns` (CLOCK_MONOTONIC; 0: WAIT_NS)."""

    def __init__(self, shards: Shards, deadline_ns: int = 0) -> None:
        self.shards = shards
        self.deadline_ns = deadline_ns or time.monotonic_ns() + WAIT_NS

    async def ask(self, slot: int, query: Query, kind: type[Q]) -> Q:
        """Ask the shard of a slot in its turn. Unanswered, Overloaded or ShardUnavailable if there
        is no answer of this kind."""
        result = await self.shards.submit(slot, query, self.deadline_ns)
        if not isinstance(result, kind):
            raise Unanswered(self.shards.shard_of(slot), type(query).__name__, result)
        return result

    async def look_up(self, shard: int, question: Question, kind: type[Q]) -> Q:
        """Ask a shard beside its writer; it fails as `ask` does."""
        result = await self.shards.look_up(shard, question, self.deadline_ns)
        if not isinstance(result, kind):
            raise Unanswered(shard, type(question).__name__, result)
        return result
