"""Who follows few SKUs is woken by those, looks at those, and is up to date nevertheless."""

import asyncio

from engine.core.configuration import Component, Kit, Location
from engine.core.events import KitDefined, LocationsConfigured, StockReceived
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.followers import Follower, Followers
from engine.feed.group import decode_group
from engine.feed.hub import Hub, Mode, Start
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Events
from engine.feed.subscriber import Subscriber
from tests.feed.scripted import ScriptedShards, events_of, positions

PATIENT = FeedLimits(checkpoint_s=3_600.0, retry_s=0.001)
TEA = Filter(skus=frozenset({"TEA"}))


def received(sku: str, tenant: str = "") -> list[StockReceived]:
    return [StockReceived(Key(tenant, sku, "LONDON"), 1)]


async def following(hub: Hub, feed_filter: Filter = TEA) -> Subscriber:
    subscriber = await hub.subscribe(feed_filter, Start.NOW)
    assert isinstance(await anext(subscriber), CaughtUp)
    return subscriber


async def turn() -> None:
    """Let everybody go on who was woken."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


async def test_nothing_else_wakes_it_and_it_is_up_to_date() -> None:
    shards = ScriptedShards(2)
    hub = Hub(shards, PATIENT)
    subscriber = await following(hub)
    waiting = asyncio.ensure_future(anext(subscriber))
    await turn()
    reads = shards.feeds[0].reads
    for number in range(50):
        shards.feeds[number % 2].append(received("CUP"), received("MUG"))
        shards.feeds[number % 2].append(received("TEA", "acme"))
    await turn()
    assert not waiting.done()
    assert subscriber.lag_events == 0
    assert positions(subscriber.cursor) == {0: 75, 1: 75}
    shards.feeds[1].append(received("CUP"), received("TEA"))
    step = await waiting
    assert isinstance(step, Events)
    assert [(event.shard, event.position) for event in events_of(step)] == [(1, 77)]
    assert positions(step.cursor) == {0: 75, 1: 77}
    assert shards.feeds[0].reads == reads


async def test_it_never_falls_behind_by_what_does_not_concern_it() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, FeedLimits(checkpoint_s=3_600.0, tail_bytes_max=2_000))
    subscriber = await following(hub)
    waiting = asyncio.ensure_future(anext(subscriber))
    await turn()
    for _ in range(200):
        shards.feeds[0].append(received("CUP"))
    shards.feeds[0].append(received("TEA"))
    step = await waiting
    assert isinstance(step, Events)
    assert positions(step.cursor) == {0: 201}
    assert shards.feeds[0].reads == 0


async def test_what_was_not_told_is_looked_for() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    subscriber = await following(hub)
    waiting = asyncio.ensure_future(anext(subscriber))
    await turn()
    shards.feeds[0].append(received("CUP"))
    shards.feeds[0].append(received("TEA"), is_told=False)
    shards.feeds[0].append(received("CUP"))
    step = await waiting
    assert isinstance(step, Events)
    assert [event.position for event in events_of(step)] == [2]
    assert shards.feeds[0].reads == 1


async def test_one_that_is_slow_finds_what_it_has_missed() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    subscriber = await following(hub)
    for number in range(100):
        shards.feeds[0].append(received("CUP" if number % 10 else "TEA"))
    found: list[int] = []
    while subscriber.lag_events:
        step = await anext(subscriber)
        assert isinstance(step, Events)
        found += [event.position for event in events_of(step)]
    assert found == list(range(1, 100, 10))


async def test_checkpoints_say_how_far_it_is_without_a_look() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, FeedLimits(checkpoint_s=0.01))
    subscriber = await following(hub)
    waiting = asyncio.ensure_future(anext(subscriber))
    await turn()
    shards.feeds[0].append(received("CUP"))
    step = await waiting
    while positions(step.cursor) != {0: 1}:
        assert isinstance(step, Checkpoint)
        step = await anext(subscriber)


async def test_whoever_waits_for_it_hears_that_nothing_concerned_it() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    subscriber = await hub.subscribe(TEA, Start.NOW, "adapter")
    await anext(subscriber)
    following = asyncio.ensure_future(anext(subscriber))
    waiting = asyncio.ensure_future(hub.names.wait("", "adapter", {0: 1}))
    await turn()
    assert not waiting.done()
    shards.feeds[0].append(received("CUP"))
    assert positions(await waiting) == {0: 1}
    assert not following.done()
    following.cancel()


async def test_a_stop_ends_it() -> None:
    hub = Hub(ScriptedShards(1), PATIENT)
    subscriber = await following(hub)
    waiting = asyncio.ensure_future(anext(subscriber))
    await turn()
    hub.stop()
    await asyncio.wait({waiting}, timeout=20)
    assert type(waiting.exception()).__name__ == "FeedStopping"


async def test_a_group_says_once_which_skus_it_is_of() -> None:
    shards = ScriptedShards(1)
    shards.feeds[0].append(
        received("TEA"),
        [LocationsConfigured("", (Location("LONDON"),)), *received("CUP"), *received("TEA")],
        [KitDefined("acme", Kit("SET", (Component("TEA", 1),)))],
    )
    (data,) = await shards.feeds[0].read(1, 1)
    group = decode_group(0, data)
    found = {key: [each.position for each in events] for key, events in group.by_sku().items()}
    assert found == {("", "TEA"): [1, 4], ("", ""): [2], ("", "CUP"): [3], ("acme", ""): [5]}
    assert group.by_sku() is group.by_sku()


def test_who_leaves_is_forgotten() -> None:
    followers = Followers()
    few, other, all_ = Follower(), Follower(), Follower()
    followers.join(few, frozenset({("", "TEA"), ("", "CUP")}))
    followers.join(other, frozenset({("", "TEA")}))
    followers.join(all_, None)
    followers.told(0, 1, [("", "TEA")])
    assert (few.wake.count, other.wake.count, all_.wake.count) == (1, 1, 1)
    followers.join(few, frozenset({("", "MUG")}))
    followers.leave(other)
    followers.told(0, 2, [("", "TEA"), ("", "CUP")])
    assert (few.wake.count, other.wake.count, all_.wake.count) == (1, 1, 2)
    followers.told(0, 3, [("", "MUG")])
    assert few.wake.count == 2
    followers.leave(few)
    followers.leave(all_)
    assert not followers.want_keys


async def test_many_who_follow_few_skus_look_at_their_own_alone() -> None:
    shards = ScriptedShards(1)
    hub = Hub(shards, PATIENT)
    waiting = {}
    for number in range(300):
        subscriber = await following(hub, Filter(skus=frozenset({f"SKU-{number}"})))
        waiting[number] = asyncio.ensure_future(anext(subscriber))
    await turn()
    for number in (7, 70, 270):
        shards.feeds[0].append(received(f"SKU-{number}"), received("CUP"))
    await turn()
    assert [number for number, task in waiting.items() if task.done()] == [7, 70, 270]
    assert hub.lag_events_max == 0
    for task in waiting.values():
        task.cancel()


async def test_the_latest_of_few_skus_is_told_alike() -> None:
    shards = ScriptedShards(1)
    subscriber = await Hub(shards, PATIENT).subscribe(TEA, Start.NOW, mode=Mode.LATEST)
    await anext(subscriber)
    for _ in range(5):
        shards.feeds[0].append(received("TEA"), received("CUP"))
    step = await anext(subscriber)
    assert isinstance(step, Events)
    assert [event.position for event in events_of(step)] == [9]
    assert positions(step.cursor) == {0: 10}
