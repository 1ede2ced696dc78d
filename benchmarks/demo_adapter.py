"""A sales channel's adapter: follows the feed, keeps its own copy of every balance by what the
events say has happened, and finds fault with the feed wherever it can."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from holdfast import Client
from holdfast.event import Event
from holdfast.feed_messages import EventBatch

Balances = list[int]
"""Units on hand, held and allocated."""

_MOVES: Mapping[str, tuple[int, int, int]] = {
    "stock_received": (1, 0, 0),
    "stock_held": (0, 1, 0),
    "hold_committed": (0, -1, 1),
    "hold_released": (0, -1, 0),
    "hold_expired": (0, -1, 0),
    "allocation_released": (0, 0, -1),
    "stock_shipped": (-1, 0, -1),
}
"""How a unit moves between on hand, held and allocated, by kind of event."""


class Adapter:
    """The adapter's copy, and what it has noticed."""

    def __init__(self) -> None:
        self.copy: dict[str, Balances] = {}
        self.versions: dict[str, int] = {}
        self.lag_s: list[float] = []
        self.events = 0
        self.gaps = 0
        self.duplicates = 0
        self.disagreements = 0
        """Events whose balances are not what the events before them add up to."""
        self.expired_at: dict[str, datetime] = {}
        """When each reservation expired, by the engine's time."""
        self.request_ids: set[str] = set()
        self._effects: Counter[tuple[str, ...]] = Counter()
        self._positions: dict[int, int] = {}
        self._changed = asyncio.Event()

    async def follow(self, client: Client) -> None:
        """Follow the feed from the beginning until cancelled."""
        async for message in client.watch(start="beginning").batches():
            received_s = time.time()
            if isinstance(message, EventBatch):
                for event in message.events:
                    self._take(event, received_s)
                self._changed.set()

    async def until(self, reached: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something is so, as seen on the feed; gives whether it came to that."""
        try:
            async with asyncio.timeout(timeout_s):
                while not reached():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    @property
    def double_effects(self) -> int:
        """Effects that some request id had more than once."""
        return sum(times - 1 for times in self._effects.values())

    def _take(self, event: Event, received_s: float) -> None:
        message = event.message
        self.events += 1
        recorded = message.recorded_at
        self.lag_s.append(received_s - recorded.seconds - recorded.nanos / 1e9)
        self._check_position(message.shard, message.position)
        kind = message.WhichOneof("kind") or ""
        details: Any = getattr(message, kind)
        if kind == "reservation_expired":
            self.expired_at[details.reservation_id] = event.recorded_at
        request_id = message.cause.request_id
        if request_id:
            self.request_ids.add(request_id)
            line_id = getattr(details, "line_id", "")
            self._effects[request_id, kind, line_id, message.key.sku] += 1
        if message.HasField("key"):
            self._move(kind, details, message)

    def _check_position(self, shard: int, position: int) -> None:
        expected = self._positions.get(shard, 0) + 1
        if position < expected:
            self.duplicates += 1
            return
        self.gaps += position - expected
        self._positions[shard] = position

    def _move(self, kind: str, details: Any, message: Any) -> None:
        sku = message.key.sku
        copy = self.copy.setdefault(sku, [0, 0, 0])
        for index, sign in enumerate(_MOVES[kind]):
            copy[index] += sign * details.quantity
        told = message.balances
        version = self.versions.get(sku, 0) + 1
        if copy != [told.on_hand, told.held, told.allocated] or message.version != version:
            self.disagreements += 1
        self.versions[sku] = message.version
