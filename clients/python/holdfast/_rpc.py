"""Reaches the server: the channel, its calls, and the one way from a gRPC status to an error."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from holdfast import _convert
from holdfast._methods import UNARY
from holdfast._retry import RENEWED, conclude, leaves_unknown, retry_delay_s
from holdfast._shown import Shown, TokenRenewed, TokenStream
from holdfast.errors import Code, HoldfastError, Unauthenticated, Unavailable, make_error
from holdfast.types import ShortLine
from holdfast.v1 import errors_pb2, feed_pb2, inventory_pb2, subscriptions_pb2

END_OF_STREAM: Any = grpc.aio.EOF  # type: ignore[attr-defined]
"""What reading gives after the last message of a stream."""

ChannelOptions = Sequence[tuple[str, Any]]

CHANNEL_OPTIONS: Mapping[str, Any] = {
    # A batch of 4 096 answers or a long feed message is larger than gRPC's default of 4 MiB.
    "grpc.max_receive_message_length": 64 * 1024 * 1024,
    # A restarted server is found again within a second, not after gRPC's two minutes.
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 2_000,
    "grpc.max_reconnect_backoff_ms": 1_000,
    # A connection that died silently is noticed while a call or a feed is open.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
}
"""Defaults, which the caller's own options replace one by one."""

_EXECUTE = "/holdfast.v1.InventoryService/Execute"
_WATCH = "/holdfast.v1.FeedService/Watch"
_SUBSCRIBE = "/holdfast.v1.SubscriptionService/Subscribe"


def error_from_rpc(failure: grpc.aio.AioRpcError) -> HoldfastError:
    """The error that a failed call means."""
    code = failure.code().value[0]
    message = failure.details() or ""
    if isinstance(failure, TokenRenewed):
        return Unavailable(message, code=code, reason=RENEWED)
    reason, metadata, retry_after_s = "", {}, 0.0
    short_lines: tuple[ShortLine, ...] = ()
    try:
        status = rpc_status.from_call(failure)  # type: ignore[arg-type]
    except ValueError:
        # A proxy may replace code or details and leave the server's status; the outer one counts
        # then.
        status = None
    for detail in status.details if status is not None else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason = info.reason.removeprefix("ERROR_REASON_")
            metadata = dict(info.metadata)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after_s = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        elif detail.Is(errors_pb2.ShortLines.DESCRIPTOR):
            short = errors_pb2.ShortLines()
            detail.Unpack(short)
            short_lines = _convert.short_lines(short.lines)
            metadata.setdefault("omitted_lines", str(short.omitted))
    return make_error(reason, code, message, metadata, short_lines, retry_after_s)


def is_task_cancelled() -> bool:
    """Whether the current task is cancelled, rather than the call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Connection:
    """One channel to a server, opened at the first call, since gRPC binds it to the running event
    loop."""

    def __init__(
        self,
        target: str,
        shown: Shown,
        options: ChannelOptions,
    ) -> None:
        self._target = target
        self._shown = shown
        chosen = dict(CHANNEL_OPTIONS) | shown.channel_options | dict(options)
        self._options = list(chosen.items())
        self._channel: grpc.aio.Channel | None = None
        self._methods: dict[str, Any] = {}
        self._closed = False

    def _open(self) -> grpc.aio.Channel:
        if self._closed:
            raise self._closed_error("")
        if self._channel is None:
            if self._shown.credentials is None:
                self._channel = grpc.aio.insecure_channel(self._target, options=self._options)
            else:
                self._channel = grpc.aio.secure_channel(
                    self._target, self._shown.credentials, options=self._options
                )
        return self._channel

    @staticmethod
    def _closed_error(request_id: str) -> Unavailable:
        """The error of a call that the client's end cuts off; without a request id it is no write,
        or was never sent."""
        return Unavailable(
            "The client was closed.",
            code=Code.UNAVAILABLE,
            request_id=request_id,
            outcome_unknown=bool(request_id),
        )

    def _method(self, name: str) -> Any:
        channel = self._open()
        method = self._methods.get(name)
        if method is None:
            path, response = UNARY[name]
            method = self._methods[name] = channel.unary_unary(
                path,
                request_serializer=_serialize,
                response_deserializer=response.FromString,
            )
        return method

    async def unary(
        self, name: str, request: Message, timeout_s: float, request_id: str = ""
    ) -> Any:
        """Calls a method, and again on failures that allow it, until `timeout_s` have passed.

        With a `request_id` it is a write, whose error says whether its outcome is unknown.
        """
        method = self._method(name)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        remaining_s = timeout_s
        attempt = 0
        unknown = False
        earlier: HoldfastError | None = None
        while True:
            try:
                metadata, showing = self._shown.now()
                answer = await method(request, timeout=remaining_s, metadata=metadata)
                self._shown.let_in(showing)
                return answer
            except grpc.aio.AioRpcError as failure:
                error = error_from_rpc(self._shown.explain(failure, showing))
            except Unauthenticated as no_token:
                error = no_token
            except asyncio.CancelledError:
                if is_task_cancelled() or not self._closed:
                    raise
                raise self._closed_error(request_id) from None
            remaining_s = deadline - loop.time()
            delay_s = retry_delay_s(error, attempt, remaining_s)
            if delay_s is None:
                if earlier is not None and error.code == Code.DEADLINE_EXCEEDED:
                    # Why the tries before the last failed says more than that the time is over.
                    unknown = unknown or leaves_unknown(error)
                    error = earlier
                raise conclude(error, request_id, unknown) if request_id else error
            unknown = unknown or leaves_unknown(error)
            earlier = error
            attempt += 1
            await asyncio.sleep(delay_s)
            remaining_s = deadline - loop.time()

    def execute(self) -> Any:
        """Opens a stream of batches."""
        method: Any = self._open().stream_stream(
            _EXECUTE,
            request_serializer=_serialize,
            response_deserializer=inventory_pb2.ExecuteResponse.FromString,
        )
        return self._stream(method)

    def watch(self, request: feed_pb2.WatchRequest) -> Any:
        """Opens a feed."""
        method: Any = self._open().unary_stream(
            _WATCH,
            request_serializer=_serialize,
            response_deserializer=feed_pb2.WatchResponse.FromString,
        )
        return self._stream(method, request)

    def subscribe(self) -> Any:
        """Opens the stream of a durable subscription."""
        method: Any = self._open().stream_stream(
            _SUBSCRIBE,
            request_serializer=_serialize,
            response_deserializer=subscriptions_pb2.SubscribeResponse.FromString,
        )
        return self._stream(method)

    def _stream(self, method: Any, *request: Message) -> Any:
        """Opens a stream. Unauthenticated if there is no token for it."""
        metadata, showing = self._shown.now()
        stream = method(*request, metadata=metadata)
        return TokenStream(stream, self._shown, showing) if self._shown.renews else stream

    async def close(self) -> None:
        """Closes the channel; calls that are open end with an error."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close(None)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
