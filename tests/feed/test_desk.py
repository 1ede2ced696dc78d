"""What many feeds ask about a channel is asked once, and never answered by what was so before."""

import asyncio
import gc
from typing import Any

import pytest

from engine.channels.updates import channel_updates
from engine.core.channels import Buffer, Channel, ChannelTerms
from engine.core.commands import Receive
from engine.core.commands.channels import ConfigureChannel
from engine.core.model import Key
from engine.feed import desk as desks
from engine.feed.desk import Desk
from engine.shard.port import ShardUnavailable
from tests.feed.living import SKUS, Living

ENDED_S_MAX = 30.0


class Counted:
    """Counts what is asked of the shards."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[str]] = []

        async def counted(shards: Any, tenant: str, channel: str, skus: Any) -> Any:
            self.asked.append(list(skus))
            return await channel_updates(shards, tenant, channel, skus)

        monkeypatch.setattr(desks, "channel_updates", counted)


async def selling() -> tuple[Living, Desk]:
    living = Living(2)
    await living.do(ConfigureChannel("", Channel("web", terms=ChannelTerms(Buffer(0)))), None)
    for sku in SKUS:
        await living.do(Receive(Key("", sku, "LONDON"), 5), sku)
    return living, Desk(living.shards, "", "web")


async def test_all_who_ask_at_the_same_time_are_answered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    living, desk = await selling()
    counted = Counted(monkeypatch)
    answers = await asyncio.gather(*(desk.ask([SKUS[n % 3], SKUS[3]]) for n in range(50)))
    assert [sorted(skus) for skus in counted.asked] == [sorted(SKUS[:4])]
    assert [[update.sku for update in answer] for answer in answers[:2]] == [
        [SKUS[0], SKUS[3]],
        [SKUS[1], SKUS[3]],
    ]
    living.close()


async def test_nobody_is_told_what_was_asked_before_he_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    living, desk = await selling()
    counted = Counted(monkeypatch)
    first = asyncio.ensure_future(desk.ask(["TEA"]))
    while not counted.asked:
        await asyncio.wait({first}, timeout=0)
    # The shards have the question; what comes now is asked anew, when that is answered.
    later = [asyncio.ensure_future(desk.ask([sku])) for sku in ("TEA", "CUP", "TEA")]
    await living.do(Receive(Key("", "TEA", "LONDON"), 5), "TEA")
    await first
    assert [(await each)[0].units for each in later] == [10, 5, 10]
    assert counted.asked == [["TEA"], ["TEA", "CUP"]]
    living.close()


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    living, desk = await selling()
    going, staying = (asyncio.ensure_future(desk.ask(["TEA"])) for _ in range(2))
    asyncio.get_running_loop().call_soon(going.cancel)
    assert [update.units for update in await staying] == [5]
    living.close()


async def test_a_shard_that_is_away_is_told_to_all_and_asked_again() -> None:
    living, desk = await selling()
    for shard in living.shards.shards:
        shard.crash()
    answers = await asyncio.gather(*(desk.ask(["TEA"]) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ShardUnavailable] * 3
    for shard in living.shards.shards:
        shard.start()
    assert [update.units for update in await desk.ask(["TEA"])] == [5]
    living.close()


async def test_a_question_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    living, desk = await selling()
    monkeypatch.setattr(desks, "SKUS_MAX", 2)
    counted = Counted(monkeypatch)
    await asyncio.gather(*(desk.ask([sku]) for sku in SKUS))
    assert sorted(sku for skus in counted.asked for sku in skus) == sorted(SKUS)
    assert max(map(len, counted.asked)) == 2
    living.close()


async def test_a_failure_that_nobody_waits_for_is_not_reported_as_forgotten() -> None:
    """Found by seed 5 of tests/simulation: a feed that went away left a line in the log that looks
    like a fault."""
    living, desk = await selling()
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    asked = asyncio.ensure_future(desk.ask(["TEA"]))
    # It asks, and waits for an answer.
    await asyncio.wait((asked,), timeout=0)
    asked.cancel()
    for shard in living.shards.shards:
        shard.crash()
    await asyncio.gather(asked, return_exceptions=True)
    del asked, desk
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=ENDED_S_MAX)
    gc.collect()
    assert faults == []
    living.close()
