"""A trial: the engine and the model are told the same, and have to say the same.

After each step the answers agree, and every number of every SKU-location and every line of every
basket that the step may have touched.
"""

from typing import Any, Protocol

from engine.core.answers import (
    Allocated,
    Amended,
    Committed,
    Extended,
    Picked,
    Released,
    ReservationTransferred,
    Reserved,
    Returned,
    Shipped,
    StockChanged,
    TransferChanged,
    Unpicked,
)
from engine.core.commands import Command
from engine.core.events import Event, ShortfallDetected
from engine.core.model import Key, LineResult, Reservation, Stock
from engine.core.rejections import InsufficientStock, Rejection
from tests.model.baskets import Told
from tests.model.model import Model
from tests.model.warehouse import (
    ALLOCATED,
    HELD,
    LOST,
    RETURNED,
    SHIPPED,
    WAITING,
    Basket,
    Place,
    Refusal,
)

START_MS = 1_700_000_000_000


class Engine(Protocol):
    """What is tried: something that decides commands by a clock that goes where it is told."""

    sweeps_on_time: bool
    """Whether what is due has to happen at its own time."""

    def move_clock(self, now_ms: int) -> None: ...

    def do(self, command: Command, source: str, sequence: int) -> object:
        """The answer, or the rejection."""

    def stock(self, key: Key) -> Stock | None: ...

    def reservation(self, reservation_id: str) -> Reservation | None: ...

    def happened(self) -> list[Event]:
        """The events since this was last asked."""

    def check_log(self) -> None:
        """From the log alone the same state comes out."""


class Trial:
    """An engine beside the model."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.model = Model(START_MS)
        self.engine.move_clock(START_MS)
        self._settled_ms = START_MS

    def pass_time(self, milliseconds: int) -> None:
        """The clock goes on; what is due happens with the next command."""
        self.model.now_ms += milliseconds

    def do(self, command: Command, source: str = "", sequence: int = 0) -> object:
        """One command to both; what they say is compared, and what they have become."""
        missing = self._missing()
        self.settle()
        if getattr(command, "if_version", None) is not None:
            # What is due advances versions as well: the caller has to have seen that.
            self.check_state()
        told: Told | None = None
        refusal: Refusal | None = None
        try:
            told = self.model.do(command, source, sequence)
        except Refusal as refused:
            refusal = refused
        got = self.engine.do(command, source, sequence)
        if told is None:
            assert refusal is not None
            assert type(got).__name__ == refusal.kind.__name__, (refusal.kind.__name__, got)
            if isinstance(got, InsufficientStock) and refusal.short:
                short = dict.fromkeys(line.line_id for line in got.short_lines)
                assert set(short) <= set(refusal.short), (got, refusal.short)
        else:
            self._compare(told, got)
        self.check_state()
        self._check_shortfalls(missing)
        return got

    def settle(self) -> None:
        """What is due by now happens. In one shard all of it happens at once, before the next
        command; several shards are swept at the time of each, because none knows the others'."""
        model, now_ms = self.model, self.model.now_ms
        while self.engine.sweeps_on_time:
            due = [basket.due_ms() or 0 for basket in model.baskets.values()]
            next_ms = min([due_ms for due_ms in due if 0 < due_ms <= now_ms], default=0)
            if not next_ms:
                break
            model.pass_time(max(next_ms, self._settled_ms))
            self.engine.move_clock(model.now_ms)
            self._settled_ms = model.now_ms
        model.pass_time(now_ms)
        self.engine.move_clock(now_ms)
        self._settled_ms = now_ms

    def _compare(self, told: Told, got: Any) -> None:
        model = self.model
        assert not isinstance(got, Rejection), f"refused, but the model accepts it: {got}"
        if told.basket is not None:
            if told.basket.reservation_id == "":
                told.basket.reservation_id = got.reservation_id
                model.baskets[got.reservation_id] = model.baskets.pop("")
            assert got.reservation_id == told.basket.reservation_id, got
        if isinstance(got, TransferChanged) and "new" in model.transfers:
            key, units = model.transfers.pop("new")
            model.transfers[got.transfer_id] = (key, units)
            incoming = model.shelves[key].incoming
            incoming["", got.transfer_id] = incoming.pop(("", "new"))
        other: tuple[LineResult, ...] = ()
        match got:
            case Reserved():
                assert told.basket is not None
                assert got.waiting == bool(told.basket.having(WAITING)), got
                assert got.expires_at_ms == told.basket.expires_ms, got
                assert [line.line_id for line in got.short_lines] == list(told.short), got
                given = {(line.line_id, line.key): line.place for line in got.lines if line.place}
                assert given == told.places, (given, told.places)
            case Extended():
                assert told.basket is not None
                assert got.expires_at_ms == told.basket.expires_ms
            case Committed() | Amended() | ReservationTransferred():
                other = got.freed_lines
            case Picked():
                other = got.missing_lines
            case StockChanged():
                assert got.key == told.key
                assert (got.expected, got.moved_since) == (told.expected, told.moved_since), got
        if isinstance(got, _WITH_LINES):
            self._compare_lines(got.lines, told.lines, exact=isinstance(got, Reserved | Allocated))
            self._compare_lines(other, told.other_lines)

    def _compare_lines(
        self,
        got: tuple[LineResult, ...],
        wanted: dict[Place, tuple[int, int, int]],
        *,
        exact: bool = False,
    ) -> None:
        sums: dict[Place, list[int]] = {}
        for line in got:
            row = sums.setdefault((line.line_id, line.key), [0, 0, 0])
            row[0] += line.quantity
            row[1] += line.backordered
            row[2] += line.waiting
        if exact:
            assert {place: tuple(row) for place, row in sums.items()} == wanted, (got, wanted)
        totals = {place: row[0] + row[2] for place, row in sums.items()}
        assert totals == {place: row[0] + row[2] for place, row in wanted.items()}, (got, wanted)

    def _missing(self) -> dict[Key, int]:
        """Units promised that are not there."""
        return {
            key: self.model.promised(key) - shelf.sellable if shelf.tracked else 0
            for key, shelf in self.model.shelves.items()
        }

    def _check_shortfalls(self, before: dict[Key, int]) -> None:
        """Each SKU-location at which more is missing than before was named, and no other one."""
        named = {e.key for e in self.engine.happened() if isinstance(e, ShortfallDetected)}
        missing = self._missing()
        worse = {key for key, units in missing.items() if units > max(0, before.get(key, 0))}
        assert worse <= named, f"nobody was told that units are missing at {worse - named}"
        assert all(missing[key] > 0 for key in named), f"nothing is missing at {named}"

    def check_state(self) -> None:
        """Every number of every SKU-location, and every line of every basket, is the same."""
        for key, shelf in self.model.shelves.items():
            stock = self.engine.stock(key)
            assert stock is not None, f"there is no {key}"
            wanted = self.model.balances(key)
            got = {name: getattr(stock, name) for name in wanted}
            assert got == wanted, f"{key.sku} {key.location}: {got}, but the model says {wanted}"
            causes = {cause: units for cause, units in shelf.unavailable.items() if units}
            assert dict(stock.unavailable) == causes
            self._check_taken(key, stock)
            assert stock.version >= shelf.version, "versions go back"
            shelf.version = stock.version
        for basket in self.model.baskets.values():
            self._check_basket(basket)

    def _check_taken(self, key: Key, stock: Stock) -> None:
        """What each channel has taken here of the allocation that it has now."""
        model = self.model
        since = {name: model.terms(name, key.sku).allocation_since_ms for name in model.outlets}
        uses = {use.channel: (use.units, use.since_ms) for use in stock.channel_uses}
        for name, since_ms in since.items():
            got, of_ms = uses.get(name, (0, since_ms))
            wanted, taken_ms = model.used.get((name, key), (0, since_ms))
            units = wanted if taken_ms == since_ms else 0
            assert (got if of_ms == since_ms else 0) == units, (name, key, stock, units)

    def _check_basket(self, basket: Basket) -> None:
        reservation = self.engine.reservation(basket.reservation_id)
        assert reservation is not None, f"{basket.reservation_id} is gone"
        assert reservation.status is basket.status, (reservation, basket.status)
        wanted = {place: row_of(basket, place) for place in basket.places}
        got = {
            (line.line_id, line.key): (
                line.waiting,
                line.held,
                line.held_backordered,
                line.allocated,
                line.allocated_backordered,
                line.picked,
                line.shipped,
                line.returned,
                line.expired,
            )
            for line in reservation.lines
        }
        assert got == wanted, (basket.reservation_id, got, wanted)
        if basket.having(HELD, WAITING):
            assert reservation.expires_at_ms == basket.expires_ms
        assert reservation.confirm_by_ms == basket.confirm_by_ms
        assert reservation.reference == basket.reference


def row_of(basket: Basket, place: Place) -> tuple[int, ...]:
    """What a reservation says of a line, counted from its units."""
    units = [unit for unit in basket.units if unit.place == place]

    def count(*states: str, backed: bool = True) -> int:
        return sum(unit.state in states and (backed or not unit.backed) for unit in units)

    return (
        count(WAITING),
        count(HELD),
        count(HELD, backed=False),
        count(ALLOCATED),
        count(ALLOCATED, backed=False),
        sum(unit.picked and unit.state == ALLOCATED for unit in units),
        count(SHIPPED, RETURNED),
        count(RETURNED),
        count(LOST),
    )


_WITH_LINES = (
    Reserved
    | Allocated
    | Committed
    | Released
    | Amended
    | Picked
    | Unpicked
    | Shipped
    | Returned
    | ReservationTransferred
)
