"""Who reads history goes when it is its turn, so that commands do not wait behind any number of
those who catch up.

Catching up is work for the event loop that commands need as well. One message of history is put
together in a turn of the loop, whoever it is for; and while events come, which is to say while
somebody writes, the messages are short, and the loop is left to others for twice as long as they
took.
"""

import asyncio
import time
from collections.abc import Callable

WRITING_S = 0.05
"""For so long after an event somebody is taken to be writing."""
REST_RATIO = 2
"""How much longer the loop is left to others than a turn took."""
REST_S_MIN, REST_S_MAX = 0.001, 0.01
"""The shortest and the longest time that the loop is left to others: what is owed to them is saved
up until it is worth a timer."""


class Turns:
    """Turns of all who read history in one event loop, in the order in which they ask."""

    def __init__(
        self, position: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`position` grows with each event that is written; `clock` tells seconds. It is not the
        loop's, which may stand still within a turn."""
        self._position = position
        self._clock = clock
        self._queue = asyncio.Lock()
        self._seen = position()
        self._writing_until_s = 0.0
        self._began_s = 0.0
        self._owed_s = 0.0

    @property
    def are_short(self) -> bool:
        """Whether somebody writes, so that turns have to be."""
        return self._clock() < self._writing_until_s

    async def take(self) -> None:
        """Wait for a turn. It lasts until the caller waits for anything else, and nobody has to
        end it: who stalls then holds up nobody."""
        async with self._queue:
            await asyncio.sleep(self._rest_s())
            self._began_s = self._clock()
            # Runs after the caller, and before whoever comes next.
            asyncio.get_running_loop().call_soon(self._end)

    def _rest_s(self) -> float:
        """How long to leave the loop to others before the next turn."""
        now_s = self._clock()
        position = self._position()
        if position != self._seen:
            self._seen = position
            self._writing_until_s = now_s + WRITING_S
        rest_s = self._owed_s
        if now_s >= self._writing_until_s:
            self._owed_s = 0.0
        elif rest_s >= REST_S_MIN:
            self._owed_s = 0.0
            return min(rest_s, REST_S_MAX)
        return 0.0

    def _end(self) -> None:
        self._owed_s += REST_RATIO * (self._clock() - self._began_s)
