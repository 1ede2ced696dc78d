"""Extend, Release, Ship and expiry, and lines that are filled from several locations."""

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Extend, Release, Sell, Ship
from engine.core.decide import due
from engine.core.limits import BALANCE_MAX
from engine.core.model import HoldClass, IfShort, Key, Line, ReleaseReason, Reservation, Stock
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    AlreadyShipped,
    BalanceOutOfRange,
    HoldHasExpired,
    NotCommitted,
    UnknownLine,
    UnknownReservation,
)
from tests.core.baskets import (
    DEADLINE_MS,
    DUE,
    DUE_UNSWEPT,
    EXPIRED,
    HOLD,
    JUST_IN_TIME,
    NOTHING,
    SOLD,
    STOCKS,
    Past,
    commit,
    exceeded,
    release,
    ship,
)
from tests.core.world import CART_MS, POSTAGE, START_MS, TEA, Wait, World, given, told, when

EXTEND = Extend("", "r1", ttl_ms=5_000)

ROWS: dict[str, list[tuple[str, Past, Command, object]]] = {
    "extend": [
        ("a hold", (HOLD,), EXTEND, [f"ReservationExtended {START_MS + 5_000}"]),
        (
            "by its class",
            (HOLD, Wait(7)),
            Extend("", "r1", hold_class=HoldClass.CART),
            [f"ReservationExtended {DEADLINE_MS + 7}"],
        ),
        (
            "in the last millisecond",
            (HOLD, JUST_IN_TIME),
            EXTEND,
            [f"ReservationExtended {DEADLINE_MS + 4_999}"],
        ),
        ("at the deadline", (HOLD, DUE), EXTEND, EXPIRED),
        ("at the deadline, not swept", (HOLD, DUE_UNSWEPT), EXTEND, EXPIRED),
        (
            "to an earlier deadline, which then counts",
            (HOLD, EXTEND, Wait(5_000, sweep=False)),
            EXTEND,
            HoldHasExpired("r1", START_MS + 5_000),
        ),
        (
            "past the first deadline",
            (HOLD, Extend("", "r1", ttl_ms=2 * CART_MS), DUE),
            EXTEND,
            [f"ReservationExtended {DEADLINE_MS + 5_000}"],
        ),
        (
            "a partly committed hold",
            (HOLD, commit("1", keep=True)),
            EXTEND,
            [f"ReservationExtended {START_MS + 5_000}"],
        ),
        ("a committed one", (HOLD, commit()), EXTEND, AlreadyCommitted("r1")),
        ("an allocated one", (SOLD,), EXTEND, AlreadyCommitted("r1")),
        ("a shipped one", (HOLD, commit(), ship()), EXTEND, AlreadyShipped("r1")),
        ("a released one", (HOLD, release()), EXTEND, AlreadyReleased("r1")),
        ("a rest that expired", (HOLD, commit("1", keep=True), DUE), EXTEND, EXPIRED),
        ("one that expired unswept", (HOLD, commit("1", keep=True), DUE_UNSWEPT), EXTEND, EXPIRED),
        ("an unknown one", (HOLD,), Extend("", "r2"), UnknownReservation("r2")),
        ("another tenant's", (HOLD,), Extend("other", "r1"), UnknownReservation("r1")),
    ],
    "release": [
        (
            "a hold",
            (HOLD,),
            release(),
            ["HoldReleased 1 TEA 3 OTHER", "HoldReleased 2 MUG 2 OTHER"],
        ),
        (
            "an order",
            (SOLD,),
            release(reason=ReleaseReason.FRAUD),
            ["AllocationReleased 1 TEA 3 FRAUD", "AllocationReleased 2 MUG 2 FRAUD"],
        ),
        ("a line", (HOLD,), release("2"), ["HoldReleased 2 MUG 2 OTHER"]),
        ("a part", (HOLD,), release("1:2"), ["HoldReleased 1 TEA 2 OTHER"]),
        (
            "held units before allocated ones",
            (HOLD, commit("1:1", keep=True)),
            release("1"),
            ["HoldReleased 1 TEA 2 OTHER", "AllocationReleased 1 TEA 1 OTHER"],
        ),
        (
            "held units alone while they last",
            (HOLD, commit("1:1", keep=True)),
            release("1:2"),
            ["HoldReleased 1 TEA 2 OTHER"],
        ),
        ("too many", (HOLD,), release("1:4"), exceeded("1", 4, 3)),
        (
            "too many, held and allocated",
            (HOLD, commit("1:1", keep=True)),
            release("1:4"),
            exceeded("1", 4, 3),
        ),
        ("more than was not shipped", (SOLD, ship("1:1")), release("1:3"), exceeded("1", 3, 2)),
        ("an unknown line", (HOLD,), release("3"), UnknownLine("r1", "3")),
        ("twice", (HOLD, release()), release(), NOTHING),
        ("twice, by line", (HOLD, release()), release("1:3", "2"), NOTHING),
        ("a line twice, while another is held", (HOLD, release("1:3")), release("1:3"), NOTHING),
        (
            "a line twice and another",
            (HOLD, release("1")),
            release("1:3", "2"),
            exceeded("1", 3, 0),
        ),
        ("twice, an unknown line", (HOLD, release()), release("3"), UnknownLine("r1", "3")),
        ("what has left", (SOLD, ship()), release("1:3"), NOTHING),
        ("what expired", (HOLD, DUE), release(), NOTHING),
        ("what expired, not swept: left to expiry", (HOLD, DUE_UNSWEPT), release(), NOTHING),
        (
            "what was committed before the rest expired",
            (HOLD, commit("1", keep=True), DUE_UNSWEPT),
            release(),
            ["AllocationReleased 1 TEA 3 OTHER"],
        ),
        ("an unknown reservation", (HOLD,), Release("", "r2"), UnknownReservation("r2")),
        ("another tenant's", (HOLD,), Release("other", "r1"), UnknownReservation("r1")),
    ],
    "ship": [
        ("an order", (SOLD,), ship(), ["StockShipped 1 TEA 3", "StockShipped 2 MUG 2"]),
        ("a part", (SOLD,), ship("2:1"), ["StockShipped 2 MUG 1"]),
        ("the rest", (SOLD, ship("2:1")), ship(), ["StockShipped 1 TEA 3", "StockShipped 2 MUG 1"]),
        ("the committed part", (HOLD, commit("1", keep=True)), ship(), ["StockShipped 1 TEA 3"]),
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
            ["StockShipped 1 TEA 3"],
        ),
        ("an unknown reservation", (SOLD,), Ship("", "r2"), UnknownReservation("r2")),
        ("another tenant's", (SOLD,), Ship("other", "r1"), UnknownReservation("r1")),
    ],
}


@pytest.mark.parametrize(
    ("past", "command", "then"),
    [
        pytest.param(past, command, then, id=f"{family}: {name}")
        for family, rows in ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_resolve(past: Past, command: Command, then: object) -> None:
    assert when(given(STOCKS, *past), command) == then


SHOP = Key("", "TEA", "SHOP")
DEPOT = Key("", "TEA", "DEPOT")


def split(*, held: int = 0, allocated: int = 0) -> World:
    """A basket with one line that was filled from two locations, as sourcing will do it."""
    world = World({SHOP: Stock(10, 5 * held, 5 * allocated), DEPOT: Stock(10)})
    world.reservations["r1"] = Reservation(
        "r1",
        "",
        START_MS,
        DEADLINE_MS,
        lines=(Line("1", SHOP, 2 * held, 2 * allocated), Line("1", DEPOT, 3 * held, 3 * allocated)),
    )
    return world


def places(world: World) -> list[tuple[str, str, int]]:
    return [
        (type(event).__name__, event.key.location, event.quantity)  # type: ignore[union-attr]
        for event in world.decision.events
    ]


@pytest.mark.parametrize(
    ("world", "command", "then"),
    [
        (
            split(held=1),
            commit("1:4", keep=True),
            [("HoldCommitted", "SHOP", 2), ("HoldCommitted", "DEPOT", 2)],
        ),
        (split(allocated=1), ship("1:1"), [("StockShipped", "SHOP", 1)]),
        (
            split(held=1, allocated=1),
            release("1:6"),
            [
                ("HoldReleased", "SHOP", 2),
                ("HoldReleased", "DEPOT", 3),
                ("AllocationReleased", "SHOP", 1),
            ],
        ),
    ],
    ids=["commit", "ship", "release: everything held first"],
)
def test_a_line_of_several_locations_is_used_up_in_order(
    world: World, command: Command, then: object
) -> None:
    world.do(command)
    assert places(world) == then


def test_a_line_of_several_locations_is_limited_by_its_sum() -> None:
    assert when(split(held=1), commit("1:6")) == exceeded("1", 6, 5)


def test_a_line_of_several_locations_is_committed_again_by_its_sum() -> None:
    world = split(held=1)
    world.do(commit("1:4"))
    assert when(world, commit("1:4")) == NOTHING
    assert when(world, commit("1:2")) == AlreadyCommitted("r1")


def test_a_shipment_may_not_drive_a_balance_out_of_its_range() -> None:
    low = {TEA: Stock(on_hand=2 - BALANCE_MAX), POSTAGE: Stock(-BALANCE_MAX, tracked=False)}
    basket = (BasketLine("1", TEA, 2), BasketLine("2", TEA, 1), BasketLine("3", POSTAGE, 1))
    world = given(low, Allocate("", basket, IfShort.RECORD))
    assert when(world, ship()) == BalanceOutOfRange(TEA, "on_hand", -1 - BALANCE_MAX, BALANCE_MAX)
    assert when(world, ship("1", "3")) == [
        "StockShipped 1 TEA 2",
        "StockShipped 3 POSTAGE 1 uncounted",
    ]


def test_expiry_gives_back_what_is_held_and_nothing_else() -> None:
    world = given(STOCKS, HOLD, commit("1:1", keep=True), release("2"))
    assert told(due(world, world.reservations["r1"], DEADLINE_MS).events) == [
        "ReservationExpired",
        "HoldExpired 1 TEA 2",
    ]
