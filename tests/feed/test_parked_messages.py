"""What a consumer cannot process: parked, listed, given again, dropped."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from holdfast.v1 import channels_pb2, feed_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.sqlite_subscriptions import SqliteSubscriptions
from engine.feed.subscription_store import StoredParked, ToPark
from engine.feed.subscriptions import SubscriptionLimits
from tests.feed.subscribing import Consumer, SubscribedNode, subscribing
from tests.rpc.serving import refused


@pytest.fixture
async def node() -> AsyncIterator[SubscribedNode]:
    limits = SubscriptionLimits(parked_max=40)
    async with subscribing(limits=limits) as served:
        yield served


def order(number: int, body: bytes = b"{}", reason: str = "unknown item") -> pb.ParkedMessage:
    external = pb.ExternalMessage(id=f"order {number}", content_type="application/json", body=body)
    return pb.ParkedMessage(external=external, reason=reason)


async def park(node: SubscribedNode, message: pb.ParkedMessage) -> pb.ParkedMessage:
    request = pb.ParkMessageRequest(name="web", message=message)
    parked = (await node.service.ParkMessage(request)).message
    assert isinstance(parked, pb.ParkedMessage)
    return parked


async def listed(node: SubscribedNode, **fields: Any) -> list[pb.ParkedMessage]:
    request = pb.ListParkedMessagesRequest(name="web", **fields)
    return list((await node.service.ListParkedMessages(request)).messages)


async def replay(node: SubscribedNode, *ids: int) -> int:
    request = pb.ReplayParkedMessagesRequest(name="web", ids=ids)
    return int((await node.service.ReplayParkedMessages(request)).messages)


async def replayed(consumer: Consumer, count: int) -> list[pb.ParkedMessage]:
    return [(await consumer.until("replayed")).replayed for _ in range(count)]


async def test_a_message_is_parked_on_the_stream(node: SubscribedNode) -> None:
    await node.receive(1)
    consumer = await node.open()
    [event], _ = await consumer.events(1)
    await consumer.say(park=pb.Park(message=pb.ParkedMessage(event=event, reason="why")))
    parked = (await consumer.until("parked")).parked
    assert (parked.event, parked.reason, parked.replays, parked.replaying) == (
        *(event, "why", 0, False),
    )
    assert await listed(node) == [parked]
    assert (await node.state()).parked_messages == 1
    # The event came again after a crash: it is parked once.
    await consumer.say(park=pb.Park(message=pb.ParkedMessage(event=event, reason="still")))
    assert (await consumer.until("parked")).parked.id == parked.id
    consumer.break_off()


async def test_the_same_is_parked_once(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    first, other = await park(node, order(1)), await park(node, order(2))
    again = await park(node, order(1, b"{'newer': 1}"))
    assert (again.id, again.external.body) == (first.id, b"{'newer': 1}")
    updates = [
        await park(node, pb.ParkedMessage(channel_update=channels_pb2.ChannelUpdate(**fields)))
        for fields in ({"sku": "TEA", "version": 1}, {"sku": "TEA", "version": 2}, {"sku": "MUG"})
    ]
    assert updates[0].id == updates[1].id
    assert [each.id for each in await listed(node)] == [
        *(first.id, other.id, updates[0].id, updates[2].id)
    ]
    assert (await listed(node))[2].channel_update.version == 2


async def test_pages(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    parked = [await park(node, order(number)) for number in range(7)]
    found: list[pb.ParkedMessage] = []
    token = ""
    pages = 0
    while pages == 0 or token:
        request = pb.ListParkedMessagesRequest(name="web", page_size=3, page_token=token)
        page = await node.service.ListParkedMessages(request)
        found += page.messages
        token = page.next_page_token
        pages += 1
    assert (found, pages) == (parked, 3)


async def test_a_page_of_large_messages_ends_early(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    for number in range(20):
        await park(node, order(number, b"x" * 65_536))
    page = await node.service.ListParkedMessages(pb.ListParkedMessagesRequest(name="web"))
    assert 1 < len(page.messages) < 20
    assert page.next_page_token


async def test_what_is_replayed_comes_to_who_follows_now_and_is_done(node: SubscribedNode) -> None:
    consumer = await node.open()
    first, second, third = [await park(node, order(number)) for number in range(3)]
    assert await replay(node, third.id, first.id) == 2
    again = await replayed(consumer, 2)
    assert [each.id for each in again] == [first.id, third.id]
    assert [(each.replays, each.replaying) for each in again] == [(1, True)] * 2
    await consumer.acknowledge("", first.id, third.id, 999)
    await consumer.leave()
    assert [each.id for each in await listed(node)] == [second.id]
    assert (await node.state()).parked_messages == 1


async def test_what_is_replayed_comes_to_who_follows_next_until_it_is_done(
    node: SubscribedNode,
) -> None:
    (await node.open()).break_off()
    parked = [await park(node, order(number)) for number in range(35)]
    assert await replay(node) == 35
    ids = [each.id for each in parked]
    for times in (1, 2):
        consumer = await node.open()
        again = await replayed(consumer, 35)
        assert [(each.id, each.replays) for each in again] == [(each, times) for each in ids]
        consumer.break_off()
    consumer = await node.open()
    await replayed(consumer, 35)
    message = pb.ParkedMessage(id=ids[0], reason="never")
    await consumer.say(park=pb.Park(message=message))
    parked_again = (await consumer.until("parked")).parked
    assert (parked_again.reason, parked_again.replaying) == ("never", False)
    assert parked_again.external == parked[0].external
    await consumer.acknowledge("", *ids[1:])
    await consumer.leave()
    assert await listed(node) == [parked_again]


async def test_what_is_parked_again_comes_when_it_is_replayed_again(node: SubscribedNode) -> None:
    consumer = await node.open()
    parked = await park(node, order(1))
    for times in (1, 2, 3):
        await replay(node, parked.id)
        [again] = await replayed(consumer, 1)
        assert again.replays == times
        await park(node, pb.ParkedMessage(id=parked.id, reason=f"{times}"))
    [left] = await listed(node)
    assert (left.reason, left.replays, left.replaying) == ("3", 3, False)
    assert left.parked_at == parked.parked_at
    consumer.break_off()


async def test_what_is_dropped_is_forgotten(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    first, second = await park(node, order(1)), await park(node, order(2))
    request = pb.DropParkedMessagesRequest(name="web", ids=[first.id, 999])
    assert (await node.service.DropParkedMessages(request)).messages == 1
    assert await listed(node) == [second]
    again = await park(node, order(1))
    assert again.id > second.id


async def test_what_is_not_parked_is_named(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    parked = await park(node, order(1))
    refusal = await refused(replay(node, parked.id, 998, 999))
    facts = {"name": "web", "id": "998"}
    assert (refusal.reason, refusal.metadata) == ("UNKNOWN_PARKED_MESSAGE", facts)
    assert not (await listed(node))[0].replaying
    again = pb.ParkedMessage(id=999, reason="why")
    assert (await refused(park(node, again))).reason == "UNKNOWN_PARKED_MESSAGE"


async def test_there_is_a_limit() -> None:
    async with subscribing(limits=SubscriptionLimits(parked_max=2)) as node:
        (await node.open()).break_off()
        first, _ = await park(node, order(1)), await park(node, order(2))
        refusal = await refused(park(node, order(3)))
        facts = {"name": "web", "parked": "2", "limit": "2"}
        assert (refusal.reason, refusal.metadata) == ("TOO_MANY_PARKED", facts)
        await park(node, order(2, b"newer"))
        request = pb.DropParkedMessagesRequest(name="web", ids=[first.id])
        await node.service.DropParkedMessages(request)
        await park(node, order(3))
        (await node.open(name="other")).break_off()


WRONG: list[tuple[pb.ParkedMessage, str]] = [
    (pb.ParkedMessage(), "message"),
    (pb.ParkedMessage(event=feed_pb2.Event()), "message.event.position"),
    (pb.ParkedMessage(external=pb.ExternalMessage()), "message.external.id"),
    (pb.ParkedMessage(external=pb.ExternalMessage(id="x" * 129)), "message.external.id"),
    (
        pb.ParkedMessage(external=pb.ExternalMessage(id="1", content_type="a\n")),
        "message.external.content_type",
    ),
    (order(1, b"x" * 65_537), "message.external.body"),
    (order(1, reason="é" * 513), "message.reason"),
    (
        pb.ParkedMessage(channel_update=channels_pb2.ChannelUpdate()),
        "message.channel_update.sku",
    ),
    (
        pb.ParkedMessage(
            event=feed_pb2.Event(position=1, cause=feed_pb2.Cause(reason="x" * 1_048_576))
        ),
        "message",
    ),
]


async def test_what_cannot_be_parked(node: SubscribedNode) -> None:
    (await node.open()).break_off()
    for message, field in WRONG:
        refusal = await refused(park(node, message))
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", field)
    assert await listed(node) == []


async def parked_outlives_the_node(path: Path, make: type[SqliteSubscriptions]) -> None:
    """What was answered is there after a restart, and is given to the next consumer."""
    async with subscribing(store=make(path)) as node:
        (await node.open()).break_off()
        parked = [await park(node, order(number)) for number in range(3)]
        await replay(node, parked[1].id)
    async with subscribing(store=make(path)) as node:
        found = await listed(node)
        assert [each.id for each in found] == [each.id for each in parked]
        assert [each.replaying for each in found] == [False, True, False]
        assert (await node.state()).parked_messages == 3
        consumer = await node.open()
        assert [each.id for each in await replayed(consumer, 1)] == [parked[1].id]
        consumer.break_off()


async def test_parked_messages_outlive_the_node(tmp_path: Path) -> None:
    await parked_outlives_the_node(tmp_path / "subscriptions.db", SqliteSubscriptions)


class Forgetful(SqliteSubscriptions):
    """Answers before it has stored, and never does."""

    def park(self, key: tuple[str, str], message: ToPark, parked_max: int) -> StoredParked | None:
        parked = super().park(key, message, parked_max)
        if parked is not None:
            self.drop(key, [parked.parked_id])
        return parked

    def replay(self, key: tuple[str, str], parked_ids: Any) -> list[int]:
        return sorted(parked_ids or ())


async def test_control_a_store_that_forgets_what_it_has_answered_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await parked_outlives_the_node(tmp_path / "subscriptions.db", Forgetful)
