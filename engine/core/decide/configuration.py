"""Commands that configure the node: what is so already makes no event."""

from engine.core.commands import ConfigureHolds, ConfigureLocations, DefineKit, LimitCustomers
from engine.core.configuration import CustomerLimit, Kit, Location
from engine.core.events import CustomersLimited, HoldsConfigured, KitDefined, LocationsConfigured
from engine.core.limits import PREFERENCES_MAX
from engine.core.model import Key, Settings
from engine.core.rejections import KitInKit, Rejection, TooMany
from engine.core.view import Decision, View


def configure_locations(
    view: View, command: ConfigureLocations, _now_ms: int
) -> Decision | Rejection:
    """State how locations are. Groups stay small enough for one line to be filled from."""
    tenant = command.tenant
    changed = tuple(
        location
        for location in command.locations
        if view.location(tenant, location.name) != location
    )
    refusal = _group_too_large(view, tenant, changed)
    if refusal is not None:
        return refusal
    return Decision((LocationsConfigured(tenant, changed),) if changed else ())


def define_kit(view: View, command: DefineKit, _now_ms: int) -> Decision | Rejection:
    """State what a SKU consists of. Kits do not nest."""
    tenant, sku = command.tenant, command.sku
    if command.components:
        contained_in = view.part_of(tenant, sku)
        if contained_in is not None:
            return KitInKit(contained_in, sku)
    for component in command.components:
        if component.sku == sku or view.kit(tenant, component.sku) is not None:
            return KitInKit(sku, component.sku)
    kit = Kit(sku, command.components)
    if kit == (view.kit(tenant, sku) or Kit(sku)):
        return Decision()
    return Decision((KitDefined(tenant, kit),))


def limit_customers(view: View, command: LimitCustomers, _now_ms: int) -> Decision | Rejection:
    """State how many units of a SKU one customer may have."""
    tenant, sku, units = command.tenant, command.sku, command.units
    # Without a limit there is nothing that a window could be of.
    window_ms = command.window_ms if units else 0
    before = view.customer_limit(tenant, sku) or CustomerLimit(sku, 0)
    if before == CustomerLimit(sku, units, window_ms):
        return Decision()
    return Decision((CustomersLimited(tenant, sku, units, window_ms),))


def configure_holds(view: View, command: ConfigureHolds, _now_ms: int) -> Decision | Rejection:
    """State how long holds last from now on."""
    before = view.settings
    stated = Settings(
        command.cart_ms or before.hold_cart_ms,
        command.checkout_ms or before.hold_checkout_ms,
        command.order_ms or before.hold_order_ms,
    )
    if stated == before:
        return Decision()
    times = (stated.hold_cart_ms, stated.hold_checkout_ms, stated.hold_order_ms)
    return Decision((HoldsConfigured(command.tenant, *times),))


def _group_too_large(view: View, tenant: str, changed: tuple[Location, ...]) -> TooMany | None:
    """The refusal of a group that would have too many enabled locations; None if none would."""
    groups = dict.fromkeys(group for location in changed for group in location.groups)
    for group in groups:
        members = set(view.group(tenant, group))
        for location in changed:
            if location.enabled and group in location.groups:
                members.add(location.name)
            else:
                members.discard(location.name)
        if len(members) > PREFERENCES_MAX:
            added = next(one for one in changed if group in one.groups)
            key = Key(tenant, "", added.name)
            return TooMany(key, "groups", len(members), PREFERENCES_MAX)
    return None
