"""One consumer at a time follows a subscription: who takes over, who is told, who goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from holdfast.v1 import subscriptions_pb2 as pb

from tests.feed.subscribing import NOW, SubscribedNode, ended, positions, subscribing, written
from tests.rpc.serving import refused


@pytest.fixture
async def node() -> AsyncIterator[SubscribedNode]:
    async with subscribing() as served:
        yield served


async def test_a_newer_consumer_takes_over_and_the_older_is_told(node: SubscribedNode) -> None:
    await written(node, 2)
    older = await node.open()
    _, cursor = await older.events(2)
    newer = await node.open()
    await newer.events(2)
    assert await ended(older) == "SUBSCRIPTION_TAKEN_OVER"
    await newer.acknowledge(cursor)
    await node.until_acknowledged(cursor)
    assert (await node.state()).active
    newer.break_off()


async def test_of_many_that_come_at_once_one_stays(node: SubscribedNode) -> None:
    await written(node, 2)
    consumers = await asyncio.gather(*(node.open() for _ in range(12)))
    last = max(consumers, key=lambda consumer: consumer.opened.consumer)
    assert len({consumer.opened.consumer for consumer in consumers}) == 12
    assert sum(consumer.opened.created for consumer in consumers) == 1
    reasons = await asyncio.gather(*(ended(each) for each in consumers if each is not last))
    assert set(reasons) == {"SUBSCRIPTION_TAKEN_OVER"}
    _, cursor = await last.events(2)
    await last.acknowledge(cursor)
    await last.leave()
    assert (await node.state()).lag_events == 0


async def test_who_was_cut_off_goes_on_where_it_was(node: SubscribedNode) -> None:
    await written(node, 3)
    first = await node.open()
    _, cursor = await first.events(3)
    first.break_off()
    await written(node, 1)
    resume = pb.Resume(consumer=first.opened.consumer, received_cursor=cursor)
    again = await node.open(resume=resume)
    assert again.opened.consumer == first.opened.consumer
    assert positions((await again.events(1))[0]) == [4]
    await again.acknowledge(cursor)
    await again.leave()
    assert (await node.state()).cursor == cursor


async def taken_over(node: SubscribedNode) -> None:
    (await node.open()).break_off()


async def reset(node: SubscribedNode) -> None:
    await node.service.ResetSubscription(pb.ResetSubscriptionRequest(name="web", start_from=NOW))


async def deleted(node: SubscribedNode) -> None:
    await node.service.DeleteSubscription(pb.DeleteSubscriptionRequest(name="web"))


async def deleted_and_made(node: SubscribedNode) -> None:
    await deleted(node)
    await taken_over(node)


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (taken_over, "SUBSCRIPTION_TAKEN_OVER"),
        (reset, "SUBSCRIPTION_TAKEN_OVER"),
        (deleted, "UNKNOWN_SUBSCRIPTION"),
        (deleted_and_made, "SUBSCRIPTION_TAKEN_OVER"),
    ],
)
async def test_who_was_cut_off_does_not_take_over_from_who_came_meanwhile(
    node: SubscribedNode, meanwhile: Any, reason: str
) -> None:
    await written(node, 1)
    first = await node.open()
    first.break_off()
    await meanwhile(node)
    resume = pb.Resume(consumer=first.opened.consumer)
    assert (await refused(node.open(resume=resume))).reason == reason


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [(reset, "SUBSCRIPTION_TAKEN_OVER"), (deleted, "UNKNOWN_SUBSCRIPTION")],
)
async def test_who_follows_is_told(node: SubscribedNode, meanwhile: Any, reason: str) -> None:
    await written(node, 1)
    consumer = await node.open()
    await consumer.events(1)
    await meanwhile(node)
    assert await ended(consumer) == reason
