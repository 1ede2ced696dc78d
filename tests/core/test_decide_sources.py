"""Where lines come from, what kits consist of, and how much one customer may have."""

import pytest

from engine.core.commands import (
    Allocate,
    BasketLine,
    Command,
    Commit,
    LineQuantity,
    Release,
    Reserve,
    Return,
    Ship,
)
from engine.core.configuration import Component, Kit, Location
from engine.core.events import CustomersLimited, Event, KitDefined, LocationsConfigured
from engine.core.model import Fill, IfShort, Key, Selling, ShortCause, ShortLine, Stock, Strategy
from engine.core.rejections import (
    CustomerRequired,
    InsufficientStock,
    UnknownGroup,
    UnknownStock,
)
from tests.core.world import CART_MS, START_MS, TEA, Wait, World, given, when

PARIS, OSLO = Key("", "TEA", "PARIS"), Key("", "TEA", "OSLO")
ANYWHERE = Key("", "TEA", "")
MUG = Key("", "MUG", "LONDON")
SET = Key("", "SET", "LONDON")
CREATED = f"ReservationCreated {START_MS + CART_MS}"
STOCKS = {
    TEA: Stock(on_hand=2),
    PARIS: Stock(on_hand=3),
    OSLO: Stock(on_hand=9),
    MUG: Stock(on_hand=9),
}
EUROPE = LocationsConfigured(
    "",
    (
        Location("OSLO", 3, groups=("europe",)),
        Location("PARIS", 2, groups=("europe",)),
        Location("LONDON", 1, groups=("europe",)),
        Location("NICE", 0, groups=("europe",)),
        Location("ROME", 0, enabled=False, groups=("europe", "closed")),
    ),
)
KIT = KitDefined("", Kit("SET", (Component("TEA", 2), Component("MUG", 1))))


def listed(quantity: int, *locations: str) -> BasketLine:
    return BasketLine("1", ANYWHERE, quantity, locations=locations)


def grouped(quantity: int, group: str = "europe") -> BasketLine:
    return BasketLine("1", ANYWHERE, quantity, group=group)


def reserve(*lines: BasketLine, **more: object) -> Reserve:
    return Reserve("", lines, **more)  # type: ignore[arg-type]


def sets(quantity: int, line_id: str = "1") -> BasketLine:
    return BasketLine(line_id, SET, quantity)


def short(key: Key, cause: ShortCause, asked: int, available: int) -> InsufficientStock:
    return InsufficientStock((ShortLine("1", key, cause, asked, available),))


def world(*past: Command | Wait, configured: tuple[Event, ...] = (EUROPE, KIT)) -> World:
    return given(STOCKS, *past, configured=configured)


SOURCES: list[tuple[str, World, Command, object]] = [
    (
        "as preferred, split over what there is",
        world(),
        reserve(listed(4, "PARIS", "LONDON")),
        [CREATED, "StockHeld 1 TEA@PARIS 3", "StockHeld 1 TEA 1"],
    ),
    (
        "not split: from the first that has it all",
        world(),
        reserve(listed(4, "PARIS", "LONDON", "OSLO"), split=False),
        [CREATED, "StockHeld 1 TEA@OSLO 4"],
    ),
    (
        "not split, and nobody has it all",
        world(),
        reserve(listed(4, "PARIS", "LONDON"), split=False),
        short(ANYWHERE, ShortCause.STOCK, 4, 3),
    ),
    (
        "a group, by priority; who does not have the SKU is passed by",
        world(),
        reserve(grouped(4)),
        [CREATED, "StockHeld 1 TEA 2", "StockHeld 1 TEA@PARIS 2"],
    ),
    (
        "a group, by fewest splits",
        world(),
        reserve(grouped(4), strategy=Strategy.FEWEST_SPLITS),
        [CREATED, "StockHeld 1 TEA@OSLO 4"],
    ),
    (
        "fewest splits over the whole basket: one location that has all lines",
        given(
            {
                TEA: Stock(on_hand=9),
                OSLO: Stock(on_hand=9),
                Key("", "MUG", "OSLO"): Stock(on_hand=9),
                MUG: Stock(on_hand=1),
            },
            configured=(EUROPE,),
        ),
        reserve(
            grouped(4),
            BasketLine("2", Key("", "MUG", ""), 2, group="europe"),
            strategy=Strategy.FEWEST_SPLITS,
        ),
        [CREATED, "StockHeld 1 TEA@OSLO 4", "StockHeld 2 MUG@OSLO 2"],
    ),
    (
        "a group, by most stock",
        world(),
        reserve(grouped(1), strategy=Strategy.MOST_STOCK),
        [CREATED, "StockHeld 1 TEA@OSLO 1"],
    ),
    (
        "more than all of them have",
        world(),
        reserve(grouped(15)),
        short(ANYWHERE, ShortCause.STOCK, 15, 14),
    ),
    ("a group of no location", world(), reserve(grouped(1, "asia")), UnknownGroup("1", "asia")),
    ("a group that is closed", world(), reserve(grouped(1, "closed")), UnknownGroup("1", "closed")),
    (
        "no location has the SKU",
        world(),
        reserve(listed(1, "NICE", "ROME")),
        UnknownStock(Key("", "TEA", "NICE")),
    ),
    (
        "a location that is disabled",
        given(
            STOCKS,
            configured=(LocationsConfigured("", (Location("LONDON", enabled=False),)),),
        ),
        reserve(BasketLine("1", TEA, 1)),
        short(TEA, ShortCause.LOCATION_DISABLED, 1, 0),
    ),
    (
        "a location where selling is stopped is passed by",
        given({TEA: Stock(on_hand=9, selling=Selling.STOPPED), PARIS: Stock(on_hand=9)}),
        reserve(listed(2, "LONDON", "PARIS")),
        [CREATED, "StockHeld 1 TEA@PARIS 2"],
    ),
    (
        "told: what is there first, the rest where it is preferred",
        world(),
        Allocate("", (listed(6, "LONDON", "PARIS"),), IfShort.RECORD),
        [
            "ReservationCreated 0",
            "StockAllocated 1 TEA 3",
            "StockAllocated 1 TEA@PARIS 3",
            "ShortfallDetected TEA 1 at_risk=r1:3",
        ],
    ),
    # Kits.
    (
        "a kit takes its components, and counts itself",
        world(),
        reserve(sets(1)),
        [
            CREATED,
            "StockHeld 1 SET 1 uncounted",
            "StockHeld 1 TEA 2 units_each=2",
            "StockHeld 1 MUG 1",
        ],
    ),
    (
        "as many as the scarcest component makes",
        world(),
        reserve(sets(2)),
        short(SET, ShortCause.STOCK, 2, 1),
    ),
    (
        "two lines that share a component",
        world(),
        reserve(sets(1), BasketLine("2", TEA, 1)),
        InsufficientStock((ShortLine("2", TEA, ShortCause.STOCK, 1, 0),)),
    ),
    (
        "two kits that share a component",
        world(),
        reserve(sets(1), sets(1, "2")),
        InsufficientStock((ShortLine("2", SET, ShortCause.STOCK, 1, 0),)),
    ),
    (
        "best effort takes whole kits alone",
        given({TEA: Stock(on_hand=5), MUG: Stock(on_hand=9)}, configured=(KIT,)),
        reserve(sets(3), fill=Fill.BEST_EFFORT),
        [
            CREATED,
            "StockHeld 1 SET 2 uncounted",
            "StockHeld 1 TEA 4 units_each=2",
            "StockHeld 1 MUG 2",
        ],
    ),
    (
        "what a kit cannot make use of is left to the lines after it",
        given({TEA: Stock(on_hand=9), MUG: Stock(on_hand=1)}, configured=(KIT,)),
        reserve(sets(3), BasketLine("2", TEA, 7), fill=Fill.BEST_EFFORT),
        [
            CREATED,
            "StockHeld 1 SET 1 uncounted",
            "StockHeld 1 TEA 2 units_each=2",
            "StockHeld 1 MUG 1",
            "StockHeld 2 TEA 7",
        ],
    ),
    (
        "a part of a kit's line is committed in kits",
        given({TEA: Stock(on_hand=9), MUG: Stock(on_hand=9)}, reserve(sets(3)), configured=(KIT,)),
        Commit("", "r1", (LineQuantity("1", 1),)),
        [
            "HoldCommitted 1 SET 1 uncounted",
            "HoldCommitted 1 TEA 2",
            "HoldCommitted 1 MUG 1",
            "HoldReleased 1 SET 2 uncounted UNSPECIFIED",
            "HoldReleased 1 TEA 4 UNSPECIFIED",
            "HoldReleased 1 MUG 2 UNSPECIFIED",
        ],
    ),
]

LIMITED = CustomersLimited("", "TEA", 2, window_ms=10_000)
SET_LIMITED = CustomersLimited("", "SET", 1)


def ann(quantity: int, key: Key = TEA, customer: str = "ann", limit: int = 0) -> Reserve:
    line = BasketLine("1", key, quantity, customer_limit=limit)
    return reserve(line, customer=customer)


def limited(*past: Command | Wait, limit: Event = LIMITED) -> World:
    return given(STOCKS, *past, configured=(KIT, limit))


CREATED_ANN = CREATED.replace(" ", " ann ", 1)
SHIPPED = (ann(2), Commit("", "r1"), Ship("", "r1"))

LIMITS: list[tuple[str, World, Command, object]] = [
    ("up to the limit", limited(), ann(2), [CREATED_ANN, "StockHeld 1 TEA 2"]),
    ("one more", limited(), ann(3, OSLO), short(OSLO, ShortCause.CUSTOMER_LIMIT, 3, 2)),
    (
        "what is held elsewhere counts",
        limited(ann(1)),
        ann(2, PARIS),
        short(PARIS, ShortCause.CUSTOMER_LIMIT, 2, 1),
    ),
    (
        "lines of one basket count together",
        limited(),
        reserve(BasketLine("0", PARIS, 2), BasketLine("1", OSLO, 1), customer="ann"),
        short(OSLO, ShortCause.CUSTOMER_LIMIT, 1, 0),
    ),
    (
        "another customer",
        limited(ann(2)),
        ann(2, PARIS, "bob"),
        [CREATED_ANN.replace("ann", "bob"), "StockHeld 1 TEA@PARIS 2"],
    ),
    (
        "what was released counts no more",
        limited(ann(2), Release("", "r1")),
        ann(2),
        [CREATED_ANN, "StockHeld 1 TEA 2"],
    ),
    (
        "what was shipped counts for its time",
        limited(*SHIPPED, Wait(9_999)),
        ann(1, OSLO),
        short(OSLO, ShortCause.CUSTOMER_LIMIT, 1, 0),
    ),
    (
        "and then no more",
        limited(*SHIPPED, Wait(10_000)),
        ann(1, OSLO),
        [f"ReservationCreated ann {START_MS + 10_000 + CART_MS}", "StockHeld 1 TEA@OSLO 1"],
    ),
    (
        "nor what came back",
        limited(*SHIPPED, Return("", "r1", (LineQuantity("1", 1),))),
        ann(1, OSLO),
        [CREATED_ANN, "StockHeld 1 TEA@OSLO 1"],
    ),
    ("somebody has to be named", limited(), ann(1, customer=""), CustomerRequired("1", "TEA")),
    (
        "a lower limit of the line's own",
        limited(),
        ann(2, limit=1),
        short(TEA, ShortCause.CUSTOMER_LIMIT, 2, 1),
    ),
    (
        "a limit on kits",
        limited(limit=SET_LIMITED),
        ann(2, SET),
        short(SET, ShortCause.CUSTOMER_LIMIT, 2, 1),
    ),
    (
        "what has happened is not limited",
        limited(),
        Allocate("", (BasketLine("1", OSLO, 3),), IfShort.RECORD, customer="ann"),
        ["ReservationCreated ann 0", "StockAllocated 1 TEA@OSLO 3"],
    ),
]

ROWS = SOURCES + LIMITS


@pytest.mark.parametrize(("name", "before", "command", "then"), ROWS, ids=[row[0] for row in ROWS])
def test_a_basket_is_filled(name: str, before: World, command: Command, then: object) -> None:
    assert when(before, command) == then
