"""Reserve and Allocate: what is granted, what is refused and why."""

import pytest

from engine.core.commands import Allocate, BasketLine, Command, Reserve, Sell
from engine.core.limits import BALANCE_MAX
from engine.core.model import (
    Fill,
    HoldClass,
    IfShort,
    Key,
    Selling,
    ShortCause,
    ShortLine,
    Stock,
)
from engine.core.rejections import BalanceOutOfRange, InsufficientStock, UnknownStock
from tests.core.world import CART_MS, MUG, POSTAGE, START_MS, TEA, given, when

STOPPED = Selling.STOPPED
LOST = Key("", "LOST", "LONDON")
ELSEWHERE = Key("other", "TEA", "LONDON")
WEB_BUFFER_4 = (("shop", 1), ("web", 4))


def line(line_id: str, key: Key, quantity: int, minimum: int = 0) -> BasketLine:
    return BasketLine(line_id, key, quantity, minimum)


def reserve(*lines: BasketLine, channel: str = "", **more: object) -> Reserve:
    return Reserve("", lines, channel=channel, ttl_ms=1_000, **more)  # type: ignore[arg-type]


def best_effort(*lines: BasketLine, channel: str = "") -> Reserve:
    return reserve(*lines, channel=channel, fill=Fill.BEST_EFFORT)


def allocate(*lines: BasketLine, channel: str = "") -> Allocate:
    return Allocate("", lines, channel=channel)


def sold_elsewhere(*lines: BasketLine, channel: str = "") -> Allocate:
    return Allocate("", lines, if_short=IfShort.RECORD, channel=channel)


def short(
    line_id: str, key: Key, cause: ShortCause, asked: int, available: int
) -> InsufficientStock:
    return InsufficientStock((ShortLine(line_id, key, cause, asked, available),))


def created(seconds: int = 1, channel: str = "") -> str:
    expires_at_ms = START_MS + 1_000 * seconds if seconds else 0
    return " ".join(filter(None, ["ReservationCreated", channel, str(expires_at_ms)]))


STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1, safety_stock=1),  # 6 are available.
    MUG: Stock(on_hand=5),
    POSTAGE: Stock(tracked=False),
}
BUFFERED = {TEA: Stock(on_hand=6, channel_buffers=WEB_BUFFER_4)}
STOPPED_STOCKS = {
    TEA: Stock(on_hand=6, selling=STOPPED),
    MUG: Stock(on_hand=5),
    POSTAGE: Stock(tracked=False, selling=STOPPED),
}
SHORT = {TEA: Stock(on_hand=1, held=3)}

ROWS: list[tuple[str, dict[Key, Stock], Command, object]] = [
    # What is there is held.
    ("the last unit", STOCKS, reserve(line("1", TEA, 6)), [created(), "StockHeld 1 TEA 6"]),
    (
        "several lines, in order",
        STOCKS,
        reserve(line("1", MUG, 5), line("2", TEA, 6)),
        [created(), "StockHeld 1 MUG 5", "StockHeld 2 TEA 6"],
    ),
    (
        "one SKU-location twice, each line seeing the one before",
        STOCKS,
        reserve(line("1", TEA, 4), line("2", TEA, 2)),
        [created(), "StockHeld 1 TEA 4", "StockHeld 2 TEA 2"],
    ),
    (
        "untracked stock, without limit and without a count",
        STOCKS,
        reserve(line("1", POSTAGE, 999)),
        [created(), "StockHeld 1 POSTAGE 999 uncounted"],
    ),
    (
        "what the channel's buffer leaves",
        BUFFERED,
        reserve(line("1", TEA, 2), channel="web"),
        [created(channel="web"), "StockHeld 1 TEA 2"],
    ),
    (
        "a channel without a buffer has none",
        BUFFERED,
        reserve(line("1", TEA, 6), channel="fair"),
        [created(channel="fair"), "StockHeld 1 TEA 6"],
    ),
    # What is not there is refused whole, with every short line.
    (
        "one unit too many",
        STOCKS,
        reserve(line("1", TEA, 7)),
        short("1", TEA, ShortCause.STOCK, 7, 6),
    ),
    (
        "the second line, of what the first left",
        STOCKS,
        reserve(line("1", TEA, 4), line("2", TEA, 3)),
        short("2", TEA, ShortCause.STOCK, 3, 2),
    ),
    (
        "a short line takes nothing from the lines after it",
        STOCKS,
        reserve(line("1", TEA, 7), line("2", TEA, 6)),
        short("1", TEA, ShortCause.STOCK, 7, 6),
    ),
    (
        "every short line is listed",
        STOCKS,
        reserve(line("1", TEA, 7), line("2", POSTAGE, 1), line("3", MUG, 6)),
        InsufficientStock(
            (
                ShortLine("1", TEA, ShortCause.STOCK, 7, 6),
                ShortLine("3", MUG, ShortCause.STOCK, 6, 5),
            )
        ),
    ),
    (
        "less than nothing is shown as nothing",
        SHORT,
        reserve(line("1", TEA, 1)),
        short("1", TEA, ShortCause.STOCK, 1, 0),
    ),
    (
        "only the channel's buffer stands in the way",
        BUFFERED,
        reserve(line("1", TEA, 3), channel="web"),
        short("1", TEA, ShortCause.CHANNEL, 3, 2),
    ),
    (
        "stock is short before the buffer is",
        BUFFERED,
        reserve(line("1", TEA, 7), channel="web"),
        short("1", TEA, ShortCause.STOCK, 7, 2),
    ),
    (
        "the buffer after earlier lines of the basket",
        BUFFERED,
        reserve(line("1", TEA, 2), line("2", TEA, 1), channel="web"),
        short("2", TEA, ShortCause.CHANNEL, 1, 0),
    ),
    (
        "selling is stopped",
        STOPPED_STOCKS,
        reserve(line("1", TEA, 1)),
        short("1", TEA, ShortCause.STOPPED, 1, 0),
    ),
    (
        "selling of untracked stock is stopped",
        STOPPED_STOCKS,
        reserve(line("1", POSTAGE, 1)),
        short("1", POSTAGE, ShortCause.STOPPED, 1, 0),
    ),
    # What is not known is refused first.
    ("an unknown key", STOCKS, reserve(line("1", LOST, 1)), UnknownStock(LOST)),
    (
        "an unknown key before a short line",
        STOCKS,
        reserve(line("1", TEA, 7), line("2", LOST, 1)),
        UnknownStock(LOST),
    ),
    (
        "the first unknown key",
        STOCKS,
        best_effort(line("1", ELSEWHERE, 1), line("2", LOST, 1)),
        UnknownStock(ELSEWHERE),
    ),
    # Best effort holds what there is.
    (
        "best effort, as much as there is",
        STOCKS,
        best_effort(line("1", TEA, 9), line("2", MUG, 5)),
        [created(), "StockHeld 1 TEA 6", "StockHeld 2 MUG 5"],
    ),
    (
        "best effort leaves out what there is nothing of",
        STOCKS,
        best_effort(line("1", TEA, 6), line("2", TEA, 1), line("3", MUG, 1)),
        [created(), "StockHeld 1 TEA 6", "StockHeld 3 MUG 1"],
    ),
    (
        "best effort for a channel",
        BUFFERED,
        best_effort(line("1", TEA, 3), channel="web"),
        [created(channel="web"), "StockHeld 1 TEA 2"],
    ),
    (
        "best effort passes by what is stopped",
        STOPPED_STOCKS,
        best_effort(line("1", TEA, 3), line("2", MUG, 1)),
        [created(), "StockHeld 2 MUG 1"],
    ),
    (
        "best effort at the minimum",
        STOCKS,
        best_effort(line("1", TEA, 9, minimum=6)),
        [created(), "StockHeld 1 TEA 6"],
    ),
    (
        "best effort below the minimum",
        STOCKS,
        best_effort(line("1", MUG, 1), line("2", TEA, 9, minimum=7)),
        short("2", TEA, ShortCause.STOCK, 9, 6),
    ),
    (
        "best effort with nothing at all",
        SHORT,
        best_effort(line("1", TEA, 1)),
        short("1", TEA, ShortCause.STOCK, 1, 0),
    ),
    # Allocate asks like Reserve.
    (
        "allocated at once",
        STOCKS,
        allocate(line("1", TEA, 6), line("2", POSTAGE, 1)),
        [created(0), "StockAllocated 1 TEA 6", "StockAllocated 2 POSTAGE 1 uncounted"],
    ),
    (
        "too many to allocate",
        STOCKS,
        allocate(line("1", TEA, 7)),
        short("1", TEA, ShortCause.STOCK, 7, 6),
    ),
    (
        "allocation where selling is stopped",
        STOPPED_STOCKS,
        allocate(line("1", TEA, 1)),
        short("1", TEA, ShortCause.STOPPED, 1, 0),
    ),
    (
        "allocation for a channel",
        BUFFERED,
        allocate(line("1", TEA, 3), channel="web"),
        short("1", TEA, ShortCause.CHANNEL, 3, 2),
    ),
    ("allocation of an unknown key", STOCKS, allocate(line("1", LOST, 1)), UnknownStock(LOST)),
    # Allocate tells: it has happened.
    (
        "told within what is there: safety stock is no shortfall",
        STOCKS,
        sold_elsewhere(line("1", TEA, 7)),
        [created(0), "StockAllocated 1 TEA 7"],
    ),
    (
        "told beyond what is there",
        STOCKS,
        sold_elsewhere(line("1", TEA, 8), line("2", MUG, 7), line("3", TEA, 1)),
        [
            created(0),
            "StockAllocated 1 TEA 8",
            "StockAllocated 2 MUG 7",
            "StockAllocated 3 TEA 1",
            "ShortfallDetected TEA 2 at_risk=r1:9",
            "ShortfallDetected MUG 2 at_risk=r1:7",
        ],
    ),
    (
        "told where a shortfall was: it is worse",
        SHORT,
        sold_elsewhere(line("1", TEA, 1)),
        [created(0), "StockAllocated 1 TEA 1", "ShortfallDetected TEA 3 at_risk=r1:1"],
    ),
    (
        "told where selling is stopped",
        STOPPED_STOCKS,
        sold_elsewhere(line("1", TEA, 1)),
        [created(0), "StockAllocated 1 TEA 1"],
    ),
    (
        "told of untracked stock: nothing is missing",
        STOCKS,
        sold_elsewhere(line("1", POSTAGE, 9)),
        [created(0), "StockAllocated 1 POSTAGE 9 uncounted"],
    ),
    ("told of an unknown key", STOCKS, sold_elsewhere(line("1", LOST, 1)), UnknownStock(LOST)),
    (
        "told up to the balance's limit, held units included",
        {TEA: Stock(on_hand=BALANCE_MAX, held=1, allocated=BALANCE_MAX - 3)},
        sold_elsewhere(line("1", TEA, 1), line("2", TEA, 1)),
        [created(0), "StockAllocated 1 TEA 1", "StockAllocated 2 TEA 1"],
    ),
    (
        "told beyond the balance's limit, held units included",
        {TEA: Stock(on_hand=BALANCE_MAX, held=1, allocated=BALANCE_MAX - 2)},
        sold_elsewhere(line("1", TEA, 1), line("2", TEA, 1)),
        BalanceOutOfRange(TEA, "promised", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]


@pytest.mark.parametrize(
    ("stocks", "command", "then"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_promise(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then


def test_a_basket_remembers_who_asked_and_for_what() -> None:
    world = given({Key("acme", "TEA", "LONDON"): Stock(on_hand=1)})
    basket = (line("1", Key("acme", "TEA", "LONDON"), 1),)
    world.do(Reserve("acme", basket, reference="cart 7", channel="web", customer="c1"))
    reservation = world.reservations["r1"]
    assert (reservation.tenant, reservation.reference) == ("acme", "cart 7")
    assert (reservation.channel, reservation.customer) == ("web", "c1")
    assert reservation.created_at_ms == START_MS


@pytest.mark.parametrize(
    ("hold_class", "ttl_ms", "lasts_ms"),
    [
        (HoldClass.CART, 0, CART_MS),
        (HoldClass.CHECKOUT, 0, 30 * 60 * 1_000),
        (HoldClass.ORDER, 0, 24 * 60 * 60 * 1_000),
        (HoldClass.ORDER, 5_000, 5_000),
    ],
)
def test_a_hold_lasts_as_long_as_it_says_or_its_class_does(
    hold_class: HoldClass, ttl_ms: int, lasts_ms: int
) -> None:
    world = given(STOCKS)
    world.do(Reserve("", (line("1", TEA, 1),), hold_class=hold_class, ttl_ms=ttl_ms))
    assert world.reservations["r1"].expires_at_ms == START_MS + lasts_ms


def test_best_effort_says_which_lines_it_did_not_fill() -> None:
    world = given(STOCKS)
    world.do(best_effort(line("1", TEA, 9), line("2", MUG, 1), line("3", TEA, 1)))
    assert world.decision.short_lines == (
        ShortLine("1", TEA, ShortCause.STOCK, 9, 6),
        ShortLine("3", TEA, ShortCause.STOCK, 1, 0),
    )


def test_a_refusal_uses_up_no_reservation_id() -> None:
    world = given(STOCKS)
    world.do(reserve(line("1", TEA, 7)))
    world.do(allocate(line("1", LOST, 1)))
    assert world.new_reservation_id() == "r1"


def test_a_promise_sees_what_was_promised_before_it() -> None:
    world = given(STOCKS, reserve(line("1", TEA, 4)), Sell(TEA, 1))
    assert when(world, reserve(line("1", TEA, 2))) == short("1", TEA, ShortCause.STOCK, 2, 1)
