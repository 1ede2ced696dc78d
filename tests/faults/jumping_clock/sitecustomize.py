"""Python loads this at its start when this folder is on its path: a Holdfast whose wall clock is
ahead of the machine's by the milliseconds in the file that WALL_CLOCK_AHEAD names, at any moment.

Only what the engine makes of it is moved: a Python whose clock is not that of the gRPC in it would
miscount the deadlines of calls. `wall_clock.c` moves it for everything in a process.
"""

import mmap
import os
import struct
from pathlib import Path

from engine.shard.clock import MachineClocks

_wall_ms = MachineClocks.wall_ms
with Path(os.environ["WALL_CLOCK_AHEAD"]).open("rb") as file:
    _ahead_ms = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)


def _shifted_ms(self: MachineClocks) -> int:
    (ahead_ms,) = struct.unpack_from("<q", _ahead_ms)
    return _wall_ms(self) + int(ahead_ms)


MachineClocks.wall_ms = _shifted_ms  # type: ignore[method-assign]
