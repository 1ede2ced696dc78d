"""A turn of many commands is as good as many turns of one: whatever a turn looks up, it sees the
commands before it."""

import asyncio
from collections.abc import Awaitable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.commands import (
    BasketLine,
    Command,
    Configure,
    Receive,
    Release,
    Reserve,
    SetOnHand,
)
from engine.core.events import Recorded, WaitFilled
from engine.core.model import Fill, Key, Settings
from engine.log.codec import decode_group
from engine.log.index import customer_prefix, promised_prefix, queue_prefix, reference_prefix
from engine.shard.active import Active
from engine.shard.messages import Accepted, Result
from engine.shard.queries import AvailabilityRead, ReadAvailability
from engine.shard.turn import Turn
from engine.shard.turn_index import TurnIndex
from engine.shard.turn_view import Place
from tests.shard.shop import START_MS, TEA, Shop

MUG = Key("", "MUG", "LONDON")
KEYS = st.sampled_from([TEA, MUG])
UNITS = st.integers(1, 5)

Step = tuple[str, Key, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "wait", "receive", "release", "count"]),
        KEYS,
        UNITS,
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=25,
)


def command(step: Step, ids: Sequence[str]) -> Command:
    """The command of a step. The ids of baskets are known in advance: they follow from positions,
    which are the same either way."""
    kind, key, units, number = step
    lines = (
        BasketLine("1", key, units, minimum=0, allow_backorder=number % 2 == 0, customer_limit=9),
    )
    if kind == "receive":
        return Receive(key, units)
    if kind == "count":
        return SetOnHand(key, units)
    if kind == "release" and ids:
        return Release("", ids[number % len(ids)])
    wait_ms = 3_600_000 if kind == "wait" else 0
    return Reserve(
        "", lines, Fill.ALL_OR_NOTHING, 60_000, reference="r", customer="ada", wait_ms=wait_ms
    )


async def _stocked() -> Shop:
    shop = Shop()
    for key in (TEA, MUG):
        await shop.accepted(Receive(key, 2))
        await shop.accepted(Configure(key, backorder_limit=4))
    return shop


async def _one_by_one(steps: Sequence[Step]) -> tuple[list[Command], list[Result], Shop]:
    shop = await _stocked()
    ids: list[str] = []
    commands: list[Command] = []
    results: list[Result] = []
    for step in steps:
        commands.append(command(step, ids))
        results.append(await shop.send(commands[-1]))
        answer = getattr(results[-1], "answer", None)
        if isinstance(commands[-1], Reserve) and answer is not None:
            ids.append(answer.reservation_id)
    return commands, results, shop


def _events(shop: Shop) -> list[Recorded]:
    groups = shop.shard.log.read(1, 1 << 40, shop.shard.head)
    return [
        recorded
        for group in groups
        for commit in decode_group(group).commits
        for recorded in commit.recorded
    ]


async def _compare(steps: Sequence[Step]) -> None:
    commands, results, apart = await _one_by_one(steps)
    together = await _stocked()
    sent = [together.send(each) for each in commands]
    assert await asyncio.gather(*sent) == results
    assert _events(together) == _events(apart)
    for prefix in PREFIXES:
        assert list(together.shard.log.index(prefix)) == list(apart.shard.log.index(prefix))
    apart.shards.close()
    together.shards.close()


PREFIXES = [
    prefix
    for key in (TEA, MUG)
    for prefix in (
        promised_prefix(key, allocated=False),
        promised_prefix(key, allocated=True),
        queue_prefix(key),
        customer_prefix("", key.sku, "ada"),
        reference_prefix("", "r"),
    )
]


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_a_turn_of_many_commands_is_many_turns_of_one(steps: list[Step]) -> None:
    asyncio.run(_compare(steps))


async def test_who_came_first_is_served_first_also_within_a_millisecond() -> None:
    """Their ids end with the positions in hexadecimal, of which 10 sorts before f."""
    shop = Shop()
    await shop.accepted(Configure(TEA, backorder_limit=0))
    line = BasketLine("1", TEA, 1)
    carts = [Reserve("", (line,), wait_ms=60_000) for _ in range(20)]
    answers = [await shop.accepted(cart) for cart in carts]
    waiting = [getattr(accepted.answer, "reservation_id", "") for accepted in answers]
    assert sorted(waiting) != waiting
    served = []
    for _ in waiting:
        await shop.accepted(Receive(TEA, 1))
        served += [
            one.event.reservation_id
            for one in _events(shop)
            if isinstance(one.event, WaitFilled) and one.event.reservation_id not in served
        ]
    assert served == waiting
    shop.shards.close()


async def _looked_up(steps: Sequence[Step], after: bool) -> None:
    """What an open turn finds is what the log finds once it is appended."""
    commands, results, shop = await _one_by_one(steps)
    log = shop.shard.log
    stored = {
        reservation_id: log.reservation(reservation_id)
        for result in results
        if isinstance(result, Accepted)
        and (reservation_id := getattr(result.answer, "reservation_id", ""))
    }
    index = TurnIndex(Shop().shard.log)
    for reservation in stored.values():
        index.touch(None, reservation)
    for prefix in PREFIXES:
        for newest_first in (False, True):
            found = list(log.index(prefix, newest_first=newest_first))
            assert list(index.find(prefix, newest_first=newest_first)) == found
            for entry in found if after else ():
                options = {"newest_first": newest_first}
                rest = list(log.index(prefix, after=entry, **options))
                assert list(index.find(prefix, after=entry, **options)) == rest
    assert index.changes()[1] == set()
    assert len(commands) == len(results)
    shop.shards.close()


@given(STEPS, st.booleans())
@settings(max_examples=30, deadline=None)
def test_an_open_turn_finds_what_the_log_will(steps: list[Step], after: bool) -> None:
    asyncio.run(_looked_up(steps, after))


async def test_new_locations_of_a_sku_are_found_in_their_turn_and_after_it() -> None:
    shop = await _stocked()
    asked = ReadAvailability("", ((TEA.sku, ""),), "", "")

    def ask() -> Awaitable[Result]:
        return shop.shards.submit(0, asked, 0)

    def names(read: Result) -> list[str]:
        assert isinstance(read, AvailabilityRead)
        return [there.location for there in read.availabilities[0]]

    known = ["LONDON"]
    for name in ("ROME", "BERN"):
        receive = Receive(Key("", TEA.sku, name), 1)
        before, _, after = await asyncio.gather(ask(), shop.send(receive), ask())
        assert names(before) == known
        known = sorted([*known, name])
        assert names(after) == names(await ask()) == known
    shop.shards.close()


async def test_a_turn_has_no_more_attributes_than_python_finds_fast() -> None:
    shop = await _stocked()
    log = shop.shard.log
    turn = Turn(Active(log, 10), log.configuration(), Settings(), Place(), START_MS)
    # With one more CPython looks each of them up in a dict: 5 % of the time that a Reserve takes.
    assert len(vars(turn)) <= 29
    shop.shards.close()


async def test_the_present_is_what_the_turn_has_made() -> None:
    shop = await _stocked()
    log = shop.shard.log
    turn = Turn(Active(log, 10), log.configuration(), Settings(), Place(), START_MS + 5)
    first = turn.stock_at(TEA, 0, 1)
    assert first is not None
    assert (first.on_hand, first.backorder_limit) == (2, 0)
    for time_ms, limit in ((START_MS - 1, 0), (START_MS, 4), (START_MS + 5, 4)):
        stock = turn.stock_at(TEA, time_ms, 0)
        assert stock is not None
        assert stock.backorder_limit == limit
    assert [turn.recorded_at_ms(position) for position in (1, turn.next_position)] == [
        START_MS,
        START_MS + 5,
    ]
    shop.shards.close()


async def test_control_a_turn_that_looks_up_the_past_alone_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = [("wait", TEA, 5, 1), ("receive", TEA, 5, 0)]
    await _compare(steps)
    monkeypatch.setattr(TurnIndex, "touch", lambda *_: None)
    with pytest.raises(AssertionError):
        await _compare(steps)
