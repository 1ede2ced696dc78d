"""Move: units that may no longer be sold, may be sold again, or are unavailable for another
cause; and what always holds of units by cause."""

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from engine.core.commands import Adjust, Command, Move, Receive, Sell, SetOnHand, TakeBack
from engine.core.events import ShortfallDetected, StockMoved
from engine.core.limits import BALANCE_MAX, UNAVAILABLE_CAUSES_MAX
from engine.core.model import IfShort, Key, Selling, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    BelowPromised,
    Rejection,
    TooMany,
    UnavailableQuantityExceeded,
    UnknownStock,
)
from tests.core.world import MUG, POSTAGE, TEA, World, given

TOLD = IfShort.RECORD
DAMAGED, RECALL = "damaged", "recall"


def move(
    quantity: int,
    from_cause: str,
    to_cause: str,
    if_short: IfShort = IfShort.REFUSE,
    key: Key = TEA,
) -> Move:
    return Move(key, quantity, from_cause, to_cause, "SEEN", "note 1", if_short)


STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1, safety_stock=2, unavailable=((DAMAGED, 4),)),
    POSTAGE: Stock(tracked=False, held=2),
}
STOPPED = {TEA: Stock(on_hand=6, selling=Selling.STOPPED)}
CAUSES = tuple((f"cause {number:02}", 2) for number in range(UNAVAILABLE_CAUSES_MAX))
ALL_CAUSES = {TEA: Stock(on_hand=60, unavailable=CAUSES)}
ALL_DAMAGED = {TEA: Stock(on_hand=9, unavailable=((DAMAGED, BALANCE_MAX),))}

MOVE: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("of what may be sold", STOCKS, move(1, "", RECALL), [StockMoved(TEA, 1, "", RECALL)]),
    ("down to what is promised", STOCKS, move(3, "", RECALL), [StockMoved(TEA, 3, "", RECALL)]),
    ("of what is promised", STOCKS, move(4, "", RECALL), BelowPromised(TEA, 2, 3)),
    (
        "told, of what is promised",
        STOCKS,
        move(4, "", RECALL, TOLD),
        [StockMoved(TEA, 4, "", RECALL), ShortfallDetected(TEA, 1)],
    ),
    (
        "told, more than there are",
        STOCKS,
        move(9, "", RECALL, TOLD),
        [StockMoved(TEA, 9, "", RECALL), ShortfallDetected(TEA, 6)],
    ),
    ("to be sold again", STOCKS, move(4, DAMAGED, ""), [StockMoved(TEA, 4, DAMAGED, "")]),
    (
        "to another cause",
        STOCKS,
        move(4, DAMAGED, RECALL),
        [StockMoved(TEA, 4, DAMAGED, RECALL)],
    ),
    (
        "more than the cause has",
        STOCKS,
        move(5, DAMAGED, ""),
        UnavailableQuantityExceeded(TEA, DAMAGED, 5, 4),
    ),
    (
        "told, more than the cause has",
        STOCKS,
        move(5, DAMAGED, RECALL, TOLD),
        UnavailableQuantityExceeded(TEA, DAMAGED, 5, 4),
    ),
    (
        "from a cause without units",
        STOCKS,
        move(1, RECALL, ""),
        UnavailableQuantityExceeded(TEA, RECALL, 1, 0),
    ),
    ("while selling is stopped", STOPPED, move(6, "", RECALL), [StockMoved(TEA, 6, "", RECALL)]),
    ("an unknown key", STOCKS, move(1, "", RECALL, key=MUG), UnknownStock(MUG)),
    ("told, an unknown key", STOCKS, move(1, "", RECALL, TOLD, MUG), UnknownStock(MUG)),
    (
        "told, untracked: nothing is missing",
        STOCKS,
        move(1, "", RECALL, TOLD, POSTAGE),
        [StockMoved(POSTAGE, 1, "", RECALL)],
    ),
    (
        "to one cause too many",
        ALL_CAUSES,
        move(1, "", RECALL),
        TooMany(TEA, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "to one cause too many, from one that keeps some",
        ALL_CAUSES,
        move(1, "cause 03", RECALL),
        TooMany(TEA, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "to another cause in the place of one that is left empty",
        ALL_CAUSES,
        move(2, "cause 03", RECALL),
        [StockMoved(TEA, 2, "cause 03", RECALL)],
    ),
    (
        "told, out of range",
        ALL_DAMAGED,
        move(1, "", RECALL, TOLD),
        BalanceOutOfRange(TEA, "unavailable", BALANCE_MAX + 1, BALANCE_MAX),
    ),
    (
        "from cause to cause at the edge of the range",
        ALL_DAMAGED,
        move(1, DAMAGED, RECALL),
        [StockMoved(TEA, 1, DAMAGED, RECALL)],
    ),
]


@pytest.mark.parametrize(
    ("stocks", "command", "then"), [pytest.param(*row, id=name) for name, *row in MOVE]
)
def test_move(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    world = given(stocks)
    result = world.do(command)
    assert (result if isinstance(result, Rejection) else list(world.decision.events)) == then


def test_a_cause_without_units_is_left_out() -> None:
    world = given(STOCKS, move(4, DAMAGED, RECALL))
    assert world.stocks[TEA].unavailable == ((RECALL, 4),)


def test_a_cause_that_is_corrected_leaves_what_may_be_sold() -> None:
    world = given(STOCKS, Adjust(TEA, -3, "SCRAPPED", "note 1", unavailable_cause=DAMAGED))
    stock = world.stocks[TEA]
    assert (stock.on_hand, stock.unavailable, stock.sellable) == (7, ((DAMAGED, 1),), 6)


_causes = st.sampled_from(["", "", DAMAGED, RECALL, "missing"])
_units = st.integers(1, 9)
_if_short = st.sampled_from(IfShort)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Move, st.just(TEA), _units, _causes, _causes, if_short=_if_short),
    st.builds(Receive, st.just(TEA), _units, unavailable_cause=_causes),
    st.builds(TakeBack, st.just(TEA), _units, st.just("GIFT"), unavailable_cause=_causes),
    st.builds(
        Adjust,
        st.just(TEA),
        st.integers(-9, 9),
        st.just("FOUND"),
        st.just("note 1"),
        _if_short,
        _causes,
    ),
    st.builds(SetOnHand, st.just(TEA), st.integers(0, 20), if_short=_if_short),
    st.builds(Sell, st.just(TEA), _units, _if_short),
)


def by_cause(before: dict[str, int], command: Command) -> dict[str, int]:
    """What a bookkeeper, who keeps units by cause ("": what may be sold), would enter for it."""
    books = dict(before)
    match command:
        case Move():
            books[command.from_cause] -= command.quantity
            books[command.to_cause] += command.quantity
        case Receive() | TakeBack():
            books[command.unavailable_cause] += command.quantity
        case Adjust():
            books[command.unavailable_cause] += command.delta
        case Sell():
            books[""] -= command.quantity
        case SetOnHand():
            books[""] = command.on_hand - sum(units for cause, units in books.items() if cause)
    return books


@settings(max_examples=200, deadline=None)
@drawn(st.lists(COMMANDS, max_size=25))
def test_units_by_cause(commands: list[Command]) -> None:
    world = World({TEA: Stock(on_hand=9)})
    books = {"": 9, DAMAGED: 0, RECALL: 0, "missing": 0}
    for command in commands:
        world.do(command)
        if world.decision.events:
            books = by_cause(books, command)
        stock = world.stocks[TEA]
        unavailable = dict(stock.unavailable)
        assert all(units > 0 for units in unavailable.values())
        assert stock.unavailable == tuple(sorted(unavailable.items()))
        assert stock.sellable + sum(unavailable.values()) == stock.on_hand
        assert {"": stock.sellable} | unavailable == {
            cause: units for cause, units in books.items() if units or not cause
        }
