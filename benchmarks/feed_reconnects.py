"""Leaves the feed and comes back to it again and again, at any point of the history, under load.

    python -m benchmarks.feed_reconnects [--reconnects N] [--shards N] [--json]

While clients reserve, commit and release, one subscriber follows the feed from the beginning
without interruption and remembers every event and every cursor. Other subscribers open streams
after one of these cursors, chosen by chance, or from the beginning, or after their own last cursor;
they read some events and leave. At the end every event of every stream is compared with the one
that the first subscriber saw at that position, and those with the log on disk.

How to read it: `gaps` are positions that a stream left out, `duplicates` positions that it sent
twice, `reordered` positions that came after a later one, `different` events that are not, byte for
byte, what the first subscriber saw; `unlike the log` events that the log does not have there. All
must be 0, and so must `stalled` streams, which did not send what they were asked for in time; else
the exit code is 1.
"""

import asyncio
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError, InsufficientStock
from holdfast.feed_messages import EventBatch

from benchmarks import report
from benchmarks.node import running_node
from engine.log.codec import decode_group
from engine.log.layout import shard_directory
from engine.log.rocks import RocksLog

SUBSCRIBERS = 4
WRITERS = 12
EVENTS_READ_MAX = 800
STREAM_S_MAX = 30.0
READ_BYTES = 4 * 1024 * 1024
SKUS = [f"SKU-{number}" for number in range(40)]
LOCATION = "WAREHOUSE"
UNITS = 1_000_000

Positions = dict[int, int]
"""The last position of each shard."""


@dataclass
class Reference:
    """What the uninterrupted subscriber has seen."""

    events: dict[int, list[Any]] = field(default_factory=dict)
    """Of each shard, the messages by position, which are dense from 1."""
    cursors: list[tuple[str, Positions]] = field(default_factory=list)
    irregular: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, client: Client) -> None:
        """Follow from the beginning until cancelled."""
        async for message in client.watch(start="beginning").batches():
            if isinstance(message, EventBatch):
                for event in message.events:
                    seen = self.events.setdefault(event.shard, [])
                    self.irregular += event.position != len(seen) + 1
                    seen.append(event.message)
            positions = {shard: len(seen) for shard, seen in self.events.items()}
            self.cursors.append((message.cursor, positions))
            self.changed.set()

    async def until(self, positions: Positions) -> None:
        """Wait until it has seen all up to these positions."""
        async with asyncio.timeout(STREAM_S_MAX):
            while any(len(self.events.get(shard, ())) < at for shard, at in positions.items()):
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Streams:
    """The streams of those who leave and come back."""

    reference: Reference
    counts: Counter[str] = field(default_factory=Counter)
    ahead: list[Any] = field(default_factory=list)
    """Events that the uninterrupted subscriber has yet to see."""

    async def come_and_go(self, client: Client, times: int, chance: random.Random) -> None:
        """Open streams one after the other, each at another point."""
        own: tuple[str, Positions] = ("beginning", {})
        for _ in range(times):
            cursors = self.reference.cursors
            way = chance.random()
            start: tuple[str, Positions] = ("beginning", {})
            if way < 0.3:
                start = own
            elif way < 0.95 and cursors:
                start = chance.choice(cursors)
            own = await self.stream(client, *start, chance.randint(1, EVENTS_READ_MAX))

    async def stream(
        self, client: Client, start: str, positions: Positions, events: int
    ) -> tuple[str, Positions]:
        """Read so many events after a cursor, then leave; gives where that was."""
        last = dict(positions)
        received: set[tuple[int, int]] = set()
        feed = client.watch(start=start)
        self.counts["streams"] += 1
        try:
            async with asyncio.timeout(STREAM_S_MAX):
                async for batch in feed.batches():
                    for event in batch.events if isinstance(batch, EventBatch) else ():
                        self.check(event.shard, event.position, last, received)
                        self.counts["events"] += 1
                        self.compare(event.message)
                    if len(received) >= events:
                        break
        except TimeoutError:
            self.counts["stalled"] += 1
        finally:
            await feed.close()
        return feed.cursor or start, last

    def check(
        self, shard: int, position: int, last: Positions, received: set[tuple[int, int]]
    ) -> None:
        """Count what is wrong with a position, in a stream that was at `last` before."""
        expected = last.get(shard, 0) + 1
        if (shard, position) in received:
            self.counts["duplicates"] += 1
        elif position < expected:
            self.counts["reordered"] += 1
        else:
            self.counts["gaps"] += position - expected
        received.add((shard, position))
        last[shard] = max(position, expected - 1)

    def compare(self, message: Any) -> None:
        """Count an event that is not what the uninterrupted subscriber saw at its position."""
        events = self.reference.events.get(message.shard, ())
        if message.position > len(events):
            self.ahead.append(message)
        else:
            self.counts["different"] += events[message.position - 1] != message

    def different(self) -> int:
        """How many events are not what the uninterrupted subscriber saw, now that it has seen
        all."""
        ahead, self.ahead = self.ahead, []
        for message in ahead:
            self.compare(message)
        return self.counts["different"] + len(self.ahead)


class FeedCheck:
    """One subscriber that follows the feed from the beginning, and others that come and go, beside
    whatever else a node does."""

    def __init__(
        self, address: str, seed: int, *, subscribers: int = SUBSCRIBERS, streams: int = 0
    ) -> None:
        """`streams`: how many are opened in all; 0: any number, until the end."""
        self._address = address
        self._seed = seed
        self._subscribers = subscribers
        self._streams_max = streams
        self._stopping = False
        self._coming: list[asyncio.Task[None]] = []
        self._streams = Streams(Reference())

    @property
    def reference(self) -> Reference:
        """What the follower has seen."""
        return self._streams.reference

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch inside the block."""
        async with Client(self._address) as first, Client(self._address) as others:
            following = asyncio.create_task(self.reference.follow(first))
            self._coming = [
                asyncio.create_task(self._come_and_go(others, number))
                for number in range(self._subscribers)
            ]
            try:
                yield
            finally:
                await self.gone()
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _come_and_go(self, client: Client, number: int) -> None:
        chance = random.Random(f"{self._seed}-{number}")
        if self._streams_max:
            times = len(range(number, self._streams_max, self._subscribers))
            await self._streams.come_and_go(client, times, chance)
        while not self._streams_max and not self._stopping:
            await self._streams.come_and_go(client, 1, chance)

    async def gone(self) -> None:
        """Wait until nobody comes any more."""
        self._stopping = True
        await asyncio.gather(*self._coming)

    async def until_complete(self) -> None:
        """Wait until the follower has seen all there is, now that nobody writes."""
        async with Client(self._address) as client:
            await self.reference.until(await _heads(client, self.reference))

    def findings(self, data_dir: Path) -> dict[str, int]:
        """What is wrong; everything should be 0. The node must be stopped."""
        counts = self._streams.counts
        return {
            "gaps": counts["gaps"],
            "duplicates": counts["duplicates"],
            "reordered": counts["reordered"],
            "different": self._streams.different(),
            "stalled": counts["stalled"],
            "irregular without interruption": self.reference.irregular,
            "unlike the log": _unlike_the_log(data_dir, self.reference),
        }

    def amounts(self) -> dict[str, int]:
        """How much was looked at."""
        return {
            "streams": self._streams.counts["streams"],
            "events in the history": sum(map(len, self.reference.events.values())),
            "events over all streams": self._streams.counts["events"],
        }


class Writers:
    """The load: baskets that are held, then committed or given back, until told to stop."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.stopping = False

    async def run(self, seed: int) -> None:
        """Write until told to stop."""
        async with Client(self._address) as client, asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(self._write(client, random.Random(f"{seed}-{number}")))

    async def _write(self, client: Client, chance: random.Random) -> None:
        while not self.stopping:
            lines = [(chance.choice(SKUS), LOCATION, 1)]
            try:
                held = await client.reserve(lines, ttl_s=3_600)
            except InsufficientStock:
                continue
            if chance.random() < 0.5:
                await client.commit(held.reservation_id)
            else:
                await client.release(held.reservation_id)


async def feed_reconnects(
    directory: Path, *, reconnects: int, shards: int = 1, seed: int = 1
) -> dict[str, Any]:
    """Run on a new node in `directory`; gives the figures, with `well`."""
    async with running_node(directory, shards) as node:
        await _load_stock(node.address)
        check = FeedCheck(node.address, seed, streams=reconnects)
        writers = Writers(node.address)
        started = time.monotonic()
        async with check.watching(), asyncio.TaskGroup() as group:
            writing = group.create_task(writers.run(seed))
            await check.gone()
            writers.stopping = True
            await writing
            await check.until_complete()
        seconds = time.monotonic() - started
    figures = await asyncio.to_thread(check.findings, node.data_dir)
    return {
        "well": not any(figures.values()),
        **check.amounts(),
        "seconds": round(seconds, 1),
        **figures,
    }


async def _heads(client: Client, reference: Reference) -> Positions:
    """Where the history ends, now that nobody writes: one more stream, from the last cursor on."""
    cursor, positions = reference.cursors[-1]
    last = dict(positions)
    async for message in client.watch(start=cursor).batches():
        if not isinstance(message, EventBatch):
            break
        for event in message.events:
            last[event.shard] = event.position
    return last


def _unlike_the_log(data_dir: Path, reference: Reference) -> int:
    """Positions at which the log on disk has something else than the subscriber has seen."""
    unlike = 0
    for shard, seen in reference.events.items():
        told = [(message.WhichOneof("kind"), message.cause.request_id) for message in seen]
        written = _log_of(data_dir, shard)
        unlike += abs(len(written) - len(told))
        unlike += sum(mine != its for mine, its in zip(told, written, strict=False))
    return unlike


def _log_of(data_dir: Path, shard: int) -> list[tuple[str, str]]:
    """Kind and request id of every event in a shard's log."""
    log = RocksLog(shard_directory(data_dir, shard), create=False)
    head = log.head.position
    found: list[tuple[str, str]] = []
    while len(found) < head:
        for encoded in log.read(len(found) + 1, READ_BYTES, head):
            for commit in decode_group(encoded).commits:
                request_id = commit.cause.request_id
                found += [(_name(one.event), request_id) for one in commit.recorded]
    log.close()
    return found


def _name(event: Any) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", type(event).__name__).lower()


async def _load_stock(address: str) -> None:
    async with Client(address) as client:
        batch = [commands.receive(sku, LOCATION, UNITS) for sku in SKUS]
        for answer in await client.execute(batch):
            if isinstance(answer, HoldfastError):
                raise answer


async def main(arguments: Any) -> int:
    """Run and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await feed_reconnects(
            Path(directory),
            reconnects=arguments.reconnects,
            shards=arguments.shards,
            seed=arguments.seed,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("Feeds that break and resume", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_reconnects")
    parser.add_argument("--reconnects", type=int, default=100)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
