"""Durable subscriptions as consumers meet them: over gRPC, beside writes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from holdfast.v1 import feed_pb2, stock_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.consumer import Consumer as ServedConsumer
from engine.feed.cursor import Cursor
from engine.feed.subscription_store import MemorySubscriptions, StoredSubscription
from engine.feed.subscriptions import SubscriptionLimits
from engine.shard.local import LocalShards
from tests.feed.subscribing import (
    NOW,
    Consumer,
    SubscribedNode,
    ended,
    positions,
    read_on,
    subscribing,
    written,
)
from tests.rpc.serving import refused

Filter = feed_pb2.EventFilter


@pytest.fixture
async def node() -> AsyncIterator[SubscribedNode]:
    async with subscribing() as served:
        yield served


async def unacknowledged_comes_again(node: SubscribedNode) -> None:
    """What a consumer was sent and has not acknowledged is sent to the next one."""
    await written(node, 3)
    first = await node.open()
    assert first.opened.created
    events, _ = await first.events(3)
    first.break_off()
    second = await node.open()
    assert (second.opened.created, second.opened.cursor) == (False, first.opened.cursor)
    assert (await second.events(3))[0] == events
    second.break_off()


async def test_what_was_not_acknowledged_comes_again(node: SubscribedNode) -> None:
    await unacknowledged_comes_again(node)


async def test_control_a_server_that_acknowledges_what_it_sends_is_caught(
    node: SubscribedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_sent = ServedConsumer.note_sent

    def acknowledge_at_once(consumer: ServedConsumer, cursor: str) -> None:
        note_sent(consumer, cursor)
        consumer.acknowledge(cursor)

    monkeypatch.setattr(ServedConsumer, "note_sent", acknowledge_at_once)
    with pytest.raises(AssertionError):
        await unacknowledged_comes_again(node)


async def test_the_next_consumer_goes_on_after_what_was_acknowledged(node: SubscribedNode) -> None:
    await written(node, 3)
    first = await node.open()
    _, cursor = await first.events(3)
    await first.acknowledge(cursor)
    await first.leave()
    await written(node, 2)
    second = await node.open()
    assert second.opened.cursor == cursor
    assert positions((await second.events(2))[0]) == [4, 5]
    second.break_off()


async def test_a_new_one_starts_where_it_is_asked_to(node: SubscribedNode) -> None:
    cursor = await written(node, 3)
    starts: list[tuple[dict[str, Any], list[int]]] = [
        ({"start_from": feed_pb2.START_FROM_BEGINNING}, [1, 2, 3, 4]),
        ({"start_from": NOW}, [4]),
        ({"start_from": feed_pb2.START_FROM_UNSPECIFIED}, [4]),
        ({"after_cursor": cursor.replace("0.3", "0.2")}, [3, 4]),
    ]
    consumers = [
        await node.open(name=f"web-{number}", **({"start_from": None} | start))
        for number, (start, _) in enumerate(starts)
    ]
    await written(node)
    for consumer, (_, expected) in zip(consumers, starts, strict=True):
        assert positions((await consumer.events(len(expected)))[0]) == expected
        consumer.break_off()


SENT, HEAD = "1-10ca1000-1-0.3", "1-10ca1000-1-0.4"
WRONG_CURSORS = [
    ("nonsense", "INVALID_FIELD"),
    ("1-ffffffff-1-0.1", "CURSOR_FOREIGN"),
    ("1-10ca1000-9-0.1", "CURSOR_FOREIGN"),
    ("1-10ca1000-1-7.1", "CURSOR_FOREIGN"),
    (HEAD, "INVALID_FIELD"),
    ("1-10ca1000-1-0.99", "INVALID_FIELD"),
]


@pytest.mark.parametrize(("cursor", "reason"), WRONG_CURSORS)
async def test_what_cannot_be_acknowledged(node: SubscribedNode, cursor: str, reason: str) -> None:
    await written(node, 3)
    consumer = await node.open(filter=Filter(skus=["TEA"]))
    assert (await consumer.events(3))[1] == SENT
    await consumer.until("caught_up")
    await node.receive(1, stock_pb2.StockKey(sku="MUG", location="LONDON"))
    await consumer.acknowledge(cursor)
    assert await ended(consumer) == reason
    assert (await node.state()).lag_events == 4


async def test_a_cursor_of_a_write_is_not_that_of_a_feed() -> None:
    async with subscribing(LocalShards(2)) as node:
        cursor = await written(node, 2)
        consumer = await node.open()
        await consumer.events(2)
        await consumer.acknowledge(cursor)
        assert await ended(consumer) == "INVALID_FIELD"


async def test_an_older_acknowledgement_changes_nothing(node: SubscribedNode) -> None:
    await written(node, 3)
    consumer = await node.open()
    _, cursor = await consumer.events(3)
    await consumer.acknowledge(cursor)
    await consumer.acknowledge(cursor.replace("0.3", "0.1"))
    await consumer.leave()
    assert (await node.state()).cursor == cursor


SAME = Filter(skus=["TEA", "MUG"])
DIFFERENT = [
    ({"filter": Filter(skus=["TEA"])}, "filter.skus"),
    ({"filter": Filter(skus=["TEA", "MUG"], locations=["LONDON"])}, "filter.locations"),
    ({"filter": SAME, "mode": feed_pb2.WATCH_MODE_LATEST}, "mode"),
]


@pytest.mark.parametrize(("fields", "field"), DIFFERENT)
async def test_a_name_stands_for_one_filter_and_mode(
    node: SubscribedNode, fields: dict[str, Any], field: str
) -> None:
    (await node.open(filter=SAME)).break_off()
    same = Filter(skus=["MUG", "TEA", "MUG"])
    (await node.open(filter=same, mode=feed_pb2.WATCH_MODE_EVERY_EVENT)).break_off()
    refusal = await refused(node.open(**fields))
    assert (refusal.reason, refusal.metadata["field"]) == ("SUBSCRIPTION_DIFFERS", field)


async def test_names_belong_to_tenants(node: SubscribedNode) -> None:
    consumers = [await node.open(tenant=tenant) for tenant in ("", "acme")]
    assert [consumer.opened.created for consumer in consumers] == [True, True]
    listed = await node.service.ListSubscriptions(pb.ListSubscriptionsRequest(tenant="acme"))
    assert [each.name for each in listed.subscriptions] == ["web"]
    for consumer in consumers:
        consumer.break_off()


OPENINGS: list[tuple[dict[str, Any], str]] = [
    ({"open": pb.OpenSubscription()}, "name"),
    ({"open": pb.OpenSubscription(name="x" * 129)}, "name"),
    ({"open": pb.OpenSubscription(name="web", tenant="a\n")}, "tenant"),
    ({"open": pb.OpenSubscription(name="web", mode=9)}, "mode"),  # type: ignore[arg-type]
    ({"open": pb.OpenSubscription(name="web", start_from=9)}, "start_from"),  # type: ignore[arg-type]
    ({"open": pb.OpenSubscription(name="web", after_cursor="x")}, "after_cursor"),
    ({"open": pb.OpenSubscription(name="web", filter=Filter(skus=[""]))}, "filter.skus[0]"),
    ({"acknowledge": pb.Acknowledge(cursor=HEAD)}, "request"),
    ({}, "request"),
]


@pytest.mark.parametrize(("request_", "field"), OPENINGS)
async def test_what_opens_nothing(
    node: SubscribedNode, request_: dict[str, Any], field: str
) -> None:
    consumer = node.consumer()
    await consumer.say(**request_)
    refusal = await refused(read_on(consumer))
    assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", field)
    listed = await node.service.ListSubscriptions(pb.ListSubscriptionsRequest())
    assert not listed.subscriptions


async def test_what_is_said_on_an_open_stream_is_looked_at(node: SubscribedNode) -> None:
    too_many = pb.Acknowledge(parked_ids=range(1, 1_002))
    resumed = pb.OpenSubscription(name="web", resume=pb.Resume(consumer=1, received_cursor="x"))
    said: list[tuple[dict[str, Any], str]] = [
        ({}, "request"),
        ({"open": pb.OpenSubscription(name="web")}, "request"),
        ({"acknowledge": too_many}, "acknowledge.parked_ids"),
        ({"park": pb.Park()}, "park.message"),
    ]
    for request, field in said:
        consumer = await node.open()
        await consumer.say(**request)
        refusal = await refused(read_on(consumer))
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", field)
    current = (await node.open()).opened.consumer
    resumed.resume.consumer = current
    consumer = node.consumer()
    await consumer.say(open=resumed)
    refusal = await refused(read_on(consumer))
    assert refusal.metadata["field"] == "open.resume.received_cursor"


async def test_a_client_that_says_nothing_is_told_what_to_say(node: SubscribedNode) -> None:
    consumer = node.consumer()
    await consumer.stream.done_writing()
    assert await ended(consumer) == "INVALID_FIELD"


async def test_a_node_keeps_so_many_and_no_more() -> None:
    limits = SubscriptionLimits(subscriptions_max=2)
    async with subscribing(limits=limits) as node:
        for name in ("a", "b"):
            (await node.open(name=name)).break_off()
        refusal = await refused(node.open(name="c"))
        assert (refusal.reason, refusal.metadata) == ("TOO_MANY_SUBSCRIPTIONS", {"limit": "2"})
        await node.service.DeleteSubscription(pb.DeleteSubscriptionRequest(name="a"))
        (await node.open(name="c")).break_off()


async def test_callers_wait_for_what_is_acknowledged(node: SubscribedNode) -> None:
    consumer = await node.open()
    cursor = await written(node, 2)
    _, sent = await consumer.events(2)
    waiting = asyncio.ensure_future(node.until_acknowledged(cursor))
    await asyncio.wait((waiting,), timeout=0.05)
    assert not waiting.done()
    await consumer.acknowledge(sent)
    await waiting
    consumer.break_off()
    # It is the subscription that counts, also when nobody follows it, or a feed has its name.
    await node.until_acknowledged(cursor)
    feed = node.feed.Watch(feed_pb2.WatchRequest(name="web"))
    await feed.read()
    await node.until_acknowledged(cursor)
    feed.cancel()


async def test_a_stop_keeps_what_was_acknowledged() -> None:
    store = MemorySubscriptions()
    async with subscribing(store=store, limits=SubscriptionLimits(acknowledge_s=3_600)) as node:
        await written(node, 2)
        consumer = await node.open()
        _, cursor = await consumer.events(2)
        await consumer.acknowledge(cursor)
        await node.until_acknowledged(cursor)
        [(stored, _)] = store.load()
        assert stored.cursor != cursor
        node.hub.stop()
        assert await ended(consumer) == "SHARD_UNAVAILABLE"
    [(stored, _)] = store.load()
    assert stored.cursor == cursor


async def test_a_cursor_of_a_lost_epoch_is_told_until_it_is_reset() -> None:
    store = MemorySubscriptions()
    lost = "1-10ca1000-9-0.1"
    store.put(
        StoredSubscription(
            tenant="", name="web", filter=b"", mode=1, cursor=lost, since=lost, created_ms=1
        )
    )
    async with subscribing(store=store) as node:
        cursor = await written(node)
        for _ in range(2):
            assert (await refused(node.open())).reason == "CURSOR_FOREIGN"
        state = await node.state()
        assert (state.cursor, state.lag_events) == (lost, 1)
        await node.service.ResetSubscription(
            pb.ResetSubscriptionRequest(name="web", start_from=feed_pb2.START_FROM_BEGINNING)
        )
        consumer = await node.open()
        assert (await consumer.events(1))[1] == cursor
        consumer.break_off()


RESTORED = [
    (feed_pb2.WATCH_MODE_EVERY_EVENT, "caught_up"),
    (feed_pb2.WATCH_MODE_LATEST, "snapshot"),
]


@pytest.mark.parametrize(("mode", "told"), RESTORED)
async def test_after_a_restore_states_are_told_whatever_was_acknowledged_before(
    mode: Any, told: str
) -> None:
    shards = LocalShards(2, history="0123abcd", epoch=7)
    store = MemorySubscriptions()
    async with subscribing(shards, store, keeps_shards=True) as node:
        await written(node, 3)
    heads = [shard.head for shard in shards.shards]
    shards.past_epochs = {1: tuple(heads)}
    cursor = Cursor("0123abcd", 1, dict(enumerate(heads))).encode()
    store.put(
        StoredSubscription(
            tenant="", name="web", filter=b"", mode=mode, cursor=cursor, since="", created_ms=1
        )
    )
    async with subscribing(shards, store) as node:
        # It may have been told more than it has acknowledged, in a past that is lost.
        consumer = await node.open(mode=mode)
        assert (await consumer.read()).feed.WhichOneof("content") == told
        await consumer.acknowledge(cursor)
        if told == "snapshot":
            await consumer.until("caught_up")
        # The first three have the request ids of those before, and change nothing.
        await written(node, 4)
        _, cursor = await consumer.events(1)
        await consumer.acknowledge(cursor)
        await node.until_acknowledged(cursor)
        # Once something of this epoch is acknowledged, it goes on there.
        consumer = await node.open(mode=mode)
        assert (await consumer.read()).feed.WhichOneof("content") == "caught_up"
        consumer.break_off()


async def snapshot_of(consumer: Consumer) -> tuple[list[str], str]:
    """The SKUs of a snapshot, and the cursor after it."""
    skus: list[str] = []
    while True:
        response = (await consumer.until("snapshot")).feed
        skus += [stock.key.sku for stock in response.snapshot.stocks]
        if response.snapshot.complete:
            return skus, response.cursor
        assert response.cursor == ""


@pytest.mark.parametrize("mode", [feed_pb2.WATCH_MODE_EVERY_EVENT, feed_pb2.WATCH_MODE_LATEST])
async def test_a_subscription_that_begins_with_a_snapshot(node: SubscribedNode, mode: Any) -> None:
    await written(node, 2)
    fields = {"start_from": feed_pb2.START_FROM_SNAPSHOT, "mode": mode}
    first = await node.open(**fields)
    assert (first.opened.created, first.opened.cursor) == (True, "")
    assert (await snapshot_of(first))[0] == ["TEA"]
    await written(node)
    assert (await node.state()).lag_events == 1
    first.break_off()
    # Nothing was acknowledged: the snapshot comes again.
    second = await node.open(**fields)
    skus, cursor = await snapshot_of(second)
    assert (second.opened.cursor, skus) == ("", ["TEA"])
    await second.acknowledge(cursor)
    await second.leave()
    assert (await node.state()).lag_events == 0
    await written(node)
    third = await node.open(**fields)
    assert third.opened.cursor == cursor
    assert positions((await third.events(1))[0]) == [4]
    third.break_off()
    request = pb.ResetSubscriptionRequest(name="web", start_from=feed_pb2.START_FROM_SNAPSHOT)
    assert (await node.service.ResetSubscription(request)).cursor == ""
    fourth = await node.open(**fields)
    assert (await snapshot_of(fourth))[0] == ["TEA"]
    fourth.break_off()


async def test_nothing_of_a_snapshot_is_acknowledged_before_it_is_complete() -> None:
    shards = LocalShards(2)
    async with subscribing(shards) as node:
        await written(node, 2)
        heads = {shard: shards.feed(shard).head for shard in range(2)}
        # A shard that is down keeps the snapshot from being complete.
        shards.shards[1].crash()
        consumer = await node.open(start_from=feed_pb2.START_FROM_SNAPSHOT)
        await consumer.acknowledge(Cursor(shards.history, shards.epoch, heads).encode())
        assert await ended(consumer) == "INVALID_FIELD"
        assert (await node.state()).cursor == ""
