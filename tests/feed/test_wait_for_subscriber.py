"""Waiting until a named subscriber has been sent what was written."""

import asyncio
from typing import Any

import grpc
import pytest
from holdfast.v1 import feed_pb2, feed_pb2_grpc

from engine.feed.cursor import Cursor
from engine.feed.filter import Filter as NoFilter
from engine.feed.hub import Start
from engine.feed.steps import CaughtUp, Events
from engine.rpc.server import ServerOptions
from engine.shard.local import LocalShards
from tests.feed.test_feed_service import FeedNode, feeding
from tests.rpc.serving import refused

Watch = feed_pb2.WatchRequest
Filter = feed_pb2.EventFilter


def wait(
    node: FeedNode, cursor: str, name: str = "loader", tenant: str = "", timeout: float = 20
) -> Any:
    request = feed_pb2.WaitForSubscriberRequest(name=name, cursor=cursor, tenant=tenant)
    return feed_pb2_grpc.FeedServiceStub(node.channel).WaitForSubscriber(request, timeout=timeout)


async def opened(stream: Any) -> Any:
    """The stream, once it is caught up."""
    while not (await stream.read()).HasField("caught_up"):
        pass
    return stream


async def written(node: FeedNode) -> str:
    cursor: str = (await node.receive(1)).receipt.cursor
    return cursor


def position(cursor: str) -> int:
    return max(Cursor.parse(cursor).positions.values())


async def test_it_answers_when_everything_was_sent() -> None:
    async with feeding(LocalShards(2)) as node:
        stream = await opened(node.watch(Watch(name="loader")))
        cursor = await written(node)
        answer = await wait(node, cursor)
        assert position(answer.cursor) >= position(cursor)
        assert set(Cursor.parse(answer.cursor).positions) == {0, 1}
        batch = await stream.read()
        assert len(batch.events.events) == 1
        stream.cancel()


async def test_what_the_filter_leaves_out_need_not_be_sent() -> None:
    async with feeding(LocalShards()) as node:
        request = Watch(name="loader", filter=Filter(skus=["MUG"]))
        stream = await opened(node.watch(request))
        await wait(node, await written(node))
        stream.cancel()


async def test_a_subscriber_that_is_not_there_yet_may_come() -> None:
    async with feeding(LocalShards()) as node:
        cursor = await written(node)
        waiting = asyncio.ensure_future(wait(node, cursor))
        await asyncio.wait((waiting,), timeout=0.05)
        assert not waiting.done()
        stream = node.watch(Watch(name="loader", start_from=feed_pb2.START_FROM_BEGINNING))
        await opened(stream)
        assert position((await waiting).cursor) >= position(cursor)
        stream.cancel()


@pytest.mark.parametrize(
    ("name", "tenant"), [("other", ""), ("loader", "acme")], ids=["name", "tenant"]
)
async def test_other_names_and_tenants_are_other_subscribers(name: str, tenant: str) -> None:
    async with feeding(LocalShards()) as node:
        stream = await opened(node.watch(Watch(name="loader")))
        cursor = await written(node)
        await wait(node, cursor)
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await wait(node, cursor, name, tenant, timeout=0.05)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        stream.cancel()


async def test_what_is_on_its_way_was_not_sent_yet() -> None:
    """A step counts once the next is asked for: `Watch` asks when gRPC has taken the message, which
    it does not while the client does not read."""
    async with feeding(LocalShards()) as node:
        subscriber = await node.hub.subscribe(NoFilter(), Start.NOW, "loader")
        assert isinstance(await anext(subscriber), CaughtUp)
        cursor = await written(node)
        assert isinstance(await anext(subscriber), Events)
        waiting = asyncio.ensure_future(wait(node, cursor))
        await asyncio.wait((waiting,), timeout=0.05)
        assert not waiting.done()
        following = asyncio.ensure_future(anext(subscriber))
        assert (await waiting).cursor == subscriber.cursor
        following.cancel()


async def test_the_newest_stream_of_a_name_counts() -> None:
    async with feeding(LocalShards()) as node:
        first = await opened(node.watch(Watch(name="loader")))
        second = await opened(node.watch(Watch(name="loader")))
        await wait(node, await written(node))
        first.cancel()
        await node.until_gone(1)
        await wait(node, await written(node))
        second.cancel()
        await node.until_gone(0)
        with pytest.raises(grpc.aio.AioRpcError):
            await wait(node, await written(node), timeout=0.05)


async def test_without_a_deadline_of_the_client_that_of_the_server_ends_it() -> None:
    options = ServerOptions(unary_deadline_s=0.05)
    async with feeding(LocalShards(), options=options) as node:
        request = feed_pb2.WaitForSubscriberRequest(name="loader", cursor=await written(node))
        stub = feed_pb2_grpc.FeedServiceStub(node.channel)
        refusal = await refused(stub.WaitForSubscriber(request))
        assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert refusal.metadata == {"name": "loader"}


async def test_a_stop_ends_the_wait() -> None:
    async with feeding(LocalShards()) as node:
        waiting = asyncio.ensure_future(refused(wait(node, await written(node))))
        await asyncio.wait((waiting,), timeout=0.05)
        node.hub.stop()
        assert (await waiting).reason == "SHARD_UNAVAILABLE"


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"name": ""}, "name", "INVALID_FIELD"),
        ({"name": "a\n"}, "name", "INVALID_FIELD"),
        ({"tenant": " a"}, "tenant", "INVALID_FIELD"),
        ({"cursor": ""}, "cursor", "INVALID_FIELD"),
        ({"cursor": "nonsense"}, "cursor", "INVALID_FIELD"),
        ({"cursor": "1-ffffffff-1-0.1"}, "", "CURSOR_FOREIGN"),
        ({"cursor": "1-10ca1000-1-0.99"}, "", "CURSOR_OUT_OF_RANGE"),
    ],
)
async def test_what_cannot_be_waited_for(fields: dict[str, str], field: str, reason: str) -> None:
    async with feeding(LocalShards()) as node:
        asked = {"cursor": await written(node), "name": "loader"} | fields
        refusal = await refused(wait(node, **asked))  # type: ignore[arg-type]
        assert refusal.reason == reason
        assert refusal.metadata.get("field", "") == field


async def test_a_name_of_a_stream_is_checked() -> None:
    async with feeding(LocalShards()) as node:
        refusal = await refused(node.watch(Watch(name="x" * 129)).read())
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", "name")
