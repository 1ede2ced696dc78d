"""What a shard process does once it has had nothing to decide for a while: it gives back the memory
that work has left behind."""

import ctypes
import math
import threading
import time
from collections.abc import Callable

REST_AFTER_S = 10.0
"""Seconds without a turn after which a shard rests: longer than the pauses of one that is used."""


def give_memory_back() -> None:
    """Let the machine have what was freed and is kept for whoever allocates next."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        # Another C library has its own ways.
        malloc_trim(0)


class Rest:
    """Has a chore done once in each pause of work, by a thread of its own. The start counts as
    work."""

    def __init__(
        self, chore: Callable[[], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._chore = chore
        self._clock_s = clock_s
        self._due_s = clock_s() + REST_AFTER_S
        self._thread: threading.Thread | None = None

    def put_off(self) -> None:
        """There was work: rest `REST_AFTER_S` from now."""
        self._due_s = self._clock_s() + REST_AFTER_S

    def look(self) -> None:
        """Begin to rest if it is time."""
        is_resting = self._thread is not None and self._thread.is_alive()
        if self._clock_s() >= self._due_s and not is_resting:
            self._due_s = math.inf
            self._thread = threading.Thread(target=self._chore, name="rest")
            self._thread.start()

    def close(self) -> None:
        """Return when nothing goes on any more beside the turns."""
        if self._thread is not None:
            self._thread.join()
