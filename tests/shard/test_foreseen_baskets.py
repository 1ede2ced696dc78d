"""Baskets over several shards whose other shards are asked before the home: it decides all the
same."""

from collections import Counter
from typing import Any

import pytest

from engine.core.commands import BasketLine, DefineKit, Receive, Reserve
from engine.core.configuration import Component
from engine.core.model import Key
from engine.core.rejections import InsufficientStock
from engine.shard import baskets
from engine.shard.messages import Accepted, Refused
from engine.shard.port import Overloaded
from tests.shard.market import Market, sku_in
from tests.shard.shop import id_of


class Counted:
    """What a market's shards are sent, by kind of message."""

    def __init__(self, market: Market) -> None:
        self.messages: Counter[str] = Counter()
        for shard in market.shards.shards:
            self._count(shard)

    def _count(self, shard: Any) -> None:
        submit = shard.submit

        def counting(slot: int, request: Any, *others: Any) -> Any:
            self.messages[type(request).__name__] += 1
            return submit(slot, request, *others)

        shard.submit = counting

    def taken(self) -> tuple[int, int]:
        """How many Writes and Prepares there were since this was asked last."""
        writes, prepares = self.messages["Write"], self.messages["Prepare"]
        self.messages.clear()
        return writes, prepares


@pytest.fixture
async def market() -> Market:
    return await Market(3).stocked([9, 9, 9])


async def nothing_is_left(market: Market) -> bool:
    await market.idle()
    return market.waiting() == [(0, 0)] * 3 and market.audit() == []


async def test_the_home_is_written_to_once(market: Market) -> None:
    counted = Counted(market)
    assert isinstance(await market.answer(market.basket((2, 3, 4))), Accepted)
    assert counted.taken() == (1, 2)
    refused = await market.answer(market.basket((2, 9, 4)))
    assert isinstance(refused, Refused)
    assert isinstance(refused.rejection, InsufficientStock)
    assert counted.taken() == (1, 2)
    assert await market.held() == [2, 3, 4]
    assert await nothing_is_left(market)


async def test_what_depends_on_more_is_asked_of_the_home_first(market: Market) -> None:
    counted = Counted(market)
    home, other, _ = market.keys
    grouped = BasketLine("2", Key("", other.sku, ""), 1, locations=(other.location,))
    lines = (BasketLine("1", home, 1), grouped)
    assert isinstance(await market.answer(Reserve("", lines, ttl_ms=1_000)), Accepted)
    assert counted.taken() == (1, 1), "locations are all that a line needs"
    waits = market.basket((1, 1, 0), wait_ms=5_000)
    assert isinstance(await market.answer(waits), Accepted)
    assert counted.taken() == (2, 1)
    assert isinstance(await market.send(market.basket((1, 1, 0)), only=True), Accepted)
    assert counted.taken() == (2, 1)
    assert await nothing_is_left(market)


async def test_a_repetition_is_answered_by_the_home_alone(market: Market) -> None:
    basket = market.basket((2, 3, 4))
    first = await market.accepted(basket, "x")
    counted = Counted(market)
    again = await market.accepted(basket, "x")
    assert (again.answer, again.replayed) == (first.answer, True)
    assert counted.taken() == (1, 0)


async def test_the_next_life_of_the_front_end_asks_the_home_at_first(market: Market) -> None:
    basket = market.basket((2, 3, 4))
    first = await market.accepted(basket, "x")
    market.shards.crash()
    market.shards.start()
    counted = Counted(market)
    again = await market.accepted(basket, "x")
    assert (again.answer, again.replayed) == (first.answer, True)
    assert counted.taken() == (1, 0)
    assert isinstance(await market.answer(market.basket((1, 1, 1))), Accepted)
    assert counted.taken() == (2, 2)


async def test_a_late_repetition_in_the_next_life_leaves_nothing_set_aside(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The front end does not know that it was asked before: what others set aside for it is given
    back before it is answered."""
    basket = market.basket((2, 3, 4))
    first = await market.accepted(basket, "x")
    market.shards.crash()
    market.shards.start()
    counted = Counted(market)
    monkeypatch.setattr(baskets, "GUESS_AFTER_S", 0.0)

    again = await market.accepted(basket, "x")

    assert counted.taken() == (1, 2)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert await market.held() == [2, 3, 4]
    assert market.waiting() == [(0, 0)] * 3
    assert {shard for shard, _ in again.elsewhere} == {1, 2}
    assert await nothing_is_left(market)


async def test_a_late_repetition_is_answered_though_another_shard_has_no_stock_left(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    basket = market.basket((2, 9, 4))
    first = await market.accepted(basket, "x")
    market.shards.crash()
    market.shards.start()
    monkeypatch.setattr(baskets, "GUESS_AFTER_S", 0.0)
    again = await market.accepted(basket, "x")
    assert again.answer == first.answer
    assert await market.held() == [2, 9, 4]
    assert await nothing_is_left(market)


async def test_a_kit_is_asked_of_the_home_and_known_from_then_on(market: Market) -> None:
    kit = sku_in(1, 3) + "-SET"
    while market.shards.shard_of(market.slot(Receive(Key("", kit, "LONDON"), 1))) != 1:
        kit += "X"
    components = tuple(Component(key.sku, 1) for key in market.keys)
    await market.accepted(DefineKit("", kit, components))
    lines = (BasketLine("1", market.keys[0], 1), BasketLine("2", Key("", kit, "LONDON"), 2))
    counted = Counted(market)

    first = await market.accepted(Reserve("", lines, ttl_ms=60_000))
    assert counted.taken() == (3, 1 + 2)
    assert await market.held() == [3, 2, 2]
    second = await market.accepted(Reserve("", lines, ttl_ms=60_000))
    assert counted.taken() == (2, 2)
    assert id_of(first) != id_of(second)

    assert isinstance(await market.answer(market.basket((1, 1, 0))), Accepted)
    assert counted.taken() == (1, 1), "the other line's SKU is as before"
    assert await nothing_is_left(market)


async def test_what_has_no_room_is_refused_at_once(market: Market) -> None:
    """A batch of baskets is not taken beyond what may wait."""
    full = market.shards.shards[0]
    full._queue_commands_max = 3
    for number in range(3):
        market.send(Receive(market.keys[0], 1), f"receive-{number}")
    with pytest.raises(Overloaded):
        market.send(market.basket((1, 1, 1)))
    await market.idle()
    assert await market.held() == [0, 0, 0]
