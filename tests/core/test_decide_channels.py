"""What callers get where channels are configured, and what channels take of their allocations."""

from dataclasses import dataclass, field

import pytest

from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
)
from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    ConfigureChannel,
    LineQuantity,
    Receive,
    Release,
    Reserve,
    Sell,
    SetChannelPolicies,
    Ship,
    TransferReservation,
)
from engine.core.events import (
    AllocationDrawn,
    ChannelConfigured,
    Event,
)
from engine.core.model import (
    ChannelUse,
    Fill,
    IfShort,
    Key,
    OnExpired,
    ShortCause,
    ShortLine,
    Stock,
    Strategy,
)
from engine.core.rejections import (
    InsufficientStock,
)
from tests.core.world import CART_MS, START_MS, TEA, Wait, given, when

LEEDS = Key("", "TEA", "LEEDS")
ALL = ChannelTerms(Buffer(units=0))


def fenced(units: int) -> ChannelTerms:
    return ChannelTerms(None, None, units, START_MS)


def configured(name: str, terms: ChannelTerms, *locations: str) -> Event:
    return ChannelConfigured("", Channel(name, locations, terms=terms))


def reserve(channel: str, *quantities: int, key: Key = TEA, **more: object) -> Reserve:
    lines = tuple(
        BasketLine(str(number), key, quantity) for number, quantity in enumerate(quantities, 1)
    )
    return Reserve("", lines, channel=channel, **more)  # type: ignore[arg-type]


def anywhere(channel: str, quantity: int, *, backorder: bool = False, **more: object) -> Reserve:
    line = BasketLine(
        "1",
        Key("", "TEA", ""),
        quantity,
        locations=("LONDON", "LEEDS"),
        allow_backorder=backorder,
    )
    return Reserve("", (line,), channel=channel, **more)  # type: ignore[arg-type]


@dataclass
class Row:
    """Given stock, what is configured and what was done before; when a command comes."""

    name: str
    stocks: dict[Key, Stock]
    events: tuple[Event, ...]
    past: tuple[Command | Wait, ...]
    command: Command
    then: object
    uses: dict[Key, tuple[ChannelUse, ...]] = field(default_factory=dict)


def refused(
    asked: int,
    available: int,
    *,
    cause: ShortCause = ShortCause.CHANNEL,
    line: str = "1",
    key: Key = TEA,
) -> InsufficientStock:
    return InsufficientStock((ShortLine(line, key, cause, asked, available),))


def uses(units: int, channel: str = "web") -> tuple[ChannelUse, ...]:
    return (ChannelUse(channel, units, START_MS),)


TEN: dict[Key, Stock] = {TEA: Stock(10)}
BOTH: dict[Key, Stock] = {TEA: Stock(10), LEEDS: Stock(10)}
WEB_FENCED = (configured("web", fenced(6)),)
ASK = "AllocationDrawn TEA web"

ROWS = [
    Row(
        "within the buffer",
        TEN,
        (configured("web", ChannelTerms()),),
        (),
        reserve("web", 10),
        refused(10, 9),
    ),
    Row(
        "up to the buffer",
        TEN,
        (configured("web", ChannelTerms()),),
        (),
        reserve("web", 9),
        ["ReservationCreated web 1300000", "StockHeld 1 TEA 9"],
    ),
    Row(
        "another channel knows no buffer",
        TEN,
        (configured("web", ChannelTerms()),),
        (),
        reserve("pos", 10),
        ["ReservationCreated pos 1300000", "StockHeld 1 TEA 10"],
    ),
    Row(
        "what earlier lines took counts",
        TEN,
        (configured("web", ChannelTerms()),),
        (),
        reserve("web", 5, 5),
        refused(5, 4, line="2"),
    ),
    Row(
        "the cap holds for a basket",
        TEN,
        (configured("web", ChannelTerms(Buffer(units=0), 4)),),
        (reserve("web", 4),),
        reserve("web", 3, 2),
        refused(2, 1, line="2"),
    ),
    Row(
        "not from there",
        BOTH,
        (configured("web", ALL, "LEEDS"),),
        (),
        reserve("web", 1),
        refused(1, 0),
    ),
    Row(
        "from the others of a list",
        BOTH,
        (configured("web", ALL, "LEEDS"),),
        (),
        anywhere("web", 5),
        ["ReservationCreated web 1300000", "StockHeld 1 TEA@LEEDS 5"],
    ),
    Row(
        "both together no more than the cap",
        BOTH,
        (configured("web", ChannelTerms(Buffer(units=0), 12)),),
        (),
        anywhere("web", 13, fill=Fill.BEST_EFFORT),
        ["ReservationCreated web 1300000", "StockHeld 1 TEA 10", "StockHeld 1 TEA@LEEDS 2"],
    ),
    Row(
        "a plan that fences do not allow is filled otherwise",
        {TEA: Stock(9), LEEDS: Stock(8)},
        (configured("web", fenced(9), "LONDON"),),
        (),
        anywhere("", 8, strategy=Strategy.MOST_STOCK),
        ["ReservationCreated 1300000", "StockHeld 1 TEA@LEEDS 8"],
    ),
    Row("a fence is not there for others", TEN, WEB_FENCED, (), reserve("", 5), refused(5, 4)),
    Row("the channel has no more", TEN, WEB_FENCED, (), reserve("web", 7), refused(7, 6)),
    Row(
        "it draws on its allocation",
        TEN,
        WEB_FENCED,
        (),
        reserve("web", 2, 3),
        [
            "ReservationCreated web 1300000",
            "StockHeld 1 TEA 2",
            "StockHeld 2 TEA 3",
            f"{ASK} 5 1000000",
        ],
        {TEA: uses(5)},
    ),
    Row(
        "what it has drawn is gone",
        TEN,
        WEB_FENCED,
        (reserve("web", 5),),
        reserve("web", 2),
        refused(2, 1),
    ),
    Row(
        "it is not there for others either",
        TEN,
        WEB_FENCED,
        (reserve("web", 5), reserve("", 4)),
        reserve("", 1),
        refused(1, 0),
    ),
    Row(
        "what is released is fenced again",
        TEN,
        WEB_FENCED,
        (reserve("web", 5),),
        Release("", "r1", (LineQuantity("1", 2),)),
        ["HoldReleased 1 TEA 2 UNSPECIFIED", f"{ASK} -2 1000000"],
        {TEA: uses(3)},
    ),
    Row(
        "what expires is fenced again",
        TEN,
        WEB_FENCED,
        (reserve("web", 5), Wait(CART_MS)),
        reserve("", 5),
        refused(5, 4),
        {TEA: ()},
    ),
    Row(
        "a commit draws nothing",
        TEN,
        WEB_FENCED,
        (reserve("web", 5),),
        Commit("", "r1"),
        ["HoldCommitted 1 TEA 5"],
        {TEA: uses(5)},
    ),
    Row(
        "nor does a shipment",
        TEN,
        WEB_FENCED,
        (reserve("web", 5), Commit("", "r1")),
        Ship("", "r1"),
        ["StockShipped 1 TEA 5 shipment_id=1"],
        {TEA: uses(5)},
    ),
    Row(
        "a till draws",
        TEN,
        WEB_FENCED,
        (),
        Sell(TEA, 2, channel="web"),
        ["StockSold TEA 2 web", f"{ASK} 2 1000000"],
        {TEA: uses(2)},
    ),
    Row("a till is held to fences", TEN, WEB_FENCED, (), Sell(TEA, 5), refused(5, 4, line="")),
    Row(
        "what has happened has happened",
        TEN,
        WEB_FENCED,
        (),
        Sell(TEA, 5, IfShort.RECORD),
        ["StockSold TEA 5"],
    ),
    Row(
        "told promises draw without limit",
        TEN,
        WEB_FENCED,
        (),
        Allocate("", (BasketLine("1", TEA, 8),), IfShort.RECORD, channel="web"),
        ["ReservationCreated web 0", "StockAllocated 1 TEA 8", f"{ASK} 8 1000000"],
        {TEA: uses(8)},
    ),
    Row(
        "an allocation has no backorders",
        {TEA: Stock(10, backorder_limit=5), LEEDS: Stock(0)},
        WEB_FENCED,
        (),
        anywhere("web", 7, backorder=True),
        refused(7, 6, key=Key("", "TEA", "")),
    ),
    Row(
        "a cap counts backorders",
        {TEA: Stock(1, backorder_limit=5), LEEDS: Stock(0)},
        (configured("web", ChannelTerms(Buffer(units=0), 4)),),
        (),
        anywhere("web", 5, backorder=True),
        refused(5, 4, cause=ShortCause.STOCK, key=Key("", "TEA", "")),
    ),
    Row(
        "what the basket gives back is its own",
        {TEA: Stock(5)},
        (configured("web", ChannelTerms()),),
        (reserve("web", 4),),
        Amend("", "r1", (BasketLine("2", TEA, 4),), ("1",)),
        ["ReservationAmended", "HoldReleased 1 TEA 4 UNSPECIFIED", "StockHeld 2 TEA 4"],
    ),
    Row(
        "growing is held to the rules",
        {TEA: Stock(5)},
        (configured("web", ChannelTerms()),),
        (reserve("web", 4),),
        Amend("", "r1", (BasketLine("1", TEA, 5),)),
        refused(5, 4),
    ),
    Row(
        "moving takes nothing in all",
        {TEA: Stock(4), LEEDS: Stock(4)},
        (configured("web", fenced(4)),),
        (reserve("web", 4),),
        TransferReservation("", "r1", "LEEDS"),
        [
            "HoldReleased 1 TEA 4 UNSPECIFIED",
            "StockHeld 1 TEA@LEEDS 4",
            f"{ASK} -4 1000000",
            "AllocationDrawn TEA@LEEDS web 4 1000000",
        ],
    ),
    Row(
        "what was lost is taken again within the rules",
        {TEA: Stock(5)},
        (configured("web", ChannelTerms()),),
        (reserve("web", 4), Wait(CART_MS), reserve("", 2)),
        Commit("", "r1", on_expired=OnExpired.REACQUIRE),
        refused(4, 2, cause=ShortCause.STOCK),
    ),
    Row(
        "who waits is passed by while a fence has it",
        {TEA: Stock(0)},
        WEB_FENCED,
        (reserve("", 3, wait_ms=900_000),),
        Receive(TEA, 8),
        ["StockReceived TEA 8", "WaitFilled 1 TEA 2"],
    ),
    Row(
        "a channel that waits draws when it is served",
        {TEA: Stock(0)},
        WEB_FENCED,
        (reserve("web", 3, wait_ms=900_000),),
        Receive(TEA, 2),
        ["StockReceived TEA 2", "WaitFilled 1 TEA 2", f"{ASK} 2 1000000"],
        {TEA: uses(2)},
    ),
    Row(
        "stock at one location sets free what was fenced at another",
        {TEA: Stock(4), LEEDS: Stock(0)},
        (configured("web", fenced(4)),),
        (reserve("", 3, wait_ms=900_000),),
        Receive(LEEDS, 2),
        ["StockReceived TEA@LEEDS 2", "WaitFilled 1 TEA 2"],
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_callers_get(row: Row) -> None:
    world = given(row.stocks, *row.past, configured=row.events)
    assert when(world, row.command) == row.then
    for key, expected in row.uses.items():
        assert world.stocks[key].channel_uses == expected


def test_what_was_taken_before_an_allocation_was_stated_does_not_count() -> None:
    world = given(TEN, reserve("web", 2), configured=(configured("web", ALL),))
    world.wait(5)
    stated = SetChannelPolicies("", "web", (ChannelPolicy("TEA", "", ChannelTerms(None, None, 6)),))
    world.do(stated)
    world.do(reserve("web", 3))
    since_ms = START_MS + 5
    assert world.stocks[TEA].channel_uses == (ChannelUse("web", 3, since_ms),)
    world.do(Release("", "r1"))
    assert world.stocks[TEA].channel_uses == (ChannelUse("web", 3, since_ms),)
    world.do(stated)
    assert when(world, reserve("web", 7)) == refused(7, 6)
    world.do(Release("", "r2"))
    assert when(world, reserve("", 5)) == refused(5, 4)


def test_a_dropped_fence_comes_free_to_the_next_who_asks() -> None:
    world = given(TEN, configured=WEB_FENCED)
    assert when(world, reserve("", 10)) == refused(10, 4)
    world.do(ConfigureChannel("", Channel("web"), remove=True))
    assert not isinstance(world.do(reserve("", 10)), InsufficientStock)


def test_a_correction_lowers_the_fence_to_what_is_there() -> None:
    world = given(TEN, configured=WEB_FENCED)
    world.do(Adjust(TEA, -7, "broken", "x"))
    assert when(world, reserve("", 1)) == refused(1, 0)
    assert when(world, reserve("web", 4)) == refused(4, 3, cause=ShortCause.STOCK)
    drawn = [one for _, one in world.history if isinstance(one, AllocationDrawn)]
    assert drawn == []
