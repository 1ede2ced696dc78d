"""What is configured for a whole node: where stock may lie, what kits consist of, how much one
customer may have. Every shard keeps a copy of its own and decides by that."""

from itertools import chain

from engine.core.channel_book import ChannelBook
from engine.core.channels import Channel
from engine.core.model import Settings, Struct


class Location(Struct, frozen=True):
    """A place that stock is sourced from. Among the locations of a group those of lower `priority`
    come first, then those whose names sort first. A disabled one takes no new promise."""

    name: str
    priority: int = 0
    region: str = ""
    enabled: bool = True
    groups: tuple[str, ...] = ()


class Component(Struct, frozen=True):
    """So many units of a SKU are in one kit."""

    sku: str
    quantity: int


class Kit(Struct, frozen=True):
    """A SKU that is sold as one and consists of others. No components: it is no kit any more."""

    sku: str
    components: tuple[Component, ...] = ()


class CustomerLimit(Struct, frozen=True):
    """How many units of a SKU one customer may have held, allocated and, within the last
    `window_ms`, shipped. 0 units: no limit; a window of 0 counts no shipped units."""

    sku: str
    units: int
    window_ms: int = 0


class Configuration:
    """All that is configured, by tenant and name. It belongs to one thread, and changes in place by
    `evolve_configuration`: copying all kits for each one defined would not do.

    Asking for what no tenant has configured costs no more than to see that the dict is empty.
    """

    def __init__(self) -> None:
        self.locations: dict[tuple[str, str], Location] = {}
        self.kits: dict[tuple[str, str], Kit] = {}
        self.customer_limits: dict[tuple[str, str], CustomerLimit] = {}
        self.holds: dict[str, Settings] = {}
        self.channels = ChannelBook()
        self._members: dict[tuple[str, str], set[str]] = {}
        self._part_of: dict[tuple[str, str], set[str]] = {}
        # Filled when a group is first asked for, emptied when one of its locations changes.
        self._enabled: dict[tuple[str, str], tuple[str, ...]] = {}
        # Filled when asked for, emptied when a location changes.
        self._sells_from: dict[tuple[str, Channel], tuple[str, ...]] = {}

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured; None if it is not: then it is enabled, in no group."""
        return self.locations.get((tenant, name)) if self.locations else None

    def kit(self, tenant: str, sku: str) -> Kit | None:
        """What the SKU consists of; None if it is no kit."""
        return self.kits.get((tenant, sku)) if self.kits else None

    def part_of(self, tenant: str, sku: str) -> str | None:
        """A kit that the SKU is a component of, the first by name; None if there is none."""
        return min(self._part_of.get((tenant, sku), ()), default=None)

    def customer_limit(self, tenant: str, sku: str) -> CustomerLimit | None:
        """How many units one customer may have; None if any number."""
        return self.customer_limits.get((tenant, sku)) if self.customer_limits else None

    def settings(self, tenant: str, default: Settings) -> Settings:
        """How long holds last: as configured, else the `default`."""
        return self.holds.get(tenant, default) if self.holds else default

    def group(self, tenant: str, group: str) -> tuple[str, ...]:
        """The enabled locations of a group in order of priority, then name; none if there is no
        such group."""
        if not self._members:
            return ()
        place = (tenant, group)
        found = self._enabled.get(place)
        if found is None and place in self._members:
            members = [self.locations[tenant, name] for name in self._members[place]]
            members.sort(key=lambda location: (location.priority, location.name))
            found = tuple(location.name for location in members if location.enabled)
            self._enabled[place] = found
        return found or ()

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, in order of preference; None: all there are."""
        if not channel.locations and not channel.location_groups:
            return None
        found = self._sells_from.get((tenant, channel))
        if found is None:
            of_groups = [self.group(tenant, group) for group in channel.location_groups]
            found = tuple(dict.fromkeys(chain(channel.locations, *of_groups)))
            self._sells_from[tenant, channel] = found
        return found

    def put_location(self, tenant: str, location: Location) -> None:
        """A location is as stated from now on."""
        self._sells_from.clear()
        place = (tenant, location.name)
        before = self.locations.get(place)
        for group in before.groups if before else ():
            self._members[tenant, group].discard(location.name)
            self._enabled.pop((tenant, group), None)
        self.locations[place] = location
        for group in location.groups:
            self._members.setdefault((tenant, group), set()).add(location.name)
            self._enabled.pop((tenant, group), None)

    def put_kit(self, tenant: str, kit: Kit) -> None:
        """A SKU is a kit as stated from now on, or, without components, is none."""
        before = self.kits.pop((tenant, kit.sku), None)
        for component in before.components if before else ():
            self._part_of[tenant, component.sku].discard(kit.sku)
        if kit.components:
            self.kits[tenant, kit.sku] = kit
        for component in kit.components:
            self._part_of.setdefault((tenant, component.sku), set()).add(kit.sku)

    def put_customer_limit(self, tenant: str, limit: CustomerLimit) -> None:
        """Customers are limited as stated from now on, or, with 0 units, are not."""
        if limit.units:
            self.customer_limits[tenant, limit.sku] = limit
        else:
            self.customer_limits.pop((tenant, limit.sku), None)
