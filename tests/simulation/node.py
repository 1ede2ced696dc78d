"""A whole node without processes: a front end in an event loop of its own, with the real router,
links, feed hub and durable subscriptions, and a machine for each shard. It does nothing by itself:
`moves` says what could happen next, and a scheduler chooses."""

from asyncio import Transport
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, cast

from engine.feed.hub import Hub
from engine.feed.limits import FeedLimits
from engine.feed.subscription_store import MemorySubscriptions
from engine.feed.subscriptions import SubscriptionLimits, Subscriptions
from engine.shard.clock import EngineClock
from engine.shard.messages import Call
from engine.shard.router import Router
from engine.shard.shard_actor import Decided
from engine.shard.turn_view import Place
from tests.simulation.links import UnreliableLink
from tests.simulation.loop import VirtualLoop
from tests.simulation.machine import Died, Machine, SimulatedLog
from tests.simulation.machine_clocks import Clocks

HISTORY = "51301a70"
LIMITS = FeedLimits(
    tail_bytes_max=4_000,
    message_events_max=5,
    updates_max=5,
    chunk_bytes_max=3_000,
    snapshot_states_max=3,
    pass_events_max=12,
    checkpoint_s=4.0,
)
"""So small that every subscriber meets every bound."""

Move = tuple[str, Callable[[], None]]
"""Something that could happen next, by name."""


class _Transport:
    """The front end's end of its wires."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def write(self, data: bytes) -> None:
        self._machine.inbox.put(data)


class FrontEnd:
    """One life of the front end."""

    def __init__(self, node: "Node", life: int) -> None:
        self.loop = VirtualLoop(node.clocks.elapsed_s)
        self.life = life
        self.links: list[UnreliableLink] = []
        self.loop.call(self._wire, node)

    def _wire(self, node: "Node") -> None:
        self.links = [UnreliableLink(shard, node.random) for shard in range(node.shards)]
        self.router = Router(cast(Any, self.links), HISTORY, 1)
        self.hub: Any = None
        self.starting: Any = None

    def serve(self, node: "Node") -> None:
        """Begin to serve, once every shard is up."""
        self.hub = Hub(self.router, LIMITS, self.loop.time)
        self.subscriptions = Subscriptions(
            self.hub,
            self.router,
            lambda: node.store,
            SubscriptionLimits(acknowledge_s=0.2),
            node.clocks.wall_ms,
        )
        self.starting = self.loop.create_task(self.subscriptions.start())


class Node:
    """The node, and what a crash leaves of it. `watch` is told what it does."""

    def __init__(self, shards: int, random: Random, clocks: Clocks, watch: "Watch") -> None:
        self.shards = shards
        self.random = random
        self.clocks = clocks
        self.watch = watch
        self.store = MemorySubscriptions()
        self.logs = [SimulatedLog() for _ in range(shards)]
        self.anchors = [""] * shards
        self.machines: list[Machine | None] = [None] * shards
        self.dying: list[Machine | None] = [None] * shards
        """Machines that are gone, but of which something is on its way."""
        self.front: FrontEnd = FrontEnd(self, 1)
        self.is_serving = False
        self.rest: Callable[[], None] = lambda: None
        """Lets everything happen that can, until nothing does."""

    @property
    def loop(self) -> VirtualLoop:
        return self.front.loop

    def moves(self) -> list[Move]:
        """Everything that could happen next."""
        found: list[Move] = []
        loop = self.loop
        if loop.is_busy:
            found += [("front end", self._run_all), ("front end, a little", self._run_some)]
        if loop.jobs:
            found.append(("store", loop.jobs[0]))
        for shard in range(self.shards):
            found += self._moves_of(shard)
        return found

    def _moves_of(self, shard: int) -> Iterator[Move]:
        link = self.front.links[shard]
        machine, dying = self.machines[shard], self.dying[shard]
        name = f"shard {shard}"
        if link.held_up:
            yield f"{name} held up", partial(self._let_go, link)
        if dying is not None:
            yield f"{name} lost", partial(self._lose, shard)
            return
        if machine is None:
            yield f"{name} start", partial(self.start, shard)
            return
        if machine.outbox:
            yield f"{name} out", partial(self._deliver, link, machine)
        if machine.inbox:
            yield f"{name} in", partial(self._act, shard, self._receive)
        if machine.may_decide:
            yield f"{name} turn", partial(self._act, shard, Machine.decide)
        if machine.flusher.has_turns:
            yield f"{name} flush", partial(self._act, shard, _flush)
        if machine.bystander.is_asked:
            yield f"{name} beside", partial(self._act, shard, _answer_beside)

    def _run_all(self) -> None:
        self.loop.run_some()

    def _run_some(self) -> None:
        self.loop.run_some(self.random.randint(1, 4))

    def _let_go(self, link: UnreliableLink) -> None:
        which = self.random.randrange(len(link.held_up))
        self.loop.call(link.held_up.pop(which))

    def _size(self, there: int) -> int:
        """How many bytes arrive at once: mostly all, at times as many as cut a frame."""
        return self.random.randint(1, there) if self.random.random() < 0.2 else there

    def _deliver(self, link: UnreliableLink, machine: Machine) -> None:
        self.loop.call(link.data_received, machine.outbox.take(self._size(len(machine.outbox))))

    def _receive(self, machine: Machine) -> None:
        machine.receive(self._size(len(machine.inbox)))

    def _act(self, shard: int, act: Callable[[Machine], None]) -> None:
        """Let a machine do something; it may die of it."""
        machine = self.machines[shard]
        if machine is None:
            return
        try:
            act(machine)
        except Died as died:
            self.watch.died(shard, str(died))
            self.kill(shard)

    def start(self, shard: int) -> None:
        """The supervisor starts a shard's next process."""
        link = self.front.links[shard]
        place = Place(shard, self.shards, 1)
        log = self.logs[shard]
        clock = EngineClock(self.clocks, log.head.recorded_at_ms, self.anchors[shard])
        machine = Machine(place, log, clock, self.watch.turn)
        machine.chance = self.random
        self.machines[shard] = machine
        self.note_anchor(shard)
        self.loop.call(link.connection_made, cast(Transport, _Transport(machine)))
        self.watch.started(machine)
        machine.begin(link.head if link.published else None)

    def note_anchor(self, shard: int) -> None:
        """What a process does once a second."""
        machine = self.machines[shard]
        if machine is not None:
            _ = machine.now_ms
            self.anchors[shard] = machine.anchor()

    def kill(self, shard: int, *, power: bool | None = None) -> None:
        """A machine dies; with the power, what was not synced may be lost."""
        machine = self.machines[shard]
        if machine is None:
            return
        machine.die()
        unsynced = machine.log.unsynced
        is_cut = self.random.random() < 0.7 if power is None else power
        kept = self.random.randint(0, unsynced) if is_cut else unsynced
        self.logs[shard] = machine.log.left_by(kept)
        self.machines[shard] = None
        self.dying[shard] = machine
        self.watch.killed(shard, self.logs[shard])

    def _lose(self, shard: int) -> None:
        """The front end notices that a machine is gone: what it has sent comes first, or some of
        it."""
        machine = self.dying[shard]
        self.dying[shard] = None
        link = self.front.links[shard]
        if machine is not None and machine.outbox:
            size = len(machine.outbox)
            kept = size if self.random.random() < 0.5 else self.random.randint(0, size)
            self.loop.call(link.data_received, machine.outbox.take(kept))
        self.loop.call(link.connection_lost, None)

    def crash(self) -> None:
        """The front end dies, and every shard with it."""
        power = self.random.random() < 0.5
        for shard in range(self.shards):
            self.kill(shard, power=power)
            self.dying[shard] = None
        self.loop.end()
        self.watch.front_died(self.front)
        self.front = FrontEnd(self, self.front.life + 1)
        self.is_serving = False

    def serve_when_ready(self) -> bool:
        """Begin to serve once every shard is up and the subscriptions are read; whether that is
        just so."""
        front = self.front
        if front.starting is None and all(each.is_up for each in front.links):
            self.loop.call(front.serve, self)
        if self.is_serving or front.starting is None or not front.starting.done():
            return False
        self.is_serving = True
        return True

    def pass_time(self, seconds: float) -> None:
        """So long later."""
        self.clocks.elapsed_s += seconds
        self.loop.move_to(self.clocks.elapsed_s)
        for shard in range(self.shards):
            if seconds >= 1 or self.random.random() < 0.3:
                self.note_anchor(shard)

    def durable(self, shard: int) -> int:
        """The last position of a shard that nothing can take away."""
        machine = self.machines[shard]
        return (machine.log if machine else self.logs[shard]).durable_position

    def close(self) -> None:
        """End all."""
        for machine in self.machines:
            if machine is not None:
                machine.die()
        self.loop.end()


class Watch:
    """Who is told what a node does."""

    def turn(
        self, machine: Machine, calls: tuple[Call, ...], decided: Decided, now_ms: int
    ) -> None:
        """A turn was decided."""

    def started(self, machine: Machine) -> None:
        """A shard's process has recovered."""

    def died(self, shard: int, where: str) -> None:
        """A shard's process dies at a point."""

    def killed(self, shard: int, log: SimulatedLog) -> None:
        """It is gone, and has left this log."""

    def front_died(self, front: FrontEnd) -> None:
        """The front end is gone."""


def _flush(machine: Machine) -> None:
    machine.flusher.go_on()


def _answer_beside(machine: Machine) -> None:
    machine.bystander.go_on()
