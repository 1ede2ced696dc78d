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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError, InsufficientStock
from holdfast.feed import EventBatch

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
    seen: list[Any] = field(default_factory=list)

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
                        self.seen.append(event.message)
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

    def different(self) -> int:
        """How many events are not what the uninterrupted subscriber saw at their position."""
        events = self.reference.events
        return sum(
            message.position > len(events[message.shard])
            or events[message.shard][message.position - 1] != message
            for message in self.seen
        )


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
    reference = Reference()
    streams = Streams(reference)
    async with running_node(directory, shards) as node:
        address = node.address
        await _load_stock(address)
        started = time.monotonic()
        async with Client(address) as first, Client(address) as others:
            following = asyncio.create_task(reference.follow(first))
            writers = Writers(address)
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(writers.run(seed))
                coming = [
                    asyncio.create_task(
                        streams.come_and_go(
                            others,
                            len(range(number, reconnects, SUBSCRIBERS)),
                            random.Random(f"{seed}-{number}"),
                        )
                    )
                    for number in range(SUBSCRIBERS)
                ]
                await asyncio.gather(*coming)
                writers.stopping = True
                await writing
            await reference.until(await _heads(others, reference))
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        seconds = time.monotonic() - started
    figures = {
        "gaps": streams.counts["gaps"],
        "duplicates": streams.counts["duplicates"],
        "reordered": streams.counts["reordered"],
        "different": streams.different(),
        "stalled": streams.counts["stalled"],
        "irregular without interruption": reference.irregular,
        "unlike the log": await asyncio.to_thread(_unlike_the_log, node.data_dir, reference),
    }
    return {
        "well": not any(figures.values()),
        "streams": streams.counts["streams"],
        "events in the history": sum(len(each) for each in reference.events.values()),
        "events over all streams": len(streams.seen),
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
