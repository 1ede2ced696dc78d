"""Engine time: an input of every decision, which a step of the machine's clock neither stops nor
jumps.

Engine time continues from the last recorded time with the boot-time clock (which also runs while
the machine sleeps) and is slewed towards the wall clock by at most 500 parts per million, the rate
of adjtime(2). So a wall clock that steps by an hour moves a deadline by no more than that; what
remains between the two is the drift, a metric. Over a restart within one boot the boot-time clock
tells how long the engine was down; over a reboot the wall clock has to.
"""

import time
from pathlib import Path
from typing import Protocol
from zlib import crc32

SLEW_PPM = 500
_MILLISECOND = 1_000_000
"""In the unit in which slew is counted: millionths of a millisecond."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clocks(Protocol):
    """The two clocks of a machine, in milliseconds, and the name of its present boot."""

    def boottime_ms(self) -> int:
        """Milliseconds since boot, never set and never stopped."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as set by people and NTP."""

    def boot_id(self) -> str:
        """Changes with each boot."""


class MachineClocks:
    """The clocks of this machine."""

    def boottime_ms(self) -> int:
        """See Clocks."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def wall_ms(self) -> int:
        """See Clocks."""
        return time.time_ns() // 1_000_000

    def boot_id(self) -> str:
        """See Clocks; empty where the kernel gives none, which only costs the use of the wall clock
        after a restart."""
        try:
            return _BOOT_ID.read_text().strip()
        except OSError:
            return ""


class EngineClock:
    """Engine time in milliseconds since 1970; it never goes backwards."""

    def __init__(self, clocks: Clocks, recorded_ms: int = 0, anchor: str = "") -> None:
        """Continue from `recorded_ms`, the engine time of the last group; 0: a new log. `anchor` is
        what `anchor()` said in an earlier life."""
        self._clocks = clocks
        self._boot_id = clocks.boot_id()
        boottime_ms = clocks.boottime_ms()
        continued_ms = _continued_ms(anchor, self._boot_id, boottime_ms)
        self._last_ms = max(recorded_ms, continued_ms or clocks.wall_ms())
        self._last_boottime_ms = boottime_ms
        self._slew_budget = 0

    def now_ms(self) -> int:
        """The engine time of this moment."""
        boottime_ms = self._clocks.boottime_ms()
        elapsed_ms = max(0, boottime_ms - self._last_boottime_ms)
        self._last_boottime_ms = boottime_ms
        engine_ms = self._last_ms + elapsed_ms
        self._slew_budget += elapsed_ms * SLEW_PPM
        step_ms = min(self._slew_budget // _MILLISECOND, abs(self._clocks.wall_ms() - engine_ms))
        if step_ms:
            ahead = self._clocks.wall_ms() < engine_ms
            self._slew_budget -= step_ms * _MILLISECOND
            engine_ms = max(self._last_ms, engine_ms - step_ms if ahead else engine_ms + step_ms)
        # Only the fraction of a millisecond is kept: had time in which nothing was to be slewed
        # been saved up, the next step of the wall clock would be followed by all of that at once.
        self._slew_budget = min(self._slew_budget, _MILLISECOND)
        self._last_ms = engine_ms
        return engine_ms

    def drift_ms(self) -> int:
        """How far the wall clock is ahead of engine time."""
        return self._clocks.wall_ms() - self._last_ms

    def anchor(self) -> str:
        """What a later life needs to continue within this boot: boot id, boot-time clock and engine
        time of this moment, and a checksum over them."""
        fields = f"{self._boot_id} {self._last_boottime_ms} {self._last_ms}"
        return f"{fields} {crc32(fields.encode()):08x}"


def _continued_ms(anchor: str, boot_id: str, boottime_ms: int) -> int:
    """Engine time now, if the anchor is whole and of this boot; else 0."""
    fields, _, checksum = anchor.strip().rpartition(" ")
    if checksum != f"{crc32(fields.encode()):08x}":
        return 0
    anchor_boot_id, anchor_boottime_ms, anchor_ms = fields.split(" ")
    if not boot_id or anchor_boot_id != boot_id:
        return 0
    return int(anchor_ms) + max(0, boottime_ms - int(anchor_boottime_ms))
