"""The core alone as the engine of a trial: dicts in the place of a shard."""

from engine.core.commands import Command
from engine.core.decide import due
from engine.core.events import Event
from engine.core.model import Key, Reservation, Stock
from tests.core.world import World


class CoreEngine:
    """A world without shards, logs or request ids: the fastest trial of the rules."""

    sweeps_on_time = False

    def __init__(self) -> None:
        self.world = World()
        self._seen = 0

    def move_clock(self, now_ms: int) -> None:
        self.world.now_ms = now_ms

    def do(self, command: Command, source: str, sequence: int) -> object:
        self._sweep()
        return self.world.do(command, source, sequence)

    def _sweep(self) -> None:
        """What is due happens as in a shard: the earliest first."""
        world = self.world
        timers = [(one.deadline_ms, name) for name, one in world.reservations.items()]
        due_by = [(ms, name) for ms, name in timers if ms is not None and ms <= world.now_ms]
        for _, name in sorted(due_by):
            world.happen(due(world, world.reservations[name], world.now_ms))

    def stock(self, key: Key) -> Stock | None:
        self._sweep()
        return self.world.stocks.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        return self.world.reservations.get(reservation_id)

    def happened(self) -> list[Event]:
        events = [event for _, event in self.world.history[self._seen :]]
        self._seen = len(self.world.history)
        return events

    def check_log(self) -> None:
        """A world has none."""

    def close(self) -> None:
        """A world has nothing to close."""
