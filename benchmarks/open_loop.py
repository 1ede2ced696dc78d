"""Open loops: requests arrive at a constant rate, whether or not those before them were answered.

How to read it. A closed loop asks less when answers are slow, and so hides how long others would
have waited. Here each request is due at its own time, and its latency runs from then: what the load
generator sends late counts as well, `late p99` says how late that was. Rates are shares of what the
closed loops of the same run reach at best. At rates beyond that a queue grows for as long as the
round lasts, so that its latencies say no more than that it grows. `p99.9` needs a thousand
requests, `p99` a hundred. Latencies are counted by HdrHistogram with three digits, over all rounds.
"""

import asyncio
import ctypes
import importlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, NamedTuple

from holdfast import Client
from holdfast.errors import HoldfastError

from benchmarks import report
from benchmarks.figures import median, rounded
from benchmarks.messages import HOLD_S, LOCATION
from benchmarks.node import Node
from benchmarks.peers.programs import missing_package
from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads.closed import (
    BATCH,
    Load,
    bring_stock,
    by_sdk,
    numbers,
    prepared,
    streams,
    turns,
)
from benchmarks.workloads.one_shard import HOT, hot, verified_node

PERCENTS = (20, 40, 60, 80, 90, 100, 110)
"""Of what the closed loop reaches at best."""
ROUND_S, QUICK_ROUND_S = 4.0, 0.5
STREAMS = 16
US_MAX = 120_000_000
DIGITS = 3
CLOCK_MONOTONIC = 1
PERCENTILES = {"p50_ms": 50.0, "p99_ms": 99.0, "p999_ms": 99.9}

Request = Callable[[], Awaitable[int]]
"""Gives how many commands were granted: none if it was refused."""


class Answered(NamedTuple):
    """What became of a rate that was kept for so long."""

    waits_s: list[float]
    """Of requests that were granted, from when they were due."""
    late_s: list[float]
    """How much later than due each was sent."""
    refused: int
    per_second: float
    """Commands that were granted, until the last answer."""


class Series(NamedTuple):
    """One way to ask."""

    name: str
    commands: int
    """Of each request."""
    closed: list[Load]
    """The best of these is 100 %."""
    request: AbstractAsyncContextManager[Request]


class _Timer(ctypes.Structure):
    """C's itimerspec: the time between ticks, and until the first, each in seconds and ns."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns")]


class Ticks:
    """The kernel's timer at a constant rate. That of an event loop counts whole milliseconds."""

    def __init__(self, interval_ns: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        every = divmod(interval_ns, 1_000_000_000)
        timer = _Timer(*every, *every)
        if libc.timerfd_settime(self._descriptor, 0, ctypes.byref(timer), None):
            raise OSError(ctypes.get_errno(), "no timer")
        self._ticked = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._ticked.set)

    async def number(self) -> int:
        """How often it has ticked since the last time; waits for one at least."""
        while True:
            self._ticked.clear()
            try:
                return int.from_bytes(os.read(self._descriptor, 8), "little")
            except BlockingIOError:
                await self._ticked.wait()

    def close(self) -> None:
        """Let the timer go."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)


@contextmanager
def ticking(interval_ns: int) -> Iterator[Ticks]:
    """A timer for the length of a block."""
    ticks = Ticks(interval_ns)
    try:
        yield ticks
    finally:
        ticks.close()


async def offer(request: Request, per_second: float, seconds: float) -> Answered:
    """Let requests arrive at a rate for so long, and wait for all answers."""
    interval_ns = round(1e9 / per_second)
    waits_s: list[float] = []
    late_s: list[float] = []
    granted = refused = 0

    async def one(due: float) -> None:
        nonlocal granted, refused
        late_s.append(time.perf_counter() - due)
        commands = await request()
        if commands:
            waits_s.append(time.perf_counter() - due)
        granted += commands
        refused += commands == 0

    left = max(1, round(per_second * seconds))
    begun = time.perf_counter()
    with ticking(interval_ns) as ticks:
        dues = (begun + number * interval_ns / 1e9 for number in itertools.count(1))
        async with asyncio.TaskGroup() as requests:
            while left:
                arrived = min(left, await ticks.number())
                for due in itertools.islice(dues, arrived):
                    requests.create_task(one(due))
                left -= arrived
                # What has come has to be sent before more is looked for.
                await asyncio.sleep(0)
    return Answered(waits_s, late_s, refused, granted / (time.perf_counter() - begun))


class Kept:
    """All that a rate has shown, over its rounds."""

    def __init__(self) -> None:
        module: Any = importlib.import_module("hdrh.histogram")
        self._waits = module.HdrHistogram(1, US_MAX, DIGITS)
        self._late = module.HdrHistogram(1, US_MAX, DIGITS)
        self._refused = 0
        self._per_second: list[float] = []

    def add(self, answered: Answered) -> None:
        """Count a round in."""
        for histogram, times_s in ((self._waits, answered.waits_s), (self._late, answered.late_s)):
            for each in times_s:
                histogram.record_value(min(max(round(each * 1e6), 1), US_MAX))
        self._refused += answered.refused
        self._per_second.append(answered.per_second)

    def row(self) -> dict[str, Any]:
        """Percentiles of all rounds, None where there were too few requests, and the median of what
        was answered per second."""
        return {
            "per_second": rounded(median(self._per_second)),
            **{name: self._ms(self._waits, percent) for name, percent in PERCENTILES.items()},
            "late_p99_ms": self._ms(self._late, 99.0),
            "requests": self._waits.get_total_count(),
            "refused": self._refused,
        }

    @staticmethod
    def _ms(histogram: Any, percent: float) -> float | None:
        # One request at least must lie beyond it.
        if histogram.get_total_count() * (100 - percent) < 99.9:
            return None
        return rounded(histogram.get_value_at_percentile(percent) / 1_000)


@asynccontextmanager
async def single_requests(node: Node) -> AsyncIterator[Request]:
    """Each reserves a unit through the SDK."""
    lines = [(HOT, LOCATION, 1)]
    async with Client(node.address, timeout_s=60) as client:

        async def request() -> int:
            try:
                await client.reserve(lines, ttl_s=HOLD_S)
            except HoldfastError:
                return 0
            return 1

        yield request


@asynccontextmanager
async def batch_requests(node: Node) -> AsyncIterator[Request]:
    """Each sends a prepared batch on a stream that waits for no answer, as soon as there is one."""
    (template,) = hot()
    async with streams(node, STREAMS) as opened:
        idle: asyncio.Queue[Any] = asyncio.Queue()
        for stream in opened:
            idle.put_nowait(stream)

        async def request() -> int:
            stream = await idle.get()
            granted: int = await stream.execute(template.numbered(next(numbers)))
            idle.put_nowait(stream)
            return granted

        yield request


def all_series(node: Node) -> list[Series]:
    """Single Reserves by the SDK, and batches."""
    singles = [
        Load(f"singles, closed, {callers} callers", node, by_sdk(node, HOT), callers, 10)
        for callers in (64, 256)
    ]
    batches = [
        Load(f"batches, closed, {callers} callers", node, prepared(node, hot(), callers), callers)
        for callers in (4, 8)
    ]
    return [
        Series("singles", 1, singles, single_requests(node)),
        Series("batches", BATCH, batches, batch_requests(node)),
    ]


async def measure_series(series: Series, setting: Setting) -> dict[str, dict[str, Any]]:
    """The rows of one way to ask: its closed loops, then every rate, in turns."""
    seconds = QUICK_ROUND_S if setting.quick else ROUND_S
    closed = await turns(series.closed, setting)
    best = max(each.per_second for each in closed.values())
    kept = {percent: Kept() for percent in PERCENTS}
    async with series.request as request:
        for number in range(setting.rounds):
            report.progress(f"{series.name}, open, round {number + 1} of {setting.rounds}")
            for percent, each in kept.items():
                rate = best * percent / 100 / series.commands
                each.add(await offer(request, rate, seconds))
    rows: dict[str, dict[str, Any]] = {
        name: {"offered_per_second": None, "per_second": each.per_second}
        | {"p50_ms": each.latencies.p50_ms, "p99_ms": each.latencies.p99_ms}
        for name, each in closed.items()
    }
    return rows | {
        f"{series.name}, open, {percent} %": {"offered_per_second": rounded(best * percent / 100)}
        | each.row()
        for percent, each in kept.items()
    }


async def measure_open_loop(setting: Setting) -> Found:
    """Every way to ask at every rate."""
    if why := missing_package("hdrh"):
        return Found({}, left_out={"open loop": why})
    wrong: list[str] = []
    async with verified_node(wrong) as node:
        await bring_stock(node, [HOT])
        rows: dict[str, dict[str, Any]] = {}
        for series in all_series(node):
            rows |= await measure_series(series, setting)
    return Found(rows, wrong=wrong)


SECTION = Section("open-loop", "One hot SKU, requests at a constant rate", measure_open_loop)
