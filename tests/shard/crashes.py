"""Crashes of any part of a node at any step of a basket over several shards, and what must be true
once everything is up again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

from engine.core.answers import Answer, StockChanged
from engine.core.commands import Command
from engine.core.model import Line, Stock
from engine.log.index import promised_prefix, reservation_of
from engine.shard.messages import Accepted, Refused, Result
from tests.shard.market import PATIENCE_MS, Market

REQUEST_ID = "the request"

Past = Callable[[Market], Awaitable[Command]]
"""What happens before anything crashes; gives the command during which it does."""

Units = tuple[tuple[int, int], ...]
"""Units held and allocated at the SKU of each shard."""


class Scenario(NamedTuple):
    """A command over several shards, with what is promised before it and, once it is accepted,
    after it; the same if it is refused."""

    name: str
    stocked: tuple[int, ...]
    past: Past
    before: Units
    after: Units

    @property
    def shards(self) -> int:
        return len(self.stocked)

    @property
    def is_refused(self) -> bool:
        return self.before == self.after


class Crash(NamedTuple):
    """At which step whom; `late`: they come back only after the others have asked in vain. `again`:
    a second crash, at a step while all recovers."""

    step: int
    victims: tuple[int, ...]
    late: bool = False
    again: tuple[int, tuple[int, ...]] | None = None


def held(*units: int) -> Units:
    """So many units held in each shard, none allocated."""
    return tuple((each, 0) for each in units)


def allocated(*units: int) -> Units:
    """So many units allocated in each shard, none held."""
    return tuple((0, each) for each in units)


async def steps_of(scenario: Scenario) -> int:
    """How many steps the scenario has when nothing crashes."""
    market = await Market(scenario.shards).stocked(scenario.stocked)
    command = await scenario.past(market)
    await market.idle()
    market.steps.clear()
    result = await asyncio.wait_for(market.answer(command, REQUEST_ID), 20)
    await market.idle()
    steps = len(market.steps)
    assert isinstance(result, Refused if scenario.is_refused else Accepted), result
    market.close()
    return steps


def crashes(steps: int, count: int) -> Iterator[Crash]:
    """Each shard, and all of them, at each step; coming back at once and late."""
    everybody = tuple(range(count))
    for step in range(steps):
        for victims in [*[(shard,) for shard in everybody], everybody]:
            for late in (False, True):
                yield Crash(step, victims, late)


async def recovery_steps(scenario: Scenario, crash: Crash) -> int:
    """How many steps it takes to recover from a crash."""
    market = await Market(scenario.shards).stocked(scenario.stocked)
    command = await scenario.past(market)
    await market.idle()
    market.crash_at(crash.step, crash.victims)
    await _answer(market, command, crash)
    market.steps.clear()
    await market.settle()
    steps = len(market.steps)
    market.close()
    return steps


async def wrong_after(scenario: Scenario, crash: Crash) -> list[str]:
    """What is not as it must be after the crash; nothing, if all is well."""
    market = await Market(scenario.shards).stocked(scenario.stocked)
    command = await scenario.past(market)
    await market.idle()
    market.crash_at(crash.step, crash.victims)
    first = await _answer(market, command, crash)
    if crash.again is not None:
        market.crash_at(*crash.again)
        await market.settle()
    await market.settle()
    wrong = await _wrong_now(market, scenario, first)
    again = await market.answer(command, REQUEST_ID)
    await market.settle()
    wrong += await _wrong_now(market, scenario, again)
    if isinstance(first, Accepted):
        if not isinstance(again, Accepted) or _told(again.answer) != _told(first.answer):
            wrong.append(f"answered {first}, then {again}")
    elif again is None or isinstance(again, Refused) is not scenario.is_refused:
        wrong.append(f"repeated, it was answered {again}")
    market.close()
    return wrong


async def _answer(market: Market, command: Command, crash: Crash) -> Result | None:
    """Send the command, and bring back who crashes: at once, or after time has passed."""
    asking = asyncio.ensure_future(market.answer(command, REQUEST_ID))
    await market.idle()
    if crash.late:
        for _ in range(2):
            market.now_ms += PATIENCE_MS
            for shard in market.shards.shards:
                shard.turn()
            await market.idle()
    market.shards.start()
    return await asking


async def _wrong_now(market: Market, scenario: Scenario, result: Result | None) -> list[str]:
    """What contradicts itself, or the answer."""
    wrong = [*market.audit(), *_differing_parts(market)]
    if market.waiting() != [(0, 0)] * market.count:
        wrong.append(f"prepared lines and outbox events: {market.waiting()}")
    stocks = [await market.stock(shard) for shard in range(market.count)]
    promised = tuple((stock.held, stock.allocated) for stock in stocks)
    allowed = {scenario.before, scenario.after}
    if result is not None:
        allowed = {scenario.after if isinstance(result, Accepted) else scenario.before}
    if promised not in allowed:
        wrong.append(f"held and allocated {promised} after {type(result).__name__}")
    return wrong


def _told(answer: Answer) -> Answer:
    """The part of an answer that is the same when it is given again."""
    if not isinstance(answer, StockChanged):
        return answer
    stock = answer.stock
    balances = Stock(stock.on_hand, stock.held, stock.allocated, version=stock.version)
    return StockChanged(answer.key, balances)


def _differing_parts(market: Market) -> list[str]:
    """Lines that are not the same at the home of their reservation and where their stock is."""
    wrong = []
    for home in market.shards.shards:
        for reservation_id in reservation_ids(market, home.shard):
            reservation = home.log.reservation(reservation_id)
            if reservation is None or reservation.home_shard is not None:
                continue
            for key, shard in zip(market.keys, market.shards.shards, strict=True):
                part = shard.log.reservation(reservation_id)
                there = [] if part is None else _units(part.lines, key.sku)
                if there != _units(reservation.lines, key.sku):
                    wrong.append(f"{reservation_id}: shard {shard.shard} has {there}")
    return wrong


def reservation_ids(market: Market, shard: int) -> set[str]:
    """All reservations with something held or allocated in a shard."""
    log = market.shards.shards[shard].log
    return {
        reservation_of(entry, prefix)
        for key in market.keys
        for allocated in (False, True)
        for prefix in [promised_prefix(key, allocated=allocated)]
        for entry in log.index(prefix)
    }


def _units(lines: Sequence[Line], sku: str) -> list[tuple[str, int, int, int]]:
    return sorted(
        (line.line_id, line.held, line.allocated, line.waiting)
        for line in lines
        if line.key.sku == sku and (line.held or line.allocated or line.waiting)
    )
