"""Which events a subscriber wants."""

from collections.abc import Callable

import msgspec

from engine.feed.group import FeedEvent

Predicate = Callable[[FeedEvent], bool]


class Filter(msgspec.Struct, frozen=True):
    """A tenant's events, narrowed. A stock event passes if its SKU is in `skus` or begins with one
    of `sku_prefixes` (when either is given) and its location is in `locations` (when given). An
    event of a reservation as a whole passes only if nothing is given. The number of entries is the
    caller's to limit."""

    tenant: str = ""
    skus: frozenset[str] = frozenset()
    sku_prefixes: tuple[str, ...] = ()
    locations: frozenset[str] = frozenset()

    def predicate(self) -> Predicate:
        """The filter as a function of an event."""
        tenant, skus, prefixes, locations = (
            self.tenant,
            self.skus,
            self.sku_prefixes,
            self.locations,
        )
        if not skus and not prefixes and not locations:
            return lambda event: event.tenant == tenant

        def passes(event: FeedEvent) -> bool:
            sku = event.sku
            return (
                sku is not None
                and event.tenant == tenant
                and (not locations or event.location in locations)
                and (sku in skus or sku.startswith(prefixes) or not (skus or prefixes))
            )

        return passes
