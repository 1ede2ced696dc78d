"""The way from a request to its shard: the real `Shards`."""

import asyncio

from engine.shard import slots
from engine.shard.link import ShardLink
from engine.shard.messages import Request, Result
from engine.shard.port import ShardFeed


class Router:
    """Routes by slot. The map from slots to shards is that of the data directory."""

    def __init__(self, links: list[ShardLink], history: str, epoch: int) -> None:
        """Route to `links`, in order of their shard numbers."""
        self.count = len(links)
        self.history = history
        self.epoch = epoch
        self._links = links
        self._link_of_slot = [
            links[slots.shard_of(slot, self.count)] for slot in range(slots.SLOTS)
        ]

    def shard_of(self, slot: int) -> int:
        """See Shards.shard_of."""
        return self._link_of_slot[slot].shard

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.submit."""
        return self._link_of_slot[slot].submit(slot, request, deadline_ns)

    def feed(self, shard: int) -> ShardFeed:
        """See Shards.feed."""
        return self._links[shard]
