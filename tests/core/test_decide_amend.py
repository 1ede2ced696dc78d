"""Amend and TransferReservation: a basket changes as one, and its own units count as free."""

import pytest

from engine.core.commands import (
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    Configure,
    LineQuantity,
    Pick,
    PickedLine,
    Release,
    Reserve,
    Ship,
    TransferReservation,
)
from engine.core.configuration import Component, Kit
from engine.core.events import CustomersLimited, KitDefined
from engine.core.model import Key, ShortCause, ShortLine, Stock
from engine.core.rejections import (
    AlreadyReleased,
    HoldHasExpired,
    InsufficientStock,
    LineExists,
    LineQuantityExceeded,
    PickedUnits,
    UnknownLine,
    UnknownReservation,
    UnknownStock,
)
from tests.core.world import CART_MS, MUG, TEA, Wait, World, given, when

PARIS = Key("", "TEA", "PARIS")
STOCKS = {TEA: Stock(on_hand=5), PARIS: Stock(on_hand=5), MUG: Stock(on_hand=5)}
AMENDED = "ReservationAmended"
SWAPPED = f"{AMENDED} swapped_line_ids=('1',)"


def line(line_id: str, key: Key, quantity: int, *, backorder: bool = False) -> BasketLine:
    return BasketLine(line_id, key, quantity, allow_backorder=backorder)


def reserve(*lines: BasketLine, customer: str = "") -> Reserve:
    return Reserve("", lines, customer=customer)


def amend(*lines: BasketLine, drop: str = "", split: bool = True) -> Amend:
    return Amend("", "r1", lines, tuple(drop.split()), split=split)


def short(line_id: str, key: Key, asked: int, available: int) -> InsufficientStock:
    return InsufficientStock((ShortLine(line_id, key, ShortCause.STOCK, asked, available),))


def held() -> World:
    return given(STOCKS, reserve(line("1", TEA, 3), line("2", MUG, 2)))


def tea_kit() -> World:
    kit = KitDefined("", Kit("SET", (Component("TEA", 2), Component("MUG", 1))))
    return given(STOCKS, reserve(line("1", Key("", "SET", "LONDON"), 1)), configured=(kit,))


AMEND_ROWS: list[tuple[str, World, Command, object]] = [
    ("a line more", held(), amend(line("3", PARIS, 1)), [AMENDED, "StockHeld 3 TEA@PARIS 1"]),
    ("a line less", held(), amend(drop="2"), [AMENDED, "HoldReleased 2 MUG 2 UNSPECIFIED"]),
    ("more of a line", held(), amend(line("1", TEA, 5)), [AMENDED, "StockHeld 1 TEA 2"]),
    (
        "less of a line",
        held(),
        amend(line("1", TEA, 1)),
        [AMENDED, "HoldReleased 1 TEA 2 UNSPECIFIED"],
    ),
    ("as it is", held(), amend(line("1", TEA, 3)), []),
    (
        "another SKU for a line",
        held(),
        amend(line("1", MUG, 3)),
        [SWAPPED, "HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 1 MUG 3"],
    ),
    (
        "another location for a line",
        held(),
        amend(line("1", PARIS, 3)),
        [AMENDED, "HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 1 TEA@PARIS 3"],
    ),
    (
        "one line hands its units to another, though nothing else is left",
        given({TEA: Stock(on_hand=3)}, reserve(line("1", TEA, 3))),
        amend(line("1", TEA, 1), line("2", TEA, 2)),
        [AMENDED, "HoldReleased 1 TEA 2 UNSPECIFIED", "StockHeld 2 TEA 2"],
    ),
    (
        "own units and others together",
        given({TEA: Stock(on_hand=4)}, reserve(line("1", TEA, 3))),
        amend(line("2", TEA, 4), drop="1"),
        [AMENDED, "HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 2 TEA 4"],
    ),
    (
        "one unit too many changes nothing",
        held(),
        amend(line("1", TEA, 6), drop="2"),
        short("1", TEA, 6, 5),
    ),
    (
        "an order grows by allocating",
        given(STOCKS, reserve(line("1", TEA, 3)), Commit("", "r1")),
        amend(line("1", TEA, 4)),
        [AMENDED, "StockAllocated 1 TEA 1"],
    ),
    (
        "an order shrinks by what is allocated",
        given(STOCKS, Allocate("", (line("1", TEA, 3),))),
        amend(line("1", TEA, 1)),
        [AMENDED, "AllocationReleased 1 TEA 2 UNSPECIFIED"],
    ),
    (
        "what lies in a box stays",
        given(STOCKS, Allocate("", (line("1", TEA, 3),)), Pick("", "r1", (PickedLine("1", 2),))),
        amend(line("1", TEA, 1)),
        PickedUnits("r1", "1", 2),
    ),
    (
        "what is backordered goes first",
        given(
            {TEA: Stock(on_hand=2, backorder_limit=5)},
            reserve(line("1", TEA, 4, backorder=True)),
        ),
        amend(line("1", TEA, 1, backorder=True)),
        [AMENDED, "HoldReleased 1 TEA 3 UNSPECIFIED backordered=2"],
    ),
    (
        "a kit grows in all its parts",
        tea_kit(),
        amend(line("1", Key("", "SET", "LONDON"), 2)),
        [
            AMENDED,
            "StockHeld 1 SET 1 uncounted",
            "StockHeld 1 TEA 2 units_each=2",
            "StockHeld 1 MUG 1",
        ],
    ),
    (
        "what a customer gives back counts as free",
        given(
            STOCKS,
            reserve(line("1", TEA, 3), customer="ann"),
            configured=(CustomersLimited("", "TEA", 3),),
        ),
        amend(line("2", PARIS, 3), drop="1"),
        [AMENDED, "HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 2 TEA@PARIS 3"],
    ),
    (
        "own units count for a line that may not be split",
        given({TEA: Stock(on_hand=5), PARIS: Stock(on_hand=2)}, reserve(line("1", TEA, 3))),
        amend(
            BasketLine("2", Key("", "TEA", ""), 5, locations=("LONDON", "PARIS")),
            drop="1",
            split=False,
        ),
        [AMENDED, "HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 2 TEA 5"],
    ),
    (
        "own backorder makes room for another",
        given({TEA: Stock(backorder_limit=2)}, reserve(line("1", TEA, 2, backorder=True))),
        amend(line("2", TEA, 2, backorder=True), drop="1"),
        [
            AMENDED,
            "HoldReleased 1 TEA 2 UNSPECIFIED backordered=2",
            "StockHeld 2 TEA 2 backordered=2",
        ],
    ),
    (
        "a line that was shipped keeps its SKU",
        given(
            STOCKS,
            Allocate("", (line("1", TEA, 3),)),
            Ship("", "r1", (LineQuantity("1", 1),)),
        ),
        amend(line("1", MUG, 2)),
        LineExists("r1", "1"),
    ),
    (
        "one line is not counted here and uncounted there",
        given(STOCKS, reserve(line("1", TEA, 2)), Configure(TEA, tracked=False)),
        amend(line("1", TEA, 5)),
        LineExists("r1", "1"),
    ),
    ("no such line", held(), amend(drop="9"), UnknownLine("r1", "9")),
    (
        "no such SKU-location",
        held(),
        amend(line("3", Key("", "LOST", "LONDON"), 1)),
        UnknownStock(Key("", "LOST", "LONDON")),
    ),
    ("no such reservation", given(STOCKS), amend(drop="1"), UnknownReservation("r1")),
    (
        "a released one",
        given(STOCKS, reserve(line("1", TEA, 1)), Release("", "r1")),
        amend(line("1", TEA, 2)),
        AlreadyReleased("r1"),
    ),
    (
        "an expired one",
        given(STOCKS, reserve(line("1", TEA, 1)), Wait(CART_MS)),
        amend(line("1", TEA, 2)),
        HoldHasExpired("r1", 1_000_000 + CART_MS),
    ),
]


def move(to_location: str, *lines: LineQuantity) -> TransferReservation:
    return TransferReservation("", "r1", to_location, lines)


MOVE_ROWS: list[tuple[str, World, Command, object]] = [
    (
        "what is held",
        given(STOCKS, reserve(line("1", TEA, 3))),
        move("PARIS"),
        ["HoldReleased 1 TEA 3 UNSPECIFIED", "StockHeld 1 TEA@PARIS 3"],
    ),
    (
        "what is allocated",
        given(STOCKS, Allocate("", (line("1", TEA, 3),))),
        move("PARIS"),
        ["AllocationReleased 1 TEA 3 UNSPECIFIED", "StockAllocated 1 TEA@PARIS 3"],
    ),
    (
        "a part of a line",
        given(STOCKS, reserve(line("1", TEA, 3))),
        move("PARIS", LineQuantity("1", 2)),
        ["HoldReleased 1 TEA 2 UNSPECIFIED", "StockHeld 1 TEA@PARIS 2"],
    ),
    ("what is there already", given(STOCKS, reserve(line("1", TEA, 3))), move("LONDON"), []),
    (
        "where there is not enough",
        given({TEA: Stock(on_hand=9), PARIS: Stock(on_hand=2)}, reserve(line("1", TEA, 3))),
        move("PARIS"),
        short("1", PARIS, 3, 2),
    ),
    (
        "where the SKU is unknown",
        given(STOCKS, reserve(line("1", TEA, 3))),
        move("OSLO"),
        UnknownStock(Key("", "TEA", "OSLO")),
    ),
    (
        "not what lies in a box",
        given(STOCKS, Allocate("", (line("1", TEA, 3),)), Pick("", "r1", (PickedLine("1", 2),))),
        move("PARIS", LineQuantity("1", 2)),
        LineQuantityExceeded("r1", "1", 2, 1),
    ),
    (
        "all of it lies in a box",
        given(STOCKS, Allocate("", (line("1", TEA, 3),)), Pick("", "r1", (PickedLine("1", 3),))),
        move("PARIS"),
        PickedUnits("r1", "1", 3),
    ),
    (
        "moving a released one",
        given(STOCKS, reserve(line("1", TEA, 3)), Release("", "r1")),
        move("PARIS"),
        AlreadyReleased("r1"),
    ),
]

ROWS = AMEND_ROWS + MOVE_ROWS


@pytest.mark.parametrize(("name", "world", "command", "then"), ROWS, ids=[row[0] for row in ROWS])
def test_a_basket_changes(name: str, world: World, command: Command, then: object) -> None:
    assert when(world, command) == then
