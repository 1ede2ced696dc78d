"""The feed as clients meet it: over gRPC, beside commands that change stock."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
import structlog
from holdfast.v1 import feed_pb2, feed_pb2_grpc, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.core.events import StockReceived
from engine.core.limits import FILTER_IDS_MAX, FILTER_PREFIXES_MAX
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.hub import Hub
from engine.feed.limits import FeedLimits
from engine.rpc.feed import SERVICE, add_feed_service
from engine.rpc.server import RpcServer, ServerOptions, Service
from engine.shard.local import LocalShards
from engine.shard.port import Shards
from tests.feed.scripted import EPOCH, HISTORY, ScriptedShards, faults, positions
from tests.rpc.serving import Calls, Node, refused

QUIET = FeedLimits(checkpoint_s=3_600.0, retry_s=0.001)
BEGINNING = feed_pb2.START_FROM_BEGINNING
Request = feed_pb2.WatchRequest


class FeedNode(Node):
    """A served node with its feed."""

    hub: Hub

    def watch(self, request: feed_pb2.WatchRequest) -> Any:
        """Open a feed."""
        return feed_pb2_grpc.FeedServiceStub(self.channel).Watch(request)

    async def until_gone(self, count: int) -> None:
        """Wait until no more than so many feeds are open."""
        await self.calls.until(lambda: self.hub.subscribers <= count)

    async def told(self, request: feed_pb2.WatchRequest) -> list[feed_pb2.Event]:
        """What a feed tells until CAUGHT_UP."""
        stream = self.watch(request)
        events: list[feed_pb2.Event] = []
        async for response in stream:
            if response.HasField("caught_up"):
                stream.cancel()
                return events
            events += response.events.events
        raise AssertionError("the feed ended")


@asynccontextmanager
async def feeding(
    shards: Shards, limits: FeedLimits = QUIET, options: ServerOptions | None = None
) -> AsyncIterator[FeedNode]:
    """A node with a feed that serves until the end of the block."""
    hub = Hub(shards, limits)
    service = Service(SERVICE, lambda server: add_feed_service(hub, server))
    calls = Calls()
    server = RpcServer(shards, options, observer=calls.observe, services=lambda _: [service])
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            node = FeedNode(shards, server, channel, port, calls)
            node.hub = hub
            yield node
    finally:
        hub.stop()
        await server.stop(0)
        if isinstance(shards, LocalShards):
            shards.close()


def kinds(events: list[feed_pb2.Event]) -> list[str | None]:
    return [event.WhichOneof("kind") for event in events]


async def test_the_life_of_a_basket_is_told_to_its_tenant() -> None:
    now_ms = [1_700_000_000_000]
    shards = LocalShards(now_ms=lambda: now_ms[0])
    async with feeding(shards) as node:
        key = stock_pb2.StockKey(tenant="acme", sku="TEA", location="LONDON")
        await node.receive(10, key)
        baskets = []
        for _ in range(2):
            request = node.reservation(2, tenant="acme")
            request.ttl.seconds = 60
            baskets.append((await node.stub.Reserve(request)).reservation_id)
        for basket in baskets:
            extend = pb.ExtendRequest(
                context=node.context(ticket="T-1"), tenant="acme", reservation_id=basket
            )
            extend.ttl.seconds = 90
            await node.stub.Extend(extend)
        await node.stub.Commit(
            pb.CommitRequest(
                context=node.context(), tenant="acme", reservation_id=baskets[0], reference="order"
            )
        )
        now_ms[0] += 100_000
        shards.shards[0].turn()
        events = await node.told(Request(tenant="acme", start_from=BEGINNING))
        assert kinds(events) == [
            "stock_received",
            *["reservation_created", "stock_held"] * 2,
            *["reservation_extended"] * 2,
            "reservation_renamed",
            "hold_committed",
            "reservation_expired",
            "hold_expired",
        ]
        assert [event.position for event in events] == list(range(1, 12))
        assert [event.cause.command for event in events[-3:]] == ["Commit", "Expire", "Expire"]
        assert events[5].cause.ticket == "T-1"
        assert events[-1].recorded_at.ToMilliseconds() == now_ms[0]
        assert (events[-1].version, events[-1].balances.held) == (5, 0)
        assert await node.told(Request(start_from=BEGINNING)) == []
        narrow = feed_pb2.EventFilter(sku_prefixes=["TE"], locations=["LONDON"])
        stock = await node.told(Request(tenant="acme", filter=narrow, start_from=BEGINNING))
        assert stock == [event for event in events if event.HasField("key")]


@pytest.mark.parametrize("count", [1, 3])
async def test_reconnects_at_any_cursor_while_shards_fail(count: int) -> None:
    random_source = random.Random(count)
    shards = LocalShards(count)
    limits = FeedLimits(retry_s=0.001, message_events_max=7, tail_bytes_max=20_000)
    async with feeding(shards, limits) as node:
        received: list[feed_pb2.Event] = []
        request = Request(start_from=BEGINNING)
        for round_number in range(25):
            for _ in range(12):
                sku = f"SKU-{random_source.randrange(40)}"
                await node.receive(1, stock_pb2.StockKey(sku=sku, location="LONDON"))
            stream = node.watch(request)
            if round_number % 5 == 2:
                failing = random_source.choice(shards.shards)
                failing.crash()
                failing.start()
            messages, caught_up = random_source.randrange(1, 6), 0
            while messages or (round_number == 24 and not caught_up):
                response = await stream.read()
                messages = max(messages - 1, 0)
                caught_up += response.HasField("caught_up")
                received += response.events.events
                request = Request(after_cursor=response.cursor)
                if caught_up:
                    break
            stream.cancel()
        log = [await whole_log(shards, shard) for shard in range(count)]
        assert sum(map(len, log)) == 300
        assert faults(received, log, Filter(), dict.fromkeys(range(count), 0)) == []


async def whole_log(shards: LocalShards, shard: int) -> list[feed_pb2.Event]:
    """Every event of a shard's log, complete."""
    reader = ScriptedShards(shards.count).feeds[shard]
    for data in await shards.feed(shard).read(1, 1 << 40):
        reader.adopt(data)
    return reader.events()


async def test_a_client_that_does_not_read_holds_up_nobody() -> None:
    shards = ScriptedShards(1)
    feed = shards.feeds[0]
    received = StockReceived(Key("", "T" * 100, "L" * 100), 1)
    limits = FeedLimits(checkpoint_s=3_600.0, tail_bytes_max=1_000_000)
    async with feeding(shards, limits) as node:
        feed.append([received])
        # A window that does not grow: otherwise the client's own buffers swallow megabytes.
        narrow = grpc.aio.insecure_channel(
            f"127.0.0.1:{node.port}", options=[("grpc.http2.bdp_probe", 0)]
        )
        stalled = feed_pb2_grpc.FeedServiceStub(narrow).Watch(Request(start_from=BEGINNING))
        await stalled.read()
        other = node.watch(Request(start_from=BEGINNING))
        told = 0
        for round_number in range(100):
            feed.append(*[[received]] * 200)
            while told < 1 + 200 * (round_number + 1):
                told += len((await other.read()).events.events)
        assert node.hub.subscribers == 2
        assert node.hub.lag_events_max > 10_000
        assert node.hub.tail_bytes < 2_000_000
        last = 1
        while last < feed.head:
            for event in (await stalled.read()).events.events:
                assert event.position == last + 1
                last = event.position
        await narrow.close(None)
        other.cancel()


CURSORS = [
    ("nonsense", "INVALID_ARGUMENT", "INVALID_FIELD"),
    (f"1-0badcafe-{EPOCH}-0.1", "DATA_LOSS", "CURSOR_FOREIGN"),
    (f"1-{HISTORY}-{EPOCH}-0.1", "OUT_OF_RANGE", "CURSOR_OUT_OF_RANGE"),
    (f"1-{HISTORY}-{EPOCH}-0.9", "OUT_OF_RANGE", "CURSOR_OUT_OF_RANGE"),
]


@pytest.mark.parametrize(("cursor", "code", "reason"), CURSORS)
async def test_a_cursor_that_cannot_be_followed(cursor: str, code: str, reason: str) -> None:
    shards = ScriptedShards(1)
    for _ in range(4):
        shards.feeds[0].append([StockReceived(Key("", "TEA", "LONDON"), 1)])
    shards.feeds[0].drop_before(3)
    async with feeding(shards) as node:
        refusal = await refused(node.watch(Request(after_cursor=cursor)).read())
        assert (refusal.code.name, refusal.reason) == (code, reason)
        if reason == "INVALID_FIELD":
            assert refusal.metadata["field"] == "after_cursor"
        else:
            assert refusal.metadata["cursor"] == cursor
        if reason == "CURSOR_OUT_OF_RANGE":
            oldest = Request(after_cursor=refusal.metadata["oldest"])
            assert len(await node.told(oldest)) == 2
        if reason == "CURSOR_FOREIGN":
            assert refusal.metadata["history"] == HISTORY


async def test_damaged_history_is_told_to_the_reader_and_logged_for_the_operator() -> None:
    shards = ScriptedShards(1)
    for _ in range(3):
        shards.feeds[0].append([StockReceived(Key("", "TEA", "LONDON"), 1)])
    shards.feeds[0].damage = "/data/shard-000/log is damaged at position 2"
    async with feeding(shards, FeedLimits(tail_bytes_max=1)) as node:
        with structlog.testing.capture_logs() as logs:
            refusal = await refused(node.watch(Request(start_from=BEGINNING)).read())
        assert (refusal.code.name, refusal.reason) == ("DATA_LOSS", "HISTORY_DAMAGED")
        assert refusal.metadata == {"shard": "0"}
        assert "/data" not in refusal.message
        (entry,) = logs
        assert (entry["shard"], entry["log_level"]) == (0, "error")
        assert entry["damage"] == shards.feeds[0].damage
        assert node.hub.subscribers == 0


Filtered = feed_pb2.EventFilter
BAD_REQUESTS: list[tuple[feed_pb2.WatchRequest, str]] = [
    (Request(tenant="a\nb"), "tenant"),
    (Request(filter=Filtered(skus=["TEA", ""])), "filter.skus[1]"),
    (Request(filter=Filtered(skus=["T" * 129])), "filter.skus[0]"),
    (Request(filter=Filtered(skus=["TEA "])), "filter.skus[0]"),
    (Request(filter=Filtered(skus=["TEA"] * (FILTER_IDS_MAX + 1))), "filter.skus"),
    (Request(filter=Filtered(sku_prefixes=[" TEA"])), "filter.sku_prefixes[0]"),
    (Request(filter=Filtered(sku_prefixes=[" "])), "filter.sku_prefixes[0]"),
    (
        Request(filter=Filtered(sku_prefixes=["T"] * (FILTER_PREFIXES_MAX + 1))),
        "filter.sku_prefixes",
    ),
    (Request(filter=Filtered(locations=["\x00"])), "filter.locations[0]"),
    (Request(filter=Filtered(locations=["L"] * (FILTER_IDS_MAX + 1))), "filter.locations"),
    (Request(start_from=7), "start_from"),  # type: ignore[arg-type]
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


async def test_a_prefix_may_end_in_the_middle_of_a_name() -> None:
    shards = ScriptedShards(1)
    for sku in ("GREEN TEA", "GREENTEA"):
        shards.feeds[0].append([StockReceived(Key("", sku, "LONDON"), 1)])
    async with feeding(shards) as node:
        asked = Filtered(sku_prefixes=["GREEN "])
        events = await node.told(Request(filter=asked, start_from=BEGINNING))
        assert [event.key.sku for event in events] == ["GREEN TEA"]


async def test_one_feed_too_many_is_refused_until_another_ends() -> None:
    async with feeding(ScriptedShards(1), FeedLimits(subscribers_max=1)) as node:
        first = node.watch(Request())
        await first.read()
        refusal = await refused(node.watch(Request()).read())
        assert (refusal.code.name, refusal.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        assert refusal.metadata == {"subscribers": "1"}
        assert "RetryInfo" in refusal.found
        first.cancel()
        # The server hears of the end a moment later.
        second, attempts = None, 0
        while second is None:
            attempts += 1
            assert attempts < 1_000
            try:
                second = await node.watch(Request()).read()
            except grpc.aio.AioRpcError:
                continue
        assert second.HasField("caught_up")


async def test_a_stop_sends_clients_elsewhere() -> None:
    async with feeding(ScriptedShards(1)) as node:
        stream = node.watch(Request())
        response = await stream.read()
        assert positions(response.cursor) == {0: 0}
        reading = asyncio.ensure_future(stream.read())
        node.hub.stop()
        refusal = await refused(reading)
        assert refusal.code is grpc.StatusCode.UNAVAILABLE
        assert "last cursor" in refusal.message


async def test_checkpoints_are_signs_of_life() -> None:
    shards = ScriptedShards(1)
    async with feeding(shards, FeedLimits(checkpoint_s=0.001)) as node:
        stream = node.watch(Request(filter=Filtered(skus=["CUP"])))
        assert (await stream.read()).HasField("caught_up")
        shards.feeds[0].append([StockReceived(Key("", "TEA", "LONDON"), 1)])
        response = await stream.read()
        while positions(response.cursor) == {0: 0}:
            response = await stream.read()
        assert response.HasField("checkpoint")
        assert response.checkpoint.time.ToMilliseconds() == shards.feeds[0].head_time_ms
        stream.cancel()
