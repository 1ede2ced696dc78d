"""How subscribers come, wait, fall behind and go."""

import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import Event, ReservationExpired, StockReceived
from engine.core.model import Key
from engine.feed.cursor import (
    Cursor,
    CursorError,
    CursorForeign,
    CursorOutOfRange,
    MalformedCursor,
    write_cursor,
)
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Start, TooManySubscribers
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Events, FeedStopping
from engine.feed.subscriber import Subscriber
from engine.shard.port import HistoryDamaged, ShardUnavailable
from tests.feed.scripted import (
    EPOCH,
    HISTORY,
    ScriptedShards,
    events_of,
    positions,
    until_caught_up,
)

TEA = Key("", "TEA", "LONDON")
PATIENT = FeedLimits(checkpoint_s=3_600.0, retry_s=0.001)
"""Says nothing without need, so that a test sees only what it asks for."""


def received(count: int = 1, key: Key = TEA) -> list[Event]:
    return [StockReceived(key, quantity) for quantity in range(1, count + 1)]


def text(*places: int, history: str = HISTORY, epoch: int = EPOCH) -> str:
    return Cursor(history, epoch, dict(enumerate(places))).encode()


async def places(subscriber: Subscriber, count: int) -> list[int]:
    """The positions of the next `count` events."""
    found: list[int] = []
    async for step in subscriber:
        if isinstance(step, Events):
            found += [event.position for event in events_of(step)]
        if len(found) >= count:
            break
    return found


async def test_a_waiting_subscriber_is_woken_by_an_event() -> None:
    shards = ScriptedShards(2)
    hub = Hub(shards, PATIENT)
    subscriber = await hub.subscribe(Filter(), Start.NOW)
    assert isinstance(await anext(subscriber), CaughtUp)
    waiting = asyncio.ensure_future(anext(subscriber))
    asyncio.get_running_loop().call_soon(shards.feeds[1].append, received())
    step = await waiting
    assert isinstance(step, Events)
    assert positions(step.cursor) == {0: 0, 1: 1}
    assert shards.feeds[1].reads == 0
    event = events_of(step)[0]
    assert (event.shard, event.position, event.cause.command) == (1, 1, "Test")
    assert event.recorded_at.ToMilliseconds() == shards.feeds[1].head_time_ms


async def test_now_begins_after_what_is_durable_at_arrival() -> None:
    shards = ScriptedShards(1)
    shards.feeds[0].append(received(3))
    subscriber = await Hub(shards, PATIENT).subscribe(Filter(), Start.NOW)
    shards.feeds[0].append(received(2))
    assert await places(subscriber, 2) == [4, 5]


async def test_caught_up_comes_once_and_after_all_that_was_past() -> None:
    shards = ScriptedShards(2)
    shards.feeds[0].append(received(300))
    shards.feeds[1].append(received(10))
    subscriber = await Hub(shards, PATIENT).subscribe(Filter(), Start.BEGINNING)
    events, step = await until_caught_up(subscriber)
    assert len(events) == 310
    assert positions(step.cursor) == {0: 300, 1: 10}
    assert isinstance(step, CaughtUp)
    assert step.time_ms == shards.feeds[0].head_time_ms
    shards.feeds[0].append(received(1))
    assert isinstance(await anext(subscriber), Events)


async def test_a_busy_shard_does_not_keep_the_others_from_being_heard() -> None:
    shards = ScriptedShards(3)
    for feed, count in zip(shards.feeds, (5_000, 5_000, 1), strict=True):
        for _ in range(count // 100 or 1):
            feed.append(received(min(count, 100)))
    subscriber = await Hub(shards, PATIENT).subscribe(Filter(), Start.BEGINNING)
    heard = []
    for _ in range(4):
        step = await anext(subscriber)
        assert isinstance(step, Events)
        heard += [event.shard for event in events_of(step)]
    assert set(heard) == {0, 1, 2}


async def test_followers_share_what_was_decoded() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    first = await hub.subscribe(Filter(), Start.NOW)
    second = await hub.subscribe(Filter(skus=frozenset({"TEA"})), Start.NOW)
    shards.feeds[0].append(received())
    steps = []
    for subscriber in (first, second):
        await anext(subscriber)
        steps.append(await anext(subscriber))
    assert isinstance(steps[0], Events)
    assert isinstance(steps[1], Events)
    assert steps[0].entries[0] is steps[1].entries[0]


async def test_a_checkpoint_moves_the_cursor_past_what_does_not_pass() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, FeedLimits(checkpoint_s=0.01))
    subscriber = await hub.subscribe(Filter(skus=frozenset({"CUP"})), Start.NOW)
    await anext(subscriber)
    shards.feeds[0].append(received(7))
    step = await anext(subscriber)
    assert isinstance(step, Checkpoint)
    assert positions(step.cursor) == {0: 7}
    assert step.time_ms == shards.feeds[0].head_time_ms
    step = await anext(subscriber)
    assert isinstance(step, Checkpoint)


async def test_a_cancelled_step_loses_nothing() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    shards.feeds[0].append(received(3), is_told=False)
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    reading = asyncio.ensure_future(anext(subscriber))
    asyncio.get_running_loop().call_soon(reading.cancel)
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await places(subscriber, 3) == [1, 2, 3]


async def test_a_shard_that_fails_in_the_middle_is_waited_for() -> None:
    shards = ScriptedShards(2)
    hub = Hub(shards, FeedLimits(checkpoint_s=3_600.0, retry_s=0.001, message_events_max=1))
    for feed in shards.feeds:
        feed.append(received(), received(), is_told=False)
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    shards.feeds[0].is_up = False
    heard = []
    for _ in range(2):
        step = await anext(subscriber)
        assert isinstance(step, Events)
        heard += [(event.shard, event.position) for event in events_of(step)]
    assert heard == [(1, 1), (1, 2)]
    waiting = asyncio.ensure_future(anext(subscriber))
    # Two attempts have failed by the time it comes back; what it decided meanwhile was not told.
    reads = shards.feeds[0].reads
    while shards.feeds[0].reads < reads + 2:
        await asyncio.wait({waiting}, timeout=0.001)
    shards.feeds[0].append(received(1), is_told=False)
    shards.feeds[0].is_up = True
    step = await waiting
    assert isinstance(step, Events)
    assert [event.position for event in events_of(step)] == [1]
    assert await places(subscriber, 2) == [2, 3]


async def test_an_event_during_the_read_of_another_shard_is_not_overlooked() -> None:
    shards = ScriptedShards(2)
    # Whatever it overlooks now it would not look at again within this test.
    hub = Hub(shards, FeedLimits(checkpoint_s=3_600.0, retry_s=3_600.0))
    shards.feeds[1].append(received(), is_told=False)
    shards.feeds[1].is_up = False
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    waiting = asyncio.ensure_future(anext(subscriber))
    asyncio.get_running_loop().call_soon(shards.feeds[0].append, received())
    step = await waiting
    assert shards.feeds[1].reads == 1
    assert isinstance(step, Events)
    assert positions(step.cursor) == {0: 1, 1: 0}


async def test_groups_that_were_not_told_are_read_before_those_after_them() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    subscriber = await hub.subscribe(Filter(), Start.NOW)
    shards.feeds[0].append(received(2))
    shards.feeds[0].append(received(2), is_told=False)
    shards.feeds[0].append(received(2))
    assert await places(subscriber, 6) == [1, 2, 3, 4, 5, 6]
    assert shards.feeds[0].reads == 1


async def test_a_stalled_subscriber_holds_no_more_and_delays_nobody() -> None:
    shards = ScriptedShards(1)
    limits = FeedLimits(checkpoint_s=3_600.0, tail_bytes_max=100_000, chunk_bytes_max=10_000)
    hub = Hub(shards, limits)
    shards.feeds[0].append(*[received() for _ in range(600)])
    stalled = await hub.subscribe(Filter(), Start.BEGINNING)
    await anext(stalled)
    other = await hub.subscribe(Filter(), Start.NOW)
    await anext(other)
    held_bytes, cursor = stalled.held_bytes, stalled.cursor
    told = 0
    for _ in range(100):
        shards.feeds[0].append(*[received(1) for _ in range(100)])
        told += len(await places(other, 100))
    assert told == 10_000
    assert other.lag_events == 0
    assert stalled.held_bytes == held_bytes <= 300_000
    assert stalled.cursor == cursor
    assert hub.tail_bytes <= 200_000
    assert hub.lag_events_max == stalled.lag_events == 10_600 - positions(cursor)[0]
    # Read on, it is told the rest, in order, from history as far as the tail has lost it.
    assert await places(stalled, stalled.lag_events) == list(
        range(limits.message_events_max + 1, 10_601)
    )
    assert stalled.held_bytes == 0
    assert hub.lag_events_max == 0


async def test_subscribers_may_come_and_go_while_the_lag_is_looked_at() -> None:
    """As they do in the event loop, while the thread of a scrape looks."""
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    leaving = [await hub.subscribe(Filter(), Start.NOW) for _ in range(3)]

    class Head:
        """A head that is read in the moment in which a subscriber leaves."""

        def __sub__(self, position: int) -> int:
            if leaving:
                leaving.pop().close()
            return 7 - position

    shards.feeds[0].head = cast(int, Head())
    assert hub.lag_events_max == 7
    assert hub.subscribers == 0


async def test_damaged_history_ends_a_feed_and_is_not_tried_again() -> None:
    shards = ScriptedShards(2)
    hub = Hub(shards, FeedLimits(tail_bytes_max=1, retry_s=0.001))
    for feed in shards.feeds:
        for _ in range(3):
            feed.append(received(2))
    shards.feeds[1].damage = "shard-001/log is damaged at position 3"
    reads = shards.feeds[1].reads
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    with pytest.raises(HistoryDamaged, match="position 3") as raised:
        await until_caught_up(subscriber)
    assert raised.value.shard == 1
    assert shards.feeds[1].reads == reads + 1
    # So is a cursor ahead of what the front end knows, which only history can tell.
    with pytest.raises(HistoryDamaged):
        await hub.subscribe(Filter(), text(0, 99))


async def test_a_subscriber_that_retention_overtakes_is_told_so() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, FeedLimits(tail_bytes_max=1, chunk_bytes_max=1))
    for _ in range(4):
        shards.feeds[0].append(received(1))
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    assert await places(subscriber, 1) == [1]
    shards.feeds[0].drop_before(4)
    with pytest.raises(CursorOutOfRange) as caught:
        await anext(subscriber)
    assert caught.value.cursor == text(1)
    assert caught.value.oldest == text(3)
    resumed = await hub.subscribe(Filter(), caught.value.oldest)
    assert await places(resumed, 1) == [4]


async def test_a_hole_in_the_history_is_never_passed_over() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, FeedLimits(tail_bytes_max=1))
    for _ in range(4):
        shards.feeds[0].append(received(1))
    shards.feeds[0].lose_group(1)
    subscriber = await hub.subscribe(Filter(), Start.BEGINNING)
    assert await places(subscriber, 1) == [1]
    with pytest.raises(CursorOutOfRange):
        await anext(subscriber)


@pytest.mark.parametrize(
    ("cursor", "error"),
    [
        ("nonsense", MalformedCursor),
        ("", MalformedCursor),
        (text(5, 5, history="0badcafe"), CursorForeign),
        (text(5, 5, epoch=EPOCH + 1), CursorForeign),
        (text(5, 5, 5), CursorForeign),
        (text(3, 5), CursorOutOfRange),
        (text(11, 5), CursorOutOfRange),
        (text(5, 6), CursorOutOfRange),
    ],
)
async def test_a_cursor_that_cannot_be_followed(cursor: str, error: type[CursorError]) -> None:
    shards = ScriptedShards(2)
    shards.feeds[0].append(received(4))
    shards.feeds[0].append(received(6))
    shards.feeds[1].append(received(5))
    shards.feeds[0].drop_before(5)
    hub = Hub(shards, FeedLimits(subscribers_max=1))
    for _ in range(2):
        with pytest.raises(error) as caught:
            await hub.subscribe(Filter(), cursor)
        assert caught.value.cursor == cursor
        if isinstance(caught.value, CursorForeign):
            assert (caught.value.history, caught.value.epoch) == (HISTORY, EPOCH)
        if isinstance(caught.value, CursorOutOfRange):
            assert caught.value.oldest == text(4, 0)
    assert hub.subscribers == 0
    oldest = await hub.subscribe(Filter(), text(4, 0))
    assert len(await places(oldest, 11)) == 11


async def test_the_cursor_of_a_write_follows_other_shards_from_now() -> None:
    shards = ScriptedShards(2)
    for feed in shards.feeds:
        feed.append(received(2))
    cursor = write_cursor(HISTORY, EPOCH, 1, 1)
    subscriber = await Hub(shards, PATIENT).subscribe(Filter(), cursor)
    events, step = await until_caught_up(subscriber)
    assert [(event.shard, event.position) for event in events] == [(1, 2)]
    assert positions(step.cursor) == {0: 2, 1: 2}


async def test_the_shard_has_the_last_word_on_what_is_ahead() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    shards.feeds[0].append(received(2), is_told=False)
    # This front end has not heard yet of the write that another one answered with a cursor.
    shards.feeds[0].head = 0
    subscriber = await hub.subscribe(Filter(), write_cursor(HISTORY, EPOCH, 0, 2))
    shards.feeds[0].head = 2
    shards.feeds[0].append(received(1))
    assert await places(subscriber, 1) == [3]
    shards.feeds[0].is_up = False
    with pytest.raises(ShardUnavailable):
        await hub.subscribe(Filter(), write_cursor(HISTORY, EPOCH, 0, 4))


async def test_only_so_many_subscribers() -> None:
    hub = Hub(ScriptedShards(1), FeedLimits(subscribers_max=2))
    first = await hub.subscribe(Filter(), Start.NOW)
    async with await hub.subscribe(Filter(), Start.NOW):
        with pytest.raises(TooManySubscribers, match="2 feeds"):
            await hub.subscribe(Filter(), Start.NOW)
        assert hub.subscribers == 2
    first.close()
    assert hub.subscribers == 0
    await hub.subscribe(Filter(), Start.NOW)


async def test_a_stop_ends_every_feed() -> None:
    hub = Hub(ScriptedShards(1), PATIENT)
    subscriber = await hub.subscribe(Filter(), Start.NOW)
    await anext(subscriber)
    waiting = asyncio.ensure_future(anext(subscriber))
    asyncio.get_running_loop().call_soon(hub.stop)
    with pytest.raises(FeedStopping):
        await waiting
    with pytest.raises(FeedStopping):
        await hub.subscribe(Filter(), Start.NOW)


@given(st.sampled_from(["", "acme", "other"]), st.booleans())
def test_no_tenant_sees_what_belongs_to_another(tenant: str, is_stock: bool) -> None:
    async def told() -> int:
        shards = ScriptedShards(1)
        event = received(1, Key("acme", "TEA", "LONDON"))[0] if is_stock else EXPIRED
        shards.feeds[0].append([event])
        subscriber = await Hub(shards, PATIENT).subscribe(Filter(tenant), Start.BEGINNING)
        return len((await until_caught_up(subscriber))[0])

    assert asyncio.run(told()) == (tenant == "acme")


EXPIRED = ReservationExpired("0a3-1-1", "acme")
