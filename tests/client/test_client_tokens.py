"""Tokens that expire under a client: calls, streams of writes, feeds and subscriptions go on with
the next one, and end where there is none that is any good."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from holdfast import Client, Event, EventBatch, Subscription
from holdfast.errors import Unauthenticated
from holdfast.v1 import (
    configuration_pb2,
    configuration_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
    inventory_pb2,
    inventory_pb2_grpc,
    stock_pb2,
    subscriptions_pb2,
    subscriptions_pb2_grpc,
)

from tests.access.house import PRINCIPALS
from tests.rpc.front_door import Door, front_door

LIFETIME_S = 60
PERIODS = 3
GUARD_S = 20.0
"""What does not come within this never comes."""


class Issuer:
    """Gives tokens of a minute, by the clock of the door. While it is on strike, always the same
    one."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._last = ""
        self.on_strike = False

    def __call__(self) -> str:
        house = self._door.house
        if not self.on_strike:
            self._last = house.token("root", exp=house.clock.now_s + LIFETIME_S)
        return self._last


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with front_door(tmp_path, PRINCIPALS) as opened:
        yield opened


@asynccontextmanager
async def short_lived(door: Door) -> AsyncIterator[tuple[Client, Issuer]]:
    issuer = Issuer(door)
    async with Client(f"127.0.0.1:{door.node.port}", token=issuer, timeout_s=GUARD_S) as client:
        yield client, issuer


def expire(door: Door) -> None:
    """Let a minute pass: every token is too old, and the streams of it are ended."""
    door.house.clock.now_s += LIFETIME_S + 1
    door.gate.look()


async def received(client: Client, count: int) -> None:
    for _ in range(count):
        await client.receive("MUG", "LONDON", 1)


async def told(follower: Any, count: int) -> list[Event]:
    """So many events of a subscription."""
    events: list[Event] = []
    async with asyncio.timeout(GUARD_S):
        while len(events) < count:
            message = await anext(follower)
            if isinstance(message, EventBatch):
                events += message.events
    return events


async def test_writes_go_on_with_the_next_token(door: Door) -> None:
    async with short_lived(door) as (client, _):
        for period in range(1, PERIODS + 1):
            await received(client, 2)
            assert (await client.stock("MUG", "LONDON")).balances.on_hand == 2 * period
            expire(door)


async def test_writes_on_their_way_have_one_effect_each(door: Door) -> None:
    """Some were taken before the end and are answered; others come after it and are sent again."""
    shards: Any = door.node.shards
    async with short_lived(door) as (client, _):
        await received(client, 1)
        shards.close_gate()
        submitted = shards.submitted
        before = [asyncio.ensure_future(received(client, 1)) for _ in range(3)]
        await shards.until_submitted(submitted + 3)
        door.house.clock.now_s += LIFETIME_S + 1
        after = [asyncio.ensure_future(received(client, 1)) for _ in range(3)]
        await client.configuration()
        door.gate.look()
        shards.open_gate()
        async with asyncio.timeout(GUARD_S):
            await asyncio.gather(*before, *after)
        assert (await client.stock("MUG", "LONDON")).balances.on_hand == 7


async def test_a_feed_goes_on_with_the_next_token(door: Door) -> None:
    async with (
        short_lived(door) as (writer, _),
        short_lived(door) as (reader, _),
        reader.watch(skus=["MUG"]) as feed,
    ):
        positions = []
        for _ in range(PERIODS):
            await received(writer, 2)
            async with asyncio.timeout(GUARD_S):
                positions += [(await anext(feed)).position for _ in range(2)]
            expire(door)
            # What happens while it is away is not missed.
            await received(writer, 1)
            async with asyncio.timeout(GUARD_S):
                positions.append((await anext(feed)).position)
        first = positions[0]
        assert positions == list(range(first, first + 3 * PERIODS))


async def test_a_subscription_goes_on_with_the_next_token(door: Door) -> None:
    async with (
        short_lived(door) as (writer, _),
        short_lived(door) as (reader, _),
        reader.subscribe("mugs", skus=["MUG"]) as subscription,
    ):
        positions = []
        for _ in range(PERIODS):
            await received(writer, 2)
            positions += [event.position for event in await told(subscription, 2)]
            expire(door)
            await subscription.acknowledge(subscription.received)
            await received(writer, 1)
            positions += [event.position for event in await told(subscription, 1)]
        first = positions[0]
        assert positions == list(range(first, first + 3 * PERIODS))


async def test_control_without_a_next_token_all_of_them_end(door: Door) -> None:
    async with short_lived(door) as (client, issuer):
        await received(client, 1)
        async with client.watch() as feed, client.subscribe("mugs") as subscription:
            issuer.on_strike = True
            expire(door)
            for ended in (
                lambda: exhausted(feed),
                lambda: exhausted(subscription),
                lambda: received(client, 1),
                lambda: client.stock("MUG", "LONDON"),
            ):
                with pytest.raises(Unauthenticated, match="expired"):
                    await ended()


async def exhausted(follower: Any) -> None:
    async with asyncio.timeout(GUARD_S):
        async for _ in follower:
            pass


class Closed(
    inventory_pb2_grpc.InventoryServiceServicer,
    configuration_pb2_grpc.ConfigurationServiceServicer,
    feed_pb2_grpc.FeedServiceServicer,
    subscriptions_pb2_grpc.SubscriptionServiceServicer,
):
    """A server that lets in nobody but who shows one of some tokens, and counts who asks."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.asked = 0
        self.port = 0

    async def _let_in(self, context: Any) -> None:
        self.asked += 1
        shown = dict(context.invocation_metadata())["authorization"].removeprefix("Bearer ")
        if shown not in self.known:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "nobody knows you")

    async def GetStock(self, request: Any, context: Any) -> inventory_pb2.GetStockResponse:
        """Nothing is there."""
        await self._let_in(context)
        return inventory_pb2.GetStockResponse(stock=stock_pb2.Stock(key=request.key))

    async def ConfigureHolds(self, _: Any, context: Any) -> Any:
        """Nothing is done."""
        await self._let_in(context)
        return configuration_pb2.ConfigureHoldsResponse()

    async def Watch(self, _: Any, context: Any) -> AsyncIterator[Any]:
        """Says where it stands."""
        await self._let_in(context)
        yield feed_pb2.WatchResponse(cursor="c-1")

    async def Execute(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Looks who asks once the first message has come."""
        async for request in requests:
            await self._let_in(context)
            yield inventory_pb2.ExecuteResponse(batch_id=request.batch_id)

    async def Subscribe(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Looks who asks once the first message has come."""
        async for _ in requests:
            await self._let_in(context)
            yield subscriptions_pb2.SubscribeResponse()


@pytest.fixture
async def closed() -> AsyncIterator[Closed]:
    keeper = Closed()
    server = grpc.aio.server()
    inventory_pb2_grpc.add_InventoryServiceServicer_to_server(keeper, server)
    configuration_pb2_grpc.add_ConfigurationServiceServicer_to_server(keeper, server)
    feed_pb2_grpc.add_FeedServiceServicer_to_server(keeper, server)
    subscriptions_pb2_grpc.add_SubscriptionServiceServicer_to_server(keeper, server)
    keeper.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield keeper
    await server.stop(0)


def minted() -> Callable[[], str]:
    """Another token each time."""
    numbers = itertools.count()
    return lambda: f"token-{next(numbers)}"


async def opened(subscription: Subscription) -> None:
    async with subscription:
        pass


ASKS: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "call": lambda client: client.stock("TEA", "LONDON"),
    "write": lambda client: client.receive("TEA", "LONDON", 1),
    "single write": lambda client: client.configure_holds(cart=timedelta(minutes=4)),
    "feed": lambda client: exhausted(client.watch()),
    "subscription": lambda client: opened(client.subscribe("web")),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_tokens_none_of_which_is_any_good_are_tried_twice(
    closed: Closed, ask: Callable[[Client], Awaitable[Any]]
) -> None:
    async with Client(f"127.0.0.1:{closed.port}", token=minted(), timeout_s=GUARD_S) as client:
        for tries in (2, 1):
            closed.asked = 0
            with pytest.raises(Unauthenticated, match="nobody knows you") as refused:
                async with asyncio.timeout(GUARD_S):
                    await ask(client)
            assert (closed.asked, refused.value.outcome_unknown) == (tries, False)


async def test_who_was_let_in_meanwhile_is_tried_twice_again(closed: Closed) -> None:
    async with Client(f"127.0.0.1:{closed.port}", token=minted()) as client:
        # token-0 is refused, token-1 looked at, token-2 let in; and so on.
        closed.known = {"token-2", "token-5"}
        await client.stock("TEA", "LONDON")
        await client.stock("TEA", "LONDON")
        assert closed.asked == 4


async def test_all_calls_that_were_open_are_tried_again(closed: Closed) -> None:
    """Though the first of them is let in with the next token before the others are refused."""
    count = 50
    shown = itertools.chain(itertools.repeat("old", count), itertools.repeat("new"))
    closed.known = {"new"}
    async with Client(f"127.0.0.1:{closed.port}", token=lambda: next(shown)) as client:
        await asyncio.gather(*[client.stock("TEA", "LONDON") for _ in range(count)])
    assert closed.asked == 2 * count
