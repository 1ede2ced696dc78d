"""A world of no size for the core: dicts in the place of a shard, and a clock that the test moves.

Rows of the tables are written with it: given what was done before, when a command comes, then that
happens. What happens is told in short lines of text, so that a row can be read.
"""

from collections.abc import Iterable
from typing import TypeVar

from engine.core.answering import answer
from engine.core.answers import Answer
from engine.core.commands import Command
from engine.core.decide import decide, expire
from engine.core.events import (
    Event,
    Recorded,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRenamed,
    ShortfallDetected,
    StockAdjusted,
    StockConfigured,
    StockCounted,
    StockReceived,
    StockSold,
)
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Key, Reservation, Settings, Stock
from engine.core.rejections import Rejection
from engine.core.view import Decision

TEA = Key("", "TEA", "LONDON")
MUG = Key("", "MUG", "LONDON")
POSTAGE = Key("", "POSTAGE", "NOWHERE")

START_MS = 1_000_000
"""When every world begins."""
CART_MS = Settings().hold_cart_ms

Wanted = TypeVar("Wanted")


class World:
    """A View that also does what is decided, and remembers it."""

    def __init__(self, stocks: dict[Key, Stock] | None = None) -> None:
        self.settings = Settings()
        self.now_ms = START_MS
        self.stocks = dict(stocks or {})
        self.reservations: dict[str, Reservation] = {}
        self.history: list[tuple[int, Event]] = []
        self.decision = Decision()
        self.recorded: tuple[Recorded, ...] = ()
        self._ids = 0

    def stock(self, key: Key) -> Stock | None:
        return self.stocks.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        return self.reservations.get(reservation_id)

    def new_reservation_id(self) -> str:
        self._ids += 1
        return f"r{self._ids}"

    def do(self, command: Command) -> Answer | Rejection:
        """Decide a command and make it happen."""
        decision = decide(self, command, self.now_ms)
        if not isinstance(decision, Decision):
            self.decision, self.recorded = Decision(), ()
            return decision
        self.happen(decision)
        return self.answer(command)

    def answer(self, command: Command) -> Answer:
        """The answer to the command that was done last."""
        reservation_id = getattr(command, "reservation_id", "")
        reservation = self.reservations.get(reservation_id)
        return answer(command, self.recorded, self.decision.short_lines, reservation)

    def happen(self, decision: Decision) -> None:
        """Apply a decision's events, in order, to stock and reservation."""
        recorded = []
        for event in decision.events:
            stock = None
            if not isinstance(event, RESERVATION_EVENTS):
                stock = evolve_stock(self.stocks.get(event.key), event)
                self.stocks[event.key] = stock
            recorded.append(Recorded(event, stock))
            self.history.append((self.now_ms, event))
        for reservation_id in dict.fromkeys(
            event.reservation_id
            for event in decision.events
            if not isinstance(event, STOCK_ONLY_EVENTS)
        ):
            self.reservations[reservation_id] = evolve_lines(
                self.reservations.get(reservation_id), decision.events, self.now_ms
            )
        self.decision, self.recorded = decision, tuple(recorded)

    def wait(self, milliseconds: int) -> None:
        """Let time pass without a sweep of due holds."""
        self.now_ms += milliseconds

    def sweep(self) -> list[str]:
        """Expire every due hold; the ids of their reservations."""
        due = [
            reservation
            for reservation in self.reservations.values()
            if reservation.deadline_ms is not None and reservation.deadline_ms <= self.now_ms
        ]
        for reservation in due:
            self.happen(expire(reservation))
        return [reservation.reservation_id for reservation in due]


class Wait:
    """A step of a row's past: time passes, and due holds are swept or not."""

    def __init__(self, milliseconds: int, *, sweep: bool = True) -> None:
        self.milliseconds = milliseconds
        self.sweep = sweep


RESERVATION_EVENTS = (
    ReservationCreated,
    ReservationExtended,
    ReservationRenamed,
    ReservationExpired,
)
STOCK_ONLY_EVENTS = (
    StockSold,
    StockReceived,
    StockAdjusted,
    StockCounted,
    StockConfigured,
    ShortfallDetected,
)


def given(stocks: dict[Key, Stock], *past: Command | Wait) -> World:
    """A world in which the past has happened. Nothing of the past may be refused."""
    world = World(stocks)
    for step in past:
        if isinstance(step, Wait):
            world.wait(step.milliseconds)
            if step.sweep:
                world.sweep()
        else:
            result = world.do(step)
            assert not isinstance(result, Rejection), (step, result)
    return world


def when(world: World, command: Command) -> object:
    """What the command comes to: its events as text, or the rejection as it is."""
    result = world.do(command)
    return result if isinstance(result, Rejection) else told(world.decision.events)


def told(events: Iterable[Event]) -> list[str]:
    """Events as text, such as "StockHeld 1 TEA 3"; "uncounted" where no balance moves."""
    return [_tell(event) for event in events]


def _tell(event: Event) -> str:
    words = [type(event).__name__]
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name == "key":
            words.append(value.sku)
        elif name == "line_id":
            words.insert(1, value)
        elif name == "counted":
            words += [] if value else ["uncounted"]
        elif name not in ("reservation_id", "tenant") and value != "":
            words.append(getattr(value, "name", str(value)))
    return " ".join(words)
