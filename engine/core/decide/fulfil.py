"""Commands of the warehouse on what is allocated: Pick, Unpick and Ship."""

from collections.abc import Iterable, Sequence

from engine.core.commands import LineQuantity, Pick, PickedLine, Ship, Unpick
from engine.core.decide.bounds import out_of_range, shortfall, too_unavailable
from engine.core.decide.portions import (
    Portion,
    allocated_backordered,
    find,
    in_pools,
    in_whole_kits,
    is_over,
    picked,
    portions_of,
    take,
    unpicked,
    whole_units,
)
from engine.core.decide.told import to_shards
from engine.core.decide.unexpected import ship_unexpectedly
from engine.core.events import (
    AllocationPicked,
    AllocationUnpicked,
    LineEvent,
    PickFellShort,
    ShortfallDetected,
    StockShipped,
)
from engine.core.limits import MISSING_CAUSE
from engine.core.model import IfShort, Key, Reservation, Stock
from engine.core.rejections import (
    LineQuantityExceeded,
    NotBacked,
    NotCommitted,
    Rejection,
    UnknownReservation,
)
from engine.core.view import HERE, Decision, View


def pick(view: View, command: Pick, now_ms: int) -> Decision | Rejection:
    """Put allocated units into a box, all or those named: those with stock behind them that lie in
    none yet.

    What the picker did not find stays allocated, and may not be sold until somebody has looked.
    """
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    refusal = nothing_allocated(reservation)
    if refusal is not None:
        return refusal
    found = _picked(reservation, command.lines)
    if not isinstance(found, tuple):
        return found
    in_boxes, missing = found
    refusal = _too_much_missing(view, missing)
    if refusal is not None:
        return refusal
    reservation_id, tenant = reservation.reservation_id, reservation.tenant
    events: list[LineEvent] = [
        AllocationPicked(line.key, reservation_id, line.line_id, units, line.counted)
        for line, units in in_boxes
        if units
    ]
    events += [
        PickFellShort(line.key, reservation_id, line.line_id, units, line.counted)
        for line, units in missing
        if units
    ]
    shortfalls = _shortfalls(view, missing)
    return Decision((*to_shards(view, reservation_id, tenant, events), *shortfalls))


def _picked(
    reservation: Reservation, named: Sequence[PickedLine]
) -> tuple[list[Portion], list[Portion]] | Rejection:
    """What is put into a box, and what was looked for in vain."""
    reservation_id = reservation.reservation_id
    portions = portions_of(reservation, unpicked)
    together = [LineQuantity(part.line_id, part.quantity + part.missing) for part in named]
    taken = _take_backed(reservation, portions, together)
    if not isinstance(taken, list):
        return taken
    missing = [LineQuantity(part.line_id, part.missing) for part in named if part.missing]
    if not missing:
        return taken, []
    portions = in_whole_kits(portions, _beyond_stock(reservation))
    nothing = [(line, 0) for line, _ in portions]
    found = [
        LineQuantity(part.line_id, part.quantity)
        for part in named
        if part.quantity or not part.missing
    ]
    in_boxes = take(reservation_id, portions, found) if found else nothing
    if not isinstance(in_boxes, list):
        return in_boxes
    left = [
        (line, units - gone) for (line, units), (_, gone) in zip(portions, in_boxes, strict=True)
    ]
    not_found = take(reservation_id, left, missing)
    return (in_boxes, not_found) if isinstance(not_found, list) else not_found


def unpick(view: View, command: Unpick, now_ms: int) -> Decision | Rejection:
    """Put picked units back on the shelf, all or those named. They stay allocated."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    refusal = nothing_allocated(reservation)
    if refusal is not None:
        return refusal
    reservation_id = reservation.reservation_id
    taken = take(reservation_id, portions_of(reservation, picked), command.lines)
    if not isinstance(taken, list):
        return taken
    events = [
        AllocationUnpicked(line.key, reservation_id, line.line_id, units, line.counted)
        for line, units in taken
        if units
    ]
    return Decision(tuple(to_shards(view, reservation_id, reservation.tenant, events)))


def ship(view: View, command: Ship, now_ms: int) -> Decision | Rejection:
    """Let allocated units leave, all or those named, picked ones first; held ones must be committed
    before, and backordered ones wait for stock. Told, whatever has left has left."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if command.if_unexpected is IfShort.RECORD:
        shipped = ship_unexpectedly(view, reservation, command, _shipment_id(reservation, command))
        if isinstance(shipped, Decision) and not shipped.events:
            return nothing_allocated(reservation) or shipped
        return shipped
    refusal = nothing_allocated(reservation)
    if refusal is not None:
        return refusal
    portions = portions_of(reservation, picked) + portions_of(reservation, unpicked)
    taken = _take_backed(reservation, portions, command.lines)
    if not isinstance(taken, list):
        return taken
    refusal = _too_far_below(view, taken)
    if refusal is not None:
        return refusal
    reservation_id = reservation.reservation_id
    shipment_id = _shipment_id(reservation, command)
    in_boxes, others = in_pools(taken, 2)
    events = [
        StockShipped(
            line.key, reservation_id, line.line_id, units, line.counted, in_box, shipment_id
        )
        for line, in_box, other in zip(reservation.lines, in_boxes, others, strict=True)
        if (units := in_box + other)
    ]
    return Decision(tuple(to_shards(view, reservation_id, reservation.tenant, events)))


def nothing_allocated(reservation: Reservation) -> Rejection | None:
    """Why nothing of a reservation is allocated; None if anything is."""
    if any(line.allocated for line in reservation.lines):
        return None
    if reservation.is_open:
        return NotCommitted(reservation.reservation_id)
    return is_over(reservation)


def _shipment_id(reservation: Reservation, command: Ship) -> str:
    """The name of the shipment: as the command says, else its number, which no other one has."""
    if command.reference:
        return command.reference
    names = {shipment.shipment_id for shipment in reservation.shipments}
    number = len(names) + 1
    while str(number) in names:
        number += 1
    return str(number)


def _take_backed(
    reservation: Reservation, portions: list[Portion], named: Sequence[LineQuantity]
) -> list[Portion] | Rejection:
    """What is taken of units with stock behind them, and of kits whole ones.

    Where more is asked for than those, and backordered units would make up for it, these are why it
    is refused; so they are where everything is asked for and nothing else is there.
    """
    reservation_id = reservation.reservation_id
    beyond_stock = _beyond_stock(reservation)
    taken = take(reservation_id, in_whole_kits(portions, beyond_stock), named)
    if not beyond_stock:
        return taken
    unbacked = portions_of(reservation, allocated_backordered)
    if isinstance(taken, LineQuantityExceeded):
        beyond = take(reservation_id, portions + unbacked, named)
        if isinstance(beyond, LineQuantityExceeded) and beyond.line_id == taken.line_id:
            return beyond
        return NotBacked(reservation_id, taken.line_id, taken.asked, taken.limit)
    if isinstance(taken, list) and not any(units for _, units in taken):
        without = take(reservation_id, unbacked, named)
        for line, units in without if isinstance(without, list) else ():
            if units:
                asked = whole_units(portions + unbacked, line.line_id)
                return NotBacked(reservation_id, line.line_id, asked, 0)
    return taken


def _beyond_stock(reservation: Reservation) -> set[str]:
    """The lines with allocated units that no stock backs."""
    return {line.line_id for line in reservation.lines if line.allocated_backordered}


def _too_far_below(view: View, shipped: Iterable[Portion]) -> Rejection | None:
    """The refusal of a shipment that would drive a balance on hand out of its range."""
    for key, units in _of_this_shard(view, shipped).items():
        refusal = out_of_range(key, "on_hand", (view.stock(key) or Stock()).on_hand - units)
        if refusal is not None:
            return refusal
    return None


def _too_much_missing(view: View, missing: Iterable[Portion]) -> Rejection | None:
    """The refusal of more missing units than a SKU-location takes in as unavailable."""
    for key, units in _of_this_shard(view, missing).items():
        refusal = too_unavailable(key, view.stock(key) or Stock(), MISSING_CAUSE, units)
        if refusal is not None:
            return refusal
    return None


def _shortfalls(view: View, missing: Iterable[Portion]) -> list[ShortfallDetected]:
    """What is promised and not there, because units are missing."""
    return [
        event
        for key, units in _of_this_shard(view, missing).items()
        if (stock := view.stock(key)) is not None
        for event in shortfall(view, key, stock, -units)
    ]


def _of_this_shard(view: View, portions: Iterable[Portion]) -> dict[Key, int]:
    """The units that move a balance of this shard, by SKU-location."""
    by_key: dict[Key, int] = {}
    for line, units in portions:
        key = line.key
        if units and line.counted and view.shard_of(key.tenant, key.sku) == HERE:
            by_key[key] = by_key.get(key, 0) + units
    return by_key
