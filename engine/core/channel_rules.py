"""How many units of a SKU a caller may have where channels are configured: pure rules over the
stock of that one SKU.

An allocation is a fence. Units of it that its channel has not taken yet are invisible to every
other caller, wherever the channel sells from: whatever is taken, any channels with a fence must
still find all that is fenced for them at their locations together. By Hall's theorem that is so if
and only if each set of them finds as much at its locations together as is fenced for it, so that
each set is a limit to what others take there. There are at most 255 of these sets, see
`limits.ALLOCATIONS_PER_SKU_MAX`; those that sell from the same locations are one limit.

Fences that stock cannot serve any more are as high as it can serve: those of channels whose names
sort first come first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from engine.core.availability import available_to
from engine.core.channel_book import ChannelBook
from engine.core.channels import (
    DEFAULT_BUFFER_PERCENT,
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
)
from engine.core.configuration import Location
from engine.core.model import Key, Selling, Stock, Struct


class Places(Protocol):
    """What the rules look at beside stock: a View has all of it."""

    channels: ChannelBook

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured."""

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, best first; None: all there are."""

    def locations(self, tenant: str, sku: str) -> Sequence[str]:
        """The locations of this shard that have the SKU, in order of name."""


class Fence(Struct, frozen=True):
    """Locations from which others may take no more than `room` units together."""

    locations: frozenset[str]
    room: int


class Share(Struct, frozen=True):
    """What a caller may have of a SKU. `locations` are those it may be served from that have the
    SKU, in order of preference, with what is available to it there; None: any, and of how much was
    not asked. `limit` None: only the fences limit it in all.

    The facts that it follows from: units there for anyone, those of them fenced for others, the
    channel's buffer, its terms, and what it has taken of its allocation.
    """

    fences: tuple[Fence, ...] = ()
    locations: Mapping[str, int] | None = None
    limit: int | None = None
    terms: ChannelTerms | None = None
    available_units: int = 0
    others_units: int = 0
    buffer_units: int = 0
    used_units: int = 0

    def sells_at(self, location: str) -> bool:
        """Whether the caller may be served from there at all."""
        return self.locations is None or location in self.locations

    def free(self, location: str, taken: Mapping[str, int]) -> int:
        """How many units it may have from there, as far as that depends on other locations, when it
        has taken so many already, by location, since these numbers were made; below 0, it has given
        them back. What is available there is another limit."""
        rooms = [
            fence.room - sum([taken.get(name, 0) for name in fence.locations])
            for fence in self.fences
            if location in fence.locations
        ]
        if self.limit is not None:
            rooms.append(self.limit - sum(taken.values()))
        return min(rooms)

    def less(self, units: Mapping[str, int]) -> "Share":
        """The same where so many units that are given back, by location, come free to nobody: what
        is fenced cannot be served by them."""
        fences = [
            Fence(one.locations, one.room - sum([units.get(name, 0) for name in one.locations]))
            for one in self.fences
        ]
        return replace(self, fences=tuple(fences))

    def is_bounded(self, location: str) -> bool:
        """Whether anything but what is available there limits what it may have from there."""
        return self.limit is not None or any(location in one.locations for one in self.fences)

    def at_most(self, location: str, units: int) -> int:
        """How many of so many units available there it may have at once."""
        if not self.sells_at(location):
            return 0
        return min(units, self.free(location, {})) if self.is_bounded(location) else units

    def beyond_stock(self, taken: int) -> int | None:
        """Units that it may be promised without stock behind them when it has been promised so many
        at once; None: any number. A channel with an allocation has none."""
        if self.terms is None:
            return None
        if self.terms.allocation_units is not None:
            return 0
        cap = self.terms.cap_units
        return None if cap is None else max(0, cap - taken)

    def by_location(self) -> dict[str, int]:
        """What it may have from each location if it takes as much as it may from those before it.
        Only where `locations` are known."""
        taken: dict[str, int] = {}
        for location, available in (self.locations or {}).items():
            free = available
            if self.is_bounded(location):
                free = min(free, self.free(location, taken))
            taken[location] = max(0, free)
        return taken


def share_of(
    places: Places,
    stock: Callable[[Key], Stock | None],
    tenant: str,
    channel: str,
    sku: str,
    *,
    all_locations: bool = False,
) -> Share | None:
    """What a channel, or whoever sells without one, may have of a SKU of this shard; None: whatever
    is available, for no configured channel is concerned. `all_locations`: never None, and with the
    locations also of a caller who may be served from anywhere."""
    book = places.channels
    configured = book.channel(tenant, channel)
    if configured is None and not all_locations and not book.is_allocated(tenant, sku):
        return None
    shelf = _Shelf(places, stock, tenant, sku)
    served = _served(book, shelf, tenant, sku)
    fences = _fences([one for one in served if one.channel.name != channel], shelf)
    if configured is None and not all_locations:
        return Share(fences) if fences else None
    names = shelf.of(None if configured is None else places.sells_from(tenant, configured))
    own = {name: shelf.available_to(name, channel) for name in names}
    if configured is None:
        return Share(fences, own)
    there, most = sum(own.values()), _most(own, fences)
    terms, _ = book.terms(tenant, configured, sku)
    buffer = _buffer_units(book, tenant, configured.name, sku, terms, most)
    limit = max(0, most - buffer)
    if terms.cap_units is not None:
        limit = min(limit, terms.cap_units)
    fence = next((one.units for one in served if one.channel.name == channel), 0)
    if terms.allocation_units is not None:
        limit = min(limit, fence)
    used = _used(terms, configured.name, shelf)
    return Share(fences, own, limit, terms, there, there - most, buffer, used)


def served_fences(
    places: Places, stock: Callable[[Key], Stock | None], tenant: str, sku: str
) -> dict[str, int]:
    """As much of each channel's fence as stock can serve, by channel."""
    return {one.channel.name: one.units for one in fences_served(places, stock, tenant, sku)}


class Served(Struct, frozen=True):
    """A channel with an allocation, and as much of what it has not taken of it as stock can
    serve, from these locations that have the SKU."""

    channel: Channel
    locations: frozenset[str]
    units: int


def fences_served(
    places: Places, stock: Callable[[Key], Stock | None], tenant: str, sku: str
) -> list[Served]:
    """All fences of a SKU, each as high as stock can serve it beside those before it."""
    return _served(places.channels, _Shelf(places, stock, tenant, sku), tenant, sku)


def are_served(
    served: Sequence[Served],
    places: Places,
    stock: Callable[[Key], Stock | None],
    tenant: str,
    sku: str,
) -> bool:
    """Whether fences can still be served, by stock that has moved since."""
    shelf = _Shelf(places, stock, tenant, sku)
    moved = [Served(one.channel, shelf.sells_from(one.channel), one.units) for one in served]
    return all(fence.room >= 0 for fence in _fences(moved, shelf))


def sells(places: Places, key: Key, stock: Stock) -> bool:
    """Whether new promises may be made from a SKU-location."""
    if stock.selling is Selling.STOPPED:
        return False
    location = places.location(key.tenant, key.location)
    return location is None or location.enabled


def useless(
    places: Places, stock: Callable[[Key], Stock | None], sku: str, given: Mapping[Key, int]
) -> dict[str, int]:
    """Of units of a SKU that are given back, by location, those that come free to nobody: nothing
    is sold there, or more was promised than there is."""
    found = {}
    for key, units in given.items():
        at = stock(key) if key.sku == sku else None
        if at is not None:
            free = 0
            if at.tracked and sells(places, key, at):
                free = max(0, at.available + units) - max(0, at.available)
            found[key.location] = units - free
    return found


def kit_buffer_units(terms: ChannelTerms, policy: ChannelPolicy | None, kits: int) -> int:
    """How many of the kits that components make a channel leaves to others, by its terms for the
    kit's SKU. Components have their own buffers, so only one that a policy states counts here; a
    dynamic one is none, for it follows from stock, and a kit has none."""
    buffer = terms.buffer if policy is not None else None
    if buffer is None or buffer.dynamic is not None:
        return 0
    return _units_of(buffer, kits)


class _Shelf:
    """The SKU at all its locations, each looked at once."""

    def __init__(
        self, places: Places, stock: Callable[[Key], Stock | None], tenant: str, sku: str
    ) -> None:
        self._places = places
        self._stock = stock
        self._tenant = tenant
        self._sku = sku
        self._found: dict[str, Stock | None] = {}
        self._everywhere: Sequence[str] | None = None

    def of(self, names: Iterable[str] | None) -> list[str]:
        """Those of the locations that have the SKU, in their order; None: all that have it."""
        if self._everywhere is None:
            self._everywhere = self._places.locations(self._tenant, self._sku)
        if names is None:
            return list(self._everywhere)
        there = set(self._everywhere)
        return [name for name in names if name in there]

    def stocks(self) -> list[Stock]:
        """The stock everywhere."""
        return [stock for name in self.of(None) if (stock := self._at(name)) is not None]

    def available(self, name: str) -> int:
        """Units that may be promised there to anyone. Where nothing is counted, nothing is
        fenced."""
        stock = self._open(name)
        return max(0, stock.available) if stock is not None and stock.tracked else 0

    def available_to(self, name: str, channel: str) -> int:
        """The same less the channel's own buffer at this location."""
        stock = self._open(name)
        return max(0, available_to(stock, channel)) if stock is not None and stock.tracked else 0

    def _at(self, name: str) -> Stock | None:
        if name not in self._found:
            self._found[name] = self._stock(Key(self._tenant, self._sku, name))
        return self._found[name]

    def _open(self, name: str) -> Stock | None:
        """The stock there, if new promises may be made from it."""
        stock = self._at(name)
        key = Key(self._tenant, self._sku, name)
        return stock if stock is not None and sells(self._places, key, stock) else None

    def sells_from(self, channel: Channel) -> frozenset[str]:
        """The locations with the SKU that a channel sells from."""
        return frozenset(self.of(self._places.sells_from(self._tenant, channel)))


def _served(book: ChannelBook, shelf: _Shelf, tenant: str, sku: str) -> list[Served]:
    """All fences, each as high as those before it leave it."""
    served: list[Served] = []
    for channel, terms in book.allocations(tenant, sku):
        used = _used(terms, channel.name, shelf)
        locations = shelf.sells_from(channel)
        units = max(0, (terms.allocation_units or 0) - used)
        own = {name: shelf.available(name) for name in locations}
        served.append(Served(channel, locations, min(units, _most(own, _fences(served, shelf)))))
    return served


def _fences(served: Sequence[Served], shelf: _Shelf) -> tuple[Fence, ...]:
    """The limits that fences are to others: one for each set of channels, of which the narrowest
    counts where several sets sell from the same locations."""
    needed: dict[frozenset[str], int] = {frozenset(): 0}
    for one in served:
        if one.units:
            for locations, units in list(needed.items()):
                union = locations | one.locations
                needed[union] = max(needed.get(union, 0), units + one.units)
    return tuple(
        Fence(locations, sum(map(shelf.available, locations)) - units)
        for locations, units in needed.items()
        if locations
    )


def _most(own: Mapping[str, int], fences: Iterable[Fence]) -> int:
    """How many units may be taken of `own` in all. One fence is what limits it: a set of channels
    with all the others' is a set too."""
    total = sum(own.values())
    least = total
    for fence in fences:
        inside = sum([units for name, units in own.items() if name in fence.locations])
        least = min(least, total - inside + min(inside, fence.room))
    return max(0, least)


def _used(terms: ChannelTerms, channel: str, shelf: _Shelf) -> int:
    """Units that a channel has taken of the allocation that its terms state."""
    if terms.allocation_units is None:
        return 0
    return sum(
        use.units
        for stock in shelf.stocks()
        for use in stock.channel_uses
        if use.channel == channel and use.since_ms == terms.allocation_since_ms
    )


def _buffer_units(
    book: ChannelBook, tenant: str, channel: str, sku: str, terms: ChannelTerms, units: int
) -> int:
    """How many of the units that a channel could have it leaves to others."""
    buffer = terms.buffer
    if buffer is None:
        if terms.allocation_units is not None:
            return 0
        buffer = Buffer(percent=DEFAULT_BUFFER_PERCENT)
    computed = book.computed_buffer(tenant, channel, sku) if buffer.dynamic else None
    if computed is not None:
        return computed.units
    return _units_of(buffer, units)


def _units_of(buffer: Buffer, units: int) -> int:
    """The size of a buffer, stated or not computed yet, where so many units are there."""
    if buffer.units is not None:
        return buffer.units
    percent = DEFAULT_BUFFER_PERCENT if buffer.percent is None else buffer.percent
    return -(-units * percent // 100)
