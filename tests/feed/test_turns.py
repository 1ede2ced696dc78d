"""Those who catch up leave the event loop to commands."""

import asyncio
import time
from collections import Counter
from itertools import count

import pytest

from benchmarks.feed_fanout import RecordedShards, recorded
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Start
from engine.feed.limits import FeedLimits
from engine.feed.steps import Events
from engine.feed.turns import Turns

READERS = 5
EVENTS = 4_000
WORK_S = 0.004


class LoopTurns:
    """Counts the turns of the event loop while it is open."""

    def __init__(self) -> None:
        self.number = 0
        self._loop = asyncio.get_running_loop()
        self._waiting: list[asyncio.Future[None]] = []

    def __enter__(self) -> "LoopTurns":
        self._next = self._loop.call_soon(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._next.cancel()

    async def next(self) -> None:
        """Wait for the next turn."""
        future = self._loop.create_future()
        self._waiting.append(future)
        await future

    def _count(self) -> None:
        self.number += 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.set_result(None)
        self._next = self._loop.call_soon(self._count)


async def messages_by_turn(shards: RecordedShards) -> Counter[int]:
    """How many messages of history were put together in each turn of the loop, by readers who begin
    at once."""
    hub = Hub(shards, FeedLimits())
    found: Counter[int] = Counter()
    with LoopTurns() as turns:

        async def read() -> None:
            async with await hub.subscribe(Filter(), Start.BEGINNING) as subscriber:
                async for step in subscriber:
                    if not isinstance(step, Events):
                        return
                    found[turns.number] += 1
                    await turns.next()

        await asyncio.gather(*(read() for _ in range(READERS)))
    hub.stop()
    return found


@pytest.fixture
async def shards() -> RecordedShards:
    made = await recorded(EVENTS)
    made.rewind(made.groups[-1][0])
    return made


async def test_in_one_turn_of_the_loop_one_reader_goes(shards: RecordedShards) -> None:
    found = await messages_by_turn(shards)
    assert found.total() >= READERS * EVENTS // FeedLimits().message_events_max
    assert max(found.values()) == 1


async def test_without_turns_they_go_all_at_once(
    shards: RecordedShards, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(_turns: Turns) -> None:
        return

    monkeypatch.setattr(Turns, "take", take)
    found = await messages_by_turn(shards)
    assert max(found.values()) > 1


async def loop_turns_between(turns: Turns) -> int:
    """How many turns others have after one that took its time."""
    with LoopTurns() as loop_turns:
        await turns.take()
        end = time.monotonic() + WORK_S
        while time.monotonic() < end:
            pass
        before = loop_turns.number
        await loop_turns.next()
        await turns.take()
        return loop_turns.number - before


async def test_while_somebody_writes_others_have_the_loop_for_twice_as_long() -> None:
    written = count()
    turns = Turns(lambda: next(written))
    started = time.monotonic()
    assert await loop_turns_between(turns) > 1
    # A loop may round what it waits to milliseconds.
    assert time.monotonic() - started >= 3 * WORK_S - 0.001


async def test_while_nobody_writes_history_goes_on_at_once() -> None:
    assert await loop_turns_between(Turns(lambda: 7)) <= 4


async def test_who_is_cancelled_or_stalls_holds_up_nobody() -> None:
    turns = Turns(lambda: 7)
    await turns.take()
    waiting = [asyncio.create_task(turns.take()) for _ in range(3)]
    # Once each of them has begun.
    for task in waiting[:2]:
        asyncio.get_running_loop().call_soon(task.cancel)
    await waiting[2]
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert waiting[1].cancelled()
