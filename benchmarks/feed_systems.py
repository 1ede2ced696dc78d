"""Systems that tell many subscribers of what is written to them, seen from both ends: Holdfast
here, what one might use in its place in `benchmarks.feed_peers`.

Every event carries the time at which it was handed over, by the clock of the machine that does not
jump, so that whoever is told of it can say how long that took.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from holdfast import Client
from holdfast.feed_messages import CaughtUp, EventBatch
from holdfast.v1 import feed_pb2, inventory_pb2

from benchmarks import messages, processes
from benchmarks.load import RawStream
from benchmarks.node import Node, running_node

CONNECTIONS = 10
"""Over which the subscribers of a crowd are spread, where a connection may have many."""
WRITES_AT_ONCE = 16
STREAMS_MAX = 20_000

Write = Callable[[Sequence[str]], Awaitable[int]]
"""Writes an event of each SKU, and returns when all are on the disk: how many these are, since a
system that does not keep up may not take all of them."""
Told = Callable[[Sequence[int]], None]
"""Is called with the times, in nanoseconds, at which the events of a message were handed over."""


class Server(Protocol):
    """A system that runs."""

    address: str

    def cpu_s(self) -> Mapping[str, float]:
        """Seconds of CPU that each kind of its processes has used."""

    def memory_bytes(self) -> int:
        """What its processes hold of their own; no file pages, and nothing that they share."""

    def writing(self, by_sku: bool) -> AbstractAsyncContextManager[Write]:
        """A writer. `by_sku`: subscribers follow single SKUs."""


class Reading(Protocol):
    """The subscribers' end, in a process of their own."""

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """Be the n-th subscriber, until cancelled. No SKUs: everything. `start` is "beginning" or
        "now"; `ready` is called once nothing that is written from then on will be missed."""


class System(Protocol):
    """A way to tell subscribers."""

    name: str

    def missing(self) -> str:
        """What is not installed that it needs; empty if all is there."""

    def running(self, directory: Path) -> AbstractAsyncContextManager[Server]:
        """Run it in a directory."""

    def reading(self, address: str) -> AbstractAsyncContextManager[Reading]:
        """Subscribe to it from this process."""


class HoldfastServer:
    """A node with one shard."""

    def __init__(self, node: Node) -> None:
        self.address = node.address
        self._node = node

    def cpu_s(self) -> Mapping[str, float]:
        """See Server."""
        return {name: processes.cpu_s(each) for name, each in self._process_ids().items()}

    def memory_bytes(self) -> int:
        """See Server."""
        return sum(processes.memory(each).anonymous for each in self._process_ids().values())

    def _process_ids(self) -> Mapping[str, int]:
        return {"front end": self._node.process_id, "shard": self._node.shard_process_ids[0]}

    @asynccontextmanager
    async def writing(self, by_sku: bool) -> AsyncIterator[Write]:
        """See Server. The feed filters for whoever follows SKUs."""
        numbers = itertools.count(1)
        streams: asyncio.Queue[RawStream] = asyncio.Queue()
        async with messages.channel(self.address) as channel:
            method = channel.stream_stream(f"{messages.SERVICE}/Execute")
            for _ in range(WRITES_AT_ONCE):
                stream = RawStream(method(), inventory_pb2.ExecuteResponse.FromString)
                streams.put_nowait(stream)

            async def write(skus: Sequence[str]) -> int:
                batch = _receipts(next(numbers), skus)
                stream = await streams.get()
                written = await stream.execute(batch)
                streams.put_nowait(stream)
                return written

            yield write


def _receipts(number: int, skus: Sequence[str]) -> bytes:
    batch = inventory_pb2.ExecuteRequest(batch_id=number)
    name, sent = uuid4().hex, str(time.monotonic_ns())
    for index, sku in enumerate(skus):
        receive = batch.commands.add().receive
        receive.context.request_id = f"{name}-{index}"
        receive.context.correlation_id = sent
        receive.key.sku = sku
        receive.key.location = messages.LOCATION
        receive.quantity = 1
    return batch.SerializeToString()


class HoldfastReading:
    """Feeds of the SDK."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = clients

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading."""
        client = self._clients[number % len(self._clients)]
        if start == "beginning":
            ready()
        async for batch in client.watch(skus=skus, start=start).batches():
            if isinstance(batch, EventBatch):
                told([int(event.message.cause.correlation_id) for event in batch.events])
            elif isinstance(batch, CaughtUp) and start == "now":
                ready()


class Holdfast:
    """Holdfast's feed, by its SDK."""

    name = "Holdfast"

    def missing(self) -> str:
        """See System: it is here."""
        return ""

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[HoldfastServer]:
        """See System."""
        flags = ("--watch-subscribers-max", str(STREAMS_MAX), "--streams-max", str(STREAMS_MAX))
        async with running_node(directory, 1, *flags) as node:
            yield HoldfastServer(node)

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[HoldfastReading]:
        """See System."""
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(address)) for _ in range(CONNECTIONS)]
            yield HoldfastReading(clients)


class WireReading:
    """Messages of the feed as bytes, of which nothing but the cursor is read."""

    def __init__(self, channel: Any) -> None:
        self._watch = channel.unary_stream(
            "/holdfast.v1.FeedService/Watch",
            request_serializer=feed_pb2.WatchRequest.SerializeToString,
        )

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading. It is told no times."""
        ready()
        request = feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_BEGINNING)
        position = 0
        async for message in self._watch(request):
            # The cursor is the first field, of one shard: 1-<history>-<epoch>-0.<position>.
            text = message[2 : 2 + message[1]]
            now_at = int(text.rpartition(b".")[2])
            told([0] * (now_at - position))
            position = now_at


class Wire(Holdfast):
    """Holdfast's feed, as a client that makes nothing of it reads it."""

    name = "Holdfast, bytes"

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[Any]:
        """See System."""
        async with messages.channel(address) as channel:
            yield WireReading(channel)


class TypedReading(HoldfastReading):
    """Feeds of the SDK of which every event is looked at."""

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading. It is told no times."""
        ready()
        async for batch in self._clients[0].watch(start=start).batches():
            if isinstance(batch, EventBatch):
                looked_at = [
                    (event.kind, event.sku, event.location, event.version, event.balances)
                    for event in batch.events
                ]
                told([0] * len(looked_at))


class Typed(Holdfast):
    """Holdfast's feed, as objects of the SDK."""

    name = "Holdfast, typed"

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[Any]:
        """See System."""
        async with Client(address) as client:
            yield TypedReading([client])
