"""Baskets over real shard processes, which are killed meanwhile."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine.core.commands import BasketLine, Command, Context, LimitCustomers, Receive, Reserve
from engine.core.model import Key
from engine.log.layout import open_layout
from engine.log.verify import Verdict, verify
from engine.shard.gateway import GoOn
from engine.shard.link import ShardLink
from engine.shard.messages import Accepted, Prepare, Request, Result, ShardStatistics, Write
from engine.shard.options import SharedOptions
from engine.shard.port import ShardUnavailable
from engine.shard.queries import ConfigurationRead, ReadConfiguration, ReadStock, StockRead
from engine.shard.router import Router
from engine.shard.slots import slot_of
from engine.shard.supervisor import Supervisor
from tests.shard.market import sku_in

SHARDS = 3
KEYS = [Key("", sku_in(shard, SHARDS), "LONDON") for shard in range(SHARDS)]
LINES = tuple(BasketLine(str(number), key, 1) for number, key in enumerate(KEYS))


class AskedLink(ShardLink):
    """A link that says when its shard is asked for a basket, or for a part of one."""

    def __init__(self, shard: int, on_statistics: Callable[[int, ShardStatistics], None]) -> None:
        super().__init__(shard, 1_000, on_statistics)
        self.asked = asyncio.Event()

    def submit(
        self, slot: int, request: Request, deadline_ns: int, go_on: GoOn | None = None
    ) -> asyncio.Future[Result]:
        future = super().submit(slot, request, deadline_ns, go_on)
        if isinstance(request, Write | Prepare):
            self.asked.set()
        return future


class Node:
    """A front end without gRPC, and its shards."""

    def __init__(self, directory: Path) -> None:
        self.spoken: dict[int, ShardStatistics] = {}
        self.all_spoke = asyncio.Event()
        self.links = [AskedLink(shard, self._speak) for shard in range(SHARDS)]
        layout = open_layout(directory, SHARDS)
        self.router = Router([*self.links], layout.history, layout.epoch)
        shared = SharedOptions(shards=SHARDS)
        self.supervisor = Supervisor([*self.links], directory, shared, lambda *_: None)

    def _speak(self, shard: int, statistics: ShardStatistics) -> None:
        self.spoken[shard] = statistics
        if len(self.spoken) == SHARDS:
            self.all_spoke.set()

    async def insist(self, slot: int, request: Request) -> Result:
        """Ask until it is answered: what a client does with UNAVAILABLE."""
        while True:
            for link in self.links:
                await asyncio.wait_for(link.ready.wait(), 30)
            try:
                return await asyncio.wait_for(self.router.submit(slot, request, 0), 30)
            except ShardUnavailable:
                continue

    async def write(self, command: Command, request_id: str, key: Key = KEYS[0]) -> Accepted:
        write = Write(Context(request_id), b"content", command)
        result = await self.insist(slot_of("", key.sku), write)
        assert isinstance(result, Accepted), result
        return result

    async def held(self) -> list[int]:
        found = []
        for key in KEYS:
            result = await self.insist(slot_of("", key.sku), ReadStock(key))
            assert isinstance(result, StockRead)
            assert result.stock is not None
            found.append(result.stock.held)
        return found

    def kill(self, shard: int) -> None:
        os.kill(self.supervisor.process_ids[shard], signal.SIGKILL)

    async def until_settled(self) -> None:
        """Return when no shard has anything set aside, or to tell, any more."""
        async with asyncio.timeout(30):
            while True:
                self.spoken.clear()
                self.all_spoke.clear()
                await self.all_spoke.wait()
                spoken = self.spoken.values()
                if not any(each.prepared_lines + each.outbox_events for each in spoken):
                    return


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    node = Node(tmp_path)
    await node.supervisor.start()
    try:
        for number, key in enumerate(KEYS):
            await node.write(Receive(key, 1_000), f"delivery {number}", key)
        yield node
        await node.until_settled()
    finally:
        await node.supervisor.stop(10)
    assert verify(tmp_path).differences == []
    assert verify(tmp_path).verdict is Verdict.CLEAN


async def test_baskets_are_whole_whichever_shard_is_killed(node: Node) -> None:
    count = 0
    for shard in range(SHARDS):
        for _ in range(2):
            numbers = range(count, count + 20)
            writing = [node.write(Reserve("", LINES), f"basket {number}") for number in numbers]
            asked = node.links[shard].asked
            asked.clear()
            baskets = asyncio.gather(*writing)
            await asyncio.wait_for(asked.wait(), 30)
            node.kill(shard)
            assert len({each.answer.reservation_id for each in await baskets}) == 20  # type: ignore[union-attr]
            count += 20
    await node.until_settled()
    assert await node.held() == [count] * SHARDS


async def test_configuration_is_answered_when_every_process_has_it(node: Node) -> None:
    await node.write(LimitCustomers("", KEYS[1].sku, 3), "limit")
    for shard in range(SHARDS):
        result = await node.router.look_up(shard, ReadConfiguration("", 10), 0)
        assert isinstance(result, ConfigurationRead)
        assert [limit.units for limit in result.customer_limits] == [3]
