"""Lets somebody take messages: as many as were permitted."""

import asyncio


class Gate:
    """`permit` says how many may pass from now on; below 0: all."""

    def __init__(self) -> None:
        self._left = -1
        self._waiting: asyncio.Future[None] | None = None

    def permit(self, messages: int) -> None:
        self._left = messages
        waiting, self._waiting = self._waiting, None
        if waiting is not None and messages and not waiting.done():
            waiting.set_result(None)
        elif waiting is not None:
            self._waiting = waiting

    async def pass_one(self) -> None:
        """Return when one may pass."""
        while self._left == 0:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if self._left > 0:
            self._left -= 1

    def reset(self) -> None:
        """Whoever has waited is gone."""
        self._waiting = None
