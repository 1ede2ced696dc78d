"""The benchmark measures every row against a node and an echo server that run."""

from pathlib import Path

from benchmarks import echo
from benchmarks.node import running_node
from benchmarks.one_node import Bench, Scale, load_stock, ratios

SMALLEST = Scale(1, 1, 2, 1, 1, 1)


async def test_every_row_is_measured(tmp_path: Path) -> None:
    async with echo.running_echo() as server, running_node(tmp_path) as node:
        await load_stock(node.address)
        bench = Bench(node, server, SMALLEST)
        await bench.run()
    assert len(bench.rows) == 16
    assert all(row.per_second > 0 and row.latencies.p99_ms > 0 for row in bench.rows.values())
    assert {name: row.latencies.number for name, row in bench.rows.items()}[
        "Reserve, SDK, 64 single callers"
    ] == 64
    assert all(ratio > 0 for ratio in ratios(bench.rows).values())
