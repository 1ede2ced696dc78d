"""The way from a request to its shard, and on to others that it concerns: the real `Shards`."""

import asyncio
from collections.abc import Mapping

from engine.shard import slots
from engine.shard.baskets import Baskets
from engine.shard.gateway import GoOn
from engine.shard.link import ShardLink
from engine.shard.messages import Request, Result, Write
from engine.shard.port import Overloaded, ShardFeed
from engine.shard.queries import Question
from engine.shard.relay import Relay


class Router:
    """Routes by slot. The map from slots to shards is that of the data directory."""

    def __init__(
        self,
        links: list[ShardLink],
        history: str,
        epoch: int,
        past_epochs: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        """Route to `links`, in order of their shard numbers."""
        self.past_epochs = past_epochs or {}
        self.count = len(links)
        self.history = history
        self.epoch = epoch
        self._links = links
        self._link_of_slot = [
            links[slots.shard_of(slot, self.count)] for slot in range(slots.SLOTS)
        ]
        # Where there are no others, nothing has to go on with them.
        self._go_on: GoOn | None = None
        if self.count > 1:
            relay = Relay(links)
            self._baskets = Baskets(links, relay)
            self._go_on = self._baskets.go_on
            for link in links:
                link.correspond(relay)

    def shard_of(self, slot: int) -> int:
        """See Shards.shard_of."""
        return self._link_of_slot[slot].shard

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.submit."""
        go_on = self._go_on if type(request) is Write else None
        return self._link_of_slot[slot].submit(slot, request, deadline_ns, go_on)

    def overload(self) -> Overloaded | None:
        """See Shards.overload."""
        for link in self._links:
            if not link.is_full:
                return None
        return Overloaded(link.shard, link.queued)

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.look_up."""
        return self._links[shard].look_up(question, deadline_ns)

    def feed(self, shard: int) -> ShardFeed:
        """See Shards.feed."""
        return self._links[shard]
