"""Who waits where channels are configured: what he gets in the turn in which he begins to wait, and
when others take what is theirs."""

import pytest

from engine.core.answers import Allocated, Reserved
from engine.core.channels import Buffer, Channel, ChannelTerms
from engine.core.commands import (
    Allocate,
    BasketLine,
    Configure,
    Receive,
    Release,
    Reserve,
    Sell,
    TransferReservation,
)
from engine.core.events import ChannelConfigured, Event
from engine.core.model import Fill, IfShort, Key, Selling, ShortCause, ShortLine, Stock, Strategy
from engine.core.rejections import InsufficientStock
from tests.core.world import CART_MS, START_MS, TEA, World, after, when

LEEDS = Key("", "TEA", "LEEDS")
HALF = ChannelTerms(Buffer(percent=50))
ALL = ChannelTerms(Buffer(units=0))


def channel(name: str, terms: ChannelTerms, *locations: str) -> Event:
    return ChannelConfigured("", Channel(name, locations, terms=terms))


def fenced(name: str, units: int, *locations: str, cap: int | None = None) -> Event:
    return channel(name, ChannelTerms(None, cap, units, START_MS), *locations)


def wish(units: int, name: str = "web", key: Key = TEA) -> Reserve:
    lines = (BasketLine("1", key, units),)
    return Reserve("", lines, Fill.BEST_EFFORT, channel=name, wait_ms=60_000)


def used(world: World, key: Key = TEA) -> list[tuple[str, int]]:
    return [(use.channel, use.units) for use in world.stocks[key].channel_uses]


def test_what_who_waits_gets_at_once_is_taken_of_his_allocation() -> None:
    world = World({TEA: Stock(9)}, configured=(fenced("web", 5, cap=2),))
    after(world, wish(4))
    assert (world.stocks[TEA].held, used(world)) == (4, [("web", 4)])
    after(world, Release("", "r1"))
    assert used(world) == []


def test_the_answer_says_what_was_got_in_the_same_turn() -> None:
    world = World({TEA: Stock(8)}, configured=(channel("web", HALF),))
    # Half of 8, of 4 and of 2.
    answer = world.do(wish(7))
    assert isinstance(answer, Reserved)
    assert [(one.quantity, one.waiting, one.place) for one in answer.lines] == [(7, 0, 0)]
    assert (answer.waiting, answer.expires_at_ms) == (False, START_MS + CART_MS)
    world = World({TEA: Stock(8)}, configured=(channel("web", HALF),))
    answer = world.do(wish(9))
    assert isinstance(answer, Reserved)
    assert [(one.quantity, one.waiting, one.place) for one in answer.lines] == [(7, 2, 1)]
    assert (answer.waiting, answer.expires_at_ms) == (True, START_MS + 60_000)


def test_the_answer_says_what_is_not_backordered_any_more() -> None:
    stocks = {TEA: Stock(8, backorder_limit=9)}
    world = World(stocks, configured=(channel("web", HALF),))
    line = BasketLine("1", TEA, 9, allow_backorder=True)
    answer = world.do(Allocate("", (line,), channel="web"))
    assert isinstance(answer, Allocated)
    assert [(one.quantity, one.backordered) for one in answer.lines] == [(9, 2)]


def test_what_others_sell_from_elsewhere_is_fenced_no_longer() -> None:
    stocks = {TEA: Stock(4), LEEDS: Stock(4)}
    web = channel("web", ALL, "LONDON")
    world = after(World(stocks, configured=(fenced("app", 3, "LONDON"), web)), wish(3))
    assert world.stocks[TEA].held == 1
    after(world, Sell(LEEDS, 2, IfShort.RECORD, channel="app"))
    assert world.stocks[TEA].held == 3


@pytest.mark.parametrize(
    "terms", [ALL, ChannelTerms(Buffer(units=9)), ChannelTerms(None, None, 9, 1)]
)
def test_a_backorder_is_filled_where_nothing_is_sold(terms: ChannelTerms) -> None:
    told = Allocate(
        "", (BasketLine("1", TEA, 3, allow_backorder=True),), IfShort.RECORD, channel="web"
    )
    world = World({TEA: Stock(0, backorder_limit=9)}, configured=(channel("web", terms),))
    after(world, told, Configure(TEA, selling=Selling.STOPPED), Receive(TEA, 2))
    assert (world.stocks[TEA].allocated, world.stocks[TEA].backordered) == (2, 1)


def test_what_comes_free_to_nobody_serves_no_fence() -> None:
    stocks = {TEA: Stock(4), LEEDS: Stock(2)}
    world = World(stocks, configured=(fenced("app", 4, "LONDON", "LEEDS"),))
    after(world, Reserve("", (BasketLine("1", LEEDS, 2),)))
    after(world, Configure(LEEDS, selling=Selling.STOPPED))
    refused = InsufficientStock((ShortLine("1", TEA, ShortCause.CHANNEL, 2, 0),))
    assert when(world, TransferReservation("", "r1", "LONDON")) == refused
    after(world, Configure(LEEDS, selling=Selling.OPEN), TransferReservation("", "r1", "LONDON"))


def test_a_basket_is_not_kept_together_where_its_channel_does_not_sell() -> None:
    mug = Key("", "MUG", "LONDON")
    stocks = {
        key: Stock(5) for key in (TEA, LEEDS, mug, Key("", "MUG", "LEEDS"), Key("", "MUG", "ROME"))
    }
    stocks[Key("", "TEA", "ROME")] = Stock(5)
    lines = tuple(
        BasketLine(sku, Key("", sku, ""), 1, locations=("LONDON", "LEEDS", "ROME"))
        for sku in ("TEA", "MUG")
    )
    world = World(stocks, configured=(channel("web", ALL, "LEEDS"),))
    basket = Reserve("", lines, channel="web", strategy=Strategy.FEWEST_SPLITS)
    assert [event for event in when(world, basket) if "Held" in event] == [  # type: ignore[attr-defined]
        "StockHeld TEA TEA@LEEDS 1",
        "StockHeld MUG MUG@LEEDS 1",
    ]
