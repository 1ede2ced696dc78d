"""What is asked about subscriptions beside their streams: lists with lag, places, marks."""

from typing import Any

import pytest
from holdfast.v1 import feed_pb2, stock_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.cursor import Cursor
from engine.feed.subscription_lag import SubscriptionGauge
from engine.shard.local import LocalShards
from tests.feed.subscribing import SubscribedNode, subscribing
from tests.rpc.serving import refused

START_MS = 1_700_000_000_000
SKUS = [f"SKU-{number}" for number in range(8)]


class Timed:
    """A node whose clock a test sets."""

    def __init__(self, count: int = 1) -> None:
        self.at_ms = START_MS
        self.shards = LocalShards(count, now_ms=lambda: self.at_ms)

    def serving(self) -> Any:
        return subscribing(self.shards, now_ms=lambda: self.at_ms)

    async def write(self, node: SubscribedNode, *skus: str) -> str:
        cursor = ""
        for sku in skus:
            key = stock_pb2.StockKey(sku=sku, location="LONDON")
            cursor = (await node.receive(1, key)).receipt.cursor
        return cursor


async def test_lag_is_told_in_events_and_seconds() -> None:
    timed = Timed(2)
    async with timed.serving() as node:
        await timed.write(node, *SKUS[:4])
        timed.at_ms += 5_000
        await timed.write(node, *SKUS[4:])
        timed.at_ms += 2_500
        consumer = await node.open(filter=feed_pb2.EventFilter(skus=["SKU-0"]))
        state = await node.state()
        assert (state.lag_events, state.lag_seconds, state.active) == (8, 7.5, True)
        assert list(state.filter.skus) == ["SKU-0"]
        assert state.mode == feed_pb2.WATCH_MODE_EVERY_EVENT
        assert state.created_at.ToMilliseconds() == timed.at_ms
        assert not state.HasField("acknowledged_at")
        assert await node.lag.look() is None
        assert node.lag.gauges() == [SubscriptionGauge("", "web", 8, 7.5, 0)]

        heads = {shard: timed.shards.feed(shard).head for shard in range(2)}
        first = (await consumer.until("caught_up")).feed.cursor
        assert Cursor.parse(first).positions == heads
        await consumer.acknowledge(first)
        timed.at_ms += 1
        await consumer.leave()
        state = await node.state()
        assert (state.lag_events, state.lag_seconds, state.active) == (0, 0, False)
        assert state.acknowledged_at.ToMilliseconds() in (timed.at_ms, timed.at_ms - 1)
        assert node.lag.gauges() == [SubscriptionGauge("", "web", 0, 0, 0)]

        await timed.write(node, SKUS[0])
        timed.at_ms += 1_500
        await node.lag.look()
        assert node.lag.gauges() == [SubscriptionGauge("", "web", 1, 1.5, 0)]


async def test_a_shard_that_is_down_is_counted_in_events_alone() -> None:
    timed = Timed()
    async with timed.serving() as node:
        await timed.write(node, *SKUS[:2])
        (await node.open()).break_off()
        timed.shards.shards[0].crash()
        state = await node.state()
        assert (state.lag_events, state.lag_seconds) == (2, 0)
        timed.shards.shards[0].start()


async def test_of_a_channel_that_is_not_configured_no_subscription_is_made() -> None:
    async with subscribing() as node:
        channel = feed_pb2.EventFilter(channel="nope")
        refusal = await refused(node.open(filter=channel, mode=feed_pb2.WATCH_MODE_LATEST))
        assert (refusal.reason, refusal.metadata["channel"]) == ("UNKNOWN_CHANNEL", "nope")
        listed = await node.service.ListSubscriptions(pb.ListSubscriptionsRequest())
        assert not listed.subscriptions


async def test_lists_come_in_pages_in_order_of_name() -> None:
    async with subscribing() as node:
        for name in ("c", "a", "b"):
            (await node.open(name=name)).break_off()
        names: list[str] = []
        token = ""
        for _ in range(2):
            request = pb.ListSubscriptionsRequest(page_size=2, page_token=token)
            page = await node.service.ListSubscriptions(request)
            names += [each.name for each in page.subscriptions]
            token = page.next_page_token
        assert (names, token) == (["a", "b", "c"], "")
        request = pb.ListSubscriptionsRequest(name="nobody")
        assert not (await node.service.ListSubscriptions(request)).subscriptions


async def test_a_page_of_large_filters_ends_early() -> None:
    skus = [f"{number:04}{'x' * 120}" for number in range(1_000)]
    async with subscribing() as node:
        for number in range(12):
            asked = feed_pb2.EventFilter(skus=skus)
            (await node.open(name=f"web-{number:02}", filter=asked)).break_off()
        page = await node.service.ListSubscriptions(pb.ListSubscriptionsRequest())
        assert 1 < len(page.subscriptions) < 12
        assert page.next_page_token


RESETS: list[tuple[dict[str, Any], list[int]]] = [
    ({"start_from": feed_pb2.START_FROM_BEGINNING}, [1, 2, 3, 4, 5]),
    ({"start_from": feed_pb2.START_FROM_NOW}, [5]),
    ({"after_cursor": "1-10ca1000-1-0.1"}, [2, 3, 4, 5]),
    ({"time": START_MS}, [1, 2, 3, 4, 5]),
    ({"time": START_MS + 1}, [3, 4, 5]),
    ({"time": START_MS + 1_000}, [3, 4, 5]),
    ({"time": START_MS + 1_001}, [5]),
    ({"time": START_MS + 99_000}, [5]),
]


@pytest.mark.parametrize(("to", "expected"), RESETS)
async def test_a_subscription_is_moved(to: dict[str, Any], expected: list[int]) -> None:
    timed = Timed()
    async with timed.serving() as node:
        await timed.write(node, *SKUS[:2])
        timed.at_ms += 1_000
        await timed.write(node, *SKUS[2:4])
        (await node.open()).break_off()
        request = pb.ResetSubscriptionRequest(name="web")
        if "time" in to:
            request.time.FromMilliseconds(to["time"])
        else:
            request = pb.ResetSubscriptionRequest(name="web", **to)
        moved = await node.service.ResetSubscription(request)
        assert (await node.state()).cursor == moved.cursor
        await timed.write(node, SKUS[4])
        consumer = await node.open()
        assert consumer.opened.cursor == moved.cursor
        events, _ = await consumer.events(len(expected))
        assert [event.position for event in events] == expected
        consumer.break_off()


async def test_a_time_or_cursor_that_is_not_kept_is_refused() -> None:
    timed = Timed()
    async with timed.serving() as node:
        await timed.write(node, *SKUS)
        (await node.open()).break_off()
        request = pb.ResetSubscriptionRequest(name="web", after_cursor="1-10ca1000-1-0.99")
        refusal = await refused(node.service.ResetSubscription(request))
        assert refusal.reason == "CURSOR_OUT_OF_RANGE"
        assert (await node.state()).cursor == "1-10ca1000-1-0.0"


async def test_marks_are_remembered() -> None:
    async with subscribing() as node:
        (await node.open()).break_off()

        async def mark(name: str, value: str) -> None:
            await node.service.SetMark(pb.SetMarkRequest(name="web", mark=name, value=value))

        for number in range(16):
            await mark(f"mark-{number}", f"{number}")
        await mark("mark-0", "x" * 2_048)
        refusal = await refused(mark("one more", "1"))
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", "mark")
        await mark("mark-1", "")
        await mark("one more", "1")
        opened = (await node.open()).opened
        assert opened.marks["mark-0"] == "x" * 2_048
        assert "mark-1" not in opened.marks
        assert dict((await node.state()).marks) == dict(opened.marks)
        assert len(opened.marks) == 16


async def test_what_is_deleted_is_gone() -> None:
    async with subscribing() as node:
        cursor = (await node.receive(1)).receipt.cursor
        consumer = await node.open()
        await consumer.acknowledge((await consumer.events(1))[1])
        await node.until_acknowledged(cursor)
        await node.service.SetMark(pb.SetMarkRequest(name="web", mark="m", value="v"))
        await node.service.DeleteSubscription(pb.DeleteSubscriptionRequest(name="web"))
        request = pb.DeleteSubscriptionRequest(name="web")
        assert (await refused(node.service.DeleteSubscription(request))).reason == (
            "UNKNOWN_SUBSCRIPTION"
        )
        again = await node.open()
        assert (again.opened.created, dict(again.opened.marks)) == (True, {})
        await again.events(1)
        again.break_off()


LONG = "x" * 129
CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("ListSubscriptions", {"tenant": "a\n"}, "tenant"),
    ("ListSubscriptions", {"name": LONG}, "name"),
    ("ListSubscriptions", {"page_size": -1}, "page_size"),
    ("ListSubscriptions", {"page_token": "x"}, "page_token"),
    *[
        (method, fields, field)
        for method in (
            *("ResetSubscription", "DeleteSubscription", "SetMark", "ListParkedMessages"),
            *("ParkMessage", "ReplayParkedMessages", "DropParkedMessages"),
        )
        for fields, field in (({"name": ""}, "name"), ({"name": LONG}, "name"))
    ],
    ("ResetSubscription", {}, "to"),
    ("ResetSubscription", {"start_from": 9}, "start_from"),
    ("ResetSubscription", {"after_cursor": "x"}, "after_cursor"),
    ("ResetSubscription", {"time": {"seconds": -1}}, "time"),
    ("SetMark", {"mark": ""}, "mark"),
    ("SetMark", {"mark": LONG}, "mark"),
    ("SetMark", {"mark": "m", "value": "é" * 1_025}, "value"),
    ("ListParkedMessages", {"page_size": 1_001}, "page_size"),
    ("ListParkedMessages", {"page_token": "AAAA"}, "page_token"),
    ("ReplayParkedMessages", {"ids": range(1_001)}, "ids"),
    ("DropParkedMessages", {"ids": []}, "ids"),
    ("DropParkedMessages", {"ids": range(1_001)}, "ids"),
]


async def test_bad_input_is_named() -> None:
    async with subscribing() as node:
        (await node.open()).break_off()
        for method, fields, field in CALLS:
            request = getattr(pb, f"{method}Request")(**({"name": "web"} | fields))
            refusal = await refused(getattr(node.service, method)(request))
            named = (method, refusal.reason, refusal.metadata["field"])
            assert named == (method, "INVALID_FIELD", field)


MISSING: list[tuple[str, dict[str, Any]]] = [
    ("ResetSubscription", {"start_from": feed_pb2.START_FROM_NOW}),
    ("DeleteSubscription", {}),
    ("SetMark", {"mark": "m", "value": "v"}),
    ("ParkMessage", {"message": {"external": {"id": "order 7"}}}),
    ("ListParkedMessages", {}),
    ("ReplayParkedMessages", {}),
    ("DropParkedMessages", {"ids": [1]}),
]


async def test_a_subscription_that_is_not_there() -> None:
    async with subscribing() as node:
        (await node.open()).break_off()
        for method, fields in MISSING:
            request = getattr(pb, f"{method}Request")(tenant="acme", name="web", **fields)
            refusal = await refused(getattr(node.service, method)(request))
            assert (refusal.reason, refusal.metadata) == ("UNKNOWN_SUBSCRIPTION", {"name": "web"})
