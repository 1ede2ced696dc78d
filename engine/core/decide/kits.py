"""What holds for whole kits beside their components: a channel's own terms for the kit's SKU."""

from collections.abc import Sequence

from engine.core.channel_rules import Share, kit_buffer_units, sells
from engine.core.channels import ChannelPolicy, ChannelTerms
from engine.core.model import Key
from engine.core.view import Grant, Terms, View, Wish


def room_for_kits(
    view: View, terms: Terms, wish: Wish, share: Share | None, taken: int
) -> int | None:
    """How many units of a kit's wish the channel may be promised at once by its terms for the kit,
    when kits have taken so many by the same command; None: any number. `share` is what it may have
    of a component. What is beyond that neither waits nor is backordered, because who waits is
    served by the terms of the component alone.

    The cap is one of the kits that are counted. The buffer is left of each component: of the kits
    that it makes. All components make as many as the scarcest of them, also after the buffer, so no
    shard has to know of the others.
    """
    if terms.told:
        return None
    channel = view.channels.channel(wish.tenant, terms.channel)
    if channel is None:
        return None
    of_kit, policy = view.channels.terms(wish.tenant, channel, wish.kit)
    if wish.counting:
        limit = of_kit.cap_units
    else:
        limit = _units_after_buffer(view, wish, share, of_kit, policy)
    return None if limit is None else max(0, limit + wish.given_back - taken)


def _units_after_buffer(
    view: View, wish: Wish, share: Share | None, terms: ChannelTerms, policy: ChannelPolicy | None
) -> int | None:
    if share is None or share.limit is None or share.locations is None:
        return None
    kits = share.limit // wish.units_each
    buffer = kit_buffer_units(terms, policy, kits)
    if not buffer:
        return None
    for location in share.locations:
        key = Key(wish.tenant, wish.sku, location)
        stock = view.stock(key)
        if stock is not None and not stock.tracked and sells(view, key, stock):
            return None
    return max(0, kits - buffer) * wish.units_each


def at_most(grants: Sequence[Grant], units: int) -> tuple[Grant, ...]:
    """The first so many units of the grants."""
    kept = []
    for grant in grants:
        quantity = min(grant.quantity, units)
        waiting = min(grant.waiting, units - quantity)
        units -= quantity + waiting
        if quantity or waiting:
            # What no stock backs goes first.
            backordered = max(0, grant.backordered - (grant.quantity - quantity))
            kept.append(
                Grant(grant.key, quantity, grant.counted, backordered, waiting, grant.place)
            )
    return tuple(kept)
