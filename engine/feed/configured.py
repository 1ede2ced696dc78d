"""How the node is configured, as far as a feed depends on it: which locations are in a group, where
a channel sells from, what is in a kit."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from engine.core.channels import Channel
from engine.feed.asking import look_up
from engine.shard.channel_queries import ChannelsPlace, ChannelsRead, ReadChannels
from engine.shard.port import Shards
from engine.shard.queries import ConfigurationRead, ReadConfiguration

CONFIGURATION_SHARD = 0
"""The shard that decides what is configured."""

TENANTS_MAX = 256
"""Tenants whose configuration is kept; of others it is read again."""

_PAGE = 1_000
_LOCATIONS, _KITS, _CUSTOMER_LIMITS = range(3)


class Configured(msgspec.Struct, frozen=True):
    """What is configured for a tenant, at least up to a position of the shard that decides it."""

    position: int
    groups: Mapping[str, frozenset[str]]
    """The locations of each group, also those that are disabled."""
    channels: Mapping[str, frozenset[str] | None]
    """Where each channel sells from; None: everywhere."""
    kits: Mapping[str, tuple[str, ...]]
    """The components of each kit."""
    kits_of: Mapping[str, tuple[str, ...]]
    """The kits that a SKU is in."""

    def members(self, groups: Iterable[str]) -> frozenset[str]:
        """The locations of any of these groups."""
        return frozenset().union(*(self.groups.get(group, ()) for group in groups))

    def sells_from(self, channel: str) -> frozenset[str] | None:
        """Where a channel sells from; None: everywhere; nowhere if it is not configured."""
        return self.channels.get(channel, frozenset())


class Configurations:
    """What is configured for each tenant, read when somebody needs it and kept for others."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._kept: dict[str, Configured] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def head(self) -> int:
        """Up to where the shard that decides it is known."""
        return self._shards.feed(CONFIGURATION_SHARD).head

    async def of(self, tenant: str, at_least: int) -> Configured:
        """What is configured for a tenant, at least up to a position of the shard that decides it.
        Whoever comes while it is read shares what was read. ShardUnavailable or HistoryDamaged if
        it cannot be."""
        lock = self._locks.setdefault(tenant, asyncio.Lock())
        async with lock:
            kept = self._kept.get(tenant)
            if kept is None or kept.position < at_least:
                kept = await self._read(tenant, at_least)
                self._keep(tenant, kept)
            return kept

    def _keep(self, tenant: str, configured: Configured) -> None:
        self._kept[tenant] = configured
        for other in list(self._kept)[:-TENANTS_MAX]:
            if not self._locks[other].locked():
                del self._kept[other], self._locks[other]

    async def _read(self, tenant: str, at_least: int) -> Configured:
        groups: dict[str, set[str]] = {}
        kits: dict[str, tuple[str, ...]] = {}
        positions: list[int] = []
        kind, name = _LOCATIONS, ""
        while True:
            question = ReadConfiguration(tenant, _PAGE, kind, name, at_least)
            read = await look_up(self._shards, CONFIGURATION_SHARD, question, ConfigurationRead)
            positions.append(read.position)
            for location in read.locations:
                for group in location.groups:
                    groups.setdefault(group, set()).add(location.name)
            for kit in read.kits:
                kits[kit.sku] = tuple(component.sku for component in kit.components)
            if read.customer_limits or not read.has_more:
                break
            kind = _KITS if read.kits else _LOCATIONS
            name = read.kits[-1].sku if read.kits else read.locations[-1].name
        members = {group: frozenset(names) for group, names in groups.items()}
        channels: dict[str, frozenset[str] | None] = {}
        place: ChannelsPlace | None = ChannelsPlace()
        while place is not None and place.kind == 0:
            ask = ReadChannels(tenant, "", _PAGE, place, at_least)
            page = await look_up(self._shards, CONFIGURATION_SHARD, ask, ChannelsRead)
            positions.append(page.position)
            for channel in page.channels:
                channels[channel.name] = _sells_from(channel, members)
            place = page.next_place
        # Later pages may show more than the first: what that covers, all of them cover.
        return Configured(positions[0], members, channels, kits, _inverted(kits))


def _sells_from(channel: Channel, members: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """The locations of a channel; None if it names none."""
    if not channel.locations and not channel.location_groups:
        return None
    of_groups = (members.get(group, frozenset()) for group in channel.location_groups)
    return frozenset(channel.locations).union(*of_groups)


def _inverted(kits: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The kits by what is in them."""
    found: dict[str, list[str]] = {}
    for kit, components in kits.items():
        for component in components:
            found.setdefault(component, []).append(kit)
    return {component: tuple(names) for component, names in found.items()}
