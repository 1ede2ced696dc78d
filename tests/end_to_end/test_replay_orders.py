"""Made-up orders replayed on a real node agree with the ledger, also through a crash."""

from pathlib import Path

import pytest

from benchmarks.order_ledger import Ledger
from benchmarks.orders_file import read_orders
from benchmarks.replay_orders import replay

ORDERS = Path(__file__).parent.parent / "benchmarks" / "made_up_orders.csv"


@pytest.mark.parametrize(("shards", "kill_shard"), [(1, False), (1, True), (2, False), (2, True)])
async def test_every_balance_agrees(tmp_path: Path, shards: int, kill_shard: bool) -> None:
    orders = read_orders(ORDERS)
    figures = await replay(orders, tmp_path, shards=shards, concurrency=8, kill_shard=kill_shard)
    assert figures["well"], figures
    assert figures["baskets"] == len(orders.baskets)
    assert figures.get("kills", 0) == kill_shard
    assert figures["refused"] > 0


async def test_control_one_unit_that_should_not_be_there_is_noticed(tmp_path: Path) -> None:
    orders = read_orders(ORDERS)
    ledger = Ledger({**orders.opening, "STAR": orders.opening["STAR"] + 1})
    figures = await replay(orders, tmp_path, ledger=ledger)
    assert not figures["well"]
    assert figures["differences"] == 2, "one in the stock, one in what may be promised"
    assert "'STAR'" in figures["examples"][-1]
