"""Disks of real processes fail: after an error nothing is acknowledged, the shard ends, and once
the disk is mended, the next one agrees with all that was acknowledged."""

import asyncio
import os
import random
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.kill_rounds import Load, kill_rounds
from benchmarks.node import Node
from tests.faults.disk_faults import AIMS, Aim, Disk, aim_of
from tests.faults.points import STRUCK_S_MAX, Findings, first_to_end, plant, until_late
from tests.faults.power_cut import PowerCut

pytestmark = pytest.mark.soak

RUNS = 20 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""
ENDED_S_MAX = 1.0


class Failures:
    """Lets the disk fail in one way after the other: a Strike of `benchmarks.kill_rounds`."""

    def __init__(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch, aims: tuple[Aim, ...] = AIMS
    ) -> None:
        self.findings = Findings()
        self.power = PowerCut(directory, monkeypatch)
        # Loaded before it, so that a sync that fails is not taken for one.
        self._disk = Disk(directory, monkeypatch)
        self._aims = aims

    async def __call__(self, node: Node, load: Load, chance: random.Random) -> None:
        """Fail once. Every second time, what a failed sync left in the page cache is gone as well,
        as it is when a kernel drops what it could not write."""
        if self.findings.went_on:
            return  # RocksDB gives the first error again, and writes nothing: it shows no more.
        number = self.findings.struck.total()
        aim = aim_of(self._aims[number % len(self._aims)], chance)
        processes = list(node.shard_process_ids.values())
        self._disk.fail(aim)
        try:
            if aim.at_start:
                node.kill_shard()
                await asyncio.to_thread(self._wait_until_struck)
                processes = [self._disk.struck_process]
            ended = await first_to_end(processes, until_late(load, lambda: self._disk.struck_s))
            if ended is not None and chance.random() < 0.5:
                await asyncio.to_thread(self.power.cut_shards, node)
        finally:
            self._disk.mend()
        struck_s = self._disk.struck_s
        if struck_s is None:
            raise AssertionError(f"nothing has failed by {aim}; {ended} has ended")
        self.findings.judge(aim.name, load, struck_s, ended)

    def _wait_until_struck(self) -> None:
        if not self._disk.wait_until_struck(threading.Event().wait, STRUCK_S_MAX):
            raise AssertionError("nothing has failed")


async def test_after_a_disk_fault_nothing_is_acknowledged_and_a_restart_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = Failures(tmp_path, monkeypatch)
    figures = await kill_rounds(tmp_path, rounds=RUNS, clients=8, seed=SEED, strike=failures)
    findings = failures.findings
    with capsys.disabled():
        ended = f"ended within {max(findings.ended_s):.3f} s"
        dropped = f"{failures.power.dropped} bytes dropped"
        sys.stdout.write(
            f"\ndisk faults, seed {SEED}, {dict(findings.struck)}, {ended}, {dropped}, {figures}\n"
        )
    assert figures["well"], str(figures)
    assert findings.well, findings
    assert max(findings.ended_s) < ENDED_S_MAX
    assert len(findings.struck) == len(AIMS), "not every kind of fault was tried"


async def test_control_a_shard_that_goes_on_after_a_disk_fault_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("ignored_errors", monkeypatch)
    failures = Failures(tmp_path, monkeypatch, AIMS[1:2])
    figures = await kill_rounds(tmp_path, rounds=1, clients=2, strike=failures)
    assert failures.findings.went_on
    assert failures.findings.late
    assert not figures["well"], "it acknowledged what it does not have"
