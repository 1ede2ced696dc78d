"""From the lines of a basket to wishes for single SKUs: kits become their components, groups and
preference lists become locations."""

from collections.abc import Iterable

from engine.core.commands import BasketLine
from engine.core.limits import KIT_LINES_MAX
from engine.core.rejections import TooManyLines, UnknownGroup
from engine.core.view import View, Wish


def wishes_of(
    view: View, lines: Iterable[BasketLine]
) -> list[tuple[BasketLine, tuple[Wish, ...]]] | UnknownGroup | TooManyLines:
    """Each line with its wishes: one, or for a kit one to count it and one for each component."""
    found: list[tuple[BasketLine, tuple[Wish, ...]]] = []
    count = 0
    for line in lines:
        locations = _locations(view, line)
        if not locations:
            return UnknownGroup(line.line_id, line.group)
        wishes = _wishes(view, line, locations)
        count += len(wishes)
        found.append((line, wishes))
    if count > KIT_LINES_MAX:
        return TooManyLines(count, KIT_LINES_MAX)
    return found


def _locations(view: View, line: BasketLine) -> tuple[str, ...]:
    """Where the line may come from; none if its group has no enabled location."""
    if line.key.location:
        return (line.key.location,)
    return line.locations or view.group(line.key.tenant, line.group)


def _wishes(view: View, line: BasketLine, locations: tuple[str, ...]) -> tuple[Wish, ...]:
    tenant, sku = line.key.tenant, line.key.sku
    kit = view.kit(tenant, sku)
    if kit is None:
        return (
            Wish(
                line.line_id,
                tenant,
                sku,
                line.quantity,
                locations,
                line.allow_backorder,
                line.customer_limit,
            ),
        )
    counting = Wish(
        line.line_id,
        tenant,
        sku,
        line.quantity,
        locations[:1],
        customer_limit=line.customer_limit,
        counting=True,
    )
    return (
        counting,
        *(
            Wish(
                line.line_id,
                tenant,
                component.sku,
                line.quantity * component.quantity,
                locations,
                line.allow_backorder,
                units_each=component.quantity,
            )
            for component in kit.components
        ),
    )
