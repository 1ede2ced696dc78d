"""Sell, Adjust and Configure: what is recorded and what is refused; and what a kit or a disabled
location lets happen at all."""

import pytest

from engine.core.commands import (
    Adjust,
    Command,
    Configure,
    Expect,
    Move,
    Receive,
    ReceiveTransfer,
    Sell,
    SendTransfer,
    SetOnHand,
    TakeBack,
)
from engine.core.configuration import Component, Kit, Location
from engine.core.events import KitDefined, LocationsConfigured
from engine.core.limits import (
    BALANCE_MAX,
    CHANNEL_BUFFERS_MAX,
    UNAVAILABLE_CAUSES_MAX,
)
from engine.core.model import (
    IfShort,
    Key,
    Selling,
    ShortCause,
    ShortLine,
    Stock,
    Transfer,
)
from engine.core.rejections import (
    BalanceOutOfRange,
    BelowPromised,
    InsufficientStock,
    KitHasNoStock,
    TooMany,
    UnavailableQuantityExceeded,
    UnknownStock,
)
from tests.core.world import MUG, POSTAGE, TEA, given, when

TOLD = IfShort.RECORD
DAMAGED = "damaged"
FULL = Stock(on_hand=BALANCE_MAX)
EMPTY = Stock(on_hand=-BALANCE_MAX)


def short(cause: ShortCause, asked: int, available: int, key: Key = TEA) -> InsufficientStock:
    return InsufficientStock((ShortLine("", key, cause, asked, available),))


def adjust(
    delta: int, key: Key = TEA, if_short: IfShort = IfShort.REFUSE, cause: str = ""
) -> Adjust:
    return Adjust(key, delta, "FOUND", "note 1", if_short, cause)


STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1, safety_stock=1, version=7),  # 6 are available.
    POSTAGE: Stock(tracked=False, held=2),
}
SHORT = {TEA: Stock(on_hand=1, held=3)}
BUFFERED = {TEA: Stock(on_hand=6, channel_buffers=(("web", 4),))}
PARTLY_DAMAGED = {
    TEA: Stock(on_hand=10, held=3, unavailable=((DAMAGED, 4), ("missing", 1)))  # 2 are available.
}
CAUSES = tuple((f"cause {number:02}", 1) for number in range(UNAVAILABLE_CAUSES_MAX))
ALL_CAUSES = {TEA: Stock(on_hand=30, unavailable=CAUSES)}
ALL_DAMAGED = {TEA: Stock(on_hand=-BALANCE_MAX, unavailable=((DAMAGED, BALANCE_MAX),))}
STOPPED = {
    TEA: Stock(on_hand=6, selling=Selling.STOPPED),
    POSTAGE: Stock(tracked=False, selling=Selling.STOPPED),
}

SOLD_DAMAGED = ["StockSold TEA 3", "ShortfallDetected TEA 1"]
SELL: list[tuple[str, dict[Key, Stock], Command, object]] = [
    ("the last unit", STOCKS, Sell(TEA, 6), ["StockSold TEA 6"]),
    ("for a channel", BUFFERED, Sell(TEA, 2, channel="web"), ["StockSold TEA 2 web"]),
    ("untracked", STOCKS, Sell(POSTAGE, 9), ["StockSold POSTAGE 9 uncounted"]),
    ("one too many", STOCKS, Sell(TEA, 7), short(ShortCause.STOCK, 7, 6)),
    ("the last that may be sold", PARTLY_DAMAGED, Sell(TEA, 2), ["StockSold TEA 2"]),
    ("a damaged one", PARTLY_DAMAGED, Sell(TEA, 3), short(ShortCause.STOCK, 3, 2)),
    ("told, a damaged one", PARTLY_DAMAGED, Sell(TEA, 3, TOLD), SOLD_DAMAGED),
    ("in a buffer", BUFFERED, Sell(TEA, 3, channel="web"), short(ShortCause.CHANNEL, 3, 2)),
    ("all of a buffer", BUFFERED, Sell(TEA, 6, channel="web"), short(ShortCause.CHANNEL, 6, 2)),
    ("beyond a buffer", BUFFERED, Sell(TEA, 7, channel="web"), short(ShortCause.STOCK, 7, 2)),
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
    ("down to what is promised of the rest", PARTLY_DAMAGED, adjust(-2), ["StockAdjusted TEA -2"]),
    ("below what is promised of the rest", PARTLY_DAMAGED, adjust(-3), BelowPromised(TEA, 2, 3)),
    (
        "told, below what is promised of the rest",
        PARTLY_DAMAGED,
        adjust(-4, if_short=TOLD),
        ["StockAdjusted TEA -4", "ShortfallDetected TEA 2"],
    ),
    (
        "the damaged ones are gone: nothing that is promised",
        PARTLY_DAMAGED,
        adjust(-4, cause=DAMAGED),
        ["StockAdjusted TEA -4 unavailable_cause=damaged"],
    ),
    (
        "more damaged ones are gone than there were",
        PARTLY_DAMAGED,
        adjust(-5, cause=DAMAGED),
        UnavailableQuantityExceeded(TEA, DAMAGED, 5, 4),
    ),
    (
        "told, more damaged ones are gone than there were",
        PARTLY_DAMAGED,
        adjust(-5, if_short=TOLD, cause=DAMAGED),
        UnavailableQuantityExceeded(TEA, DAMAGED, 5, 4),
    ),
    (
        "damaged ones are found",
        STOCKS,
        adjust(+2, cause=DAMAGED),
        ["StockAdjusted TEA 2 unavailable_cause=damaged"],
    ),
    (
        "damaged ones of which there are none are gone",
        STOCKS,
        adjust(-1, cause=DAMAGED),
        UnavailableQuantityExceeded(TEA, DAMAGED, 1, 0),
    ),
    (
        "found for one cause too many",
        ALL_CAUSES,
        adjust(+1, cause=DAMAGED),
        TooMany(TEA, "unavailable", UNAVAILABLE_CAUSES_MAX + 1, UNAVAILABLE_CAUSES_MAX),
    ),
    (
        "told, unavailable units out of range",
        ALL_DAMAGED,
        adjust(+1, if_short=TOLD, cause=DAMAGED),
        BalanceOutOfRange(TEA, "unavailable", BALANCE_MAX + 1, BALANCE_MAX),
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
        TooMany(TEA, "channel_buffers", CHANNEL_BUFFERS_MAX + 1, CHANNEL_BUFFERS_MAX),
    ),
    (
        "a limit for backorders",
        STOCKS,
        Configure(TEA, backorder_limit=9),
        ["StockConfigured TEA 1 True OPEN () backorder_limit=9"],
    ),
    (
        "a limit for backorders below those that there are",
        {TEA: Stock(backorder_limit=9, backordered=7)},
        Configure(TEA, backorder_limit=5),
        ["StockConfigured TEA 0 True OPEN () backorder_limit=5"],
    ),
    (
        "the limit for backorders stays",
        {TEA: Stock(backorder_limit=9)},
        Configure(TEA, safety_stock=1),
        ["StockConfigured TEA 1 True OPEN () backorder_limit=9"],
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
        "adjust": ADJUST,
        "configure": CONFIGURE,
    }.items()
    for name, stocks, command, then in rows
]


@pytest.mark.parametrize(("stocks", "command", "then"), ROWS)
def test_stock(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then


DISABLED = LocationsConfigured("", (Location("LONDON", enabled=False),))
AT_DISABLED = [
    ("sell", Sell(TEA, 1), short(ShortCause.LOCATION_DISABLED, 1, 0)),
    ("sell, told", Sell(TEA, 1, TOLD), ["StockSold TEA 1"]),
    ("receive", Receive(TEA, 5), ["StockReceived TEA 5"]),
    ("take back", TakeBack(TEA, 5, "GIFT"), ["StockTakenBack TEA 5"]),
    ("adjust", adjust(-1), ["StockAdjusted TEA -1"]),
    ("count", SetOnHand(TEA, 9), ["StockCounted TEA 9 10"]),
]


@pytest.mark.parametrize(
    ("command", "then"), [pytest.param(*row, id=name) for name, *row in AT_DISABLED]
)
def test_where_the_location_is_disabled(command: Command, then: object) -> None:
    assert when(given(STOCKS, configured=(DISABLED,)), command) == then


SET = Key("", "SET", "LONDON")
A_KIT = KitDefined("", Kit("SET", (Component("TEA", 2), Component("MUG", 1))))
OF_A_KIT: list[Command] = [
    Sell(SET, 1),
    Receive(SET, 1),
    Expect(SET, "order 1", 1),
    TakeBack(SET, 1, "GIFT"),
    adjust(+1, SET),
    SetOnHand(SET, 1),
    Move(SET, 1, "", DAMAGED),
    SendTransfer("", "SET", "LONDON", "PARIS", 1),
    ReceiveTransfer("", "r9", 1),
]


@pytest.mark.parametrize("command", [pytest.param(one, id=type(one).__name__) for one in OF_A_KIT])
@pytest.mark.parametrize("stock", [None, Stock(on_hand=5)], ids=["new", "there before"])
def test_a_kit_has_no_stock(command: Command, stock: Stock | None) -> None:
    world = given({} if stock is None else {SET: stock}, configured=(A_KIT,))
    # It was sent when the SKU was no kit yet.
    world.transfers["r9"] = Transfer("r9", "", "SET", "PARIS", "LONDON", 0, 1)
    assert when(world, command) == KitHasNoStock(SET)


def test_a_kit_can_be_configured() -> None:
    world = given({}, configured=(A_KIT,))
    expected = ["StockConfigured SET 0 True STOPPED ()"]
    assert when(world, Configure(SET, selling=Selling.STOPPED)) == expected


def test_a_component_has_stock() -> None:
    assert when(given({}, configured=(A_KIT,)), Receive(TEA, 3)) == ["StockReceived TEA 3"]
