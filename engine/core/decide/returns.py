"""Return: shipped units come back."""

from engine.core.commands import Return
from engine.core.decide.bounds import arrival_refused
from engine.core.decide.portions import Portion, find, take
from engine.core.decide.told import to_shards
from engine.core.events import LineEvent, StockReturned
from engine.core.model import Key, Reservation, Stock
from engine.core.rejections import NotShipped, Rejection, UnknownReservation, UnknownShipment
from engine.core.view import HERE, Decision, View


def return_(view: View, command: Return, now_ms: int) -> Decision | Rejection:
    """Take shipped units back in where they left from, all or those named: of the shipment that is
    named, else of the oldest ones first. No more can come back than has left and not come back."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    reservation_id = reservation.reservation_id
    if not any(line.shipped > line.returned for line in reservation.lines):
        return NotShipped(reservation_id)
    shipment_id = command.shipment_id
    if shipment_id and all(one.shipment_id != shipment_id for one in reservation.shipments):
        return UnknownShipment(reservation_id, shipment_id)
    shipment_ids, portions = _shipped(reservation, shipment_id)
    if not any(units for _, units in portions):
        return NotShipped(reservation_id)
    taken = take(reservation_id, portions, command.lines)
    if not isinstance(taken, list):
        return taken
    refusal = _refused(view, taken, command.unavailable_cause)
    if refusal is not None:
        return refusal
    events: list[LineEvent] = [
        StockReturned(
            line.key,
            reservation_id,
            line.line_id,
            units,
            line.counted,
            name,
            command.unavailable_cause,
        )
        for name, (line, units) in zip(shipment_ids, taken, strict=True)
        if units
    ]
    return Decision(tuple(to_shards(view, reservation_id, reservation.tenant, events)))


def _shipped(reservation: Reservation, shipment_id: str) -> tuple[list[str], list[Portion]]:
    """What has not come back, oldest first, each portion with the name of its shipment: of all
    shipments, or of one. What left before shipments were recorded has none."""
    lines = {(line.line_id, line.key): line for line in reservation.lines}
    unnamed = {place: line.shipped - line.returned for place, line in lines.items()}
    units_of: dict[tuple[str, str, Key], int] = {}
    for shipment in reservation.shipments:
        for shipped in shipment.lines:
            units = shipped.shipped - shipped.returned
            unnamed[shipped.line_id, shipped.key] -= units
            if shipment_id in ("", shipment.shipment_id):
                place = (shipment.shipment_id, shipped.line_id, shipped.key)
                units_of[place] = units_of.get(place, 0) + units
    # Every line is among them, also where nothing is left of it: it is known all the same.
    first = [
        (lines[place], 0 if shipment_id else max(0, units)) for place, units in unnamed.items()
    ]
    portions = [(lines[line_id, key], units) for (_, line_id, key), units in units_of.items()]
    return [""] * len(first) + [name for name, _, _ in units_of], first + portions


def _refused(view: View, returned: list[Portion], cause: str) -> Rejection | None:
    """Why so much cannot come back to a SKU-location of this shard; None if it can."""
    units_of: dict[Key, int] = {}
    for line, units in returned:
        key = line.key
        if units and line.counted and view.shard_of(key.tenant, key.sku) == HERE:
            units_of[key] = units_of.get(key, 0) + units
    for key, units in units_of.items():
        refusal = arrival_refused(key, view.stock(key) or Stock(), units, cause)
        if refusal is not None:
            return refusal
    return None
