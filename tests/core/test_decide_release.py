"""Extend, Release and Confirm: a reservation gets time, is ended, or stands."""

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Confirm, Extend, Release, Reserve
from engine.core.model import HoldClass, OnOverdue, ReleaseReason
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    AlreadyShipped,
    HoldHasExpired,
    NotCommitted,
    PickedUnits,
    UnknownLine,
    UnknownReservation,
)
from tests.core.baskets import (
    BASKET,
    CONFIRM_MS,
    DEADLINE_MS,
    DUE,
    DUE_UNSWEPT,
    EXPIRED,
    HOLD,
    HOLD_BEYOND,
    JUST_IN_TIME,
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
    exceeded,
    pick,
    release,
    ship,
    unpick,
)
from tests.core.world import CART_MS, START_MS, Wait, given, when

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
}


@pytest.mark.parametrize(
    ("past", "command", "then"),
    [
        pytest.param(past, command, then, id=f"{family}: {name}")
        for family, rows in ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_release(past: Past, command: Command, then: object) -> None:
    assert when(given(STOCKS, *past), command) == then


SHORT_ROWS: dict[str, list[tuple[str, Past, Command, object]]] = {
    "extend": [
        (
            "the patience of a basket that waits",
            (WAITING,),
            EXTEND,
            [f"ReservationExtended {START_MS + 5_000}"],
        ),
        (
            "at the end of its patience",
            (WAITING, Wait(PATIENCE_MS, sweep=False)),
            EXTEND,
            HoldHasExpired("r1", START_MS + PATIENCE_MS),
        ),
        (
            "what is backordered",
            (HOLD_BEYOND,),
            EXTEND,
            [f"ReservationExtended {START_MS + 5_000}"],
        ),
    ],
    "release": [
        (
            "a basket that waits",
            (WAITING,),
            release(),
            [
                "WaitLeft 1 TEA 1 OTHER",
                "HoldReleased 1 TEA 2 OTHER",
                "HoldReleased 2 MUG 2 OTHER",
            ],
        ),
        (
            "waiting units first: nothing waits any more, so the hold begins",
            (WAITING,),
            release("1:1"),
            ["WaitLeft 1 TEA 1 OTHER", f"ReservationPromoted {DEADLINE_MS}"],
        ),
        (
            "waiting units, then held ones",
            (WAITING,),
            release("1:2"),
            [
                "WaitLeft 1 TEA 1 OTHER",
                "HoldReleased 1 TEA 1 OTHER",
                f"ReservationPromoted {DEADLINE_MS}",
            ],
        ),
        ("too many", (WAITING,), release("1:4"), exceeded("1", 4, 3)),
        (
            "backordered units first",
            (HOLD_BEYOND,),
            release("1:2"),
            ["HoldReleased 1 TEA 2 OTHER backordered=1"],
        ),
        (
            "of an order too",
            (SOLD_BEYOND,),
            release("1:2"),
            ["AllocationReleased 1 TEA 2 OTHER backordered=1"],
        ),
        (
            "backordered units of an order after all that is held",
            (HOLD_BEYOND, commit("1:2", keep=True)),
            release("1:2"),
            [
                "HoldReleased 1 TEA 1 OTHER backordered=1",
                "AllocationReleased 1 TEA 1 OTHER",
            ],
        ),
        (
            "what does not lie in a box",
            (SOLD_BEYOND, pick("1:1")),
            release("1:2"),
            ["AllocationReleased 1 TEA 2 OTHER backordered=1"],
        ),
        (
            "more than what does not lie in a box",
            (SOLD_BEYOND, pick("1:1")),
            release("1:3"),
            PickedUnits("r1", "1", 1),
        ),
        (
            "more than there is, boxes or not",
            (SOLD_BEYOND, pick("1:1")),
            release("1:4"),
            exceeded("1", 4, 2),
        ),
        ("a line with a box", (SOLD_BEYOND, pick("1:1")), release("1"), PickedUnits("r1", "1", 1)),
        (
            "a line in a box",
            (SOLD_BEYOND, pick("2"), release("1")),
            release("2:1"),
            PickedUnits("r1", "2", 2),
        ),
        ("everything, with a box", (SOLD_BEYOND, pick("2")), release(), PickedUnits("r1", "2", 2)),
        (
            "a line beside a box",
            (SOLD_BEYOND, pick("2")),
            release("1"),
            ["AllocationReleased 1 TEA 3 OTHER backordered=1"],
        ),
        (
            "an unknown line beside a box",
            (SOLD_BEYOND, pick("2")),
            release("3"),
            UnknownLine("r1", "3"),
        ),
        (
            "what was unpicked",
            (SOLD_BEYOND, pick("2"), unpick()),
            release("2"),
            ["AllocationReleased 2 MUG 2 OTHER"],
        ),
    ],
}


@pytest.mark.parametrize(
    ("past", "command", "then"),
    [
        pytest.param(past, command, then, id=f"{family}: {name}")
        for family, rows in SHORT_ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_with_a_unit_too_few(past: Past, command: Command, then: object) -> None:
    assert when(given(THIN, *past), command) == then


def test_a_line_of_several_locations_is_given_back_in_order() -> None:
    world = given(TWO_PLACES, Reserve("", SPLIT), commit("1:1", keep=True))
    assert when(world, release("1:5")) == [
        "HoldReleased 1 TEA 1 OTHER",
        "HoldReleased 1 TEA@DEPOT 3 OTHER",
        "AllocationReleased 1 TEA 1 OTHER",
    ]
    assert when(given(TWO_PLACES, Reserve("", SPLIT)), release("1:6")) == exceeded("1", 6, 5)


def test_kits_are_given_back_whole() -> None:
    order = Allocate("", (BasketLine("1", SET, 3),))
    world = given(STOCKS, order, configured=(KIT,))
    assert when(world, release("1:4")) == exceeded("1", 4, 3)
    assert when(world, release("1:2")) == [
        "AllocationReleased 1 SET 2 uncounted OTHER",
        "AllocationReleased 1 TEA 2 OTHER",
        "AllocationReleased 1 MUG 4 OTHER",
    ]
    world.do(pick())
    assert when(world, release("1:1")) == PickedUnits("r1", "1", 1)


def order(on_overdue: OnOverdue = OnOverdue.KEEP) -> Allocate:
    return Allocate("", BASKET, confirm_within_ms=CONFIRM_MS, on_overdue=on_overdue)


CONFIRM = Confirm("", "r1")
RELEASING = order(OnOverdue.RELEASE)
OVERDUE = Wait(CONFIRM_MS, sweep=False)
CONFIRM_ROWS: list[tuple[str, Past, object]] = [
    ("an order", (order(),), ["AllocationConfirmed"]),
    ("in the last millisecond", (RELEASING, Wait(CONFIRM_MS - 1)), ["AllocationConfirmed"]),
    ("what was shipped before", (order(), ship()), ["AllocationConfirmed"]),
    ("a committed hold", (HOLD, commit(confirm_ms=CONFIRM_MS)), ["AllocationConfirmed"]),
    ("again", (order(), CONFIRM), NOTHING),
    ("what nobody has to confirm", (SOLD,), NOTHING),
    ("too late, kept all the same", (order(), Wait(CONFIRM_MS)), NOTHING),
    ("too late, not swept", (order(), OVERDUE), NOTHING),
    ("too late, released", (RELEASING, Wait(CONFIRM_MS)), AlreadyReleased("r1")),
    ("too late, released, not swept", (RELEASING, OVERDUE), AlreadyReleased("r1")),
    ("a hold", (HOLD,), NotCommitted("r1")),
    ("an expired hold", (HOLD, DUE), EXPIRED),
    ("a released one", (order(), release()), AlreadyReleased("r1")),
]


@pytest.mark.parametrize(
    ("past", "then"), [row[1:] for row in CONFIRM_ROWS], ids=[row[0] for row in CONFIRM_ROWS]
)
def test_confirm(past: Past, then: object) -> None:
    assert when(given(STOCKS, *past), CONFIRM) == then


def test_only_what_is_there_can_be_confirmed() -> None:
    world = given(STOCKS, order())
    assert when(world, Confirm("", "r2")) == UnknownReservation("r2")
    assert when(world, Confirm("other", "r1")) == UnknownReservation("r1")
