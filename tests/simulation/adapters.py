"""An adapter that keeps a shop up to date: the SDK's worker and order guard on a durable
subscription of the simulated node. The shop fails, and is slow; it never has an older number after
a newer one, and in the end it has what the channel may sell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from holdfast.adapters import Adapter, ChannelUpdate, Context, Failures, RetryLater
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.logs import FieldsAdapter
from holdfast.adapters.source import ParkedMessage
from holdfast.adapters.worker import Worker
from holdfast.feed_messages import read_response
from holdfast.v1 import feed_pb2

from engine.channels.updates import channel_updates
from engine.feed.consumer import Consumer
from engine.feed.filter import Filter
from engine.feed.hub import Mode, Start
from engine.feed.subscriptions import Asked
from engine.rpc.convert_feed import encoded
from engine.shard.port import ShardUnavailable
from tests.simulation.commands import skus_of
from tests.simulation.feed_audit import Past
from tests.simulation.gate import Gate
from tests.simulation.machine_clocks import Clocks
from tests.simulation.node import Node
from tests.simulation.watchers import RETRY_S

CHANNEL = "web"
KEY = ("", "shop")

_quiet = logging.getLogger("simulated adapter")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


class _Clock(SystemClock):
    """The time of the simulation; waiting is by the event loop, whose time that is."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall_ms() / 1_000, UTC)

    def monotonic(self) -> float:
        return self._clocks.monotonic()


class _Source:
    """The subscription, as one life of the adapter sees it."""

    marks: Mapping[str, str] = {}

    def __init__(self, node: Node) -> None:
        self._node = node
        self._consumer: Consumer | None = None

    async def __aiter__(self) -> AsyncIterator[Any]:
        asked = Asked(KEY, Filter(channel=CHANNEL), b"", Mode.LATEST, Start.SNAPSHOT, lambda *_: "")
        while self._consumer is None:
            try:
                self._consumer = await self._node.front.subscriptions.open(asked)
            except ShardUnavailable:
                await asyncio.sleep(RETRY_S)
        try:
            async for step in self._consumer.feed:
                self._consumer.check()
                self._consumer.note_sent(step.cursor)
                yield read_response(feed_pb2.WatchResponse.FromString(encoded(step)))
        finally:
            self._consumer.close()

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        del parked_ids
        if self._consumer is not None and cursor:
            self._consumer.acknowledge(cursor)

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        raise AssertionError(f"{message} is parked, and nothing here is to be: {reason}")

    async def latest(self, sku: str) -> ChannelUpdate:
        raise AssertionError(f"nobody asks for {sku}")


class _Adapter(Adapter):
    """Pushes to the shop."""

    name = "simulated"
    attempts_max = 1_000_000
    batch_max = 3
    backoff_max_s = 1.0

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        return await self._shop.take(updates)


class Shop:
    """What the channel has, and the adapter that tells it, in one life after the other."""

    def __init__(self, node: Node, random: Random, shards: int) -> None:
        self.name = "shop"
        self.wrong: list[str] = []
        self.log: list[str] = []
        self.has: dict[str, ChannelUpdate] = {}
        self._node = node
        self._random = random
        self._skus = [sku for shard in range(shards) for sku in skus_of(shard, shards)]
        self._gate = Gate()
        self._is_well = False
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        adapter = _Adapter(self)
        source = _Source(self._node)
        adapter.context = Context(
            source=source,
            clock=_Clock(self._node.clocks),
            random=self._random.random,
            log=FieldsAdapter(_quiet, {}),
            channel=CHANNEL,
        )
        self._task = self._node.loop.create_task(self._run(Worker(adapter)))

    async def _run(self, worker: Worker) -> None:
        try:
            await worker.run()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.wrong.append(f"the adapter has ended: {error!r}")

    def cut_off(self) -> None:
        if self._task is not None and not self._node.loop.is_closed():
            self._task.cancel()
        self._task = None
        self._gate.reset()

    def permit(self, messages: int) -> None:
        """So many pushes are done; below 0: all, and none fails."""
        self._is_well = messages < 0
        self._gate.permit(messages)

    async def take(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        """What is pushed arrives, or some of it, or none."""
        await self._gate.pass_one()
        trouble = 9 if self._is_well else self._random.randrange(8)
        if trouble == 0:
            raise RetryLater("not now", whole_channel=True)
        failures: dict[str, Any] = {}
        for update in updates:
            if trouble == 1 and self._random.random() < 0.5:
                failures[update.sku] = RetryLater("this one not")
            else:
                self._has(update)
        if trouble == 2:
            raise ValueError("it has arrived, but the answer was lost")
        return failures

    def _has(self, update: ChannelUpdate) -> None:
        before = self.has.get(update.sku)
        if before is not None and before.version > update.version:
            self.wrong.append(f"{update} after {before}")
        self.has[update.sku] = update
        self.log.append(f"{update.sku} {update.units} {update.version}")

    def check_end(self, past: Past) -> None:
        node = self._node
        asking = node.loop.call(
            node.loop.create_task,
            channel_updates(node.front.router, "", CHANNEL, self._skus),
        )
        node.rest()
        wanted = {update.sku: update.units for update in asking.result()}
        found = {sku: update.units for sku, update in self.has.items()}
        assert found == wanted, f"the shop has {found}, and may sell {wanted}"
