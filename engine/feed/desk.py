"""Asks what channels may sell, once for all feeds that want to know it at the same time."""

import asyncio
from collections.abc import Sequence

from engine.channels.facts import ChannelUpdate
from engine.channels.updates import channel_updates
from engine.shard.port import Shards

SKUS_MAX = 1_000
"""SKUs that are asked about at a time."""

_Numbers = dict[str, ChannelUpdate]


class Desk:
    """Gathers what the feeds of one channel ask while an answer is on its way, and asks for all of
    it when that has come. So everybody is told what is so after he has asked, and a SKU that a
    hundred feeds follow is asked about once."""

    def __init__(self, shards: Shards, tenant: str, channel: str) -> None:
        self._shards = shards
        self._tenant = tenant
        self._channel = channel
        self._next: dict[str, None] = {}
        self._asking: asyncio.Task[_Numbers] | None = None
        self._waiting: asyncio.Task[_Numbers] | None = None

    async def ask(self, skus: Sequence[str]) -> Sequence[ChannelUpdate]:
        """What the channel may sell of each of these SKUs now. Raises as `channel_updates` does."""
        while len(self._next) + len(skus) > SKUS_MAX and self._waiting is not None:
            await asyncio.wait((self._waiting,))
        self._next.update(dict.fromkeys(skus))
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._answer(self._asking))
            self._waiting.add_done_callback(_disregard)
        # One who goes away does not take the answer from the others.
        numbers = await asyncio.shield(self._waiting)
        return [numbers[sku] for sku in skus]

    async def _answer(self, before: "asyncio.Task[_Numbers] | None") -> _Numbers:
        if before is not None:
            await asyncio.wait((before,))
        self._asking, self._waiting = self._waiting, None
        skus, self._next = list(self._next), {}
        updates = await channel_updates(self._shards, self._tenant, self._channel, skus)
        return {update.sku: update for update in updates}


def _disregard(answer: "asyncio.Task[_Numbers]") -> None:
    """All who have asked may be gone: a failure is theirs to hear of, and nobody else's."""
    if not answer.cancelled():
        answer.exception()
