"""Waits until an event loop has nothing left to do by itself."""

import asyncio
from typing import Any


async def at_rest() -> None:
    """Return when nothing is about to run in this event loop: whatever goes on then waits for a
    timer, or for somebody who is not here. Only one may wait so at a time: two would wait for each
    other."""
    loop: Any = asyncio.get_running_loop()
    # What is to run is in nobody's hands but the loop's, and it has no word for being at rest.
    while loop._ready:  # noqa: ASYNC110 - nothing tells when
        await asyncio.sleep(0)
