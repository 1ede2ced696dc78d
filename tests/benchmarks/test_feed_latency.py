"""The benchmark of the feed measures everything of Holdfast, and says what of the others is not
there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.feed_crowd import PEERS
from benchmarks.feed_latency import LOAD_BATCH, LOAD_WRITERS, Scale, feed_latency, fill, tables
from benchmarks.feed_section import found_of
from benchmarks.peers import postgres_server

SMALLEST = Scale(0.3, 0.4, 3, 60, 2, 500, 1_000)


async def test_everything_is_measured() -> None:
    found = await feed_latency(["Holdfast"], SMALLEST)
    figures = found["Holdfast"]
    assert len(figures) == 6
    assert figures["catch-up events"] == 1_000
    for name in ("1 x 5,000/s", "3 x 1,000/s", "60 x 3 SKUs"):
        assert 0 < figures[name]["p50_ms"] <= figures[name]["p99_ms"] <= figures[name]["max_ms"]
        assert figures[name]["told_per_s"] > 0
    assert figures["fan-out"]["told_per_s"] > 0
    assert len(figures["catch-up"]) == 3
    assert all(per_second > 0 for per_second in figures["catch-up"].values())
    assert len(tables(found)) == 2
    section = found_of(figures, SMALLEST)
    assert len(section.rows) == 7
    assert all(row["per_second"] > 0 for row in section.rows.values())


async def test_what_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    # Its client may be loaded already, by a test of the peers.
    monkeypatch.setattr(postgres_server, "DEBIAN", tmp_path)
    names = [peer.name for peer in PEERS]
    found = await feed_latency(names, SMALLEST)
    assert all(text.startswith("left out: no ") for text in found.values())
    assert len(tables(found)) == 2


async def test_what_is_written_at_once_is_counted_once() -> None:
    asked: asyncio.Queue[tuple[int, asyncio.Future[int]]] = asyncio.Queue()
    written = 0

    async def answer() -> None:
        nonlocal written
        while True:
            count, answered = await asked.get()
            written += count
            answered.set_result(count)

    async def write(skus: Sequence[str]) -> int:
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asked.put_nowait((len(skus), answered))
        return await answered

    answering = asyncio.create_task(answer())
    assert await fill(write, 20_000) == written
    assert 20_000 <= written < 20_000 + LOAD_BATCH * LOAD_WRITERS
    answering.cancel()
