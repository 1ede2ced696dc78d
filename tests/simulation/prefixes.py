"""What must be so at every prefix of every log, read from the logs alone: no promise beyond what
could be sold, one effect for each request id, no hold that ended early; and in the end all parts of
a basket as its home has them."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.events import (
    HoldExpired,
    HoldReacquired,
    ReservationCreated,
    ReservationExtended,
    ReservationPromoted,
    StockHeld,
    WaitFilled,
)
from engine.core.model import Key, Stock
from engine.log.chain import chain_hash
from engine.log.codec import decode_group
from engine.log.port import GENESIS_HASH, Commit, Group
from engine.log.replay import Differences, Replay
from tests.simulation.callers import Asked
from tests.simulation.machine import SimulatedLog

ASKED = (StockHeld, HoldReacquired, WaitFilled)
"""Events that take units only where there are enough."""
DATED = (ReservationCreated, ReservationExtended, ReservationPromoted)


class Prefixes:
    """Goes through one log, commit by commit."""

    def __init__(self, shard: int) -> None:
        self.requests: dict[str, int] = {}
        """The last position of what each request id did."""
        self._shard = shard
        self._stocks: dict[Key, Stock] = {}
        self._ends_ms: dict[str, int] = {}
        self._position = 0
        self._now_ms = 0

    def take(self, group: Group) -> None:
        """The next group."""
        assert group.first_position == self._position + 1, f"a gap after {self._position}"
        assert group.recorded_at_ms >= self._now_ms, "time goes back"
        self._now_ms = group.recorded_at_ms
        for commit in group.commits:
            self._position += len(commit.recorded)
            self._once(commit)
            self._never_oversold(commit)
            self._never_early(commit)

    def _once(self, commit: Commit) -> None:
        request_id = commit.cause.request_id
        if request_id:
            assert request_id not in self.requests, f"{request_id} has two effects"
            self.requests[request_id] = self._position

    def _never_oversold(self, commit: Commit) -> None:
        """What a commit promises because it was asked for is there. What was set aside and is held
        now is no more than before."""
        asked = {
            recorded.event.key for recorded in commit.recorded if isinstance(recorded.event, ASKED)
        }
        first: dict[Key, Stock] = {}
        for recorded in commit.recorded:
            stock, event = recorded.stock, recorded.event
            if stock is None:
                continue
            key: Key = getattr(event, "key")  # noqa: B009
            before = self._stocks.get(key, Stock())
            at_first = first.setdefault(key, before)
            has_grown = stock.held + stock.allocated > at_first.held + at_first.allocated
            if key in asked and has_grown and isinstance(event, ASKED) and stock.tracked:
                left = stock.on_hand - stock.unavailable_units - stock.held - stock.allocated
                assert left >= 0, f"{self._position} of shard {self._shard}: {-left} of {key} twice"
            assert stock.version > before.version, f"{key}: versions go back"
            self._stocks[key] = stock

    def _never_early(self, commit: Commit) -> None:
        for recorded in commit.recorded:
            event = recorded.event
            if isinstance(event, DATED):
                self._ends_ms[event.reservation_id] = event.expires_at_ms
            elif isinstance(event, HoldExpired) and commit.cause.command == "Expire":
                ends_ms = self._ends_ms.get(event.reservation_id, 0)
                assert self._now_ms >= ends_ms, f"{event.reservation_id} has ended early"


def check_logs(logs: Sequence[SimulatedLog], asked: Sequence[Asked]) -> None:
    """Hold the logs against themselves, what is stored beside them, and what callers know."""
    requests: dict[str, tuple[int, int]] = {}
    differences = Differences()
    for shard, log in enumerate(logs):
        prefixes = Prefixes(shard)
        replay = Replay(shard, differences, len(logs))
        previous = GENESIS_HASH
        for body in log.read(1, 1 << 40, log.head.position):
            previous = chain_hash(previous, body)
            group = decode_group(body)
            replay.apply(group.last_position, previous, body)
            prefixes.take(group)
        assert replay.totals() == log.totals(), f"totals of shard {shard}"
        assert replay.timers() == set(log.timers()), f"timers of shard {shard}"
        twice = requests.keys() & prefixes.requests.keys()
        assert not twice, f"in two shards: {twice}"
        requests |= {name: (shard, at) for name, at in prefixes.requests.items()}
    assert not differences.listed, differences.listed[0]
    _check_answers(requests, asked)
    _check_parts(logs)


def _check_answers(requests: dict[str, tuple[int, int]], asked: Sequence[Asked]) -> None:
    for one in asked:
        if one.answer is not None and one.answer.position and not one.answer.replayed:
            _, position = requests.get(one.request_id, (0, 0))
            assert position, f"{one.request_id} was acknowledged, and is nowhere"
            assert position == one.answer.position, f"{one.request_id} is at {position}"


def _check_parts(logs: Sequence[SimulatedLog]) -> None:
    """The lines of a basket are the same at its home and where their stock is."""
    at_home: dict[tuple[str, str, Key], tuple[int, ...]] = {}
    in_part: dict[tuple[str, str, Key], tuple[int, ...]] = {}
    for log in logs:
        own = {key for key, _ in log.stocks(b"")}
        for reservation in _reservations(log):
            for line in reservation.lines:
                place = (reservation.reservation_id, line.line_id, line.key)
                numbers: tuple[int, ...] = (line.held, line.allocated, line.waiting, line.shipped)
                if reservation.home_shard is not None:
                    in_part[place] = numbers
                elif line.key not in own:
                    at_home[place] = numbers
    for place, numbers in at_home.items():
        there = in_part.get(place, (0, 0, 0, 0))
        assert there == numbers, f"{place}: {numbers} at home, {there} where the stock is"
    orphans = [place for place, row in in_part.items() if any(row) and place not in at_home]
    assert not orphans, f"no home has {orphans}"


def _reservations(log: SimulatedLog) -> Iterator[Any]:
    names = {
        event.reservation_id
        for body in log.read(1, 1 << 40, log.head.position)
        for commit in decode_group(body).commits
        for event in (recorded.event for recorded in commit.recorded)
        if hasattr(event, "reservation_id")
    }
    for name in sorted(names):
        reservation = log.reservation(name)
        if reservation is not None:
            yield reservation
