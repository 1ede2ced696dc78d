"""A consumer of a durable subscription, which acknowledges some of what it has done, and comes back
as itself or as another one."""

import asyncio
from random import Random
from typing import Any

from benchmarks.feed_audit import Interest, Stream
from engine.feed.filter import Filter
from engine.feed.hub import Mode, Start
from engine.feed.steps import Events
from engine.feed.subscription_problems import TakenOver
from engine.feed.subscriptions import Asked, Resumed
from engine.shard.port import ShardUnavailable
from tests.feed.scripted import events_of
from tests.simulation.feed_audit import Past, positions
from tests.simulation.gate import Gate
from tests.simulation.node import Node
from tests.simulation.watchers import RETRY_S, check_durable

KEY = ("", "audit")


class Subscriber:
    """The subscription's consumer, in one life after the other."""

    def __init__(self, node: Node, random: Random) -> None:
        self.name = "subscriber"
        self.wrong: list[str] = []
        self.log: list[str] = []
        self._node = node
        self._random = random
        self._gate = Gate()
        self._task: asyncio.Task[None] | None = None
        self._done: dict[int, int] = {}
        """Up to where it has acknowledged what it has done."""
        self._received = ""
        self._number = 0
        self._streams: list[Stream] = []

    def connect(self) -> None:
        self._task = self._node.loop.create_task(self._follow())

    def cut_off(self) -> None:
        if self._task is not None and not self._node.loop.is_closed():
            self._task.cancel()
        self._task = None
        self._gate.reset()

    def permit(self, messages: int) -> None:
        self._gate.permit(messages)

    async def _open(self) -> Any:
        asked = Asked(KEY, Filter(), b"", Mode.EVERY_EVENT, Start.BEGINNING, lambda *_: "")
        subscriptions = self._node.front.subscriptions
        goes_on = self._number and self._received and self._random.random() < 0.5
        resumed = Resumed(self._number, self._received) if goes_on else None
        while True:
            try:
                consumer = await subscriptions.open(asked, resumed)
            except ShardUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            except TakenOver:
                # It had come back once more, and was gone before it knew.
                resumed = None
                continue
            self._number = consumer.number
            self._begin(consumer.feed.cursor, is_resumed=resumed is not None)
            return consumer

    def _begin(self, cursor: str, *, is_resumed: bool) -> None:
        """Nothing may be left out that was neither acknowledged nor, as it has said, received."""
        start = positions(cursor)
        known = positions(self._received) if is_resumed else self._done
        for shard, position in start.items():
            if position > known.get(shard, 0):
                self.wrong.append(f"begins after {position} of shard {shard}, known was {known}")
        self._streams.append(Stream(Interest(), start))
        self.log.append(f"{self.name} begins at {cursor}")

    async def _follow(self) -> None:
        try:
            consumer = await self._open()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.wrong.append(f"not opened: {error!r}")
            return
        try:
            async for step in consumer.feed:
                await self._gate.pass_one()
                consumer.check()
                consumer.note_sent(step.cursor)
                events = events_of(step) if isinstance(step, Events) else []
                check_durable(self._node, events, self.wrong)
                self._streams[-1].take(step.cursor, events)
                self._received = step.cursor
                self.log.append(f"{self.name} {step.cursor} {len(events)}")
                if self._random.random() < 0.5:
                    consumer.acknowledge(step.cursor)
                    self._done = positions(step.cursor)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.wrong.append(f"cut off: {error!r}")
        finally:
            consumer.close()

    def check_end(self, past: Past) -> None:
        assert positions(self._received) == past.heads, f"{self.name} is at {self._received}"
        findings = past.audit(self._streams)
        assert not findings, f"{self.name}: {dict(findings)}"
