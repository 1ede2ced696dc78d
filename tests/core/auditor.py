"""The auditor: sends commands into a world and checks all that must hold after each of them."""

from engine.core.answers import (
    Allocated,
    Committed,
    Extended,
    Released,
    Reserved,
    Shipped,
)
from engine.core.availability import available_to
from engine.core.commands import (
    Allocate,
    Command,
    Commit,
    Release,
    Reserve,
    Sell,
    Ship,
)
from engine.core.events import Event, HoldExpired, ReservationCreated, ShortfallDetected
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import (
    Fill,
    IfShort,
    Key,
    Remainder,
    Reservation,
    Selling,
    ShortCause,
    Stock,
)
from engine.core.rejections import HoldHasExpired, InsufficientStock, Rejection
from tests.core.ledger import Ledger
from tests.core.world import RESERVATION_EVENTS, STOCK_ONLY_EVENTS, World


class Auditor:
    """A world and the ledger that is kept beside it."""

    def __init__(self) -> None:
        self.world = World()
        self.ledger = Ledger()
        self.told = False
        """Whether anything was recorded that could not be asked for: books may be overdrawn."""

    def wait(self, milliseconds: int) -> None:
        """Time passes, without a sweep."""
        self.world.wait(milliseconds)

    def sweep(self) -> None:
        """Due holds expire: exactly those that the ledger says are due."""
        now_ms = self.world.now_ms
        holding = {owner for (owner, *_), units in self.ledger.lines.items() if units.held}
        due = {owner for owner in holding if self.ledger.is_due(owner, now_ms)}
        assert set(self.world.sweep()) == due
        for owner in due:
            self.ledger.expire(owner)
        self._check_books()

    def do(self, command: Command) -> None:
        """A command is decided, and its answer and its effects are checked."""
        before = dict(self.world.stocks)
        result = self.world.do(command)
        events = self.world.decision.events
        self._check_versions(before, events)
        if isinstance(result, Rejection):
            assert self.world.stocks == before, "a rejection changes nothing"
            self._check_rejection(command, result)
            return
        assert self.world.answer(command) == result, "an answer can be given again"
        told = getattr(command, "if_short", IfShort.REFUSE) is IfShort.RECORD
        self.told |= told
        if not told:
            self._check_never_oversold(command, events)
        if isinstance(result, Committed):
            if events:
                due = self.ledger.is_due(result.reservation_id, self.world.now_ms)
                assert not due, "a hold is committed before its deadline or not at all"
                self.ledger.enter_commit(result)
        else:
            if isinstance(result, Extended):
                assert not self.ledger.is_due(result.reservation_id, self.world.now_ms)
            self.ledger.enter(command, result)
        self._check_done_as_asked(command, result)
        self._check_shortfalls(before, events)
        self._check_books()

    def check_replay(self) -> None:
        """From the events alone, one by one, the same state comes out."""
        stocks: dict[Key, Stock] = {}
        reservations: dict[str, Reservation] = {}
        for now_ms, event in self.world.history:
            if not isinstance(event, RESERVATION_EVENTS):
                stocks[event.key] = evolve_stock(stocks.get(event.key), event)
            if not isinstance(event, STOCK_ONLY_EVENTS):
                before = reservations.get(event.reservation_id)
                reservations[event.reservation_id] = evolve_lines(before, (event,), now_ms)
        assert stocks == self.world.stocks
        assert reservations == self.world.reservations

    def _check_books(self) -> None:
        for key, stock in self.world.stocks.items():
            balances = (stock.on_hand, stock.held, stock.allocated)
            booked = (self.ledger.on_hand[key], self.ledger.held(key), self.ledger.allocated(key))
            assert balances == booked, f"{key.sku}: {balances}, but the ledger says {booked}"
            assert stock.held >= 0
            assert stock.allocated >= 0
            assert self.told or stock.on_hand >= stock.promised, "asked for, yet overdrawn"
        for reservation in self.world.reservations.values():
            for line in reservation.lines:
                units = self.ledger.lines[reservation.reservation_id, line.line_id, line.key]
                assert (line.held, line.allocated) == (units.held, units.allocated)
                assert line.shipped >= 0
                assert line.counted is units.counted

    def _check_versions(self, before: dict[Key, Stock], events: tuple[Event, ...]) -> None:
        versions = {key: stock.version for key, stock in before.items()}
        assert len(events) == len(self.world.recorded)
        for recorded in self.world.recorded:
            if recorded.stock is not None:
                assert not isinstance(recorded.event, RESERVATION_EVENTS)
                key = recorded.event.key
                versions[key] = versions.get(key, 0) + 1
                assert recorded.stock.version == versions[key], "versions are dense"

    def _check_never_oversold(self, command: Command, events: tuple[Event, ...]) -> None:
        promising = isinstance(command, Sell) or (
            bool(events) and isinstance(events[0], ReservationCreated)
        )
        if not promising:
            return
        channel = getattr(command, "channel", "")
        for recorded in self.world.recorded:
            stock = recorded.stock
            if stock is not None:
                assert stock.selling is Selling.OPEN, "nothing new is promised where it is stopped"
                assert not stock.tracked or available_to(stock, channel) >= 0, "oversold"

    def _check_done_as_asked(self, command: Command, result: object) -> None:
        if not self.world.decision.events:
            return
        if isinstance(command, Reserve | Allocate):
            assert isinstance(result, Reserved | Allocated)
            if isinstance(command, Allocate) or command.fill is Fill.ALL_OR_NOTHING:
                wanted = {line.line_id: line.quantity for line in command.lines}
                assert {line.line_id: line.quantity for line in result.lines} == wanted
        elif isinstance(command, Commit | Release | Ship):
            assert isinstance(result, Committed | Released | Shipped)
            named = {part.line_id: part.quantity for part in command.lines if part.quantity}
            done = {line.line_id: line.quantity for line in result.lines}
            assert {line_id: done.get(line_id) for line_id in named} == named
            self._check_nothing_is_left(command)

    def _check_nothing_is_left(self, command: Commit | Release | Ship) -> None:
        lines = self.world.reservations[command.reservation_id].lines
        due = self.ledger.is_due(command.reservation_id, self.world.now_ms)
        whole = not command.lines
        if isinstance(command, Commit):
            if whole or command.remainder is Remainder.FREE:
                assert not any(line.held for line in lines)
        elif whole:
            assert not any(line.allocated for line in lines)
            assert isinstance(command, Ship) or due or not any(line.held for line in lines)

    def _check_rejection(self, command: Command, rejection: Rejection) -> None:
        if isinstance(rejection, HoldHasExpired):
            deadline_ms = self.ledger.deadlines_ms[rejection.reservation_id]
            assert rejection.expired_at_ms == deadline_ms
            assert self.world.now_ms >= deadline_ms, "a hold never expires early"
        if isinstance(rejection, InsufficientStock):
            assert rejection.short_lines
            for short in rejection.short_lines:
                assert 0 <= short.available < short.asked
                stock = self.world.stocks[short.key]
                stopped = stock.selling is Selling.STOPPED
                assert stopped is (short.cause is ShortCause.STOPPED)
                assert stopped or stock.tracked, "what is not counted is never short"
                assert stopped or self._asked(command, short.key) > self._available(
                    short.key, getattr(command, "channel", "")
                ), "refused what is there"

    def _asked(self, command: Command, key: Key) -> int:
        if isinstance(command, Sell):
            return command.quantity
        assert isinstance(command, Reserve | Allocate)
        return sum(line.quantity for line in command.lines if line.key == key)

    def _available(self, key: Key, channel: str) -> int:
        stock = self.world.stocks[key]
        kept_back = stock.safety_stock + dict(stock.channel_buffers).get(channel, 0)
        booked = self.ledger.held(key) + self.ledger.allocated(key)
        return self.ledger.on_hand[key] - booked - kept_back

    def _check_shortfalls(self, before: dict[Key, Stock], events: tuple[Event, ...]) -> None:
        detected = [
            (event.key, event.shortfall) for event in events if isinstance(event, ShortfallDetected)
        ]
        expected = []
        for key, stock in self.world.stocks.items():
            earlier = before.get(key, Stock())
            missing = stock.promised - stock.on_hand
            if stock.tracked and missing > max(0, earlier.promised - earlier.on_hand):
                expected.append((key, missing))
        assert sorted(detected, key=repr) == sorted(expected, key=repr)
        assert not any(isinstance(event, HoldExpired) for event in events), "only time expires"
