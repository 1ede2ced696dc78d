"""What each event moves in the balances of a SKU-location, in a transfer and in what is configured,
and that nothing is ever refused."""

from typing import get_args

import pytest
from msgspec.structs import replace

from engine.core.configuration import (
    Component,
    Configuration,
    CustomerLimit,
    Kit,
    Location,
)
from engine.core.events import (
    AllocationDrawn,
    AllocationFilled,
    AllocationPicked,
    AllocationReleased,
    AllocationUnpicked,
    AtRisk,
    CustomersLimited,
    HoldCommitted,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    HoldsConfigured,
    HoldTaken,
    IncomingExpected,
    KitDefined,
    LineEvent,
    LocationsConfigured,
    PickFellShort,
    ShippedUnexpectedly,
    ShortfallDetected,
    SourceAdvanced,
    StockAdjusted,
    StockAllocated,
    StockConfigured,
    StockCounted,
    StockEvent,
    StockHeld,
    StockMoved,
    StockReceived,
    StockReturned,
    StockShipped,
    StockSold,
    StockTakenBack,
    TransferExpected,
    TransferReceived,
    TransferSent,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.evolve import evolve_stock, evolve_transfer
from engine.core.evolve.configuration import evolve_configuration
from engine.core.limits import MISSING_CAUSE
from engine.core.model import ChannelUse, Incoming, Selling, Settings, SourceMark, Stock, Transfer
from tests.core.telling import told
from tests.core.world import TEA

BUFFERS = (("web", 4),)
DELIVERY = Incoming("D1", 5, 900)
ON_ITS_WAY = Incoming("note", 6, 800, "t1")
BEFORE = Stock(
    on_hand=20,
    held=6,
    allocated=4,
    safety_stock=1,
    selling=Selling.STOPPED,
    version=9,
    channel_buffers=BUFFERS,
    unavailable=(("DAMAGED", 3), ("LOST", 2)),
    picked=2,
    backorder_limit=8,
    backordered=5,
    waiting=3,
    incoming=(DELIVERY, ON_ITS_WAY),
    moved=7,
    sources=(SourceMark("TILL", 4, 300), SourceMark("WMS", 5)),
    channel_uses=(ChannelUse("shop", 4, 100),),
)

ROWS: list[tuple[StockEvent, dict[str, object]]] = [
    # event, and what it moves: by how much, or to what
    (StockHeld(TEA, "r1", "1", 3), {"held": +3}),
    (HoldTaken(TEA, "r1", "1", 3, attempt_id="a1"), {}),
    (StockHeld(TEA, "r1", "1", 3, backordered=1), {"held": +2, "backordered": +1}),
    (HoldCommitted(TEA, "r1", "1", 3), {"held": -3, "allocated": +3}),
    (HoldCommitted(TEA, "r1", "1", 3, backordered=1), {"held": -2, "allocated": +2}),
    (HoldReleased(TEA, "r1", "1", 3), {"held": -3}),
    (HoldReleased(TEA, "r1", "1", 3, backordered=1), {"held": -2, "backordered": -1}),
    (HoldExpired(TEA, "r1", "1", 3), {"held": -3}),
    (HoldExpired(TEA, "r1", "1", 3, backordered=3), {"backordered": -3}),
    (HoldFilled(TEA, "r1", "1", 3), {"held": +3, "backordered": -3}),
    (HoldReacquired(TEA, "r1", "1", 3), {"allocated": +3}),
    (HoldReacquired(TEA, "r1", "1", 3, backordered=1), {"allocated": +2, "backordered": +1}),
    (WaitJoined(TEA, "r1", "1", 3), {"waiting": +3}),
    (WaitLeft(TEA, "r1", "1", 3), {"waiting": -3}),
    (WaitFilled(TEA, "r1", "1", 3), {"waiting": -3, "held": +3}),
    (StockAllocated(TEA, "r1", "1", 3), {"allocated": +3}),
    (StockAllocated(TEA, "r1", "1", 3, backordered=1), {"allocated": +2, "backordered": +1}),
    (AllocationFilled(TEA, "r1", "1", 3), {"allocated": +3, "backordered": -3}),
    (AllocationReleased(TEA, "r1", "1", 3), {"allocated": -3}),
    (AllocationReleased(TEA, "r1", "1", 3, backordered=1), {"allocated": -2, "backordered": -1}),
    (AllocationPicked(TEA, "r1", "1", 2), {"picked": +2}),
    (AllocationUnpicked(TEA, "r1", "1", 2), {"picked": -2}),
    (
        PickFellShort(TEA, "r1", "1", 2),
        {"unavailable": (("DAMAGED", 3), ("LOST", 2), (MISSING_CAUSE, 2))},
    ),
    (StockShipped(TEA, "r1", "1", 3), {"on_hand": -3, "allocated": -3, "moved": -3}),
    (
        StockShipped(TEA, "r1", "1", 3, picked=2),
        {"on_hand": -3, "allocated": -3, "picked": -2, "moved": -3},
    ),
    (ShippedUnexpectedly(TEA, "r1", "1", 3), {"on_hand": -3, "moved": -3}),
    (StockReturned(TEA, "r1", "1", 3), {"on_hand": +3, "moved": +3}),
    (
        StockReturned(TEA, "r1", "1", 3, unavailable_cause="DAMAGED"),
        {"on_hand": +3, "moved": +3, "unavailable": (("DAMAGED", 6), ("LOST", 2))},
    ),
    (StockSold(TEA, 2), {"on_hand": -2, "moved": -2}),
    (StockReceived(TEA, 2), {"on_hand": +2, "moved": +2}),
    (
        StockReceived(TEA, 2, "D1", 2, "CHECK"),
        {
            "on_hand": +2,
            "moved": +2,
            "unavailable": (("CHECK", 2), ("DAMAGED", 3), ("LOST", 2)),
            "incoming": (Incoming("D1", 3, 900), ON_ITS_WAY),
        },
    ),
    (
        StockReceived(TEA, 9, "D1", 5),
        {"on_hand": +9, "moved": +9, "incoming": (ON_ITS_WAY,)},
    ),
    (StockTakenBack(TEA, 2), {"on_hand": +2, "moved": +2}),
    (
        StockTakenBack(TEA, 2, "LOST"),
        {"on_hand": +2, "moved": +2, "unavailable": (("DAMAGED", 3), ("LOST", 4))},
    ),
    (StockAdjusted(TEA, -3), {"on_hand": -3}),
    (StockAdjusted(TEA, -3, "DAMAGED"), {"on_hand": -3, "unavailable": (("LOST", 2),)}),
    (StockCounted(TEA, 25, expected=20), {"on_hand": +5}),
    (StockMoved(TEA, 2, "", "DAMAGED"), {"unavailable": (("DAMAGED", 5), ("LOST", 2))}),
    (StockMoved(TEA, 2, "LOST", ""), {"unavailable": (("DAMAGED", 3),)}),
    (StockMoved(TEA, 2, "LOST", "DAMAGED"), {"unavailable": (("DAMAGED", 5),)}),
    (TransferSent(TEA, "t2", "DEPOT", 2), {"on_hand": -2, "moved": -2}),
    (
        TransferExpected(TEA, "t2", "DEPOT", 2, "n", 700),
        {"incoming": (DELIVERY, ON_ITS_WAY, Incoming("n", 2, 700, "t2"))},
    ),
    (
        TransferReceived(TEA, "t1", 4, lost=1),
        {
            "on_hand": +4,
            "moved": +4,
            "incoming": (DELIVERY, Incoming("note", 1, 800, "t1")),
        },
    ),
    (
        TransferReceived(TEA, "t1", 6, unavailable_cause="LOST"),
        {
            "on_hand": +6,
            "moved": +6,
            "incoming": (DELIVERY,),
            "unavailable": (("DAMAGED", 3), ("LOST", 8)),
        },
    ),
    (
        IncomingExpected(TEA, "D1", 7, 950),
        {"incoming": (ON_ITS_WAY, Incoming("D1", 7, 950))},
    ),
    (IncomingExpected(TEA, "D1", 0), {"incoming": (ON_ITS_WAY,)}),
    # A delivery may have the reference of a transfer.
    (
        IncomingExpected(TEA, "note", 1),
        {"incoming": (DELIVERY, ON_ITS_WAY, Incoming("note", 1))},
    ),
    (
        SourceAdvanced(TEA, "WMS", 6),
        {"sources": (SourceMark("TILL", 4, 300), SourceMark("WMS", 6))},
    ),
    (
        SourceAdvanced(TEA, "ERP", 1, 400),
        {"sources": (SourceMark("ERP", 1, 400), *BEFORE.sources)},
    ),
    (AllocationDrawn(TEA, "shop", 3, 100), {"channel_uses": (ChannelUse("shop", 7, 100),)}),
    (AllocationDrawn(TEA, "shop", -4, 100), {"channel_uses": ()}),
    (AllocationDrawn(TEA, "shop", -9, 100), {"channel_uses": ()}),
    # The allocation was stated anew.
    (AllocationDrawn(TEA, "shop", 3, 200), {"channel_uses": (ChannelUse("shop", 3, 200),)}),
    (
        AllocationDrawn(TEA, "fair", 2, 50),
        {"channel_uses": (ChannelUse("fair", 2, 50), ChannelUse("shop", 4, 100))},
    ),
    (ShortfallDetected(TEA, 2, (AtRisk("r1", 2, allocated=True),)), {}),
]


def test_the_table_has_every_event_that_moves_stock() -> None:
    assert {type(event) for event, _ in ROWS} | {StockConfigured} == set(get_args(StockEvent))


@pytest.mark.parametrize(("event", "moves"), ROWS, ids=told(event for event, _ in ROWS))
def test_an_event_moves_balances_and_the_version(
    event: StockEvent, moves: dict[str, object]
) -> None:
    changed = {
        name: getattr(BEFORE, name) + by if isinstance(by, int) else by
        for name, by in moves.items()
    }
    assert evolve_stock(BEFORE, event) == replace(BEFORE, version=10, **changed)


@pytest.mark.parametrize("kind", [*get_args(LineEvent), StockSold], ids=lambda kind: kind.__name__)
def test_what_is_not_counted_moves_the_version_alone(kind: type) -> None:
    event = kind(TEA, *(() if kind is StockSold else ("r1", "1")), quantity=2, counted=False)
    assert evolve_stock(BEFORE, event) == replace(BEFORE, version=10)


def test_configuration_replaces_every_setting_and_no_balance() -> None:
    event = StockConfigured(TEA, 7, False, Selling.OPEN, (("fair", 1),), 9)
    assert evolve_stock(BEFORE, event) == replace(
        BEFORE,
        safety_stock=7,
        tracked=False,
        selling=Selling.OPEN,
        version=10,
        channel_buffers=(("fair", 1),),
        backorder_limit=9,
    )


def test_the_first_event_makes_the_stock() -> None:
    assert evolve_stock(None, StockReceived(TEA, 2)) == Stock(on_hand=2, version=1, moved=2)


def test_the_past_is_never_refused() -> None:
    stock = evolve_stock(None, StockShipped(TEA, "r1", "1", 3, picked=1))
    assert (stock.on_hand, stock.allocated, stock.picked) == (-3, -3, -1)
    stock = evolve_stock(None, StockMoved(TEA, 2, "LOST", ""))
    assert stock.unavailable == (("LOST", -2),)


SENT = TransferSent(TEA, "t1", "DEPOT", 9, "note", 800)


def test_a_transfer_is_sent_then_received() -> None:
    sent = Transfer("t1", "", "TEA", "LONDON", "DEPOT", 7, 9, 0, 0, "note", 800)
    assert evolve_transfer(None, SENT, 7) == sent
    expected = evolve_transfer(sent, TransferExpected(TEA, "t1", "LONDON", 9), 7)
    assert expected == sent
    received = evolve_transfer(sent, TransferReceived(TEA, "t1", 5, lost=1), 8)
    assert received == replace(sent, received=5, lost=1)
    assert received.in_transit == 3
    with pytest.raises(ValueError, match="not sent before TransferReceived"):
        evolve_transfer(None, TransferReceived(TEA, "t1", 5), 8)


def test_what_is_configured_holds_from_then_on() -> None:
    configuration = Configuration()
    kit = Kit("SET", (Component("TEA", 2),))
    depot = Location("DEPOT", 2, groups=("UK",))
    for event in (
        LocationsConfigured("", (depot, Location("LONDON", 1, groups=("UK",)))),
        KitDefined("", kit),
        CustomersLimited("", "TEA", 3, 60_000),
        HoldsConfigured("", 1_000, 2_000, 3_000),
    ):
        evolve_configuration(configuration, event)
    assert configuration.group("", "UK") == ("LONDON", "DEPOT")
    assert configuration.kit("", "SET") == kit
    assert configuration.customer_limit("", "TEA") == CustomerLimit("TEA", 3, 60_000)
    assert configuration.settings("", Settings()) == Settings(1_000, 2_000, 3_000)
    assert configuration.settings("other", Settings()) == Settings()
    for event in (
        LocationsConfigured("", (replace(depot, enabled=False),)),
        KitDefined("", Kit("SET")),
        CustomersLimited("", "TEA", 0),
    ):
        evolve_configuration(configuration, event)
    assert configuration.group("", "UK") == ("LONDON",)
    assert configuration.kit("", "SET") is None
    assert configuration.customer_limit("", "TEA") is None
