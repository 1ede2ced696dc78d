"""A server of the contract that does what the test's script says: answer, refuse, break, or stay
silent.

It keeps no stock: a write takes effect when its request id is noted, so that a test can count
effects.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from holdfast.v1 import (
    configuration_pb2,
    errors_pb2,
    feed_pb2,
    history_pb2,
    inventory_pb2,
    operations_pb2,
    stock_pb2,
)

from tests.client.scripted_answers import READS, fill_in

ANSWER = "answer"
"""Take effect and answer."""
BREAK_BEFORE = "break before"
"""End the stream or the call with UNAVAILABLE, without an effect."""
BREAK_AFTER = "break after"
"""Take effect, then end the stream or the call with UNAVAILABLE, without an answer."""
END = "end"
"""End the stream with OK, without an effect."""
SILENT = "silent"
"""Take effect and never answer."""

FILES: tuple[Any, ...] = (
    configuration_pb2,
    feed_pb2,
    history_pb2,
    inventory_pb2,
    operations_pb2,
)
WORD = re.compile(r"(?<!^)(?=[A-Z])")

Step = str | errors_pb2.Failure
Ending = grpc.StatusCode | errors_pb2.Failure | None


def failure(reason: str, code: grpc.StatusCode, **metadata: str) -> errors_pb2.Failure:
    """A failure by the short name of its reason."""
    return errors_pb2.Failure(
        code=code.value[0],
        reason=f"ERROR_REASON_{reason}",
        message=f"{reason} happened.",
        metadata=metadata,
    )


async def _refuse(context: Any, refusal: errors_pb2.Failure) -> None:
    await context.abort_with_status(rpc_status.to_status(status_of(refusal)))


def status_of(refusal: errors_pb2.Failure) -> status_pb2.Status:
    """The same failure as the status of a unary call."""
    details: list[Any] = [
        error_details_pb2.ErrorInfo(
            reason=errors_pb2.ErrorReason.Name(refusal.reason),
            domain="holdfast",
            metadata=dict(refusal.metadata),
        )
    ]
    if refusal.HasField("retry_after"):
        details.append(error_details_pb2.RetryInfo(retry_delay=refusal.retry_after))
    if refusal.short_lines:
        details.append(errors_pb2.ShortLines(lines=refusal.short_lines))
    packed = []
    for detail in details:
        box = any_pb2.Any()
        box.Pack(detail)
        packed.append(box)
    return status_pb2.Status(code=refusal.code, message=refusal.message, details=packed)


PLENTY = 1_000_000
"""The server never has so many."""


def short_of(line: inventory_pb2.BasketLine) -> errors_pb2.Failure:
    """The refusal of a basket for one of its lines."""
    refusal = failure("INSUFFICIENT_STOCK", grpc.StatusCode.FAILED_PRECONDITION, short_lines="1")
    short = refusal.short_lines.add(line_id=line.line_id, asked=line.quantity, available=3)
    short.key.sku = line.sku
    short.key.location = line.location
    short.cause = stock_pb2.SHORT_CAUSE_STOCK
    return refusal


def batch_of(cursor: str, *events: feed_pb2.Event) -> feed_pb2.WatchResponse:
    """A message of a feed with events."""
    return feed_pb2.WatchResponse(cursor=cursor, events=feed_pb2.EventBatch(events=events))


def caught_up(number: int) -> feed_pb2.WatchResponse:
    """The message of a feed that says that the past is told."""
    response = feed_pb2.WatchResponse(cursor=f"h-{number}")
    response.caught_up.time.FromMilliseconds(1_700_000_000_000)
    return response


class ScriptedServer:
    """Serves on a port of its own on the loopback interface.

    `steps` are taken one by one, by each batch of Execute or unary call; when none is left, it
    answers. `refusals` are taken one by one by the command with the request id, instead of an
    effect. `history` is what Watch sends; `cuts` say for one Watch after the other after how many
    messages it ends, and how. `pages` are what any listing gives, one after the other.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.refusals: dict[str, list[errors_pb2.Failure]] = {}
        self.history: list[feed_pb2.WatchResponse] = []
        self.cuts: list[tuple[int | None, Ending]] = []
        self.effects: Counter[str] = Counter()
        self.first_answers: dict[str, Any] = {}
        self.pages: list[Any] = []
        self.batches: list[list[inventory_pb2.Command]] = []
        self.unary: list[Any] = []
        self.watches: list[feed_pb2.WatchRequest] = []
        self.metadata: list[dict[str, Any]] = []
        self.streams = 0
        self.splits_answers = True
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Condition()
        self.address = ""
        self._background: set[asyncio.Task[None]] = set()
        self._server = grpc.aio.server()

    async def __aenter__(self) -> Self:
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        self._server.add_generic_rpc_handlers(
            tuple(
                grpc.method_handlers_generic_handler(
                    service.full_name, {each.name: self._handler(each) for each in service.methods}
                )
                for file in FILES
                for service in file.DESCRIPTOR.services_by_name.values()
            )
        )
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)

    async def until_batches(self, count: int) -> None:
        """Waits until so many batches have arrived."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.batches) >= count)

    def _handler(self, method: Any) -> Any:
        """Serves a method of the contract, as its descriptor says."""
        kind = WORD.sub("_", method.name).lower()
        make: Any = grpc.unary_unary_rpc_method_handler
        behave: Any = self._unary(kind, method)
        if method.client_streaming:
            make, behave = grpc.stream_stream_rpc_method_handler, self._execute
        elif method.server_streaming:
            make, behave = grpc.unary_stream_rpc_method_handler, self._watch
        return make(
            behave,
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _unary(self, kind: str, method: Any) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            self.unary.append(request)
            self.metadata.append(dict(context.invocation_metadata() or ()))
            step = self.steps.pop(0) if self.steps else ANSWER
            if isinstance(step, errors_pb2.Failure):
                await _refuse(context, step)
            if step == BREAK_BEFORE:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            answer = GetMessageClass(method.output_type)()
            refusal = self._answer(kind, request, answer)
            if step == BREAK_AFTER:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if step == SILENT:
                await asyncio.Event().wait()
            if refusal is not None:
                await _refuse(context, refusal)
            return answer

        return handle

    def _answer(self, kind: str, request: Any, answer: Any) -> errors_pb2.Failure | None:
        """Fills an answer in, or gives the reason why there is none."""
        if "context" in request.DESCRIPTOR.fields_by_name:
            return self._settle(request, answer)
        if "page_token" in request.DESCRIPTOR.fields_by_name:
            number = int(request.page_token or 0)
            answer.CopyFrom(self.pages[number])
            answer.cursor = f"c-{number}"
            answer.next_page_token = str(number + 1) if number + 1 < len(self.pages) else ""
        elif kind == "wait_for_subscriber":
            if request.name not in [watch.name for watch in self.watches]:
                return failure("DEADLINE_EXPIRED", grpc.StatusCode.DEADLINE_EXCEEDED)
            answer.cursor = request.cursor
        else:
            answer.CopyFrom(READS[kind](request))
        return None

    async def _execute(
        self,
        requests: AsyncIterator[inventory_pb2.ExecuteRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[inventory_pb2.ExecuteResponse]:
        self.streams += 1
        self.metadata.append(dict(context.invocation_metadata() or ()))
        async for request in requests:
            async with self.arrived:
                self.batches.append(list(request.commands))
                self.arrived.notify_all()
            await self.gate.wait()
            step = self.steps.pop(0) if self.steps else ANSWER
            if isinstance(step, errors_pb2.Failure):
                await _refuse(context, step)
            if step == BREAK_BEFORE:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if step == END:
                return
            outcomes = [self.decide(index, each) for index, each in enumerate(request.commands)]
            if step == BREAK_AFTER:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if step == SILENT:
                continue
            # Backwards, and in two parts: a client must go by the index and wait for the last part.
            half = len(outcomes) // 2 if self.splits_answers else 0
            parts = ((outcomes[half:], not half), (outcomes[:half], True))
            for part, complete in parts if half else parts[:1]:
                yield inventory_pb2.ExecuteResponse(
                    batch_id=request.batch_id, outcomes=reversed(part), complete=complete
                )

    def decide(self, index: int, command: inventory_pb2.Command) -> inventory_pb2.Outcome:
        """What becomes of one command of a batch."""
        kind = command.WhichOneof("command") or ""
        outcome = inventory_pb2.Outcome(index=index)
        response = getattr(outcome, kind)
        response.SetInParent()
        refusal = self._settle(getattr(command, kind), response)
        return outcome if refusal is None else inventory_pb2.Outcome(index=index, failure=refusal)

    def _settle(self, request: Any, response: Any) -> errors_pb2.Failure | None:
        """Notes the effect of a write and fills its answer in, or takes the next refusal of its
        request id."""
        request_id = request.context.request_id
        waiting = self.refusals.get(request_id)
        if waiting:
            return waiting.pop(0)
        if any(line.quantity >= PLENTY for line in getattr(request, "lines", ())):
            return short_of(request.lines[0])
        known = self.first_answers.get(request_id)
        if known is not None:
            response.CopyFrom(known)
            response.receipt.replayed = True
            return None
        self.effects[request_id] += 1
        response.receipt.cursor = f"c-{len(self.effects)}"
        response.receipt.recorded_at.FromMilliseconds(1_700_000_000_123)
        fill_in(response, request)
        self._tell(response)
        self.first_answers[request_id] = response
        return None

    def _tell(self, response: Any) -> None:
        """Puts a change of a level into the history, as the feed would tell it."""
        if "level" in response.DESCRIPTOR.fields_by_name:
            event = feed_pb2.Event(position=len(self.history) + 1, key=response.level.key)
            event.balances.CopyFrom(response.level.balances)
            event.stock_received.quantity = 1
            self.history.append(batch_of(f"h-{len(self.history)}", event))
            self._background.add(asyncio.create_task(self._notify()))

    async def _notify(self) -> None:
        async with self.arrived:
            self.arrived.notify_all()

    async def _watch(
        self, request: feed_pb2.WatchRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[feed_pb2.WatchResponse]:
        self.watches.append(request)
        self.metadata.append(dict(context.invocation_metadata() or ()))
        limit, ending = self.cuts.pop(0) if self.cuts else (None, None)
        position = self._start(request)
        while limit is None or limit > 0:
            async with self.arrived:
                while len(self.history) <= position:
                    await self.arrived.wait()
            yield self.history[position]
            position += 1
            limit = None if limit is None else limit - 1
        if isinstance(ending, errors_pb2.Failure):
            await _refuse(context, ending)
        elif ending is not None and ending is not grpc.StatusCode.OK:
            await context.abort(ending, "gone")

    def _start(self, request: feed_pb2.WatchRequest) -> int:
        """The index in the history at which a Watch begins."""
        if request.start_from in {feed_pb2.START_FROM_BEGINNING, feed_pb2.START_FROM_SNAPSHOT}:
            return 0
        if not request.after_cursor:
            # The server says first that nothing lies between now and now.
            self.history.append(caught_up(len(self.history)))
            return len(self.history) - 1
        return [each.cursor for each in self.history].index(request.after_cursor) + 1
