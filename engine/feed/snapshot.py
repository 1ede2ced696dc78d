"""Tells what is there, and then goes on with what happens, so that nothing is told twice and
nothing is left out.

Pages of states are read beside the writers, one after the other, each as of another position, while
more is written. So no state of the store is held for long, and none of it in memory: what is kept
is where each page ends, and its position. Of all that has happened since the snapshot began, what a
page has shown already is passed over.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from engine.core.model import Key, Stock
from engine.feed.asking import look_up
from engine.feed.filter import Filter
from engine.feed.group import FeedEvent
from engine.feed.latest import Latest, Place
from engine.feed.limits import FeedLimits
from engine.feed.readers import Readers
from engine.feed.scope import Scope
from engine.feed.steps import Snapshot, Step
from engine.feed.telling import EveryEvent, Telling
from engine.shard.port import Shards
from engine.shard.queries import ReadStocks, StocksRead
from engine.shard.slots import slot_of


class StockPages:
    """The SKU-locations of one shard that pass a filter, in pages, and what these have shown."""

    def __init__(self, shards: Shards, shard: int, feed_filter: Filter, page_size: int) -> None:
        self._shards = shards
        self._shard = shard
        self._filter = feed_filter
        self._page_size = page_size
        self._skus = tuple(
            sku
            for sku in sorted(feed_filter.skus)
            if shards.shard_of(slot_of(feed_filter.tenant, sku)) == shard
        )
        self._after: Key | None = None
        # Page i has the places up to the end i, and the last one all others.
        self._ends: list[Place] = []
        self._positions: list[int] = []
        is_elsewhere = bool(feed_filter.skus) and not self._skus
        self.is_done = is_elsewhere and not feed_filter.sku_prefixes
        """Whether that was the last page."""

    @property
    def position(self) -> int:
        """The last position that any page has shown; 0: there was none."""
        return max(self._positions, default=0)

    async def next(self, places: frozenset[str] | None) -> Sequence[tuple[Key, Stock]]:
        """The next page, of these locations; it may be empty. ShardUnavailable or HistoryDamaged if
        it cannot be read now."""
        feed_filter = self._filter
        question = ReadStocks(
            feed_filter.tenant,
            self._skus,
            feed_filter.sku_prefixes,
            None if places is None else tuple(sorted(places)),
            self._page_size,
            self._after,
            # Nothing that the feed has passed already may be missing.
            self._shards.feed(self._shard).head,
        )
        read = await look_up(self._shards, self._shard, question, StocksRead)
        self._positions.append(read.position)
        self._after = read.next_after
        if read.next_after is None:
            self.is_done = True
        else:
            self._ends.append((read.next_after.sku, read.next_after.location))
        return read.stocks

    def has_shown(self, position: int, place: Place) -> bool:
        """Whether the page with a place has shown what happened to it at a position."""
        return bool(self._positions) and (
            position <= self._positions[bisect_left(self._ends, place)]
        )


class SnapshotFirst(Telling):
    """Tells pages of states, then what has happened since by another telling, and when that is past
    all pages, that the snapshot is complete. Its cursors are empty until then."""

    def __init__(
        self,
        shards: Shards,
        readers: Readers,
        scope: Scope,
        limits: FeedLimits,
        changes: EveryEvent | Latest,
    ) -> None:
        self.starts_over = changes.starts_over
        self._readers = readers
        self._scope = scope
        self._changes = changes
        self._pages = {
            shard: StockPages(shards, shard, scope.filter, limits.snapshot_states_max)
            for shard in range(shards.count)
        }
        self._is_complete = False
        scope.has_shown = self._has_shown

    @property
    def covered(self) -> Mapping[int, int] | None:
        """See Telling.covered."""
        return self._changes.covered if self._is_complete else None

    @property
    def held_bytes(self) -> int:
        """See Telling.held_bytes."""
        return self._changes.held_bytes

    def _has_shown(self, shard: int, event: FeedEvent) -> bool:
        place = (event.sku or "", event.location or "")
        return event.sku is not None and self._pages[shard].has_shown(event.position, place)

    async def step(self, *, is_due: bool) -> Step | None:
        """See Telling.step."""
        if self._is_complete:
            return await self._tell_changes(is_due)
        await self._scope.refresh()
        for pages in self._pages.values():
            if not pages.is_done:
                stocks = await pages.next(self._scope.places)
                self.has_moved = True
                return Snapshot("", stocks, complete=False) if stocks else None
        covered = self._changes.covered
        if all(covered[shard] >= pages.position for shard, pages in self._pages.items()):
            self._is_complete = True
            self._scope.has_shown = None
            return Snapshot(self._readers.cursor(covered), (), complete=True)
        step = await self._tell_changes(is_due)
        return None if step is None else replace(step, cursor="")

    async def _tell_changes(self, is_due: bool) -> Step | None:
        step = await self._changes.step(is_due=is_due)
        self.has_moved = self._changes.has_moved
        return step
