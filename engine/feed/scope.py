"""What a subscriber's filter means as the node is configured now."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.channels.asking import ChannelMissing
from engine.feed import kinds
from engine.feed.configured import Configurations, Configured
from engine.feed.filter import Filter, Places, Predicate
from engine.feed.group import FeedEvent, FeedGroup, SkuKey

HasShown = Callable[[int, FeedEvent], bool]
"""Whether a snapshot has shown what an event of a shard has done."""


class Candidates(NamedTuple):
    """The events of a group that may concern a subscriber, in order, and the position up to which
    these are all."""

    events: Sequence[FeedEvent]
    last_position: int


class Scope:
    """A filter that follows the configuration. Of what `keys` list, only those SKUs are looked at
    in a group."""

    def __init__(
        self, feed_filter: Filter, configurations: Configurations, *, needs_kits: bool = False
    ) -> None:
        self.filter = feed_filter
        self.configured: Configured | None = None
        self.keys: frozenset[SkuKey] | None = feed_filter.keys
        self.passes = feed_filter.predicate()
        self._is_open = feed_filter.is_open
        self.has_shown: HasShown | None = None
        """What a snapshot has told already, while one is told."""
        self.on_keys: Callable[[frozenset[SkuKey] | None], None] | None = None
        """Is called when `keys` have changed."""
        self._configurations = configurations
        self._needs_kits = needs_kits
        # Who was in the filter's groups up to the last event that was asked about, and where that
        # began.
        self._members = frozenset[str]()
        self._members_at = 0
        self._is_new = True
        self._is_needed = feed_filter.depends_on_configuration
        # The configuration has to be known up to this position, None: it is.
        self._awaited: int | None = configurations.head if self._is_needed else None

    @property
    def follows_configuration(self) -> bool:
        """Whether the configuration says what passes."""
        return self._is_needed

    @property
    def is_stale(self) -> bool:
        """Whether the configuration has to be read before anything else is looked at."""
        return self._awaited is not None

    @property
    def places(self) -> Places:
        """The locations whose events pass."""
        return self.filter.places(self.configured)

    async def refresh(self) -> None:
        """Read the configuration again, if it is stale. ShardUnavailable or HistoryDamaged if it
        cannot be, ChannelMissing if the filter's channel is not configured."""
        if self._awaited is None:
            return
        configured = await self._configurations.of(self.filter.tenant, self._awaited)
        if self.filter.channel not in {"", *configured.channels}:
            raise ChannelMissing(self.filter.channel)
        self._awaited = None
        self.configured = configured
        if self._is_new:
            self._is_new = False
            self._members = configured.members(self.filter.groups)
            self._members_at = configured.position
        self.passes = self.filter.predicate(configured)
        if self._needs_kits and self.filter.keys is not None:
            components = [
                component for sku in self.filter.skus for component in configured.kits.get(sku, ())
            ]
            tenant = self.filter.tenant
            self.keys = self.filter.keys | {(tenant, component) for component in components}
            if self.on_keys is not None:
                self.on_keys(self.keys)

    def note(self, event: FeedEvent) -> bool:
        """Take note of an event that concerns no SKU; whether the configuration is stale by it."""
        if not self._is_needed or event.kind not in kinds.READ_AGAIN:
            return False
        if event.tenant != self.filter.tenant:
            return False
        self.expire()
        return True

    def widens(self, event: FeedEvent) -> bool:
        """Whether an event of the shard that decides the configuration may have brought locations
        into the filter's groups: all that it names there, other than those that were in one
        before. To be asked about each such event in order, once."""
        groups = self.filter.groups
        if not groups or event.kind != kinds.LOCATIONS or event.tenant != self.filter.tenant:
            return False
        named = kinds.event_of(event.entry).locations_configured.locations
        members = {one.name for one in named if not groups.isdisjoint(one.groups)}
        before = self._members if self._members_at < event.position else frozenset[str]()
        self._members = self._members.difference(one.name for one in named) | members
        return not members <= before | self.filter.locations

    def begin(self) -> None:
        """A snapshot is told now: what was configured in a past that is not kept any more was not
        heard of."""
        self._is_new = True
        self.expire()

    def expire(self) -> None:
        """The configuration has changed, or may have. Other shards record that after the one that
        decides it, which therefore has it by now."""
        if self._is_needed:
            self._awaited = self._configurations.head

    def tells(self, shard: int) -> Predicate:
        """Whether an event of a shard passes, and is news."""
        passes, has_shown = self.passes, self.has_shown
        if has_shown is None:
            return passes
        return lambda event: passes(event) and not has_shown(shard, event)

    def tells_all(self, group: FeedGroup) -> bool:
        """Whether all events of a group pass, and are news, so that none need be looked at."""
        return self._is_open and self.has_shown is None and group.tenant == self.filter.tenant

    def candidates(self, group: FeedGroup, after: int, events_max: int) -> Candidates:
        """The events of a group after a position that may pass, up to the end of a commit; about so
        many are looked at."""
        keys = self.keys
        if keys is None:
            last = group.end_of_commit(min(after + events_max, group.last_position))
            first = group.first_position
            return Candidates(group.events[after + 1 - first : last + 1 - first], last)
        by_sku = group.by_sku()
        few, many = (by_sku, keys) if len(by_sku) < len(keys) else (keys, by_sku)
        found = [by_sku[key] for key in few if key in many]
        if len(found) == 1 and found[0][0].position > after:
            return Candidates(found[0], group.last_position)
        merged = [event for events in found for event in events if event.position > after]
        if len(found) > 1:
            merged.sort(key=_position)
        return Candidates(merged, group.last_position)


def _position(event: FeedEvent) -> int:
    return event.position
