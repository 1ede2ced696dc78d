"""A served node with durable subscriptions, and consumers that speak the contract as it is."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from holdfast.v1 import feed_pb2, feed_pb2_grpc, subscriptions_pb2_grpc
from holdfast.v1 import subscriptions_pb2 as pb

from engine.access.gate import Gate
from engine.feed.hub import Hub
from engine.feed.limits import FeedLimits
from engine.feed.subscription_lag import Lag
from engine.feed.subscription_store import MemorySubscriptions, SubscriptionStore
from engine.feed.subscriptions import SubscriptionLimits, Subscriptions, wall_ms
from engine.rpc import feed, subscriptions
from engine.rpc.server import RpcServer, Service
from engine.shard.local import LocalShards
from tests.rpc.serving import Calls, Node, refused

QUIET = FeedLimits(checkpoint_s=3_600.0, retry_s=0.001)
PROMPT = SubscriptionLimits(acknowledge_s=0.001)
BEGINNING = feed_pb2.START_FROM_BEGINNING
NOW = feed_pb2.START_FROM_NOW
EVERY_EVENT = feed_pb2.WATCH_MODE_EVERY_EVENT


class Consumer:
    """A stream of Subscribe."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.opened = pb.Opened()

    async def open(self, **fields: Any) -> "Consumer":
        """Open a subscription; the answer is `opened`."""
        fields = {"name": "web", "start_from": BEGINNING, **fields}
        await self.say(open=pb.OpenSubscription(**fields))
        self.opened = (await self.read()).opened
        return self

    async def say(self, **request: Any) -> None:
        """Say one thing."""
        await self.stream.write(pb.SubscribeRequest(**request))

    async def acknowledge(self, cursor: str, *parked_ids: int) -> None:
        """Say what is done."""
        await self.say(acknowledge=pb.Acknowledge(cursor=cursor, parked_ids=parked_ids))

    async def read(self) -> pb.SubscribeResponse:
        """The next message; AioRpcError where the stream ends with a status."""
        response = await self.stream.read()
        if response is grpc.aio.EOF:  # type: ignore[attr-defined]
            await self.stream
            raise AssertionError("the stream has ended well")
        assert isinstance(response, pb.SubscribeResponse)
        return response

    async def until(self, what: str) -> pb.SubscribeResponse:
        """The first message of a kind: of the feed, or beside it."""
        while True:
            response = await self.read()
            kind = response.WhichOneof("response")
            if what in (kind, response.feed.WhichOneof("content") if kind == "feed" else ""):
                return response

    async def events(self, count: int) -> tuple[list[feed_pb2.Event], str]:
        """So many events, and the cursor after the last."""
        events: list[feed_pb2.Event] = []
        cursor = ""
        while len(events) < count:
            response = await self.until("events")
            events += response.feed.events.events
            cursor = response.feed.cursor
        assert len(events) == count
        return events, cursor

    async def leave(self) -> None:
        """Say the last, and wait until all of it was heard."""
        await self.stream.done_writing()
        while await self.stream.read() is not grpc.aio.EOF:  # type: ignore[attr-defined]
            pass

    def break_off(self) -> None:
        """Go without a word."""
        self.stream.cancel()


class SubscribedNode(Node):
    """A served node with subscriptions."""

    hub: Hub
    subscriptions: Subscriptions
    lag: Lag
    store: SubscriptionStore

    @property
    def service(self) -> Any:
        """The stub of SubscriptionService."""
        return subscriptions_pb2_grpc.SubscriptionServiceStub(self.channel)

    @property
    def feed(self) -> Any:
        """The stub of FeedService."""
        return feed_pb2_grpc.FeedServiceStub(self.channel)

    def consumer(self) -> Consumer:
        """A consumer that has not opened anything yet."""
        return Consumer(self.service.Subscribe())

    async def open(self, **fields: Any) -> Consumer:
        """A consumer of a subscription."""
        return await self.consumer().open(**fields)

    async def state(self, name: str = "web") -> pb.Subscription:
        """A subscription as it is listed."""
        listed = await self.service.ListSubscriptions(pb.ListSubscriptionsRequest(name=name))
        [one] = listed.subscriptions
        assert isinstance(one, pb.Subscription)
        return one

    async def until_acknowledged(self, cursor: str, name: str = "web") -> None:
        """Wait until a subscription has acknowledged a cursor."""
        request = feed_pb2.WaitForSubscriberRequest(name=name, cursor=cursor)
        await self.feed.WaitForSubscriber(request, timeout=20)


@asynccontextmanager
async def subscribing(
    shards: Any = None,
    store: SubscriptionStore | None = None,
    limits: SubscriptionLimits = PROMPT,
    feed_limits: FeedLimits = QUIET,
    now_ms: Callable[[], int] = wall_ms,
    *,
    keeps_shards: bool = False,
    gate: Gate | None = None,
) -> AsyncIterator[SubscribedNode]:
    """A node with subscriptions that serves until the end of the block; `keeps_shards`: they go on
    after it. `gate`: who may do what."""
    shards = shards or LocalShards()
    hub = Hub(shards, feed_limits)
    kept = store or MemorySubscriptions()
    durable = Subscriptions(hub, shards, lambda: kept, limits, now_ms)
    lag = Lag(durable, shards, now_ms)
    await durable.start()
    calls = Calls()
    services = [
        Service(feed.SERVICE, lambda server: feed.add_feed_service(hub, server)),
        Service(
            subscriptions.SERVICE,
            lambda server: subscriptions.add_subscription_service(durable, lag, shards, server),
        ),
    ]
    server = RpcServer(shards, observer=calls.observe, services=lambda _: services, gate=gate)
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            node = SubscribedNode(shards, server, channel, port, calls)
            node.hub, node.subscriptions, node.lag, node.store = hub, durable, lag, kept
            yield node
    finally:
        hub.stop()
        await server.stop(0)
        await durable.stop()
        if isinstance(shards, LocalShards) and not keeps_shards:
            shards.close()


async def written(node: SubscribedNode, count: int = 1) -> str:
    """So many events more; the cursor of the last."""
    cursor = ""
    for _ in range(count):
        cursor = (await node.receive(1)).receipt.cursor
    return cursor


async def read_on(consumer: Consumer) -> None:
    while True:
        await consumer.read()


async def ended(consumer: Consumer) -> str:
    """The reason with which a stream ends."""

    return (await refused(read_on(consumer))).reason


def positions(events: list[feed_pb2.Event]) -> list[int]:
    return [event.position for event in events]
