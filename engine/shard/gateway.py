"""The way to one shard, as the rest of the front end's part of this package sees it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from engine.shard.messages import (
    Acknowledge,
    GiveUp,
    Inquire,
    NeedsOthers,
    Outgoing,
    Request,
    Result,
    Spread,
    Tell,
    Write,
)

UNBOUNDED: frozenset[type] = frozenset({Tell, Acknowledge, Inquire, GiveUp})
"""Requests that a full queue does not keep out: they end what was begun, and are bounded by it."""

UNFINISHED: frozenset[type] = frozenset({NeedsOthers, Spread})
"""Results of a write that other shards have a part in."""


class Unfinished(NamedTuple):
    """A write that other shards have a part in, with what its home `shard` has made of it so far,
    and the future of whoever waits for it."""

    shard: int
    slot: int
    write: Write
    deadline_ns: int
    result: Result
    future: asyncio.Future[Result]


GoOn = Callable[[Unfinished], None]
"""Takes over a write that is not finished, and resolves its future in the end."""


class Gateway(Protocol):
    """The way to one shard."""

    shard: int
    """Its number."""
    head: int
    """The last durable position known here."""

    @property
    def is_up(self) -> bool:
        """Whether it takes requests."""

    def submit(
        self, slot: int, request: Request, deadline_ns: int, go_on: GoOn | None = None
    ) -> asyncio.Future[Result]:
        """See Shards.submit. A result of a write that is not finished is handed to `go_on`, if that
        is given."""


class Correspondents(Protocol):
    """Who is told what a shard has to say to others, and whether it is there."""

    def take(self, origin: int, outgoing: Sequence[Outgoing]) -> None:
        """Shard `origin` has this to say."""

    def came_up(self, shard: int) -> None:
        """A shard takes requests from now on."""

    def went_down(self, shard: int) -> None:
        """A shard takes no more requests."""
