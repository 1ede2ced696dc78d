"""Pick, Unpick and Ship: what becomes of allocated units in the warehouse."""

from collections.abc import Mapping

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Pick, Sell, Ship, Unpick
from engine.core.events import Event
from engine.core.limits import BALANCE_MAX, MISSING_CAUSE, UNAVAILABLE_CAUSES_MAX
from engine.core.model import IfShort, Key, Stock
from engine.core.rejections import (
    AlreadyReleased,
    AlreadyShipped,
    BalanceOutOfRange,
    NotBacked,
    NotCommitted,
    TooMany,
    UnknownLine,
    UnknownReservation,
)
from tests.core.baskets import (
    BASKET,
    DUE,
    DUE_UNSWEPT,
    EXPIRED,
    HOLD,
    KIT,
    NOTHING,
    SET,
    SOLD,
    SOLD_BEYOND,
    SPLIT,
    STOCKS,
    THIN,
    TWO_PLACES,
    WAITING,
    Past,
    commit,
    exceeded,
    pick,
    release,
    ship,
    unpick,
)
from tests.core.world import MUG, POSTAGE, TEA, given, when

Rows = list[tuple[str, Past, Command, object]]

PICKED = ["AllocationPicked 1 TEA 3", "AllocationPicked 2 MUG 2"]
JUST_ENOUGH = {TEA: Stock(on_hand=3), MUG: Stock(on_hand=10)}

PICK: Rows = [
    ("everything", (SOLD,), pick(), PICKED),
    ("a line", (SOLD,), pick("2"), ["AllocationPicked 2 MUG 2"]),
    ("a part", (SOLD,), pick("1:2"), ["AllocationPicked 1 TEA 2"]),
    (
        "the rest",
        (SOLD, pick("1:2")),
        pick(),
        ["AllocationPicked 1 TEA 1", "AllocationPicked 2 MUG 2"],
    ),
    ("everything, again", (SOLD, pick()), pick(), NOTHING),
    ("a line, again: nothing is left of it", (SOLD, pick("1")), pick("1"), NOTHING),
    ("more than is left", (SOLD, pick("1:2")), pick("1:2"), exceeded("1", 2, 1)),
    ("more than was not shipped", (SOLD, ship("1:1")), pick("1:3"), exceeded("1", 3, 2)),
    ("the committed part", (HOLD, commit("1", keep=True)), pick(), ["AllocationPicked 1 TEA 3"]),
    ("a held line beside it", (HOLD, commit("1", keep=True)), pick("2:1"), exceeded("2", 1, 0)),
    (
        "one unit not found",
        (SOLD,),
        pick("1:2-1"),
        ["AllocationPicked 1 TEA 2", "PickFellShort 1 TEA 1"],
    ),
    ("none found", (SOLD,), pick("1:0-3"), ["PickFellShort 1 TEA 3"]),
    ("found and not found, too many", (SOLD,), pick("1:2-2"), exceeded("1", 4, 3)),
    (
        "not found, then found after all",
        (SOLD, pick("1:2-1")),
        pick("1"),
        ["AllocationPicked 1 TEA 1"],
    ),
    ("an unknown line", (SOLD,), pick("3"), UnknownLine("r1", "3")),
    ("not found of an unknown line", (SOLD,), pick("3:0-1"), UnknownLine("r1", "3")),
    ("a hold", (HOLD,), pick(), NotCommitted("r1")),
    ("an expired hold", (HOLD, DUE_UNSWEPT), pick(), EXPIRED),
    ("a released one", (SOLD, release()), pick(), AlreadyReleased("r1")),
    ("a shipped one", (SOLD, ship()), pick(), AlreadyShipped("r1")),
    ("an unknown reservation", (SOLD,), Pick("", "r2"), UnknownReservation("r2")),
    ("another tenant's", (SOLD,), Pick("other", "r1"), UnknownReservation("r1")),
]

PICK_BEYOND: Rows = [
    (
        "everything that is there",
        (SOLD_BEYOND,),
        pick(),
        ["AllocationPicked 1 TEA 2", "AllocationPicked 2 MUG 2"],
    ),
    ("a backordered unit", (SOLD_BEYOND,), pick("1:3"), NotBacked("r1", "1", 3, 2)),
    ("a backordered unit, not found", (SOLD_BEYOND,), pick("1:2-1"), NotBacked("r1", "1", 3, 2)),
    ("beyond those too", (SOLD_BEYOND,), pick("1:4"), exceeded("1", 4, 3)),
    ("nothing but those", (SOLD_BEYOND, pick()), pick(), NotBacked("r1", "1", 1, 0)),
    ("nothing but those of a line", (SOLD_BEYOND, pick()), pick("1"), NotBacked("r1", "1", 1, 0)),
    ("a basket that waits", (WAITING,), pick(), NotCommitted("r1")),
]

MISSING: Rows = [
    (
        "what is missing is promised to others",
        (SOLD,),
        pick("1:1-2"),
        [
            "AllocationPicked 1 TEA 1",
            "PickFellShort 1 TEA 2",
            "ShortfallDetected TEA 2 at_risk=r1:3",
        ],
    ),
    (
        "missing in two lines of a SKU-location",
        (Allocate("", (BasketLine("1", TEA, 2), BasketLine("2", TEA, 1))),),
        pick("1:0-1", "2:0-1"),
        [
            "PickFellShort 1 TEA 1",
            "PickFellShort 2 TEA 1",
            "ShortfallDetected TEA 2 at_risk=r1:3",
        ],
    ),
]

UNPICK: Rows = [
    (
        "everything",
        (SOLD, pick()),
        unpick(),
        ["AllocationUnpicked 1 TEA 3", "AllocationUnpicked 2 MUG 2"],
    ),
    ("a part", (SOLD, pick()), unpick("1:2"), ["AllocationUnpicked 1 TEA 2"]),
    ("too many", (SOLD, pick("1:2")), unpick("1:3"), exceeded("1", 3, 2)),
    ("again", (SOLD, pick(), unpick()), unpick(), NOTHING),
    ("what was never picked", (SOLD,), unpick(), NOTHING),
    ("what was never picked, by units", (SOLD,), unpick("1:1"), exceeded("1", 1, 0)),
    ("what has left in its box", (SOLD, pick("1:2"), ship("1:2")), unpick("1"), NOTHING),
    ("an unknown line", (SOLD, pick()), unpick("3"), UnknownLine("r1", "3")),
    ("a hold", (HOLD,), unpick(), NotCommitted("r1")),
    ("an expired hold", (HOLD, DUE), unpick(), EXPIRED),
    ("a shipped one", (SOLD, pick(), ship()), unpick(), AlreadyShipped("r1")),
    ("an unknown reservation", (SOLD,), Unpick("", "r2"), UnknownReservation("r2")),
]

FIRST = "shipment_id=1"
SHIP: Rows = [
    (
        "an order",
        (SOLD,),
        ship(),
        [f"StockShipped 1 TEA 3 {FIRST}", f"StockShipped 2 MUG 2 {FIRST}"],
    ),
    ("a part", (SOLD,), ship("2:1"), [f"StockShipped 2 MUG 1 {FIRST}"]),
    (
        "the rest: the second shipment",
        (SOLD, ship("2:1")),
        ship(),
        ["StockShipped 1 TEA 3 shipment_id=2", "StockShipped 2 MUG 1 shipment_id=2"],
    ),
    ("by its name", (SOLD,), ship("1", reference="S"), ["StockShipped 1 TEA 3 shipment_id=S"]),
    (
        "a number that another shipment has as its name is passed by",
        (SOLD, ship("1:1", reference="2")),
        ship("1:1"),
        ["StockShipped 1 TEA 1 shipment_id=3"],
    ),
    (
        "picked units first",
        (SOLD, pick("1:1")),
        ship("1:2"),
        [f"StockShipped 1 TEA 2 picked=1 {FIRST}"],
    ),
    (
        "picked units alone while they last",
        (SOLD, pick("1:2")),
        ship("1:1"),
        [f"StockShipped 1 TEA 1 picked=1 {FIRST}"],
    ),
    (
        "the committed part",
        (HOLD, commit("1", keep=True)),
        ship(),
        [f"StockShipped 1 TEA 3 {FIRST}"],
    ),
    ("a held line beside it", (HOLD, commit("1", keep=True)), ship("2:1"), exceeded("2", 1, 0)),
    ("a line again: nothing is left of it", (SOLD, ship("1")), ship("1"), NOTHING),
    ("too many", (SOLD,), ship("1:4"), exceeded("1", 4, 3)),
    ("an unknown line", (SOLD,), ship("3"), UnknownLine("r1", "3")),
    ("a hold", (HOLD,), ship(), NotCommitted("r1")),
    ("an expired hold", (HOLD, DUE), ship(), EXPIRED),
    ("an expired hold, not swept", (HOLD, DUE_UNSWEPT), ship(), EXPIRED),
    ("a released one", (HOLD, release()), ship(), AlreadyReleased("r1")),
    ("a shipped one", (SOLD, ship()), ship(), AlreadyShipped("r1")),
    (
        "one shipped before its rest expired",
        (HOLD, commit("1", keep=True), ship(), DUE),
        ship(),
        AlreadyShipped("r1"),
    ),
    (
        "what is not there: told of twice, and no worse",
        (SOLD, Sell(TEA, 9, IfShort.RECORD)),
        ship("1"),
        [f"StockShipped 1 TEA 3 {FIRST}"],
    ),
    ("from where it is", (SOLD,), ship("1:2@LONDON"), [f"StockShipped 1 TEA 2 {FIRST}"]),
    ("from elsewhere", (SOLD,), ship("1:2@DEPOT"), exceeded("1", 2, 0)),
    ("all that is elsewhere", (SOLD,), ship("1@DEPOT"), NOTHING),
    ("an unknown reservation", (SOLD,), Ship("", "r2"), UnknownReservation("r2")),
    ("another tenant's", (SOLD,), Ship("other", "r1"), UnknownReservation("r1")),
]

SHIP_BEYOND: Rows = [
    (
        "everything that is there",
        (SOLD_BEYOND,),
        ship(),
        [f"StockShipped 1 TEA 2 {FIRST}", f"StockShipped 2 MUG 2 {FIRST}"],
    ),
    ("a backordered unit", (SOLD_BEYOND,), ship("1:3"), NotBacked("r1", "1", 3, 2)),
    ("beyond those too", (SOLD_BEYOND,), ship("1:4"), exceeded("1", 4, 3)),
    ("nothing but those", (SOLD_BEYOND, ship()), ship(), NotBacked("r1", "1", 1, 0)),
    ("nothing but those of a line", (SOLD_BEYOND, ship()), ship("1"), NotBacked("r1", "1", 1, 0)),
    ("a line without", (SOLD_BEYOND, ship()), ship("2"), NOTHING),
    (
        "picked units, the rest is backordered",
        (SOLD_BEYOND, pick("1:1")),
        ship("1"),
        [f"StockShipped 1 TEA 2 picked=1 {FIRST}"],
    ),
    ("a basket that waits", (WAITING,), ship(), NotCommitted("r1")),
]

SOLD_SPLIT = Allocate("", SPLIT)
PLACES: Rows = [
    (
        "one location after the other",
        (SOLD_SPLIT,),
        ship("1:3"),
        [f"StockShipped 1 TEA 2 {FIRST}", f"StockShipped 1 TEA@DEPOT 1 {FIRST}"],
    ),
    ("from one of them", (SOLD_SPLIT,), ship("1:3@DEPOT"), [f"StockShipped 1 TEA@DEPOT 3 {FIRST}"]),
    ("all from one of them", (SOLD_SPLIT,), ship("1@LONDON"), [f"StockShipped 1 TEA 2 {FIRST}"]),
    ("too many from one of them", (SOLD_SPLIT,), ship("1:4@DEPOT"), exceeded("1", 4, 3)),
    (
        "picked units of a later location before others",
        (SOLD_SPLIT, pick("1:3"), unpick("1:2")),
        ship("1:1"),
        [f"StockShipped 1 TEA@DEPOT 1 picked=1 {FIRST}"],
    ),
    (
        "picked one location after the other, then not found",
        (SOLD_SPLIT,),
        pick("1:2-3"),
        ["AllocationPicked 1 TEA 2", "PickFellShort 1 TEA@DEPOT 3"],
    ),
]

SETS = Allocate("", (BasketLine("1", SET, 3, allow_backorder=True),))
FEW_MUGS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=5, backorder_limit=9)}
KITS: Rows = [
    (
        "whole kits alone: there are mugs for two",
        (SETS,),
        ship(),
        [
            f"StockShipped 1 SET 2 uncounted {FIRST}",
            f"StockShipped 1 TEA 2 {FIRST}",
            f"StockShipped 1 MUG 4 {FIRST}",
        ],
    ),
    ("more kits", (SETS,), ship("1:3"), NotBacked("r1", "1", 3, 2)),
    ("no kit is whole", (SETS, ship()), ship(), NotBacked("r1", "1", 1, 0)),
    (
        "a kit from the location of its components",
        (SETS,),
        ship("1:1@LONDON"),
        [
            f"StockShipped 1 SET 1 uncounted {FIRST}",
            f"StockShipped 1 TEA 1 {FIRST}",
            f"StockShipped 1 MUG 2 {FIRST}",
        ],
    ),
    ("more kits, picked", (SETS,), pick("1:3"), NotBacked("r1", "1", 3, 2)),
    (
        "picked, one kit in vain",
        (SETS,),
        pick("1:1-1"),
        [
            "AllocationPicked 1 SET 1 uncounted",
            "AllocationPicked 1 TEA 1",
            "AllocationPicked 1 MUG 2",
            "PickFellShort 1 SET 1 uncounted",
            "PickFellShort 1 TEA 1",
            "PickFellShort 1 MUG 2",
            "ShortfallDetected MUG 2 at_risk=r1:5",
        ],
    ),
]

ROWS: dict[str, tuple[Mapping[Key, Stock], tuple[Event, ...], Rows]] = {
    "pick": (STOCKS, (), PICK),
    "pick beyond stock": (THIN, (), PICK_BEYOND),
    "missing": (JUST_ENOUGH, (), MISSING),
    "unpick": (STOCKS, (), UNPICK),
    "ship": (STOCKS, (), SHIP),
    "ship beyond stock": (THIN, (), SHIP_BEYOND),
    "several locations": (TWO_PLACES, (), PLACES),
    "kits": (FEW_MUGS, (KIT,), KITS),
}


@pytest.mark.parametrize(
    ("stocks", "configured", "past", "command", "then"),
    [
        pytest.param(stocks, configured, past, command, then, id=f"{family}: {name}")
        for family, (stocks, configured, rows) in ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_fulfil(
    stocks: Mapping[Key, Stock],
    configured: tuple[Event, ...],
    past: Past,
    command: Command,
    then: object,
) -> None:
    assert when(given(stocks, *past, configured=configured), command) == then


def test_missing_units_stay_promised_and_are_not_sold() -> None:
    world = given(STOCKS, SOLD, pick("1:1-2"))
    stock = world.stocks[TEA]
    assert (stock.on_hand, stock.allocated, stock.picked) == (10, 3, 1)
    assert stock.unavailable == ((MISSING_CAUSE, 2),)
    assert stock.available == 5


def test_a_shipment_may_not_drive_a_balance_out_of_its_range() -> None:
    low = {TEA: Stock(on_hand=2 - BALANCE_MAX), POSTAGE: Stock(-BALANCE_MAX, tracked=False)}
    basket = (BasketLine("1", TEA, 2), BasketLine("2", TEA, 1), BasketLine("3", POSTAGE, 1))
    world = given(low, Allocate("", basket, IfShort.RECORD))
    assert when(world, ship()) == BalanceOutOfRange(TEA, "on_hand", -1 - BALANCE_MAX, BALANCE_MAX)
    assert when(world, ship("1", "3")) == [
        f"StockShipped 1 TEA 2 {FIRST}",
        f"StockShipped 3 POSTAGE 1 uncounted {FIRST}",
    ]


def test_units_are_missing_for_no_more_causes_than_a_location_has() -> None:
    causes = tuple((f"CAUSE {number:02}", 1) for number in range(UNAVAILABLE_CAUSES_MAX))
    world = given({TEA: Stock(100, unavailable=causes), MUG: Stock(10)}, Allocate("", BASKET))
    many = UNAVAILABLE_CAUSES_MAX + 1
    refused = TooMany(TEA, "unavailable", many, UNAVAILABLE_CAUSES_MAX)
    assert when(world, pick("1:0-1")) == refused
    assert when(world, pick("2:0-1")) == ["PickFellShort 2 MUG 1"]
