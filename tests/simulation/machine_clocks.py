"""What the engine asks a machine for, when the machine is simulated: clocks and chance."""

import contextlib
import sys
import time
from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from engine.feed import hub
from engine.feed.followers import Follower
from engine.shard import baskets, process

START_S = 1_700_000_000.0
BOOTED_S = 1_000.0
TURN_CALLS_MAX = 6
"""So few calls make a turn that many turns are on their way at once."""


class Clocks:
    """The clocks of the machine that the node runs on."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.set_by_s = 0.0
        """By how much somebody has set the wall clock."""

    def boottime_ms(self) -> int:
        return int((BOOTED_S + self.elapsed_s) * 1_000)

    def wall_ms(self) -> int:
        return int((START_S + self.elapsed_s + self.set_by_s) * 1_000)

    def boot_id(self) -> str:
        return "boot"

    def monotonic(self) -> float:
        return BOOTED_S + self.elapsed_s

    def monotonic_ns(self) -> int:
        return int((BOOTED_S + self.elapsed_s) * 1e9)

    def time_ns(self) -> int:
        return self.wall_ms() * 1_000_000

    def perf_counter(self) -> float:
        return self.monotonic()


class _NumberedFollower(Follower):
    """Sets of followers are in the same order in every run."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        _NumberedFollower.made += 1
        self._number = _NumberedFollower.made

    def __hash__(self) -> int:
        return self._number


@contextlib.contextmanager
def without_chance(clocks: Clocks, random: Random) -> Iterator[None]:
    """Within this, what the engine asks the machine for comes from the simulation."""
    _NumberedFollower.made = 0
    chance = SimpleNamespace(uniform=random.uniform)
    system = SimpleNamespace(urandom=random.randbytes)
    with contextlib.ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("engine.") and getattr(module, "time", None) is time:
                stack.enter_context(patch.object(module, "time", clocks))
        stack.enter_context(patch.object(process, "TURN_CALLS_MAX", TURN_CALLS_MAX))
        stack.enter_context(patch.object(baskets, "random", chance))
        stack.enter_context(patch.object(baskets, "os", system))
        stack.enter_context(patch.object(hub, "Follower", _NumberedFollower))
        yield
