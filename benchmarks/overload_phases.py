"""A node under a light load, as much as it can do, and more, one after the other."""

import asyncio
import itertools
import time
from typing import Any, NamedTuple

from benchmarks import processes
from benchmarks.figures import rounded
from benchmarks.node import Node
from benchmarks.overload_load import Generator, Sent, Template, closed_loop

MIB = 1024 * 1024
SKUS = [f"SKU-{number:04d}" for number in range(1_000)]
CALLERS = 8
QUEUE_COMMANDS = 16_384
HASTY_S = 0.1
HASTY_EVERY = 10
LIGHT_GAP_S = 0.02
LOOK_S = 0.5
STRETCH_S = 30.0
"""How long it is too much without a pause."""
ROUND_S = 5.0
"""How often within a stretch the load is made to fit what the node does."""
BETWEEN_S = 5.0
"""What the node can do is measured for so long between two stretches: as its log grows, there is
more to compact, on the same core."""
ANSWERED_S_MAX = 60.0


class Phase(NamedTuple):
    """What was done in a stretch of time."""

    per_second: float
    per_cpu_second: float
    core_used: float


class Stretch(NamedTuple):
    """So many seconds of too much, and what the node could do before and after."""

    before: Phase
    over: Phase
    after: Phase
    sent: list[Sent]
    seconds: float
    drained_s: float
    """How long the node took for what it had in its queue at the end."""

    @property
    def best_per_second(self) -> float:
        """What the node can do meanwhile: it is less as the log grows."""
        return (self.before.per_second + self.after.per_second) / 2

    @property
    def best_per_cpu_second(self) -> float:
        """The same by the CPU that it had."""
        return (self.before.per_cpu_second + self.after.per_cpu_second) / 2


class Watcher:
    """Looks at the node's processes from outside."""

    def __init__(self, node: Node) -> None:
        self._ids = {"front end": node.process_id, "shard": node.shard_process_ids[0]}
        self.most: dict[str, float] = dict.fromkeys(self._ids, 0.0)

    def cpu_s(self) -> float:
        """CPU of the node so far."""
        return sum(processes.cpu_s(each) for each in self._ids.values())

    def mib(self) -> dict[str, float]:
        """Memory of each process that no file backs."""
        return {name: self._mib(each) for name, each in self._ids.items()}

    def _mib(self, process_id: int) -> float:
        return rounded(processes.memory(process_id).anonymous / MIB)

    async def watch(self) -> None:
        """Note the most memory there is, until cancelled."""
        while True:
            for name, mib in self.mib().items():
                self.most[name] = max(self.most[name], mib)
            await asyncio.sleep(LOOK_S)


class Overload:
    """One node under a light load, as much as it can do, and more."""

    def __init__(self, node: Node, generator: Generator, batch: int) -> None:
        self._generator = generator
        self.watcher = Watcher(node)
        starts = range(0, len(SKUS) - batch + 1, batch)
        self._patient = [Template(SKUS[start : start + batch]) for start in starts]
        self._hasty = [Template(SKUS[start : start + batch], HASTY_S) for start in starts]
        self._light = Template(SKUS[:1])
        self._batch = batch
        self._turns = itertools.count()
        self.held_back = 0

    async def best(self, seconds: float) -> Phase:
        """What the node can do."""

        async def ask() -> None:
            await self._generator.ask(self._patient[next(self._turns) % len(self._patient)])

        return await self._phase(closed_loop(ask, CALLERS, seconds))

    async def offer(self, best: Phase, times: float, seconds: float) -> list[Stretch]:
        """More than the node can do, for so long, in stretches; what it can do is measured again
        after each."""
        stretches = []
        while seconds > 0:
            long_s = min(STRETCH_S, seconds)
            first = len(self._generator.sent)
            over = await self._phase(self._stretch(best.per_second, times, long_s))
            sent = self._generator.sent[first:]
            over_at = time.monotonic()
            await self._generator.until_all_answered(ANSWERED_S_MAX)
            drained_s = time.monotonic() - over_at
            after = await self.best(min(BETWEEN_S, seconds))
            stretches.append(Stretch(best, over, after, sent, long_s, drained_s))
            best = after
            seconds -= long_s
        return stretches

    async def _stretch(self, best_per_s: float, times: float, seconds: float) -> None:
        """Too much without a pause: if the node does more than it could do, as on a machine that
        others have left meanwhile, that much more."""
        while seconds > 0:
            rate = best_per_s * times / self._batch
            phase = await self._phase(self._offer(rate, min(ROUND_S, seconds)))
            best_per_s = max(best_per_s, phase.per_second)
            seconds -= ROUND_S

    async def _offer(self, rate: float, seconds: float) -> None:
        def next_template(_turn: int) -> Template:
            turn = next(self._turns)
            of = self._patient if turn % HASTY_EVERY else self._hasty
            return of[turn % len(of)]

        self.held_back += await self._generator.offer(next_template, rate, seconds)

    async def recover(self, best: Phase, times: float, seconds: float) -> tuple[list[Sent], float]:
        """Too much until the queue is full, and at once a light load; gives that, and when the
        other was over."""
        full_s = 2 * QUEUE_COMMANDS / best.per_second
        await self._offer(best.per_second * times / self._batch, full_s)
        over_at = time.monotonic()
        return await self.light(seconds), over_at

    async def light(self, seconds: float) -> list[Sent]:
        """A command from time to time."""
        begun = time.monotonic()
        asked = []
        while time.monotonic() < begun + seconds:
            asked.append(await self._generator.ask(self._light))
            await asyncio.sleep(LIGHT_GAP_S)
        return asked

    async def _phase(self, load: Any) -> Phase:
        begun, cpu_s, granted = time.monotonic(), self.watcher.cpu_s(), self._generator.granted
        await load
        return self._since(begun, cpu_s, granted)

    def _since(self, begun: float, cpu_s: float, granted: int) -> Phase:
        seconds = time.monotonic() - begun
        cpu_s = self.watcher.cpu_s() - cpu_s
        granted = self._generator.granted - granted
        return Phase(granted / seconds, granted / max(cpu_s, 1e-3), cpu_s / seconds)
