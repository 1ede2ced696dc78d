"""Tells what a channel may sell, and only where that has changed.

Events say which SKUs to ask about; the numbers themselves come from the shards, as they are when
they are told. So whoever is slow is told of a SKU once, however often it has changed, and what is
kept is the SKUs to ask about and what was told of each, as a number.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from holdfast.v1 import channels_pb2
from msgspec.structs import replace

from engine.channels.asking import ChannelMissing, Unanswered
from engine.channels.facts import ChannelUpdate
from engine.feed import kinds
from engine.feed.asking import problem_of
from engine.feed.configured import CONFIGURATION_SHARD
from engine.feed.group import FeedEvent, FeedGroup
from engine.feed.limits import FeedLimits
from engine.feed.reader import ShardReader
from engine.feed.readers import Readers
from engine.feed.scope import Scope
from engine.feed.steps import Numbers, Step
from engine.feed.sweep import Sweep
from engine.feed.telling import Telling
from engine.shard.port import Overloaded, Shards, ShardUnavailable

AskNumbers = Callable[[Sequence[str]], Awaitable[Sequence[ChannelUpdate]]]
"""Gives what the channel may sell of each of these SKUs now."""


class ChannelFeed(Telling):
    """Tells the numbers of SKUs that something has happened to, and of all SKUs of a shard after
    the channel was configured anew there, or when a snapshot is told.

    A cursor lies before everything that a SKU that is yet to be asked about is known by.
    """

    starts_over = True

    def __init__(
        self,
        shards: Shards,
        readers: Readers,
        scope: Scope,
        limits: FeedLimits,
        ask: AskNumbers,
        *,
        is_snapshot: bool,
    ) -> None:
        self._shards = shards
        self._readers = readers
        self._scope = scope
        self._limits = limits
        self._ask = ask
        self._changed: dict[int, OrderedDict[str, int]] = {
            reader.feed.shard: OrderedDict() for reader in readers.all
        }
        self._changed_ms: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._relisted: set[str] = set()
        self._sweeps: dict[int, Sweep] = {}
        self._is_snapshot = is_snapshot
        self._sweeps_next = False
        self._skus_max = limits.updates_max
        self._targets: dict[int, int] | None = None
        self._looked_at = 0
        if is_snapshot:
            for shard, position in readers.positions.items():
                self._sweep(shard, position + 1, 0)

    @property
    def covered(self) -> Mapping[int, int] | None:
        """See Telling.covered."""
        return None if self._is_snapshot else self._covered()

    def _covered(self) -> Mapping[int, int]:
        covered = self._readers.positions
        for shard, changed in self._changed.items():
            if changed:
                covered[shard] = min(covered[shard], next(iter(changed.values())) - 1)
        for shard, sweep in self._sweeps.items():
            covered[shard] = min(covered[shard], sweep.from_position - 1)
        return covered

    @property
    def held_bytes(self) -> int:
        """See Telling.held_bytes."""
        return _SKU_BYTES * (len(self._told) + sum(map(len, self._changed.values())))

    @property
    def is_full(self) -> bool:
        """Whether others have their turn first."""
        return self._looked_at >= self._limits.pass_events_max or self._scope.is_stale

    @property
    def waits_for_history(self) -> bool:
        """More may have happened to the same SKUs."""
        return True

    async def step(self, *, is_due: bool) -> Step | None:
        """See Telling.step."""
        await self._scope.refresh()
        if self._targets is None:
            self._targets = self._readers.heads
        self._looked_at = 0
        self.has_moved = await self._readers.gather(self)
        positions = self._readers.positions
        is_all = all(positions[shard] >= head for shard, head in self._targets.items())
        if self._scope.is_stale or (self.has_moved and not (is_all or is_due)):
            return None
        self._targets = None
        return await self._tell()

    async def _tell(self) -> Step | None:
        is_sweeping = bool(self._sweeps)
        skus = self._longest_changed()
        if is_sweeping and (self._sweeps_next or not skus):
            updates = await self._go_on_sweeping()
        elif skus:
            updates = await self._numbers(skus)
            times = {sku: self._changed_ms.pop(sku, 0) for sku in skus}
            for changed in self._changed.values():
                for sku in skus:
                    changed.pop(sku, None)
            updates = [(update, times[update.sku]) for update, _ in updates]
        else:
            return None
        self._sweeps_next = not self._sweeps_next
        self.has_moved = True
        is_complete = self._is_snapshot and not self._sweeps
        if is_complete:
            self._is_snapshot = False
        if not updates and not is_complete:
            return None
        cursor = "" if self._is_snapshot else self._readers.cursor(self._covered())
        return Numbers(cursor, updates, is_complete)

    def _longest_changed(self) -> list[str]:
        """The SKUs to ask about next: of each shard those that have waited longest."""
        skus: dict[str, None] = {}
        each = max(self._skus_max // len(self._changed), 1)
        for changed in self._changed.values():
            for sku, _ in zip(changed, range(each), strict=False):
                skus[sku] = None
        return list(skus)

    async def _go_on_sweeping(self) -> list[tuple[ChannelUpdate, int]]:
        shard, sweep = next(iter(self._sweeps.items()))
        updates = await self._numbers(await sweep.next(self._skus_max))
        sweep.note_told()
        if sweep.is_done:
            del self._sweeps[shard]
        recorded_at_ms = 0 if self._is_snapshot else sweep.recorded_at_ms
        return [(update, recorded_at_ms) for update, _ in updates]

    async def _numbers(self, skus: Sequence[str]) -> list[tuple[ChannelUpdate, int]]:
        """Of these SKUs, what differs from what was told last. It is taken for told."""
        if not skus:
            return []
        try:
            updates = await self._ask(skus)
        except ChannelMissing as missing:
            # Not any more; or it is new, and a shard is yet to hear of it.
            self._scope.expire()
            raise ShardUnavailable(CONFIGURATION_SHARD) from missing
        except Unanswered as unanswered:
            raise problem_of(unanswered) from unanswered
        except Overloaded as overloaded:
            raise ShardUnavailable(overloaded.shard) from overloaded
        news = map(self._news, updates)
        return [(update, 0) for update in news if update is not None]

    def _news(self, update: ChannelUpdate) -> ChannelUpdate | None:
        """What is to be told, if an update differs from what was told last. A SKU that the channel
        sells nowhere is told of as well: it may have been sold before, as far as whoever listens
        knows. So is, once, one that is not to be told of any more, because it has lost its
        listings: as nothing that may be sold."""
        sku = update.sku
        before = self._told.pop(sku, None)
        may_be_known = before is not None or sku in self._relisted
        self._relisted.discard(sku)
        if not update.told:
            return replace(update, units=0, unlimited=False) if may_be_known else None
        digest = hash((update.units, update.unlimited, update.locations, update.listing))
        self._told[sku] = digest
        return update if digest != before else None

    def take(self, reader: ShardReader, group: FeedGroup) -> None:
        """Note which SKUs are to be asked about."""
        tenant = self._scope.filter.tenant
        shard = reader.feed.shard
        room = self._limits.pass_events_max - self._looked_at
        events, position = self._scope.candidates(group, reader.position, room)
        self._looked_at += len(events) + 1
        for event in events:
            if event.tenant != tenant:
                continue
            if event.sku is not None:
                self._note_changed(shard, event.sku, event.position, group.recorded_at_ms)
            elif event.kind in kinds.CONFIGURATION:
                self._note_configured(shard, event, group.recorded_at_ms)
                if self._scope.note(event):
                    position = event.position
                    break
        reader.position = position

    def _note_changed(self, shard: int, sku: str, position: int, recorded_at_ms: int) -> None:
        configured = self._scope.configured
        kits = configured.kits_of.get(sku, ()) if configured is not None else ()
        for each in (sku, *kits):
            if self._scope.filter.admits(each):
                self._changed[shard].setdefault(each, position)
                self._changed_ms[each] = max(self._changed_ms.get(each, 0), recorded_at_ms)

    def _note_configured(self, shard: int, event: FeedEvent, recorded_at_ms: int) -> None:
        """Some events of the configuration name the SKUs that they concern; after all others, any
        SKU of the shard may be concerned."""
        skus = self._named(event)
        if skus is None:
            self._sweep(shard, event.position, recorded_at_ms)
            return
        for sku in skus:
            if self._scope.filter.admits(sku):
                self._note_changed(shard, sku, event.position, recorded_at_ms)

    def _named(self, event: FeedEvent) -> Iterable[str] | None:
        message = kinds.event_of(event.entry)
        channel = self._scope.filter.channel
        if event.kind == kinds.KIT:
            return (message.kit_defined.kit.sku,)
        if event.kind == kinds.LISTINGS:
            mapped = message.listings_mapped
            return self._relists(mapped.listings) if mapped.channel == channel else ()
        if event.kind == kinds.BUFFER:
            return (message.buffer_computed.buffer.sku,)
        if event.kind == kinds.POLICIES:
            policies = message.channel_policies_set.policies
            if all(policy.WhichOneof("scope") == "sku" for policy in policies):
                return [policy.sku for policy in policies]
        return None

    def _relists(self, listings: Iterable[channels_pb2.Listing]) -> Iterable[str]:
        """Note which SKUs may have lost a listing: they are known to whoever listens, even if this
        feed has not told of them yet."""
        skus = {each.sku for each in listings}
        self._relisted.update(filter(self._scope.filter.admits, skus))
        return skus

    def _sweep(self, shard: int, position: int, recorded_at_ms: int) -> None:
        """Ask about all SKUs of a shard, whatever was asked about them before."""
        before = self._sweeps.pop(shard, None)
        from_position = position if before is None else before.from_position
        self._sweeps[shard] = Sweep(
            self._shards, shard, self._scope, self._limits, from_position, recorded_at_ms
        )


_SKU_BYTES = 150
"""What a SKU takes in memory, about."""
