"""Open loops of load: batches are sent when they are due, whether or not those before them were
answered, and everything that was sent and answered is kept to compare it with the log."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from holdfast.v1 import errors_pb2, inventory_pb2

from benchmarks import messages

GRANTED, REFUSED, EXPIRED, OTHERWISE = 1, 2, 3, 4
"""What became of a command; 0 as long as there is no answer."""

_OUTCOMES = {
    errors_pb2.ERROR_REASON_OVERLOADED: REFUSED,
    errors_pb2.ERROR_REASON_DEADLINE_EXPIRED: EXPIRED,
}


class Template(messages.Template):
    """Allocates, one unit each. They leave no timers behind, so the memory of a shard does not grow
    with what it has decided."""

    def __init__(self, skus: Sequence[str], timeout_s: float = 0.0) -> None:
        """Each command may wait `timeout_s` to be decided; 0: as long as it takes."""
        batch = inventory_pb2.ExecuteRequest()
        for sku in skus:
            command = batch.commands.add()
            command.allocate.CopyFrom(messages.allocate(sku))
            if timeout_s:
                command.timeout.FromNanoseconds(round(timeout_s * 1e9))
        super().__init__(batch)
        self.timeout_s = timeout_s


class Sent:
    """A batch that was sent."""

    __slots__ = ("answered_at", "outcomes", "sent_at", "sent_ms", "timeout_s")

    def __init__(self, template: Template) -> None:
        self.sent_ms = time.time_ns() / 1e6
        self.sent_at = time.monotonic()
        self.answered_at = 0.0
        self.timeout_s = template.timeout_s
        self.outcomes = bytearray(template.size)

    @property
    def took_s(self) -> float:
        """From sending to the whole answer."""
        return self.answered_at - self.sent_at


class Generator:
    """Sends numbered batches over some streams and takes their answers."""

    def __init__(self, method: Callable[[], Any], streams: int) -> None:
        self.sent: list[Sent] = []
        """By number."""
        self.without_retry = 0
        """Refusals that did not say when to try again."""
        self.others: Counter[str] = Counter()
        """Failures that are neither refusals nor expired deadlines, by their reason."""
        self.granted = 0
        """Commands so far."""
        self.queued_most = 0
        """The longest queue that a refusal told of."""
        self._calls = [method() for _ in range(streams)]
        self._idle = list(self._calls)
        self._open = 0
        self._changed = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._writes: set[asyncio.Task[None]] = set()
        self._readers = [asyncio.create_task(self._read(call)) for call in self._calls]

    async def ask(self, template: Template) -> Sent:
        """Send a batch and wait for its answer."""
        while not self._send(template):
            await self._until_changed()
        number = len(self.sent) - 1
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        await answered
        return self.sent[number]

    async def offer(
        self, next_template: Callable[[int], Template], batches_per_s: float, seconds: float
    ) -> int:
        """Send batches at a rate for so long; gives how many could not be sent when they were due,
        because no stream took any more."""
        begun = time.monotonic()
        held_back = 0
        for turn in range(round(batches_per_s * seconds)):
            wait_s = begun + turn / batches_per_s - time.monotonic()
            if wait_s > 0 or turn % 16 == 0:
                await asyncio.sleep(max(wait_s, 0.0))
            held_back += not self._send(next_template(turn))
        return held_back

    def _send(self, template: Template) -> bool:
        """Send a batch on a stream that takes it at once; says whether there is one."""
        if not self._idle:
            return False
        call = self._idle.pop(0)
        raw = template.numbered(len(self.sent))
        self.sent.append(Sent(template))
        self._open += 1
        task = asyncio.create_task(self._write(call, raw))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return True

    async def _write(self, call: Any, raw: bytes) -> None:
        await call.write(raw)
        self._idle.append(call)
        self._changed.set()

    async def _read(self, call: Any) -> None:
        parse = inventory_pb2.ExecuteResponse.FromString
        async for raw in call:
            self._take(parse(raw))

    def _take(self, response: inventory_pb2.ExecuteResponse) -> None:
        sent = self.sent[response.batch_id]
        outcomes = sent.outcomes
        for outcome in response.outcomes:
            if outcome.WhichOneof("result") != "failure":
                outcomes[outcome.index] = GRANTED
                self.granted += 1
                continue
            failure = outcome.failure
            kind = outcomes[outcome.index] = _OUTCOMES.get(failure.reason, OTHERWISE)
            if kind == REFUSED:
                self.without_retry += failure.retry_after.ToMilliseconds() <= 0
                self.queued_most = max(self.queued_most, int(failure.metadata["queued"]))
            elif kind == OTHERWISE:
                self.others[errors_pb2.ErrorReason.Name(failure.reason)] += 1
        if response.complete:
            sent.answered_at = time.monotonic()
            self._open -= 1
            waiting = self._waiting.pop(response.batch_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
            self._changed.set()

    async def _until_changed(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def until_all_answered(self, timeout_s: float) -> int:
        """Wait for what was sent; gives how many batches have no answer after so long."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._open:
                    await self._until_changed()
        except TimeoutError:
            pass
        return self._open

    async def close(self) -> None:
        """End the streams."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._readers, *self._writes, return_exceptions=True)


Ask = Callable[[], Awaitable[object]]


async def closed_loop(ask: Ask, callers: int, seconds: float) -> None:
    """So many callers, each asking again as soon as it is answered, for so long."""
    end = time.monotonic() + seconds

    async def caller() -> None:
        while time.monotonic() < end:
            await ask()

    await asyncio.gather(*(caller() for _ in range(callers)))
