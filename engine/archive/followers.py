"""The durable subscriptions, for whoever forgets the past: how far they are, and who has to be
warned that what it needs will be forgotten."""

from pathlib import Path

import structlog

from engine.feed.consumer import Warned
from engine.feed.subscription import Subscription
from engine.feed.subscription_lag import Lag
from engine.feed.subscriptions import Subscriptions

_logger = structlog.get_logger(__name__)


class Followers:
    """The subscriptions of a node. What is older than retention and not acknowledged is kept for
    `grace_ms` longer."""

    def __init__(self, subscriptions: Subscriptions, lag: Lag, keep_ms: int, grace_ms: int) -> None:
        self.grace_ms = grace_ms
        self._subscriptions = subscriptions
        self._lag = lag
        self._keep_ms = keep_ms

    @property
    def holding(self) -> int:
        """How many subscriptions hold up retention. Any thread may ask."""
        return sum(each.warning is not None for each in self._subscriptions.all)

    async def copy_to(self, path: Path) -> None:
        """Write all subscriptions to a file. StoreError if that fails."""
        await self._subscriptions.copy_to(path)

    def acknowledged(self, shard: int) -> int | None:
        """The position up to which every subscription has acknowledged the events of a shard; None:
        there is none that can go on where it is."""
        return min((position for _, position in self._places(shard)), default=None)

    def _places(self, shard: int) -> list[tuple[Subscription, int]]:
        """The subscriptions that can go on where they are, with how far they are in a shard. One
        that was left behind needs nothing any more."""
        oldest = self._lag.oldest(shard)
        return [
            (each, each.positions[shard])
            for each in self._subscriptions.all
            if each.positions is not None and each.positions[shard] + 1 >= oldest
        ]

    async def warn(self, shard: int, usable: int) -> None:
        """Warn each subscription for which a shard keeps events up to `usable` that are old enough
        to be forgotten."""
        for subscription, position in self._places(shard):
            if position >= usable:
                continue
            first = position + 1
            recorded_ms = await self._lag.recorded_ms(shard, first)
            drops_ms = recorded_ms + self._keep_ms + self.grace_ms if recorded_ms else 0
            warned = Warned(drops_ms, subscription.lag_events(self._lag.heads()), shard, usable)
            subscription.warn(warned)
            _logger.warning(
                "a subscription holds up retention",
                tenant=subscription.key[0],
                subscription=subscription.name,
                shard=shard,
                position=first,
                drops_ms=drops_ms,
            )

    def note_dropped(self, shard: int, position: int) -> None:
        """Say which subscriptions are left behind, before a shard forgets up to a position."""
        for subscription, at in self._places(shard):
            if at < position:
                subscription.hold_nothing()
                _logger.error(
                    "a subscription was left behind",
                    tenant=subscription.key[0],
                    subscription=subscription.name,
                    shard=shard,
                    forgotten_up_to=position,
                )
