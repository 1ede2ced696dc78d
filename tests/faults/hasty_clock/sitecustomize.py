"""Python loads this at its start when this folder is on its path: a Holdfast whose wall clock jumps
(see jumping_clock) and whose engine time follows it at once, to show that it is noticed."""

import runpy
from pathlib import Path

from engine.shard.clock import EngineClock, MachineClocks

runpy.run_path(str(Path(__file__).parents[1] / "jumping_clock" / "sitecustomize.py"))


def _follow_the_wall_clock(self: EngineClock) -> int:
    self._last_ms = max(self._last_ms, MachineClocks().wall_ms())
    return self._last_ms


EngineClock.now_ms = _follow_the_wall_clock  # type: ignore[method-assign]
