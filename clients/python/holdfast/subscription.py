"""Follows a durable subscription: the server keeps its place, across crashes of whoever follows."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self

import grpc.aio

from holdfast import _convert
from holdfast._retry import backoff_s, is_retried
from holdfast._rpc import END_OF_STREAM, error_from_rpc, is_task_cancelled
from holdfast.errors import Code, HoldfastError, Unavailable
from holdfast.feed_messages import read_response
from holdfast.parked import ParkedMessage, parked_message
from holdfast.v1 import subscriptions_pb2

PARKED_IDS_MAX = 1_000
"""Parked messages that one acknowledgement names, at most."""

CLOSE_S_MAX = 5.0
"""How long closing waits until the server has taken what was acknowledged last."""

Request = subscriptions_pb2.SubscribeRequest


class Replayed(NamedTuple):
    """A parked message, given again: acknowledge its id when it is done, or park it again."""

    parked: ParkedMessage

    @property
    def cursor(self) -> str:
        """Empty: it is no part of the feed."""
        return ""


class RetentionWarning(NamedTuple):
    """The subscription has not acknowledged events that are older than the server keeps: `drops_at`
    is when it begins to forget them. `lag_events` are not acknowledged."""

    drops_at: datetime | None
    lag_events: int

    @property
    def cursor(self) -> str:
        """Empty: it is no part of the feed."""
        return ""


class EventFilter(NamedTuple):
    """Which events a subscription follows; without any of these, all."""

    skus: tuple[str, ...] = ()
    sku_prefixes: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channel: str = ""
    kinds: tuple[str, ...] = ()


class SubscriptionState(NamedTuple):
    """A subscription as it stands: up to `cursor` everything was acknowledged (empty: nothing yet);
    `lag_events` of all shards were not, the oldest of them `lag_seconds` ago. `active`: a consumer
    follows it now."""

    name: str
    filter: EventFilter
    mode: str
    cursor: str
    created_at: datetime | None
    acknowledged_at: datetime | None
    active: bool
    lag_events: int
    lag_seconds: float
    parked_messages: int
    marks: Mapping[str, str]


Park = Callable[[Any, str], Awaitable[ParkedMessage]]
SetMark = Callable[[str, str], Awaitable[None]]


class Subscription:
    """A durable subscription, made by `Client.subscribe`. It reconnects by itself and goes on where
    it was; another process that opens it goes on after what was acknowledged.

    ``async with client.subscribe("search-index") as subscription:`` opens it, and ``async for
    message in subscription`` gives what the server sends: the messages of a feed, such as
    `EventBatch`, each with its `cursor`; `Replayed`; and `RetentionWarning`. ``await
    subscription.acknowledge(message.cursor)`` says that all up to there is done. What was given and
    not acknowledged is given to the next consumer: at least once.

    One consumer at a time follows a subscription. When another one opens it, or it is reset,
    reading raises SubscriptionTakenOver; UnknownSubscription when it is deleted. As a feed it
    raises CursorOutOfRange or CursorForeign when its place is not kept any more: `reset` it then.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        request: subscriptions_pb2.OpenSubscription,
        timeout_s: float,
        park: Park,
        set_mark: SetMark,
    ) -> None:
        self._connect = connect
        self._request = request
        self._timeout_s = timeout_s
        self._park = park
        self._set_mark = set_mark
        self._stream: Any = None
        self._reading: asyncio.Task[Any] | None = None
        self._writing = asyncio.Lock()
        self._failures = 0
        self._last_error: HoldfastError | None = None
        self._closed = False
        self._acknowledged = ""
        self._done_ids: dict[int, None] = {}
        self._marks: dict[str, str] = {}
        self._created = False

    @property
    def name(self) -> str:
        """Its name."""
        return self._request.name

    @property
    def cursor(self) -> str:
        """Everything up to here was acknowledged; empty: nothing yet, and a snapshot comes
        first."""
        return self._acknowledged

    @property
    def received(self) -> str:
        """Everything up to here was given: who has done it all acknowledges this. Empty: nothing
        was yet."""
        return self._request.resume.received_cursor

    @property
    def connected(self) -> bool:
        """Whether the server tells, as far as is known; it is looked for while it does not."""
        return self._stream is not None

    @property
    def created(self) -> bool:
        """Whether it was made when it was opened."""
        return self._created

    @property
    def marks(self) -> Mapping[str, str]:
        """What `set_mark` has remembered, by name, as of when it was opened."""
        return self._marks

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout_s):
                while not await self._open():
                    await self._wait()
        except TimeoutError:
            await self.close()
            why = f": {self._last_error}" if self._last_error is not None else "."
            raise Unavailable(
                f"The subscription did not start within {self._timeout_s} s{why}",
                code=Code.UNAVAILABLE,
            ) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        response = await self.next_response()
        if response is None:
            raise StopAsyncIteration
        return self.give(response)

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        """Says what is done: everything up to `cursor`, that of a message (empty: nothing new); and
        parked messages that were given again.

        It does not wait for the server, which remembers it within a fraction of a second. What is
        not remembered when the server or this process dies is given again.
        """
        if cursor:
            self._acknowledged = cursor
        ids = list(parked_ids)
        for parked_id in ids:
            self._done_ids.pop(parked_id, None)
            self._done_ids[parked_id] = None
        while len(self._done_ids) > PARKED_IDS_MAX:
            del self._done_ids[next(iter(self._done_ids))]
        if not cursor and not ids:
            return
        for start in range(0, max(len(ids), 1), PARKED_IDS_MAX):
            await self._tell(cursor, ids[start : start + PARKED_IDS_MAX])

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        """Puts aside what cannot be processed: an `Event`, a `ChannelUpdate`, an
        `ExternalMessage`, or a `ParkedMessage` that was given again. It is durable once this
        returns; acknowledging goes on as if it were done. Raises TooManyParked."""
        return await self._park(message, reason)

    async def set_mark(self, mark: str, value: str) -> None:
        """Remembers a place in something outside under a name; durable once this returns. An empty
        value removes it."""
        await self._set_mark(mark, value)
        self._marks.pop(mark, None)
        if value:
            self._marks[mark] = value

    async def close(self) -> None:
        """Ends it; a loop over it ends. What was acknowledged is told before, if the server is
        there."""
        if self._closed:
            return
        self._closed = True
        if self._stream is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S_MAX):
                async with self._writing:
                    await self._stream.done_writing()
                while await self._read() is not END_OF_STREAM:
                    pass
        except (TimeoutError, grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass
        finally:
            self._drop_stream()

    def give(self, response: subscriptions_pb2.SubscribeResponse) -> Any:
        """A message of the server in the SDK's own types; what it covers counts as received."""
        kind = response.WhichOneof("response")
        if kind == "replayed":
            return Replayed(parked_message(response.replayed))
        if kind == "retention_warning":
            warning = response.retention_warning
            return RetentionWarning(_convert.moment_or_none(warning.drops_at), warning.lag_events)
        if response.feed.cursor:
            self._request.resume.received_cursor = response.feed.cursor
        return read_response(response.feed)

    async def next_response(self) -> subscriptions_pb2.SubscribeResponse | None:
        """The next message as the server sent it, on a new stream where the old one has ended; None
        once this is closed. A call that is cancelled loses nothing."""
        while not self._closed:
            if self._stream is None and not await self._open():
                await self._wait()
                continue
            try:
                response = await self._read()
            except grpc.aio.AioRpcError as failure:
                self._failed(error_from_rpc(failure))
            else:
                if response is not END_OF_STREAM:
                    self._failures = 0
                    received: subscriptions_pb2.SubscribeResponse = response
                    return received
            self._drop_stream()
            await self._wait()
        return None

    async def _open(self) -> bool:
        """Opens a stream; False if that has to be tried again. What was acknowledged before is told
        again, as the old stream may have lost it."""
        if self._stream is not None:
            return True
        stream = self._connect()
        try:
            await stream.write(Request(open=self._request))
            response = await stream.read()
        except grpc.aio.AioRpcError as failure:
            self._failed(error_from_rpc(failure))
            return False
        except asyncio.InvalidStateError:
            response = END_OF_STREAM
        except asyncio.CancelledError:
            stream.cancel()
            if is_task_cancelled():
                raise
            response = END_OF_STREAM
        if response is END_OF_STREAM:
            stream.cancel()
            return False
        opened = response.opened
        if not self._request.HasField("resume"):
            self._created = opened.created
            self._acknowledged = opened.cursor
        self._marks = dict(opened.marks)
        self._request.resume.consumer = opened.consumer
        self._stream = stream
        if self._acknowledged != opened.cursor or self._done_ids:
            await self._tell(self._acknowledged, list(self._done_ids))
        return True

    async def _tell(self, cursor: str, parked_ids: list[int]) -> None:
        """Sends an acknowledgement. Where the stream has broken, the next one begins with it."""
        if self._stream is None:
            return
        acknowledge = subscriptions_pb2.Acknowledge(cursor=cursor, parked_ids=parked_ids)
        try:
            async with self._writing:
                if self._stream is not None:
                    await self._stream.write(Request(acknowledge=acknowledge))
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            # Whoever reads next hears why.
            return

    async def _read(self) -> Any:
        """Reads from the stream. A reader that is cancelled leaves the reading to the next one."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._stream.read())
        reading = self._reading
        await asyncio.wait((reading,))
        if self._reading is reading:
            self._reading = None
        return END_OF_STREAM if reading.cancelled() else reading.result()

    def _failed(self, error: HoldfastError) -> None:
        self._drop_stream()
        if not is_retried(error):
            raise error
        self._last_error = error

    def _drop_stream(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    async def _wait(self) -> None:
        """Waits before the next try, if there is to be one."""
        if self._closed:
            return
        asked_s: float = getattr(self._last_error, "retry_after_s", 0.0)
        await asyncio.sleep(max(backoff_s(self._failures), asked_s))
        self._failures += 1
