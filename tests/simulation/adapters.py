"""An adapter that keeps a shop up to date: the SDK's worker and order guard on a durable
subscription of the simulated node. The shop fails, and is slow. It never has an older number after
a newer one; what the adapter has acknowledged is there, of every SKU; and in the end the shop has
what the channel may sell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

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
from engine.feed.subscriptions import Asked, Resumed
from engine.rpc.convert_feed import encoded
from engine.shard.port import ShardUnavailable
from tests.simulation.commands import PLACES, skus_of
from tests.simulation.feed_audit import Numbers, Past, positions
from tests.simulation.gate import Gate
from tests.simulation.machine_clocks import Clocks
from tests.simulation.node import Node

CHANNEL = "web"
KEY = ("", "shop")
BREAKS = 0.1
"""So often a stream breaks after a message."""
RETRY_SOON_S = 0.002
"""Time passes slowly here."""
TAKES_S = [0.0, 0.004, 0.1]
"""How long a push takes."""

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
    """The subscription, as one life of the adapter sees it: its streams break, and the next one
    goes on after what was received."""

    marks: Mapping[str, str] = {}

    def __init__(self, node: Node, on_acknowledged: Callable[[str], None]) -> None:
        self._node = node
        self._on_acknowledged = on_acknowledged
        self._consumer: Consumer | None = None
        self._number = 0
        self._received = ""
        self._acknowledged = ""

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            consumer = self._consumer = await self._open()
            try:
                async for step in consumer.feed:
                    consumer.check()
                    consumer.note_sent(step.cursor)
                    self._received = step.cursor or self._received
                    yield read_response(feed_pb2.WatchResponse.FromString(encoded(step)))
                    if self._node.random.random() < BREAKS:
                        break
            finally:
                self._consumer = None
                consumer.close()

    async def _open(self) -> Consumer:
        asked = Asked(KEY, Filter(channel=CHANNEL), b"", Mode.LATEST, Start.SNAPSHOT, lambda *_: "")
        resumed = Resumed(self._number, self._received) if self._number else None
        while True:
            try:
                consumer = await self._node.front.subscriptions.open(asked, resumed)
            except ShardUnavailable:
                await asyncio.sleep(RETRY_SOON_S)
                continue
            self._number = consumer.number
            if self._acknowledged:
                # The stream that broke may have lost it.
                consumer.acknowledge(self._acknowledged)
            return consumer

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        del parked_ids
        if cursor:
            self._on_acknowledged(cursor)
            self._acknowledged = cursor
            if self._consumer is not None:
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
    backoff_first_s = RETRY_SOON_S
    backoff_max_s = 1.0

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        return await self._shop.take(updates)


class _OneByOne(_Adapter):
    """What it does not push yet waits, and something newer may come."""

    batch_max = 1


class _Done(NamedTuple):
    """What the shop had when the adapter said that everything up to a cursor was done."""

    cursor: str
    has: dict[str, Numbers]
    durable: dict[int, int]
    """By shard, the last position that it could have been told of."""


class Shop:
    """What the channel has, and the adapter that tells it, in one life after the other."""

    def __init__(self, node: Node, random: Random, shards: int) -> None:
        self.name = "shop"
        self.wrong: list[str] = []
        self.log: list[str] = []
        self.is_well = False
        """Whether every push succeeds."""
        self.has: dict[str, ChannelUpdate] = {}
        self._node = node
        self._random = random
        self._done: list[_Done] = []
        self._skus = [sku for shard in range(shards) for sku in skus_of(shard, shards)]
        self._gate = Gate()
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        adapter = self._random.choice([_OneByOne, _OneByOne, _Adapter])(self)
        source = _Source(self._node, self._note_done)
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
        """So many pushes are done."""
        self._gate.permit(messages)

    async def take(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        """What is pushed arrives, or some of it, or none; meanwhile more is told."""
        await asyncio.sleep(self._random.choice(TAKES_S))
        await self._gate.pass_one()
        trouble = 9 if self.is_well else self._random.randrange(5)
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

    def _note_done(self, cursor: str) -> None:
        has = {sku: _numbers(update) for sku, update in self.has.items()}
        durable = {shard: self._node.durable(shard) for shard in positions(cursor)}
        self._done.append(_Done(cursor, has, durable))

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
        for done in self._done:
            self._check_done(past, done)

    def _check_done(self, past: Past, done: _Done) -> None:
        """What the shop had of each SKU was so then, or at some time since the cursor."""
        for shard, position in positions(done.cursor).items():
            for sku in self._skus:
                if past.shard_of(sku) == shard:
                    might_be = past.numbers(sku, position, done.durable[shard])
                    has = done.has.get(sku, ())
                    assert has in might_be, (
                        f"{done.cursor} is acknowledged, and of {sku} the shop has {has}, "
                        f"not one of {might_be}"
                    )


def _numbers(update: ChannelUpdate) -> Numbers:
    units = {at.location: at.units for at in update.locations}
    return tuple(units.get(place, 0) for place in PLACES)
