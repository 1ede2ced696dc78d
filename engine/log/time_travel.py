"""What a SKU-location was at a position of the past."""

from typing import cast

from engine.core.events import StockEvent
from engine.core.evolve import evolve_stock
from engine.core.model import Key, Stock, Struct
from engine.log.codec import group_bounds
from engine.log.past_events import events_of_key, group_ending_at
from engine.log.port import HistoryEntry, Log


class NotKept(Struct, frozen=True):
    """What was asked for is older than what is kept: events are, from `oldest_position` on."""

    oldest_position: int


def stock_as_of(log: Log, key: Key, position: int) -> Stock | NotKept | None:
    """The SKU-location right after the event at `position`, or at the head if that comes first;
    None if it did not exist then. LogError if the log is damaged there.

    The state after the last whole group is stored; only if `position` lies within a group that
    touched the SKU-location, that group is read and its events are applied.
    """
    position = min(position, log.head.position)
    if position < log.oldest_position - 1:
        return NotKept(log.oldest_position)
    entry = log.history_at(key, position)
    if entry is not None and entry.position == position:
        return entry.stock
    following = log.history(key, entry.version + 1 if entry else 1)
    before = entry.stock if entry else None
    if following is None:
        return before
    return _within(log, key, following, before, position)


def _within(
    log: Log, key: Key, following: HistoryEntry, before: Stock | None, position: int
) -> Stock | None:
    """The SKU-location at a position before the end of the group that touched it next after
    `before`."""
    body = group_ending_at(log, following.position)
    stock = before
    if group_bounds(body)[0] <= position:
        for past in events_of_key(body, key):
            if past.position > position:
                break
            stock = evolve_stock(stock, cast(StockEvent, past.event))
    return stock
