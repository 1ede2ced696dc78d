"""Baskets over several shards are all or nothing, whoever crashes whenever: every participant is
killed before and after every durable step, one after the other."""

import asyncio
from typing import Any

import pytest

from engine.core.commands import (
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    DefineKit,
    Receive,
    Release,
    Reserve,
    Ship,
    TransferReservation,
)
from engine.core.configuration import Component
from engine.core.model import Fill, IfShort, Key, OnExpired
from engine.shard.correspondence import Correspondent
from engine.shard.messages import Inquire, Outgoing, Tell
from engine.shard.outbox import Outbox
from engine.shard.relay import Relay
from engine.shard.turn import Turn
from tests.shard.crashes import (
    Crash,
    Past,
    Scenario,
    allocated,
    crashes,
    held,
    recovery_steps,
    steps_of,
    wrong_after,
)
from tests.shard.market import Market
from tests.shard.shop import id_of


def asks(*units: int, **terms: Any) -> Past:
    """Nothing happens before a basket of so many units is reserved."""

    async def past(market: Market) -> Command:
        return market.basket(units, **terms)

    return past


def then(kind: type[Commit | Release]) -> Past:
    """A basket of 2, 3 and 4 units is reserved before it is committed or released."""

    async def past(market: Market) -> Command:
        return kind("", id_of(await market.accepted(market.basket((2, 3, 4)))))

    return past


async def _ships(market: Market) -> Command:
    """An order of 2, 3 and 4 units has left."""
    reservation_id = id_of(await market.accepted(market.basket((2, 3, 4))))
    await market.accepted(Commit("", reservation_id))
    return Ship("", reservation_id)


async def _comes_too_late(market: Market) -> Command:
    """A basket of 2, 3 and 4 units has expired before it is committed all the same."""
    reservation_id = id_of(await market.accepted(market.basket((2, 3, 4), ttl_ms=1_000)))
    market.now_ms += 1_000
    return Commit("", reservation_id, on_expired=OnExpired.REACQUIRE)


async def _moves(market: Market) -> Command:
    """A basket of 2, 3 and 4 units is served from elsewhere."""
    for key in market.keys:
        await market.accepted(Receive(Key("", key.sku, "PARIS"), 9))
    reservation_id = id_of(await market.accepted(market.basket((2, 3, 4))))
    return TransferReservation("", reservation_id, "PARIS")


async def _asks_for_kits(market: Market) -> Command:
    """Of two kits the components are in every shard."""
    components = tuple(Component(key.sku, n + 1) for n, key in enumerate(market.keys))
    await market.accepted(DefineKit("", "SET", components))
    return Reserve("", (BasketLine("1", Key("", "SET", "LONDON"), 2),), ttl_ms=3_600_000)


async def _amends(market: Market) -> Command:
    """Of 2 and 3 units, the home's become 5 and 4 of a third shard come instead of the others."""
    reservation_id = id_of(await market.accepted(market.basket((2, 3, 0))))
    home, _, third = market.keys
    lines = (BasketLine("0", home, 5), BasketLine("2", third, 4))
    return Amend("", reservation_id, lines, ("1",))


async def _tells(market: Market) -> Command:
    """An order is told, of more than there is."""
    lines = tuple(BasketLine(str(n), key, 3) for n, key in enumerate(market.keys))
    return Allocate("", lines, IfShort.RECORD)


async def _receives(market: Market) -> Command:
    """Units arrive for which a line waits whose home is another shard."""
    await market.accepted(market.basket((2, 3), wait_ms=3_600_000))
    return Receive(market.keys[1], 10)


SCENARIOS = [
    Scenario("over two shards", (9, 9), asks(2, 3), held(0, 0), held(2, 3)),
    Scenario("over three", (9, 9, 9), asks(2, 3, 4), held(0, 0, 0), held(2, 3, 4)),
    Scenario("home is the last", (9, 9, 9), asks(2, 3, 4, home=2), held(0, 0, 0), held(2, 3, 4)),
    Scenario("over four", (9, 9, 9, 9), asks(1, 2, 3, 4), held(0, 0, 0, 0), held(1, 2, 3, 4)),
    Scenario(
        "best effort",
        (9, 2, 9),
        asks(2, 3, 4, fill=Fill.BEST_EFFORT),
        held(0, 0, 0),
        held(2, 2, 4),
    ),
    Scenario("short elsewhere", (9, 2, 9), asks(2, 3, 4), held(0, 0, 0), held(0, 0, 0)),
    Scenario("short at home", (1, 9, 9), asks(2, 3, 4), held(0, 0, 0), held(0, 0, 0)),
    Scenario("unknown elsewhere", (9, 0, 9), asks(2, 3, 4), held(0, 0, 0), held(0, 0, 0)),
    Scenario("commit", (9, 9, 9), then(Commit), held(2, 3, 4), allocated(2, 3, 4)),
    Scenario("release", (9, 9, 9), then(Release), held(2, 3, 4), held(0, 0, 0)),
    Scenario("amend", (9, 9, 9), _amends, held(2, 3, 0), held(5, 0, 4)),
    Scenario("ship", (9, 9, 9), _ships, allocated(2, 3, 4), allocated(0, 0, 0)),
    Scenario("taken again", (9, 9, 9), _comes_too_late, held(0, 0, 0), allocated(2, 3, 4)),
    Scenario("served from elsewhere", (9, 9, 9), _moves, held(2, 3, 4), held(0, 0, 0)),
    Scenario("kits", (9, 9, 9), _asks_for_kits, held(0, 0, 0), held(2, 4, 6)),
    Scenario("told", (9, 2), _tells, allocated(0, 0), allocated(3, 3)),
    Scenario("a delivery for who waits", (9, 1), _receives, held(2, 1), held(2, 3)),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_a_basket_is_whole_or_nothing_whoever_crashes_whenever(scenario: Scenario) -> None:
    steps = await steps_of(scenario)
    found = {}
    for crash in crashes(steps, scenario.shards):
        wrong = await asyncio.wait_for(wrong_after(scenario, crash), 20)
        if wrong:
            found[crash] = wrong
    assert found == {}
    assert steps > 8


@pytest.mark.parametrize("number", [0, len(SCENARIOS) - 1])
async def test_a_second_crash_during_recovery_changes_nothing(number: int) -> None:
    scenario = SCENARIOS[number]
    everybody = tuple(range(scenario.shards))
    found = {}
    for step in range(await steps_of(scenario)):
        steps = await recovery_steps(scenario, Crash(step, everybody))
        for again in range(steps):
            for victims in [(0,), (1,), everybody]:
                crash = Crash(step, everybody, again=(again, victims))
                wrong = await asyncio.wait_for(wrong_after(scenario, crash), 20)
                if wrong:
                    found[crash] = wrong
    assert found == {}


async def _is_caught(scenario: Scenario) -> bool:
    """Whether any crash of the scenario shows that something is wrong."""
    for crash in crashes(await steps_of(scenario), scenario.shards):
        if await asyncio.wait_for(wrong_after(scenario, crash), 20):
            return True
    return False


async def test_control_shards_that_do_not_ask_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Relay.take

    def deaf(self: Relay, origin: int, outgoing: tuple[Outgoing, ...]) -> None:
        take(self, origin, [each for each in outgoing if not isinstance(each.message, Inquire)])

    monkeypatch.setattr(Relay, "take", deaf)
    assert await _is_caught(SCENARIOS[0])


async def test_control_hearing_the_same_twice_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    hear = Correspondent._hear

    def forgetful(self: Correspondent, turn: Turn, message: Tell) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(turn, "heard", lambda _shard: message.previous)
            return hear(self, turn, message)

    monkeypatch.setattr(Correspondent, "_hear", forgetful)
    assert await _is_caught(SCENARIOS[0])


async def test_control_an_outbox_that_is_not_told_again_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Outbox, "refill", lambda *_: [])
    assert await _is_caught(SCENARIOS[0])


async def test_control_a_refusal_that_tells_nobody_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does the home decide against attempts when it is asked."""
    monkeypatch.setattr(Correspondent, "_answer_inquiry", lambda *_: None)
    assert await _is_caught(SCENARIOS[0])


def test_the_market_has_a_sku_in_each_shard() -> None:
    asyncio.run(_has_a_sku_in_each_shard())


async def _has_a_sku_in_each_shard() -> None:
    market = await Market(4).stocked((1, 2, 3, 4))
    assert [(await market.stock(shard)).on_hand for shard in range(4)] == [1, 2, 3, 4]
    assert isinstance(market.basket((1, 1, 1, 1)), Reserve)
    market.close()
