"""From the lines of a basket to wishes for single SKUs: kits become their components, groups and
preference lists become locations."""

from collections.abc import Iterable

from engine.core.commands import BasketLine
from engine.core.configuration import Kit
from engine.core.limits import KIT_LINES_MAX
from engine.core.model import Key
from engine.core.rejections import TooManyLines, UnknownGroup
from engine.core.view import View, Wish


def wishes_of(view: View, lines: Iterable[BasketLine]) -> list[Wish] | UnknownGroup | TooManyLines:
    """The wishes of each line, in order: one, or for a kit one to count it and one for each
    component."""
    wishes: list[Wish] = []
    for line in lines:
        key = line.key
        keys = (key,) if key.location else _keys(view, line)
        if not keys:
            return UnknownGroup(line.line_id, line.group)
        kit = view.kit(key.tenant, key.sku)
        if kit is None:
            wishes.append(
                Wish(line.line_id, keys, line.quantity, line.allow_backorder, line.customer_limit)
            )
        else:
            wishes += _of_kit(line, keys, kit)
    if len(wishes) > KIT_LINES_MAX:
        return TooManyLines(len(wishes), KIT_LINES_MAX)
    return wishes


def _keys(view: View, line: BasketLine) -> tuple[Key, ...]:
    """Where a line without a location may come from; nowhere if its group has no enabled
    location."""
    tenant, sku = line.key.tenant, line.key.sku
    locations = line.locations or view.group(tenant, line.group)
    return tuple([Key(tenant, sku, location) for location in locations])


def _of_kit(line: BasketLine, keys: tuple[Key, ...], kit: Kit) -> list[Wish]:
    counting = Wish(
        line.line_id,
        keys,
        line.quantity,
        customer_limit=line.customer_limit,
        counting=True,
        of_kit=True,
        kit=kit.sku,
    )
    components = [
        Wish(
            line.line_id,
            tuple([Key(key.tenant, component.sku, key.location) for key in keys]),
            line.quantity * component.quantity,
            line.allow_backorder,
            units_each=component.quantity,
            of_kit=True,
            kit=kit.sku,
        )
        for component in kit.components
    ]
    return [counting, *components]
