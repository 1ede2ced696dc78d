"""Watchers: a stream of `Watch` each, in any mode, with what a client makes of it."""

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

from holdfast.v1 import feed_pb2

from benchmarks.feed_audit import Interest, Stream
from engine.feed.filter import Filter
from engine.feed.hub import Mode, Start
from engine.feed.steps import Events, Step
from engine.shard.port import ShardUnavailable
from tests.feed.living import Place, State, admits
from tests.feed.scripted import events_of
from tests.simulation.commands import skus_of
from tests.simulation.feed_audit import Past, positions
from tests.simulation.gate import Gate
from tests.simulation.node import Node

RETRY_S = 0.1


class Kind(NamedTuple):
    """What a watcher asks for. `sku_of`: of the first SKU of this shard alone."""

    name: str
    mode: Mode
    start: Start
    sku_of: int | None = None


KINDS = [
    Kind("everything", Mode.EVERY_EVENT, Start.BEGINNING),
    Kind("one SKU", Mode.EVERY_EVENT, Start.BEGINNING, 0),
    Kind("snapshot", Mode.EVERY_EVENT, Start.SNAPSHOT),
    Kind("latest", Mode.LATEST, Start.SNAPSHOT),
    Kind("latest of one SKU", Mode.LATEST, Start.SNAPSHOT, -1),
]


class Watcher:
    """A client that watches, and goes on from its cursor whenever it was cut off."""

    def __init__(self, node: Node, kind: Kind, shards: int) -> None:
        self.name = f"watcher of {kind.name}"
        self.wrong: list[str] = []
        self.log: list[str] = []
        self._node = node
        self._kind = kind
        self._gate = Gate()
        self._task: asyncio.Task[None] | None = None
        self._cursor = ""
        skus = () if kind.sku_of is None else tuple(skus_of(kind.sku_of % shards, shards)[:1])
        self._filter = Filter(skus=frozenset(skus))
        self._stream = Stream(Interest(skus), dict.fromkeys(range(shards), 0))
        self._state = State(is_latest=kind.mode is Mode.LATEST)
        self._known: list[tuple[str, dict[Place, int]]] = []
        """For each cursor the versions that were told up to there."""

    def connect(self) -> None:
        loop = self._node.loop
        if self._kind.start is Start.SNAPSHOT and self._node.random.random() < 0.3:
            self._cursor = ""
        if not self._cursor:
            # A snapshot that was cut off is told from its beginning again.
            self._state = State(is_latest=self._kind.mode is Mode.LATEST)
        self._state.resume()
        self._task = loop.create_task(self._follow())

    def cut_off(self) -> None:
        if self._task is not None and not self._node.loop.is_closed():
            self._task.cancel()
        self._task = None
        self._gate.reset()

    def permit(self, messages: int) -> None:
        self._gate.permit(messages)

    async def _follow(self) -> None:
        hub = self._node.front.hub
        while True:
            start = self._cursor or self._kind.start
            try:
                feed = await hub.subscribe(self._filter, start, mode=self._kind.mode)
            except ShardUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            break
        try:
            async for step in feed:
                await self._gate.pass_one()
                self._take(step)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.wrong.append(f"the feed has ended: {error!r}")
        finally:
            feed.close()

    def _take(self, step: Step) -> None:
        events = events_of(step) if isinstance(step, Events) else []
        check_durable(self._node, events, self.wrong)
        self.log.append(f"{self.name} {type(step).__name__} {step.cursor} {len(events)}")
        if self._kind.start is Start.BEGINNING:
            self._stream.take(step.cursor, events)
        else:
            self._state.fold(step)
            if step.cursor:
                known = {place: version for place, (version, _) in self._state.known.items()}
                self._known.append((step.cursor, known))
        self.wrong += self._state.faults
        self._cursor = step.cursor

    def check_end(self, past: Past) -> None:
        assert positions(self._cursor) == past.heads, (
            f"{self.name} is at {self._cursor}, not {past.heads}"
        )
        if self._kind.start is Start.BEGINNING:
            findings = past.audit([self._stream])
            assert not findings, f"{self.name}: {dict(findings)}"
        else:
            living: Any = past
            differing = self._state.differences(living, self._filter, self._cursor)
            assert not differing, f"{self.name}: {differing}"
            for cursor, known in self._known:
                self._check_known(past, cursor, known)

    def _check_known(self, past: Past, cursor: str, known: dict[Place, int]) -> None:
        """Whoever goes on from a cursor misses nothing: all up to there was told. In mode LATEST
        what comes after it may be known as well."""
        at = positions(cursor)
        is_latest = self._kind.mode is Mode.LATEST
        for place in [place for place in past.places if admits(self._filter, place)]:
            found, version = known.get(place, 0), past.version(place, at)
            is_sound = found >= version if is_latest else found == version
            assert is_sound, f"{self.name}: version {found} of {place}, {version} as of {cursor}"


def check_durable(node: Node, events: list[feed_pb2.Event], wrong: list[str]) -> None:
    """Nobody is told what a power cut could take away."""
    last = OrderedDict((event.shard, event.position) for event in events)
    for shard, position in last.items():
        durable = node.durable(shard)
        if position > durable:
            wrong.append(f"told of {position} of shard {shard}, and {durable} is durable")
