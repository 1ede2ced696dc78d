"""Subscribers in a process of their own, and what they have to say.

    python -m benchmarks.feed_crowd JSON

The one who starts it says with a line on its standard input which times count, by the clock that
does not jump. Its answers are lines of JSON: that it is ready, and what it has seen.
"""

import asyncio
import json
import os
import sys
import time
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from benchmarks import report
from benchmarks.feed_peers import JetStream, RedisStream
from benchmarks.feed_postgres import Postgres
from benchmarks.feed_systems import Holdfast, System, Typed, Wire
from benchmarks.figures import latencies

PEERS: tuple[System, ...] = (
    RedisStream(),
    Postgres(),
    JetStream(synced=True),
    JetStream(synced=False),
)
SYSTEMS: dict[str, System] = {
    system.name: system for system in (Holdfast(), *PEERS, Wire(), Typed())
}
"""By name."""


class Crowd(msgspec.Struct, frozen=True):
    """What subscribers are to do."""

    system: str
    address: str
    subscribers: int
    skus: list[list[str]]
    """What each follows, in turn; empty lists: everything."""
    start: str
    """ "beginning" or "now"."""
    events: int = 0
    """With "beginning": how many events each is to be told."""


class Seen(msgspec.Struct, frozen=True):
    """What the crowd has seen."""

    told: int
    """Events, over all subscribers; where times count, in time."""
    seconds: float
    """How long that took; 0 if it lasted until it was told to end."""
    cpu_s: float
    """Of the crowd's own process."""
    p50_ms: float
    p99_ms: float
    max_ms: float
    """Between an event's time and the moment at which a subscriber was given it."""


class Ear:
    """What one subscriber hears."""

    def __init__(self, enough: int) -> None:
        self.told = 0
        self.sent = array("q")
        self.heard = array("q")
        self.done = asyncio.Event()
        self._enough = enough

    def told_at(self, sent: Sequence[int]) -> None:
        """Hear of events that were handed over at these times."""
        self.told += len(sent)
        if self._enough:
            if self.told >= self._enough:
                self.done.set()
            return
        now = time.monotonic_ns()
        self.sent.extend(sent)
        self.heard.extend([now] * len(sent))


async def _follow_all(crowd: Crowd) -> None:
    heard = await _standard_input()
    ears = [Ear(crowd.events) for _ in range(crowd.subscribers)]
    ready = [asyncio.Event() for _ in ears]
    async with SYSTEMS[crowd.system].reading(crowd.address) as reading:
        if crowd.start == "beginning":
            _say({"ready": True})
            await heard.readline()
        started, cpu_s = time.monotonic(), time.process_time()
        following = [
            asyncio.create_task(
                reading.follow(
                    number,
                    crowd.skus[number % len(crowd.skus)],
                    crowd.start,
                    ready[number].set,
                    ear.told_at,
                )
            )
            for number, ear in enumerate(ears)
        ]
        awaited = asyncio.create_task(
            _all(ear.done for ear in ears) if crowd.events else heard.readline()
        )
        try:
            if crowd.start == "now":
                await _first_failure([asyncio.create_task(_all(ready)), *following])
                _say({"ready": True})
                cpu_s = time.process_time()
            await _first_failure([awaited, *following])
            seen = _seen(ears, time.monotonic() - started, time.process_time() - cpu_s, awaited)
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
    _say(msgspec.to_builtins(seen))


def _seen(ears: Sequence[Ear], seconds: float, cpu_s: float, awaited: Any) -> Seen:
    """What all have heard of what was handed over within the time that counts."""
    limits = awaited.result()
    if limits is None:
        return Seen(sum(ear.told for ear in ears), seconds, cpu_s, 0.0, 0.0, 0.0)
    first, last, in_time = json.loads(limits)
    pairs = [
        (sent, heard)
        for ear in ears
        for sent, heard in zip(ear.sent, ear.heard, strict=True)
        if first <= sent <= last
    ]
    found = latencies([(heard - sent) / 1e9 for sent, heard in pairs])
    told = sum(heard <= in_time for _, heard in pairs)
    return Seen(told, 0.0, cpu_s, found.p50_ms, found.p99_ms, found.max_ms)


async def _all(events: Any) -> None:
    for event in events:
        await (event.wait() if isinstance(event, asyncio.Event) else event)


async def _first_failure(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for the first task; raise what ends another one before."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks[1:]:
        if task.done():
            task.result()
            raise RuntimeError("a subscription has ended")


async def _standard_input() -> asyncio.StreamReader:
    """What whoever has started this process says. A thread that waits for it would keep a crowd
    whose subscription has failed from ending."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def _say(document: Any) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


class CrowdProcess:
    """A crowd, as the one who starts it sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def begin(self) -> None:
        """Let a crowd that follows from the beginning begin."""
        await self._tell("go")

    async def seen(self) -> Seen:
        """What it has seen, once all have been told everything."""
        return msgspec.convert(await self._read(), Seen)

    async def end(self, first_ns: int, last_ns: int, in_time_ns: int) -> Seen:
        """What it has seen of what was handed over between the first two times."""
        await self._tell(json.dumps([first_ns, last_ns, in_time_ns]))
        return await self.seen()

    async def ready(self) -> None:
        """Wait until nothing that is written from now on will be missed."""
        await self._read()

    async def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            code = await self._process.wait()
            raise RuntimeError(f"the crowd has ended with code {code}")
        return json.loads(line)


@asynccontextmanager
async def crowd_of(crowd: Crowd) -> AsyncIterator[CrowdProcess]:
    """A crowd that is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.feed_crowd",
        msgspec.json.encode(crowd).decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    made = CrowdProcess(process)
    try:
        await made.ready()
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def main() -> int:
    """Be a crowd; gives the exit code."""
    await _follow_all(msgspec.json.decode(sys.argv[1], type=Crowd))
    return 0


if __name__ == "__main__":
    sys.exit(report.run(main()))
