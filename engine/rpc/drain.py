"""How long-lived streams learn that the server is stopping."""

import asyncio


class Drain:
    """Says once, to everyone who waits, that nothing new is to be taken. It belongs to one event
    loop."""

    def __init__(self) -> None:
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the server begins to stop. It is shared: wait for it with asyncio.wait, which
        does not cancel it."""

    def start(self) -> None:
        """Begin; again is harmless."""
        if not self.started.done():
            self.started.set_result(None)
