"""What was told and is not pushed yet: the newest update of each SKU, and up to where everything is
done. Pure: it knows neither clock nor network, so every rule of an adapter can be tested by it.

The rules: only the newest update of a SKU is kept, also while an older one is in flight or waits to
be tried again. An older one than what was pushed, or is known already, is dropped. The cursor of a
message may be acknowledged once each of its updates, and of those before it, was pushed, parked, or
covered by the push of a newer update of the same SKU.
"""

import heapq
from collections import deque
from collections.abc import Iterable

from holdfast.adapters.guard import Guard
from holdfast.adapters.source import ChannelUpdate


class _Told:
    """A message of the feed: its cursor, and how many of its updates are open."""

    __slots__ = ("cursor", "open")

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        self.open = 0


class Item:
    """The newest update of a SKU, with what happened to it so far."""

    __slots__ = (
        *(
            "alone",
            "attempts",
            "failed_at",
            "not_before",
            "parked_ids",
            "recorded_at",
            "since",
            "told",
        ),
        *("told_at", "update", "updates"),
    )

    def __init__(self, update: ChannelUpdate, since: float) -> None:
        self.update = update
        self.told: _Told | None = None
        """The earliest message with an update of the SKU that is open; None for a replay alone."""
        self.since = since
        """Since when it could be pushed, on the monotonic clock."""
        self.told_at = since
        """When the earliest of its updates was told."""
        self.recorded_at = update.recorded_at
        """When the event behind the earliest was recorded, by engine time, if that is known."""
        self.updates = 1
        """Updates that pushing it covers."""
        self.attempts = 0
        """Failed attempts that count."""
        self.failed_at: float | None = None
        """When the first of them was."""
        self.not_before = 0.0
        """When to try again."""
        self.alone = False
        """Whether it is to be pushed in a batch of its own."""
        self.parked_ids: set[int] = set()
        """Parked messages that are done when it is pushed."""


class Pending:
    """The open updates of a channel; bounded by the number of its SKUs."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._messages: deque[_Told] = deque()
        self._ready: dict[str, Item] = {}
        self._delayed: dict[str, Item] = {}
        self._delays: list[tuple[float, int, str]] = []
        self._delay_number = 0
        self._in_flight: dict[str, Item] = {}
        self._parked: dict[str, tuple[int, int]] = {}
        self.conflated = 0
        """Updates that a newer one of the same SKU has made needless."""
        self.stale = 0
        """Updates that were dropped because a newer one was known."""

    def __len__(self) -> int:
        return len(self._ready) + len(self._delayed) + len(self._in_flight)

    @property
    def updates(self) -> int:
        """Updates that were told and are open, with those that newer ones stand for."""
        return sum(
            item.updates
            for items in (self._ready, self._delayed, self._in_flight)
            for item in items.values()
        )

    def oldest(self) -> Item | None:
        """The item whose earliest open update was told first."""
        items = [
            item
            for items in (self._ready, self._delayed, self._in_flight)
            for item in items.values()
        ]
        return min(items, key=lambda item: item.told_at, default=None)

    def tell(self, updates: Iterable[ChannelUpdate], cursor: str, now: float) -> None:
        """Takes in a message; an empty cursor says nothing about how far it goes."""
        message = _Told(cursor)
        for update in updates:
            self._add(update, message, now)
        self._messages.append(message)

    def replay(self, update: ChannelUpdate, parked_id: int, now: float) -> bool:
        """Takes in the newest update of a SKU that was parked; `parked_id` is done with it. False:
        it, or a newer one, was pushed already."""
        item = self._add(update, None, now) or self._open_item(update.sku)
        if item is None:
            return False
        item.parked_ids.add(parked_id)
        return True

    def covers_parked(self, sku: str, parked_ids: Iterable[int]) -> bool:
        """Says that a push of the SKU makes parked messages needless; False if none is open."""
        item = self._open_item(sku)
        if item is not None:
            item.parked_ids.update(parked_ids)
        return item is not None

    def parked_before(self, update: ChannelUpdate) -> None:
        """Says that an update is parked since an earlier run: nothing older may take its place."""
        order = order_of(update)
        self._parked[update.sku] = max(order, self._parked.get(update.sku, order))

    def due_at(self, batch_max: int, batch_wait_s: float) -> float | None:
        """When the next batch may go; None: there is nothing to push."""
        times = [self._delays[0][0]] if self._delays else []
        if self._ready:
            first = next(iter(self._ready.values()))
            is_full = first.alone or len(self._ready) >= batch_max
            times.append(first.since + (0.0 if is_full else batch_wait_s))
        return min(times, default=None)

    def take(self, batch_max: int, now: float) -> list[Item]:
        """What to push now, oldest first; it is in flight until `done` or `again`."""
        while self._delays and self._delays[0][0] <= now:
            _, _, sku = heapq.heappop(self._delays)
            item = self._delayed.pop(sku)
            item.since = now
            self._ready[sku] = item
        batch: list[Item] = []
        for item in self._ready.values():
            if item.alone and not batch:
                batch = [item]
                break
            if not item.alone:
                batch.append(item)
            if len(batch) == batch_max:
                break
        for item in batch:
            del self._ready[item.update.sku]
            self._in_flight[item.update.sku] = item
        return batch

    def done(self, item: Item) -> None:
        """It was pushed."""
        self._guard.pushed(item.update)
        self._parked.pop(item.update.sku, None)
        self._close(item)

    def parked(self, item: Item) -> None:
        """It was put aside; nothing older may take its place."""
        self._parked[item.update.sku] = order_of(item.update)
        self._close(item)

    def again(self, item: Item, not_before: float) -> None:
        """It is to be tried again; if a newer update has come meanwhile, that one."""
        sku = item.update.sku
        del self._in_flight[sku]
        newer = self._ready.pop(sku, None)
        if newer is not None:
            item.update = newer.update
            item.updates += newer.updates
            item.parked_ids |= newer.parked_ids
            self.conflated += 1
            if item.told is None:
                item.told, item.told_at = newer.told, newer.told_at
            else:
                self._release(newer.told)
        item.not_before = not_before
        self._delayed[sku] = item
        self._delay_number += 1
        heapq.heappush(self._delays, (not_before, self._delay_number, sku))

    def acknowledgeable(self) -> str:
        """The newest cursor before which everything is done, once; empty: none since the last."""
        cursor = ""
        while self._messages and self._messages[0].open == 0:
            cursor = self._messages.popleft().cursor or cursor
        return cursor

    def _open_item(self, sku: str) -> Item | None:
        return self._ready.get(sku) or self._delayed.get(sku) or self._in_flight.get(sku)

    def _add(self, update: ChannelUpdate, message: _Told | None, now: float) -> Item | None:
        """Keeps an update unless it is older than what is known; gives the item that has it."""
        sku = update.sku
        waiting = self._ready.get(sku) or self._delayed.get(sku)
        known = waiting or self._in_flight.get(sku)
        order = order_of(update)
        if known is not None:
            is_stale = order < order_of(known.update) or (
                waiting is None and is_same(update, known.update)
            )
        else:
            is_stale = order < self._parked.get(sku, order) or self._guard.is_stale(update)
        if is_stale:
            self.stale += 1
            if known is not None:
                self._hold(known, message)
            return None
        if waiting is None:
            item = self._ready[sku] = Item(update, now)
        else:
            item = waiting
            item.update = update
            item.updates += 1
            self.conflated += 1
        self._hold(item, message)
        return item

    @staticmethod
    def _hold(item: Item, message: _Told | None) -> None:
        """Keeps a message open until the item is done, unless an earlier one is."""
        if item.told is None and message is not None:
            item.told = message
            message.open += 1

    def _close(self, item: Item) -> None:
        del self._in_flight[item.update.sku]
        self._release(item.told)

    @staticmethod
    def _release(told: _Told | None) -> None:
        if told is not None:
            told.open -= 1


def order_of(update: ChannelUpdate) -> tuple[int, int]:
    """What is higher in the newer of two updates of a SKU."""
    return update.epoch, update.version


def is_same(one: ChannelUpdate, other: ChannelUpdate) -> bool:
    """Whether two updates say the same; when it was recorded is not looked at."""
    return one._replace(recorded_at=None) == other._replace(recorded_at=None)
