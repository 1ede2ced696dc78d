"""A feed goes on where it was, whenever and however it is cut off."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from holdfast import CaughtUp, Checkpoint, Client, Event, EventBatch, Feed, SyncClient
from holdfast.errors import (
    CursorForeign,
    CursorOutOfRange,
    HoldfastError,
    InvalidField,
    Unavailable,
)
from holdfast.event import EventKind
from holdfast.types import Balances
from holdfast.v1 import errors_pb2, feed_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.scripted_server import Ending, ScriptedServer, batch_of, caught_up, failure


def numbered(position: int) -> feed_pb2.Event:
    return feed_pb2.Event(position=position)


def history(*batch_sizes: int) -> list[feed_pb2.WatchResponse]:
    """Messages with so many events each; one with none says that the feed has caught up."""
    messages = []
    position = 0
    for number, size in enumerate(batch_sizes):
        events = [numbered(position + each + 1) for each in range(size)]
        position += size
        messages.append(batch_of(f"h-{number}", *events) if size else caught_up(number))
    return messages


async def positions(feed: Feed, count: int) -> list[int]:
    found: list[int] = []
    async for event in feed:
        found.append(event.position)
        if len(found) == count:
            break
    return found


ENDINGS: list[Ending] = [
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.OK,
    grpc.StatusCode.CANCELLED,
    failure("SHARD_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE),
    failure("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED),
    failure("SUBSCRIBER_STALLED", grpc.StatusCode.RESOURCE_EXHAUSTED),
]


@pytest.mark.parametrize(
    "ending", ENDINGS, ids=["unavailable", "ok", "cancelled", "away", "busy", "stalled"]
)
@pytest.mark.parametrize("cut", range(6))
async def test_a_feed_that_is_cut_off_anywhere_goes_on_without_gap_or_duplicate(
    client: Client, server: ScriptedServer, cut: int, ending: Ending
) -> None:
    server.history = history(3, 0, 1, 2, 0)
    server.cuts = [(cut, ending)]
    assert await positions(client.watch(start="beginning"), 6) == [1, 2, 3, 4, 5, 6]


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=8).filter(any),
    cuts=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(ENDINGS)), max_size=5),
)
async def test_whatever_the_cuts_nothing_is_missed_or_repeated(
    sizes: list[int], cuts: list[tuple[int, Ending]]
) -> None:
    async with ScriptedServer() as server, Client(server.address) as client:
        server.history = history(*sizes)
        server.cuts = list(cuts)
        feed = client.watch(start="beginning")
        assert await positions(feed, sum(sizes)) == list(range(1, sum(sizes) + 1))


async def test_a_server_that_repeats_itself_is_caught_by_this_check(
    client: Client, server: ScriptedServer
) -> None:
    """The control: were the feed resumed one message too early, the positions would show it."""
    server.history = history(2, 2, 2)
    server.history[1].cursor = "h-0"
    server.cuts = [(2, grpc.StatusCode.UNAVAILABLE)]
    assert await positions(client.watch(start="beginning"), 6) == [1, 2, 3, 4, 3, 4]


@pytest.mark.parametrize(
    ("stop_after", "rest"),
    [
        # Only the batch that was being read is repeated.
        (1, [1, 2, 3, 4, 5, 6]),
        (2, [1, 2, 3, 4, 5, 6]),
        (3, [4, 5, 6]),
        (4, [5, 6]),
        (5, [5, 6]),
    ],
)
async def test_the_cursor_never_skips_what_was_not_given(
    client: Client, server: ScriptedServer, stop_after: int, rest: list[int]
) -> None:
    server.history = history(3, 0, 1, 2)
    first = client.watch(start="beginning")
    assert await positions(first, stop_after) == list(range(1, stop_after + 1))
    resumed = client.watch(start=first.cursor or "beginning")
    assert await positions(resumed, len(rest)) == rest


async def test_now_is_when_the_block_begins(client: Client, server: ScriptedServer) -> None:
    async with client.watch() as feed:
        assert feed.cursor == ""
        await client.receive("TEA", "LONDON", 1)
        async for event in feed:
            assert (event.sku, event.location, event.kind) == (
                "TEA",
                "LONDON",
                EventKind.STOCK_RECEIVED,
            )
            break
    assert server.watches[0].start_from == feed_pb2.START_FROM_NOW


async def test_batches_come_as_the_server_sends_them(
    client: Client, server: ScriptedServer
) -> None:
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    server.history = history(2, 0)
    server.history.append(feed_pb2.WatchResponse(cursor="h-2"))
    server.history[2].checkpoint.time.FromSeconds(1_700_000_000)
    feed = client.watch(start="beginning")
    found: list[Any] = []
    async for batch in feed.batches():
        assert feed.cursor == batch.cursor
        found.append(batch)
        if len(found) == 3:
            break
    assert found == [
        EventBatch((Event(numbered(1)), Event(numbered(2))), "h-0"),
        CaughtUp(moment, "h-1"),
        Checkpoint(moment, "h-2"),
    ]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (failure("CURSOR_OUT_OF_RANGE", grpc.StatusCode.OUT_OF_RANGE), CursorOutOfRange),
        (failure("CURSOR_FOREIGN", grpc.StatusCode.DATA_LOSS), CursorForeign),
        (failure("INVALID_FIELD", grpc.StatusCode.INVALID_ARGUMENT), InvalidField),
    ],
    ids=["out of range", "foreign", "invalid"],
)
async def test_what_cannot_get_better_is_raised(
    client: Client, server: ScriptedServer, refusal: errors_pb2.Failure, kind: type[HoldfastError]
) -> None:
    server.history = history(1)
    server.cuts = [(1, refusal)]
    feed = client.watch(start="beginning")
    assert await positions(feed, 1) == [1]
    with pytest.raises(kind):
        await anext(feed)
    assert len(server.watches) == 1


async def test_what_is_asked_for_is_sent(client: Client, server: ScriptedServer) -> None:
    server.history = history(1, 1)
    feed = client.watch(
        skus=["TEA"], sku_prefixes=["C"], locations=["L"], start="h-0", tenant="acme"
    )
    assert await positions(feed, 1) == [2]
    request = server.watches[0]
    assert (request.tenant, request.after_cursor) == ("acme", "h-0")
    assert request.filter == feed_pb2.EventFilter(skus=["TEA"], sku_prefixes=["C"], locations=["L"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skus": "TEA"}, "skus is the string 'TEA'"),
        ({"start": ""}, "start is empty"),
    ],
)
async def test_arguments_that_can_never_be_right_raise_at_once(
    client: Client, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        client.watch(**options)


async def test_a_feed_that_is_closed_ends(client: Client, server: ScriptedServer) -> None:
    feed = client.watch()
    async with feed:
        reader = asyncio.create_task(positions(feed, 1))
        await client.receive("TEA", "LONDON", 1)
        assert await reader == [2]
    assert [event async for event in feed] == []


async def test_reading_goes_on_where_a_loop_was_left(
    client: Client, server: ScriptedServer
) -> None:
    server.history = history(4, 0, 1)
    feed = client.watch(start="beginning")
    assert await positions(feed, 1) == [1]
    assert await positions(feed, 1) == [2]
    cursors = []
    async for batch in feed.batches():
        cursors.append((batch.cursor, len(getattr(batch, "events", ()))))
        if batch.cursor == "h-1":
            break
    assert cursors == [("h-0", 2), ("h-1", 0)]
    assert await positions(feed, 1) == [5]
    assert len(server.watches) == 1


async def test_a_read_that_was_given_up_loses_nothing(
    client: Client, server: ScriptedServer
) -> None:
    async with client.watch() as feed:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(feed), 0.02)
        await client.receive("TEA", "LONDON", 1)
        assert (await anext(feed)).sku == "TEA"


async def test_a_feed_of_a_closed_client_says_so(server: ScriptedServer) -> None:
    client = Client(server.address)
    feed = client.watch()
    async with feed:
        reader = asyncio.create_task(positions(feed, 1))
        await client.receive("TEA", "LONDON", 1)
        await reader
        reader = asyncio.create_task(positions(feed, 1))
        asyncio.get_running_loop().call_soon(asyncio.ensure_future, client.close())
        with pytest.raises(Unavailable, match="The client was closed"):
            await reader


async def test_a_reader_that_is_cancelled_stops(client: Client, server: ScriptedServer) -> None:
    async with client.watch() as feed:
        reader = asyncio.create_task(positions(feed, 1))
        asyncio.get_running_loop().call_soon(reader.cancel)
        with pytest.raises(asyncio.CancelledError):
            await reader


async def test_a_block_does_not_begin_without_a_server() -> None:
    async with ScriptedServer() as gone:
        address = gone.address
    async with Client(address, timeout_s=0.1) as client:
        with pytest.raises(Unavailable):
            async with client.watch():
                pass


async def test_threads_follow_a_feed_too(server: ScriptedServer) -> None:
    server.history = history(3, 0, 1, 2)
    server.cuts = [(1, grpc.StatusCode.UNAVAILABLE), (1, grpc.StatusCode.UNAVAILABLE)]

    def follow() -> tuple[list[int], list[str]]:
        with SyncClient(server.address) as client:
            found = []
            for event in client.watch(start="beginning"):
                found.append(event.position)
                if len(found) == 6:
                    break
            with client.watch(start="beginning") as feed:
                cursors = []
                for batch in feed.batches():
                    cursors.append(feed.cursor)
                    assert batch.cursor == feed.cursor
                    if len(cursors) == 4:
                        feed.close()
            return found, cursors

    assert await asyncio.to_thread(follow) == (
        [1, 2, 3, 4, 5, 6],
        ["h-0", "h-1", "h-2", "h-3"],
    )


def test_an_event_reads_its_message() -> None:
    message = feed_pb2.Event(shard=1, position=9, version=4)
    message.key.tenant, message.key.sku, message.key.location = "acme", "TEA", "LONDON"
    message.recorded_at.FromMilliseconds(1_700_000_000_123)
    message.balances.on_hand = 5
    message.stock_held.reservation_id = "r"
    message.stock_held.line_id = "1"
    message.stock_held.quantity = 2
    cause = message.cause
    cause.command, cause.request_id, cause.reference = "Reserve", "id", "cart"
    cause.occurred_at.FromSeconds(1_700_000_000)
    event = Event(message)
    assert (event.shard, event.position, event.version) == (1, 9, 4)
    assert (event.tenant, event.sku, event.location) == ("acme", "TEA", "LONDON")
    assert (event.kind, event.kind == "stock_held") == (EventKind.STOCK_HELD, True)
    assert (event.reservation_id, event.line_id, event.quantity) == ("r", "1", 2)
    assert event.balances == Balances(5, 0, 0, 0, 0)
    assert event.recorded_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
    assert event.cause.command == "Reserve"
    assert event.cause.occurred_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert repr(event) == "<Event stock_held 'TEA' at 'LONDON' version=4 1/9>"
    assert len({event, Event(message)}) == 1


def test_an_event_of_a_reservation_has_no_sku() -> None:
    message = feed_pb2.Event()
    message.reservation_created.reservation_id = "r"
    message.reservation_created.tenant = "acme"
    event = Event(message)
    assert (event.sku, event.balances, event.tenant, event.quantity) == ("", None, "acme", 0)
    assert event.cause.occurred_at is None
    assert "reservation_created r" in repr(event)


def test_an_event_of_a_newer_server_is_unknown() -> None:
    event = Event(feed_pb2.Event(position=1))
    assert (event.kind, event.details, event.reservation_id) == (EventKind.UNKNOWN, None, "")


def test_every_kind_of_event_has_a_name() -> None:
    kinds = {field.name for field in feed_pb2.Event.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert kinds == {kind.value for kind in EventKind} - {"unknown"}
