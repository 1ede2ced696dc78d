"""What callers get of kits where channels are configured: what the terms for the kit's own SKU say,
beside those of its components."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.commands import (
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    ComputeBuffer,
    Reserve,
    SetChannelPolicies,
    TransferReservation,
)
from engine.core.configuration import Component, Kit
from engine.core.events import (
    ChannelConfigured,
    ChannelPoliciesSet,
    Event,
    KitDefined,
    SkuGroupDefined,
)
from engine.core.model import Fill, IfShort, Key, OnExpired, ShortCause, ShortLine, Stock
from engine.core.rejections import InsufficientStock, KitHasNoStock, NoDynamicBuffer, Rejection
from engine.core.view import Decision
from tests.core.world import CART_MS, MUG, TEA, Wait, World, after, when

SET = Key("", "SET", "LONDON")
ALL = ChannelTerms(Buffer(units=0))
KIT = KitDefined("", Kit("SET", (Component("TEA", 1), Component("MUG", 2))))
WEB = ChannelConfigured("", Channel("web", ("LONDON", "LEEDS"), terms=ALL))
GROUP = SkuGroupDefined("", SkuGroup("sets", (), ("SE",)))
STOCKS = {TEA: Stock(10), MUG: Stock(20, backorder_limit=9)}
"""Ten kits."""


def policy(terms: ChannelTerms, **scope: str) -> Event:
    return ChannelPoliciesSet("", "web", (ChannelPolicy(**(scope or {"sku": "SET"}), terms=terms),))


def buffer(units: int) -> ChannelTerms:
    return ChannelTerms(Buffer(units=units))


def percent(units: int) -> ChannelTerms:
    return ChannelTerms(Buffer(percent=units))


def cap(units: int) -> ChannelTerms:
    return ChannelTerms(None, units)


def world_of(*events: Event) -> World:
    return World(STOCKS, configured=(KIT, WEB, *events))


def kits(*quantities: int, channel: str = "web", sku: str = "SET", **more: object) -> Reserve:
    key = Key("", sku, "LONDON")
    lines = tuple(BasketLine(str(n), key, units) for n, units in enumerate(quantities, 1))
    return Reserve("", lines, channel=channel, **more)  # type: ignore[arg-type]


@dataclass
class Row:
    """How many kits may be had at once, by which terms."""

    name: str
    events: tuple[Event, ...]
    most: int
    channel: str = "web"


OTHER = ChannelConfigured("", Channel("app", terms=ALL))
TEN_PERCENT = ChannelConfigured("", Channel("web", ("LONDON",)))
DYNAMIC = Buffer(dynamic=DynamicBuffer(2.0, 4.0))

ROWS = [
    Row("without terms of its own", (), 10),
    Row("less its buffer", (policy(buffer(3)),), 7),
    Row("less a part, rounded up", (policy(percent(25)),), 7),
    Row("at most its cap", (policy(cap(4)),), 4),
    Row("the narrower of both", (policy(ChannelTerms(Buffer(units=7), 4)),), 3),
    Row("a buffer of more than there is", (policy(buffer(11)),), 0),
    Row("by the policy of a group", (GROUP, policy(buffer(3), sku_group="sets")), 7),
    Row("of another channel", (OTHER, policy(buffer(3))), 10, "app"),
    Row("of no channel", (policy(buffer(3)),), 10, ""),
    Row("the channel's own buffer is that of its components", (TEN_PERCENT,), 9),
    Row(
        "the cap of a channel is one of kits too",
        (ChannelConfigured("", Channel("web", (), (), cap(2))),),
        1,
    ),
    Row("after those of a component", (policy(buffer(5), sku="MUG"), policy(buffer(1))), 6),
    Row(
        "a group's dynamic buffer is none",
        (GROUP, policy(ChannelTerms(DYNAMIC), sku_group="sets")),
        10,
    ),
    Row(
        "a group's allocation is none",
        (GROUP, policy(ChannelTerms(None, None, 1, 1), sku_group="sets")),
        10,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_so_many_kits_may_be_had(row: Row) -> None:
    if row.most:
        after(world_of(*row.events), kits(row.most, channel=row.channel))
    cause = ShortCause.STOCK if row.most == 10 else ShortCause.CHANNEL
    command = kits(row.most + 1, channel=row.channel)
    assert when(world_of(*row.events), command) == refused(row.most + 1, row.most, cause)


def refused(
    asked: int, available: int, cause: ShortCause = ShortCause.CHANNEL, line: str = "1"
) -> InsufficientStock:
    return InsufficientStock((ShortLine(line, SET, cause, asked, available),))


def held(world: World, command: Command) -> dict[str, int]:
    """What a command leaves held of each SKU, waiting and backordered units included."""
    after(world, command)
    return {
        key.sku: sum(
            line.held + line.waiting
            for one in world.reservations.values()
            for line in one.lines
            if line.key == key
        )
        for key in (SET, TEA, MUG)
    }


@pytest.mark.parametrize("terms", [cap(5), buffer(5), percent(50)])
def test_lines_of_one_basket_share_what_there_is(terms: ChannelTerms) -> None:
    assert when(world_of(policy(terms)), kits(3, 3)) == refused(3, 2, line="2")
    least = kits(3, 3, fill=Fill.BEST_EFFORT)
    assert held(world_of(policy(terms)), least) == {"SET": 5, "TEA": 5, "MUG": 10}


@pytest.mark.parametrize("terms", [cap(5), buffer(5)])
def test_components_alone_are_not_kits(terms: ChannelTerms) -> None:
    basket = kits(5)
    teas = BasketLine("tea", TEA, 5)
    assert held(world_of(policy(terms)), Reserve("", (teas, *basket.lines), channel="web"))


@pytest.mark.parametrize("terms", [cap(5), buffer(5)])
def test_nothing_waits_nor_is_backordered_beyond_the_terms(terms: ChannelTerms) -> None:
    least = kits(12, fill=Fill.BEST_EFFORT, wait_ms=60_000)
    assert held(world_of(policy(terms)), least) == {"SET": 5, "TEA": 5, "MUG": 10}
    line = BasketLine("1", SET, 6, allow_backorder=True)
    stocks = {key: replace(stock, backorder_limit=9) for key, stock in STOCKS.items()}
    world = World(stocks, configured=(KIT, WEB, policy(terms)))
    assert when(world, Reserve("", (line,), channel="web")) == refused(6, 5)
    assert not isinstance(when(world, Reserve("", (line,))), Rejection)


def test_a_kit_without_terms_waits() -> None:
    least = kits(12, fill=Fill.BEST_EFFORT, wait_ms=60_000)
    assert held(world_of(), least) == {"SET": 12, "TEA": 12, "MUG": 24}


@pytest.mark.parametrize("terms", [cap(5), buffer(5)])
def test_a_basket_grows_within_the_terms(terms: ChannelTerms) -> None:
    world = given_back = world_of(policy(terms))
    after(world, kits(4))
    grown = Amend("", "r1", (BasketLine("1", SET, 10),))
    more = 5 if terms.cap_units else 1
    assert when(world, grown) == refused(10, 4 + more)
    after(given_back, Amend("", "r1", (BasketLine("1", SET, 4 + more),)))


def test_kits_given_back_are_there_for_their_basket() -> None:
    world = after(world_of(policy(cap(4))), kits(4))
    after(world, Amend("", "r1", (BasketLine("2", SET, 8),), ("1",)))
    assert when(world, kits(4)) == refused(4, 2, ShortCause.STOCK)


@pytest.mark.parametrize("terms", [cap(4), buffer(6)])
def test_a_basket_moves_as_it_is(terms: ChannelTerms) -> None:
    leeds = {Key("", key.sku, "LEEDS"): stock for key, stock in STOCKS.items()}
    world = World({**STOCKS, **leeds}, configured=(KIT, WEB))
    after(world, kits(8), SetChannelPolicies("", "web", (ChannelPolicy("SET", "", terms),)))
    after(world, TransferReservation("", "r1", "LEEDS"))
    assert world.stocks[Key("", "MUG", "LEEDS")].held == 16


@pytest.mark.parametrize("terms", [cap(4), buffer(6)])
def test_what_is_taken_again_is_held_to_the_terms(terms: ChannelTerms) -> None:
    state = SetChannelPolicies("", "web", (ChannelPolicy("SET", "", terms),))
    again = Commit("", "r1", on_expired=OnExpired.REACQUIRE)
    world = after(world_of(), kits(5), Wait(CART_MS * 10), state)
    assert isinstance(when(world, again), InsufficientStock)
    after(after(world_of(), kits(4), Wait(CART_MS * 10), state), again)


def test_what_has_happened_has_happened() -> None:
    told = Allocate("", kits(12).lines, IfShort.RECORD, channel="web")
    assert held(world_of(policy(ChannelTerms(Buffer(units=9), 1))), told)


NEED_STOCK = [ChannelTerms(None, None, 5), ChannelTerms(DYNAMIC)]


@pytest.mark.parametrize("terms", NEED_STOCK)
def test_a_kit_has_no_stock_that_could_be_allocated(terms: ChannelTerms) -> None:
    state = SetChannelPolicies("", "web", (ChannelPolicy("SET", "", terms),))
    assert when(world_of(), state) == KitHasNoStock(Key("", "SET", ""))
    # It is stated of a SKU that becomes a kit later: then it says nothing of it.
    world = after(World(STOCKS, configured=(WEB,)), state)
    world.happen(Decision((KIT,)))
    after(world, kits(10))
    gone = SetChannelPolicies("", "web", (ChannelPolicy("SET", "", None),))
    after(world, gone)


def test_the_buffer_of_a_kit_is_not_computed() -> None:
    world = world_of(GROUP, policy(ChannelTerms(DYNAMIC), sku_group="sets"))
    compute = ComputeBuffer("", "web", "SET", (1, 2))
    assert when(world, compute) == NoDynamicBuffer("web", "SET")
