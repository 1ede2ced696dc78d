"""What a shard makes of what the home of a basket tells it about units that were set aside here."""

from collections.abc import Sequence
from typing import Any

import pytest

from engine.core.channels import Channel, ChannelPolicy, ChannelTerms
from engine.core.decide.across import Preparation, Prepared, Told, hear, prepare
from engine.core.events import (
    ChannelConfigured,
    ChannelPoliciesSet,
    Event,
    LineEvent,
    StockHeld,
    WaitJoined,
)
from engine.core.model import Key, Line, Stock
from engine.core.view import Decision, Terms, Wish
from tests.core.telling import told
from tests.core.world import MUG, TEA, World

BASKET, ATTEMPT, HOME = "0a3-1-9", "front/1", 3
SHOP = Terms(channel="shop", customer="ann")


def wish(quantity: int, key: Key = TEA, line_id: str = "1", **more: Any) -> Wish:
    return Wish(line_id, (key,), quantity, **more)


def held(quantity: int, key: Key = TEA, line_id: str = "1", **more: Any) -> StockHeld:
    return StockHeld(key, BASKET, line_id, quantity, **more)


def set_aside(
    *wishes: Wish,
    terms: Terms = SHOP,
    configured: tuple[Event, ...] = (),
    stocks: dict[Key, Stock] | None = None,
) -> World:
    """A shard that has set this aside for a basket, of 5 teas and 5 mugs."""
    five = {TEA: Stock(on_hand=5), MUG: Stock(on_hand=5)}
    world = World(stocks or five, configured=configured)
    preparation = Preparation(ATTEMPT, "", HOME, wishes, terms, world.now_ms + 2_000)
    prepared = prepare(world, preparation, world.now_ms)
    assert isinstance(prepared, Prepared)
    world.happen(Decision(prepared.events))
    return world


def hearing(world: World, *events: LineEvent) -> list[str]:
    """What happens when the home tells that the basket gets this of it."""
    told_here = Told(HOME, "", BASKET, "cart", "shop", "ann", ATTEMPT, events)
    decision = hear(world, told_here, world.now_ms)
    world.happen(decision)
    return told(decision.events)


def test_what_was_set_aside_becomes_the_baskets_as_it_is() -> None:
    world = set_aside(wish(3), wish(2, MUG, "2"))
    happened = hearing(world, held(3), held(2, MUG, "2"))

    assert happened == [
        f"BasketResolved {HOME} taken_by={BASKET}",
        f"ReservationJoined {HOME} cart shop ann",
        f"HoldTaken 1 TEA 3 attempt_id={ATTEMPT}",
        f"HoldTaken 2 MUG 2 attempt_id={ATTEMPT}",
    ]
    assert world.stocks == {
        TEA: Stock(on_hand=5, held=3, version=2),
        MUG: Stock(on_hand=5, held=2, version=2),
    }
    assert list(world.reservations) == [BASKET]
    basket = world.reservations[BASKET]
    assert basket.lines == (Line("1", TEA, 3), Line("2", MUG, 2))
    assert (basket.home_shard, basket.channel, basket.customer) == (HOME, "shop", "ann")
    assert (basket.preparing, basket.created_at_ms) == (False, world.now_ms)


ALLOCATED = (
    ChannelConfigured("", Channel("shop")),
    ChannelPoliciesSet("", "shop", (ChannelPolicy("TEA", terms=ChannelTerms(allocation_units=4)),)),
)
OTHERWISE: list[tuple[str, World, Sequence[LineEvent]]] = [
    ("less", set_aside(wish(3)), [held(2)]),
    ("one line of two", set_aside(wish(3), wish(2, MUG, "2")), [held(3)]),
    ("under another line", set_aside(wish(3)), [held(3, line_id="2")]),
    ("of another size", set_aside(wish(3, units_each=3)), [held(3)]),
    ("nothing", set_aside(wish(3)), []),
    (
        "some of it waits",
        set_aside(wish(7), terms=Terms("shop", "ann", partly=True, wait=True)),
        [held(5), WaitJoined(TEA, BASKET, "1", 2, place=1)],
    ),
    (
        "some of it is on its way",
        set_aside(wish(7, allow_backorder=True), stocks={TEA: Stock(on_hand=5, backorder_limit=9)}),
        [held(7, backordered=2)],
    ),
    ("its channel has an allocation", set_aside(wish(3), configured=ALLOCATED), [held(3)]),
]


@pytest.mark.parametrize(
    ("world", "events"), [row[1:] for row in OTHERWISE], ids=[row[0] for row in OTHERWISE]
)
def test_otherwise_it_goes_back_first(world: World, events: Sequence[LineEvent]) -> None:
    happened = hearing(world, *events)

    assert happened[0] == f"BasketResolved {HOME}"
    assert happened[1].startswith("HoldReleased 1 TEA")
    assert ATTEMPT not in world.reservations
    units = sum(event.quantity for event in events if event.key == TEA)
    stock = world.stocks[TEA]
    assert stock.held + stock.backordered + stock.waiting == units


def test_what_comes_to_a_basket_that_is_here_already_goes_back_first() -> None:
    world = set_aside(wish(3))
    hearing(world, held(3))
    preparation = Preparation(ATTEMPT, "", HOME, (wish(2, MUG, "2"),), SHOP, world.now_ms)
    prepared = prepare(world, preparation, world.now_ms)
    assert isinstance(prepared, Prepared)
    world.happen(Decision(prepared.events))

    assert hearing(world, held(2, MUG, "2"))[0] == f"BasketResolved {HOME}"
    assert world.reservations[BASKET].lines == (Line("1", TEA, 3), Line("2", MUG, 2))
