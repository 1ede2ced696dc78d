"""The state that a decision's own events make, before anything is applied: what decides the second
half of a turn of one command, such as who gets the units that its first half has freed."""

from collections.abc import Iterable, Sequence

from engine.core.channels import Channel
from engine.core.configuration import Location
from engine.core.events import KEYLESS_EVENTS, Event
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Key, Reservation, Stock
from engine.core.view import View


class Working:
    """A view with events on top of it."""

    def __init__(self, view: View, now_ms: int, events: Iterable[Event]) -> None:
        self.view = view
        self.channels = view.channels
        self._now_ms = now_ms
        self._stocks: dict[Key, Stock] = {}
        self._of_reservation: dict[str, list[Event]] = {}
        self._reservations: dict[str, Reservation] = {}
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """One more event has happened."""
        if type(event) not in KEYLESS_EVENTS:
            key: Key = event.key  # type: ignore[union-attr]
            stock = self._stocks.get(key) or self.view.stock(key)
            self._stocks[key] = evolve_stock(stock, event)  # type: ignore[arg-type]
        reservation_id: str = getattr(event, "reservation_id", "")
        if reservation_id:
            self._of_reservation.setdefault(reservation_id, []).append(event)
            self._reservations.pop(reservation_id, None)

    def stock(self, key: Key) -> Stock | None:
        """The SKU-location after the events."""
        return self._stocks.get(key) or self.view.stock(key)

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured."""
        return self.view.location(tenant, name)

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, best first; None: all there are."""
        return self.view.sells_from(tenant, channel)

    def locations(self, tenant: str, sku: str) -> Sequence[str]:
        """The locations that have the SKU after the events, in order of name."""
        stored = self.view.locations(tenant, sku)
        new = [key.location for key in self._stocks if (key.tenant, key.sku) == (tenant, sku)]
        return sorted({*stored, *new})

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation after the events."""
        events = self._of_reservation.get(reservation_id)
        before = self.view.reservation(reservation_id)
        if not events:
            return before
        after = self._reservations.get(reservation_id)
        if after is None:
            after = evolve_lines(before, events, self._now_ms)
            self._reservations[reservation_id] = after
        return after
