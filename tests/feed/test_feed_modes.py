"""Modes, snapshots and filters as clients meet them, over gRPC."""

import asyncio
from typing import Any

import grpc
import pytest
from holdfast.v1 import configuration_pb2 as config
from holdfast.v1 import feed_pb2, feed_pb2_grpc, stock_pb2

from engine.core.events import StockReceived
from engine.core.limits import FILTER_GROUPS_MAX, FILTER_KINDS_MAX
from engine.core.model import Key
from engine.feed.limits import FeedLimits
from engine.shard.local import LocalShards
from tests.feed.scripted import ScriptedShards
from tests.feed.test_feed_service import QUIET, FeedNode, feeding
from tests.rpc.serving import refused

Request = feed_pb2.WatchRequest
Filter = feed_pb2.EventFilter
LATEST = feed_pb2.WATCH_MODE_LATEST
SNAPSHOT = feed_pb2.START_FROM_SNAPSHOT
BEGINNING = feed_pb2.START_FROM_BEGINNING


async def read(stream: Any, until: str) -> list[feed_pb2.WatchResponse]:
    """What comes until a message with this content, which is the last one."""
    found: list[feed_pb2.WatchResponse] = []
    while not found or found[-1].WhichOneof("content") != until:
        found.append(await stream.read())
    return found


def contents(messages: list[feed_pb2.WatchResponse]) -> list[str | None]:
    return [message.WhichOneof("content") for message in messages]


async def located(node: FeedNode, name: str, *groups: str) -> None:
    """Configure a location."""
    location = config.Location(name=name, enabled=True, groups=groups)
    await node.configuration.ConfigureLocations(
        config.ConfigureLocationsRequest(context=node.context(), locations=[location])
    )


def key(sku: str, location: str) -> stock_pb2.StockKey:
    return stock_pb2.StockKey(sku=sku, location=location)


async def test_a_snapshot_is_followed_by_what_changes() -> None:
    async with feeding(LocalShards(2), FeedLimits(snapshot_states_max=2)) as node:
        skus = [f"SKU-{number}" for number in range(7)]
        for sku in skus:
            await node.receive(5, key(sku, "LONDON"))
            await node.receive(1, key(sku, "PARIS"))
        stream = node.watch(Request(filter=Filter(locations=["LONDON"]), start_from=SNAPSHOT))
        told = await read(stream, "caught_up")
        assert set(contents(told[:-1])) == {"snapshot"}
        assert all(len(message.snapshot.stocks) <= 2 for message in told[:-1])
        assert [message.snapshot.complete for message in told[:-1]] == [
            *[False] * (len(told) - 2),
            True,
        ]
        # Nobody can go on from the middle of a snapshot.
        assert [bool(message.cursor) for message in told] == [
            *[False] * (len(told) - 2),
            *(True, True),
        ]
        shown = [stock for message in told[:-1] for stock in message.snapshot.stocks]
        assert sorted(stock.key.sku for stock in shown) == skus
        assert {(stock.key.location, stock.balances.on_hand) for stock in shown} == {("LONDON", 5)}
        await node.receive(3, key("SKU-3", "PARIS"))
        await node.receive(3, key("SKU-3", "LONDON"))
        (event,) = (await stream.read()).events.events
        assert (event.key.location, event.version, event.balances.on_hand) == ("LONDON", 2, 8)
        stream.cancel()


@pytest.mark.parametrize("count", [1, 3])
async def test_a_group_is_as_it_is_configured_when_an_event_is_sent(count: int) -> None:
    async with feeding(LocalShards(count)) as node:
        await located(node, "LONDON", "shops")
        stream = node.watch(Request(filter=Filter(groups=["shops"])))
        await read(stream, "caught_up")
        for _ in range(2):
            await node.receive(1, key("TEA", "LONDON"))
            await node.receive(1, key("TEA", "PARIS"))
            await located(node, "PARIS", "shops")
            await node.receive(1, key("TEA", "PARIS"))
            await located(node, "PARIS")
            await node.receive(1, key("TEA", "PARIS"))
        await node.receive(1, key("TEA", "LONDON"))
        told: list[tuple[str, int]] = []
        while len(told) < 5:
            events = (await stream.read()).events.events
            told += [(event.key.location, event.version) for event in events]
        assert told == [("LONDON", 1), ("PARIS", 2), ("LONDON", 2), ("PARIS", 5), ("LONDON", 3)]
        stream.cancel()


async def test_a_group_narrows_a_snapshot_and_exact_skus() -> None:
    async with feeding(LocalShards(2)) as node:
        await located(node, "LONDON", "shops")
        for sku in ("TEA", "CUP", "MUG"):
            for location in ("LONDON", "PARIS"):
                await node.receive(1, key(sku, location))
        asked = Filter(skus=["TEA", "MUG"], groups=["shops"])
        stream = node.watch(Request(filter=asked, start_from=SNAPSHOT, mode=LATEST))
        told = await read(stream, "caught_up")
        shown = [stock.key for message in told for stock in message.snapshot.stocks]
        assert sorted((each.sku, each.location) for each in shown) == [
            ("MUG", "LONDON"),
            ("TEA", "LONDON"),
        ]
        # A follower of two SKUs hears of the group nevertheless.
        await located(node, "PARIS", "shops")
        assert ("MUG", "PARIS", 1) in states(await read(stream, "caught_up"))
        await node.receive(1, key("TEA", "PARIS"))
        assert states([await stream.read()]) == [("TEA", "PARIS", 2)]
        stream.cancel()


def states(messages: list[feed_pb2.WatchResponse]) -> list[tuple[str, str, int]]:
    """What messages show of SKU-locations, by states and by events, each with its version."""
    shown = [(each.key, each.version) for one in messages for each in one.snapshot.stocks]
    shown += [(each.key, each.version) for one in messages for each in one.events.events]
    return sorted((each.sku, each.location, version) for each, version in shown)


@pytest.mark.parametrize("count", [1, 3])
async def test_what_is_in_a_location_that_joins_a_group_is_told_in_mode_latest(count: int) -> None:
    async with feeding(LocalShards(count)) as node:
        await located(node, "LONDON", "shops")
        for sku in ("TEA", "CUP"):
            for location in ("LONDON", "PARIS"):
                await node.receive(1, key(sku, location))
        request = Request(filter=Filter(groups=["shops"]), mode=LATEST)
        stream = node.watch(request)
        cursor = (await read(stream, "caught_up"))[-1].cursor
        # That one is in the group already, and that another is in another one, says nothing new.
        await located(node, "LONDON", "shops", "stores")
        await located(node, "PARIS", "stores")
        await node.receive(1, key("TEA", "LONDON"))
        assert states([await stream.read()]) == [("TEA", "LONDON", 2)]
        await located(node, "PARIS", "shops")
        told = await read(stream, "caught_up")
        everything = [("CUP", "LONDON", 1), ("CUP", "PARIS", 1), ("TEA", "LONDON", 2)]
        everything.append(("TEA", "PARIS", 1))
        assert (states(told), told[-2].snapshot.complete) == (everything, True)
        await node.receive(1, key("CUP", "PARIS"))
        assert states([await stream.read()]) == [("CUP", "PARIS", 2)]
        stream.cancel()
        # Nor is it missed by who was away when it happened.
        resumed = node.watch(Request(filter=request.filter, mode=LATEST, after_cursor=cursor))
        told = await read(resumed, "caught_up")
        everything[1] = ("CUP", "PARIS", 2)
        assert set(everything) <= set(states(told))
        resumed.cancel()


async def test_kinds_of_events_are_asked_for_by_name() -> None:
    async with feeding(LocalShards()) as node:
        await located(node, "LONDON", "shops")
        await node.receive(5)
        await node.stub.Reserve(node.reservation(2))
        asked = Filter(kinds=["stock_held", "locations_configured"])
        events = await node.told(Request(filter=asked, start_from=BEGINNING))
        assert [event.WhichOneof("kind") for event in events] == [
            "locations_configured",
            "stock_held",
        ]
        asked = Filter(kinds=["stock_held", "locations_configured"], skus=["TEA"])
        events = await node.told(Request(filter=asked, start_from=BEGINNING))
        assert [event.WhichOneof("kind") for event in events] == ["stock_held"]


async def test_the_latest_alone_is_told_of_a_long_past() -> None:
    async with feeding(LocalShards(3)) as node:
        for number in range(60):
            await node.receive(1, key(f"SKU-{number % 4}", "LONDON"))
        events = await node.told(Request(start_from=BEGINNING, mode=LATEST))
        assert sorted((event.key.sku, event.version) for event in events) == [
            (f"SKU-{number}", 15) for number in range(4)
        ]


async def test_a_cursor_that_has_expired_begins_with_a_snapshot() -> None:
    shards = LocalShards()
    async with feeding(shards) as node:
        cursor = (await node.receive(1)).receipt.cursor
        await node.receive(1)
        await node.receive(1)
        shards.shards[0].oldest = 3
        refusal = await refused(node.watch(Request(after_cursor=cursor)).read())
        assert (refusal.code.name, refusal.reason) == ("OUT_OF_RANGE", "CURSOR_OUT_OF_RANGE")
        stream = node.watch(Request(after_cursor=cursor, mode=LATEST))
        told = await read(stream, "caught_up")
        assert contents(told) == ["snapshot", "snapshot", "caught_up"]
        assert told[0].snapshot.stocks[0].balances.on_hand == 3
        # What lies ahead is no past that was forgotten.
        ahead = cursor.replace("-0.1", "-0.9")
        refusal = await refused(node.watch(Request(after_cursor=ahead, mode=LATEST)).read())
        assert refusal.reason == "CURSOR_OUT_OF_RANGE"
        stream.cancel()


async def test_after_a_restore_the_latest_begins_with_a_snapshot() -> None:
    shards = LocalShards(history="0123abcd", epoch=7)
    shards.past_epochs = {1: (2,)}
    async with feeding(shards) as node:
        for _ in range(3):
            await node.receive(1)
        stream = node.watch(Request(after_cursor="1-0123abcd-1-0.2", mode=LATEST))
        told = await read(stream, "caught_up")
        assert (contents(told)[0], states(told)) == ("snapshot", [("TEA", "LONDON", 3)])
        stream.cancel()
        stream = node.watch(Request(after_cursor=told[-1].cursor, mode=LATEST))
        assert contents(await read(stream, "caught_up")) == ["caught_up"]
        stream.cancel()
        lost = Request(after_cursor="1-0123abcd-1-0.3", mode=LATEST)
        assert (await refused(node.watch(lost).read())).reason == "CURSOR_FOREIGN"


async def test_who_reads_too_slowly_is_told_so_and_when_that_is_over() -> None:
    shards = ScriptedShards(1)
    feed = shards.feeds[0]
    received = StockReceived(Key("", "T" * 100, "L" * 100), 1)
    limits = FeedLimits(checkpoint_s=3_600.0, tail_bytes_max=500_000)
    async with feeding(shards, limits) as node:
        narrow = grpc.aio.insecure_channel(
            f"127.0.0.1:{node.port}", options=[("grpc.http2.bdp_probe", 0)]
        )
        stalled = feed_pb2_grpc.FeedServiceStub(narrow).Watch(Request(start_from=BEGINNING))
        assert (await stalled.read()).HasField("caught_up")
        other = node.watch(Request())
        await other.read()
        while node.hub.lag_events_max < 10_000:
            feed.append(*[[received]] * 200)
            await other.read()
        told: list[feed_pb2.WatchResponse] = []
        while not told or not told[-1].HasField("caught_up"):
            told.append(await stalled.read())
        behind = next(message for message in told if message.HasField("fell_behind"))
        assert contents(told).count("fell_behind") == 1
        assert behind.fell_behind.lag_events > 1_000
        assert behind.fell_behind.time.ToMilliseconds() <= feed.head_time_ms
        positions = [event.position for message in told for event in message.events.events]
        assert positions == list(range(1, feed.head + 1))
        await narrow.close(None)
        other.cancel()


async def test_a_named_follower_of_one_sku_is_waited_for_though_others_change() -> None:
    async with feeding(LocalShards(2), QUIET) as node:
        stream = node.watch(Request(name="adapter", filter=Filter(skus=["TEA"])))
        await read(stream, "caught_up")
        for sku in ("CUP", "TEA", "MUG"):
            cursor = (await node.receive(1, key(sku, "LONDON"))).receipt.cursor
            if sku == "TEA":
                await stream.read()
            wait = feed_pb2.WaitForSubscriberRequest(name="adapter", cursor=cursor)
            stub: Any = feed_pb2_grpc.FeedServiceStub(node.channel)
            answer = await stub.WaitForSubscriber(wait, timeout=20)
            assert answer.cursor
        stream.cancel()


BAD_REQUESTS: list[tuple[feed_pb2.WatchRequest, str]] = [
    (Request(mode=7), "mode"),  # type: ignore[arg-type]
    (Request(filter=Filter(groups=[""])), "filter.groups[0]"),
    (Request(filter=Filter(groups=["g"] * (FILTER_GROUPS_MAX + 1))), "filter.groups"),
    (Request(filter=Filter(kinds=["stock_held", "stock_lost"])), "filter.kinds[1]"),
    (Request(filter=Filter(kinds=["stock_held"] * (FILTER_KINDS_MAX + 1))), "filter.kinds"),
    (Request(filter=Filter(kinds=["stock_held"]), mode=LATEST), "filter.kinds"),
    (Request(filter=Filter(channel="a\nb")), "filter.channel"),
    (Request(filter=Filter(channel="web", locations=["L"]), mode=LATEST), "filter.locations"),
    (Request(filter=Filter(channel="web", groups=["g"]), mode=LATEST), "filter.groups"),
]


@pytest.mark.parametrize(
    ("request_", "field"),
    [pytest.param(*row, id=f"{index} {row[1]}") for index, row in enumerate(BAD_REQUESTS)],
)
async def test_what_cannot_be_asked(request_: feed_pb2.WatchRequest, field: str) -> None:
    async with feeding(ScriptedShards(1)) as node:
        refusal = await refused(node.watch(request_).read())
        assert (refusal.code.name, refusal.metadata["field"]) == ("INVALID_ARGUMENT", field)
        assert node.hub.subscribers == 0


@pytest.mark.parametrize("mode", [feed_pb2.WATCH_MODE_EVERY_EVENT, LATEST])
async def test_a_channel_that_nobody_has_configured_has_no_feed(mode: Any) -> None:
    async with feeding(LocalShards()) as node:
        refusal = await refused(node.watch(Request(filter=Filter(channel="web"), mode=mode)).read())
        assert (refusal.code.name, refusal.reason) == ("NOT_FOUND", "UNKNOWN_CHANNEL")
        assert refusal.metadata == {"channel": "web"}
        assert node.hub.subscribers == 0


async def test_a_shard_that_is_away_is_waited_for_in_the_middle_of_a_snapshot() -> None:
    shards = LocalShards(2)
    async with feeding(shards, FeedLimits(snapshot_states_max=1, retry_s=0.001)) as node:
        for number in range(8):
            await node.receive(1, key(f"SKU-{number}", "LONDON"))
        stream = node.watch(Request(start_from=SNAPSHOT))
        first = await stream.read()
        shards.shards[1].crash()
        asyncio.get_running_loop().call_later(0.02, shards.shards[1].start)
        told = [first, *await read(stream, "caught_up")]
        shown = [stock.key.sku for message in told for stock in message.snapshot.stocks]
        assert sorted(shown) == [f"SKU-{number}" for number in range(8)]
        stream.cancel()
