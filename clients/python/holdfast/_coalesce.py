"""Gathers concurrent writes into batches of Execute, invisibly and without a timer.

A write waits until the end of the current turn of the event loop, together with all others of that
turn. While as many batches are in flight as may be, the next one fills up. So an idle client sends
each write at once, and a busy one sends large batches. Answers settle the callers' futures
directly; there is no task and no timer for each call.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import grpc.aio

from holdfast import _convert_answers
from holdfast._pending import BatchInFlight, Pending, given_up
from holdfast._retry import RENEWED, backoff_s, conclude, is_retried, leaves_unknown, retry_delay_s
from holdfast._rpc import END_OF_STREAM, error_from_rpc, is_task_cancelled
from holdfast.errors import Code, DeadlineExpired, HoldfastError, Internal, Unavailable, make_error
from holdfast.v1 import inventory_pb2

BATCHES_IN_FLIGHT_MAX = 4
"""Batches that are sent and not yet answered: enough to keep every stage of the server busy."""

BATCHES_WANTED = 3
"""A batch takes at most one in so many of the commands that wait or are in flight. Callers who were
all answered by one batch would else ask again in one, and client, server and disk would take turns
instead of working side by side: 64 callers got 25 % more answers by it, 4 callers of 100 each
44 % more."""

BATCH_COMMANDS_WANTED = 16
"""Smaller batches are not worth their message."""

BATCH_COMMANDS_MAX = 1_000
BATCH_LINES_MAX = 5_000
"""What one batch holds at most. The server takes 4 096 commands and 20 000 lines; with the longest
ids in every field these fewer stay below 4 MiB, gRPC's default."""

SERVER_SHARE_OF_TIMEOUT = 0.95
"""The server is told to give a command up a little before its caller does, so that its answer still
arrives."""

SILENCE_S_MAX = 5.0
"""A stream on which nothing has come for so long, while all that waits for it has expired, is taken
to be broken."""

SWEEP_S_MIN = 0.002
"""Deadlines that are closer together than this are swept together."""


class Coalescer:
    """Sends writes in batches over one stream, which it opens when there is something to send, and
    again when it breaks."""

    def __init__(self, open_stream: Callable[[], Any]) -> None:
        self._open_stream = open_stream
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Pending] = deque()
        self._in_flight: dict[int, BatchInFlight] = {}
        self._delayed: dict[int, tuple[asyncio.TimerHandle, list[Pending]]] = {}
        self._number = 0
        self._stream: Any = None
        self._reader: asyncio.Task[None] | None = None
        self._wake: asyncio.Future[None] | None = None
        self._failures = 0
        self._not_before = 0.0
        self._last_error: HoldfastError | None = None
        self._heard_at = 0.0
        self._sweep: asyncio.TimerHandle | None = None
        self._sweep_at = float("inf")
        self._closed = False
        self._writer = self._loop.create_task(self._write_batches())

    def submit(self, entry: Pending) -> None:
        """Queues a write; its future is settled at the latest at its deadline. Not for other
        threads."""
        if self._closed:
            entry.settle(given_up("The client was closed.", entry))
            return
        self._queue.append(entry)
        if entry.deadline < self._sweep_at:
            self._arm_sweep(entry.deadline)
        if self._wake is not None and len(self._in_flight) < BATCHES_IN_FLIGHT_MAX:
            self._wake_writer()

    def _wake_writer(self) -> None:
        # The writer runs after everything that this turn of the loop has scheduled already: callers
        # who were answered together write together again.
        wake, self._wake = self._wake, None
        if wake is not None and not wake.done():
            wake.set_result(None)

    async def _write_batches(self) -> None:
        while True:
            if not self._queue or len(self._in_flight) >= BATCHES_IN_FLIGHT_MAX:
                self._wake = self._loop.create_future()
                await self._wake
                continue
            pause_s = self._not_before - self._loop.time()
            if pause_s > 0:
                await asyncio.sleep(pause_s)
                continue
            request = self._gather()
            if request is not None:
                await self._send(request)

    def _gather(self) -> inventory_pb2.ExecuteRequest | None:
        """Takes the next batch from the queue and counts it as in flight; None if only abandoned
        writes were there."""
        now = self._loop.time()
        queue = self._queue
        entries: list[Pending | None] = []
        messages = []
        lines = 0
        commands_max = self._share(len(queue))
        while queue and len(entries) < commands_max:
            entry = queue[0]
            remaining_s = entry.deadline - now
            if entry.is_over() or remaining_s <= 0:
                queue.popleft()
                entry.settle(self._expired(entry, sent=False))
                continue
            command = entry.command
            message = command.message
            lines += command.line_count
            if entries and lines > BATCH_LINES_MAX:
                break
            queue.popleft()
            milliseconds = int(remaining_s * (1_000 * SERVER_SHARE_OF_TIMEOUT)) + 1
            timeout = message.timeout
            timeout.seconds = milliseconds // 1_000
            timeout.nanos = milliseconds % 1_000 * 1_000_000
            entries.append(entry)
            messages.append(message)
        if not entries:
            return None
        self._number += 1
        self._in_flight[self._number] = BatchInFlight(entries, now)
        request = inventory_pb2.ExecuteRequest(batch_id=self._number)
        request.commands.extend(messages)
        return request

    def _share(self, waiting: int) -> int:
        """How many commands the next batch takes at most."""
        concurrent = waiting + sum(len(batch.entries) for batch in self._in_flight.values())
        share = max(BATCH_COMMANDS_WANTED, -(-concurrent // BATCHES_WANTED))
        return min(BATCH_COMMANDS_MAX, share)

    async def _send(self, request: inventory_pb2.ExecuteRequest) -> None:
        stream = self._stream
        try:
            if stream is None:
                stream = self._stream = self._open_stream()
                self._heard_at = self._loop.time()
                self._reader = self._loop.create_task(self._read_answers(stream))
            await stream.write(request)
        except asyncio.CancelledError:
            if is_task_cancelled():
                raise
            self._broken(stream, None)
        except grpc.aio.AioRpcError as failure:
            self._broken(stream, error_from_rpc(failure))
        except HoldfastError as no_token:
            self._broken(stream, no_token)
        except asyncio.InvalidStateError:
            # The stream had ended before the write; its reader knows why, and retries the batch.
            if stream is self._stream and self._reader is not None:
                await asyncio.wait([self._reader])
        except Exception as fault:
            self._broken(stream, Internal(f"Sending failed: {fault!r}", code=Code.INTERNAL))

    async def _read_answers(self, stream: Any) -> None:
        error: HoldfastError | None = None
        try:
            while (response := await stream.read()) is not END_OF_STREAM:
                self._answered(response)
        except asyncio.CancelledError:
            if is_task_cancelled():
                raise
        except grpc.aio.AioRpcError as failure:
            error = error_from_rpc(failure)
        except Exception as fault:
            stream.cancel()
            error = Internal(f"Reading an answer failed: {fault!r}", code=Code.INTERNAL)
        self._broken(stream, error)

    def _answered(self, response: inventory_pb2.ExecuteResponse) -> None:
        now = self._heard_at = self._loop.time()
        self._failures = 0
        self._last_error = None
        number = response.batch_id
        batch = self._in_flight.get(number)
        if batch is None:
            return
        entries = batch.entries
        delayed: list[tuple[int, Pending]] = []
        delay_s = 0.0
        for message in response.outcomes:
            entry = entries[message.index]
            entries[message.index] = None
            if entry is None:
                continue
            value = _convert_answers.outcome(message)
            if isinstance(value, HoldfastError):
                retry_s = retry_delay_s(value, entry.attempts, entry.deadline - now)
                if retry_s is not None and not entry.is_over():
                    entry.attempts += 1
                    entry.refusal = value
                    entry.unknown = entry.unknown or leaves_unknown(value)
                    delayed.append((message.index, entry))
                    delay_s = max(delay_s, retry_s)
                    continue
                value = conclude(value, entry.command.request_id, entry.unknown)
            entry.settle(value)
        if delayed:
            # Answers come in any order; commands go in the order in which they were given.
            delayed.sort(key=itemgetter(0))
            self._delay([entry for _, entry in delayed], delay_s)
        if response.complete:
            del self._in_flight[number]
            for entry in entries:
                if entry is not None:
                    missing = Internal("The server left the command out of its answer.", code=13)
                    entry.settle(conclude(missing, entry.command.request_id, True))
            if self._queue:
                self._wake_writer()

    def _delay(self, entries: list[Pending], delay_s: float) -> None:
        """Queues writes again after a while, together."""
        self._number += 1
        handle = self._loop.call_later(delay_s, self._requeue_delayed, self._number)
        self._delayed[self._number] = (handle, entries)

    def _requeue_delayed(self, number: int) -> None:
        _, entries = self._delayed.pop(number)
        self._requeue(entries)

    def _requeue(self, entries: list[Pending]) -> None:
        if entries:
            # To the front: they are older than all that waits.
            self._queue.extendleft(reversed(entries))
            self._arm_sweep(min(entry.deadline for entry in entries))
        self._wake_writer()

    def _broken(self, stream: Any, error: HoldfastError | None) -> None:
        """Retries what was in flight on a stream that has ended, or tells its callers why it cannot
        be."""
        if stream is not self._stream:
            return
        entries = [entry for batch in self._in_flight.values() for entry in batch.waiting()]
        self._in_flight.clear()
        self._stream = None
        self._reader = None
        self._last_error = error or Unavailable("The stream ended.", code=Code.UNAVAILABLE)
        self._not_before = self._loop.time() + backoff_s(self._failures)
        self._failures += 1
        if error is None or is_retried(error):
            asked_s: float = getattr(error, "retry_after_s", 0.0)
            self._not_before = max(self._not_before, self._loop.time() + asked_s)
            # A server that ends a stream for its token has answered before all that it took.
            took = error is None or error.reason != RENEWED
            for entry in entries:
                entry.unknown = entry.unknown or took
            self._requeue(entries)
            return
        for entry in entries:
            own = make_error(error.reason, error.code, error.message, error.metadata)
            entry.settle(conclude(own, entry.command.request_id, entry.unknown))
        self._wake_writer()

    def _arm_sweep(self, deadline: float) -> None:
        if deadline < self._sweep_at:
            if self._sweep is not None:
                self._sweep.cancel()
            self._sweep_at = deadline
            self._sweep = self._loop.call_at(deadline, self._sweep_deadlines)

    def _sweep_deadlines(self) -> None:
        """Settles every write whose deadline has passed, and looks again at the next deadline."""
        self._sweep = None
        self._sweep_at = next_at = float("inf")
        now = self._loop.time()
        for entry in self._queue:
            if entry.deadline <= now:
                entry.settle(self._expired(entry, sent=False))
            else:
                next_at = min(next_at, entry.deadline)
        for batch in self._in_flight.values():
            next_at = min(next_at, self._sweep_batch(batch, now))
        if next_at <= now and self._stream is not None:
            self._stream.cancel()
        if next_at < float("inf"):
            self._arm_sweep(max(next_at, now + SWEEP_S_MIN))

    def _sweep_batch(self, batch: BatchInFlight, now: float) -> float:
        """Settles what has expired in a batch; gives its next deadline. That is the stream's own
        when nobody waits for the batch any more, and has passed when the stream is to be given
        up."""
        next_at = float("inf")
        for entry in batch.waiting():
            if entry.deadline <= now:
                entry.settle(self._expired(entry, sent=True))
            else:
                next_at = min(next_at, entry.deadline)
        if next_at < float("inf"):
            return next_at
        return max(self._heard_at, batch.sent_at) + SILENCE_S_MAX

    def _expired(self, entry: Pending, sent: bool) -> HoldfastError:
        """What to tell a caller whose deadline has passed."""
        error: HoldfastError
        if self._last_error is not None:
            why = self._last_error.message
            error = Unavailable(
                f"The server could not be reached before the deadline: {why}", code=Code.UNAVAILABLE
            )
        elif entry.refusal is not None:
            error = entry.refusal
        else:
            error = DeadlineExpired("The deadline passed.", code=Code.DEADLINE_EXCEEDED)
        error.request_id = entry.command.request_id
        error.outcome_unknown = entry.unknown or sent
        return error

    async def close(self) -> None:
        """Ends the stream. Callers that still wait get Unavailable."""
        self._closed = True
        tasks = [task for task in (self._writer, self._reader) if task is not None]
        for task in tasks:
            task.cancel()
        if self._stream is not None:
            self._stream.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sweep is not None:
            self._sweep.cancel()
        for handle, _ in self._delayed.values():
            handle.cancel()
        sent = [entry for batch in self._in_flight.values() for entry in batch.waiting()]
        for entry in sent:
            entry.unknown = True
        delayed = [entry for _, entries in self._delayed.values() for entry in entries]
        for entry in (*sent, *delayed, *self._queue):
            entry.settle(given_up("The client was closed.", entry))
