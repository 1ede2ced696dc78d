"""Every method by its name, and what each call of ours passes through: correlation id, deadline,
the funnel of errors, and the observer of metrics."""

import inspect
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from engine.access.gate import Gate
from engine.rpc.admission import admitted, admitted_generator
from engine.rpc.calls import CURRENT, Call, deadline_ns_in
from engine.rpc.checks import Unparsed, check_parsed, check_text
from engine.rpc.faults import refusal_of, report
from engine.rpc.patience import Patience
from engine.rpc.statuses import to_status

Observer = Callable[[str, str, float], None]
"""Is told of each finished call: method ("Reserve"), name of the gRPC code ("OK"), and duration in
seconds."""

SERVICE_PREFIX = "holdfast."
CORRELATION_HEADER = "x-correlation-id"

DEADLINE_SLACK_S = 0.25
"""A client's clock for its deadline starts before the server's, so that its cancellation comes
before the deadline does here: what comes no earlier than this counts as the deadline."""

UNANSWERED = "UNKNOWN"
"""What gRPC answers where we have failed to."""

_METADATA: ContextVar[Any] = ContextVar("holdfast_metadata", default=())
"""The metadata of the running call, with which gRPC looks for its handler. The context of the call
would make them anew."""

Handler = Any


def ignore(method: str, code: str, duration_s: float) -> None:
    """The observer of a server without metrics."""


class Methods(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Where gRPC finds the handler of a call. Services are added to it as to a server, and each
    handler of Holdfast's own is wrapped. Without a `gate`, reflection stays as it is; with one,
    only those that it lets in are served.

    Methods are found by name alone: for each one that is registered with a server besides, gRPC
    keeps a waiting task, and whenever a call comes it waits anew for all of them. Each call would
    pay for every method there is.

    `unary_deadline_s` is the deadline of unary calls whose client states none. Handlers raise
    problems; each becomes a status here, and what nobody foresaw becomes INTERNAL with a
    correlation id, without a traceback.
    """

    def __init__(
        self, unary_deadline_s: float, observer: Observer = ignore, gate: Gate | None = None
    ) -> None:
        self._patience = Patience(unary_deadline_s)
        self._gate = gate
        # Who is not let in is not told what is wrong with what they have sent.
        self._check = check_parsed if gate is None else _let_pass
        self._observer = observer
        self._handlers: dict[str, Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call; None if there is no such method."""
        _METADATA.set(handler_call_details.invocation_metadata)
        return self._handlers.get(handler_call_details.method)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Add a service."""
        is_wrapped = service.startswith(SERVICE_PREFIX) or self._gate is not None
        for method, handler in handlers.items():
            found = self._wrap(handler, method) if is_wrapped else handler
            self._handlers[f"/{service}/{method}"] = found

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """The generated code gives each service in this form too."""

    def _wrap(self, handler: Handler, method: str) -> Handler:
        if handler.request_streaming:
            if handler.response_streaming:
                make, behavior = grpc.stream_stream_rpc_method_handler, handler.stream_stream
            else:
                make, behavior = grpc.stream_unary_rpc_method_handler, handler.stream_unary
        elif handler.response_streaming:
            make, behavior = grpc.unary_stream_rpc_method_handler, handler.unary_stream
        else:
            make, behavior = grpc.unary_unary_rpc_method_handler, handler.unary_unary
        patience = None if handler.response_streaming else self._patience
        is_generator = inspect.isasyncgenfunction(behavior)
        if self._gate is not None and is_generator:
            behavior = admitted_generator(self._gate, behavior, method)
        elif self._gate is not None:
            is_stream = handler.response_streaming
            behavior = admitted(self._gate, behavior, method, is_stream=is_stream)
        if is_generator:
            behavior = _writing(behavior)
        return make(
            self._followed(behavior, method, patience),
            request_deserializer=_tolerant(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _followed(self, behavior: Any, method: str, patience: Patience | None) -> Any:
        check = self._check
        observer = self._observer

        async def answer(request: Any, context: Any) -> Any:
            started_s = time.perf_counter()
            code = UNANSWERED
            try:
                CURRENT.set(_call(method, context, patience))
                check(request)
                response = await behavior(request, context)
                code = "OK"
                return response
            except Exception as problem:
                status = _status_of(problem, method)
                code = status.code.name
                await context.abort_with_status(status)
            except BaseException:
                code = _code_of_cancellation(context)
                raise
            finally:
                observer(method, code, time.perf_counter() - started_s)

        return answer


def _writing(behavior: Any) -> Any:
    """The behavior of a method that yields its responses, as one that writes them."""

    async def write(request: Any, context: Any) -> None:
        async for response in behavior(request, context):
            await context.write(response)

    return write


def _let_pass(request: object) -> None:
    """What is checked before it is known who calls: nothing."""


def _tolerant(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """A deserializer that lets bytes through that are no message: gRPC would end the call with a
    status and a text of its own. The handler refuses them."""

    def parse(data: bytes) -> Any:
        try:
            return deserialize(data)
        except (DecodeError, ValueError):
            return Unparsed(len(data))

    return parse


def _code_of_cancellation(context: Any) -> str:
    """A handler is cancelled when the client goes away, and when its deadline passes."""
    remaining_s = context.time_remaining()
    is_late = remaining_s is not None and remaining_s <= DEADLINE_SLACK_S
    return "DEADLINE_EXCEEDED" if is_late else "CANCELLED"


def _status_of(problem: Exception, method: str) -> Any:
    """The status of a problem, as gRPC takes it; that of a fault of ours if the problem cannot be
    put into one."""
    correlation_id = _correlation_id()
    try:
        status = to_status(refusal_of(problem, correlation_id, method=method))
    except Exception as fault:
        status = to_status(report(fault, correlation_id, method=method))
    return rpc_status.to_status(status)


def _correlation_id() -> str:
    for name, value in _METADATA.get() or ():
        if name == CORRELATION_HEADER and isinstance(value, str):
            return value
    return ""


def _call(method: str, context: Any, patience: Patience | None) -> Call:
    """What the handler needs to know of the call. InvalidField if its correlation id is
    malformed."""
    correlation_id = _correlation_id()
    if correlation_id:
        check_text(correlation_id, CORRELATION_HEADER)
    remaining_s = context.time_remaining()
    if remaining_s is not None:
        patience = None
    elif patience is not None:
        remaining_s = patience.seconds
    # A client whose time has just run out has a deadline all the same: 0 would mean none.
    now_ns = time.monotonic_ns()
    deadline_ns = 0 if remaining_s is None else deadline_ns_in(remaining_s, now_ns)
    return Call(method, correlation_id, "", deadline_ns, patience)
