"""Commit, and Commit again: held units become an order's, once."""

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Commit, Configure, Reserve
from engine.core.limits import BALANCE_MAX
from engine.core.model import IfShort, Stock
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    BalanceOutOfRange,
    UnknownLine,
    UnknownReservation,
)
from tests.core.baskets import (
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
from tests.core.world import POSTAGE, TEA, given, when

ROWS: dict[str, list[tuple[str, Past, Command, object]]] = {
    "commit": [
        ("everything", (HOLD,), commit(), ["HoldCommitted 1 TEA 3", "HoldCommitted 2 MUG 2"]),
        (
            "in the last millisecond",
            (HOLD, JUST_IN_TIME),
            commit(),
            ["HoldCommitted 1 TEA 3", "HoldCommitted 2 MUG 2"],
        ),
        (
            "a line: the rest is freed",
            (HOLD,),
            commit("2"),
            ["HoldCommitted 2 MUG 2", "HoldReleased 1 TEA 3 UNSPECIFIED"],
        ),
        (
            "parts: the rest is freed",
            (HOLD,),
            commit("2:1", "1:1"),
            [
                "HoldCommitted 1 TEA 1",
                "HoldCommitted 2 MUG 1",
                "HoldReleased 1 TEA 2 UNSPECIFIED",
                "HoldReleased 2 MUG 1 UNSPECIFIED",
            ],
        ),
        ("parts: the rest stays", (HOLD,), commit("1:1", keep=True), ["HoldCommitted 1 TEA 1"]),
        (
            "then the rest",
            (HOLD, commit("1:1", keep=True)),
            commit(),
            ["HoldCommitted 1 TEA 2", "HoldCommitted 2 MUG 2"],
        ),
        (
            "a line again while others are held: nothing is left of it",
            (HOLD, commit("1", keep=True)),
            commit("1", keep=True),
            NOTHING,
        ),
        ("too many of a line", (HOLD,), commit("1:4"), exceeded("1", 4, 3)),
        (
            "more than is left of a line",
            (HOLD, commit("1:1", keep=True)),
            commit("1:3"),
            exceeded("1", 3, 2),
        ),
        (
            "a line twice, within it",
            (HOLD,),
            commit("1:1", "1:2", "2"),
            [
                "HoldCommitted 1 TEA 3",
                "HoldCommitted 2 MUG 2",
            ],
        ),
        ("a line twice, beyond it", (HOLD,), commit("1:2", "1:2"), exceeded("1", 2, 1)),
        ("an unknown line", (HOLD,), commit("1", "3"), UnknownLine("r1", "3")),
        (
            "under the order's name",
            (HOLD,),
            commit("1", keep=True, reference="order 1"),
            ["ReservationRenamed order 1", "HoldCommitted 1 TEA 3"],
        ),
        (
            "under the name it has",
            (HOLD,),
            commit("1", keep=True, reference="cart 1"),
            ["HoldCommitted 1 TEA 3"],
        ),
        ("after the deadline", (HOLD, DUE), commit(), EXPIRED),
        ("after the deadline, not swept", (HOLD, DUE_UNSWEPT), commit(), EXPIRED),
        ("after release", (HOLD, release()), commit(), AlreadyReleased("r1")),
        (
            "after all that was committed was released",
            (HOLD, commit(), release()),
            commit(),
            AlreadyReleased("r1"),
        ),
        ("an unknown reservation", (HOLD,), Commit("", "r2"), UnknownReservation("r2")),
        ("another tenant's", (HOLD,), Commit("other", "r1"), UnknownReservation("r1")),
        (
            "uncounted units stay uncounted, tracked or not by now",
            (Reserve("", (BasketLine("1", POSTAGE, 2),)), Configure(POSTAGE, tracked=True)),
            commit("1:1"),
            [
                "HoldCommitted 1 POSTAGE 1 uncounted",
                "HoldReleased 1 POSTAGE 1 uncounted UNSPECIFIED",
            ],
        ),
    ],
    "commit again": [
        ("everything", (HOLD, commit()), commit(), NOTHING),
        ("everything, by its lines", (HOLD, commit()), commit("2", "1"), NOTHING),
        ("everything, by its units", (HOLD, commit()), commit("1:3", "2:2"), NOTHING),
        (
            "everything, named as before",
            (HOLD, commit(reference="o")),
            commit(reference="o"),
            NOTHING,
        ),
        ("also when shipped", (HOLD, commit(), ship()), commit(), NOTHING),
        ("also when released in part", (HOLD, commit(), release("1")), commit("1:3", "2"), NOTHING),
        ("a part", (HOLD, commit("1:2")), commit("1:2"), NOTHING),
        ("a part, as all of the line", (HOLD, commit("1:2")), commit("1"), NOTHING),
        ("in two parts", (HOLD, commit("1", keep=True), commit("2")), commit("1", "2"), NOTHING),
        ("other units", (HOLD, commit("1:2")), commit("1:3"), AlreadyCommitted("r1")),
        ("fewer lines", (HOLD, commit()), commit("1"), AlreadyCommitted("r1")),
        ("more lines", (HOLD, commit("1")), commit("1", "2:1"), AlreadyCommitted("r1")),
        ("a line that was freed, all of nothing", (HOLD, commit("1")), commit("1", "2"), NOTHING),
        ("another line", (HOLD, commit("1")), commit("2"), AlreadyCommitted("r1")),
        ("an unknown line", (HOLD, commit()), commit("1", "2", "3"), AlreadyCommitted("r1")),
        (
            "another name",
            (HOLD, commit(reference="o")),
            commit(reference="p"),
            AlreadyCommitted("r1"),
        ),
        ("other units when shipped", (HOLD, commit(), ship()), commit("1"), AlreadyCommitted("r1")),
        ("what was allocated: nothing is left to do", (SOLD,), commit(), NOTHING),
        ("what was allocated, by line", (SOLD,), commit("1", "2"), AlreadyCommitted("r1")),
        ("a part whose rest expired", (HOLD, commit("1", keep=True), DUE), commit("1"), NOTHING),
        ("the rest that expired", (HOLD, commit("1", keep=True), DUE), commit("2"), EXPIRED),
        (
            "everything, when the rest expired",
            (HOLD, commit("1", keep=True), DUE),
            commit(),
            EXPIRED,
        ),
        ("the same, not swept", (HOLD, commit("1", keep=True), DUE_UNSWEPT), commit(), EXPIRED),
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
def test_commit(past: Past, command: Command, then: object) -> None:
    assert when(given(STOCKS, *past), command) == then


def test_a_commit_of_what_was_granted_is_never_out_of_range() -> None:
    world = given({TEA: Stock(on_hand=BALANCE_MAX)}, Reserve("", (BasketLine("1", TEA, 5),)))
    world.stocks[TEA] = Stock(BALANCE_MAX, held=5, allocated=BALANCE_MAX - 6)
    world.do(Allocate("", (BasketLine("1", TEA, 1),), IfShort.RECORD))
    refused = world.do(Allocate("", (BasketLine("1", TEA, 1),), IfShort.RECORD))
    assert refused == BalanceOutOfRange(TEA, "promised", BALANCE_MAX + 1, BALANCE_MAX)
    assert when(world, commit()) == ["HoldCommitted 1 TEA 5"]
    assert world.stocks[TEA].allocated == BALANCE_MAX
