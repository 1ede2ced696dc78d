"""Where each queue begins, so that looking for who is first does not pass over all who were served
before: their deleted entries lie in the way, some 60 ns each, until RocksDB compacts them."""

from collections.abc import Iterable
from threading import Lock

QUEUE = b"q"
"""What the entries of queues begin with, see engine.log.index."""
FRONTS_MAX = 10_000
"""Queues whose beginning is remembered: some 2 MB."""


class Fronts:
    """For each queue that was looked at, an entry before which there is none.

    One thread adds entries, any may look. What was found is noted only if nothing was added since
    before the look, so that an older view of a queue never hides an entry.
    """

    def __init__(self) -> None:
        self._fronts: dict[bytes, bytes] = {}
        self._additions = 0
        self._lock = Lock()

    def of(self, prefix: bytes) -> tuple[bytes, int]:
        """From where on to look at the queue of this prefix, and what `found` wants to know."""
        with self._lock:
            return self._fronts.get(prefix, prefix), self._additions

    def found(self, prefix: bytes, entry: bytes, additions: int) -> None:
        """The first entry of a queue was found, in a look that began at `additions`."""
        with self._lock:
            if additions != self._additions:
                return
            if len(self._fronts) >= FRONTS_MAX:
                self._fronts.clear()
            self._fronts[prefix] = entry

    def added(self, entries: Iterable[bytes]) -> None:
        """These entries, of queues and others, were written."""
        queued = [entry for entry in entries if entry[:1] == QUEUE]
        if not queued:
            return
        with self._lock:
            self._additions += 1
            for entry in queued:
                # The third NUL ends the location, and with it the prefix.
                prefix = entry[: len(entry) - len(entry.split(b"\0", 3)[3])]
                if entry < self._fronts.get(prefix, prefix):
                    self._fronts[prefix] = entry
