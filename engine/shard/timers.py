"""The deadlines that a shard waits for."""

import heapq
from collections.abc import Iterable

Timer = tuple[int, str]
"""Engine time in milliseconds, and the reservation whose hold ends then."""

STALE_MAX = 1_000
"""Cleared timers that may lie in the heap however few live ones there are."""


class Timers:
    """A heap of deadlines. Clearing one only forgets it: it leaves the heap when it comes up, or
    when more than half of the heap is stale."""

    def __init__(self, pending: Iterable[Timer]) -> None:
        """Wait for `pending`, earliest first."""
        self._heap = list(pending)
        self._live = set(self._heap)

    def __len__(self) -> int:
        """How many deadlines are waited for."""
        return len(self._live)

    def set(self, timer: Timer) -> None:
        """Wait for a deadline."""
        self._live.add(timer)
        heapq.heappush(self._heap, timer)

    def clear(self, timer: Timer) -> None:
        """Wait for it no longer."""
        self._live.discard(timer)
        if len(self._heap) > 2 * len(self._live) + STALE_MAX:
            self._heap = sorted(self._live)

    def next_ms(self) -> int | None:
        """The earliest deadline; None if there is none."""
        while self._heap and self._heap[0] not in self._live:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: int) -> str | None:
        """Take the reservation whose deadline is due first; None if none is due."""
        next_ms = self.next_ms()
        if next_ms is None or next_ms > now_ms:
            return None
        timer = heapq.heappop(self._heap)
        self._live.discard(timer)
        return timer[1]
