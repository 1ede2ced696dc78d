"""How long the server waits for a shard where the client has set no deadline."""

import asyncio
import time

from engine.shard.messages import Result
from engine.shard.port import ShardUnavailable


class Patience:
    """All such waits of a server, with one timer. They last equally long, so it is set for one that
    has ended by then, once for thousands of calls: a timer for each took 2 % of the front end's
    time for a lone one."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: from when a call begins to its deadline."""
        self.seconds = seconds
        self._waits: dict[asyncio.Future[Result], tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns = 0

    def limit(self, future: asyncio.Future[Result], deadline_ns: int, shard: int) -> None:
        """Have a wait fail with ShardUnavailable if the result has not come at the deadline: the
        outcome is unknown then."""
        self._waits[future] = deadline_ns, shard
        future.add_done_callback(self._waits.pop)
        if self._timer is None or deadline_ns < self._due_ns:
            self._set_timer(deadline_ns)

    def _set_timer(self, due_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_ns = due_ns
        left_s = max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
        self._timer = asyncio.get_running_loop().call_later(left_s, self._look)

    def _look(self) -> None:
        """End the waits whose deadline has come, and look again at that of the next one."""
        self._timer = None
        # A timer may be early by less than a millisecond.
        due_ns = max(self._due_ns, time.monotonic_ns())
        later_ns = []
        for future, (deadline_ns, shard) in self._waits.items():
            if deadline_ns > due_ns:
                later_ns.append(deadline_ns)
            elif not future.done():
                future.set_exception(ShardUnavailable(shard))
        if later_ns:
            self._set_timer(min(later_ns))
