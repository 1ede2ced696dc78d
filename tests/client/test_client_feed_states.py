"""Feeds that tell of states: snapshots, what a channel may sell, and how far behind they are."""

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from holdfast import (
    CaughtUp,
    ChannelUpdateBatch,
    Client,
    EventBatch,
    FellBehind,
    SnapshotBatch,
    SyncClient,
)
from holdfast.channels import ChannelLocation, ChannelUpdate, Listing
from holdfast.v1 import channels_pb2, feed_pb2, stock_pb2

from tests.client.scripted_server import ScriptedServer, batch_of, caught_up

MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def state(sku: str) -> feed_pb2.WatchResponse:
    """A message of a snapshot that is not complete yet."""
    response = feed_pb2.WatchResponse()
    response.snapshot.stocks.append(
        stock_pb2.Stock(key=stock_pb2.StockKey(sku=sku, location="LONDON"), version=3)
    )
    return response


def complete(cursor: str) -> feed_pb2.WatchResponse:
    return feed_pb2.WatchResponse(cursor=cursor, snapshot=feed_pb2.Snapshot(complete=True))


def fell_behind(cursor: str) -> feed_pb2.WatchResponse:
    response = feed_pb2.WatchResponse(cursor=cursor)
    response.fell_behind.time.FromSeconds(1_700_000_000)
    response.fell_behind.lag_events = 7
    return response


def updates(cursor: str) -> feed_pb2.WatchResponse:
    listing = channels_pb2.Listing(sku="TEA", location="LONDON", shop="eu", item="42")
    update = channels_pb2.ChannelUpdate(sku="TEA", units=9, epoch=2, version=30)
    update.locations.add(location="LONDON", units=9, listing=listing)
    update.recorded_at.FromSeconds(1_700_000_000)
    told = feed_pb2.ChannelUpdates(updates=[update])
    return feed_pb2.WatchResponse(cursor=cursor, channel_updates=told)


async def batches(feed: Any, count: int) -> list[Any]:
    found: list[Any] = []
    async for batch in feed.batches():
        found.append(batch)
        if len(found) == count:
            break
    return found


async def test_states_come_in_the_types_of_the_sdk(client: Client, server: ScriptedServer) -> None:
    server.history = [state("TEA"), complete("h-1"), updates("h-2"), fell_behind("h-3")]
    feed = client.watch(start="beginning")
    shown, ended, told, behind = await batches(feed, 4)
    assert isinstance(shown, SnapshotBatch)
    assert [(stock.sku, stock.version, shown.cursor) for stock in shown.stocks] == [("TEA", 3, "")]
    assert ended == SnapshotBatch((), complete=True, cursor="h-1")
    listing = Listing("TEA", "LONDON", "eu", "42")
    there = (ChannelLocation("LONDON", 9, listing=listing),)
    update = ChannelUpdate("TEA", 9, False, there, None, 2, 30, MOMENT)
    assert told == ChannelUpdateBatch((update,), snapshot_complete=False, cursor="h-2")
    assert behind == FellBehind(MOMENT, 7, "h-3")
    assert feed.cursor == "h-3"


async def test_what_is_asked_for_is_what_was_named(client: Client, server: ScriptedServer) -> None:
    server.history = [caught_up(0)]
    feed = client.watch(
        skus=["TEA"],
        groups=["stores"],
        kinds=("stock_sold",),
        channel="web",
        mode="latest",
        start="snapshot",
        name="search",
        tenant="acme",
    )
    await batches(feed, 1)
    (request,) = server.watches
    assert request.filter == feed_pb2.EventFilter(
        skus=["TEA"], groups=["stores"], kinds=["stock_sold"], channel="web"
    )
    assert (request.mode, request.start_from, request.name, request.tenant) == (
        feed_pb2.WATCH_MODE_LATEST,
        feed_pb2.START_FROM_SNAPSHOT,
        "search",
        "acme",
    )


async def test_a_snapshot_that_is_cut_off_begins_again(
    client: Client, server: ScriptedServer
) -> None:
    server.history = [state("TEA"), state("CUP"), complete("h-2"), caught_up(3)]
    server.cuts = [(2, grpc.StatusCode.UNAVAILABLE), (3, grpc.StatusCode.UNAVAILABLE)]
    feed = client.watch(start="snapshot")
    found = await batches(feed, 6)
    assert [stock.sku for batch in found[:4] for stock in batch.stocks] == [
        *("TEA", "CUP"),
        *("TEA", "CUP"),
    ]
    assert found[4:] == [SnapshotBatch((), complete=True, cursor="h-2"), CaughtUp(MOMENT, "h-3")]
    assert [watch.WhichOneof("start") for watch in server.watches] == [
        *("start_from", "start_from"),
        "after_cursor",
    ]


async def test_a_cursor_outlasts_a_snapshot_that_takes_the_place_of_what_was_forgotten(
    client: Client, server: ScriptedServer
) -> None:
    server.history = [batch_of("h-0", feed_pb2.Event(position=1)), state("TEA")]
    server.cuts = [(2, grpc.StatusCode.UNAVAILABLE)]
    feed = client.watch(mode="latest", start="beginning")
    assert [type(batch) for batch in await batches(feed, 3)] == [
        *(EventBatch, SnapshotBatch),
        SnapshotBatch,
    ]
    assert feed.cursor == "h-0"
    assert server.watches[1].after_cursor == "h-0"


async def test_states_are_no_events(client: Client, server: ScriptedServer) -> None:
    for message in (state("TEA"), updates("h-0")):
        server.history = [message]
        with pytest.raises(TypeError, match="batches"):
            await anext(client.watch(start="beginning"))


def test_what_cannot_be_asked_for_is_said_at_once() -> None:
    with SyncClient("127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="mode is 'last'"):
            client.watch(mode="last")
        with pytest.raises(TypeError, match="kinds is the string 'stock_sold'"):
            client.watch(kinds="stock_sold")
        with pytest.raises(ValueError, match="start is empty"):
            client.watch(start="")
