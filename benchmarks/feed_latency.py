"""How long an event takes to those who follow, how many it reaches, and what each of them costs.

    make bench-feed        (beside NATS, and Redis and PostgreSQL if they are installed)
    python -m benchmarks.feed_latency [--quick] [--system NAME ...] [--events N] [--json]

Each system runs by itself, one after the other, with its subscribers in one process and the writer
in another, all on this machine; it writes to the disk before it answers. The time of an event runs
from the moment at which the writer hands it over to the moment at which a subscriber's program has
it: the decision, the disk and the way are in it. Writes come at a fixed rate, whether those before
them were answered or not.

How to read it. `1 x 5,000/s`: one subscriber, told 5 000 events a second. `100 x 1,000/s`: each of
a hundred is told all of 1 000 events a second. `1,000 x 3 SKUs`: each follows 3 of 1 000 SKUs, as a
channel would, at 1 000 events a second; Redis has a stream and PostgreSQL a channel of
notifications for each SKU. `told` is the part of what they should have been told that they were
told a second after the end, of all that the rate comes to: below 1, the system does not keep up (or
the writer, on a machine that is too busy), and the latencies, of all events, say how far it is
behind. `server` is the load of its processes, in cores. `memory` is what its processes take of
their own for each subscriber.

`fan-out` is how many events a second reach fifty subscribers who read the same history at once, and
how many for each second of the server's CPU. `catch-up` is how fast one who comes from the
beginning is told the whole history: a million events, or as many as could be written in a minute
(`of events`). Each system has three parts: everything live, few SKUs live, the history. A part that
does not come to an end in two minutes and a half is left out, and named in the last line. Of
Holdfast, `catch-up` is also given for a client that makes nothing of the bytes, and for one that
looks at the fields of every event. The others are told bytes of the same size, of which only the
time is read.
"""

import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import report
from benchmarks.feed_crowd import SYSTEMS, Crowd, Seen, crowd_of
from benchmarks.feed_systems import Holdfast, Server, System, Typed, Wire, Write
from benchmarks.figures import median, rounded
from benchmarks.load import calibration_ms

SKUS = [f"SKU-{number:04d}" for number in range(1_000)]
FOLLOWED = random.Random(1).sample(SKUS, len(SKUS))
"""In the order in which subscribers choose them, which is not that of the writes."""
SKUS_EACH = 3
TICK_S = 0.01
LOAD_BATCH = 500
LOAD_WRITERS = 4
FILL_S_MAX = 60.0
"""How long a history may take to be written."""
PART_S_MAX = 150.0
"""How long a system may take for one of three parts, for each time that a history is read."""
KIB = 1024
ONE_ROW = "1 x 5,000/s"
SYSTEM_NAMES = tuple(name for name in SYSTEMS if name not in (Wire.name, Typed.name))
READERS = {Holdfast.name: (Holdfast.name, Wire.name, Typed.name)}
"""Ways to read the history of a system, where there are several."""


class Scale(NamedTuple):
    """How much is measured."""

    seconds: float
    settle_s: float
    """How long the load lasts before anything counts, and how long what is sent last may take."""
    hundred: int
    thousand: int
    fan_out: int
    fan_out_events: int
    catch_up_events: int
    few_per_s: int = 1_000
    """Events a second of which each of the thousand is told a few."""
    catch_ups: int = 1
    """How often each way to read the history is tried, in turns; the median counts."""


FULL = Scale(10.0, 1.0, 100, 1_000, 50, 20_000, 1_000_000)
QUICK = Scale(2.0, 1.0, 20, 100, 10, 5_000, 20_000)


def all_row(subscribers: int) -> str:
    """So many are told all of 1 000 events a second."""
    return f"{subscribers:,} x 1,000/s"


def few_row(subscribers: int) -> str:
    """So many follow a few SKUs each."""
    return f"{subscribers:,} x {SKUS_EACH} SKUs"


class Measured:
    """One system, while it is measured."""

    def __init__(self, system: System, server: Server, scale: Scale) -> None:
        self._name = system.name
        self._server = server
        self._scale = scale
        self._written = 0
        """Events that were written to whatever is written to now."""
        self._history = 0
        """Events that everybody is told who asks for everything, at least."""
        self.figures: dict[str, Any] = {}

    async def run(self) -> None:
        """Measure everything. A part that does not come to an end is left out."""
        parts = {
            "everything live": self._everything,
            "few SKUs live": self._few,
            "the history": self._histories,
        }
        for name, part in parts.items():
            try:
                async with asyncio.timeout(PART_S_MAX * self._scale.catch_ups):
                    await part()
            except TimeoutError:
                self.figures.setdefault("no end", []).append(name)
                report.progress(f"{self._name}: {name} came to no end in time, and so it is left")

    async def _everything(self) -> None:
        hundred = self._scale.hundred
        async with self._server.writing(False) as write:
            await self._latency(ONE_ROW, write, 5_000, [[]])
            await self._latency(all_row(hundred), write, 1_000, [[]] * hundred)
        # What follows, single SKUs, is nowhere else in Redis.
        self._history = self._written

    async def _few(self) -> None:
        thousand = self._scale.thousand
        turn = itertools.cycle(FOLLOWED)
        few = [list(itertools.islice(turn, SKUS_EACH)) for _ in range(thousand)]
        async with self._server.writing(True) as write:
            await write(SKUS)
            await self._latency(few_row(thousand), write, self._scale.few_per_s, few)

    async def _histories(self) -> None:
        self._written = self._history
        async with self._server.writing(False) as write:
            events = max(self._scale.fan_out_events, self._scale.catch_up_events)
            report.progress(f"{self._name}: writing up to {events:,} events")
            filled = await fill(write, events - self._written)
            self._written += filled
        await self._fan_out()
        events = min(self._written, self._scale.catch_up_events)
        self.figures["catch-up events"] = events
        readers = READERS.get(self._name, (self._name,))
        per_second: dict[str, list[float]] = {reader: [] for reader in readers}
        for reader in readers * self._scale.catch_ups:
            report.progress(f"catch-up, {reader}")
            seen, _ = await self._replay(reader, 1, events)
            per_second[reader].append(seen.told / seen.seconds)
            so_far = rounded(median(per_second[reader]))
            self.figures.setdefault("catch-up", {})[reader] = so_far

    async def _latency(
        self, name: str, write: Write, rate: int, followed: Sequence[Sequence[str]]
    ) -> None:
        """Write at a rate, each SKU in turn, to subscribers who follow these SKUs."""
        report.progress(f"{self._name}: {name}")
        number = len(followed)
        skus = [list(each) for each in followed]
        before = self._server.memory_bytes()
        async with crowd_of(Crowd(self._name, self._server.address, number, skus, "now")) as crowd:
            memory = self._server.memory_bytes() - before
            first, last, cpu_s, due = await self._load(write, rate)
            in_time = last + round(self._scale.settle_s * 1e9)
            seen = await crowd.end(first, last, in_time)
        seconds = self._scale.seconds
        deliveries = sum(len(each) / len(SKUS) if each else 1.0 for each in followed)
        self.figures[name] = {
            "p50_ms": seen.p50_ms,
            "p99_ms": seen.p99_ms,
            "max_ms": seen.max_ms,
            "told": rounded(seen.told / (max(due, rate * seconds) * deliveries)),
            "told_per_s": rounded(seen.told / seconds),
            "server_cores": {each: rounded(used / seconds) for each, used in cpu_s.items()},
            "memory_kib": rounded(memory / number / KIB) if number > 1 else None,
        }

    async def _load(self, write: Write, rate: int) -> tuple[int, int, Mapping[str, float], int]:
        """Write for so long as counts, and a while before and after; gives when it counted from and
        to, the CPU of that time, and how many events were to be told in it."""
        turn = itertools.cycle(SKUS)
        each = round(rate * TICK_S)
        ticks = round((self._scale.seconds + 2 * self._scale.settle_s) / TICK_S)
        started = time.monotonic()
        first = started + self._scale.settle_s
        last = first + self._scale.seconds
        cpu_s: Mapping[str, float] = {}
        counted = due = 0
        async with asyncio.TaskGroup() as group:
            for number in range(ticks):
                at = started + number * TICK_S
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if not counted and at >= first:
                    cpu_s, counted = self._server.cpu_s(), 1
                elif counted == 1 and at >= last:
                    now = self._server.cpu_s()
                    cpu_s, counted = {name: now[name] - cpu_s[name] for name in now}, 2
                begun = time.monotonic()
                group.create_task(self._write(write, list(itertools.islice(turn, each))))
                due += each if first <= begun <= last else 0
        await asyncio.sleep(self._scale.settle_s)
        return round(first * 1e9), round(last * 1e9), cpu_s, due

    async def _write(self, write: Write, skus: Sequence[str]) -> None:
        # Not in one statement: the sum would be read before the wait and written after it.
        written = await write(skus)
        self._written += written

    async def _fan_out(self) -> None:
        report.progress(f"{self._name}: fan-out")
        events = min(self._written, self._scale.fan_out_events)
        seen, cpu_s = await self._replay(self._name, self._scale.fan_out, events)
        self.figures["fan-out"] = {
            "told_per_s": rounded(seen.told / seen.seconds),
            "told_per_server_cpu_s": rounded(seen.told / max(sum(cpu_s.values()), TICK_S)),
            "subscribers_cpu_s": rounded(seen.cpu_s),
        }

    async def _replay(
        self, reader: str, subscribers: int, events: int
    ) -> tuple[Seen, dict[str, float]]:
        """Let so many read the history from the beginning, at once."""
        crowd = Crowd(reader, self._server.address, subscribers, [[]], "beginning", events)
        async with crowd_of(crowd) as process:
            before = self._server.cpu_s()
            await process.begin()
            seen = await process.seen()
        after = self._server.cpu_s()
        return seen, {name: after[name] - before[name] for name in after}


async def fill(write: Write, events: int) -> int:
    """Write until there are so many events, or it has taken long enough; gives how many it were."""
    end = time.monotonic() + FILL_S_MAX
    turn = itertools.cycle(SKUS)
    done = 0

    async def writer() -> None:
        nonlocal done
        while done < events and time.monotonic() < end:
            written = await write(list(itertools.islice(turn, LOAD_BATCH)))
            done += written

    await asyncio.gather(*(writer() for _ in range(LOAD_WRITERS)))
    return done


async def feed_latency(names: Sequence[str], scale: Scale) -> dict[str, Any]:
    """The figures of each system by its name; a text where it is not installed."""
    found: dict[str, Any] = {}
    for name in names:
        system = SYSTEMS[name]
        missing = system.missing()
        if missing:
            found[name] = f"left out: {missing}"
            report.progress(f"{name} is left out: {missing}")
            continue
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            async with system.running(Path(directory)) as server:
                measured = Measured(system, server, scale)
                await measured.run()
        found[name] = measured.figures
    return found


def tables(found: Mapping[str, Any]) -> list[Any]:
    """The figures as a person reads them."""
    rows: list[tuple[object, ...]] = []
    replays: list[tuple[object, ...]] = []
    left: list[tuple[str, object]] = []
    for system, figures in found.items():
        if isinstance(figures, str):
            rows.append((system, figures))
            continue
        for name, row in figures.items():
            if isinstance(row, dict) and "p50_ms" in row:
                cores = sum(row["server_cores"].values())
                cells = (row["p50_ms"], row["p99_ms"], row["told"], cores, row["memory_kib"])
                rows.append((system, name, *cells))
        replays += _replays(system, figures)
        if "no end" in figures:
            left.append((system, f"no end: {', '.join(figures['no end'])}"))
    columns = ("", "subscribers", "p50 ms", "p99 ms", "told", "server", "memory KiB")
    replay_columns = ("", "fan-out", "per CPU s of the server", "catch-up", "of events")
    shown = [
        report.table("From the writer to the subscribers", columns, rows),
        report.table("The history again, events a second", replay_columns, replays),
    ]
    return shown + ([report.facts("Left out", left)] if left else [])


def _replays(system: str, figures: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """A row for each way in which the history of a system was read."""
    fan_out = figures.get("fan-out", {})
    rows: list[tuple[object, ...]] = []
    for reader, per_second in (figures.get("catch-up") or {system: None}).items():
        own = fan_out if reader == system else {}
        told = (own.get("told_per_s"), own.get("told_per_server_cpu_s"))
        rows.append((reader, *told, per_second, figures.get("catch-up events")))
    return rows


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    scale = QUICK if arguments.quick else FULL
    if arguments.events:
        scale = scale._replace(catch_up_events=arguments.events)
    document: dict[str, Any] = {"calibration ms, before": calibration_ms()}
    document["systems"] = await feed_latency(arguments.system or SYSTEM_NAMES, scale)
    document["calibration ms, after"] = calibration_ms()
    report.write(arguments, document, *tables(document["systems"]))
    return 0


if __name__ == "__main__":
    parser = report.parser(__doc__, "feed_latency")
    parser.add_argument("--quick", action="store_true", help="short, with fewer subscribers")
    parser.add_argument("--system", nargs="+", choices=SYSTEM_NAMES, help="these alone")
    parser.add_argument("--events", type=int, default=0, help="of the history to catch up with")
    sys.exit(report.run(main(parser.parse_args())))
