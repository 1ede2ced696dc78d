"""How far durable subscriptions are behind, in events and in seconds."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from engine.feed.subscription import Subscription
from engine.feed.subscriptions import Subscriptions
from engine.log.v1 import record_pb2
from engine.shard.port import HistoryDamaged, Shards, ShardUnavailable

INTERVAL_S = 5.0
"""How often the lags that metrics show are looked at."""


class SubscriptionGauge(NamedTuple):
    """What metrics show of a subscription."""

    tenant: str
    name: str
    lag_events: int
    lag_s: float
    parked: int


class Lag:
    """Looks at subscriptions. When an event was recorded is read from the history, once for each
    place that a subscription stands at."""

    def __init__(
        self, subscriptions: Subscriptions, shards: Shards, now_ms: Callable[[], int]
    ) -> None:
        self._subscriptions = subscriptions
        self._shards = shards
        self._now_ms = now_ms
        self._recorded_ms: dict[tuple[int, int], int] = {}

    def heads(self) -> dict[int, int]:
        """The last durable position of each shard."""
        return {shard: self._shards.feed(shard).head for shard in range(self._shards.count)}

    def oldest(self, shard: int) -> int:
        """The oldest position that a shard keeps."""
        return self._shards.feed(shard).oldest

    async def of(self, subscription: Subscription) -> tuple[int, float]:
        """The lag of a subscription in events and in seconds. A shard that is down does not count
        for the seconds."""
        unacknowledged = subscription.unacknowledged(self.heads())
        for place in unacknowledged.items():
            await self.recorded_ms(*place)
        return self._known(subscription)

    def gauges(self) -> list[SubscriptionGauge]:
        """All subscriptions, as far as `look` knows them. Any thread may ask."""
        return [
            SubscriptionGauge(*each.key, *self._known(each), each.parked)
            for each in self._subscriptions.all
        ]

    async def look_for_ever(self) -> None:
        """Look now and then."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        """Find out how old the oldest event is that each subscription has not acknowledged."""
        heads = self.heads()
        places = {
            place
            for subscription in self._subscriptions.all
            for place in subscription.unacknowledged(heads).items()
        }
        for place in places:
            await self.recorded_ms(*place)
        kept = self._recorded_ms.copy()
        self._recorded_ms = {place: kept[place] for place in places if place in kept}

    async def recorded_ms(self, shard: int, position: int) -> int:
        """When the event at a position, or else the oldest that is kept, was recorded; 0: it is not
        known, as its shard is down or its history damaged."""
        place = (shard, position)
        known = self._recorded_ms.get(place)
        if known is None:
            feed = self._shards.feed(shard)
            try:
                groups = await feed.read(max(position, feed.oldest), 1)
            except (ShardUnavailable, HistoryDamaged):
                return 0
            if not groups:
                return 0
            known = record_pb2.CommitGroup.FromString(groups[0]).recorded_at_ms
            self._recorded_ms[place] = known
        return known

    def _known(self, subscription: Subscription) -> tuple[int, float]:
        unacknowledged = subscription.unacknowledged(self.heads())
        recorded = self._recorded_ms
        known = [recorded[place] for place in unacknowledged.items() if place in recorded]
        age_ms = max(self._now_ms() - min(known), 0) if known else 0
        return subscription.lag_events(self.heads()), age_ms / 1_000
