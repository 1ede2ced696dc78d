"""Closed loops of load: so many callers, each asking again as soon as it is answered; and what that
costs every process."""

import asyncio
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from holdfast.v1 import inventory_pb2

from benchmarks import messages, processes, report
from benchmarks.figures import Latencies, latencies, median, rounded

CALIBRATION_TURNS = 1_000_000
SENDERS = 4
BATCHES_BETWEEN_LINES = 50
Ask = Callable[[int, int], Awaitable[int]]
"""Asks as a caller; of all that is asked by any of them, this is the n-th call. Gives how many
commands were answered."""


class Round(NamedTuple):
    """One round of load, or the medians of several."""

    per_second: float
    latencies: Latencies
    cpu_us: dict[str, float]
    """Microseconds of CPU for each command, by process."""


class Loop(NamedTuple):
    """One kind of load: what so many callers ask, as often as they can until all calls of a round
    are made."""

    name: str
    callers: int
    calls_each: int
    """In the mean."""
    ask: Ask
    process_ids: Mapping[str, int]
    """The servers' processes; the client is this one."""
    process_trees: Mapping[str, int] = {}
    """The same, where what they have started counts as well."""


async def measure(loops: Sequence[Loop], rounds: int) -> dict[str, Round]:
    """The medians of each loop, by its name. The loops take turns, so that what else the machine
    does meanwhile weighs on all of them; in another order each time, as what one leaves to be done
    weighs on the one after it."""
    done: dict[str, list[Round]] = {loop.name: [] for loop in loops}
    for number in range(rounds):
        for loop in random.Random(number).sample(loops, len(loops)):
            done[loop.name].append(await _round(loop, number))
    return {name: _median(each) for name, each in done.items()}


async def lasting(loop: Loop, seconds: float) -> Loop:
    """The loop with as many calls as take about so long, found in a round for warming up: systems
    of different speed get the same time."""
    started = time.perf_counter()
    await _round(loop, 0)
    took_s = time.perf_counter() - started
    return loop._replace(calls_each=max(1, round(loop.calls_each * seconds / took_s)))


def _median(done: Sequence[Round]) -> Round:
    return Round(
        rounded(median(each.per_second for each in done)),
        Latencies(
            done[0].latencies.number,
            *(
                rounded(median(getattr(each.latencies, name) for each in done))
                for name in Latencies._fields[1:]
            ),
        ),
        {name: rounded(median(each.cpu_us[name] for each in done)) for name in done[0].cpu_us},
    )


def calibration_ms() -> float:
    """How long this machine takes, now, for a fixed piece of Python that nothing else bears on:
    figures of two runs compare only as far as this does."""
    started = time.perf_counter()
    total = 0
    for number in range(CALIBRATION_TURNS):
        total += number & 3
    return rounded((time.perf_counter() - started) * 1_000)


async def _round(loop: Loop, number: int) -> Round:
    watched = {"client": os.getpid(), **loop.process_ids}
    number_of_calls = loop.callers * loop.calls_each
    # Whoever is free takes the next one. Had each caller its own number of them, the last ones of a
    # system that serves some callers later than others would be asked by few.
    calls = iter(range(number * number_of_calls, (number + 1) * number_of_calls))
    times: list[float] = []
    commands = 0

    async def caller(index: int) -> None:
        nonlocal commands
        for call in calls:
            asked = time.perf_counter()
            # Not in one statement: the sum would be read before the wait and written after it.
            answered = await loop.ask(index, call)
            commands += answered
            times.append(time.perf_counter() - asked)

    def cpu_s() -> dict[str, float]:
        alone = {name: processes.cpu_s(each) for name, each in watched.items()}
        return alone | {
            name: processes.tree_cpu_s(each) for name, each in loop.process_trees.items()
        }

    cpu_before_s = cpu_s()
    started = time.perf_counter()
    await asyncio.gather(*(caller(index) for index in range(loop.callers)))
    seconds = time.perf_counter() - started
    cpu_us = {
        name: (used_s - cpu_before_s[name]) / commands * 1e6 for name, used_s in cpu_s().items()
    }
    return Round(commands / seconds, latencies(times), cpu_us)


class RawStream:
    """One caller's Execute stream: takes serialised batches, waits until each is complete."""

    def __init__(self, call: Any, parse: Callable[[bytes], Any]) -> None:
        self._call = call
        self._parse = parse

    async def execute(self, batch: bytes) -> int:
        """Send a batch; gives how many commands were granted. RuntimeError if one was not."""
        return len(await self.outcomes(batch))

    async def outcomes(self, batch: bytes) -> list[Any]:
        """The same; gives what was granted, in the order of the answers."""
        await self._call.write(batch)
        answered: list[Any] = []
        while True:
            response = self._parse(await self._call.read())
            for outcome in response.outcomes:
                if outcome.HasField("failure"):
                    raise RuntimeError(f"a command of the load was refused: {outcome.failure}")
            answered += response.outcomes
            if response.complete:
                return answered

    def close(self) -> None:
        """End the stream."""
        self._call.cancel()


async def send_all(address: str, batches: Iterable[bytes], number: int) -> None:
    """Send so many batches over some streams; each is made just before it is sent, and has to be
    granted whole."""
    done = itertools.count(1)
    left = iter(batches)
    tenth = max(BATCHES_BETWEEN_LINES, number // 10)
    async with messages.channel(address) as channel:
        method = channel.stream_stream(f"{messages.SERVICE}/Execute")

        async def sender() -> None:
            stream = RawStream(method(), inventory_pb2.ExecuteResponse.FromString)
            for batch in left:
                await stream.execute(batch)
                if (sent := next(done)) % tenth == 0:
                    report.progress(f"{sent:,} of {number:,} batches")
            stream.close()

        await asyncio.gather(*(sender() for _ in range(SENDERS)))
