"""Which events a subscriber wants."""

from collections.abc import Callable

import msgspec

from engine.feed.configured import Configured
from engine.feed.group import FeedEvent, SkuKey

Predicate = Callable[[FeedEvent], bool]

Places = frozenset[str] | None
"""Locations; None: all of them."""


class Filter(msgspec.Struct, frozen=True):
    """A tenant's events, narrowed. A stock event passes if its SKU is in `skus` or begins with one
    of `sku_prefixes` (when either is given), its location is in `locations` or one of `groups`
    (when either is given), `channel` (when given) sells from there, and its kind is one of `kinds`
    (when given), which are numbers of the contract. Other events pass only if nothing but kinds is
    given. The number of entries is the caller's to limit."""

    tenant: str = ""
    skus: frozenset[str] = frozenset()
    sku_prefixes: tuple[str, ...] = ()
    locations: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    channel: str = ""
    kinds: frozenset[int] = frozenset()

    @property
    def depends_on_configuration(self) -> bool:
        """Whether what passes depends on how the node is configured."""
        return bool(self.groups or self.channel)

    @property
    def is_open(self) -> bool:
        """Whether all of the tenant's events pass."""
        return self == Filter(self.tenant)

    @property
    def keys(self) -> frozenset[SkuKey] | None:
        """All SKUs of which an event may pass or change what passes; None: they cannot be
        listed."""
        if not self.skus or self.sku_prefixes:
            return None
        named = {*self.skus, ""} if self.depends_on_configuration else self.skus
        return frozenset((self.tenant, sku) for sku in named)

    def admits(self, sku: str) -> bool:
        """Whether events of a SKU may pass."""
        if not self.skus and not self.sku_prefixes:
            return True
        return sku in self.skus or sku.startswith(self.sku_prefixes)

    def places(self, configured: Configured | None = None) -> Places:
        """The locations whose events pass, as the node is configured."""
        places: Places = None
        if self.locations or self.groups:
            members = configured.members(self.groups) if configured else frozenset[str]()
            places = self.locations | members
        if self.channel:
            sells_from = configured.sells_from(self.channel) if configured else frozenset[str]()
            if sells_from is not None:
                places = sells_from if places is None else places & sells_from
        return places

    def predicate(self, configured: Configured | None = None) -> Predicate:
        """The filter as a function of an event, as the node is configured."""
        tenant, kinds = self.tenant, self.kinds
        skus, prefixes = self.skus, self.sku_prefixes
        places = self.places(configured)
        is_narrowed = bool(skus or prefixes or self.locations or self.depends_on_configuration)
        if not is_narrowed:
            if not kinds:
                return lambda event: event.tenant == tenant
            # To call a property for each event and subscriber costs more than all the rest here.
            return lambda event: (
                event.tenant == tenant and (event.known_kind or event.kind) in kinds
            )

        def passes(event: FeedEvent) -> bool:
            sku = event.sku
            return (
                sku is not None
                and event.tenant == tenant
                and (places is None or event.location in places)
                and (sku in skus or sku.startswith(prefixes) or not (skus or prefixes))
                and (not kinds or (event.known_kind or event.kind) in kinds)
            )

        return passes
