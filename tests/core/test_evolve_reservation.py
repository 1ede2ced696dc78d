"""What events make of a reservation as a whole, and where it then stands."""

from typing import get_args

import pytest
from msgspec.structs import replace

from engine.core.events import (
    AllocationConfirmed,
    AllocationOverdue,
    AllocationReleased,
    BasketPrepared,
    BasketResolved,
    ConfirmationAsked,
    Event,
    HoldCommitted,
    HoldExpired,
    HoldReacquired,
    HoldReleased,
    LinesTold,
    ReservationAmended,
    ReservationCreated,
    ReservationEvent,
    ReservationExpired,
    ReservationExtended,
    ReservationJoined,
    ReservationPromoted,
    ReservationRenamed,
    ShippedUnexpectedly,
    StockAllocated,
    StockHeld,
    StockReturned,
    StockShipped,
    StockSold,
    WaitJoined,
    WaitLeft,
)
from engine.core.evolve import evolve_lines
from engine.core.model import (
    Key,
    Line,
    OnOverdue,
    Reservation,
    ReservationStatus,
    Shipment,
    ShippedLine,
)
from tests.core.world import MUG, TEA

CREATED = ReservationCreated("r1", "acme", "cart 1", "web", "c1", 500)
HELD = StockHeld(TEA, "r1", "1", 5)
DEPOT = Key("", "TEA", "DEPOT")
MADE = Reservation("r1", "acme", 1, 500, "cart 1", "web", "c1")
TO_CONFIRM = ConfirmationAsked("r1", "acme", 800, OnOverdue.RELEASE)
HEADER_ROWS: list[tuple[str, tuple[Event, ...], Reservation]] = [
    ("made", (), MADE),
    ("extended", (ReservationExtended("r1", 900),), replace(MADE, expires_at_ms=900)),
    ("renamed", (ReservationRenamed("r1", "o"),), replace(MADE, reference="o")),
    ("expired", (ReservationExpired("r1"),), replace(MADE, expired=True)),
    ("amended", (ReservationAmended("r1", "acme"),), MADE),
    ("promoted", (ReservationPromoted("r1", "acme", 900),), replace(MADE, expires_at_ms=900)),
    (
        "to be confirmed",
        (TO_CONFIRM,),
        replace(MADE, confirm_by_ms=800, on_overdue=OnOverdue.RELEASE),
    ),
    (
        "confirmed",
        (TO_CONFIRM, AllocationConfirmed("r1", "acme")),
        replace(MADE, on_overdue=OnOverdue.RELEASE),
    ),
    (
        "overdue",
        (TO_CONFIRM, AllocationOverdue("r1", "acme", 800)),
        replace(MADE, on_overdue=OnOverdue.RELEASE),
    ),
    ("resolved elsewhere", (LinesTold("r1", "acme", 3, "a1"),), MADE),
    (
        "made of waiting units",
        (ReservationCreated("r1", "acme", "", "", "", 900, hold_ms=50),),
        Reservation("r1", "acme", 1, 900, hold_ms=50),
    ),
    (
        "made of waiting units, promoted",
        (
            ReservationCreated("r1", "acme", "", "", "", 900, hold_ms=50),
            ReservationPromoted("r1", "acme", 650),
        ),
        Reservation("r1", "acme", 1, 650),
    ),
    (
        "a part of a basket of another shard",
        (ReservationJoined("r1", "acme", 4, "cart 1", "web", "c1"),),
        replace(MADE, expires_at_ms=0, home_shard=4),
    ),
    (
        "set aside for a basket of another shard",
        (BasketPrepared("a1", "acme", 4, "r1", "web", "c1", 300),),
        Reservation(
            "a1",
            "acme",
            1,
            300,
            channel="web",
            customer="c1",
            home_shard=4,
            preparing=True,
            prepared_for="r1",
        ),
    ),
    (
        "resolved",
        (
            BasketPrepared("a1", "acme", 4, "", "", "", 300),
            BasketResolved("a1", "acme", 4),
        ),
        Reservation("a1", "acme", 1, 300, home_shard=4, preparing=True),
    ),
    (
        "taken as it was",
        (
            BasketPrepared("a1", "acme", 4, "", "", "", 300),
            StockHeld(TEA, "a1", "1", 5),
            BasketResolved("a1", "acme", 4, taken_by="r1"),
        ),
        Reservation("a1", "acme", 1, 300, home_shard=4, preparing=True),
    ),
]


def test_the_table_has_every_event_of_a_basket_as_a_whole() -> None:
    kinds = {type(event) for _, events, _ in HEADER_ROWS for event in events}
    assert kinds - {StockHeld} | {ReservationCreated} == set(get_args(ReservationEvent))


@pytest.mark.parametrize(
    ("events", "after"), [row[1:] for row in HEADER_ROWS], ids=[row[0] for row in HEADER_ROWS]
)
def test_a_reservation_as_a_whole(events: tuple[Event, ...], after: Reservation) -> None:
    assert evolve_lines(None, (CREATED, *events), 1) == after


def test_an_attempt_may_be_resolved_before_it_was_seen() -> None:
    unseen = Reservation("a1", "acme", 7, home_shard=4, preparing=True)
    assert evolve_lines(None, (BasketResolved("a1", "acme", 4),), 7) == unseen


SHIPPED = (
    CREATED,
    StockAllocated(TEA, "r1", "1", 5),
    StockShipped(TEA, "r1", "1", 2, shipment_id="1"),
)


def test_shipments_are_remembered_with_what_came_back() -> None:
    first = evolve_lines(None, SHIPPED, 70)
    assert first.shipments == (Shipment("1", 70, (ShippedLine("1", TEA, 2),)),)
    more = (
        StockShipped(TEA, "r1", "1", 1, shipment_id="1"),
        ShippedUnexpectedly(DEPOT, "r1", "1", 4, shipment_id="2"),
        StockReturned(TEA, "r1", "1", 3, shipment_id="1"),
        StockReturned(DEPOT, "r1", "1", 1, shipment_id="2"),
    )
    assert evolve_lines(first, more, 80).shipments == (
        Shipment("1", 70, (ShippedLine("1", TEA, 2, 2), ShippedLine("1", TEA, 1, 1))),
        Shipment("2", 80, (ShippedLine("1", DEPOT, 4, 1),)),
    )


def test_what_left_before_shipments_were_recorded_has_none() -> None:
    before = (*SHIPPED[:2], StockShipped(TEA, "r1", "1", 2), StockReturned(TEA, "r1", "1", 1))
    reservation = evolve_lines(None, before, 70)
    assert reservation.shipments == ()
    assert reservation.lines == (Line("1", TEA, allocated=3, shipped=2, returned=1),)


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
    ("waiting", (WaitJoined(TEA, "r1", "1", 1),), ReservationStatus.WAITING),
    (
        "no longer waiting",
        (WaitJoined(TEA, "r1", "1", 1), WaitLeft(TEA, "r1", "1", 1)),
        ReservationStatus.HELD,
    ),
    (
        "patience is over",
        (
            WaitJoined(TEA, "r1", "1", 1),
            *EXPIRY,
            WaitLeft(TEA, "r1", "1", 1, expired=True),
        ),
        ReservationStatus.EXPIRED,
    ),
    ("taken again", (*EXPIRY, HoldReacquired(TEA, "r1", "1", 2)), ReservationStatus.COMMITTED),
    (
        "taken again, then released",
        (
            *EXPIRY,
            HoldReacquired(TEA, "r1", "1", 2),
            AllocationReleased(TEA, "r1", "1", 2),
        ),
        ReservationStatus.RELEASED,
    ),
    (
        "come back",
        (
            HoldCommitted(TEA, "r1", "1", 5),
            StockShipped(TEA, "r1", "1", 5),
            StockReturned(TEA, "r1", "1", 5),
        ),
        ReservationStatus.SHIPPED,
    ),
    (
        "told that it expired elsewhere",
        (
            ReservationExpired("r1"),
            LinesTold("r1", "acme", 3, events=(HoldExpired(TEA, "r1", "1", 5),)),
        ),
        ReservationStatus.EXPIRED,
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
        WaitJoined(MUG, "r1", "2", 4),
        LinesTold("r1", "acme", 3, events=(StockHeld(DEPOT, "r1", "3", 2, backordered=1),)),
        *EXPIRY,
        StockShipped(TEA, "r1", "1", 1, shipment_id="1"),
        StockReturned(TEA, "r1", "1", 1, shipment_id="1"),
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
