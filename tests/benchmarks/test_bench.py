"""The benchmark measures every row against a node and an echo server that run; Ctrl-C ends
what it has started."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks import echo, processes
from benchmarks.node import running_node
from benchmarks.one_node import Bench, Scale, load_stock, ratios

SMALLEST = Scale(1, 1, 2, 1, 1, 1)


async def test_every_row_is_measured(tmp_path: Path) -> None:
    async with (
        echo.running_echo() as server,
        echo.running_echo(tmp_path / "echo") as durable,
        running_node(tmp_path) as node,
    ):
        await load_stock(node.address)
        bench = Bench(node, server, durable, SMALLEST)
        await bench.run()
    assert len(bench.rows) == 18
    assert all(row.per_second > 0 and row.latencies.p99_ms > 0 for row in bench.rows.values())
    assert {name: row.latencies.number for name, row in bench.rows.items()}[
        "Reserve, SDK, 64 single callers"
    ] == 64
    assert all(ratio > 0 for ratio in ratios(bench.rows).values())


def descendants(process_id: int) -> list[int]:
    """What a process has started, and what these have."""
    found = processes.children(process_id)
    return found + [each for child in found for each in descendants(child)]


def test_ctrl_c_ends_all_that_was_started_and_shows_what_was_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.bench", "--quick"]
    command += ["--only", "recovery,growth"]
    with subprocess.Popen(
        [*command, "--results", str(tmp_path)],
        cwd=echo.ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as bench:
        assert bench.stderr is not None
        while "living through" not in bench.stderr.readline():
            assert bench.poll() is None
        started = descendants(bench.pid)
        assert len(started) >= 2
        descriptors = [os.pidfd_open(each) for each in started]
        os.killpg(bench.pid, signal.SIGINT)
        shown, said = bench.communicate()
    assert bench.returncode == 128 + signal.SIGINT
    assert "Traceback" not in said
    assert "pause p50 ms" in shown
    # The descriptor of a process is readable when it has ended.
    ended, _, _ = select.select(descriptors, (), (), 0)
    assert ended == descriptors
    for descriptor in descriptors:
        os.close(descriptor)
