"""How a shard tells what is there: pages of SKU-locations in order of their keys, all of them as of
one durable position."""

from collections.abc import Iterator

from engine.core.limits import PAGE_EVENTS_READ_MAX
from engine.core.model import Key, Stock
from engine.log.codec import decode_group, sku_prefix, tenant_prefix
from engine.log.port import Log
from engine.log.time_travel import stock_as_of
from engine.shard.queries import ReadStocks, StocksRead

_FOREVER = 2**62
"""Beyond every position, and more than any bytes."""


def read_stocks(log: Log, question: ReadStocks, durable: int) -> StocksRead:
    """A page of SKU-locations as of the `durable` position. It is short if the places asked for are
    few among many."""
    found: list[tuple[Key, Stock]] = []
    last: Key | None = None
    next_after: Key | None = None
    places = None if question.locations is None else frozenset(question.locations)
    for looked_at, (key, stock) in enumerate(_from(log, question)):
        if len(found) == question.limit or looked_at == PAGE_EVENTS_READ_MAX:
            next_after = last
            break
        last = key
        if places is None or key.location in places:
            found.append((key, stock))
    return StocksRead(tuple(_as_of(log, found, durable)), next_after, durable)


def _from(log: Log, question: ReadStocks) -> Iterator[tuple[Key, Stock]]:
    """What is asked for, from the place of the page on, as it is when it is read."""
    for prefix in _prefixes(question):
        yield from log.stocks(prefix, question.after)


def _prefixes(question: ReadStocks) -> list[bytes]:
    """What the keys that are asked for begin with, in order; none begins with another."""
    tenant = question.tenant
    asked = [sku_prefix(tenant, sku) for sku in question.skus]
    asked += [tenant_prefix(tenant) + prefix.encode() for prefix in question.sku_prefixes]
    kept: list[bytes] = []
    for prefix in sorted(asked or [tenant_prefix(tenant)]):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


def _as_of(log: Log, found: list[tuple[Key, Stock]], position: int) -> Iterator[tuple[Key, Stock]]:
    """The same SKU-locations as of a position that was reached before they were read.

    What was written since may be in them. Whatever they show of it is in the log by now, and few
    are concerned: only those are looked up in the history.
    """
    changed = {
        getattr(recorded.event, "key", None)
        for body in log.read(position + 1, _FOREVER, _FOREVER)
        for commit in decode_group(body).commits
        for recorded in commit.recorded
    }
    for key, stock in found:
        then = stock_as_of(log, key, position) if key in changed else stock
        if isinstance(then, Stock):
            yield key, then
