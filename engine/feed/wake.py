"""How subscribers learn that there is something to look at."""

import asyncio


class Wake:
    """Wakes every subscriber that waits. `count` grows with each call, so that none is missed
    between looking and waiting."""

    def __init__(self) -> None:
        self.count = 0
        self.closed = False
        """Nothing more will come."""
        self._waiters: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        """Let all go on that wait now."""
        self.count += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            _finish(waiter)

    def close(self) -> None:
        """Wake all, for the last time."""
        self.closed = True
        self.wake()

    async def wait(self, count_seen: int, seconds_max: float) -> None:
        """Wait for a wake after the one that made `count` what was seen, no longer than
        `seconds_max`."""
        if self.count != count_seen:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        timer = loop.call_later(max(seconds_max, 0.0), _finish, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
