"""A shop on a real server, used as a merchant's code uses it, and the checks that several
complaints share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from holdfast import Client, Event, errors

from engine.feed.hub import Hub
from engine.rpc.feed import SERVICE, add_feed_service
from engine.rpc.server import RpcServer, Service
from engine.shard.local import LocalShards

AnswerT = TypeVar("AnswerT")
START_MS = 1_700_000_000_000
TIMEOUT_S = 60.0
"""So long that no answer is lost to it on a busy machine."""


class Storefront:
    """A served node, a client of it, and the engine's clock, which goes where it is told."""

    def __init__(self, count: int) -> None:
        self.now_ms = START_MS
        self.shards = LocalShards(count, now_ms=lambda: self.now_ms)
        self.address = ""
        self.client: Client

    def pass_time(self, seconds: int) -> None:
        """Let the clock go on."""
        self.now_ms += seconds * 1_000


@asynccontextmanager
async def storefront(count: int) -> AsyncIterator[Storefront]:
    """An empty shop on so many shards, until the end of the block."""
    shop = Storefront(count)
    hub = Hub(shop.shards)
    feed = Service(SERVICE, lambda server: add_feed_service(hub, server))
    server = RpcServer(shop.shards, services=lambda _: [feed])
    shop.address = f"127.0.0.1:{await server.start()}"
    await server.set_serving(True)
    try:
        async with Client(shop.address, timeout_s=TIMEOUT_S) as shop.client:
            yield shop
    finally:
        hub.stop()
        await server.stop(0)
        shop.shards.close()


async def at_once(calls: Iterable[Awaitable[AnswerT]]) -> tuple[list[AnswerT], int]:
    """Make all calls at the same time: the answers, and how many were refused for lack of stock.
    Any other refusal fails the test."""
    answers: list[AnswerT] = []
    short = 0
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(outcome, errors.InsufficientStock):
            short += 1
        elif isinstance(outcome, BaseException):
            raise AssertionError(f"neither served nor short: {outcome!r}") from outcome
        else:
            answers.append(outcome)
    return answers, short


async def events_of(client: Client, sku: str, location: str) -> list[Event]:
    """All that has happened to a SKU-location, oldest first."""
    return [event async for event in client.list_events(sku, location)]


async def check_rows_add_up(client: Client, sku: str, location: str) -> None:
    """The numbers of a SKU-location are the sums of the reservations' lines there, and were at no
    time below zero."""
    balances = (await client.stock(sku, location)).balances
    lines = [
        line
        async for reservation in client.list_reservations(sku, location)
        for line in reservation.lines
        if (line.sku, line.location) == (sku, location)
    ]
    assert balances.held == sum(line.held for line in lines)
    assert balances.allocated == sum(line.allocated for line in lines)
    assert balances.available == balances.on_hand - balances.held - balances.allocated
    for event in await events_of(client, sku, location):
        assert event.balances is not None
        assert min(event.balances[:5]) >= 0, event


def check_contiguous(events: Iterable[Event]) -> None:
    """The events of each SKU-location are there without gap, repetition or disorder."""
    versions: dict[tuple[str, str], int] = {}
    for event in events:
        if event.sku:
            key = (event.sku, event.location)
            assert event.version == versions.get(key, 0) + 1, event
            versions[key] = event.version


def quantities(lines: Iterable[Any]) -> dict[tuple[str, str], int]:
    """Units by SKU and location of the lines of an answer."""
    found: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.sku, line.location)
        found[key] = found.get(key, 0) + line.quantity
    return found
