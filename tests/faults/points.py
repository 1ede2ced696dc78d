"""Strikes a node at named points of the write path: its shard is killed there, or is told there
that its disk has failed. `struck_at/sitecustomize.py` is what strikes, within the shard's process.
"""

import asyncio
import json
import os
import random
import select
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kill_rounds import Load
from benchmarks.node import Node

KILLED_AT = ("before write", "after write", "after flush", "before reply")
FAILING_AT = ("before write", "before flush", "before mark")
"""Where the disk may fail: as the batch is written, as it is synced, and as the mark is."""
PASSES_MAX = 30
STRUCK_S_MAX = 30.0
"""Nothing takes so long: a guard against hanging."""


def plant(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process of a node load a fault at its start."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name(folder)), prepend=os.pathsep)


def _first_to_end(descriptors: dict[int, int], stop: int) -> tuple[int, float] | None:
    """Wait until one of the processes has ended: which, and when; None once `stop` is readable."""
    ending = select.poll()
    for descriptor in (*descriptors, stop):
        ending.register(descriptor, select.POLLIN)
    ready = {descriptor for descriptor, _ in ending.poll()}
    now = time.monotonic()
    return next(((descriptors[each], now) for each in ready - {stop}), None)


async def first_to_end(
    processes: list[int], unless: Coroutine[Any, Any, None]
) -> tuple[int, float] | None:
    """Wait until one of the processes has ended: which, and when by the monotonic clock, which a
    thread of its own looks at, so that a busy event loop does not make it later. None if `unless`
    is done before, or after `STRUCK_S_MAX`."""
    with ExitStack() as stack:
        stack.callback(unless.close)
        stop = os.eventfd(0)
        stack.callback(os.close, stop)
        descriptors: dict[int, int] = {}
        for process_id in processes:
            try:
                descriptor = os.pidfd_open(process_id)
            except ProcessLookupError:
                return process_id, time.monotonic()
            descriptors[descriptor] = process_id
            stack.callback(os.close, descriptor)
        ended = asyncio.ensure_future(asyncio.to_thread(_first_to_end, descriptors, stop))
        other = asyncio.ensure_future(unless)
        tasks = {ended, other}
        await asyncio.wait(tasks, timeout=STRUCK_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        other.cancel()
        os.eventfd_write(stop, 1)
        return await ended


@dataclass
class Findings:
    """What strikes with a failing disk have shown. All but `struck` and `ended_s` must be empty."""

    struck: Counter[str] = field(default_factory=Counter)
    """How often by point."""
    ended_s: list[float] = field(default_factory=list)
    """How long after the error each process had ended."""
    went_on: list[str] = field(default_factory=list)
    """Processes that did not end."""
    late: list[str] = field(default_factory=list)
    """Writes that were asked for after the error and acknowledged before the process had ended."""

    def judge(
        self, what: str, load: Load, struck_s: float, ended: tuple[int, float] | None
    ) -> None:
        """Note how a process took an error; `ended`: that it had ended, and when."""
        self.struck[what] += 1
        if ended is None:
            self.went_on.append(what)
        else:
            self.ended_s.append(ended[1] - struck_s)
        late = sum(
            asked > struck_s and (ended is None or answered < ended[1])
            for asked, answered in load.acknowledged_s
        )
        if late:
            self.late.append(f"{what}: {late} acknowledged")

    @property
    def well(self) -> bool:
        """Whether every process ended, and acknowledged nothing meanwhile."""
        return not self.went_on and not self.late


async def until_late(load: Load, struck_s: Callable[[], float | None]) -> None:
    """Wait until a write that was asked for after the error is acknowledged. `struck_s` gives when
    that was, None: not yet."""
    while True:
        load.answered.clear()
        await load.answered.wait()
        since = struck_s()
        if since is not None and load.acknowledged_s[-1][0] > since:
            return


class Points:
    """Strikes the one shard of a node at one point after the other: a Strike of
    `benchmarks.kill_rounds`."""

    def __init__(
        self,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        points: tuple[str, ...] = KILLED_AT,
        fault: Callable[[random.Random], str] = lambda _: "",
    ) -> None:
        """`fault` gives the name of an errno, empty: SIGKILL."""
        self.findings = Findings()
        self._armed = directory / "armed"
        self._points = points
        self._fault = fault
        monkeypatch.setenv("STRUCK_AT", str(self._armed))

    async def __call__(self, node: Node, load: Load, chance: random.Random) -> None:
        """Strike once, at the next point, at one of its next passes."""
        point = self._points[self.findings.struck.total() % len(self._points)]
        aim = {"point": point, "fault": self._fault(chance), "left": chance.randint(1, PASSES_MAX)}
        unfinished = self._armed.with_suffix(".new")
        unfinished.write_text(json.dumps(aim))
        self._struck.unlink(missing_ok=True)
        processes = list(node.shard_process_ids.values())
        unfinished.rename(self._armed)
        ended = await first_to_end(processes, until_late(load, self._struck_s))
        struck_s = self._struck_s()
        if struck_s is None:
            raise AssertionError(f"nothing was struck by {aim}; {ended} has ended")
        self.findings.judge(f"{point} {aim['fault']}".strip(), load, struck_s, ended)

    @property
    def _struck(self) -> Path:
        return self._armed.with_suffix(".struck")

    def _struck_s(self) -> float | None:
        try:
            return float(self._struck.read_text())
        except FileNotFoundError:
            return None
