"""How many units of a SKU one customer has, where that is limited. Nothing is counted in advance:
the reservations themselves say it, so no counter can drift from them."""

from collections.abc import Iterable

from engine.core.model import Reservation
from engine.core.rejections import CustomerRequired
from engine.core.view import Grant, View, Wish


class CustomerUnits:
    """What a customer has, and takes by the command that is decided."""

    __slots__ = ("_before_kit", "_customer", "_now_ms", "_taken", "_view")

    def __init__(self, view: View, customer: str, now_ms: int) -> None:
        self._view = view
        self._customer = customer
        self._now_ms = now_ms
        self._taken: dict[str, int] = {}

    def allowed(self, wish: Wish) -> int | CustomerRequired | None:
        """Units that the customer may still have for a wish, below 0 if there are too many already;
        None if that is not limited."""
        key = wish.keys[0]
        sku = key.sku
        configured = self._view.customer_limit(key.tenant, sku)
        if configured is None and not wish.customer_limit:
            return None
        if not self._customer:
            return CustomerRequired(wish.line_id, sku)
        limits = [configured.units] if configured else []
        if wish.customer_limit:
            limits.append(wish.customer_limit)
        window_ms = configured.window_ms if configured else 0
        since_ms = self._now_ms - window_ms if window_ms else None
        reservations = self._view.of_customer(key.tenant, sku, self._customer)
        has = units_of(reservations, sku, since_ms)
        return min(limits) - has + wish.given_back - self._taken.get(sku, 0)

    def take(self, wish: Wish, grants: Iterable[Grant]) -> None:
        """The customer takes these units by the command."""
        if self._customer:
            sku = wish.sku
            units = sum([grant.quantity + grant.waiting for grant in grants])
            self._taken[sku] = self._taken.get(sku, 0) + units

    def begin_kit(self) -> None:
        """What follows are the wishes of one kit."""
        self._before_kit = dict(self._taken)

    def forget_kit(self) -> None:
        """They are filled again."""
        self._taken = self._before_kit


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
