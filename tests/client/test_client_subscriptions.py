"""Durable subscriptions with the SDK, against a real node that is restarted meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from holdfast import (
    CaughtUp,
    Client,
    Event,
    EventBatch,
    ExternalMessage,
    Replayed,
    Subscription,
    SyncClient,
)
from holdfast.channels import ChannelLocation, ChannelUpdate, Listing
from holdfast.errors import (
    DeadlineExpired,
    InvalidField,
    SubscriptionDiffers,
    SubscriptionTakenOver,
    Unavailable,
    UnknownParkedMessage,
    UnknownSubscription,
)

from engine.config import Configuration
from engine.node import Node


class Restarted:
    """A node that is stopped and started again, at the same address."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.address = "127.0.0.1:0"
        self._node: Node | None = None

    async def start(self) -> None:
        configuration = Configuration(
            data_dir=str(self._data_dir),
            listen=self.address,
            metrics_listen="",
            checkpoint_interval_s=3_600,
            drain_s=0.1,
        )
        self._node = Node(configuration)
        self.address = (await self._node.start()).rpc

    async def stop(self) -> None:
        if self._node is not None:
            await self._node.stop()
            self._node = None


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Restarted]:
    restarted = Restarted(tmp_path / "data")
    await restarted.start()
    yield restarted
    await restarted.stop()


@pytest.fixture
async def client(node: Restarted) -> AsyncIterator[Client]:
    async with Client(node.address, timeout_s=20) as client:
        yield client


async def told(subscription: Subscription, count: int) -> list[Event]:
    """So many events."""
    events: list[Event] = []
    while len(events) < count:
        message = await anext(subscription)
        if isinstance(message, EventBatch):
            events += message.events
    assert len(events) == count
    return events


async def test_who_comes_next_goes_on_after_what_was_acknowledged(client: Client) -> None:
    for _ in range(3):
        await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web") as first:
        assert (first.created, first.name, dict(first.marks)) == (True, "web", {})
        await told(first, 3)
        await first.acknowledge(first.received)
        await first.set_mark("orders", "7")
        await first.set_mark("refunds", "1")
        await first.set_mark("refunds", "")
        assert first.cursor == first.received
    # Closing has told the server before it returned.
    [state] = [each async for each in client.subscriptions(name="web")]
    assert (state.cursor, state.lag_events, state.lag_seconds) == (first.cursor, 0, 0)
    assert (state.marks, state.active, state.mode) == ({"orders": "7"}, False, "every_event")
    await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web") as second:
        assert (second.created, second.cursor, second.marks) == (
            *(False, first.cursor, {"orders": "7"}),
        )
        [event] = await told(second, 1)
        assert event.position == 4
        await second.acknowledge()
        assert second.cursor == first.cursor
    with pytest.raises(StopAsyncIteration):
        await anext(second)


async def test_it_goes_on_by_itself_when_the_node_is_started_again(
    node: Restarted, client: Client
) -> None:
    await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web", skus=["TEA"]) as subscription:
        [event] = await told(subscription, 1)
        done = subscription.received
        await node.stop()
        # Nobody hears it now; it is told once the node is there again.
        await subscription.acknowledge(done)
        await node.start()
        await client.receive("TEA", "LONDON", 2)
        [event] = await told(subscription, 1)
        assert (event.position, event.quantity) == (2, 2)
        assert await client.wait_for_subscriber("web", done) == done
        await subscription.acknowledge(subscription.received)
    assert [each.lag_events async for each in client.subscriptions()] == [0]


async def test_a_reader_that_gives_up_loses_nothing_and_stays_connected(client: Client) -> None:
    async with client.subscribe("web", start="now") as subscription:
        assert isinstance(await anext(subscription), CaughtUp)
        for number in range(1, 4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(subscription), 0.001)
            await client.receive("TEA", "LONDON", number)
            assert [event.quantity for event in await told(subscription, 1)] == [number]
        states = [each async for each in client.subscriptions()]
        assert [each.active for each in states] == [True]


async def test_the_older_consumer_is_told(client: Client) -> None:
    async with client.subscribe("web", start="now") as older:
        await anext(older)
        async with client.subscribe("web") as newer:
            await anext(newer)
            for _ in range(2):
                with pytest.raises(SubscriptionTakenOver) as caught:
                    await anext(older)
                assert caught.value.name == "web"
            await client.receive("TEA", "LONDON", 1)
            await told(newer, 1)
        async with client.subscribe("web") as last:
            cursor = await client.reset_subscription("web", "beginning")
            with pytest.raises(SubscriptionTakenOver):
                await told(last, 99)
        async with client.subscribe("web") as again:
            assert again.cursor == cursor
            await told(again, 1)
            await client.delete_subscription("web")
            with pytest.raises(UnknownSubscription) as gone:
                await told(again, 99)
            assert gone.value.name == "web"


async def test_a_subscription_is_moved_to_a_time(client: Client) -> None:
    first = await client.receive("TEA", "LONDON", 1)
    assert first.recorded_at is not None
    async with client.subscribe("web", start="now"):
        pass
    assert await client.reset_subscription("web", first.recorded_at) != first.cursor
    later = datetime.now(UTC) + timedelta(days=1)
    assert await client.reset_subscription("web", later) == first.cursor
    assert await client.reset_subscription("web", first.cursor) == first.cursor
    assert await client.reset_subscription("web", "snapshot") == ""
    with pytest.raises(InvalidField):
        await client.reset_subscription("web", "nonsense")


LISTING = Listing("TEA", "LONDON", "shop", "item 7", "place 9")
UPDATE = ChannelUpdate(
    "TEA",
    7,
    False,
    (ChannelLocation("LONDON", 7, False, LISTING), ChannelLocation("PARIS", 0, True, None)),
    LISTING,
    2,
    81,
    datetime(2030, 1, 1, 10, 0, 0, 250_000, tzinfo=UTC),
)
ORDER = ExternalMessage("order 7", "application/json", b'{"id": 7}')


async def test_what_is_parked_is_given_again_as_it_was(client: Client) -> None:
    await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web") as subscription:
        [event] = await told(subscription, 1)
        contents = [event, UPDATE, ORDER]
        parked = [await subscription.park(content, "why") for content in contents]
        assert [each.content for each in parked] == contents
        assert [each async for each in client.parked_messages("web", page_size=2)] == parked
        assert await client.replay_parked("web") == 3
        replayed = [message.parked async for message in _replayed(subscription, 3)]
        assert [each.content for each in replayed] == contents
        assert {(each.replays, each.replaying) for each in replayed} == {(1, True)}
        again = await subscription.park(replayed[0], "never")
        assert (again.id, again.reason, again.replaying) == (parked[0].id, "never", False)
        await subscription.acknowledge(parked_ids=[each.id for each in replayed[1:]])
    assert [each async for each in client.parked_messages("web")] == [again]
    assert await client.drop_parked("web", [again.id, parked[1].id]) == 1
    with pytest.raises(UnknownParkedMessage) as caught:
        await client.replay_parked("web", [again.id])
    assert (caught.value.name, caught.value.id) == ("web", again.id)
    with pytest.raises(TypeError):
        await client.park_message("web", "text", "why")


async def _replayed(subscription: Subscription, count: int) -> AsyncIterator[Replayed]:
    while count:
        message = await anext(subscription)
        if isinstance(message, Replayed):
            assert message.cursor == ""
            count -= 1
            yield message


async def test_what_follows_something_else_is_refused(client: Client) -> None:
    async with client.subscribe("web", skus=["TEA"]):
        pass
    with pytest.raises(SubscriptionDiffers) as caught:
        async with client.subscribe("web", skus=["MUG"]):
            pass
    assert (caught.value.name, caught.value.field) == ("web", "filter.skus")
    other: dict[str, Any] = {"skus": "TEA"}
    with pytest.raises(TypeError):
        client.subscribe("web", **other)
    with pytest.raises(ValueError, match="start is empty"):
        client.subscribe("web", start="")
    with pytest.raises(ValueError, match="mode"):
        client.subscribe("web", mode="sometimes")


async def test_callers_wait_for_what_is_acknowledged(client: Client) -> None:
    written = await client.receive("TEA", "LONDON", 1)
    async with client.subscribe("web") as subscription:
        await told(subscription, 1)
        with pytest.raises(DeadlineExpired):
            await client.wait_for_subscriber("web", written.cursor, timeout_s=0.05)
        await subscription.acknowledge(subscription.received)
        assert await client.wait_for_subscriber("web", written.cursor) == subscription.received


async def test_a_node_that_is_not_there(node: Restarted) -> None:
    await node.stop()
    async with Client(node.address, timeout_s=0.05) as client:
        with pytest.raises(Unavailable, match="did not start within"):
            async with client.subscribe("web"):
                pass


async def test_a_closed_client_ends_its_subscriptions(node: Restarted) -> None:
    client = Client(node.address)
    subscription = client.subscribe("web", start="now")
    await anext(subscription)
    reading = asyncio.ensure_future(anext(subscription))
    await asyncio.wait((reading,), timeout=0.01)
    await client.close()
    with pytest.raises(Unavailable, match="closed"):
        await reading
    await subscription.close()


async def test_the_same_without_asyncio(node: Restarted) -> None:
    await asyncio.to_thread(_follow, node.address)


def _follow(address: str) -> None:
    with SyncClient(address) as client:
        client.receive("TEA", "LONDON", 3)
        with client.subscribe("web") as subscription:
            assert (subscription.name, subscription.created) == ("web", True)
            for message in subscription:
                if isinstance(message, EventBatch):
                    subscription.park(message.events[0], "why")
                    subscription.acknowledge(message.cursor)
                    subscription.set_mark("orders", "7")
                    assert client.replay_parked("web") == 1
                elif isinstance(message, Replayed):
                    subscription.acknowledge(parked_ids=[message.parked.id])
                    break
            assert subscription.cursor == subscription.received
            assert subscription.marks == {"orders": "7"}
        assert list(subscription) == []
        [state] = client.subscriptions()
        assert (state.lag_events, state.parked_messages) == (0, 0)
        parked = client.park_message("web", ORDER, "why")
        assert list(client.parked_messages("web")) == [parked]
        assert client.drop_parked("web", [parked.id]) == 1
        client.set_mark("web", "orders", "8")
        assert client.reset_subscription("web", "beginning").endswith("0.0")
        client.delete_subscription("web")
        assert list(client.subscriptions()) == []
