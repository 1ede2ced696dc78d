"""Follows the change feed, across disconnections, without gaps or duplicates."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import grpc.aio

from holdfast._retry import backoff_s, is_retried
from holdfast._rpc import END_OF_STREAM, error_from_rpc, is_task_cancelled
from holdfast.errors import Code, HoldfastError, Unavailable
from holdfast.event import Event
from holdfast.feed_messages import (
    CaughtUp,
    ChannelUpdateBatch,
    Checkpoint,
    EventBatch,
    FeedMessage,
    FellBehind,
    SnapshotBatch,
    read_response,
)
from holdfast.v1 import feed_pb2

__all__ = [
    "CaughtUp",
    "ChannelUpdateBatch",
    "Checkpoint",
    "EventBatch",
    "Feed",
    "FellBehind",
    "SnapshotBatch",
]


class Feed:
    """Changes as they happen, made by `Client.watch`. It reconnects by itself and goes on where it
    was.

    ``async for event in feed`` gives each `Event`; ``async for message in feed.batches()`` gives
    what the server sends: `EventBatch`, `SnapshotBatch`, `ChannelUpdateBatch`, `CaughtUp`,
    `FellBehind` and `Checkpoint`. What tells of states rather than events can be read in batches
    alone. ``async with client.watch(...) as feed:`` first waits until the server has answered, so
    that with ``start="now"`` nothing that happens inside is missed.

    `cursor` is where to go on: it covers the batches that were given in full, so that what was
    saved with it after an event was handled never skips another. Going on from it in a new feed may
    repeat events of the batch that was being read: at least once, never less. One feed has one
    reader. It raises CursorOutOfRange, CursorForeign, HistoryDamaged or InvalidField when going on
    is impossible, and anything else the server refuses; disconnections it does not raise.
    """

    def __init__(
        self,
        connect: Callable[[feed_pb2.WatchRequest], Any],
        request: feed_pb2.WatchRequest,
        timeout_s: float,
    ) -> None:
        self._connect = connect
        self._request = request
        self._timeout_s = timeout_s
        self._stream: Any = None
        self._failures = 0
        self._waiting: list[feed_pb2.WatchResponse] = []
        self._events: deque[feed_pb2.Event] = deque()
        self._events_cursor = ""
        self._last_error: HoldfastError | None = None
        self._closed = False
        self._cursor = self._request.after_cursor

    @property
    def cursor(self) -> str:
        """Where to go on: right after what was given in full. Empty until the server has named a
        point."""
        return self._cursor

    async def __aenter__(self) -> Self:
        if not self._waiting:
            try:
                async with asyncio.timeout(self._timeout_s):
                    response = await self._receive()
            except TimeoutError:
                await self.close()
                why = f": {self._last_error}" if self._last_error is not None else "."
                raise Unavailable(
                    f"The feed did not start within {self._timeout_s} s{why}", code=Code.UNAVAILABLE
                ) from None
            if response is not None:
                self._waiting.append(response)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the feed; a loop over it ends."""
        self._closed = True
        self._waiting.clear()
        self._events.clear()
        if self._stream is not None:
            self._stream.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while (event := self.give()) is None:
            response = await self.next_response()
            if response is None:
                raise StopAsyncIteration
            self.take(response)
        return event

    def take(self, response: feed_pb2.WatchResponse) -> None:
        """Begins with the events of a message, which `give` gives one by one."""
        if response.WhichOneof("content") in {"snapshot", "channel_updates"}:
            raise TypeError("the feed tells of states: read it with batches()")
        self._events.extend(response.events.events)
        self._events_cursor = response.cursor
        if not self._events:
            self._move_to(response.cursor)

    def give(self) -> Event | None:
        """The next event of the message that was taken, None after the last, with which the cursor
        moves on."""
        if not self._events:
            return None
        event = Event(self._events.popleft())
        if not self._events:
            self._move_to(self._events_cursor)
        return event

    def give_rest(self) -> EventBatch | None:
        """All that is left of the message that was taken, with which the cursor moves on."""
        if not self._events:
            return None
        batch = EventBatch(tuple([Event(each) for each in self._events]), self._events_cursor)
        self._events.clear()
        self._move_to(batch.cursor)
        return batch

    def give_whole(self, response: feed_pb2.WatchResponse) -> FeedMessage:
        """A whole message, with which the cursor moves on."""
        self._move_to(response.cursor)
        return read_response(response)

    def _move_to(self, cursor: str) -> None:
        """Goes on from a cursor; messages of a snapshot have none, and come again after a cut."""
        self._cursor = cursor or self._cursor

    async def batches(self) -> AsyncIterator[FeedMessage]:
        """What the server sends, message by message, each with its cursor."""
        if (rest := self.give_rest()) is not None:
            yield rest
        while (response := await self.next_response()) is not None:
            yield self.give_whole(response)

    async def next_response(self) -> feed_pb2.WatchResponse | None:
        """The next message as the server sent it; None once the feed is closed. It does not move
        the cursor."""
        if self._waiting:
            return self._waiting.pop()
        return await self._receive()

    async def _receive(self) -> feed_pb2.WatchResponse | None:
        """Reads the next message, on a new stream where the old one has ended; None once the feed
        is closed."""
        while not self._closed:
            if self._stream is None:
                self._stream = self._connect(self._request)
            error: HoldfastError | None = None
            try:
                response = await self._stream.read()
            except asyncio.CancelledError:
                # Reading cannot go on in the middle: the next reader gets a new stream.
                stream, self._stream = self._stream, None
                stream.cancel()
                if is_task_cancelled():
                    raise
                continue
            except grpc.aio.AioRpcError as failure:
                error = error_from_rpc(failure)
            else:
                if response is not END_OF_STREAM:
                    self._failures = 0
                    # Whatever the caller does with it, a new stream goes on after what was
                    # received. As long as a snapshot lasts it has to begin again.
                    if response.cursor:
                        self._request.after_cursor = response.cursor
                    received: feed_pb2.WatchResponse = response
                    return received
            self._stream = None
            if error is not None and not is_retried(error):
                raise error
            if not self._closed:
                self._last_error = error
                delay_s: float = getattr(error, "retry_after_s", 0.0)
                await asyncio.sleep(max(backoff_s(self._failures), delay_s))
                self._failures += 1
        return None
