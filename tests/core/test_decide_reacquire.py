"""Commit of what is not plainly held: what is backordered or waits, kits, what has to be confirmed,
and what was lost to the deadline."""

from collections.abc import Mapping

import pytest

from engine.core.commands import Adjust, Allocate, BasketLine, Command, Commit, Reserve, Sell
from engine.core.events import CustomersLimited, Event
from engine.core.model import Key, OnExpired, OnOverdue, ShortCause, ShortLine, Stock
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    HoldHasExpired,
    InsufficientStock,
    StillWaiting,
    UnknownLine,
)
from tests.core.baskets import (
    CONFIRM_MS,
    DEADLINE_MS,
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
    SPLIT,
    STOCKS,
    THIN,
    TWO_PLACES,
    WAITING,
    Past,
    commit,
    exceeded,
    release,
    ship,
)
from tests.core.world import MUG, START_MS, TEA, Wait, given, when

Rows = list[tuple[str, Past, Command, object]]

HOLD_SETS = Reserve("", (BasketLine("1", SET, 3), BasketLine("2", MUG, 1)))
HOLD_SPLIT = Reserve("", SPLIT)
TWO_SHORT_PLACES = {
    TEA: Stock(on_hand=1, backorder_limit=2),
    Key("", "TEA", "DEPOT"): Stock(on_hand=2),
}
SPLIT_BEYOND = Reserve(
    "",
    (BasketLine("1", Key("", "TEA", ""), 5, locations=("LONDON", "DEPOT"), allow_backorder=True),),
)


def short(line_id: str, key: Key, cause: ShortCause, asked: int, available: int) -> object:
    return InsufficientStock((ShortLine(line_id, key, cause, asked, available),))


BACKORDERED: Rows = [
    (
        "everything, backed or not",
        (HOLD_BEYOND,),
        commit(),
        ["HoldCommitted 1 TEA 3 backordered=1", "HoldCommitted 2 MUG 2"],
    ),
    (
        "backed units first: the rest keeps what still waits",
        (HOLD_BEYOND,),
        commit("1:2", keep=True),
        ["HoldCommitted 1 TEA 2"],
    ),
    (
        "what is freed is what still waits",
        (HOLD_BEYOND,),
        commit("1:2", "2"),
        [
            "HoldCommitted 1 TEA 2",
            "HoldCommitted 2 MUG 2",
            "HoldReleased 1 TEA 1 UNSPECIFIED backordered=1",
        ],
    ),
    (
        "then the rest",
        (HOLD_BEYOND, commit("1:2", keep=True)),
        commit("1"),
        [
            "HoldCommitted 1 TEA 1 backordered=1",
            "HoldReleased 2 MUG 2 UNSPECIFIED",
        ],
    ),
    ("a basket that waits", (WAITING,), commit(), StillWaiting("r1")),
    ("a line of it that does not wait", (WAITING,), commit("2"), StillWaiting("r1")),
    (
        "what waited, when it waits no longer",
        (WAITING, release("1:1")),
        commit(),
        ["HoldCommitted 1 TEA 2", "HoldCommitted 2 MUG 2"],
    ),
]

SEVERAL_PLACES: Rows = [
    (
        "backed units of all locations first, in order",
        (SPLIT_BEYOND,),
        commit("1:3", keep=True),
        ["HoldCommitted 1 TEA 1", "HoldCommitted 1 TEA@DEPOT 2"],
    ),
    (
        "then backordered ones",
        (SPLIT_BEYOND,),
        commit("1:4"),
        [
            "HoldCommitted 1 TEA 2 backordered=1",
            "HoldCommitted 1 TEA@DEPOT 2",
            "HoldReleased 1 TEA 1 UNSPECIFIED backordered=1",
        ],
    ),
    ("all of them, again", (SPLIT_BEYOND, commit("1:4")), commit("1:4"), NOTHING),
    ("others, again", (SPLIT_BEYOND, commit("1:4")), commit("1:2"), AlreadyCommitted("r1")),
    ("more than their sum", (SPLIT_BEYOND,), commit("1:6"), exceeded("1", 6, 5)),
]

KITS: Rows = [
    (
        "a part, in kits",
        (HOLD_SETS,),
        commit("1:2", keep=True),
        [
            "HoldCommitted 1 SET 2 uncounted",
            "HoldCommitted 1 TEA 2",
            "HoldCommitted 1 MUG 4",
        ],
    ),
    (
        "the rest is freed with all components",
        (HOLD_SETS,),
        commit("1:2"),
        [
            "HoldCommitted 1 SET 2 uncounted",
            "HoldCommitted 1 TEA 2",
            "HoldCommitted 1 MUG 4",
            "HoldReleased 1 SET 1 uncounted UNSPECIFIED",
            "HoldReleased 1 TEA 1 UNSPECIFIED",
            "HoldReleased 1 MUG 2 UNSPECIFIED",
            "HoldReleased 2 MUG 1 UNSPECIFIED",
        ],
    ),
    ("too many kits", (HOLD_SETS,), commit("1:4"), exceeded("1", 4, 3)),
    ("again, in kits", (HOLD_SETS, commit("1:2", "2")), commit("1:2", "2:1"), NOTHING),
    ("again, others", (HOLD_SETS, commit("1:2")), commit("1:4"), AlreadyCommitted("r1")),
    (
        "taken again, in kits",
        (HOLD_SETS, DUE),
        commit("1:1", again=True),
        [
            "HoldReacquired 1 SET 1 uncounted",
            "HoldReacquired 1 TEA 1",
            "HoldReacquired 1 MUG 2",
        ],
    ),
]

CONFIRMED: Rows = [
    (
        "to be confirmed",
        (HOLD,),
        commit("1", keep=True, confirm_ms=CONFIRM_MS),
        [f"ConfirmationAsked {START_MS + CONFIRM_MS} KEEP", "HoldCommitted 1 TEA 3"],
    ),
    (
        "to be confirmed, under another name, or else released",
        (HOLD, Wait(7)),
        commit("1", keep=True, reference="o", confirm_ms=CONFIRM_MS, on_overdue=OnOverdue.RELEASE),
        [
            "ReservationRenamed o",
            f"ConfirmationAsked {START_MS + 7 + CONFIRM_MS} RELEASE",
            "HoldCommitted 1 TEA 3",
        ],
    ),
    (
        "again: nothing is asked again",
        (HOLD, commit(confirm_ms=CONFIRM_MS)),
        commit(confirm_ms=CONFIRM_MS),
        NOTHING,
    ),
]

ALL_AGAIN = ["HoldReacquired 1 TEA 3", "HoldReacquired 2 MUG 2"]
LATE: Rows = [
    ("everything", (HOLD, DUE), commit(again=True), ALL_AGAIN),
    ("everything, not swept", (HOLD, DUE_UNSWEPT), commit(again=True), ALL_AGAIN),
    ("a line", (HOLD, DUE), commit("2", again=True), ["HoldReacquired 2 MUG 2"]),
    ("a part", (HOLD, DUE), commit("1:1", again=True), ["HoldReacquired 1 TEA 1"]),
    (
        "the rest, after a part",
        (HOLD, DUE, commit("1:1", again=True)),
        commit(again=True),
        ["HoldReacquired 1 TEA 2", "HoldReacquired 2 MUG 2"],
    ),
    (
        "the rest, without asking for what is lost",
        (HOLD, DUE, commit("1:1", again=True)),
        commit(),
        EXPIRED,
    ),
    (
        "what was not committed in time",
        (HOLD, commit("1", keep=True), DUE),
        commit(again=True),
        ["HoldReacquired 2 MUG 2"],
    ),
    (
        "under another name, to be confirmed",
        (HOLD, DUE),
        commit(reference="o", again=True, confirm_ms=CONFIRM_MS),
        [
            "ReservationRenamed o",
            f"ConfirmationAsked {DEADLINE_MS + CONFIRM_MS} KEEP",
            *ALL_AGAIN,
        ],
    ),
    ("twice", (HOLD, DUE, commit(again=True)), commit(again=True), NOTHING),
    ("twice, by line", (HOLD, DUE, commit("1", again=True)), commit("1", again=True), NOTHING),
    (
        "in time: nothing was lost",
        (HOLD,),
        commit("1", keep=True, again=True),
        [
            "HoldCommitted 1 TEA 3",
        ],
    ),
    (
        "what is not there",
        (HOLD, DUE, Sell(TEA, 8)),
        commit(again=True),
        short("1", TEA, ShortCause.STOCK, 3, 2),
    ),
    (
        "a line of which enough is there",
        (HOLD, DUE, Sell(TEA, 8)),
        commit("2", again=True),
        ["HoldReacquired 2 MUG 2"],
    ),
    ("too many", (HOLD, DUE), commit("1:4", again=True), exceeded("1", 4, 3)),
    ("an unknown line", (HOLD, DUE), commit("3", again=True), UnknownLine("r1", "3")),
    (
        "after all that was committed was released",
        (HOLD, commit("1", keep=True), DUE, release()),
        commit(again=True),
        AlreadyReleased("r1"),
    ),
    (
        "after a part of that was: what was lost outweighs it",
        (HOLD, commit("1", keep=True), DUE, release("1:1")),
        commit(),
        EXPIRED,
    ),
    (
        "also when that was shipped",
        (HOLD, commit("1", keep=True), DUE, ship()),
        commit(again=True),
        ["HoldReacquired 2 MUG 2"],
    ),
    (
        "what was given back in time",
        (HOLD, release(), DUE),
        commit(again=True),
        AlreadyReleased("r1"),
    ),
    ("an order", (SOLD,), commit(again=True), NOTHING),
]

WAITING_SETS = Reserve("", (BasketLine("1", SET, 4),), wait_ms=PATIENCE_MS)
FEW_MUGS = {TEA: Stock(on_hand=10), MUG: Stock(on_hand=3)}
LATE_KITS: Rows = [
    (
        "whole kits alone: of four, one had all its components",
        (WAITING_SETS, Wait(PATIENCE_MS)),
        commit(again=True),
        [
            "HoldReacquired 1 SET 1 uncounted",
            "HoldReacquired 1 TEA 1",
            "HoldReacquired 1 MUG 2",
        ],
    ),
    (
        "more kits",
        (WAITING_SETS, Wait(PATIENCE_MS)),
        commit("1:2", again=True),
        exceeded("1", 2, 1),
    ),
    (
        "no kit had all",
        (Reserve("", (BasketLine("1", MUG, 2),)), WAITING_SETS, Wait(PATIENCE_MS)),
        Commit("", "r2", on_expired=OnExpired.REACQUIRE),
        HoldHasExpired("r2", START_MS + PATIENCE_MS),
    ),
]

LATE_BEYOND: Rows = [
    (
        "what waited is not wanted again",
        (WAITING, Wait(PATIENCE_MS)),
        commit(again=True),
        ["HoldReacquired 1 TEA 2", "HoldReacquired 2 MUG 2"],
    ),
]

ROWS: dict[str, tuple[Mapping[Key, Stock], tuple[Event, ...], Rows]] = {
    "backordered": (THIN, (), BACKORDERED),
    "several locations": (TWO_SHORT_PLACES, (), SEVERAL_PLACES),
    "kits": (STOCKS, (KIT,), KITS),
    "to be confirmed": (STOCKS, (), CONFIRMED),
    "too late": (STOCKS, (), LATE),
    "too late, kits": (FEW_MUGS, (KIT,), LATE_KITS),
    "too late, beyond stock": (THIN, (), LATE_BEYOND),
}


@pytest.mark.parametrize(
    ("stocks", "configured", "past", "command", "then"),
    [
        pytest.param(stocks, configured, past, command, then, id=f"{family}: {name}")
        for family, (stocks, configured, rows) in ROWS.items()
        for name, past, command, then in rows
    ],
)
def test_commit(
    stocks: Mapping[Key, Stock],
    configured: tuple[Event, ...],
    past: Past,
    command: Command,
    then: object,
) -> None:
    assert when(given(stocks, *past, configured=configured), command) == then


def test_units_are_taken_again_at_their_own_location() -> None:
    world = given(TWO_PLACES, HOLD_SPLIT, DUE)
    assert when(world, commit("1:3", again=True)) == [
        "HoldReacquired 1 TEA 2",
        "HoldReacquired 1 TEA@DEPOT 1",
    ]
    world = given(TWO_PLACES, HOLD_SPLIT, DUE, Adjust(TEA, -1, "LOST", "n"))
    assert when(world, commit(again=True)) == short("1", TEA, ShortCause.STOCK, 2, 1)


def test_a_customer_takes_again_no_more_than_the_limit() -> None:
    limited = (CustomersLimited("", "TEA", 3),)
    hold = Reserve("", (BasketLine("1", TEA, 3),), customer="c1")
    other = Allocate("", (BasketLine("1", TEA, 1),), customer="c1")
    world = given(STOCKS, hold, DUE, other, configured=limited)
    assert when(world, commit(again=True)) == short("1", TEA, ShortCause.CUSTOMER_LIMIT, 3, 2)
    world = given(STOCKS, hold, DUE, configured=limited)
    assert when(world, commit(again=True)) == ["HoldReacquired 1 TEA 3"]
