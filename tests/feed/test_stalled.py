"""Subscribers that do not read are let go, and told why as soon as they read on; they lose
nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import structlog
from holdfast.v1 import feed_pb2, feed_pb2_grpc, subscriptions_pb2_grpc
from holdfast.v1 import subscriptions_pb2 as pb

from engine.core.events import StockReceived
from engine.core.model import Key
from engine.feed.limits import FeedLimits
from tests.feed.scripted import ScriptedShards
from tests.feed.subscribing import subscribing
from tests.feed.test_feed_service import BEGINNING, FeedNode, Request, feeding
from tests.rpc.serving import Node, refused

STALL_S = 0.3
LIMITS = FeedLimits(checkpoint_s=0.02, tail_bytes_max=1_000_000, stall_s=STALL_S)
COMMIT = [StockReceived(Key("", "T" * 100, "L" * 100), 1)]
EVENTS = 4_000
"""More than the windows of a connection hold."""


def shards_with_past() -> ScriptedShards:
    shards = ScriptedShards(1)
    for _ in range(EVENTS // 200):
        shards.feeds[0].append(*[COMMIT] * 200)
    return shards


@asynccontextmanager
async def narrow(node: Node) -> AsyncIterator[Any]:
    """A channel whose window does not grow: otherwise the client's own buffers swallow
    megabytes."""
    options = [("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{node.port}", options=options) as channel:
        yield channel


async def until_let_go(node: FeedNode) -> Any:
    """Follow the feed until nobody else does; the checkpoints of an idle feed keep this going."""
    feed = node.watch(Request(filter=feed_pb2.EventFilter(skus=["CUP"])))
    await feed.read()
    while node.hub.subscribers > 1:
        await feed.read()
    return feed


async def test_who_does_not_read_is_told_why_and_goes_on() -> None:
    shards = shards_with_past()
    async with feeding(shards, LIMITS) as node, narrow(node) as channel:
        stub: Any = feed_pb2_grpc.FeedServiceStub(channel)
        stalled = stub.Watch(Request(start_from=BEGINNING, name="slow"))
        told = (await stalled.read()).events.events[:]
        with structlog.testing.capture_logs() as logs:
            idle = await until_let_go(node)
        # Whoever runs the node hears of it at once.
        assert [(line["log_level"], line["name"]) for line in logs] == [("warning", "slow")]
        cursor = ""

        async def read_on() -> None:
            nonlocal cursor
            while True:
                message = await stalled.read()
                told.extend(message.events.events)
                cursor = message.cursor

        refusal = await refused(read_on())
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "SUBSCRIBER_STALLED",
        )
        assert refusal.metadata == {"seconds": f"{STALL_S:g}"}
        assert 256 < len(told) < EVENTS
        told += await node.told(Request(after_cursor=cursor))
        assert [event.position for event in told] == list(range(1, EVENTS + 1))
        # Who has nothing to read does not stall.
        await node.until_gone(1)
        assert (await idle.read()).HasField("checkpoint")
        idle.cancel()


async def test_a_consumer_that_does_not_read_is_told_why() -> None:
    shards = shards_with_past()
    async with subscribing(shards, feed_limits=LIMITS) as node, narrow(node) as channel:
        stub: Any = subscriptions_pb2_grpc.SubscriptionServiceStub(channel)
        stalled = stub.Subscribe()
        opening = pb.OpenSubscription(name="web", start_from=BEGINNING)
        await stalled.write(pb.SubscribeRequest(open=opening))
        await stalled.read()
        with structlog.testing.capture_logs() as logs:
            while node.hub.subscribers > 0:
                await node.state()
        assert [(line["log_level"], line["name"]) for line in logs] == [("warning", "web")]

        async def read_on() -> None:
            while True:
                await stalled.read()

        assert (await refused(read_on())).reason == "SUBSCRIBER_STALLED"
