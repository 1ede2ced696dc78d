"""Baskets, configuration and waiting lines over several shards, seen from outside."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from engine.core.answers import Allocated
from engine.core.commands import Allocate, BasketLine, LimitCustomers, Receive, Release
from engine.core.configuration import CustomerLimit
from engine.core.events import ShortfallDetected
from engine.core.model import IfShort, Key, ReservationStatus, Stock
from engine.core.rejections import AttemptDecided, InsufficientStock
from engine.core.view import Terms, Wish
from engine.log.codec import decode_group
from engine.log.time_travel import stock_as_of
from engine.shard import outbox
from engine.shard.messages import (
    Accepted,
    Attempt,
    GiveUp,
    Inquire,
    Noted,
    Prepare,
    Refused,
    Request,
    Result,
    SetAside,
    Share,
    Spread,
    Write,
)
from engine.shard.port import ShardUnavailable
from engine.shard.slots import slot_of
from engine.shard.writer import request_key
from tests.shard.market import PATIENCE_MS, Market
from tests.shard.shop import id_of


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    market = await Market(3).stocked((9, 9, 9))
    yield market
    assert market.audit() == []
    market.close()


def wish(market: Market, shard: int, units: int) -> Wish:
    return Wish("1", (market.keys[shard],), units)


async def tell(market: Market, shard: int, message: Request) -> Result:
    return await market.shards.shards[shard].submit(0, message, 0)


async def test_a_read_after_the_answer_sees_all_of_the_basket(market: Market) -> None:
    accepted = await market.accepted(market.basket((2, 3, 4), home=1, reference="order 7"))
    assert await market.held() == [2, 3, 4]
    reservation = await market.reservation(id_of(accepted))
    assert reservation is not None
    assert [line.held for line in reservation.lines] == [3, 2, 4]
    await market.accepted(Release("", id_of(accepted)))
    assert await market.held() == [0, 0, 0]


async def test_a_request_id_that_is_used_twice_at_once_has_one_effect(market: Market) -> None:
    basket = market.basket((2, 3, 4))
    first, again = await asyncio.gather(market.send(basket, "x"), market.send(basket, "x"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.answer == first.answer
    await market.idle()
    assert await market.held() == [2, 3, 4]
    assert market.waiting() == [(0, 0)] * 3


async def test_a_refusal_leaves_nothing_set_aside(market: Market) -> None:
    for units in ((2, 10, 4), (10, 3, 4)):
        result = await market.answer(market.basket(units))
        assert isinstance(result, Refused)
        assert isinstance(result.rejection, InsufficientStock)
        assert await market.held() == [0, 0, 0]


async def test_an_answer_says_how_far_it_has_come_in_each_shard(market: Market) -> None:
    """What it names covers its lines, in the answer and in the answer to a repetition."""
    basket = market.basket((2, 3, 4))
    first = await market.accepted(basket, "x")
    again = await market.accepted(basket, "x")
    for accepted in (first, again):
        positions = {0: accepted.position, **dict(accepted.elsewhere)}
        assert set(positions) == {0, 1, 2}
        for shard, position in positions.items():
            log = market.shards.shards[shard].log
            stock = stock_as_of(log, market.keys[shard], position)
            assert isinstance(stock, Stock)
            assert stock.held == (2, 3, 4)[shard]


async def test_a_preview_changes_no_shard(market: Market) -> None:
    heads = [shard.log.head for shard in market.shards.shards]
    preview = await market.send(market.basket((2, 3, 4)), only=True)
    assert isinstance(preview, Accepted)
    assert preview.position == 0
    assert isinstance(await market.send(market.basket((2, 10, 4)), only=True), Refused)
    assert [shard.log.head for shard in market.shards.shards] == heads


async def test_a_shard_that_is_down_refuses_the_basket_and_holds_up_no_other(
    market: Market,
) -> None:
    market.crash([2])
    with pytest.raises(ShardUnavailable, match="shard 2"):
        await market.send(market.basket((2, 3, 4)))
    await market.idle()
    market.shards.start()
    assert await market.held() == [0, 0, 0]
    assert isinstance(await market.send(market.basket((2, 3, 4))), Accepted)


async def test_what_comes_after_the_decision_against_it_is_given_back(market: Market) -> None:
    """A Prepare that was slow: the others have been told already that nothing comes of it."""
    assert await tell(market, 0, GiveUp("front/1", "", (2,))) == Noted()
    prepare = Prepare("front/1", "", 0, (wish(market, 1, 4),), Terms())
    assert isinstance(await tell(market, 1, prepare), SetAside)
    assert await market.held() == [0, 4, 0]
    market.now_ms += PATIENCE_MS
    market.shards.shards[1].turn()
    await market.idle()
    assert await market.held() == [0, 0, 0]
    assert market.waiting() == [(0, 0)] * 3


async def test_an_attempt_that_was_asked_about_is_decided_and_cannot_be_taken(
    market: Market,
) -> None:
    wished = wish(market, 1, 4)
    prepared = await tell(market, 1, Prepare("front/1", "", 0, (wished,), Terms()))
    assert isinstance(prepared, SetAside)
    assert market.waiting()[1] == (1, 0)
    await tell(market, 0, Inquire(1, "front/1", "", "", ()))
    write = market.write(market.basket((2, 4, 0)))
    attempt = Attempt("front/1", (Share(1, (wished,), prepared.filled),))
    late = Write(write.context, write.content_hash, write.command, attempt)
    result = await market.shards.shards[0].submit(0, late, 0)
    assert isinstance(result, Spread)
    assert result.result == Refused(AttemptDecided("front/1"))
    await market.idle()
    assert await market.held() == [0, 0, 0]
    assert isinstance(await market.send(write.command), Accepted)


async def test_baskets_of_many_that_want_the_same_oversell_nothing(market: Market) -> None:
    homes = [number % 3 for number in range(30)]
    results = await asyncio.gather(
        *[market.answer(market.basket((1, 1, 1), home=home)) for home in homes]
    )
    accepted = [result for result in results if isinstance(result, Accepted)]
    await market.settle()
    assert await market.held() == [len(accepted)] * 3
    assert len(accepted) <= 9
    assert market.waiting() == [(0, 0)] * 3


async def test_what_is_told_of_several_shards_names_who_is_at_risk_in_each(market: Market) -> None:
    lines = tuple(BasketLine(str(n), key, 12) for n, key in enumerate(market.keys))
    told = await market.accepted(Allocate("", lines, IfShort.RECORD))
    assert isinstance(told.answer, Allocated)
    for shard in market.shards.shards:
        groups = [decode_group(data) for data in shard.log.read(1, 1 << 30, shard.head)]
        shortfalls = [
            recorded.event
            for group in groups
            for commit in group.commits
            for recorded in commit.recorded
            if isinstance(recorded.event, ShortfallDetected)
        ]
        last = shortfalls[-1]
        assert last.shortfall == 3
        at_risk = [(one.reservation_id, one.units, one.allocated) for one in last.at_risk]
        assert at_risk == [(told.answer.reservation_id, 12, True)]


async def test_of_two_that_want_the_last_units_crosswise_one_gets_them(market: Market) -> None:
    """Each may find that the other has set aside what it lacks; so they ask again."""
    for _ in range(20):
        results = await asyncio.gather(
            market.answer(market.basket((9, 9, 0))), market.answer(market.basket((9, 9, 0), home=1))
        )
        accepted = [result for result in results if isinstance(result, Accepted)]
        assert len(accepted) == 1
        await market.accepted(Release("", id_of(accepted[0])))
        await market.settle()


async def test_a_basket_waits_in_two_shards_until_both_have_stock(market: Market) -> None:
    accepted = await market.accepted(market.basket((9, 10, 11), wait_ms=3_600_000))
    statuses = []
    for key in market.keys[1:]:
        statuses.append(await _status(market, id_of(accepted)))
        await market.accepted(Receive(key, 5))
        await market.idle()
    statuses.append(await _status(market, id_of(accepted)))
    waiting, held = ReservationStatus.WAITING, ReservationStatus.HELD
    assert statuses == [waiting, waiting, held]
    assert await market.held() == [9, 10, 11]


async def _status(market: Market, reservation_id: str) -> ReservationStatus:
    reservation = await market.reservation(reservation_id)
    assert reservation is not None
    return reservation.status


async def test_a_shard_that_was_away_hears_of_everything_in_order(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than may be on its way at once."""
    monkeypatch.setattr(outbox, "ON_THE_WAY_MAX", 2)
    held = [await market.accepted(market.basket((1, 1, 0))) for _ in range(9)]
    market.crash([1])
    for accepted in held:
        await market.accepted(Release("", id_of(accepted)))
    assert market.waiting()[0] == (0, 9)
    market.shards.shards[0].crash()
    market.shards.start()
    await market.idle()
    assert await market.held() == [0, 0, 0]
    assert market.waiting()[0] == (0, 0)


LIMIT = LimitCustomers("", "TEA", 3)


async def test_configuration_is_in_force_everywhere_when_it_is_answered(market: Market) -> None:
    await market.accepted(LIMIT)
    for shard in market.shards.shards:
        limits = shard.log.configuration().customer_limits
        assert limits == {("", "TEA"): CustomerLimit("TEA", 3)}


async def test_configuration_is_not_answered_before_all_have_it(market: Market) -> None:
    market.crash([2])
    for _ in range(2):
        with pytest.raises(ShardUnavailable, match="shard 2"):
            await market.send(LIMIT, "limit")
    market.shards.start()
    accepted = await market.accepted(LIMIT, "limit")
    assert accepted.replayed
    assert all(shard.log.configuration().customer_limits for shard in market.shards.shards)


async def limited(market: Market) -> None:
    await market.answer(LIMIT, "limit")


async def expired(market: Market) -> None:
    await market.accepted(market.basket((2, 3), ttl_ms=60_000))
    market.now_ms += 60_000
    market.shards.shards[0].turn()


async def steps_of(happening: Callable[[Market], Awaitable[None]]) -> int:
    market = await Market(2).stocked((9, 9))
    market.steps.clear()
    await happening(market)
    await market.idle()
    market.close()
    return len(market.steps)


@pytest.mark.parametrize("happening", [limited, expired])
async def test_it_reaches_all_whoever_crashes_whenever(
    happening: Callable[[Market], Awaitable[None]],
) -> None:
    steps = await steps_of(happening)
    for step, victims in itertools.product(range(steps), [(0,), (1,), (0, 1)]):
        market = await Market(2).stocked((9, 9))
        market.crash_at(step, victims)
        asking = asyncio.ensure_future(happening(market))
        await market.idle()
        await market.settle()
        with contextlib.suppress(ShardUnavailable):
            await asking
        await market.accepted(LIMIT, "limit")
        market.now_ms += 60_000
        await market.settle()
        found = [shard.log.configuration().customer_limits for shard in market.shards.shards]
        assert found == [{("", "TEA"): CustomerLimit("TEA", 3)}] * 2, step
        assert await market.held() == [0, 0], step
        assert market.waiting() == [(0, 0)] * 2, step
        assert market.audit() == []
        market.close()
    assert steps > 10


async def test_a_request_id_is_forgotten_when_its_time_has_passed() -> None:
    market = Market(2, request_retention_ms=3_600_000)
    key = market.keys[0]
    first = await market.accepted(Receive(key, 1), "delivery")
    market.now_ms += 3_599_999
    assert (await market.accepted(Receive(key, 1), "delivery")).replayed
    market.now_ms += 1
    again = await market.accepted(Receive(key, 1), "delivery")
    assert (again.replayed, again.position) == (False, first.position + 1)
    market.close()


async def test_old_request_ids_leave_the_store_also_when_nothing_is_asked() -> None:
    market = Market(1, request_retention_ms=3_600_000)
    key, shard = market.keys[0], market.shards.shards[0]
    for number in range(200):
        await market.accepted(Receive(key, 1), f"delivery {number}")
    request_keys = [_request_key(key, f"delivery {number}") for number in range(200)]
    assert all(shard.log.request(each) for each in request_keys)
    for _ in range(10):
        market.now_ms += 3_600_000
        shard.turn()
    assert not any(shard.log.request(each) for each in request_keys)
    market.close()


def _request_key(key: Key, request_id: str) -> bytes:
    return request_key(slot_of("", key.sku), "", request_id)
