"""Follows the change feed, across disconnections, without gaps or duplicates."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self

import grpc.aio

from holdfast import _convert
from holdfast._retry import backoff_s, is_retried
from holdfast._rpc import END_OF_STREAM, error_from_rpc, is_task_cancelled
from holdfast.errors import Code, HoldfastError, Unavailable
from holdfast.event import Event
from holdfast.v1 import feed_pb2


class EventBatch(NamedTuple):
    """Events that came together, in order; `cursor` is right after the last of them."""

    events: tuple[Event, ...]
    cursor: str


class CaughtUp(NamedTuple):
    """What was past at the start has been told, at the server's `time`; what follows is new."""

    time: datetime
    cursor: str


class Checkpoint(NamedTuple):
    """Nothing that passes the filter has happened for a while; the cursor moves on."""

    time: datetime
    cursor: str


class Feed:
    """Changes as they happen, made by `Client.watch`. It reconnects by itself and goes on where it
    was.

    ``async for event in feed`` gives each `Event`; ``async for batch in feed.batches()`` gives what
    the server sends: `EventBatch`, `CaughtUp` and `Checkpoint`. ``async with client.watch(...) as
    feed:`` first waits until the server has answered, so that with ``start="now"`` nothing that
    happens inside is missed.

    `cursor` is where to go on: it covers the batches that were given in full, so that what was
    saved with it after an event was handled never skips another. Going on from it in a new feed may
    repeat events of the batch that was being read: at least once, never less. One feed has one
    reader. It raises CursorOutOfRange, CursorForeign, HistoryDamaged or InvalidField when going on
    is impossible, and anything else the server refuses; disconnections it does not raise.
    """

    def __init__(
        self,
        connect: Callable[[feed_pb2.WatchRequest], Any],
        tenant: str,
        *,
        skus: Iterable[str],
        sku_prefixes: Iterable[str],
        locations: Iterable[str],
        start: str,
        name: str,
        timeout_s: float,
    ) -> None:
        for field, value in (
            ("skus", skus),
            ("sku_prefixes", sku_prefixes),
            ("locations", locations),
        ):
            if isinstance(value, str):
                raise TypeError(f"{field} is the string {value!r}; it must be a list")
        self._connect = connect
        self._request = feed_pb2.WatchRequest(
            tenant=tenant,
            name=name,
            filter=feed_pb2.EventFilter(skus=skus, sku_prefixes=sku_prefixes, locations=locations),
        )
        if start == "now":
            self._request.start_from = feed_pb2.START_FROM_NOW
        elif start == "beginning":
            self._request.start_from = feed_pb2.START_FROM_BEGINNING
        elif start:
            self._request.after_cursor = start
        else:
            raise ValueError("start is empty; it must be 'now', 'beginning' or a cursor")
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
        self._events.extend(response.events.events)
        self._events_cursor = response.cursor
        if not self._events:
            self._cursor = response.cursor

    def give(self) -> Event | None:
        """The next event of the message that was taken, None after the last, with which the cursor
        moves on."""
        if not self._events:
            return None
        event = Event(self._events.popleft())
        if not self._events:
            self._cursor = self._events_cursor
        return event

    def give_rest(self) -> EventBatch | None:
        """All that is left of the message that was taken, with which the cursor moves on."""
        if not self._events:
            return None
        batch = EventBatch(tuple([Event(each) for each in self._events]), self._events_cursor)
        self._events.clear()
        self._cursor = batch.cursor
        return batch

    def give_whole(self, response: feed_pb2.WatchResponse) -> EventBatch | CaughtUp | Checkpoint:
        """A whole message, with which the cursor moves on."""
        self._cursor = response.cursor
        return read_response(response)

    async def batches(self) -> AsyncIterator[EventBatch | CaughtUp | Checkpoint]:
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
                    # received.
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


def read_response(response: feed_pb2.WatchResponse) -> EventBatch | CaughtUp | Checkpoint:
    """A message of the feed in the SDK's own types."""
    kind = response.WhichOneof("content")
    if kind == "caught_up":
        return CaughtUp(_convert.moment(response.caught_up.time), response.cursor)
    if kind == "checkpoint":
        return Checkpoint(_convert.moment(response.checkpoint.time), response.cursor)
    return EventBatch(tuple([Event(each) for each in response.events.events]), response.cursor)
