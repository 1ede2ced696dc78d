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
            wishes.append(_of_sku(line, keys))
        else:
            wishes += _of_kit(line, keys, kit)
    if len(wishes) > KIT_LINES_MAX:
        return TooManyLines(len(wishes), KIT_LINES_MAX)
    return wishes


def plain_wish(line: BasketLine) -> Wish | None:
    """The wish of a line, however the node is configured, if its SKU is no kit; None if where it
    comes from depends on that."""
    key = line.key
    if key.location:
        return _of_sku(line, (key,))
    return _of_sku(line, _at(line, line.locations)) if line.locations else None


def _of_sku(line: BasketLine, keys: tuple[Key, ...]) -> Wish:
    return Wish(line.line_id, keys, line.quantity, line.allow_backorder, line.customer_limit)


def _keys(view: View, line: BasketLine) -> tuple[Key, ...]:
    """Where a line without a location may come from; nowhere if its group has no enabled
    location."""
    return _at(line, line.locations or view.group(line.key.tenant, line.group))


def _at(line: BasketLine, locations: Iterable[str]) -> tuple[Key, ...]:
    tenant, sku = line.key.tenant, line.key.sku
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
