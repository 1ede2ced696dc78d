"""Random lives of a subscription: whatever happens, nothing that was not acknowledged is left out,
and nobody goes on before what he has acknowledged."""

import random
from pathlib import Path

import pytest
from holdfast.v1 import inventory_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.cursor import Cursor
from engine.feed.sqlite_subscriptions import SqliteSubscriptions
from engine.feed.subscriptions import SubscriptionLimits
from engine.shard.local import LocalShards
from tests.feed.subscribing import (
    BEGINNING,
    NOW,
    Consumer,
    SubscribedNode,
    ended,
    positions,
    subscribing,
)
from tests.rpc.serving import TEA

NEVER = SubscriptionLimits(acknowledge_s=3_600)
"""Acknowledgements reach the store when the node stops, and not when it is killed."""


class Life:
    """One subscription, beside what must be so."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.written = 0
        self.acknowledged = 0
        self.stored = 0
        """What is sure to outlive the process."""
        self.received = 0
        self.number = 0
        self.consumer: Consumer | None = None

    async def live(self, node: SubscribedNode, steps: int) -> None:
        for _ in range(steps):
            step = self.random.choice(
                [self.write, self.read, self.read, self.acknowledge, self.resume, self.reopen]
                + [self.rewind] * (self.random.random() < 0.2)
            )
            await step(node)

    async def write(self, node: SubscribedNode) -> None:
        for _ in range(self.random.randint(1, 3)):
            # Nodes come and go here, so that their own request ids would come again.
            context = inventory_pb2.WriteContext(request_id=f"write {self.written}")
            request = inventory_pb2.ReceiveRequest(context=context, key=TEA, quantity=1)
            await node.stub.Receive(request)
            self.written += 1

    async def read(self, node: SubscribedNode) -> None:
        """All that there is, in order and without a gap."""
        consumer = self.consumer or await self.reopen(node)
        count = self.written - self.received
        if count:
            events, cursor = await consumer.events(count)
            assert positions(events) == list(range(self.received + 1, self.written + 1))
            self.received = self.written
            assert Cursor.parse(cursor).positions == {0: self.received}

    async def acknowledge(self, node: SubscribedNode) -> None:
        if self.consumer is not None and self.received:
            done = self.random.randint(0, self.received)
            cursor = Cursor(node.shards.history, node.shards.epoch, {0: done}).encode()
            await self.consumer.acknowledge(cursor)
            self.acknowledged = max(self.acknowledged, done)
            await node.until_acknowledged(cursor)

    async def reopen(self, node: SubscribedNode) -> Consumer:
        """Somebody else, who takes over where everything was acknowledged."""
        before, self.consumer = self.consumer, await node.open()
        opened = self.consumer.opened
        assert opened.consumer > self.number
        self.number = opened.consumer
        began = Cursor.parse(opened.cursor).positions[0]
        assert self.stored <= began <= self.acknowledged
        self.received = self.acknowledged = began
        if before is not None:
            assert await ended(before) == "SUBSCRIPTION_TAKEN_OVER"
        return self.consumer

    async def resume(self, node: SubscribedNode) -> None:
        """The same, cut off by itself or by a restart of the node."""
        if self.number:
            self.leave()
            position = {0: self.received}
            cursor = Cursor(node.shards.history, node.shards.epoch, position).encode()
            resume = pb.Resume(consumer=self.number, received_cursor=cursor)
            self.consumer = await node.open(resume=resume)
            began = Cursor.parse(self.consumer.opened.cursor).positions[0]
            assert self.stored <= began <= self.acknowledged
            self.acknowledged = began

    async def rewind(self, node: SubscribedNode) -> None:
        """To now, or to the beginning; who follows is told."""
        if self.consumer is None:
            return
        to = self.random.choice([NOW, BEGINNING])
        request = pb.ResetSubscriptionRequest(name="web", start_from=to)
        moved = await node.service.ResetSubscription(request)
        before, self.consumer = self.consumer, None
        assert await ended(before) == "SUBSCRIPTION_TAKEN_OVER"
        position = Cursor.parse(moved.cursor).positions[0]
        assert position == (self.written if to == NOW else 0)
        self.acknowledged = self.stored = self.received = position
        self.number = 0

    def leave(self) -> None:
        if self.consumer is not None:
            self.consumer.break_off()
            self.consumer = None


class Killed(SqliteSubscriptions):
    """A store of a process that may be killed: what it has not stored by then it never does."""

    is_killed = False

    def acknowledge(self, acknowledged: object) -> None:
        if not self.is_killed:
            super().acknowledge(acknowledged)  # type: ignore[arg-type]


async def lives(seed: int, path: Path, *, forgets: bool = False) -> None:
    """A life over several nodes, some of which are killed; `forgets`: those that are stopped store
    no more than those."""
    life = Life(seed)
    shards = LocalShards()
    try:
        for _ in range(4):
            store = Killed(path)
            async with subscribing(shards, store, NEVER, keeps_shards=True) as node:
                await life.live(node, 25)
                is_killed = life.random.random() < 0.5
                store.is_killed = is_killed or forgets
                life.leave()
            if not is_killed:
                life.stored = life.acknowledged
    finally:
        shards.close()


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_left_out_and_nobody_goes_back(seed: int, tmp_path: Path) -> None:
    await lives(seed, tmp_path / "subscriptions.db")


async def test_control_a_stop_that_forgets_what_was_acknowledged_is_caught(tmp_path: Path) -> None:
    async def all_seeds() -> None:
        for seed in range(3):
            await lives(seed, tmp_path / f"{seed}.db", forgets=True)

    with pytest.raises(AssertionError):
        await all_seeds()
