"""Execute: batches of commands on a stream, each answered when all of its commands are durable.

Commands are submitted in the order in which they come, and batches may overtake each other only in
their answers. A stream has a bounded number of batches in flight; beyond it nothing is read, so
that gRPC's flow control pushes back.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc.aio
from holdfast.v1 import errors_pb2 as pb_errors
from holdfast.v1 import inventory_pb2 as pb

from engine.access.problems import Unauthenticated
from engine.core.limits import BATCH_COMMANDS_MAX, BATCH_LINES_MAX
from engine.rpc.calls import CURRENT, abandon, earliest_ns, problem_of
from engine.rpc.checks import InvalidField, check_parsed, timeout_ns
from engine.rpc.convert_answers import FILLERS, Place
from engine.rpc.convert_commands import CONVERTERS
from engine.rpc.convert_parts import AtPosition, ByReference, Caller, Unsettled
from engine.rpc.drain import Drain
from engine.rpc.errors import explain
from engine.rpc.execute_access import Judge, Judged
from engine.rpc.faults import refusal_of, report
from engine.rpc.overload import OVERLOADED, answer_to_all, failure_of
from engine.rpc.problems import ServerStopping
from engine.rpc.settle import settle
from engine.rpc.statuses import put_failure
from engine.shard.messages import Accepted, Result, Write
from engine.shard.port import Overloaded, Shards
from engine.shard.queries import Query

BATCHES_IN_FLIGHT_MAX = 16
"""Batches of one stream that are submitted and not yet answered."""

COMMANDS_PER_TURN = 256
"""Commands converted without a break: then other calls get their turn, and the shards can begin."""

PART_BYTES_MAX = 2 * 1024 * 1024
"""Bytes of outcomes in one part of a batch's answer; a single larger outcome is a part of its own.
The largest there is, a replayed basket of 2 000 lines with the longest ids, each of them short and
still in the reservation, has 3.0 MB: every part fits the 4 MiB that gRPC clients accept by
default."""

LINE_BYTES_MIN = 13
"""Bytes of the shortest basket line that can be accepted: a shorter batch cannot have too many of
them."""


RefusalObserver = Callable[[str, str], None]
"""Is told the name of a command in the oneof and the name of the ErrorReason; empty if there is
none."""

Pending = tuple[str, Write, int, asyncio.Future[Result]]
"""A command that was submitted: its name in the oneof, its write, its shard, and the result to
come. A plain tuple, because one is made for each command."""

Entry = Pending | asyncio.Task[Pending] | Exception
"""A submitted command, one that a shard is being asked about and which is submitted then, or why it
was not submitted."""


class ExecuteStream:
    """One call of Execute."""

    def __init__(
        self, shards: Shards, drain: Drain, context: Any, on_refusal: RefusalObserver
    ) -> None:
        """`on_refusal` is told of each command that never reaches a shard."""
        self._shards = shards
        self._on_refusal = on_refusal
        self._drain = drain
        self._context = context
        self._call = CURRENT.get()
        self._caller = Caller(shards, self._call.correlation_id, self._call.principal)
        self._places = [Place(shards.history, shards.epoch, shard) for shard in range(shards.count)]
        self._in_flight = asyncio.Semaphore(BATCHES_IN_FLIGHT_MAX)
        self._writing = asyncio.Lock()
        visit = self._call.visit
        self._judge = Judge(shards, self._call, visit) if visit is not None else None
        self._ended = visit.ended if visit is not None else None
        self._answers: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Serve the stream until the client has sent its last batch, the server drains, the caller
        may go on no longer, or a batch is out of limits: what was submitted before is answered in
        any case."""
        try:
            await self._take_batches()
        except (InvalidField, ServerStopping, Unauthenticated):
            await self._answer_everything()
            raise
        else:
            await self._answer_everything()
        finally:
            for task in self._answers:
                task.cancel()
            if self._failed.done():
                self._failed.exception()

    async def _take_batches(self) -> None:
        while True:
            await self._in_flight.acquire()
            request = await self._next()
            if request is None:
                return
            _check_batch(request)
            overload = self._shards.overload()
            if overload is not None:
                await self._refuse(request, overload)
                continue
            judged = await self._judge.judge(request.commands) if self._judge else ()
            entries = await self._submit(request, judged)
            task = asyncio.create_task(self._answer(request.batch_id, entries, judged))
            self._answers.add(task)
            task.add_done_callback(self._answered)

    async def _refuse(self, request: pb.ExecuteRequest, problem: Overloaded) -> None:
        """Answer a batch for which no shard has room, before the next one is read: who does not
        take refusals is not asked for more."""
        for command in request.commands:
            self._on_refusal(command.WhichOneof("command") or "", OVERLOADED)
        await self._write(answer_to_all(request.batch_id, len(request.commands), problem))
        self._in_flight.release()

    async def _answer_everything(self) -> None:
        if self._answers:
            await asyncio.wait(self._answers)
        if self._failed.done():
            self._failed.result()

    def _answered(self, task: asyncio.Task[None]) -> None:
        """Make room for the next batch; pass on a fault."""
        self._answers.discard(task)
        self._in_flight.release()
        if not task.cancelled() and task.exception() and not self._failed.done():
            self._failed.set_exception(task.exception() or RuntimeError())

    async def _next(self) -> pb.ExecuteRequest | None:
        """The next batch; None at the end of the stream."""
        if self._failed.done():
            self._failed.result()
        reading = asyncio.ensure_future(self._context.read())
        ends = (self._drain.started, self._failed, *((self._ended,) if self._ended else ()))
        try:
            await asyncio.wait((reading, *ends), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                if self._failed.done():
                    self._failed.result()
                if self._ended is not None and self._ended.done():
                    self._ended.result()
                raise ServerStopping
            request = reading.result()
        finally:
            reading.cancel()
        check_parsed(request)
        return None if request is grpc.aio.EOF else request  # type: ignore[attr-defined]

    async def _submit(self, request: pb.ExecuteRequest, judged: Sequence[Judged]) -> list[Entry]:
        """Convert and submit every command of a batch that is not refused already, in order."""
        entries: list[Entry] = []
        now_ns = time.monotonic_ns()
        submit_one = self._submit_one
        for command in request.commands:
            if len(entries) % COMMANDS_PER_TURN == COMMANDS_PER_TURN - 1:
                await self._take_turns(entries)
            overload = self._shards.overload()
            if overload is not None:
                entries.append(overload)
                self._on_refusal(command.WhichOneof("command") or "", OVERLOADED)
                continue
            try:
                one = judged[len(entries)] if judged else None
                entries.append(submit_one(command, now_ns, one))
            except Exception as problem:
                entries.append(problem)
                self._on_refusal(command.WhichOneof("command") or "", _reason_of(problem))
        return entries

    async def _take_turns(self, entries: list[Entry]) -> None:
        """Let other calls run; if that is when this one is cancelled, nobody waits any more."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            _abandon_all(entries)
            raise

    def _submit_one(
        self, command: pb.Command, now_ns: int, judged: Judged | None
    ) -> Pending | asyncio.Task[Pending]:
        if judged is not None and judged.refusal is not None:
            raise judged.refusal
        own_ns = 0
        if command.HasField("timeout"):
            own_ns = now_ns + timeout_ns(command.timeout, "timeout")
        deadline_ns = earliest_ns(now_ns, self._call.deadline_ns, own_ns)
        name = command.WhichOneof("command")
        if name is None:
            raise InvalidField("command", "", f"one of {', '.join(CONVERTERS)}")
        converted = CONVERTERS[name](getattr(command, name), self._caller)
        if isinstance(converted, (ByReference, AtPosition)):
            settling = self._settle_and_submit(name, converted, deadline_ns, judged)
            return asyncio.create_task(settling)
        slot, write = converted
        shards = self._shards
        return name, write, shards.shard_of(slot), shards.submit(slot, write, deadline_ns)

    async def _settle_and_submit(
        self, name: str, unsettled: Unsettled, deadline_ns: int, judged: Judged | None
    ) -> Pending:
        """Submit a command once it is known which reservation its reference means, or that what it
        builds on has happened."""
        shards = self._shards

        def ask(slot: int, question: Query) -> asyncio.Future[Result]:
            return shards.submit(slot, question, deadline_ns)

        try:
            slot, write = await settle(shards, unsettled, ask)
            if self._judge is not None and judged is not None:
                await self._judge.settle(name, judged, slot, write.command, ask)
        except Exception as problem:
            self._on_refusal(name, _reason_of(problem))
            raise
        return name, write, shards.shard_of(slot), shards.submit(slot, write, deadline_ns)

    async def _answer(self, batch_id: int, entries: list[Entry], judged: Sequence[Judged]) -> None:
        """Wait for a batch's results and send them."""
        try:
            for index, submitted in enumerate(entries):
                entry = submitted
                if isinstance(entry, asyncio.Task):
                    entry = entries[index] = await self._found(entry)
                # The results of a shard arrive in the order of submission and many at once, so
                # nearly all are there by the time of asking.
                if isinstance(entry, tuple) and not entry[3].done():
                    await asyncio.wait((entry[3],))
            await self._send(batch_id, entries)
        except BaseException:
            _abandon_all(entries)
            raise
        finally:
            if self._judge is not None:
                self._judge.done(judged)

    async def _found(self, task: asyncio.Task[Pending]) -> Pending | Exception:
        """What became of what had to be asked about a command."""
        await asyncio.wait((task,))
        problem = None if task.cancelled() else task.exception()
        if problem is None:
            return task.result()
        if not isinstance(problem, Exception):
            raise problem
        return problem

    async def _send(self, batch_id: int, entries: list[Entry]) -> None:
        response = pb.ExecuteResponse(batch_id=batch_id)
        part_bytes = 0
        for index, entry in enumerate(entries):
            if index % COMMANDS_PER_TURN == COMMANDS_PER_TURN - 1:
                await asyncio.sleep(0)
            outcome = response.outcomes.add()
            outcome.index = index
            self._fill(outcome, entry)
            outcome_bytes = outcome.ByteSize()
            if part_bytes and part_bytes + outcome_bytes > PART_BYTES_MAX:
                following = pb.ExecuteResponse(batch_id=batch_id, outcomes=[outcome])
                del response.outcomes[-1]
                await self._write(response)
                response = following
                part_bytes = 0
            part_bytes += outcome_bytes
        response.complete = True
        await self._write(response)

    async def _write(self, response: pb.ExecuteResponse) -> None:
        async with self._writing:
            await self._context.write(response)

    def _fill(self, outcome: pb.Outcome, entry: Entry) -> None:
        """Say what became of one command. A fault of ours is the outcome of that command alone."""
        if type(entry) is Overloaded:
            outcome.failure.CopyFrom(failure_of(entry))
            return
        try:
            problem = self._fill_answer(outcome, entry)
        except Exception as fault:
            problem = fault
        if problem is None:
            return
        correlation_id = self._call.correlation_id
        if isinstance(entry, tuple):
            context = entry[1].context
            correlation_id = context.correlation_id or context.request_id
        refusal = refusal_of(problem, correlation_id, method="Execute")
        try:
            put_failure(outcome.failure, refusal)
        except Exception as fault:
            outcome.ClearField("failure")
            put_failure(outcome.failure, report(fault, correlation_id, method="Execute"))

    def _fill_answer(self, outcome: pb.Outcome, entry: Entry) -> Exception | None:
        """Fill the response of an accepted command, or return why there is none."""
        if isinstance(entry, Exception):
            return entry
        if isinstance(entry, asyncio.Task):
            entry = entry.result()
        name, write, shard, future = entry
        result = future.result()
        if type(result) is not Accepted:
            return problem_of(result, write, shard)
        FILLERS[name](getattr(outcome, name), result.answer, result, self._places[shard])
        return None


def _abandon_all(entries: list[Entry]) -> None:
    for entry in entries:
        if isinstance(entry, tuple):
            abandon(entry[3])
        elif isinstance(entry, asyncio.Task):
            abandon(entry)
            entry.cancel()


def _reason_of(problem: Exception) -> str:
    """The name of a problem's ErrorReason; empty for a fault of ours, which is reported when it is
    answered."""
    if type(problem) is Overloaded:
        return OVERLOADED
    try:
        refusal = explain(problem)
    except Exception:
        return ""
    return pb_errors.ErrorReason.Name(refusal.reason) if refusal else ""


def _check_batch(request: pb.ExecuteRequest) -> None:
    """Refuse a batch as a whole, before any of it is submitted."""
    count = len(request.commands)
    if not 0 < count <= BATCH_COMMANDS_MAX:
        limit = f"1 to {BATCH_COMMANDS_MAX} commands"
        raise InvalidField("commands", f"{count} commands", limit)
    if request.ByteSize() < BATCH_LINES_MAX * LINE_BYTES_MIN:
        return
    lines = 0
    for command in request.commands:
        name = command.WhichOneof("command")
        if name in ("reserve", "allocate"):
            lines += len(getattr(command, name).lines)
        elif name == "amend":
            lines += len(command.amend.set_lines)
    if lines > BATCH_LINES_MAX:
        limit = f"at most {BATCH_LINES_MAX} basket lines in one batch"
        raise InvalidField("commands", f"{lines} lines", limit)
