"""A writer in closed loops, measured alone and beside what may disturb it, in turns."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple, Protocol

from benchmarks import report
from benchmarks.figures import latencies, median, rounded

SKUS = [f"SKU-{number:04d}" for number in range(1_000)]
BATCH = 100
CALLERS = 4
ALONE = "alone"


class Scale(NamedTuple):
    """How much is measured."""

    events: int
    """Of the history, at least."""
    rounds: int
    batches_s: float
    singles_s: float
    readers: Sequence[int]


class Phase(NamedTuple):
    """What was measured while things were one way."""

    per_s: float
    p50_ms: float
    p99_ms: float
    read_per_s: float
    writer_us: float


class Written(NamedTuple):
    """What the loops of a writer have done."""

    commands: int
    seconds: float
    writer_cpu_s: float
    singles_s: Sequence[float]


class Subject(Protocol):
    """What is written to while others read."""

    async def batch(self, caller: int, skus: Sequence[str]) -> None:
        """Reserve a unit of each SKU, as one of several callers at once."""

    async def single(self, sku: str) -> None:
        """Reserve one unit."""

    def writer_cpu_s(self) -> float:
        """CPU of the thread that decides."""


class Disturbance(Protocol):
    """What goes on beside the writer."""

    async def read(self) -> int:
        """Events that all readers have been given since it began."""


Disturbing = Callable[[], AbstractAsyncContextManager[Disturbance]]
"""Begins what disturbs, and ends it."""


async def write(subject: Subject, scale: Scale) -> Written:
    """Run the closed loops of a writer."""
    turn = itertools.cycle(SKUS)
    done = 0
    started, cpu_s = time.monotonic(), subject.writer_cpu_s()
    end = started + scale.batches_s

    async def caller(number: int) -> None:
        nonlocal done
        while time.monotonic() < end:
            await subject.batch(number, list(itertools.islice(turn, BATCH)))
            done += BATCH

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    seconds, cpu_s = time.monotonic() - started, subject.writer_cpu_s() - cpu_s
    singles_s: list[float] = []
    end = time.monotonic() + scale.singles_s
    while (asked := time.monotonic()) < end:
        await subject.single(next(turn))
        singles_s.append(time.monotonic() - asked)
    return Written(done, seconds, cpu_s, singles_s)


async def phase(subject: Subject, scale: Scale, disturbing: Disturbing) -> Phase:
    """Measure the writer while something goes on."""
    async with disturbing() as disturbance:
        before, started = await disturbance.read(), time.monotonic()
        written = await write(subject, scale)
        read = (await disturbance.read() - before) / (time.monotonic() - started)
    singles = latencies(written.singles_s)
    return Phase(
        written.commands / written.seconds,
        singles.p50_ms,
        singles.p99_ms,
        read,
        written.writer_cpu_s / written.commands * 1e6,
    )


async def compare(
    subject: Subject, scale: Scale, ways: Mapping[str, Disturbing]
) -> dict[str, dict[str, float]]:
    """The medians of each way, `alone` first, with what became of it beside `alone`."""
    alone: list[Phase] = []
    pairs: dict[str, list[tuple[Phase, Phase]]] = {name: [] for name in ways}
    for number in range(scale.rounds):
        for name, disturbing in ways.items():
            report.progress(f"round {number + 1}: {name}")
            before = await phase(subject, scale, nothing)
            alone.append(before)
            pairs[name].append((before, await phase(subject, scale, disturbing)))
    rows = {ALONE: _medians(alone)}
    for name, found in pairs.items():
        rows[name] = _medians([during for _, during in found])
        for field in ("per_s", "p50_ms", "p99_ms"):
            ratios = (getattr(during, field) / getattr(before, field) for before, during in found)
            rows[name][f"{field} ratio"] = rounded(median(ratios))
    return rows


def _medians(phases: Sequence[Phase]) -> dict[str, float]:
    return {
        field: rounded(median(getattr(each, field) for each in phases)) for field in Phase._fields
    }


class Nothing:
    """Nobody reads."""

    async def read(self) -> int:
        """See Disturbance."""
        return 0


@asynccontextmanager
async def nothing() -> AsyncIterator[Nothing]:
    """Nobody reads."""
    yield Nothing()
