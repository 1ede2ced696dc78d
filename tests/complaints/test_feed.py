"""Complaints about feeds that lose events, repeat them, or tell them in disorder."""

import asyncio
from pathlib import Path

import pytest
from holdfast import Client, Event, EventBatch, EventKind, Feed

from benchmarks.node import running_node
from engine.feed.hub import Hub
from tests.complaints.storefront import Storefront, at_once, check_contiguous

FEEDS = 20
ORDERS = 40
SKUS = ("TEA", "MUG", "CUP")


async def _trade(client: Client, orders: int) -> None:
    """Orders of all SKUs, each held, committed and shipped, all of them at the same time."""
    for sku in SKUS:
        await client.receive(sku, "L", orders)

    async def order() -> None:
        held = await client.reserve([(sku, "L", 1) for sku in SKUS])
        await client.commit(held.reservation_id)
        await client.ship(held.reservation_id)

    await asyncio.gather(*[order() for _ in range(orders)])


def _is_complete(events: list[Event]) -> bool:
    """Whether a feed has told everything that `_trade` does to the stock."""
    shipped = sum(event.kind is EventKind.STOCK_SHIPPED for event in events)
    return shipped >= ORDERS * len(SKUS)


async def _read_all(feed: Feed) -> list[Event]:
    events: list[Event] = []
    while not _is_complete(events):
        events.append(await anext(feed))
    return events


def _of_stock(events: list[Event]) -> dict[str, list[Event]]:
    """The events of each SKU; between SKUs of different shards there is no order."""
    return {sku: [event for event in events if event.sku == sku] for sku in SKUS}


async def _twenty_feeds_hear_all(shop: Storefront) -> None:
    async with Client(shop.address) as watcher:
        feeds = [watcher.watch() for _ in range(FEEDS)]
        for feed in feeds:
            await feed.__aenter__()
        # The first feed is one that nobody reads while all this happens.
        idle, *followed = feeds
        readers = [asyncio.create_task(_read_all(feed)) for feed in followed]
        await _trade(shop.client, ORDERS)
        heard = await asyncio.gather(*readers)
        heard.append(await _read_all(idle))
        for feed in feeds:
            await feed.close()
    for events in heard:
        check_contiguous(events)
        assert _of_stock(events) == _of_stock(heard[0])


async def test_etcd_17529_many_watchers_starve_and_lose_events(any_shop: Storefront) -> None:
    """Hundreds of watchers on one stream wait for minutes and miss events, and none of them is
    told. Here twenty feeds on one connection all hear each change once and in order, while one of
    them is not read at all, and that one finds everything when it is."""
    await _twenty_feeds_hear_all(any_shop)


async def test_shopify_app_js_603_the_update_arrives_before_the_creation(
    any_shop: Storefront,
) -> None:
    """The notice of an order's change comes before that of its creation, or both within the same
    second in either order. Here a basket is created, held, committed and shipped in the feed in
    just that order, for each of many that are made at the same time."""
    async with any_shop.client.watch() as feed:
        await _trade(any_shop.client, ORDERS)
        events = await _read_all(feed)
    lives: dict[tuple[str, str], list[EventKind]] = {}
    created: set[str] = set()
    for event in events:
        if event.kind is EventKind.RESERVATION_CREATED:
            created.add(event.reservation_id)
        elif event.sku and event.reservation_id in created:
            lives.setdefault((event.reservation_id, event.sku), []).append(event.kind)
    assert len(created) == ORDERS
    after = [EventKind.HOLD_COMMITTED, EventKind.STOCK_SHIPPED]
    home = [EventKind.STOCK_HELD, *after]
    assert sum(kinds == home for kinds in lives.values()) >= ORDERS
    # In another shard than its own it takes what was set aside for it.
    there = [EventKind.HOLD_TAKEN, *after]
    for sku, told in _of_stock(events).items():
        for basket in created:
            own = [event.kind for event in told if event.reservation_id == basket]
            assert own in (home, there), (sku, basket)


async def _batches(feed: Feed) -> list[EventBatch]:
    """What a feed tells, batch by batch, until all is told."""
    found: list[EventBatch] = []
    async for batch in feed.batches():
        if isinstance(batch, EventBatch):
            found.append(batch)
        events = [event for each in found for event in each.events]
        # At once, since a feed that has lost something never comes to its end.
        check_contiguous(events)
        if _is_complete(events):
            return found
    raise AssertionError("the feed has ended")


async def _going_on_is_exact(shop: Storefront) -> None:
    client = shop.client
    async with client.watch() as live:
        await _trade(client, ORDERS)
        batches = await _batches(live)
    whole = [event for batch in batches for event in batch.events]
    check_contiguous(whole)
    told = 0
    for batch in batches:
        told += len(batch.events)
        rest = whole[told:]
        async with client.watch(start=batch.cursor) as feed:
            heard = [await anext(feed) for _ in rest]
        assert _of_stock(heard) == _of_stock(rest)
    async with client.watch(start="beginning") as again:
        past = await _read_all(again)
    assert _of_stock(past) == _of_stock(whole)


async def test_kurrentdb_1301_going_on_loses_or_repeats_events(any_shop: Storefront) -> None:
    """A subscription that goes on from where it was, or changes from the past to the present, gets
    events twice, out of order or not at all. Here each cursor that was given continues with
    exactly what had not been told, and the past is told as it was told live."""
    await _going_on_is_exact(any_shop)


async def test_control_kurrentdb_1301_a_cursor_is_one_event_behind(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    positions_of = Hub._cursor_positions

    async def behind(self: Hub, text: str) -> dict[int, int]:
        positions = await positions_of(self, text)
        return {shard: max(0, position - 1) for shard, position in positions.items()}

    monkeypatch.setattr(Hub, "_cursor_positions", behind)
    with pytest.raises(AssertionError):
        await _going_on_is_exact(shop)


async def test_kurrentdb_1301_a_feed_lives_through_the_death_of_its_shards(
    tmp_path: Path,
) -> None:
    """The same with real processes: both shards are killed in turn while a feed follows, it goes
    on by itself, and what it has heard is whole and without repetition."""
    async with running_node(tmp_path, shards=2) as node, Client(node.address) as client:
        async with client.watch() as feed:
            reader = asyncio.create_task(_read_all(feed))
            for sku in SKUS:
                await client.receive(sku, "L", ORDERS)
            for shard in range(4):
                orders = asyncio.gather(
                    *[client.allocate([(sku, "L", 1) for sku in SKUS]) for _ in range(10)]
                )
                node.kill_shard(shard % 2)
                await at_once([client.ship(each.reservation_id) for each in await orders])
                await node.until_serving()
            heard = await reader
        check_contiguous(heard)
        async with client.watch(start="beginning") as again:
            assert _of_stock(await _read_all(again)) == _of_stock(heard)
