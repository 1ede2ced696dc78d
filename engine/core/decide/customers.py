"""How many units of a SKU one customer has, where that is limited. Nothing is counted in advance:
the reservations themselves say it, so no counter can drift from them."""

from collections.abc import Iterable, Mapping

from engine.core.model import Reservation
from engine.core.rejections import CustomerRequired
from engine.core.view import View, Wish


def allowed_to_customer(
    view: View, customer: str, wish: Wish, taken: Mapping[str, int], now_ms: int
) -> int | CustomerRequired | None:
    """Units that the customer may still have for a wish, below 0 if there are too many already;
    None if that is not limited. `taken` are those that the same command took before, by SKU."""
    key = wish.keys[0]
    sku = key.sku
    configured = view.customer_limit(key.tenant, sku)
    if configured is None and not wish.customer_limit:
        return None
    if not customer:
        return CustomerRequired(wish.line_id, sku)
    limits = [configured.units] if configured else []
    if wish.customer_limit:
        limits.append(wish.customer_limit)
    window_ms = configured.window_ms if configured else 0
    since_ms = now_ms - window_ms if window_ms else None
    has = units_of(view.of_customer(key.tenant, sku, customer), sku, since_ms)
    return min(limits) - has + wish.given_back - taken.get(sku, 0)


def units_of(reservations: Iterable[Reservation], sku: str, since_ms: int | None) -> int:
    """Units of the SKU in the reservations: waiting, held and allocated ones and, after `since_ms`
    (None: never), those shipped and not returned."""
    units = 0
    for reservation in reservations:
        for line in reservation.lines:
            if line.key.sku == sku:
                units += line.waiting + line.held + line.allocated
        if since_ms is not None:
            units += sum(
                line.shipped - line.returned
                for shipment in reservation.shipments
                if shipment.shipped_at_ms > since_ms
                for line in shipment.lines
                if line.key.sku == sku
            )
    return units
