"""Whether holds end when they have to: by time that has really passed, whatever the clocks say."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.core.events import (
    HoldExpired,
    ReservationCreated,
    ReservationExtended,
    ReservationPromoted,
)
from engine.log.port import Commit
from engine.shard.clock import SLEW_PPM
from tests.simulation.machine_clocks import Clocks

ROUNDING_S = 0.005
_DATED = (ReservationCreated, ReservationExtended, ReservationPromoted)


class _Promised(NamedTuple):
    """That a hold lasts so long from a moment on, as the event at a position of a shard says."""

    shard: int
    position: int
    since_s: float
    length_s: float


class Deadlines:
    """What was promised to whom until when, by the time that has really passed."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._holds: dict[str, list[_Promised]] = {}

    def take(self, shard: int, position: int, commits: Sequence[Commit], now_ms: int) -> None:
        """What a shard has decided now, at this engine time, up to a position. AssertionError if a
        hold has ended too early."""
        now_s = self._clocks.elapsed_s
        position -= sum(len(commit.recorded) for commit in commits)
        for commit in commits:
            for recorded in commit.recorded:
                position += 1
                event = recorded.event
                if isinstance(event, _DATED):
                    length_s = max(0, event.expires_at_ms - now_ms) / 1_000
                    promised = _Promised(shard, position, now_s, length_s)
                    self._holds.setdefault(event.reservation_id, []).append(promised)
                elif isinstance(event, HoldExpired) and commit.cause.command == "Expire":
                    self._expired(event.reservation_id, now_s)

    def go_back(self, shard: int, position: int) -> None:
        """A shard has lost what it had decided after this position: it was never promised."""
        for reservation_id, told in self._holds.items():
            self._holds[reservation_id] = [
                each for each in told if each.shard != shard or each.position <= position
            ]

    def _expired(self, reservation_id: str, now_s: float) -> None:
        promised = self._holds[reservation_id][-1]
        lasted_s = now_s - promised.since_s
        assert lasted_s >= promised.length_s * (1 - SLEW_PPM * 2e-6) - ROUNDING_S, (
            f"{reservation_id} was held for {lasted_s:.3f} s, promised were {promised.length_s} s"
        )
