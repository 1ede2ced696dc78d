"""A source that tells what a test says, time that passes when it is waited for, and a channel that
remembers what it was told."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.adapters import Adapter, ChannelUpdate, ChannelUpdateBatch, Context, Failures, Source
from holdfast.adapters.logs import FieldsAdapter
from holdfast.adapters.source import ParkedMessage, Replayed
from holdfast.adapters.worker import Worker

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class ManualClock:
    """Time stands still but for those who wait: then it is as late as they have waited for."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1_000.0)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        if timeout_s is None:
            await event.wait()
            return
        # Whoever can run runs first: what they have to say comes before the time is over.
        await turns(10)
        if not event.is_set():
            self.waits.append(timeout_s)
            self.seconds += timeout_s


async def turns(number: int) -> None:
    """Lets the others run for so many turns of the event loop."""
    loop = asyncio.get_running_loop()
    for _ in range(number):
        turn = asyncio.Event()
        loop.call_soon(turn.set)
        await turn.wait()


def update(sku: str, units: int, version: int, *, epoch: int = 1) -> ChannelUpdate:
    return ChannelUpdate(sku, units, epoch=epoch, version=version, recorded_at=START)


def batch(cursor: str, *updates: ChannelUpdate, complete: bool = False) -> ChannelUpdateBatch:
    return ChannelUpdateBatch(updates, complete, cursor)


class ScriptedSource:
    """Tells its messages; after the last it ends, unless it is kept `open`."""

    def __init__(self, *messages: Any, keep_open: bool = False) -> None:
        self.messages = deque(messages)
        self.marks: Mapping[str, str] = {}
        self.acknowledged: list[str] = []
        self.done_ids: list[int] = []
        self.parked: dict[int, ParkedMessage] = {}
        self.now: dict[str, ChannelUpdate] = {}
        self.failure: Exception | None = None
        self._keep_open = keep_open
        self._more = asyncio.Event()

    def tell(self, *messages: Any) -> None:
        self.messages.extend(messages)
        self._more.set()

    def end(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self._keep_open = False
        self._more.set()

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            while self.messages:
                message = self.messages.popleft()
                if isinstance(message, ChannelUpdateBatch):
                    self.now |= {each.sku: each for each in message.updates}
                yield message
            if not self._keep_open:
                break
            self._more.clear()
            await self._more.wait()
        if self.failure is not None:
            raise self.failure

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        assert cursor or parked_ids
        if cursor:
            self.acknowledged.append(cursor)
        for each in parked_ids:
            del self.parked[each]
            self.done_ids.append(each)

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        if isinstance(message, ParkedMessage):
            parked = message._replace(reason=reason, replaying=False)
        else:
            number = 1 + max([*self.parked, *self.done_ids], default=0)
            parked = ParkedMessage(number, message, reason, START, 0, False)
        self.parked[parked.id] = parked
        return parked

    def replay(self, parked_id: int) -> None:
        self.tell(Replayed(self.parked[parked_id]))

    async def latest(self, sku: str) -> ChannelUpdate:
        return self.now[sku]


Step = Callable[[Sequence[ChannelUpdate]], Failures | None]


class Recorder(Adapter):
    """Remembers every push; `steps` say how the first ones end, those after them succeed."""

    name = "recorder"

    def __init__(self, *steps: Step | Exception | Failures) -> None:
        self.steps = deque(steps)
        self.pushes: list[list[ChannelUpdate]] = []

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        self.pushes.append(list(updates))
        step = self.steps.popleft() if self.steps else None
        if isinstance(step, Exception):
            raise step
        if callable(step):
            return step(updates)
        return step

    @property
    def told(self) -> list[list[tuple[str, int]]]:
        return [[(each.sku, each.units) for each in push] for push in self.pushes]


def worker_of(
    adapter: Adapter, source: Source, clock: ManualClock | None = None, chance: float = 0.0
) -> Worker:
    adapter.context = Context(
        source,
        clock or ManualClock(),
        lambda: chance,
        FieldsAdapter(logging.getLogger("tests.adapters"), {}),
        channel="shop",
    )
    return Worker(adapter)
