"""Return: shipped units come back, to be sold again or not."""

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Return
from engine.core.limits import BALANCE_MAX, UNAVAILABLE_CAUSES_MAX
from engine.core.model import Line, Reservation, ReservationStatus, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    NotShipped,
    TooMany,
    UnknownLine,
    UnknownReservation,
    UnknownShipment,
)
from tests.core.baskets import (
    HOLD,
    KIT,
    NOTHING,
    SET,
    SOLD,
    SPLIT,
    STOCKS,
    TWO_PLACES,
    Past,
    commit,
    exceeded,
    give_back,
    release,
    ship,
)
from tests.core.world import MUG, POSTAGE, START_MS, TEA, given, when

FIRST = "shipment_id=1"
SECOND = "shipment_id=2"
TWICE: Past = (SOLD, ship("1:2"), ship())
"""Two units of tea in the first shipment, one and the mugs in the second."""

ROWS: list[tuple[str, Past, Command, object]] = [
    (
        "everything",
        (SOLD, ship()),
        give_back(),
        [f"StockReturned 1 TEA 3 {FIRST}", f"StockReturned 2 MUG 2 {FIRST}"],
    ),
    ("a line", (SOLD, ship()), give_back("2"), [f"StockReturned 2 MUG 2 {FIRST}"]),
    ("a part", (SOLD, ship()), give_back("1:2"), [f"StockReturned 1 TEA 2 {FIRST}"]),
    (
        "the rest",
        (SOLD, ship(), give_back("1:2")),
        give_back(),
        [f"StockReturned 1 TEA 1 {FIRST}", f"StockReturned 2 MUG 2 {FIRST}"],
    ),
    (
        "not to be sold",
        (SOLD, ship()),
        give_back("1:1", cause="DAMAGED"),
        [f"StockReturned 1 TEA 1 {FIRST} unavailable_cause=DAMAGED"],
    ),
    (
        "of whichever shipment: the oldest first",
        TWICE,
        give_back("1"),
        [f"StockReturned 1 TEA 2 {FIRST}", f"StockReturned 1 TEA 1 {SECOND}"],
    ),
    ("a part of the oldest", TWICE, give_back("1:1"), [f"StockReturned 1 TEA 1 {FIRST}"]),
    (
        "of one shipment",
        TWICE,
        give_back(shipment_id="2"),
        [f"StockReturned 1 TEA 1 {SECOND}", f"StockReturned 2 MUG 2 {SECOND}"],
    ),
    (
        "of shipments of one name",
        (SOLD, ship("1:1", reference="S"), ship("1:2", reference="S")),
        give_back("1:3", shipment_id="S"),
        ["StockReturned 1 TEA 3 shipment_id=S"],
    ),
    ("more than one shipment had", TWICE, give_back("1:2", shipment_id="2"), exceeded("1", 2, 1)),
    (
        "a line that is in another shipment",
        TWICE,
        give_back("2:1", shipment_id="1"),
        exceeded("2", 1, 0),
    ),
    ("more than was shipped", TWICE, give_back("1:4"), exceeded("1", 4, 3)),
    (
        "more than has not come back",
        (SOLD, ship(), give_back("1:2")),
        give_back("1:2"),
        exceeded("1", 2, 1),
    ),
    ("a line again: nothing is left of it", (*TWICE, give_back("1")), give_back("1"), NOTHING),
    ("everything again", (SOLD, ship(), give_back()), give_back(), NotShipped("r1")),
    (
        "all of one shipment again",
        (*TWICE, give_back(shipment_id="2")),
        give_back(shipment_id="2"),
        NotShipped("r1"),
    ),
    ("a line that was not shipped", (SOLD, ship("1")), give_back("2:1"), exceeded("2", 1, 0)),
    ("what was not shipped", (SOLD,), give_back(), NotShipped("r1")),
    ("what was released", (SOLD, release()), give_back(), NotShipped("r1")),
    (
        "what was shipped before the rest was released",
        (SOLD, ship("2"), release()),
        give_back(),
        [
            f"StockReturned 2 MUG 2 {FIRST}",
        ],
    ),
    (
        "what was shipped while the rest is held",
        (HOLD, commit("2", keep=True), ship()),
        give_back(),
        [f"StockReturned 2 MUG 2 {FIRST}"],
    ),
    ("an unknown line", (SOLD, ship()), give_back("3"), UnknownLine("r1", "3")),
    (
        "an unknown shipment",
        (SOLD, ship()),
        give_back(shipment_id="2"),
        UnknownShipment("r1", "2"),
    ),
    ("an unknown reservation", (SOLD, ship()), Return("", "r2"), UnknownReservation("r2")),
    ("another tenant's", (SOLD, ship()), Return("other", "r1"), UnknownReservation("r1")),
]


@pytest.mark.parametrize(
    ("past", "command", "then"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_return(past: Past, command: Command, then: object) -> None:
    assert when(given(STOCKS, *past), command) == then


def test_what_has_come_back_is_there_again_and_stays_shipped() -> None:
    world = given(STOCKS, SOLD, ship(), give_back("1:2"), give_back("1:1", cause="DAMAGED"))
    stock = world.stocks[TEA]
    assert (stock.on_hand, stock.sellable) == (10, 9)
    assert stock.unavailable == (("DAMAGED", 1),)
    assert world.reservations["r1"].status is ReservationStatus.SHIPPED


def test_units_come_back_where_they_left_from() -> None:
    world = given(TWO_PLACES, Allocate("", SPLIT), ship())
    assert when(world, give_back("1:3")) == [
        f"StockReturned 1 TEA 2 {FIRST}",
        f"StockReturned 1 TEA@DEPOT 1 {FIRST}",
    ]


def test_kits_come_back_whole() -> None:
    order = Allocate("", (BasketLine("1", SET, 3),))
    world = given(STOCKS, order, ship("1:2"), ship(), configured=(KIT,))
    assert when(world, give_back("1:4")) == exceeded("1", 4, 3)
    assert when(world, give_back("1:1", shipment_id="2")) == [
        f"StockReturned 1 SET 1 uncounted {SECOND}",
        f"StockReturned 1 TEA 1 {SECOND}",
        f"StockReturned 1 MUG 2 {SECOND}",
    ]


def test_what_left_before_shipments_were_recorded_comes_back_first() -> None:
    world = given(STOCKS, SOLD, ship("1:1"))
    shipments = world.reservations["r1"].shipments
    lines = (Line("1", TEA, allocated=0, shipped=3), Line("2", MUG, allocated=2))
    world.reservations["r1"] = Reservation("r1", "", START_MS, lines=lines, shipments=shipments)
    assert when(world, give_back("1:1", shipment_id="1")) == [f"StockReturned 1 TEA 1 {FIRST}"]
    assert when(world, give_back("1:1")) == ["StockReturned 1 TEA 1"]
    assert when(world, give_back()) == ["StockReturned 1 TEA 1"]
    assert when(world, give_back()) == NotShipped("r1")


def test_a_return_may_not_drive_a_balance_out_of_its_range() -> None:
    basket = (BasketLine("1", TEA, 1), BasketLine("2", TEA, 1), BasketLine("3", POSTAGE, 1))
    world = given(STOCKS, Allocate("", basket), ship())
    world.stocks[TEA] = Stock(on_hand=BALANCE_MAX - 1)
    world.stocks[POSTAGE] = Stock(on_hand=BALANCE_MAX, tracked=False)
    assert when(world, give_back()) == BalanceOutOfRange(
        TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX
    )
    assert when(world, give_back("1", "3")) == [
        f"StockReturned 1 TEA 1 {FIRST}",
        f"StockReturned 3 POSTAGE 1 uncounted {FIRST}",
    ]


def test_units_come_back_for_no_more_causes_than_a_location_has() -> None:
    world = given(STOCKS, SOLD, ship())
    causes = tuple((f"CAUSE {number:02}", 1) for number in range(UNAVAILABLE_CAUSES_MAX))
    world.stocks[TEA] = Stock(100, unavailable=causes)
    many = UNAVAILABLE_CAUSES_MAX + 1
    refused = TooMany(TEA, "unavailable", many, UNAVAILABLE_CAUSES_MAX)
    assert when(world, give_back("1:1", cause="DAMAGED")) == refused
    assert when(world, give_back("1:1", cause="CAUSE 03")) == [
        f"StockReturned 1 TEA 1 {FIRST} unavailable_cause=CAUSE 03"
    ]
