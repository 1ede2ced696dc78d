"""Reserves of one hot SKU through the Python SDK. Callers share one client, as the handlers of a
web server would.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from holdfast import Client, commands
from holdfast.errors import HoldfastError

from benchmarks.load import Ask
from benchmarks.messages import HOLD_S, LOCATION

HOT = "HOT"


class AskedBySdk:
    """A server, here or there, whose callers use the SDK."""

    def __init__(
        self,
        address: str,
        process_ids: Mapping[str, int],
        process_trees: Mapping[str, int] | None = None,
    ) -> None:
        self.process_ids = process_ids
        self.process_trees = process_trees or {}
        self._address = address

    @asynccontextmanager
    async def singles(self, callers: int) -> AsyncIterator[Ask]:
        """See Server."""
        del callers
        basket = [(HOT, LOCATION, 1)]
        async with Client(self._address, timeout_s=60) as client:

            async def ask(_caller: int, _call: int) -> int:
                await client.reserve(basket, ttl_s=HOLD_S)
                return 1

            yield ask

    @asynccontextmanager
    async def batches(self, callers: int, size: int) -> AsyncIterator[Ask]:
        """See Server."""
        del callers
        async with Client(self._address, timeout_s=60) as client:

            async def ask(_caller: int, _call: int) -> int:
                batch = [commands.reserve([(HOT, LOCATION, 1)], ttl_s=HOLD_S) for _ in range(size)]
                for answer in await client.execute(batch):
                    if isinstance(answer, HoldfastError):
                        raise answer
                return size

            yield ask
