"""What one might use in place of Holdfast's feed: a Redis stream that many read, and a consumer of
NATS JetStream for each subscriber; PostgreSQL is in `benchmarks.feed_postgres`. All write to the
disk before they answer, as Holdfast does. NATS syncs every message by itself then, which takes its
time; so it is there a second time as it is by default.

Their servers and Python clients are not part of this project: `make bench-feed` installs the
clients and NATS beside it, Redis is looked for on the path. What is not there is left out.
"""

import asyncio
import importlib
import importlib.util
import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.feed_systems import CONNECTIONS, Told, Write
from benchmarks.node import free_port
from benchmarks.peers.programs import missing, program, serving

EVENT = b"x" * 240
"""As large as an event of Holdfast's feed."""
ALL = "events"
READ_EVENTS_MAX = 256
STREAM = "EVENTS"
NATS_S_MAX = 10.0
"""How long a request to NATS, or a write, may take."""
NATS_MADE_AT_ONCE = 16
NATS_CONSUMERS_MAX = 20_000


class PeerServer:
    """A server process on the loopback interface, with the processes that it has started."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], address: str) -> None:
        self.address = address
        self._name = name
        self._process = process

    def cpu_s(self) -> Mapping[str, float]:
        """See Server."""
        return {self._name: processes.tree_cpu_s(self._process.pid)}

    def memory_bytes(self) -> int:
        """See Server."""
        tree = (self._process.pid, *processes.children(self._process.pid))
        return sum(processes.memory(each).anonymous for each in tree)


class RedisServer(PeerServer):
    """Redis with an append-only file that is synced before each answer."""

    @asynccontextmanager
    async def writing(self, by_sku: bool) -> AsyncIterator[Write]:
        """See Server. Who follows SKUs reads a stream of each."""
        redis = importlib.import_module("redis.asyncio").Redis.from_url(f"redis://{self.address}")

        async def write(skus: Sequence[str]) -> int:
            pipeline = redis.pipeline(transaction=False)
            sent = time.monotonic_ns()
            for sku in skus:
                pipeline.xadd(sku if by_sku else ALL, {b"t": sent, b"e": EVENT})
            return len(await pipeline.execute())

        try:
            yield write
        finally:
            await redis.aclose()


class RedisReading:
    """A connection for each subscriber, since XREAD waits on it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._redis: Any = importlib.import_module("redis.asyncio").Redis

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading."""
        redis = self._redis.from_url(f"redis://{self._address}", socket_timeout=None)
        places: dict[bytes, bytes] = {}
        for stream in skus or (ALL,):
            latest = [] if start == "beginning" else await redis.xrevrange(stream, count=1)
            places[stream.encode()] = latest[0][0] if latest else b"0"
        ready()
        while True:
            for stream, entries in await redis.xread(places, count=READ_EVENTS_MAX, block=0):
                places[stream] = entries[-1][0]
                told([int(fields[b"t"]) for _, fields in entries])


class RedisStream:
    """A Redis stream, by redis-py."""

    name = "Redis Stream"

    def missing(self) -> str:
        """See System."""
        return missing("redis-server", "redis")

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[RedisServer]:
        """See System."""
        port = free_port()
        command = [str(program("redis-server")), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(directory), "--appendonly", "yes", "--appendfsync", "always"]
        command += ["--save", "", "--maxclients", "20000"]
        async with serving(command, port, directory / "redis.log") as process:
            yield RedisServer("redis", process, f"127.0.0.1:{port}")

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[RedisReading]:
        """See System."""
        yield RedisReading(address)


class NatsServer(PeerServer):
    """NATS with a stream in files."""

    @asynccontextmanager
    async def writing(self, by_sku: bool) -> AsyncIterator[Write]:
        """See Server. Every SKU is a subject."""
        nats: Any = importlib.import_module("nats")
        stalled = importlib.import_module("nats.js.errors").TooManyStalledMsgsError
        connection = await nats.connect(f"nats://{self.address}")
        stream = connection.jetstream(timeout=NATS_S_MAX)
        # By default a stream has a thousand consumers at most, those included that have just left.
        await stream.add_stream(
            name=STREAM, subjects=["events.>"], max_consumers=NATS_CONSUMERS_MAX
        )

        async def write(skus: Sequence[str]) -> int:
            sent = time.monotonic()
            message = str(round(sent * 1e9)).encode() + b" " + EVENT
            published = []
            for sku in skus:
                # It refuses more than so many that are not acknowledged yet: where every message
                # is synced, and more come than that allows, they are not written at all.
                left_s = sent + NATS_S_MAX - time.monotonic()
                try:
                    acknowledged = await stream.publish_async(
                        f"events.{sku}", message, wait_stall=max(left_s, 0.0)
                    )
                except stalled:
                    break
                published.append(acknowledged)
            if not published:
                return 0
            left_s = max(sent + NATS_S_MAX - time.monotonic(), 0.0)
            done, _ = await asyncio.wait(published, timeout=left_s)
            return len(done)

        try:
            yield write
        finally:
            await connection.close()


class NatsReading:
    """A consumer for each subscriber, over some connections."""

    def __init__(self, connections: Sequence[Any]) -> None:
        self._streams = [connection.jetstream(timeout=NATS_S_MAX) for connection in connections]
        self._making = asyncio.Semaphore(NATS_MADE_AT_ONCE)
        self._api: Any = importlib.import_module("nats.js.api")

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading."""
        stream = self._streams[number % len(self._streams)]
        policy = self._api.DeliverPolicy

        async def on_message(message: Any) -> None:
            told([int(message.data.partition(b" ")[0])])

        async with self._making:
            # A callback, and not `subscription.messages`: whoever iterates lets nats-py answer the
            # server's flow control four times a second at best and with the idle heartbeat at
            # worst, so that a hundred consumers stood still for 5 s at a time.
            await stream.subscribe(
                "events.>",
                stream=STREAM,
                cb=on_message,
                ordered_consumer=True,
                config=self._api.ConsumerConfig(
                    deliver_policy=policy.ALL if start == "beginning" else policy.NEW,
                    filter_subjects=[f"events.{sku}" for sku in skus] or None,
                ),
                pending_msgs_limit=-1,
                pending_bytes_limit=-1,
            )
        ready()
        await asyncio.Event().wait()


class JetStream:
    """NATS JetStream, by nats-py: an ordered consumer for each subscriber."""

    def __init__(self, synced: bool) -> None:
        """`synced`: to the disk before it answers. By default it leaves that for later."""
        self.name = "NATS JetStream" if synced else "NATS JetStream, not synced"
        self._synced = synced

    def missing(self) -> str:
        """See System."""
        return missing("nats-server", "nats")

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[NatsServer]:
        """See System."""
        port = free_port()
        settings: dict[str, Any] = {
            "listen": f"127.0.0.1:{port}",
            "jetstream": {"store_dir": str(directory)},
        }
        if self._synced:
            settings["jetstream"]["sync_interval"] = "always"
        file = directory / "nats.conf"
        file.write_text(json.dumps(settings))
        command = [str(program("nats-server")), "--config", str(file)]
        async with serving(command, port, directory / "nats.log") as process:
            yield NatsServer("nats", process, f"127.0.0.1:{port}")

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[NatsReading]:
        """See System."""
        nats: Any = importlib.import_module("nats")
        async with AsyncExitStack() as stack:
            connections = []
            for _ in range(CONNECTIONS):
                connections.append(await nats.connect(f"nats://{address}"))
                stack.push_async_callback(connections[-1].close)
            yield NatsReading(connections)
