"""Made-up orders replayed on a real node agree with the independent ledger, also through a crash."""

from pathlib import Path

import pytest

from benchmarks.orders_file import read_orders
from benchmarks.replay_orders import replay

ORDERS = Path(__file__).parent.parent / "benchmarks" / "made_up_orders.csv"


@pytest.mark.parametrize(("shards", "kill_shard"), [(1, False), (1, True), (2, False)])
async def test_every_balance_agrees(tmp_path: Path, shards: int, kill_shard: bool) -> None:
    orders = read_orders(ORDERS)
    figures = await replay(orders, tmp_path, shards=shards, concurrency=8, kill_shard=kill_shard)
    assert figures["well"], figures
    assert figures["baskets"] == len(orders.baskets)
    assert figures.get("kills", 0) == kill_shard
    assert figures["refused" if shards == 1 else "spanning"] > 0


async def test_control_a_wrong_opening_stock_is_noticed(tmp_path: Path) -> None:
    orders = read_orders(ORDERS)
    true = dict(orders.opening)

    class Miscounted(dict[str, int]):
        """What the ledger is told differs from what is loaded by one unit of one SKU."""

        def items(self) -> dict[str, int].items:  # type: ignore[valid-type,name-defined]
            return ({**self, "STAR": self["STAR"] + 1}).items()

    figures = await replay(
        orders._replace(opening=Miscounted(true)),
        tmp_path,
        shards=1,
        concurrency=8,
        kill_shard=False,
    )
    assert not figures["well"]
    assert figures["differences"] > 0
