"""Calls of every RPC of the contract with bytes as they are, each followed to its end."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from holdfast import v1
from holdfast.v1 import errors_pb2, feed_pb2
from holdfast.v1 import inventory_pb2 as pb

HANG_S = 60.0
"""A call that takes so long hangs: many times what any takes on a slow machine."""
MESSAGES_MAX = 20
"""Messages of an endless stream that are read before the caller leaves."""

MAY_BE_LATE = frozenset({"WaitForSubscriber"})
"""RPCs that wait for something that may never happen, and so are given little time."""
WAIT_S = 0.1

FAULTS = frozenset({"INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "DATA_LOSS", "UNAVAILABLE"})
"""Codes that nothing a caller sends may lead to, as long as all is well with the node."""
FORESEEN = frozenset({"CURSOR_FOREIGN"})
"""Reasons that are no fault all the same: the caller has a cursor of a history that is lost."""


def every_method() -> dict[str, MethodDescriptor]:
    """Every RPC of the contract, by its name."""
    found: dict[str, MethodDescriptor] = {}
    for module in pkgutil.iter_modules(v1.__path__):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(f"holdfast.v1.{module.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                found |= {method.name: method for method in service.methods}
    return found


METHODS = every_method()


Headers = Sequence[tuple[str, str | bytes]]
"""What gRPC calls metadata."""

CUT_OFF = "Internal error from Core"
"""What gRPC's client says, and not the node, where the end of a stream has crossed a message on its
way: it does not tell then how the stream has ended."""


class Answer(NamedTuple):
    """How a call has ended: the name of its code, what is wrong with that if anything is, and what
    was answered before."""

    code: str
    wrong: str
    responses: list[Any]
    details: str = ""


def first_wrong(code: str, reason: str, details: str, is_late: bool = False) -> str:
    """What is wrong with the end of a call or command; empty: nothing."""
    is_hung = code in ("DEADLINE_EXCEEDED", "CANCELLED") and not is_late
    if (code in FAULTS and reason not in FORESEEN) or is_hung:
        return f"{code}: {details}"
    return ""


class Caller:
    """Calls a node. One channel; any number of calls at once."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel: Any = channel

    async def call(
        self, method: MethodDescriptor, payloads: Sequence[bytes], headers: Headers = ()
    ) -> Answer:
        """Call an RPC with encoded requests: one, or several where it takes a stream."""
        answer = await self._call(method, payloads, headers)
        while method.client_streaming and CUT_OFF in answer.details:
            answer = await self._call(method, payloads, headers)
        return answer

    async def _call(
        self, method: MethodDescriptor, payloads: Sequence[bytes], headers: Headers
    ) -> Answer:
        path = f"/{method.containing_service.full_name}/{method.name}"
        responses: list[Any] = []
        is_late = method.name in MAY_BE_LATE
        timeout_s = WAIT_S if is_late else HANG_S
        response_type = GetMessageClass(method.output_type)
        try:
            if method.client_streaming:
                stream = self._channel.stream_stream(path)(timeout=timeout_s, metadata=headers)
                sending = asyncio.ensure_future(_send(stream, payloads))
                try:
                    await _read(stream, response_type, responses, 0)
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
            elif method.server_streaming:
                stream = self._channel.unary_stream(path)(
                    payloads[0], timeout=timeout_s, metadata=headers
                )
                await _read(stream, response_type, responses, MESSAGES_MAX)
            else:
                call = self._channel.unary_unary(path)
                data = await call(payloads[0], timeout=timeout_s, metadata=headers)
                responses.append(response_type.FromString(data))
        except grpc.aio.AioRpcError as error:
            code = error.code().name
            reason, details = _reason_of(error), error.details() or ""
            wrong = first_wrong(code, reason, details, is_late)
            # gRPC's own, at a deadline, is the only refusal without a reason for programs.
            if not wrong and not reason and not is_late:
                wrong = f"{code} without a reason: {details}"
            return Answer(code, wrong, responses, details)
        wrong = next(filter(None, map(_wrong_inside, responses)), "")
        return Answer("OK", wrong, responses)

    @asynccontextmanager
    async def following(self, name: str) -> AsyncIterator[None]:
        """A subscriber of this name that takes all there is, inside the block."""
        request = feed_pb2.WatchRequest(name=name)
        path = f"/{feed_pb2.DESCRIPTOR.services_by_name['FeedService'].full_name}/Watch"
        stream = self._channel.unary_stream(path)(request.SerializeToString())
        await stream.read()
        following = asyncio.ensure_future(_take_all(stream))
        yield
        stream.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _take_all(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:  # type: ignore[attr-defined]
        pass


async def _send(stream: Any, payloads: Sequence[bytes]) -> None:
    for payload in payloads:
        await stream.write(payload)
    await stream.done_writing()


async def _read(stream: Any, kind: type[Message], responses: list[Any], most: int) -> None:
    """Read to the end; or, where there is none, until all that was there is told, or `most`."""
    while (data := await stream.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]
        responses.append(kind.FromString(data))
        latest = responses[-1]
        if most and (len(responses) >= most or _is_caught_up(latest)):
            stream.cancel()
            return


def _is_caught_up(response: Any) -> bool:
    return isinstance(response, feed_pb2.WatchResponse) and response.HasField("caught_up")


def _wrong_inside(response: Any) -> str:
    """What is wrong with an answer that says by itself what became of commands."""
    if not isinstance(response, pb.ExecuteResponse):
        return ""
    for outcome in response.outcomes:
        if outcome.HasField("failure"):
            code = _CODES.get(outcome.failure.code, "UNKNOWN")
            reason = errors_pb2.ErrorReason.Name(outcome.failure.reason)
            reason = reason.removeprefix("ERROR_REASON_")
            wrong = first_wrong(code, reason, outcome.failure.message, is_late=True)
            if wrong:
                return f"command {outcome.index}: {wrong}"
    return ""


_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def _reason_of(error: grpc.aio.AioRpcError) -> str:
    """The ErrorReason of a refused call; empty if it has none."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status is not None else ():
        if detail.Unpack(info):
            return str(info.reason).removeprefix("ERROR_REASON_")
    return ""
