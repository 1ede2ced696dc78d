"""SetOnHand: counts of now, and counts of an earlier moment that arrive late."""

import pytest

from engine.core.commands import (
    Adjust,
    Allocate,
    BasketLine,
    Command,
    Configure,
    Expect,
    Move,
    Receive,
    Reserve,
    Sell,
    SetOnHand,
    Ship,
)
from engine.core.limits import BALANCE_MAX
from engine.core.model import IfShort, Key, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    BelowPromised,
    CountStale,
    ObservationTooOld,
    OnHandMismatch,
    VersionMismatch,
)
from tests.core.world import MUG, POSTAGE, START_MS, TEA, Wait, given, when

TOLD = IfShort.RECORD
STOCKS = {
    TEA: Stock(on_hand=10, held=2, allocated=1, safety_stock=1, version=7),  # 6 are available.
    POSTAGE: Stock(tracked=False, held=2),
}
SHORT = {TEA: Stock(on_hand=1, held=3)}
DAMAGED = {TEA: Stock(on_hand=10, held=3, unavailable=(("damaged", 4),))}

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
    ("damaged ones count", DAMAGED, SetOnHand(TEA, 7), ["StockCounted TEA 7 10"]),
    ("fewer than promised of the rest", DAMAGED, SetOnHand(TEA, 6), BelowPromised(TEA, 2, 3)),
    (
        "told, fewer than promised of the rest",
        DAMAGED,
        SetOnHand(TEA, 6, if_short=TOLD),
        ["StockCounted TEA 6 10", "ShortfallDetected TEA 1"],
    ),
    (
        "out of range",
        STOCKS,
        SetOnHand(TEA, BALANCE_MAX + 1),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]


@pytest.mark.parametrize(
    ("stocks", "command", "then"), [pytest.param(*row, id=name) for name, *row in COUNT]
)
def test_count(stocks: dict[Key, Stock], command: Command, then: object) -> None:
    assert when(given(stocks), command) == then


NOON_MS = START_MS
TEN = {TEA: Stock(on_hand=10, moved=123)}
MINUTE = Wait(60_000)
OBSERVED = f"observed_at_ms={NOON_MS}"
OBSERVED_LATER = f"observed_at_ms={NOON_MS + 60_000}"

LATE: list[tuple[str, list[Command | Wait], Command, object]] = [
    (
        "nothing has moved",
        [],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 8 10 {OBSERVED}"],
    ),
    (
        "some were sold since",
        [Sell(TEA, 3)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 5 7 moved_since=-3 {OBSERVED}"],
    ),
    (
        "some have arrived since",
        [Receive(TEA, 4), Sell(TEA, 1)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 11 13 moved_since=3 {OBSERVED}"],
    ),
    (
        "what was promised is still there, what was shipped is not",
        [
            Reserve("", (BasketLine("1", TEA, 2),)),
            Allocate("", (BasketLine("1", TEA, 3),)),
            Ship("", "r2"),
        ],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 5 7 moved_since=-3 {OBSERVED}"],
    ),
    (
        "other corrections do not count",
        [Adjust(TEA, -1, "LOST", "note"), Move(TEA, 2, "", "damaged"), SetOnHand(TEA, 3)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 8 3 {OBSERVED}"],
    ),
    (
        "below what was promised since",
        [Reserve("", (BasketLine("1", TEA, 5),)), Sell(TEA, 4)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        BelowPromised(TEA, 4, 5),
    ),
    (
        "told, below what was promised since",
        [Reserve("", (BasketLine("1", TEA, 5),)), Sell(TEA, 4)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS, if_short=TOLD),
        [
            f"StockCounted TEA 4 6 moved_since=-4 {OBSERVED}",
            "ShortfallDetected TEA 1 at_risk=r1:5 held",
        ],
    ),
    (
        "told, more were sold since than were there",
        [Sell(TEA, 9)],
        SetOnHand(TEA, 2, observed_at_ms=NOON_MS, if_short=TOLD),
        [
            f"StockCounted TEA -7 1 moved_since=-9 {OBSERVED}",
            "ShortfallDetected TEA 7",
        ],
    ),
    (
        "the number on hand is looked at as it is now",
        [Sell(TEA, 3)],
        SetOnHand(TEA, 8, if_on_hand=10, observed_at_ms=NOON_MS),
        OnHandMismatch(TEA, 10, 7),
    ),
    (
        "of a key that is new since",
        [Receive(MUG, 4), Sell(MUG, 1)],
        SetOnHand(MUG, 0, observed_at_ms=NOON_MS),
        [f"StockCounted MUG 3 3 moved_since=3 {OBSERVED}"],
    ),
    (
        "where nothing is counted, what is sold does not move",
        [Configure(TEA, tracked=False), Sell(TEA, 3), Receive(TEA, 1)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS),
        [f"StockCounted TEA 9 11 moved_since=1 {OBSERVED}"],
    ),
    (
        "seen in the future, because the counter's clock is ahead",
        [Sell(TEA, 3)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS + 60_001),
        ["StockCounted TEA 8 7"],
    ),
    (
        "seen now",
        [Sell(TEA, 3)],
        SetOnHand(TEA, 8, observed_at_ms=NOON_MS + 60_000),
        ["StockCounted TEA 8 7"],
    ),
    (
        "as of a position",
        [Sell(TEA, 3), Sell(TEA, 2), MINUTE],
        SetOnHand(TEA, 8, observed_position=1),
        [f"StockCounted TEA 6 5 moved_since=-2 {OBSERVED_LATER}"],
    ),
    (
        "out of range once it is brought up to now",
        [Receive(TEA, 4)],
        SetOnHand(TEA, BALANCE_MAX - 3, observed_at_ms=NOON_MS),
        BalanceOutOfRange(TEA, "on_hand", BALANCE_MAX + 1, BALANCE_MAX),
    ),
]


@pytest.mark.parametrize(
    ("since", "command", "then"), [pytest.param(*row, id=name) for name, *row in LATE]
)
def test_a_count_that_arrives_late(
    since: list[Command | Wait], command: Command, then: object
) -> None:
    assert when(given(TEN, MINUTE, *since), command) == then


@pytest.mark.parametrize(
    "command",
    [SetOnHand(TEA, 8, observed_at_ms=NOON_MS), SetOnHand(TEA, 8, observed_position=1)],
    ids=["by time", "by position"],
)
def test_a_count_of_a_moment_that_is_not_kept(command: SetOnHand) -> None:
    world = given(TEN, Sell(TEA, 1), Sell(TEA, 1), MINUTE)
    world.forget()
    assert when(world, command) == ObservationTooOld(TEA, command.observed_at_ms)


WMS = "warehouse"
LATER_MS = NOON_MS + 60_000
BY_SOURCE: list[tuple[str, str, Command, object]] = [
    (
        "of a later moment",
        WMS,
        SetOnHand(TEA, 7, observed_at_ms=NOON_MS + 1),
        [
            f"StockCounted TEA 7 8 observed_at_ms={NOON_MS + 1}",
            f"SourceAdvanced TEA warehouse counted_at_ms={NOON_MS + 1}",
        ],
    ),
    (
        "of now",
        WMS,
        SetOnHand(TEA, 7),
        ["StockCounted TEA 7 8", f"SourceAdvanced TEA warehouse counted_at_ms={LATER_MS}"],
    ),
    (
        "as of a position before it",
        WMS,
        SetOnHand(TEA, 7, observed_position=1),
        CountStale(TEA, WMS, NOON_MS - 5, NOON_MS),
    ),
    (
        "as of a position of the same millisecond, but before it",
        WMS,
        SetOnHand(TEA, 7, observed_position=2),
        CountStale(TEA, WMS, NOON_MS, NOON_MS),
    ),
    (
        "as of a position at which it was known",
        WMS,
        SetOnHand(TEA, 7, observed_position=4),
        [f"StockCounted TEA 7 8 observed_at_ms={NOON_MS}"],
    ),
    (
        "of another source, as of a position before it",
        "shop",
        SetOnHand(TEA, 7, observed_position=1),
        [
            f"StockCounted TEA 7 8 observed_at_ms={NOON_MS - 5}",
            f"SourceAdvanced TEA shop counted_at_ms={NOON_MS - 5}",
        ],
    ),
    (
        "of the same moment",
        WMS,
        SetOnHand(TEA, 7, observed_at_ms=NOON_MS),
        CountStale(TEA, WMS, NOON_MS, NOON_MS),
    ),
    (
        "of an earlier moment",
        WMS,
        SetOnHand(TEA, 7, observed_at_ms=NOON_MS - 5),
        CountStale(TEA, WMS, NOON_MS - 5, NOON_MS),
    ),
    (
        "of another source, of an earlier moment",
        "shop",
        SetOnHand(TEA, 7, observed_at_ms=NOON_MS - 5),
        [
            f"StockCounted TEA 7 8 observed_at_ms={NOON_MS - 5}",
            f"SourceAdvanced TEA shop counted_at_ms={NOON_MS - 5}",
        ],
    ),
    (
        "of nobody, of an earlier moment",
        "",
        SetOnHand(TEA, 7, observed_at_ms=NOON_MS - 5),
        [f"StockCounted TEA 7 8 observed_at_ms={NOON_MS - 5}"],
    ),
    (
        "elsewhere, of an earlier moment",
        WMS,
        SetOnHand(MUG, 7, observed_at_ms=NOON_MS - 5),
        [
            f"StockCounted MUG 7 0 observed_at_ms={NOON_MS - 5}",
            f"SourceAdvanced MUG warehouse counted_at_ms={NOON_MS - 5}",
        ],
    ),
]


@pytest.mark.parametrize(
    ("source", "command", "then"), [pytest.param(*row, id=name) for name, *row in BY_SOURCE]
)
def test_a_source_that_has_counted_at_noon(source: str, command: Command, then: object) -> None:
    world = given(TEN)
    world.now_ms = NOON_MS - 5
    world.do(Expect(TEA, "delivery", 5))
    world.now_ms = NOON_MS
    world.do(Expect(TEA, "delivery", 6))
    world.do(SetOnHand(TEA, 8), source=WMS)
    world.wait(60_000)
    assert when(world, command, source) == then


def test_a_count_as_of_a_position_is_of_its_time() -> None:
    world = given(TEN, Sell(TEA, 1), MINUTE, Sell(TEA, 2), MINUTE)
    world.do(SetOnHand(TEA, 9, observed_position=1), source=WMS)
    assert world.stocks[TEA].sources[0].counted_at_ms == NOON_MS
    # One made after it, and told of after it, is newer.
    later = SetOnHand(TEA, 7, observed_at_ms=LATER_MS)
    assert when(world, later, WMS) == [
        f"StockCounted TEA 7 7 observed_at_ms={LATER_MS}",
        f"SourceAdvanced TEA warehouse counted_at_ms={LATER_MS}",
    ]
    again = SetOnHand(TEA, 9, observed_position=1)
    assert when(world, again, WMS) == CountStale(TEA, WMS, NOON_MS, LATER_MS)


def test_two_counts_in_one_batch() -> None:
    world = given(TEN)
    assert when(world, SetOnHand(TEA, 8), WMS) == [
        "StockCounted TEA 8 10",
        f"SourceAdvanced TEA warehouse counted_at_ms={NOON_MS}",
    ]
    # The mark is where it was: there is nothing to say about it.
    assert when(world, SetOnHand(TEA, 7), WMS) == ["StockCounted TEA 7 8"]
