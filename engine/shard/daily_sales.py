"""What was sold of SKUs at a channel's locations, day by day: found in their history, beside the
writer."""

from collections.abc import Sequence
from itertools import islice

from engine.core.channels import DynamicBuffer
from engine.core.events import ShippedUnexpectedly, StockShipped, StockSold
from engine.core.limits import SALES_EVENTS_READ_MAX
from engine.core.model import Key
from engine.log.past_events import key_events
from engine.log.port import Log
from engine.shard.channel_queries import DailySalesRead, ReadDailySales, SkuSales
from engine.shard.past import not_kept
from engine.shard.queries import NotThere

DAY_MS = 24 * 60 * 60 * 1_000
SALES = (StockShipped, ShippedUnexpectedly, StockSold)
"""Events by which units were sold: what is held or allocated may come back."""


def read_daily_sales(log: Log, question: ReadDailySales, durable: int) -> DailySalesRead | NotThere:
    """What was sold of each SKU on each day of its buffer's window. All SKUs share a bound on the
    events that are looked at."""
    configuration = log.configuration()
    tenant = question.tenant
    channel = configuration.channels.channel(tenant, question.channel)
    if channel is None:
        return NotThere(durable)
    sells_from = configuration.sells_from(tenant, channel)
    room = SALES_EVENTS_READ_MAX
    sales = []
    for sku in question.skus:
        terms, _ = configuration.channels.terms(tenant, channel, sku)
        parameters = terms.buffer.dynamic if terms.buffer else None
        if parameters is None or configuration.kit(tenant, sku) is not None:
            sales.append(SkuSales(sku, None))
            continue
        there = log.locations(tenant, sku)
        keys = [
            Key(tenant, sku, name) for name in there if sells_from is None or name in sells_from
        ]
        found, room = _sales(log, keys, sku, parameters, question.now_ms // DAY_MS, room)
        sales.append(found)
    return DailySalesRead(tuple(sales), durable)


def _sales(
    log: Log, keys: Sequence[Key], sku: str, parameters: DynamicBuffer, today: int, room: int
) -> tuple[SkuSales, int]:
    """What was sold at these SKU-locations, looking at no more than `room` events; and what is left
    of the room."""
    asked = today - parameters.window_days
    first = max(asked, _first_kept_day(log))
    units = dict.fromkeys(range(first, today), 0)
    for key in keys:
        if not room:
            first = today
            break
        before = log.history_at(key, log.position_at(first * DAY_MS - 1))
        newest = log.history_at(key, log.position_at(today * DAY_MS - 1))
        if newest is None:
            continue
        first_version = before.version + 1 if before else 1
        past = key_events(log, key, first_version, newest.version, newest_first=True)
        for one in islice(past, room):
            room -= 1
            day = one.recorded_at_ms // DAY_MS
            if day in units and isinstance(one.event, SALES):
                units[day] += one.event.quantity
            if not room:
                # The rest of this day, and what was before it, is not known.
                first = max(first, day + 1)
    sold = tuple(units[day] for day in range(first, today))
    return SkuSales(sku, parameters, sold, is_complete=first == asked), room


def _first_kept_day(log: Log) -> int:
    """The first day of which all is kept."""
    if log.oldest_position <= 1:
        return 0
    return not_kept(log).oldest_ms // DAY_MS + 1
