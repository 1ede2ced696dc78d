"""One shard process without a front end: this process is it, on a processor of its own where there
are two."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from benchmarks import processes
from benchmarks.feed_replay_phases import Disturbing
from benchmarks.messages import HOLD_S, LOCATION
from engine.core.commands import BasketLine, Command, Context, Receive, Reserve
from engine.core.model import Key
from engine.feed.group import decode_group, first_position_of
from engine.feed.limits import FeedLimits
from engine.log.layout import open_layout
from engine.shard.link import ShardLink
from engine.shard.messages import Accepted, Write
from engine.shard.options import SharedOptions
from engine.shard.slots import slot_of
from engine.shard.supervisor import Supervisor

CALLS_MAX = 10_000
STOP_S = 10.0
FRONT_END_PER_S = 200_000
"""Events of history that a front end tells its subscribers in a second, about."""
CONTENT_HASH = bytes(16)


class LoneShard:
    """See Subject."""

    def __init__(self, link: ShardLink, process_id: int) -> None:
        self.link = link
        self._process_id = process_id
        self._numbers = count()

    async def receive(self, skus: Sequence[str], units: int) -> None:
        """Bring stock."""
        await asyncio.gather(*(self._ask(sku, Receive(_key(sku), units)) for sku in skus))

    async def batch(self, caller: int, skus: Sequence[str]) -> None:
        """See Subject."""
        await asyncio.gather(*(self._ask(sku, _reserve(sku)) for sku in skus))

    async def single(self, sku: str) -> None:
        """See Subject."""
        await self._ask(sku, _reserve(sku))

    def writer_cpu_s(self) -> float:
        """See Subject."""
        return processes.thread_cpu_s(self._process_id, self._process_id)

    async def _ask(self, sku: str, command: Command) -> None:
        write = Write(Context(f"request-{next(self._numbers)}"), CONTENT_HASH, command)
        result = await self.link.submit(slot_of("", sku), write, 0)
        if not isinstance(result, Accepted):
            raise RuntimeError(f"a command of the load was refused: {result}")


def _key(sku: str) -> Key:
    return Key("", sku, LOCATION)


def _reserve(sku: str) -> Reserve:
    return Reserve("", (BasketLine("1", _key(sku), 1),), ttl_ms=HOLD_S * 1_000)


class ChunkReaders:
    """See Disturbance. They ask for chunk after chunk, and look at where its last group begins
    alone: this process is the writer too, and would be late for its own answers while it decodes.
    Together they take what a front end tells and no more, for the same reason."""

    def __init__(self, link: ShardLink, readers: int, ends: Mapping[int, int]) -> None:
        """`ends` has the last position of each group by its first."""
        self._link = link
        self._ends = ends
        self._last = max(ends.values())
        self._given = 0
        self._pause_s = readers / FRONT_END_PER_S
        self.tasks = [asyncio.create_task(self._run()) for _ in range(readers)]

    async def read(self) -> int:
        """See Disturbance."""
        for task in self.tasks:
            if task.done():
                task.result()
        return self._given

    async def _run(self) -> None:
        at, due_s = 0, time.monotonic()
        while True:
            chunk = await self._link.read(at + 1, FeedLimits().chunk_bytes_max)
            # A group that came later is none of those that count: with it comes the last of these.
            end = self._ends.get(first_position_of(chunk[-1]), self._last)
            self._given += end - at
            due_s = max(due_s, time.monotonic() - 1) + (end - at) * self._pause_s
            at = end if end < self._last else 0
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))


async def ends_of_groups(link: ShardLink) -> dict[int, int]:
    """The last position of each group that there is now, by its first."""
    ends: dict[int, int] = {}
    at = 0
    while at < link.head:
        for group in await link.read(at + 1, FeedLimits().chunk_bytes_max):
            decoded = decode_group(link.shard, group)
            at = ends[decoded.first_position] = decoded.last_position
    return ends


def reading_chunks(link: ShardLink, readers: int, ends: Mapping[int, int]) -> Disturbing:
    """Cold readers of the groups that end there."""

    @asynccontextmanager
    async def run() -> AsyncIterator[ChunkReaders]:
        made = ChunkReaders(link, readers, ends)
        try:
            yield made
        finally:
            for task in made.tasks:
                task.cancel()
            await asyncio.gather(*made.tasks, return_exceptions=True)

    return run


@asynccontextmanager
async def lone_shard(directory: Path) -> AsyncIterator[LoneShard]:
    """A shard process, kept apart from this one."""
    open_layout(directory, 1)
    link = ShardLink(0, CALLS_MAX, lambda _shard, _statistics: None)
    supervisor = Supervisor([link], directory, SharedOptions(), lambda _shard, _is_up: None)
    await supervisor.start()
    process_id = supervisor.process_ids[0]
    processors = os.sched_getaffinity(0)
    try:
        _keep_apart(process_id, sorted(processors))
        yield LoneShard(link, process_id)
    finally:
        os.sched_setaffinity(0, processors)
        await supervisor.stop(STOP_S)


def _keep_apart(process_id: int, processors: Sequence[int]) -> None:
    """Give this process a processor, and the other one another, with all its threads."""
    if len(processors) < 2:
        return
    os.sched_setaffinity(0, processors[:1])
    for thread in processes.threads(process_id):
        os.sched_setaffinity(thread, processors[1:2])
