"""What each event moves, in a balance and in a line, and that nothing is ever refused."""

from typing import get_args

import pytest

from engine.core.events import (
    AllocationReleased,
    Event,
    HoldCommitted,
    HoldExpired,
    HoldReleased,
    LineEvent,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRenamed,
    ShortfallDetected,
    StockAdjusted,
    StockAllocated,
    StockConfigured,
    StockCounted,
    StockEvent,
    StockHeld,
    StockReceived,
    StockShipped,
    StockSold,
)
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Key, Line, Reservation, ReservationStatus, Selling, Stock
from tests.core.world import MUG, TEA

CREATED = ReservationCreated("r1", "acme", "cart 1", "web", "c1", 500)
HELD = StockHeld(TEA, "r1", "1", 5)
BUFFERS = (("web", 4),)

STOCK_ROWS: list[tuple[StockEvent, tuple[int, int, int]]] = [
    # event, and what it moves: (on_hand, held, allocated)
    (StockHeld(TEA, "r1", "1", 2), (0, +2, 0)),
    (HoldCommitted(TEA, "r1", "1", 2), (0, -2, +2)),
    (HoldReleased(TEA, "r1", "1", 2), (0, -2, 0)),
    (HoldExpired(TEA, "r1", "1", 2), (0, -2, 0)),
    (StockAllocated(TEA, "r1", "1", 2), (0, 0, +2)),
    (AllocationReleased(TEA, "r1", "1", 2), (0, 0, -2)),
    (StockShipped(TEA, "r1", "1", 2), (-2, 0, -2)),
    (StockSold(TEA, 2), (-2, 0, 0)),
    (StockReceived(TEA, 2), (+2, 0, 0)),
    (StockAdjusted(TEA, -3), (-3, 0, 0)),
    (StockCounted(TEA, 25, expected=20), (+5, 0, 0)),
    (ShortfallDetected(TEA, 2), (0, 0, 0)),
]


def test_the_table_has_every_event_that_moves_stock() -> None:
    assert {type(event) for event, _ in STOCK_ROWS} | {StockConfigured} == set(get_args(StockEvent))


@pytest.mark.parametrize(("event", "moves"), STOCK_ROWS, ids=lambda value: type(value).__name__)
def test_an_event_moves_balances_and_the_version(
    event: StockEvent, moves: tuple[int, int, int]
) -> None:
    before = Stock(20, 6, 4, 1, True, Selling.STOPPED, 9, BUFFERS)
    after = Stock(20 + moves[0], 6 + moves[1], 4 + moves[2], 1, True, Selling.STOPPED, 10, BUFFERS)
    assert evolve_stock(before, event) == after


@pytest.mark.parametrize("kind", [*get_args(LineEvent), StockSold], ids=lambda kind: kind.__name__)
def test_what_is_not_counted_moves_the_version_alone(kind: type) -> None:
    event = kind(TEA, *(() if kind is StockSold else ("r1", "1")), quantity=2, counted=False)
    assert evolve_stock(Stock(20, 6, 4), event) == Stock(20, 6, 4, version=1)


def test_configuration_replaces_every_setting_and_no_balance() -> None:
    event = StockConfigured(TEA, 7, False, Selling.STOPPED, BUFFERS)
    assert evolve_stock(Stock(20, 6, 4, 1, True, Selling.OPEN, 9, (("fair", 1),)), event) == Stock(
        20, 6, 4, 7, False, Selling.STOPPED, 10, BUFFERS
    )


def test_the_first_event_makes_the_stock() -> None:
    assert evolve_stock(None, StockReceived(TEA, 2)) == Stock(on_hand=2, version=1)


def test_the_past_is_never_refused() -> None:
    stock = evolve_stock(None, StockShipped(TEA, "r1", "1", 3))
    assert (stock.on_hand, stock.allocated) == (-3, -3)
    reservation = evolve_lines(None, (CREATED, HoldReleased(TEA, "r1", "1", 3)), 1)
    assert reservation.lines == (Line("1", TEA, held=-3),)


LINE_ROWS: list[tuple[LineEvent, tuple[int, int, int, int]]] = [
    # event, and what it moves: (held, allocated, shipped, committed)
    (StockHeld(TEA, "r1", "1", 2), (+2, 0, 0, 0)),
    (HoldCommitted(TEA, "r1", "1", 2), (-2, +2, 0, +2)),
    (HoldReleased(TEA, "r1", "1", 2), (-2, 0, 0, 0)),
    (HoldExpired(TEA, "r1", "1", 2), (-2, 0, 0, 0)),
    (StockAllocated(TEA, "r1", "1", 2), (0, +2, 0, 0)),
    (AllocationReleased(TEA, "r1", "1", 2), (0, -2, 0, 0)),
    (StockShipped(TEA, "r1", "1", 2), (0, -2, +2, 0)),
]


def test_the_table_has_every_event_that_moves_a_line() -> None:
    assert {type(event) for event, _ in LINE_ROWS} == set(get_args(LineEvent))


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
@pytest.mark.parametrize(("event", "moves"), LINE_ROWS, ids=lambda value: type(value).__name__)
def test_an_event_moves_its_line(
    event: LineEvent, moves: tuple[int, int, int, int], counted: bool
) -> None:
    other, line = Line("2", TEA, 1), Line("1", TEA, 9, 8, 7, 6, counted)
    before = Reservation("r1", "acme", 1, lines=(other, line))
    event = type(event)(TEA, "r1", "1", event.quantity, counted)
    held, allocated, shipped, committed = moves
    moved = Line("1", TEA, 9 + held, 8 + allocated, 7 + shipped, 6 + committed, counted)
    assert evolve_lines(before, (event,), 2).lines == (other, moved)


def test_a_basket_is_made_from_its_events() -> None:
    elsewhere = Key("", "TEA", "DEPOT")
    events = (
        CREATED,
        HELD,
        StockHeld(MUG, "r1", "2", 1, counted=False),
        StockHeld(elsewhere, "r1", "1", 4),
        StockHeld(TEA, "r1", "1", 1),
        ShortfallDetected(TEA, 1),
    )
    lines = (Line("1", TEA, 6), Line("2", MUG, 1, counted=False), Line("1", elsewhere, 4))
    made = Reservation("r1", "acme", 77, 500, "cart 1", "web", "c1", lines=lines)
    assert evolve_lines(None, events, 77) == made


HEADER_ROWS: list[tuple[str, tuple[Event, ...], Reservation]] = [
    ("made", (), Reservation("r1", "acme", 1, 500, "cart 1", "web", "c1")),
    (
        "extended",
        (ReservationExtended("r1", 900),),
        Reservation("r1", "acme", 1, 900, "cart 1", "web", "c1"),
    ),
    (
        "renamed",
        (ReservationRenamed("r1", "order 1"),),
        Reservation("r1", "acme", 1, 500, "order 1", "web", "c1"),
    ),
    (
        "expired",
        (ReservationExpired("r1"),),
        Reservation("r1", "acme", 1, 500, "cart 1", "web", "c1", expired=True),
    ),
]


@pytest.mark.parametrize(
    ("events", "after"), [row[1:] for row in HEADER_ROWS], ids=[row[0] for row in HEADER_ROWS]
)
def test_a_reservation_as_a_whole(events: tuple[Event, ...], after: Reservation) -> None:
    assert evolve_lines(None, (CREATED, *events), 1) == after


EXPIRY = (ReservationExpired("r1"), HoldExpired(TEA, "r1", "1", 5))
STATUS_ROWS: list[tuple[str, tuple[Event, ...], ReservationStatus]] = [
    ("held", (), ReservationStatus.HELD),
    ("partly held", (HoldCommitted(TEA, "r1", "1", 4),), ReservationStatus.HELD),
    ("committed", (HoldCommitted(TEA, "r1", "1", 5),), ReservationStatus.COMMITTED),
    ("released", (HoldReleased(TEA, "r1", "1", 5),), ReservationStatus.RELEASED),
    ("expired", EXPIRY, ReservationStatus.EXPIRED),
    (
        "shipped",
        (HoldCommitted(TEA, "r1", "1", 5), StockShipped(TEA, "r1", "1", 5)),
        ReservationStatus.SHIPPED,
    ),
    (
        "a rest expired, then all that was committed was released",
        (
            HoldCommitted(TEA, "r1", "1", 2),
            ReservationExpired("r1"),
            HoldExpired(TEA, "r1", "1", 3),
            AllocationReleased(TEA, "r1", "1", 2),
        ),
        ReservationStatus.RELEASED,
    ),
]


@pytest.mark.parametrize(
    ("events", "status"), [row[1:] for row in STATUS_ROWS], ids=[row[0] for row in STATUS_ROWS]
)
def test_where_a_reservation_stands(events: tuple[Event, ...], status: ReservationStatus) -> None:
    assert evolve_lines(None, (CREATED, HELD, *events), 1).status is status


def test_whole_or_one_by_one_is_the_same() -> None:
    events = (
        CREATED,
        HELD,
        StockHeld(MUG, "r1", "2", 1),
        HoldCommitted(TEA, "r1", "1", 2),
        *EXPIRY,
    )
    one_by_one: Reservation | None = None
    for event in events:
        assert not isinstance(event, StockSold)
        one_by_one = evolve_lines(one_by_one, (event,), 1)
    assert evolve_lines(None, events, 1) == one_by_one


def test_a_history_must_begin_with_its_beginning() -> None:
    with pytest.raises(ValueError, match="not created before StockHeld"):
        evolve_lines(None, (HELD,), 1)
    with pytest.raises(ValueError, match="neither a reservation nor an event"):
        evolve_lines(None, (), 1)
