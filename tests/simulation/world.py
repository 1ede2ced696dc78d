"""A simulation: a node, its callers and its followers, and a scheduler that makes every choice from
a seed. An auditor watches all of it, and says at which step something was not as it must be."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from engine.shard.messages import Call
from engine.shard.shard_actor import Decided
from tests.simulation.callers import Callers
from tests.simulation.clocks import Deadlines
from tests.simulation.commands import NARROW, WIDE, ShardChoose, beginning, limit
from tests.simulation.followers import Followers
from tests.simulation.machine import Machine, Point, SimulatedLog
from tests.simulation.machine_clocks import Clocks, without_chance
from tests.simulation.node import FrontEnd, Node, Watch
from tests.simulation.predictor import Predictor
from tests.simulation.prefixes import check_logs

MOVES_MAX = 6_000
"""More moves than these without coming to rest are a node that does not."""

PATIENCE_S = 3.0
"""Longer than anybody in the node waits before something is tried again."""

MOMENT_S = 0.25
"""Shorter than anybody waits but for his turn, or to try again soon."""

LONGEST_S = 500.0
"""Longer than anything is held here."""

CHECKPOINT_S = 5.0
"""Longer than a feed says nothing."""

STEPS_S = [*[0.0, 0.001, 0.005] * 6, 0.2, 0.499, 0.999, 1.0, 2.001, 2.001, 10.0, 60.0]


class Wrong(AssertionError):
    """Something was not as it must be, at a step of a seed."""


class Simulation(Watch):
    """One run. `step` is the number of the one that is taken; 0: all is being made ready."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0
        self.steps: list[str] = []
        self._random = Random(seed)
        self._trace = hashlib.blake2b(digest_size=16)
        self.clocks = Clocks()
        self.shards = self._random.choice([1, 2, 2, 3, 3])
        self.predictors = [
            Predictor(shard, self.shards, self.clocks.wall_ms()) for shard in range(self.shards)
        ]
        self.deadlines = Deadlines(self.clocks)
        self._chooses = [
            ShardChoose(predictor, self.shards, self._random.choice)
            for predictor in self.predictors
        ]
        with without_chance(self.clocks, self._random):
            self.node = Node(self.shards, self._random, self.clocks, self)
        self.node.rest = self._rest
        self.callers = Callers(self.node, self.predictors)
        self.followers = Followers(self.node, self._random, self.shards)
        self._told = 0
        self.crashes = 0
        self.turns = 0

    # What the node does, as it is watched.

    def turn(
        self, machine: Machine, calls: tuple[Call, ...], decided: Decided, now_ms: int
    ) -> None:
        self.turns += 1
        shard = machine.shard
        commits = self.predictors[shard].turn(calls, decided, now_ms, machine.log.durable_position)
        self.deadlines.take(shard, decided.position, commits, now_ms)
        self._note(b"turn", shard, decided.position, decided.group or b"")

    def started(self, machine: Machine) -> None:
        self.predictors[machine.shard].check(machine.log)

    def died(self, shard: int, where: str) -> None:
        self.steps.append(f"    shard {shard} dies {where}")

    def killed(self, shard: int, log: SimulatedLog) -> None:
        self.crashes += 1
        self._note(b"killed", shard, log.head.position, b"")
        self.predictors[shard].go_back(log)
        self.deadlines.go_back(shard, log.head.position)
        self.callers.check_durable(shard, log.head.position)

    def front_died(self, front: FrontEnd) -> None:
        self.callers.cut_off()
        self.followers.cut_off()

    def _note(self, what: bytes, shard: int, position: int, data: bytes) -> None:
        self._trace.update(b"%b %d %d %b\n" % (what, shard, position, data))

    @property
    def trace(self) -> str:
        """A hash over everything that was decided, told and answered."""
        trace = self._trace.copy()
        for line in (*self.steps, *self.callers.log, *self.followers.log):
            trace.update(line.encode() + b"\n")
        return trace.hexdigest()

    # The scheduler.

    def run(self, steps: int) -> None:
        """Make ready, take so many steps, and let all come to rest. Wrong, if anything is."""
        try:
            with without_chance(self.clocks, self._random), warnings.catch_warnings():
                # Tasks of a front end that dies may not have begun.
                warnings.simplefilter("ignore", RuntimeWarning)
                try:
                    self._run(steps)
                finally:
                    self.node.close()
        except Exception as error:
            raise Wrong(f"seed {self.seed}, step {self.step}: {error}") from error

    def _run(self, steps: int) -> None:
        self._begin()
        for _ in range(steps):
            self.step += 1
            self._take_step()
            for _ in range(self._random.choice([0, 1, 2, 4, 8, 16])):
                if not self._move():
                    break
        self.step += 1
        self._end()

    def _begin(self) -> None:
        self._reliable(False)
        self._rest()
        for command in beginning(self.shards):
            self.callers.ask(command)
            self._rest()
        self.followers.begin()
        self._rest()
        self._reliable(True)

    def _reliable(self, unreliable: bool) -> None:
        for link in self.node.front.links:
            link.unreliable = unreliable

    def _move(self) -> bool:
        """Let one thing happen that could; False if there is none."""
        node = self.node
        moves = node.moves()
        if not moves:
            return False
        name, move = self._random.choice(moves)
        if name == "store":
            node.loop.jobs.popleft()
        self._trace.update(name.encode())
        move()
        if node.serve_when_ready():
            self.followers.served()
        if node.loop.faults:
            raise AssertionError(node.loop.faults[0])
        self.followers.check()
        return True

    def _rest(self) -> None:
        """Let everything happen that can within moments."""
        for _ in range(MOVES_MAX):
            if not self._move() and not self._wait_a_moment():
                return
        raise AssertionError("the node does not come to rest")

    def _wait_a_moment(self) -> bool:
        """Let so much time pass as somebody is about to wait; False if nobody is."""
        next_s = self.node.loop.next_timer_s()
        if next_s is None or next_s - self.clocks.elapsed_s > MOMENT_S:
            return False
        self.node.pass_time(max(0.0, next_s - self.clocks.elapsed_s) + 1e-6)
        return True

    # The steps.

    def _take_step(self) -> None:
        kinds: Sequence[tuple[int, Callable[[], str]]] = (
            (10, self._wait),
            (44, self._command),
            (6, self._again),
            (4, self._read_on),
            (5, self._crash_shard),
            (3, self._doom),
            (2, self._crash_all),
            (2, self._crash_some),
            (2, self._set_clock),
            (10, self.followers.go_on),
            (5, self.followers.change),
        )
        weights = [weight for weight, _ in kinds]
        [(_, take)] = self._random.choices(kinds, weights)
        what = take()
        self.steps.append(f"{self.step:>4} {what}")
        if self.node.loop.faults:
            raise AssertionError(self.node.loop.faults[0])

    def _wait(self) -> str:
        seconds = self._random.choice(STEPS_S)
        self.node.pass_time(seconds)
        return f"{seconds} s pass"

    def _command(self) -> str:
        random = self._random
        choose = random.choice(self._chooses)
        makers: list[Callable[[Any], Any]] = list(NARROW)
        if self.shards > 1 and random.random() < 0.45:
            makers = [*WIDE, limit] if choose.predictor.shard == 0 else list(WIDE)
        self._told += 1
        command = random.choice(makers)(choose)
        source = random.choice(["", "", "", "wms"])
        sequence = random.choice([0, 3, self._told]) if source else 0
        asked = self.callers.ask(command, source, sequence)
        return f"{asked.request_id}: {command}"

    def _again(self) -> str:
        """A request comes twice: its answer was lost, or who asked did not wait for it."""
        asked = self.callers.asked[-12:]
        chosen = self._random.choice(self.callers.open or asked)
        self.callers.send(chosen, within_s=self._random.choice([0, 0, 0.05]))
        return f"{chosen.request_id} again"

    def _read_on(self) -> str:
        choose = self._random.choice(self._chooses)
        key = choose.key()
        return self.callers.read(key)

    def _crash_shard(self) -> str:
        shard = self._random.randrange(self.shards)
        self.node.kill(shard)
        return f"shard {shard} dies"

    def _doom(self) -> str:
        shard, point = self._random.randrange(self.shards), self._random.choice(list(Point))
        machine = self.node.machines[shard]
        if machine is not None:
            machine.doom = point
        return f"shard {shard} is to die {point.value}"

    def _crash_some(self) -> str:
        some = [shard for shard in range(self.shards) if self._random.random() < 0.6]
        for shard in some:
            self.node.kill(shard)
        return f"shards {some} die"

    def _crash_all(self) -> str:
        self.node.crash()
        return "the node dies"

    def _set_clock(self) -> str:
        seconds = self._random.choice([-3_600, -1, 1, 3_600])
        self.clocks.set_by_s += seconds
        return f"the clock is set by {seconds} s"

    # The end.

    def _end(self) -> None:
        """All is well again, and everything that was begun comes to its end."""
        node = self.node
        self.followers.open_all()
        for machine in node.machines:
            if machine is not None:
                machine.doom = None
        for seconds in [*[PATIENCE_S] * 4, *[LONGEST_S] * 3]:
            self._be_quiet(seconds)
        self.followers.all_is_well()
        for _ in range(3):
            self._be_quiet(CHECKPOINT_S)
        self._rest()
        self._check_end()

    def _be_quiet(self, seconds: float) -> None:
        self._reliable(False)
        self._rest()
        for asked in self.callers.open:
            if not asked.waits:
                self.callers.send(asked)
        self._rest()
        self.node.pass_time(seconds)

    def _check_end(self) -> None:
        unanswered = [asked.request_id for asked in self.callers.open]
        assert not unanswered, f"never answered: {unanswered}"
        for machine, predictor in zip(self.node.machines, self.predictors, strict=True):
            assert machine is not None
            predictor.check(machine.log)
            set_aside, untold = machine.unfinished
            assert not set_aside, f"{set_aside} lines still set aside in shard {machine.shard}"
            assert not untold, f"{untold} events still to be told by shard {machine.shard}"
        logs = [machine.log for machine in self.node.machines if machine is not None]
        check_logs(logs, self.callers.asked)
        self.followers.check_end(logs)


def simulate(seed: int, steps: int) -> Simulation:
    """A run with this seed; Wrong says how to run it again, and the steps that lead to it."""
    try:
        return _simulate(seed, steps)
    except Wrong as wrong:
        shortest = _shortest(seed, steps)
        raise Wrong(_report(seed, shortest, wrong)) from wrong


def _simulate(seed: int, steps: int) -> Simulation:
    simulation = Simulation(seed)
    simulation.run(steps)
    return simulation


def _fails(seed: int, steps: int) -> bool:
    try:
        _simulate(seed, steps)
    except Wrong:
        return True
    return False


def _shortest(seed: int, steps: int) -> int:
    """The fewest steps of the seed that go wrong, as far as halving finds them."""
    low, high = 0, steps
    while low < high:
        middle = (low + high) // 2
        if _fails(seed, middle):
            high = middle
        else:
            low = middle + 1
    return high


def _report(seed: int, steps: int, wrong: Wrong) -> str:
    simulation = Simulation(seed)
    message = str(wrong)
    try:
        simulation.run(steps)
    except Wrong as again:
        message = str(again)
    lines = "\n".join(simulation.steps)
    return (
        f"{message}\n{simulation.shards} shards; the steps that lead to it:\n{lines}\n"
        f"Again: python -m tests.simulation {seed} {steps}"
    )
