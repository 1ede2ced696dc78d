"""Sell, Receive, Adjust, SetOnHand and Configure: what is recorded and what is refused."""

import pytest

from engine.core.commands import Adjust, Command, Configure, Receive, Sell, SetOnHand
from engine.core.limits import BALANCE_MAX, CHANNEL_BUFFERS_MAX
from engine.core.model import IfShort, Key, Selling, ShortCause, ShortLine, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    BelowPromised,
    InsufficientStock,
    OnHandMismatch,
    TooManyChannelBuffers,
    UnknownStock,
    VersionMismatch,
)
from tests.core.world import MUG, POSTAGE, TEA, given, when

TOLD = IfShort.RECORD
FULL = Stock(on_hand=BALANCE_MAX)
EMPTY = Stock(on_hand=-BALANCE_MAX)


def short(cause: ShortCause, asked: int, available: int, key: Key = TEA) -> InsufficientStock:
    return InsufficientStock((ShortLine("", key, cause, asked, available),))


def adjust(delta: int, key: Key = TEA, if_short: IfShort = IfShort.REFUSE) -> Adjust:
    return Adjust(key, delta, reason="DAMAGED", reference="note 1", if_short=if_short)


STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1, safety_stock=1, version=7),  # 6 are available.
    POSTAGE: Stock(tracked=False, held=2),
}
SHORT = {TEA: Stock(on_hand=1, held=3)}
BUFFERED = {TEA: Stock(on_hand=6, channel_buffers=(("web", 4),))}
STOPPED = {
    TEA: Stock(on_hand=6, selling=Selling.STOPPED),
    POSTAGE: Stock(tracked=False, selling=Selling.STOPPED),
}

SELL: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("the last unit", STOCKS, Sell(TEA, 6), ["StockSold TEA 6"]),
    ("for a channel", BUFFERED, Sell(TEA, 2, channel="web"), ["StockSold TEA 2 web"]),
    ("untracked", STOCKS, Sell(POSTAGE, 9), ["StockSold POSTAGE 9 uncounted"]),
    ("one too many", STOCKS, Sell(TEA, 7), short(ShortCause.STOCK, 7, 6)),
    ("in a buffer", BUFFERED, Sell(TEA, 3, channel="web"), short(ShortCause.CHANNEL, 3, 2)),
    ("stopped", STOPPED, Sell(TEA, 1), short(ShortCause.STOPPED, 1, 0)),
    ("untracked stopped", STOPPED, Sell(POSTAGE, 1), short(ShortCause.STOPPED, 1, 0, POSTAGE)),
    ("unknown", STOCKS, Sell(MUG, 1), UnknownStock(MUG)),
    ("told, unknown", STOCKS, Sell(MUG, 1, TOLD), UnknownStock(MUG)),
    ("told, stopped", STOPPED, Sell(TEA, 1, TOLD), ["StockSold TEA 1"]),
    ("told, in the safety stock", STOCKS, Sell(TEA, 7, TOLD), ["StockSold TEA 7"]),
    (
        "told, one that was promised",
        STOCKS,
        Sell(TEA, 8, TOLD),
        ["StockSold TEA 8", "ShortfallDetected TEA 1"],
    ),
    (
        "told, more than there ever was",
        STOCKS,
        Sell(TEA, 12, TOLD),
        ["StockSold TEA 12", "ShortfallDetected TEA 5"],
    ),
    ("told, untracked", STOCKS, Sell(POSTAGE, 9, TOLD), ["StockSold POSTAGE 9 uncounted"]),
    (
        "told, out of range",
        {TEA: EMPTY},
        Sell(TEA, 1, TOLD),
        BalanceOutOfRange(TEA, "on_hand", -BALANCE_MAX - 1, BALANCE_MAX),
    ),
]

RECEIVE: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("more", STOCKS, Receive(TEA, 5), ["StockReceived TEA 5"]),
    ("a new key", STOCKS, Receive(MUG, 5), ["StockReceived MUG 5"]),
    ("untracked, counted all the same", STOCKS, Receive(POSTAGE, 5), ["StockReceived POSTAGE 5"]),
    ("not yet enough: no new shortfall", SHORT, Receive(TEA, 1), ["StockReceived TEA 1"]),
    (
        "out of range",
        {TEA: FULL},
        Receive(TEA, 1),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]

ADJUST: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("down to what is promised", STOCKS, adjust(-7), ["StockAdjusted TEA -7"]),
    ("below what is promised", STOCKS, adjust(-8), BelowPromised(TEA, 2, 3)),
    ("further below what is promised", SHORT, adjust(-1), BelowPromised(TEA, 0, 3)),
    ("up, not yet enough", SHORT, adjust(+1), ["StockAdjusted TEA 1"]),
    ("a new key", STOCKS, adjust(+3, MUG), ["StockAdjusted MUG 3"]),
    ("a new key below zero", STOCKS, adjust(-3, MUG), BelowPromised(MUG, -3, 0)),
    (
        "untracked, below what was counted",
        STOCKS,
        adjust(-1, POSTAGE),
        BelowPromised(POSTAGE, -1, 2),
    ),
    (
        "told, below what is promised",
        STOCKS,
        adjust(-8, if_short=TOLD),
        ["StockAdjusted TEA -8", "ShortfallDetected TEA 1"],
    ),
    ("told, up, not yet enough", SHORT, adjust(+1, if_short=TOLD), ["StockAdjusted TEA 1"]),
    (
        "told, untracked: nothing is missing",
        STOCKS,
        adjust(-1, POSTAGE, TOLD),
        ["StockAdjusted POSTAGE -1"],
    ),
    (
        "told, a new key below zero",
        STOCKS,
        adjust(-3, MUG, TOLD),
        ["StockAdjusted MUG -3", "ShortfallDetected MUG 3"],
    ),
    (
        "out of range above",
        {TEA: FULL},
        adjust(+1),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
    (
        "told, out of range below",
        {TEA: EMPTY},
        adjust(-1, if_short=TOLD),
        BalanceOutOfRange(TEA, "on_hand", -BALANCE_MAX - 1, BALANCE_MAX),
    ),
]

COUNT: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("fewer", STOCKS, SetOnHand(TEA, 3), ["StockCounted TEA 3 10"]),
    ("more", STOCKS, SetOnHand(TEA, 11), ["StockCounted TEA 11 10"]),
    ("the same, which is a fact too", STOCKS, SetOnHand(TEA, 10), ["StockCounted TEA 10 10"]),
    ("fewer than promised", STOCKS, SetOnHand(TEA, 2), BelowPromised(TEA, 2, 3)),
    ("more, not yet enough", SHORT, SetOnHand(TEA, 2), ["StockCounted TEA 2 1"]),
    ("the same, not enough", SHORT, SetOnHand(TEA, 1), ["StockCounted TEA 1 1"]),
    ("a new key", STOCKS, SetOnHand(MUG, 4), ["StockCounted MUG 4 0"]),
    ("untracked", STOCKS, SetOnHand(POSTAGE, 4), ["StockCounted POSTAGE 4 0"]),
    (
        "told, fewer than promised",
        STOCKS,
        SetOnHand(TEA, 2, if_short=TOLD),
        ["StockCounted TEA 2 10", "ShortfallDetected TEA 1"],
    ),
    (
        "told, the same, not enough: not worse",
        SHORT,
        SetOnHand(TEA, 1, if_short=TOLD),
        ["StockCounted TEA 1 1"],
    ),
    ("of this version", STOCKS, SetOnHand(TEA, 9, if_version=7), ["StockCounted TEA 9 10"]),
    ("of another version", STOCKS, SetOnHand(TEA, 9, if_version=6), VersionMismatch(TEA, 6, 7)),
    ("of a new key's version", STOCKS, SetOnHand(MUG, 9, if_version=0), ["StockCounted MUG 9 0"]),
    ("of no version yet", STOCKS, SetOnHand(MUG, 9, if_version=1), VersionMismatch(MUG, 1, 0)),
    ("of this number", STOCKS, SetOnHand(TEA, 9, if_on_hand=10), ["StockCounted TEA 9 10"]),
    ("of another number", STOCKS, SetOnHand(TEA, 9, if_on_hand=0), OnHandMismatch(TEA, 0, 10)),
    ("of a new key's number", STOCKS, SetOnHand(MUG, 9, if_on_hand=1), OnHandMismatch(MUG, 1, 0)),
    (
        "the version is looked at first",
        STOCKS,
        SetOnHand(TEA, 2, if_version=6, if_on_hand=0),
        VersionMismatch(TEA, 6, 7),
    ),
    (
        "then the number, before the promises",
        STOCKS,
        SetOnHand(TEA, 2, if_version=7, if_on_hand=0),
        OnHandMismatch(TEA, 0, 10),
    ),
    (
        "out of range",
        STOCKS,
        SetOnHand(TEA, BALANCE_MAX + 1),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]

MANY = tuple((f"channel {number:02}", 1) for number in range(CHANNEL_BUFFERS_MAX))
CONFIGURE: list[tuple[str, dict[Key, Stock], Command, object]] = [
    (
        "nothing: all is said as it is",
        BUFFERED,
        Configure(TEA),
        ["StockConfigured TEA 0 True OPEN (('web', 4),)"],
    ),
    (
        "safety stock alone",
        BUFFERED,
        Configure(TEA, safety_stock=3),
        ["StockConfigured TEA 3 True OPEN (('web', 4),)"],
    ),
    (
        "safety stock to nothing",
        STOCKS,
        Configure(TEA, safety_stock=0),
        ["StockConfigured TEA 0 True OPEN ()"],
    ),
    (
        "not tracked, selling stopped",
        STOCKS,
        Configure(TEA, tracked=False, selling=Selling.STOPPED),
        ["StockConfigured TEA 1 False STOPPED ()"],
    ),
    (
        "buffers in order of their channels",
        BUFFERED,
        Configure(TEA, channel_buffers=(("zoo", 1), ("fair", 2), ("web", 5))),
        ["StockConfigured TEA 0 True OPEN (('fair', 2), ('web', 5), ('zoo', 1))"],
    ),
    (
        "a buffer of 0 is none",
        BUFFERED,
        Configure(TEA, channel_buffers=(("web", 0), ("fair", 0))),
        ["StockConfigured TEA 0 True OPEN ()"],
    ),
    (
        "a new key",
        STOCKS,
        Configure(MUG, tracked=False),
        ["StockConfigured MUG 0 False OPEN ()"],
    ),
    (
        "one channel too many",
        {TEA: Stock(channel_buffers=MANY)},
        Configure(TEA, channel_buffers=(("web", 1),)),
        TooManyChannelBuffers(TEA, CHANNEL_BUFFERS_MAX + 1, CHANNEL_BUFFERS_MAX),
    ),
    (
        "one channel for another, at the limit",
        {TEA: Stock(channel_buffers=MANY)},
        Configure(TEA, channel_buffers=(("web", 1), ("channel 00", 0))),
        [f"StockConfigured TEA 0 True OPEN {(*MANY[1:], ('web', 1))}"],
    ),
]

ROWS = [
    pytest.param(stocks, command, then, id=f"{family}: {name}")
    for family, rows in {
        "sell": SELL,
        "receive": RECEIVE,
        "adjust": ADJUST,
        "count": COUNT,
        "configure": CONFIGURE,
    }.items()
    for name, stocks, command, then in rows
]


@pytest.mark.parametrize(("stocks", "command", "then"), ROWS)
def test_stock(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then
