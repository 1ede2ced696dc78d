"""How many events a second one front end pushes to one subscriber, and to fifty.

A real shard decides Reserves, which gives groups of 256 events; a front end in this process serves
them over gRPC on the loopback interface to subscribers in a process of their own, which look at
nothing but the cursors. Two ways: "live", where groups are told one after the other and come from
the shared tail, and "replay", where each subscriber reads the history for itself. Events pushed are
given per second of wall time, and per second of the front end's processor time, which is what it
could do if the subscribers had a machine of their own.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import grpc.aio
from holdfast.v1 import feed_pb2

from benchmarks import report
from engine.core.commands import BasketLine, Context, Receive, Reserve
from engine.core.model import Key
from engine.feed.group import first_position_of
from engine.feed.hub import Hub
from engine.feed.limits import FeedLimits
from engine.rpc.feed import SERVICE, add_feed_service
from engine.rpc.methods import Methods
from engine.rpc.server import ServerOptions
from engine.shard.local import LocalShards
from engine.shard.messages import Request, Result, Write
from engine.shard.port import Overloaded, ShardUnavailable
from engine.shard.queries import Question

GROUP_COMMANDS = 128
LAG_EVENTS_MAX = 8_192
"""The live feed waits for the slowest subscriber when it is so far behind, so that nobody leaves
the tail."""

WAYS = ("live", "replay")


class RecordedShards:
    """One shard that tells again what was decided before. It is its own feed."""

    count = 1
    history = "be9c4000"
    epoch = 1
    shard = 0
    oldest = 1
    head_time_ms = 1
    past_epochs: Mapping[int, tuple[int, ...]] = MappingProxyType({})

    def __init__(self, groups: list[bytes], last_position: int) -> None:
        firsts = [first_position_of(group) for group in groups]
        self.groups = list(
            zip([first - 1 for first in firsts[1:]] + [last_position], groups, strict=True)
        )
        self.head = 0
        self._followers: list[Callable[[bytes], None]] = []

    def shard_of(self, slot: int) -> int:
        """There is one shard."""
        return 0

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """Nothing is decided here."""
        raise ShardUnavailable(0)

    def overload(self) -> Overloaded | None:
        """There is no queue."""
        return None

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        """Nothing is looked up here."""
        raise ShardUnavailable(shard)

    def feed(self, shard: int) -> "RecordedShards":
        """The shard's feed."""
        return self

    def rewind(self, head: int) -> None:
        """Let go of all followers, and have told so much."""
        self._followers = []
        self.head = head

    def follow(self, on_group: Callable[[bytes], None]) -> None:
        """See ShardFeed.follow."""
        self._followers.append(on_group)

    def tell(self, last_position: int, group: bytes) -> None:
        """Make a group durable."""
        self.head = last_position
        for follower in self._followers:
            follower(group)

    async def read(self, from_position: int, bytes_max: int) -> list[bytes]:
        """See ShardFeed.read."""
        # No group has more events than this, so that the search begins close to the place.
        index = from_position // (3 * GROUP_COMMANDS)
        while self.groups[index][0] < from_position:
            index += 1
        chunk: list[bytes] = []
        size_bytes = 0
        for _, group in self.groups[index : index + bytes_max // 1_000 + 1]:
            chunk.append(group)
            size_bytes += len(group)
            if size_bytes >= bytes_max:
                break
        return chunk


async def recorded(events: int) -> RecordedShards:
    """Groups of a real shard that holds stock for one basket after the other."""
    shards = LocalShards(1)
    groups: list[bytes] = []
    shards.feed(0).follow(groups.append)
    key = Key("", "TEA", "LONDON")
    await shards.submit(0, Write(Context("receive"), b"", Receive(key, events)), 0)
    for start in range(0, events // 2, GROUP_COMMANDS):
        numbers = range(start, start + GROUP_COMMANDS)
        await asyncio.gather(*(shards.submit(0, reserve(number, key), 0) for number in numbers))
    last_position = shards.feed(0).head
    shards.close()
    return RecordedShards(groups, last_position)


def reserve(number: int, key: Key) -> Write:
    """A basket of one line: two events."""
    lines = (BasketLine("1", key, 1, 0),)
    command = Reserve("", lines, reference=f"cart-{number}", channel="web")
    return Write(Context(f"6f1d9c52-{number:023d}"), b"", command)


async def tell_all(shards: RecordedShards, hub: Hub, subscribers: int) -> None:
    """Tell every group, no faster than the slowest subscriber follows."""
    for last_position, group in shards.groups:
        shards.tell(last_position, group)
        await asyncio.sleep(0)
        # A look now and then costs less than a word from every subscriber about every message.
        while hub.subscribers < subscribers or hub.lag_events_max > LAG_EVENTS_MAX:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def measure(shards: RecordedShards, subscribers: int, way: str) -> dict[str, Any]:
    """Serve all groups to so many subscribers in another process."""
    last_position = shards.groups[-1][0]
    shards.rewind(last_position if way == "replay" else 0)
    hub = Hub(shards, FeedLimits())
    methods = Methods(ServerOptions().unary_deadline_s)
    add_feed_service(hub, methods)
    server = grpc.aio.server(handlers=[methods])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.feed_fanout",
        "--follow",
        f"{port},{subscribers},{last_position}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if client.stdin is None or client.stdout is None:
        raise RuntimeError("the subscribers' process has no pipes")
    await client.stdout.readline()
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    client.stdin.write(b"go\n")
    if way == "live":
        await tell_all(shards, hub, subscribers)
    received = json.loads(await client.stdout.readline())
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    await client.wait()
    hub.stop()
    await server.stop(0)
    pushed = last_position * subscribers
    return {
        "way": way,
        "subscribers": subscribers,
        "events_pushed": pushed,
        "events_per_message": pushed / received["messages"],
        "megabytes_pushed": received["bytes"] / 1e6,
        "wall_s": wall_s,
        "front_end_cpu_s": cpu_s,
        "subscribers_cpu_s": received["cpu_s"],
        "events_per_s": pushed / wall_s,
        "events_per_front_end_cpu_s": pushed / cpu_s,
    }


async def follow_all(port: int, subscribers: int, last_position: int) -> int:
    """In the subscribers' process: follow from the beginning until all have the last position."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.channel_ready()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        cpu_s = time.process_time()
        followed = await asyncio.gather(
            *(follow(channel, last_position) for _ in range(subscribers))
        )
    received = {
        "bytes": sum(size_bytes for size_bytes, _ in followed),
        "messages": sum(messages for _, messages in followed),
        "cpu_s": time.process_time() - cpu_s,
    }
    sys.stdout.write(json.dumps(received) + "\n")
    return 0


async def follow(channel: Any, last_position: int) -> tuple[int, int]:
    """Follow until the last position; the bytes and messages that came. The channel is untyped:
    grpc's types insist on deserialisers."""
    watch = channel.unary_stream(
        f"/{SERVICE}/Watch", request_serializer=feed_pb2.WatchRequest.SerializeToString
    )
    # The cursor is a message's first field.
    end = f"-0.{last_position}".encode()
    size_bytes = messages = 0
    stream = watch(feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_BEGINNING))
    async for message in stream:
        size_bytes += len(message)
        messages += 1
        if end in message[:64]:
            break
    stream.cancel()
    return size_bytes, messages


async def main(arguments: Any) -> int:
    """Measure each way with each number of subscribers."""
    shards = await recorded(arguments.events)
    results = []
    for subscribers in arguments.subscribers:
        for way in WAYS:
            report.progress(f"{way} to {subscribers}")
            results.append(await measure(shards, subscribers, way))
    columns = list(results[0])
    rows = [[result[column] for column in columns] for result in results]
    titles = [column.replace("_", " ") for column in columns]
    table = report.table("One front end's feed", titles, rows)
    report.write(arguments, {"benchmark": "feed_fanout", "results": results}, table)
    return 0


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_fanout")
    parser.add_argument("--events", type=int, default=40_000, help="events in the history")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1, 50])
    parser.add_argument("--follow", metavar="PORT,NUMBER,POSITION", help="be the subscribers")
    options = parser.parse_args()
    if options.follow:
        sys.exit(report.run(follow_all(*map(int, options.follow.split(",")))))
    sys.exit(report.run(main(options)))
