"""Questions about channels on behalf of the current call."""

import time

from engine.channels.asking import Asking
from engine.rpc.calls import CURRENT, earliest_ns
from engine.rpc.cursors import covering
from engine.shard.port import Shards


def asking_now(shards: Shards) -> Asking:
    """Asks within the deadline of the current call."""
    return Asking(shards, earliest_ns(time.monotonic_ns(), CURRENT.get().deadline_ns))


def cursor_of(asking: Asking, at_least: dict[int, int]) -> str:
    """The cursor of an answer made of all that was asked. CursorOutOfRange if it does not cover
    these positions, which the request has named."""
    return covering(at_least, asking.positions, asking.shards)
