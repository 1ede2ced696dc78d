"""The life of a reservation whose lines live in several shards: its home decides, and tells the
others. What belongs to the home of another one is none of this shard's reservations."""

import pytest

from engine.core.commands import Allocate, Amend, BasketLine, Command, Confirm, Extend
from engine.core.decide import due
from engine.core.model import (
    OnOverdue,
    Reservation,
    ReservationStatus,
    ShortCause,
    ShortLine,
    Stock,
)
from engine.core.rejections import InsufficientStock, UnknownReservation
from engine.core.view import Elsewhere, Filled, Grant, Terms, Wish
from tests.core.baskets import (
    BASKET,
    CONFIRM_MS,
    DUE,
    HOLD,
    KIT,
    NOTHING,
    SET,
    SOLD,
    Past,
    commit,
    exceeded,
    give_back,
    pick,
    release,
    ship,
    unpick,
)
from tests.core.telling import told
from tests.core.world import MUG, TEA, Wait, World, after, when

MUGS = Wish("2", (MUG,), 2)
GRANTED = Filled((Grant(MUG, 2),))
FIRST = "shipment_id=1"


def world_of(*past: Command | Wait) -> World:
    """The home of a basket whose mugs are in shard 3, which has set them aside."""
    world = World({TEA: Stock(on_hand=10)}, elsewhere={"MUG": 3})
    world.prepare("a1", {MUGS: GRANTED})
    return after(world, *past)


def tells(*events: str) -> str:
    return f"LinesTold 3 events=[{', '.join(events)}]"


ROWS: list[tuple[str, Past, Command, object]] = [
    ("commit", (HOLD,), commit(), ["HoldCommitted 1 TEA 3", tells("HoldCommitted 2 MUG 2")]),
    (
        "commit a line that is there: the other one is freed",
        (HOLD,),
        commit("2"),
        ["HoldReleased 1 TEA 3 UNSPECIFIED", tells("HoldCommitted 2 MUG 2")],
    ),
    ("commit again", (HOLD, commit()), commit(), NOTHING),
    ("commit too many", (HOLD,), commit("2:3"), exceeded("2", 3, 2)),
    ("extend", (HOLD,), Extend("", "r1", ttl_ms=1), ["ReservationExtended 1000001"]),
    (
        "release",
        (HOLD,),
        release(),
        ["HoldReleased 1 TEA 3 OTHER", tells("HoldReleased 2 MUG 2 OTHER")],
    ),
    ("release a line", (SOLD,), release("1:1"), ["AllocationReleased 1 TEA 1 OTHER"]),
    ("confirm", (SOLD,), Confirm("", "r1"), NOTHING),
    (
        "pick, some in vain: the shortfall is found there",
        (SOLD,),
        pick("1", "2:1-1"),
        ["AllocationPicked 1 TEA 3", tells("AllocationPicked 2 MUG 1", "PickFellShort 2 MUG 1")],
    ),
    ("unpick", (SOLD, pick("2")), unpick(), [tells("AllocationUnpicked 2 MUG 2")]),
    (
        "ship",
        (SOLD, pick("2:1")),
        ship(),
        [f"StockShipped 1 TEA 3 {FIRST}", tells(f"StockShipped 2 MUG 2 picked=1 {FIRST}")],
    ),
    (
        "ship, told: whether that place exists is not known here",
        (SOLD,),
        ship("2:3@ATTIC", told=True),
        [
            tells(
                "AllocationReleased 2 MUG 2 OTHER",
                f"ShippedUnexpectedly 2 MUG@ATTIC 3 {FIRST} units_each=1",
            )
        ],
    ),
    (
        "return",
        (SOLD, ship()),
        give_back(cause="DAMAGED"),
        [
            f"StockReturned 1 TEA 3 {FIRST} unavailable_cause=DAMAGED",
            tells(f"StockReturned 2 MUG 2 {FIRST} unavailable_cause=DAMAGED"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("past", "command", "then"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_lines_of_other_shards_are_told(past: Past, command: Command, then: object) -> None:
    assert when(world_of(*past), command) == then


def test_expiry_is_told() -> None:
    world = world_of(HOLD, Wait(DUE.milliseconds, sweep=False))
    decided = due(world, world.reservations["r1"], world.now_ms)
    assert told(decided.events) == [
        "ReservationExpired",
        "HoldExpired 1 TEA 3",
        tells("HoldExpired 2 MUG 2"),
    ]
    world.happen(decided)
    assert world.reservations["r1"].status is ReservationStatus.EXPIRED


def test_a_release_for_want_of_confirmation_is_told() -> None:
    order = Allocate("", BASKET, confirm_within_ms=CONFIRM_MS, on_overdue=OnOverdue.RELEASE)
    world = world_of(order, Wait(CONFIRM_MS, sweep=False))
    assert told(due(world, world.reservations["r1"], world.now_ms).events)[1:] == [
        "AllocationReleased 1 TEA 3 OTHER",
        tells("AllocationReleased 2 MUG 2 OTHER"),
    ]


def test_what_was_lost_elsewhere_is_asked_for_before_it_is_taken_again() -> None:
    world = world_of(HOLD, DUE)
    again = commit(again=True)
    asked = Elsewhere(((3, MUGS),), Terms())
    assert when(world, again) == asked
    world.prepare("a2", {MUGS: GRANTED})
    assert when(world, again) == [
        "HoldReacquired 1 TEA 3",
        "LinesTold 3 attempt_id=a2 events=[HoldReacquired 2 MUG 2]",
    ]
    assert when(world, again) == NOTHING


def test_what_is_not_there_elsewhere_is_refused() -> None:
    world = world_of(HOLD, DUE)
    short_line = ShortLine("2", MUG, ShortCause.STOCK, 2, 1)
    world.prepare("a2", {MUGS: Filled((), short_line)})
    assert when(world, commit(again=True)) == InsufficientStock((short_line,))


def test_a_kit_is_counted_at_home_and_its_components_where_they_are() -> None:
    world = World({TEA: Stock(on_hand=10)}, elsewhere={"MUG": 3}, configured=(KIT,))
    mugs = Wish("1", (MUG,), 4, units_each=2, of_kit=True, kit="SET")
    world.prepare("a1", {mugs: Filled((Grant(MUG, 4),))})
    after(world, Allocate("", (BasketLine("1", SET, 2),)))
    assert when(world, ship("1:1")) == [
        f"StockShipped 1 SET 1 uncounted {FIRST}",
        f"StockShipped 1 TEA 1 {FIRST}",
        tells(f"StockShipped 1 MUG 2 {FIRST}"),
    ]


def test_balances_of_other_shards_are_not_looked_at() -> None:
    """The view refuses to be asked for stock of another shard; so nothing here may ask."""
    world = world_of(SOLD, ship(), give_back("2"))
    with pytest.raises(AssertionError, match="not of this shard"):
        world.stock(MUG)


@pytest.mark.parametrize(
    "reservation",
    [
        Reservation("r1", "", 1, home_shard=3),
        Reservation("r1", "", 1, 2, home_shard=3, preparing=True),
    ],
    ids=["a part of a basket", "what is set aside for one"],
)
@pytest.mark.parametrize(
    "command",
    [
        Amend("", "r1", BASKET),
        Extend("", "r1"),
        Confirm("", "r1"),
        commit(),
        release(),
        pick(),
        unpick(),
        ship(),
        ship(told=True),
        give_back(),
    ],
    ids=lambda command: type(command).__name__ + ("!" if "RECORD" in repr(command) else ""),
)
def test_what_is_of_another_home_is_unknown(reservation: Reservation, command: Command) -> None:
    world = World({TEA: Stock(on_hand=10)})
    world.reservations["r1"] = reservation
    assert when(world, command) == UnknownReservation("r1")
