"""Ship, told: what has left is recorded, whatever the books say."""

from collections.abc import Mapping

import pytest

from engine.core.commands import Allocate, BasketLine, Command, LineQuantity, Reserve, Sell, Ship
from engine.core.events import Event
from engine.core.limits import BALANCE_MAX
from engine.core.model import IfShort, Key, Line, ReservationStatus, Stock
from engine.core.rejections import (
    AlreadyReleased,
    AlreadyShipped,
    BalanceOutOfRange,
    UnknownLine,
    UnknownReservation,
    UnknownStock,
)
from tests.core.baskets import (
    DEPOT,
    DUE,
    DUE_UNSWEPT,
    EXPIRED,
    HOLD,
    HOLD_BEYOND,
    KIT,
    NOTHING,
    PATIENCE_MS,
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
    give_back,
    pick,
    release,
    ship,
)
from tests.core.world import MUG, START_MS, TEA, given, when

Rows = list[tuple[str, Past, Command, object]]

FIRST = "shipment_id=1"


def has_left(*wanted: str) -> Ship:
    return ship(*wanted, told=True)


def shipped(line_id: str, sku: str, units: int, extra: str = "") -> str:
    return " ".join(filter(None, ["StockShipped", line_id, sku, str(units), extra, FIRST]))


def unexpectedly(line_id: str, sku: str, units: int, extra: str = "", each: int = 1) -> str:
    words = ["ShippedUnexpectedly", line_id, sku, str(units), extra, FIRST, f"units_each={each}"]
    return " ".join(filter(None, words))


BOTH = [shipped("1", "TEA", 3), shipped("2", "MUG", 2)]
BOTH_COMMITTED = ["HoldCommitted 1 TEA 3", "HoldCommitted 2 MUG 2"]
STOCKED = {**STOCKS, DEPOT: Stock(on_hand=10)}

ONE_PLACE: Rows = [
    ("an order, as expected", (SOLD,), has_left(), BOTH),
    (
        "picked units first",
        (SOLD, pick("1:1")),
        has_left("1:2"),
        [shipped("1", "TEA", 2, "picked=1")],
    ),
    (
        "more than was ordered",
        (SOLD,),
        has_left("1:5"),
        [shipped("1", "TEA", 3), unexpectedly("1", "TEA", 2)],
    ),
    (
        "more than is there",
        (SOLD,),
        has_left("1:12"),
        [shipped("1", "TEA", 3), unexpectedly("1", "TEA", 9), "ShortfallDetected TEA 2"],
    ),
    (
        "what was shipped already",
        (SOLD, ship()),
        has_left("1:1"),
        ["ShippedUnexpectedly 1 TEA 1 shipment_id=2 units_each=1"],
    ),
    ("everything, shipped already", (SOLD, ship()), has_left(), AlreadyShipped("r1")),
    ("a line, shipped already", (SOLD, ship("1")), has_left("1"), NOTHING),
    ("a hold: as if it had been committed", (HOLD,), has_left(), [*BOTH_COMMITTED, *BOTH]),
    (
        "a part of a hold: the rest stays held",
        (HOLD,),
        has_left("1:2"),
        ["HoldCommitted 1 TEA 2", shipped("1", "TEA", 2)],
    ),
    (
        "allocated units before held ones",
        (HOLD, commit("1:1", keep=True)),
        has_left("1:2"),
        ["HoldCommitted 1 TEA 1", shipped("1", "TEA", 2)],
    ),
    (
        "everything of a hold committed in part: what is allocated",
        (HOLD, commit("1:1", keep=True)),
        has_left(),
        [shipped("1", "TEA", 1)],
    ),
    (
        "what was released",
        (SOLD, release()),
        has_left("1:2"),
        [unexpectedly("1", "TEA", 2)],
    ),
    ("everything of what was released", (SOLD, release()), has_left(), AlreadyReleased("r1")),
    ("what has expired", (HOLD, DUE), has_left("1:2"), [unexpectedly("1", "TEA", 2)]),
    (
        "what has expired, not swept",
        (HOLD, DUE_UNSWEPT),
        has_left("1:2"),
        [unexpectedly("1", "TEA", 2)],
    ),
    ("everything of what has expired", (HOLD, DUE), has_left(), EXPIRED),
    (
        "from elsewhere: what waited in vain is given back",
        (SOLD,),
        has_left("1:2@DEPOT"),
        ["AllocationReleased 1 TEA 2 OTHER", unexpectedly("1", "TEA@DEPOT", 2)],
    ),
    (
        "more than was ordered, from elsewhere: no more is given back than was",
        (SOLD,),
        has_left("1:5@DEPOT"),
        ["AllocationReleased 1 TEA 3 OTHER", unexpectedly("1", "TEA@DEPOT", 5)],
    ),
    (
        "from elsewhere although it lay in a box",
        (SOLD, pick("1:2")),
        has_left("1:2@DEPOT"),
        [
            "AllocationUnpicked 1 TEA 1",
            "AllocationReleased 1 TEA 2 OTHER",
            unexpectedly("1", "TEA@DEPOT", 2),
        ],
    ),
    (
        "from elsewhere, and held",
        (HOLD,),
        has_left("1:2@DEPOT"),
        ["HoldReleased 1 TEA 2 OTHER", unexpectedly("1", "TEA@DEPOT", 2)],
    ),
    (
        "allocated units are given back before held ones",
        (HOLD, commit("1:1", keep=True)),
        has_left("1:2@DEPOT"),
        [
            "HoldReleased 1 TEA 1 OTHER",
            "AllocationReleased 1 TEA 1 OTHER",
            unexpectedly("1", "TEA@DEPOT", 2),
        ],
    ),
    (
        "from elsewhere twice, in one shipment",
        (SOLD,),
        has_left("1:1@DEPOT", "1:1@DEPOT", "1:1"),
        [
            "AllocationReleased 1 TEA 2 OTHER",
            shipped("1", "TEA", 1),
            unexpectedly("1", "TEA@DEPOT", 2),
        ],
    ),
    ("all that is elsewhere", (SOLD,), has_left("1@DEPOT"), NOTHING),
    (
        "from where nobody knows it",
        (SOLD,),
        has_left("1:2@ATTIC"),
        UnknownStock(Key("", "TEA", "ATTIC")),
    ),
    ("an unknown line", (SOLD,), has_left("3:1"), UnknownLine("r1", "3")),
    (
        "an unknown reservation",
        (SOLD,),
        Ship("", "r2", if_unexpected=IfShort.RECORD),
        UnknownReservation("r2"),
    ),
]

BEYOND: Rows = [
    (
        "backordered units have left all the same",
        (SOLD_BEYOND,),
        has_left("1"),
        [
            "AllocationReleased 1 TEA 1 OTHER backordered=1",
            shipped("1", "TEA", 2),
            unexpectedly("1", "TEA", 1),
            "ShortfallDetected TEA 1",
        ],
    ),
    (
        "backordered units of a hold too",
        (HOLD_BEYOND,),
        has_left("1:3"),
        [
            "HoldReleased 1 TEA 1 OTHER backordered=1",
            "HoldCommitted 1 TEA 2",
            shipped("1", "TEA", 2),
            unexpectedly("1", "TEA", 1),
            "ShortfallDetected TEA 1",
        ],
    ),
    (
        "what was ordered leaves before what is held, stock behind it or not",
        (
            Reserve("", (BasketLine("1", TEA, 1),)),
            Allocate("", (BasketLine("1", TEA, 2, allow_backorder=True),)),
        ),
        Ship("", "r2", (LineQuantity("1", 2),), if_unexpected=IfShort.RECORD),
        [
            "AllocationReleased 1 TEA 1 OTHER backordered=1",
            shipped("1", "TEA", 1),
            unexpectedly("1", "TEA", 1),
            "ShortfallDetected TEA 1 at_risk=r1:1 held",
        ],
    ),
    (
        "what waited does not wait any more",
        (WAITING,),
        has_left("1:3"),
        [
            "WaitLeft 1 TEA 1 OTHER",
            "HoldCommitted 1 TEA 2",
            shipped("1", "TEA", 2),
            unexpectedly("1", "TEA", 1),
            "ShortfallDetected TEA 1",
            f"ReservationPromoted {START_MS + 300_000}",
        ],
    ),
]

SOLD_SPLIT = Allocate("", SPLIT)
PLACES: Rows = [
    (
        "all from one of two locations",
        (SOLD_SPLIT,),
        has_left("1:5@DEPOT"),
        [
            "AllocationReleased 1 TEA 2 OTHER",
            shipped("1", "TEA@DEPOT", 3),
            unexpectedly("1", "TEA@DEPOT", 2),
        ],
    ),
    (
        "more than is at one of them",
        (SOLD_SPLIT,),
        has_left("1:5@LONDON"),
        [
            "AllocationReleased 1 TEA@DEPOT 3 OTHER",
            shipped("1", "TEA", 2),
            unexpectedly("1", "TEA", 3),
            "ShortfallDetected TEA 3",
        ],
    ),
]

SETS = Allocate("", (BasketLine("1", SET, 2),))
KITS: Rows = [
    (
        "more kits than were ordered",
        (SETS,),
        has_left("1:3"),
        [
            shipped("1", "SET", 2, "uncounted"),
            shipped("1", "TEA", 2),
            shipped("1", "MUG", 4),
            unexpectedly("1", "SET", 1, "uncounted"),
            unexpectedly("1", "TEA", 1),
            unexpectedly("1", "MUG", 2, each=2),
        ],
    ),
    (
        "everything of a hold: whole kits, of what has not only waited",
        (Reserve("", (BasketLine("1", SET, 6),), wait_ms=PATIENCE_MS),),
        has_left(),
        [
            "HoldCommitted 1 SET 5 uncounted",
            "HoldCommitted 1 TEA 5",
            "HoldCommitted 1 MUG 10",
            shipped("1", "SET", 5, "uncounted"),
            shipped("1", "TEA", 5),
            shipped("1", "MUG", 10),
        ],
    ),
    (
        "a kit from elsewhere",
        (SETS,),
        has_left("1:1@DEPOT"),
        [
            "AllocationReleased 1 TEA 1 OTHER",
            "AllocationReleased 1 MUG 2 OTHER",
            shipped("1", "SET", 1, "uncounted"),
            unexpectedly("1", "TEA@DEPOT", 1),
            unexpectedly("1", "MUG@DEPOT", 2, each=2),
        ],
    ),
]

ROWS: dict[str, tuple[Mapping[Key, Stock], tuple[Event, ...], Rows]] = {
    "told": (STOCKED, (), ONE_PLACE),
    "told, beyond stock": (THIN, (), BEYOND),
    "told, several locations": (TWO_PLACES, (), PLACES),
    "told, kits": (
        {**STOCKED, Key("", "MUG", "DEPOT"): Stock(on_hand=10)},
        (KIT,),
        KITS,
    ),
}


@pytest.mark.parametrize(
    ("stocks", "configured", "past", "command", "then"),
    [
        pytest.param(stocks, configured, past, command, then, id=f"{family}: {name}")
        for family, (stocks, configured, rows) in ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_what_has_left(
    stocks: Mapping[Key, Stock],
    configured: tuple[Event, ...],
    past: Past,
    command: Command,
    then: object,
) -> None:
    assert when(given(stocks, *past, configured=configured), command) == then


def test_what_has_left_unexpectedly_is_shipped_and_can_come_back() -> None:
    world = given(STOCKED, SOLD, release(), has_left("1:2@DEPOT"))
    reservation = world.reservations["r1"]
    assert reservation.status is ReservationStatus.SHIPPED
    assert Line("1", DEPOT, shipped=2) in reservation.lines
    assert world.stocks[DEPOT].on_hand == 8
    assert when(world, give_back()) == [f"StockReturned 1 TEA@DEPOT 2 {FIRST}"]


def test_a_kit_from_elsewhere_comes_back_as_a_kit() -> None:
    depot = {Key("", "MUG", "DEPOT"): Stock(on_hand=10)}
    world = given({**STOCKED, **depot}, SETS, has_left("1:1@DEPOT"), configured=(KIT,))
    assert when(world, give_back("1:1")) == [
        f"StockReturned 1 SET 1 uncounted {FIRST}",
        f"StockReturned 1 TEA@DEPOT 1 {FIRST}",
        f"StockReturned 1 MUG@DEPOT 2 {FIRST}",
    ]


def test_a_shortfall_is_the_risk_of_others() -> None:
    """What this reservation has given back or shipped is not at risk any more."""
    others = Allocate("", (BasketLine("1", TEA, 6),))
    mixed = Allocate("", (BasketLine("1", TEA, 2), BasketLine("2", TEA, 1)))
    world = given(STOCKS, mixed, others)
    assert when(world, has_left("1:5")) == [
        shipped("1", "TEA", 2),
        unexpectedly("1", "TEA", 3),
        "ShortfallDetected TEA 2 at_risk=r2:6",
    ]
    assert when(given(STOCKS, others, Sell(TEA, 3), Ship("", "r1")), has_left("1:9")) == [
        "ShippedUnexpectedly 1 TEA 9 shipment_id=2 units_each=1",
        "ShortfallDetected TEA 8",
    ]


def test_what_has_left_may_not_drive_a_balance_out_of_its_range() -> None:
    low = {TEA: Stock(on_hand=4 - BALANCE_MAX), MUG: Stock(on_hand=10)}
    world = given(low, Allocate("", (BasketLine("1", TEA, 3),), IfShort.RECORD))
    refused = BalanceOutOfRange(TEA, "on_hand", -1 - BALANCE_MAX, BALANCE_MAX)
    assert when(world, has_left("1:5")) == refused
    told = Ship("", "r1", (LineQuantity("1", 4),), if_unexpected=IfShort.RECORD)
    assert when(world, told) == [
        shipped("1", "TEA", 3),
        unexpectedly("1", "TEA", 1),
        f"ShortfallDetected TEA {BALANCE_MAX}",
    ]


def test_where_nothing_is_counted_nothing_falls_short() -> None:
    attic = Key("", "TEA", "ATTIC")
    world = given({**STOCKS, attic: Stock(tracked=False)}, SOLD)
    assert when(world, has_left("1:9@ATTIC")) == [
        "AllocationReleased 1 TEA 3 OTHER",
        unexpectedly("1", "TEA@ATTIC", 9, "uncounted"),
    ]
