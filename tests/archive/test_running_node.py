"""Backups and retention of a node that sells meanwhile, through the commands of an operator."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from holdfast import Client, HoldfastError, Line
from holdfast.errors import CursorOutOfRange

from engine.log.layout import read_layout
from engine.log.verify import verify
from tests.archive.histories import Past
from tests.cli.conftest import ServedNode

SKUS = [f"SKU-{number}" for number in range(40)]
SHARDS = 3


class Sales:
    """Baskets over several shards, as fast as they go. It remembers what was acknowledged."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client = client
        self.random = Random(seed)
        self.acknowledged: list[str] = []
        self.sold = asyncio.Event()

    async def prepare(self) -> None:
        await asyncio.gather(*(self.client.receive(sku, "LONDON", 1_000_000) for sku in SKUS))

    async def sell(self) -> None:
        """One basket after the other, committed or not, until this is cancelled."""
        while True:
            skus = self.random.sample(SKUS, 3)
            lines = [Line(sku, "LONDON", self.random.randint(1, 3)) for sku in skus]
            with suppress(HoldfastError):
                reserved = await self.client.reserve(lines, ttl_s=3_600)
                self.acknowledged.append(reserved.reservation_id)
                self.sold.set()
                if self.random.random() < 0.5:
                    await self.client.commit(reserved.reservation_id)

    @asynccontextmanager
    async def going_on(self, sellers: int = 8) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.sell()) for _ in range(sellers)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, count: int) -> None:
        """Until so many baskets more were acknowledged."""
        end = len(self.acknowledged) + count
        async with asyncio.timeout(60):
            while len(self.acknowledged) < end:
                self.sold.clear()
                await self.sold.wait()


async def printed(node: ServedNode, *arguments: str) -> Any:
    """The JSON that a command prints, while the node is asked other things."""
    code, out, err = await asyncio.to_thread(node.run, *arguments, "--json")
    assert (code, err) == (0, ""), err
    return json.loads(out)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ServedNode]:
    served = ServedNode(tmp_path / "data", "--shards", str(SHARDS), "--retention-events", "50")
    yield served
    served.stop()


async def test_a_backup_under_load_has_all_that_was_acknowledged(
    node: ServedNode, tmp_path: Path
) -> None:
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    async with Client(node.address) as client:
        sales = Sales(client, seed=1)
        await sales.prepare()
        async with sales.going_on():
            await sales.until(60)
            before = list(sales.acknowledged)
            started = time.monotonic()
            said = await printed(
                node, "backup", "--data-dir", str(node.data_dir), "--to", str(backup)
            )
            assert time.monotonic() - started < 30
            await sales.until(30)
            cursor_after = (await client.receive("SKU-1", "LONDON", 1)).cursor
    assert said["history"] == read_layout(node.data_dir).history
    node.process.kill()
    node.stop()
    code, _, err = node.run("restore", "--from", str(backup), "--to", str(restored))
    assert (code, err) == (0, "")
    assert verify(restored).differences == []
    again = ServedNode(restored, "--shards", str(SHARDS))
    try:
        async with Client(again.address) as client:
            for reservation_id in before:
                assert await client.reservation(reservation_id)
            with pytest.raises(HoldfastError) as refusal:
                await client.stock("SKU-1", "LONDON", read_at_least=cursor_after)
            assert refusal.value.code.name == "DATA_LOSS"
            after = Sales(client, seed=2)
            async with after.going_on(2):
                await after.until(5)
    finally:
        again.stop()
    assert verify(restored).differences == []
    assert not list((node.data_dir / "checkpoints").iterdir())


async def test_bases_are_taken_while_the_node_sells(node: ServedNode) -> None:
    arguments = ("retain", "--data-dir", str(node.data_dir))
    async with Client(node.address) as client:
        sales = Sales(client, seed=3)
        await sales.prepare()
        async with sales.going_on():
            await sales.until(30)
            first = await printed(node, *arguments)
            await sales.until(60)
            second = await printed(node, *arguments)
            await sales.until(10)
    # Request ids are remembered for an hour at least, so nothing may be dropped yet.
    assert [one["dropped_up_to"] for one in first["shards"] + second["shards"]] == [0] * 6
    taken = [[one["base_taken"] for one in said["shards"]] for said in (first, second)]
    assert all(0 < earlier < later for earlier, later in zip(*taken, strict=True))
    node.stop()
    # Each base is compared with what the log gives at its position.
    assert verify(node.data_dir).differences == []


def test_no_node_no_retention(tmp_path: Path, node: ServedNode) -> None:
    code, _, err = node.run("retain", "--data-dir", str(tmp_path))
    assert code == 2
    assert f"no node runs on {tmp_path}" in err


async def test_a_node_forgets_what_is_old_and_says_so(tmp_path: Path) -> None:
    past = Past(tmp_path / "old")
    # Nothing that is due today: what is recorded now is remembered for an hour at least.
    for _ in range(20):
        past.ledger.receive("TEA", 5)
        past.ledger.append(past.log)
    head = past.log.head.position
    past.log.close()
    node = ServedNode(past.data_dir, "--retention-events", "4")
    try:
        arguments = ("retain", "--data-dir", str(past.data_dir))
        history = read_layout(past.data_dir).history
        async with Client(node.address) as client:
            # By the wall clock these requests are years old: they are forgotten at once.
            (taken,) = (await printed(node, *arguments))["shards"]
            assert taken["base_taken"] == head
            for _ in range(6):
                latest = await client.receive("TEA", "LONDON", 1)
            (dropped,) = (await printed(node, *arguments))["shards"]
            assert dropped["dropped_up_to"] == taken["base_taken"]
            with pytest.raises(HoldfastError) as refusal:
                await client.stock("TEA", "LONDON", as_of=f"1-{history}-1-0.1")
            assert refusal.value.reason == "READ_NOT_KEPT"
            with pytest.raises(CursorOutOfRange) as too_old:
                async with client.watch(start=f"1-{history}-1-0.1"):
                    pass
            assert too_old.value.oldest == f"1-{history}-1-0.{taken['base_taken']}"
            async with client.watch(start=too_old.value.oldest) as feed:
                async for event in feed:
                    if event.position >= int(latest.cursor.rsplit(".", 1)[1]):
                        break
    finally:
        node.stop()
    report = verify(past.data_dir)
    assert report.differences == []
    assert report.figures.events < head
