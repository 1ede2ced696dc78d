"""What a writer notices of subscribers who read the history from its beginning.

    python -m benchmarks.feed_replay [--quick] [--json]

A node has a long history. A writer reserves in a closed loop: batches of 100 over 4 Execute streams
for a while, then single commands one after the other. Meanwhile nobody reads (`alone`), or so many
cold readers do: each begins at the beginning, takes what it is given as fast as it can, looks at
nothing but the cursors, and begins again at the end. They are one process. Phases take turns, each
of them right after one of `alone`, and a row has the medians of all its phases; `ratio` is the
median of the quotients with the phase before it.

On few cores most of what a writer loses is time on the processors. Three things say how much of it:
`busy process` has no readers but a process that takes all of the processor that it gets, as the
readers' process does; `paced` are readers that take 20 000 events a second together, and no more;
and `The shard by itself` has neither gRPC nor a front end: this process talks to one shard process,
each on a processor of its own where there are two, and asks for chunks of history as a front end
does for its readers, 200 000 events a second together, which is about what one tells while nobody
writes. What the replay costs the writer in its shard is there, and nothing else.

How to read it: `/s` counts commands; `p50` and `p99` are of a single command, in milliseconds;
`read/s` are events that all readers were given in a second. `writer us` is the CPU that the shard's
deciding thread takes for each command of the batches, in microseconds.
"""

import asyncio
import itertools
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.v1 import inventory_pb2

from benchmarks import messages, processes, report
from benchmarks.feed_replay_phases import BATCH, CALLERS, SKUS, Scale, compare
from benchmarks.feed_replay_readers import Cold, busy_process, reading
from benchmarks.feed_replay_shard import LoneShard, ends_of_groups, lone_shard, reading_chunks
from benchmarks.load import RawStream, calibration_ms
from benchmarks.node import Node, running_node

FULL = Scale(400_000, 3, 3.0, 2.0, (1, 4, 10))
QUICK = Scale(20_000, 1, 1.0, 0.5, (1, 4))
UNITS = 1_000_000_000
EVENTS_PER_RESERVE = 2
PACED_PER_S = 20_000
COLD = ("--tail-bytes-max", str(1 << 20))
"""So that what is read is in no memory but the one of the disk, also where the history is short."""


class WholeNode:
    """See Subject. The first streams are those of the callers, the last one is for single
    commands."""

    def __init__(self, node: Node, streams: Sequence[RawStream]) -> None:
        self._shard = node.shard_process_ids[0]
        self._streams = streams
        self._numbers = itertools.count(1)

    async def receive(self, skus: Sequence[str], units: int) -> None:
        """Bring stock."""
        await self._streams[-1].execute(
            messages.batch_of_receipts(next(self._numbers), skus, units)
        )

    async def batch(self, caller: int, skus: Sequence[str]) -> None:
        """See Subject."""
        await self._streams[caller].execute(messages.batch_of_reserves(next(self._numbers), skus))

    async def single(self, sku: str) -> None:
        """See Subject."""
        await self.batch(-1, [sku])

    def writer_cpu_s(self) -> float:
        """See Subject."""
        return processes.thread_cpu_s(self._shard, self._shard)


@asynccontextmanager
async def whole_node(node: Node) -> AsyncIterator[WholeNode]:
    """A writer of a node."""
    async with messages.channel(node.address) as channel:
        method = channel.stream_stream(f"{messages.SERVICE}/Execute")
        streams = [
            RawStream(method(), inventory_pb2.ExecuteResponse.FromString)
            for _ in range(CALLERS + 1)
        ]
        yield WholeNode(node, streams)
        for stream in streams:
            stream.close()


async def fill(subject: WholeNode | LoneShard, events: int) -> int:
    """Make a history of about so many events; gives how many they are at least."""
    await subject.receive(SKUS, UNITS)
    turn = itertools.cycle(SKUS)
    batches = events // (BATCH * EVENTS_PER_RESERVE * CALLERS) + 1

    async def caller(number: int) -> None:
        for _ in range(batches):
            await subject.batch(number, list(itertools.islice(turn, BATCH)))

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return batches * BATCH * EVENTS_PER_RESERVE * CALLERS


def name_of(readers: int) -> str:
    """What so many readers are called."""
    return f"{readers} reader{'s' if readers > 1 else ''}"


async def of_node(scale: Scale) -> dict[str, dict[str, float]]:
    """What the writer of a whole node notices."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_node(Path(directory), 1, *COLD) as node, whole_node(node) as subject:
            report.progress(f"a node with {scale.events:,} events")
            last = await fill(subject, scale.events)
            most = max(scale.readers)
            ways = {
                name_of(readers): reading(Cold(node.address, readers, last))
                for readers in scale.readers
            }
            ways[f"{name_of(most)}, paced"] = reading(Cold(node.address, most, last, PACED_PER_S))
            ways["busy process"] = busy_process
            return await compare(subject, scale, ways)


async def of_shard(scale: Scale) -> dict[str, dict[str, float]]:
    """What the writer of a shard process notices that has a processor of its own."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with lone_shard(Path(directory)) as subject:
            report.progress(f"a shard with {scale.events:,} events")
            await fill(subject, scale.events)
            ends = await ends_of_groups(subject.link)
            ways = {
                name_of(readers): reading_chunks(subject.link, readers, ends)
                for readers in scale.readers
            }
            return await compare(subject, scale, ways)


def table(title: str, found: Mapping[str, Mapping[str, float]]) -> Any:
    """The rows as a person reads them."""
    fields = {
        "/s": "per_s",
        "ratio": "per_s ratio",
        "p50": "p50_ms",
        "ratio ": "p50_ms ratio",
        "p99": "p99_ms",
        "ratio  ": "p99_ms ratio",
        "read/s": "read_per_s",
        "writer us": "writer_us",
    }
    rows = [(name, *(row.get(field) for field in fields.values())) for name, row in found.items()]
    return report.table(title, ("", *fields), rows)


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    scale = QUICK if arguments.quick else FULL
    before = calibration_ms()
    node, shard = await of_node(scale), await of_shard(scale)
    document = {
        "calibration ms, before": before,
        "node": node,
        "shard": shard,
        "calibration ms, after": calibration_ms(),
    }
    tables = (table("The whole node", node), table("The shard by itself", shard))
    report.write(arguments, document, *tables)
    return 0


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_replay")
    parser.add_argument("--quick", action="store_true", help="short, with fewer readers")
    sys.exit(report.run(main(parser.parse_args())))
