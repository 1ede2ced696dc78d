"""An open loop asks at its rate whatever becomes of what it asked, and counts from when that was
due."""

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks.node import running_node
from benchmarks.open_loop import all_series, measure_open_loop, offer
from benchmarks.sections import Setting
from benchmarks.workloads.closed import bring_stock
from benchmarks.workloads.one_shard import HOT


async def test_requests_arrive_whether_or_not_others_were_answered() -> None:
    """The first ones wait for the last one: as long as it was due after them, at least."""
    arrived = 0
    all_there = asyncio.Event()

    async def request() -> int:
        nonlocal arrived
        arrived += 1
        if arrived == 50:
            all_there.set()
        await all_there.wait()
        return 100

    found = await offer(request, 1_000, 0.05)
    assert len(found.waits_s) == len(found.late_s) == 50
    assert max(found.waits_s) >= 0.049
    assert min(found.late_s) >= 0
    assert found.refused == 0
    assert 0 < found.per_second <= 50 * 100 / 0.05


async def test_what_a_blocked_sender_sends_late_counts_as_waiting() -> None:
    """All that came due while nothing could be sent is sent late, and had waited meanwhile."""
    asked = 0

    async def request() -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            loop = asyncio.get_running_loop()
            end = loop.time() + 0.05
            while loop.time() < end:
                pass
        return 1

    found = await offer(request, 1_000, 0.04)
    assert len(found.waits_s) == 40
    assert max(found.late_s[1:]) >= 0.04
    assert max(found.waits_s[1:]) >= 0.04


async def test_refusals_are_counted_apart() -> None:
    answers = iter([1, 0, 1, 0, 0])

    async def request() -> int:
        return next(answers)

    found = await offer(request, 2_000, 0.0025)
    assert (len(found.waits_s), found.refused) == (2, 3)


async def test_every_way_to_ask_is_granted(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await bring_stock(node, [HOT])
        for series in all_series(node):
            async with series.request as request:
                assert await request() == series.commands


async def test_without_its_histograms_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hdrh", None)
    found = await measure_open_loop(Setting())
    assert found.left_out == {"open loop": "no Python package hdrh"}
