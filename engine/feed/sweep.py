"""Goes through all SKUs of a shard that a channel may have to be told of."""

from collections.abc import Sequence

from engine.feed.limits import FeedLimits
from engine.feed.scope import Scope
from engine.feed.snapshot import StockPages
from engine.shard.port import Shards


class Sweep:
    """Gives the SKUs of one shard that pass a filter, and after them all kits that do: those may
    have a part in any shard. What was given counts once `note_told` is called; until then it is
    given again.

    What is to be told is what is so `from_position` of the shard on; `recorded_at_ms` is when what
    made it necessary was recorded, 0: a snapshot.
    """

    def __init__(
        self,
        shards: Shards,
        shard: int,
        scope: Scope,
        limits: FeedLimits,
        from_position: int,
        recorded_at_ms: int,
    ) -> None:
        self.from_position = from_position
        self.recorded_at_ms = recorded_at_ms
        self._scope = scope
        self._pages = StockPages(shards, shard, scope.filter, limits.snapshot_states_max)
        self._kits: list[str] | None = None
        self._skus: list[str] = []
        self._given = 0

    @property
    def is_done(self) -> bool:
        """Whether all was told."""
        return not self._skus and self._kits is not None

    async def next(self, skus_max: int) -> Sequence[str]:
        """The next SKUs, at most so many; none if a page had none. ShardUnavailable or
        HistoryDamaged if they cannot be read now."""
        if not self._skus:
            if not self._pages.is_done:
                stocks = await self._pages.next(None)
                self._skus = list(dict.fromkeys(key.sku for key, _ in stocks))
            elif self._kits is None:
                configured = self._scope.configured
                kits = sorted(configured.kits) if configured is not None else []
                self._kits = [kit for kit in kits if self._scope.filter.admits(kit)]
                self._skus = list(self._kits)
        self._given = min(skus_max, len(self._skus))
        return self._skus[: self._given]

    def note_told(self) -> None:
        """What was given last was told."""
        del self._skus[: self._given]
        self._given = 0
