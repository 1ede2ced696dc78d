"""Who reads history goes when it is its turn, so that commands do not wait behind any number of
those who catch up.

Catching up is work for the event loop that commands need as well. One message of history is put
together in a turn of the loop, whoever it is for; and while events come, which is to say while
somebody writes, the loop is left to others for as long as the message took.
"""

import asyncio
import time
from collections.abc import Callable

WRITING_S = 0.05
"""For so long after an event somebody is taken to be writing."""
REST_S_MAX = 0.01
"""The longest that the loop is left to others at a time."""


class Turns:
    """Turns of all who read history in one event loop, in the order in which they ask."""

    def __init__(self, position: Callable[[], int]) -> None:
        """`position` grows with each event that is written."""
        self._position = position
        self._queue = asyncio.Lock()
        self._seen = position()
        self._writing_until_s = 0.0
        self._began_s = 0.0
        self._rest_until_s = 0.0

    async def take(self) -> None:
        """Wait for a turn. It lasts until the caller waits for anything else, and nobody has to
        end it: who stalls then holds up nobody."""
        async with self._queue:
            await asyncio.sleep(self._rest_s())
            # The time of a loop may stand still within a turn of it.
            self._began_s = time.monotonic()
            # Runs after the caller, and before whoever comes next.
            asyncio.get_running_loop().call_soon(self._end)

    def _rest_s(self) -> float:
        """How long to leave the loop to others before the next turn."""
        now_s = time.monotonic()
        position = self._position()
        if position != self._seen:
            self._seen = position
            self._writing_until_s = now_s + WRITING_S
        return max(0.0, self._rest_until_s - now_s) if now_s < self._writing_until_s else 0.0

    def _end(self) -> None:
        now_s = time.monotonic()
        self._rest_until_s = now_s + min(now_s - self._began_s, REST_S_MAX)
