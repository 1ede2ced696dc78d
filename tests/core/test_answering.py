"""What a command is answered with, from the events it made."""

import pytest

from engine.core.answering import answer
from engine.core.answers import (
    Allocated,
    Answer,
    Committed,
    Extended,
    Released,
    Reserved,
    Shipped,
    StockChanged,
)
from engine.core.commands import (
    Adjust,
    Allocate,
    BasketLine,
    Command,
    Commit,
    Configure,
    Extend,
    LineQuantity,
    Receive,
    Release,
    Reserve,
    Sell,
    SetOnHand,
    Ship,
)
from engine.core.events import Recorded, StockHeld
from engine.core.model import (
    Fill,
    IfShort,
    LineResult,
    Remainder,
    ShortCause,
    ShortLine,
    Stock,
)
from tests.core.world import CART_MS, MUG, START_MS, TEA, given

STOCKS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=10)}
BASKET = (BasketLine("1", TEA, 3), BasketLine("2", MUG, 2))
HOLD = Reserve("", BASKET)
SOLD = Allocate("", BASKET)
PART = Commit("", "r1", (LineQuantity("1", 1),), Remainder.KEEP_HELD)
TEA_3, MUG_2 = LineResult("1", TEA, 3), LineResult("2", MUG, 2)

ROWS: list[tuple[str, tuple[Command, ...], Command, Answer]] = [
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
    ("sell", (), Sell(TEA, 1), StockChanged(TEA, Stock(on_hand=9, version=1))),
    (
        "sell what is not there: the stock after the shortfall",
        (),
        Sell(TEA, 11, IfShort.RECORD),
        StockChanged(TEA, Stock(on_hand=-1, version=2)),
    ),
    ("receive", (), Receive(TEA, 1), StockChanged(TEA, Stock(on_hand=11, version=1))),
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
    past: tuple[Command, ...], command: Command, then: Answer
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
