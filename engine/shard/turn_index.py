"""The index as a turn sees it: the log's entries with what the turn has changed so far.

Entries follow from reservations, so most turns only compute the difference at their end (see
Effects). A turn that looks something up keeps the entries that it has added in order.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from heapq import merge

from engine.core.model import Reservation
from engine.log.index import entries
from engine.log.port import Log

_NONE: frozenset[bytes] = frozenset()


class TurnIndex:
    """Entries of the log's index and of the turn."""

    def __init__(self, log: Log) -> None:
        self._log = log
        # By reservation that the turn has touched: before it, and as last looked at.
        self._before: dict[str, frozenset[bytes]] = {}
        self._after: dict[str, frozenset[bytes]] = {}
        self._removed: set[bytes] = set()
        self._added: list[bytes] = []
        # Of a prefix, the last of the log's entries up to which the turn has removed all.
        self._fronts: dict[bytes, bytes] = {}

    @property
    def is_used(self) -> bool:
        """Whether anything was touched: by changes alone nothing is."""
        return bool(self._before)

    def touch(self, before: Reservation | None, after: Reservation | None) -> None:
        """A reservation is `after` now; `before` the turn it was another one, or none."""
        reservation = after or before
        if reservation is None:
            return
        reservation_id = reservation.reservation_id
        if reservation_id not in self._before:
            found = _NONE if before is None else entries(before)
            self._before[reservation_id] = self._after[reservation_id] = found
        old = self._after[reservation_id]
        new = _NONE if after is None else entries(after)
        self._after[reservation_id] = new
        first = self._before[reservation_id]
        for entry in old - new:
            if entry in first:
                self._removed.add(entry)
            else:
                del self._added[bisect_left(self._added, entry)]
        for entry in new - old:
            if entry in first:
                self._removed.discard(entry)
                self._fronts.clear()
            else:
                insort(self._added, entry)

    def find(
        self, prefix: bytes, *, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        """The entries that begin with a prefix: see Log.index."""
        added = self._of_turn(prefix)
        if newest_first:
            if after:
                added = added[: bisect_left(added, after)]
            return merge(self._kept_newest_first(prefix, after), reversed(added), reverse=True)
        kept = self._kept(prefix, after)
        return merge(kept, added[bisect_right(added, after) :]) if added else kept

    def _of_turn(self, prefix: bytes) -> list[bytes]:
        begin = bisect_left(self._added, prefix)
        end = bisect_left(self._added, prefix[:-1] + bytes([prefix[-1] + 1]))
        return self._added[begin:end]

    def _kept(self, prefix: bytes, after: bytes) -> Iterator[bytes]:
        """The log's entries that the turn has not removed. Those at the front, which it serves and
        removes first, are passed over only once."""
        removed = self._removed
        at_front = not after
        for entry in self._log.index(prefix, after=after or self._fronts.get(prefix, b"")):
            if entry not in removed:
                at_front = False
                yield entry
            elif at_front:
                self._fronts[prefix] = entry

    def _kept_newest_first(self, prefix: bytes, after: bytes) -> Iterator[bytes]:
        for entry in self._log.index(prefix, newest_first=True, after=after):
            if entry not in self._removed:
                yield entry

    def changes(self) -> tuple[set[bytes], set[bytes]]:
        """The entries that the turn has added, and those that it has removed."""
        return set(self._added), self._removed
