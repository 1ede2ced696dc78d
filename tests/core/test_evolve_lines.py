"""What each event moves in a line of a reservation, here or in another shard."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from engine.core.events import (
    AllocationFilled,
    AllocationPicked,
    AllocationReleased,
    AllocationUnpicked,
    HoldCommitted,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    HoldTaken,
    LineEvent,
    LinesTold,
    PickFellShort,
    ReservationCreated,
    ShippedUnexpectedly,
    ShortfallDetected,
    StockAllocated,
    StockHeld,
    StockReturned,
    StockShipped,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.evolve import evolve_lines
from engine.core.model import (
    Key,
    Line,
    Reservation,
)
from tests.core.telling import told
from tests.core.world import MUG, TEA

CREATED = ReservationCreated("r1", "acme", "cart 1", "web", "c1", 500)
HELD = StockHeld(TEA, "r1", "1", 5)
DEPOT = Key("", "TEA", "DEPOT")
BEFORE = Line(
    "1",
    TEA,
    held=9,
    allocated=8,
    shipped=7,
    committed=6,
    held_backordered=4,
    allocated_backordered=3,
    waiting=5,
    picked=2,
    returned=1,
    expired=4,
    queued_at_ms=1,
)

LINE_ROWS: list[tuple[LineEvent, dict[str, int]]] = [
    # event, and by how much it moves what
    (StockHeld(TEA, "r1", "1", 2), {"held": +2}),
    (StockHeld(TEA, "r1", "1", 2, backordered=1), {"held": +2, "held_backordered": +1}),
    (HoldTaken(TEA, "r1", "1", 2, attempt_id="a1"), {"held": +2}),
    (HoldCommitted(TEA, "r1", "1", 2), {"held": -2, "allocated": +2, "committed": +2}),
    (
        HoldCommitted(TEA, "r1", "1", 2, backordered=1),
        {
            "held": -2,
            "allocated": +2,
            "committed": +2,
            "held_backordered": -1,
            "allocated_backordered": +1,
        },
    ),
    (HoldReleased(TEA, "r1", "1", 2), {"held": -2}),
    (HoldReleased(TEA, "r1", "1", 2, backordered=1), {"held": -2, "held_backordered": -1}),
    (HoldExpired(TEA, "r1", "1", 2), {"held": -2, "expired": +2}),
    (
        HoldExpired(TEA, "r1", "1", 2, backordered=1),
        {"held": -2, "expired": +2, "held_backordered": -1},
    ),
    (HoldFilled(TEA, "r1", "1", 2), {"held_backordered": -2}),
    (HoldReacquired(TEA, "r1", "1", 2), {"allocated": +2, "committed": +2, "expired": -2}),
    (
        HoldReacquired(TEA, "r1", "1", 2, backordered=1),
        {"allocated": +2, "committed": +2, "expired": -2, "allocated_backordered": +1},
    ),
    (WaitJoined(TEA, "r1", "1", 2), {"waiting": +2}),
    (WaitLeft(TEA, "r1", "1", 2), {"waiting": -2}),
    (WaitFilled(TEA, "r1", "1", 2), {"waiting": -2, "held": +2}),
    (StockAllocated(TEA, "r1", "1", 2), {"allocated": +2}),
    (
        StockAllocated(TEA, "r1", "1", 2, backordered=1),
        {"allocated": +2, "allocated_backordered": +1},
    ),
    (AllocationFilled(TEA, "r1", "1", 2), {"allocated_backordered": -2}),
    (AllocationReleased(TEA, "r1", "1", 2), {"allocated": -2}),
    (
        AllocationReleased(TEA, "r1", "1", 2, backordered=1),
        {"allocated": -2, "allocated_backordered": -1},
    ),
    (AllocationPicked(TEA, "r1", "1", 2), {"picked": +2}),
    (AllocationUnpicked(TEA, "r1", "1", 2), {"picked": -2}),
    (PickFellShort(TEA, "r1", "1", 2), {}),
    (StockShipped(TEA, "r1", "1", 2), {"allocated": -2, "shipped": +2}),
    (
        StockShipped(TEA, "r1", "1", 2, picked=1),
        {"allocated": -2, "shipped": +2, "picked": -1},
    ),
    (ShippedUnexpectedly(TEA, "r1", "1", 2), {"shipped": +2}),
    (StockReturned(TEA, "r1", "1", 2), {"returned": +2}),
]


def test_the_table_has_every_event_that_moves_a_line() -> None:
    assert {type(event) for event, _ in LINE_ROWS} == set(get_args(LineEvent))


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
@pytest.mark.parametrize("elsewhere", [True, False], ids=["told", "here"])
@pytest.mark.parametrize(("event", "moves"), LINE_ROWS, ids=told(event for event, _ in LINE_ROWS))
def test_an_event_moves_its_line(
    event: Any, moves: dict[str, int], counted: bool, elsewhere: bool
) -> None:
    """In whatever shard the line is."""
    other, line = Line("2", TEA, 1), replace(BEFORE, counted=counted)
    reservation = Reservation("r1", "acme", 1, lines=(other, line))
    event = replace(event, counted=counted)
    happened = LinesTold("r1", "acme", 3, events=(event,)) if elsewhere else event
    moved = {name: getattr(BEFORE, name) + by for name, by in moves.items()}
    assert evolve_lines(reservation, (happened,), 2).lines == (other, replace(line, **moved))


def test_a_line_is_in_the_queue_while_it_lacks_stock() -> None:
    joined = (CREATED, HELD, WaitJoined(TEA, "r1", "1", 2))
    assert evolve_lines(None, joined, 70).lines[0].queued_at_ms == 70
    reservation = evolve_lines(None, joined, 70)
    more = evolve_lines(reservation, (StockHeld(TEA, "r1", "1", 2, backordered=1),), 80)
    assert more.lines[0].queued_at_ms == 70
    fewer = evolve_lines(more, (WaitFilled(TEA, "r1", "1", 2),), 90)
    assert fewer.lines[0].queued_at_ms == 70
    none = evolve_lines(fewer, (HoldFilled(TEA, "r1", "1", 1),), 90)
    assert none.lines[0].queued_at_ms == 0


def test_the_past_is_never_refused() -> None:
    reservation = evolve_lines(None, (CREATED, HoldReleased(TEA, "r1", "1", 3)), 1)
    assert reservation.lines == (Line("1", TEA, held=-3),)


def test_a_basket_is_made_from_its_events() -> None:
    events = (
        CREATED,
        HELD,
        StockHeld(MUG, "r1", "2", 1, counted=False),
        StockHeld(DEPOT, "r1", "1", 4, units_each=2),
        StockHeld(TEA, "r1", "1", 1),
        ShortfallDetected(TEA, 1),
    )
    lines = (
        Line("1", TEA, 6),
        Line("2", MUG, 1, counted=False),
        Line("1", DEPOT, 4, units_each=2),
    )
    made = Reservation("r1", "acme", 77, 500, "cart 1", "web", "c1", lines=lines)
    assert evolve_lines(None, events, 77) == made


def test_a_line_that_begins_where_it_left_unexpectedly_is_of_the_same_kits() -> None:
    events = (CREATED, StockHeld(TEA, "r1", "1", 4, units_each=2))
    left = ShippedUnexpectedly(DEPOT, "r1", "1", 2)
    reservation = evolve_lines(None, (*events, left), 1)
    assert reservation.lines[1] == Line("1", DEPOT, shipped=2, units_each=2)
