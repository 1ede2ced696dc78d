"""Receive, Expect and TakeBack: what arrives, what is expected, and what comes back."""

import pytest

from engine.core.commands import Command, Expect, Receive, TakeBack
from engine.core.limits import BALANCE_MAX, INCOMING_MAX, UNAVAILABLE_CAUSES_MAX
from engine.core.model import Incoming, Key, Stock
from engine.core.rejections import BalanceOutOfRange, TooMany, UnknownIncoming
from tests.core.world import MUG, POSTAGE, TEA, given, when

DAMAGED = "damaged"
FULL = Stock(on_hand=BALANCE_MAX)
STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1),
    POSTAGE: Stock(tracked=False, held=2),
}
SHORT = {TEA: Stock(on_hand=1, held=3)}
CAUSES = tuple((f"cause {number:02}", 1) for number in range(UNAVAILABLE_CAUSES_MAX))
ALL_CAUSES = {TEA: Stock(on_hand=30, unavailable=CAUSES)}
ALL_DAMAGED = {TEA: Stock(on_hand=-BALANCE_MAX, unavailable=((DAMAGED, BALANCE_MAX),))}
EXPECTED = {
    TEA: Stock(incoming=(Incoming("order 1", 6), Incoming("order 2", 3, 5_000))),
    MUG: Stock(incoming=(Incoming("order 1", 6, 0, transfer_id="r9"),)),
    POSTAGE: Stock(incoming=tuple(Incoming(f"order {n}", 1) for n in range(INCOMING_MAX))),
}

RECEIVE: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("more", STOCKS, Receive(TEA, 5), ["StockReceived TEA 5"]),
    ("a new key", STOCKS, Receive(MUG, 5), ["StockReceived MUG 5"]),
    ("untracked, counted all the same", STOCKS, Receive(POSTAGE, 5), ["StockReceived POSTAGE 5"]),
    (
        "of what was expected",
        EXPECTED,
        Receive(TEA, 2, incoming_reference="order 1"),
        ["StockReceived TEA 2 incoming_reference=order 1 incoming_closed=2"],
    ),
    (
        "more than was expected",
        EXPECTED,
        Receive(TEA, 5, incoming_reference="order 2"),
        ["StockReceived TEA 5 incoming_reference=order 2 incoming_closed=3"],
    ),
    (
        "of what nobody expected",
        EXPECTED,
        Receive(TEA, 2, incoming_reference="order 3"),
        UnknownIncoming(TEA, "order 3"),
    ),
    (
        "of what is a transfer",
        EXPECTED,
        Receive(MUG, 2, incoming_reference="order 1"),
        UnknownIncoming(MUG, "order 1"),
    ),
    (
        "of what was expected, at a new key",
        SHORT,
        Receive(MUG, 2, incoming_reference="order 1"),
        UnknownIncoming(MUG, "order 1"),
    ),
    (
        "damaged",
        STOCKS,
        Receive(TEA, 5, unavailable_cause=DAMAGED),
        ["StockReceived TEA 5 unavailable_cause=damaged"],
    ),
    (
        "for one cause too many",
        ALL_CAUSES,
        Receive(TEA, 5, unavailable_cause=DAMAGED),
        TooMany(TEA, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "for a known cause, at the limit",
        ALL_CAUSES,
        Receive(TEA, 5, unavailable_cause="cause 07"),
        ["StockReceived TEA 5 unavailable_cause=cause 07"],
    ),
    (
        "unavailable units out of range",
        ALL_DAMAGED,
        Receive(TEA, 1, unavailable_cause="lost"),
        BalanceOutOfRange(TEA, "unavailable", BALANCE_MAX + 1, BALANCE_MAX),
    ),
    ("not yet enough: no new shortfall", SHORT, Receive(TEA, 1), ["StockReceived TEA 1"]),
    (
        "out of range",
        {TEA: FULL},
        Receive(TEA, 1),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]

EXPECT: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("a delivery", STOCKS, Expect(TEA, "order 1", 5), ["IncomingExpected TEA order 1 5"]),
    (
        "at some time",
        STOCKS,
        Expect(TEA, "order 1", 5, 7_000),
        ["IncomingExpected TEA order 1 5 expected_at_ms=7000"],
    ),
    ("a new key", STOCKS, Expect(MUG, "order 1", 5), ["IncomingExpected MUG order 1 5"]),
    ("less than before", EXPECTED, Expect(TEA, "order 1", 1), ["IncomingExpected TEA order 1 1"]),
    ("no longer", EXPECTED, Expect(TEA, "order 2", 0), ["IncomingExpected TEA order 2 0"]),
    ("no longer what never was", EXPECTED, Expect(TEA, "x", 0), UnknownIncoming(TEA, "x")),
    ("no longer a transfer", EXPECTED, Expect(MUG, "r9", 0), UnknownIncoming(MUG, "r9")),
    (
        "under a transfer's reference",
        EXPECTED,
        Expect(MUG, "order 1", 2),
        ["IncomingExpected MUG order 1 2"],
    ),
    (
        "one too many",
        EXPECTED,
        Expect(POSTAGE, "order x", 1),
        TooMany(POSTAGE, "incoming", INCOMING_MAX + 1, INCOMING_MAX),
    ),
    (
        "a known one, at the limit",
        EXPECTED,
        Expect(POSTAGE, "order 7", 9),
        ["IncomingExpected POSTAGE order 7 9"],
    ),
]

TAKE_BACK: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("to be sold again", STOCKS, TakeBack(TEA, 2, "GIFT"), ["StockTakenBack TEA 2"]),
    ("a new key", STOCKS, TakeBack(MUG, 2, "GIFT"), ["StockTakenBack MUG 2"]),
    (
        "damaged",
        STOCKS,
        TakeBack(TEA, 2, "GIFT", unavailable_cause=DAMAGED),
        ["StockTakenBack TEA 2 unavailable_cause=damaged"],
    ),
    (
        "for one cause too many",
        ALL_CAUSES,
        TakeBack(TEA, 2, "GIFT", unavailable_cause=DAMAGED),
        TooMany(TEA, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "out of range",
        {TEA: FULL},
        TakeBack(TEA, 1, "GIFT"),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]

ROWS = [
    pytest.param(stocks, command, then, id=f"{family}: {name}")
    for family, rows in {"receive": RECEIVE, "expect": EXPECT, "take back": TAKE_BACK}.items()
    for name, stocks, command, then in rows
]


@pytest.mark.parametrize(("stocks", "command", "then"), ROWS)
def test_arrivals(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then


def test_what_is_expected_shrinks_by_what_has_arrived() -> None:
    world = given(EXPECTED, Receive(TEA, 4, incoming_reference="order 1"))
    assert world.stocks[TEA].incoming == (
        Incoming("order 1", 2),
        Incoming("order 2", 3, 5_000),
    )
    world.do(Receive(TEA, 9, incoming_reference="order 1"))
    assert world.stocks[TEA].incoming == (Incoming("order 2", 3, 5_000),)
    assert world.stocks[TEA].on_hand == 13


def test_units_that_arrive_damaged_may_not_be_sold() -> None:
    world = given(STOCKS, Receive(TEA, 4, unavailable_cause=DAMAGED), Receive(TEA, 1))
    stock = world.stocks[TEA]
    assert (stock.on_hand, stock.unavailable, stock.sellable) == (15, ((DAMAGED, 4),), 11)
