"""What a command is answered with, from the events it made."""

import pytest

from engine.core.answering import answer
from engine.core.answers import (
    Allocated,
    Amended,
    Answer,
    Committed,
    Configured,
    Confirmed,
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
from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    Configure,
    ConfigureHolds,
    ConfigureLocations,
    Confirm,
    DefineKit,
    Expect,
    Extend,
    LimitCustomers,
    LineQuantity,
    Move,
    Pick,
    PickedLine,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Return,
    Sell,
    SendTransfer,
    SetOnHand,
    Ship,
    TakeBack,
    TransferReservation,
    Unpick,
)
from engine.core.configuration import Component, Location
from engine.core.events import LinesTold, Recorded, StockHeld
from engine.core.model import (
    Fill,
    IfShort,
    Incoming,
    Key,
    LineResult,
    OnExpired,
    Remainder,
    ShortCause,
    ShortLine,
    Stock,
)
from engine.core.view import Filled, Grant, Wish
from tests.core.baskets import HOLD_BEYOND, PATIENCE_MS, THIN, WAITING
from tests.core.world import CART_MS, MUG, START_MS, TEA, Wait, World, given

STOCKS = {
    TEA: Stock(on_hand=10),
    MUG: Stock(on_hand=10),
    Key("", "TEA", "DEPOT"): Stock(on_hand=10),
}
DEPOT = Key("", "TEA", "DEPOT")
DUE = (Incoming("D1", 4),)
CART_IS_OVER = Wait(CART_MS)
BASKET = (BasketLine("1", TEA, 3), BasketLine("2", MUG, 2))
HOLD = Reserve("", BASKET)
SOLD = Allocate("", BASKET)
PART = Commit("", "r1", (LineQuantity("1", 1),), Remainder.KEEP_HELD)
TEA_3, MUG_2 = LineResult("1", TEA, 3), LineResult("2", MUG, 2)

ROWS: list[tuple[str, tuple[Command | Wait, ...], Command, Answer]] = [
    ("reserve", (), HOLD, Reserved("r1", (TEA_3, MUG_2), (), START_MS + CART_MS)),
    (
        "reserve as much as there is",
        (),
        Reserve("", (BasketLine("1", TEA, 12), BasketLine("2", MUG, 2)), Fill.BEST_EFFORT, 1_000),
        Reserved(
            "r1",
            (LineResult("1", TEA, 10), MUG_2),
            (ShortLine("1", TEA, ShortCause.STOCK, 12, 10),),
            START_MS + 1_000,
        ),
    ),
    ("allocate", (), SOLD, Allocated("r1", (TEA_3, MUG_2))),
    (
        "allocate what is not there: a shortfall is no line",
        (Sell(MUG, 9),),
        Allocate("", BASKET, IfShort.RECORD),
        Allocated("r1", (TEA_3, MUG_2)),
    ),
    ("extend", (HOLD,), Extend("", "r1", 5), Extended("r1", START_MS + 5)),
    ("commit", (HOLD,), Commit("", "r1"), Committed("r1", (TEA_3, MUG_2), ())),
    (
        "commit a part",
        (HOLD,),
        Commit("", "r1", (LineQuantity("1", 1),), reference="order 1"),
        Committed("r1", (LineResult("1", TEA, 1),), (LineResult("1", TEA, 2), MUG_2)),
    ),
    (
        "commit again: the first answer, without what was freed",
        (HOLD, Commit("", "r1", (LineQuantity("1"),))),
        Commit("", "r1", (LineQuantity("1"),)),
        Committed("r1", (TEA_3,), ()),
    ),
    ("commit what was allocated", (SOLD,), Commit("", "r1"), Committed("r1", (), ())),
    ("release", (HOLD,), Release("", "r1"), Released("r1", (TEA_3, MUG_2))),
    (
        "release: held and allocated units of a line are one result",
        (HOLD, PART),
        Release("", "r1"),
        Released("r1", (TEA_3, MUG_2)),
    ),
    ("release again", (HOLD, Release("", "r1")), Release("", "r1"), Released("r1", ())),
    ("ship", (SOLD,), Ship("", "r1", (LineQuantity("2"),)), Shipped("r1", (MUG_2,))),
    (
        "amend",
        (HOLD,),
        Amend("", "r1", (BasketLine("1", TEA, 5),), ("2",)),
        Amended("r1", (LineResult("1", TEA, 2),), (MUG_2,)),
    ),
    ("amend nothing", (HOLD,), Amend("", "r1", BASKET), Amended("r1", (), ())),
    ("confirm", (SOLD,), Confirm("", "r1"), Confirmed("r1")),
    (
        "pick, one in vain",
        (SOLD,),
        Pick("", "r1", (PickedLine("1", 2, 1), PickedLine("2"))),
        Picked("r1", (LineResult("1", TEA, 2), MUG_2), (LineResult("1", TEA, 1),)),
    ),
    ("unpick", (SOLD, Pick("", "r1")), Unpick("", "r1"), Unpicked("r1", (TEA_3, MUG_2))),
    ("unpick nothing", (SOLD,), Unpick("", "r1"), Unpicked("r1", ())),
    (
        "ship more than was ordered: it is one result",
        (SOLD,),
        Ship("", "r1", (LineQuantity("1", 5),), if_unexpected=IfShort.RECORD),
        Shipped("r1", (LineResult("1", TEA, 5),)),
    ),
    (
        "return of two shipments: it is one result",
        (SOLD, Ship("", "r1", (LineQuantity("1", 1),)), Ship("", "r1")),
        Return("", "r1"),
        Returned("r1", (TEA_3, MUG_2)),
    ),
    (
        "transfer a reservation",
        (SOLD,),
        TransferReservation("", "r1", "DEPOT", (LineQuantity("1", 2),)),
        ReservationTransferred("r1", (LineResult("1", DEPOT, 2),), (LineResult("1", TEA, 2),)),
    ),
    (
        "commit what was lost",
        (HOLD, CART_IS_OVER),
        Commit("", "r1", on_expired=OnExpired.REACQUIRE),
        Committed("r1", (TEA_3, MUG_2), ()),
    ),
    ("expect", (), Expect(TEA, "D1", 4), StockChanged(TEA, Stock(10, version=1, incoming=DUE))),
    (
        "take back",
        (),
        TakeBack(TEA, 1, "NO_RECEIPT"),
        StockChanged(TEA, Stock(on_hand=11, version=1, moved=1)),
    ),
    (
        "move",
        (),
        Move(TEA, 2, "", "DAMAGED"),
        StockChanged(TEA, Stock(10, version=1, unavailable=(("DAMAGED", 2),))),
    ),
    (
        "count, as it was",
        (Sell(TEA, 1), Wait(50), Sell(TEA, 2)),
        SetOnHand(TEA, 8, observed_at_ms=START_MS + 20),
        StockChanged(
            TEA,
            Stock(6, version=3, moved=-3),
            expected=7,
            moved_since=-2,
        ),
    ),
    (
        "send a transfer",
        (),
        SendTransfer("", "TEA", "LONDON", "DEPOT", 4),
        TransferChanged("r1", TEA, Stock(on_hand=6, version=1, moved=-4)),
    ),
    (
        "receive a transfer",
        (SendTransfer("", "TEA", "LONDON", "DEPOT", 4),),
        ReceiveTransfer("", "r1", 3, lost=1),
        TransferChanged("r1", DEPOT, Stock(on_hand=13, version=2, moved=3)),
    ),
    ("configure holds", (), ConfigureHolds("", 1_000), Configured()),
    ("configure locations", (), ConfigureLocations("", (Location("DEPOT"),)), Configured()),
    ("define a kit", (), DefineKit("", "SET", (Component("TEA", 2),)), Configured()),
    ("limit customers", (), LimitCustomers("", "TEA", 2), Configured()),
    ("sell", (), Sell(TEA, 1), StockChanged(TEA, Stock(on_hand=9, version=1, moved=-1))),
    (
        "sell what is not there: the stock after the shortfall",
        (),
        Sell(TEA, 11, IfShort.RECORD),
        StockChanged(TEA, Stock(on_hand=-1, version=2, moved=-11)),
    ),
    (
        "receive",
        (),
        Receive(TEA, 1),
        StockChanged(TEA, Stock(on_hand=11, version=1, moved=1)),
    ),
    ("adjust", (), Adjust(TEA, -1, "LOST", "n"), StockChanged(TEA, Stock(on_hand=9, version=1))),
    ("count", (), SetOnHand(TEA, 7), StockChanged(TEA, Stock(on_hand=7, version=1), expected=10)),
    (
        "configure",
        (),
        Configure(TEA, safety_stock=2),
        StockChanged(TEA, Stock(on_hand=10, safety_stock=2, version=1)),
    ),
]


@pytest.mark.parametrize(
    ("past", "command", "then"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_an_answer_is_read_off_the_events(
    past: tuple[Command | Wait, ...], command: Command, then: Answer
) -> None:
    world = given(STOCKS, *past)
    assert world.do(command) == then


@pytest.mark.parametrize(
    ("command", "recorded", "message"),
    [
        (HOLD, (), "ReservationCreated, not None"),
        (Extend("", "r1"), (Recorded(StockHeld(TEA, "r1", "1", 1), Stock()),), "not StockHeld"),
        (Commit("", "r1"), (), "answered from its reservation"),
        (Sell(TEA, 1), (), "stock after its last event"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_events_of_another_command_are_a_fault(
    command: Command, recorded: tuple[Recorded, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        answer(command, recorded, (), None)


def test_what_stock_does_not_back_is_said() -> None:
    backordered = LineResult("1", TEA, 3, backordered=1)
    assert given(THIN).do(HOLD_BEYOND) == Reserved(
        "r1", (backordered, MUG_2), (), START_MS + CART_MS
    )
    committed = given(THIN, HOLD_BEYOND).do(Commit("", "r1"))
    assert committed == Committed("r1", (backordered, MUG_2), ())
    released = given(THIN, HOLD_BEYOND).do(Release("", "r1"))
    assert released == Released("r1", (backordered, MUG_2))


def test_what_waits_is_said_with_its_place() -> None:
    world = given(THIN, HOLD_BEYOND)
    waits = LineResult("1", TEA, 0, waiting=3, place=2)
    assert world.do(WAITING) == Reserved(
        "r2", (waits, MUG_2), (), START_MS + PATIENCE_MS, waiting=True
    )
    left = LineResult("1", TEA, 0, waiting=3)
    assert world.do(Release("", "r2")) == Released("r2", (left, MUG_2))


def test_what_happens_to_others_is_none_of_the_answer() -> None:
    """Those who waited get what is given back."""
    world = given(THIN, HOLD_BEYOND, WAITING)
    released = Released("r1", (LineResult("1", TEA, 3, backordered=1), MUG_2))
    assert world.do(Release("", "r1")) == released
    assert world.reservations["r2"].lines[1].held == 2
    world = given(THIN, WAITING)
    assert world.do(Receive(TEA, 1)) == StockChanged(
        TEA, Stock(3, held=3, version=4, backorder_limit=5, moved=1)
    )


def test_lines_of_other_shards_are_read_off_what_these_were_told() -> None:
    world = World({TEA: Stock(on_hand=10)}, elsewhere={"MUG": 3})
    wish = Wish("2", (MUG,), 2)
    world.prepare("a1", {wish: Filled((Grant(MUG, 2),))})
    assert world.do(HOLD) == Reserved("r1", (TEA_3, MUG_2), (), START_MS + CART_MS)
    assert isinstance(world.decision.events[-1], LinesTold)
    assert world.do(Commit("", "r1")) == Committed("r1", (TEA_3, MUG_2), ())
    assert world.do(Pick("", "r1")) == Picked("r1", (TEA_3, MUG_2), ())
    assert world.do(Ship("", "r1")) == Shipped("r1", (TEA_3, MUG_2))
    assert world.do(Return("", "r1")) == Returned("r1", (TEA_3, MUG_2))
