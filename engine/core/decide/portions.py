"""What commands on a reservation share: which one is meant, what is taken of its lines, and why
nothing is left of them.

A line of the caller is several lines here where it was filled from several locations, or where it
is a kit: then each SKU has lines of its own.
"""

from collections.abc import Callable, Sequence

from engine.core.commands import LineQuantity, OnReservation
from engine.core.decide.due import due
from engine.core.evolve import evolve_lines
from engine.core.model import Line, Reservation, ReservationStatus
from engine.core.rejections import (
    AlreadyReleased,
    AlreadyShipped,
    HoldHasExpired,
    LineQuantityExceeded,
    Rejection,
    UnknownLine,
)
from engine.core.view import View

Portion = tuple[Line, int]
"""Units of one line in one state: what there is, or what is taken of it."""


def find(view: View, command: OnReservation, now_ms: int) -> Reservation | None:
    """The tenant's reservation as of now, after what is due. None if there is none; parts of
    baskets of other shards, and what is set aside for them, are none."""
    reservation = view.reservation(command.reservation_id)
    if reservation is None or reservation.tenant != command.tenant:
        return None
    if reservation.home_shard is not None or reservation.preparing:
        return None
    if now_ms < reservation.expires_at_ms and not reservation.confirm_by_ms:
        return reservation
    deadline_ms = reservation.deadline_ms
    if deadline_ms is None or now_ms < deadline_ms:
        return reservation
    return evolve_lines(reservation, due(view, reservation, now_ms).events, now_ms)


def is_over(reservation: Reservation) -> Rejection:
    """Why nothing of a reservation is waiting, held or allocated any more."""
    status = reservation.status
    if status is ReservationStatus.EXPIRED:
        return expired(reservation)
    if status is ReservationStatus.SHIPPED:
        return AlreadyShipped(reservation.reservation_id)
    return AlreadyReleased(reservation.reservation_id)


def expired(reservation: Reservation) -> HoldHasExpired:
    """Units of it were lost to the deadline."""
    return HoldHasExpired(reservation.reservation_id, reservation.expires_at_ms)


def portions_of(reservation: Reservation, state: Callable[[Line], int]) -> list[Portion]:
    """The units of each line, in order, in a state such as `unpicked`."""
    return [(line, state(line)) for line in reservation.lines]


def allocated_backordered(line: Line) -> int:
    """Units allocated that no stock backs."""
    return line.allocated_backordered


def unpicked(line: Line) -> int:
    """Units allocated that stock backs, and that do not lie in a box."""
    return line.allocated - line.allocated_backordered - line.picked


def picked(line: Line) -> int:
    """Units that lie in a box."""
    return line.picked


def take(
    reservation_id: str, portions: list[Portion], named: Sequence[LineQuantity]
) -> list[Portion] | UnknownLine | LineQuantityExceeded:
    """What is taken of each portion when `named` is asked for; all of it when nothing is named.

    One line may have several portions: they are used up in order. A quantity counts units of the
    caller's line: of each SKU of a kit `units_each` times as many are taken, and the limit is the
    number of whole kits. Where a location is named, only what is there is taken.
    """
    if not named:
        return portions
    of_lines = _indexes_of(portions, {part.line_id for part in named})
    left = [units for _, units in portions]
    for part in named:
        of_line = of_lines[part.line_id]
        if not of_line:
            return UnknownLine(reservation_id, part.line_id)
        if part.location:
            of_line = _at(portions, of_line, part.location)
        quantity = part.quantity
        if quantity:
            limit = _whole(portions, of_line, left)
            if quantity > limit:
                return LineQuantityExceeded(reservation_id, part.line_id, quantity, limit)
        for indexes in of_line.values():
            wanted = quantity * portions[indexes[0]][0].units_each if indexes else 0
            for index in indexes:
                units = min(wanted, left[index]) if quantity else left[index]
                left[index] -= units
                wanted -= units
    return [(line, units - rest) for (line, units), rest in zip(portions, left, strict=True)]


def take_of(
    reservation: Reservation, pools: list[list[int]], named: Sequence[LineQuantity]
) -> list[list[int]] | UnknownLine | LineQuantityExceeded:
    """The same where pools, which are used up one after the other, give the units of each line of
    the reservation in one state: what is taken of each pool."""
    if not named:
        return pools
    portions = [portion for pool in pools for portion in zip(reservation.lines, pool, strict=True)]
    taken = take(reservation.reservation_id, portions, named)
    return in_pools(taken, len(pools)) if isinstance(taken, list) else taken


def whole_units(portions: Sequence[Portion], line_id: str) -> int:
    """Units of a caller's line that the portions make: of a kit, whole kits."""
    of_line = _indexes_of(portions, {line_id})[line_id]
    return _whole(portions, of_line, [units for _, units in portions])


def indexes_of(lines: Sequence[Line], line_id: str) -> dict[str, list[int]]:
    """Where a caller's line is among the lines of a reservation, by SKU."""
    of_line = _indexes_of([(line, 0) for line in lines], {line_id})[line_id]
    # Where nothing of it is left, because it was moved away, it left from nowhere.
    return {
        sku: [index for index in indexes if _is_used(lines[index])] or indexes
        for sku, indexes in of_line.items()
    }


def counts_kits(reservation: Reservation, line: Line) -> bool:
    """Whether the line has no stock of its own, but says how many kits its components make."""
    return not line.counted and any(
        other.line_id == line.line_id and other.key.sku != line.key.sku and _is_used(other)
        for other in reservation.lines
    )


def kit_of(reservation: Reservation, line: Line) -> str:
    """The SKU of the kit that the line counts, or is a component of; empty if it is of none."""
    for other in reservation.lines:
        if other.line_id == line.line_id and not other.former and counts_kits(reservation, other):
            return other.key.sku
    return ""


def in_whole_kits(portions: list[Portion], broken: set[str]) -> list[Portion]:
    """The portions without what is left over of kits whose components are not all there: of those
    lines of which that may be so."""
    if not broken:
        return portions
    left = [units for _, units in portions]
    for of_line in _indexes_of(portions, broken).values():
        kits = _whole(portions, of_line, left) if len(of_line) > 1 else 0
        for indexes in of_line.values() if len(of_line) > 1 else ():
            wanted = kits * portions[indexes[0]][0].units_each
            for index in indexes:
                left[index] = min(wanted, left[index])
                wanted -= left[index]
    return [(line, units) for (line, _), units in zip(portions, left, strict=True)]


def committed_units(reservation: Reservation) -> dict[str, int]:
    """What was ever committed of each line of the caller, in its units: of a kit, whole kits."""
    portions = [(line, line.committed) for line in reservation.lines]
    units = [line.committed for line in reservation.lines]
    of_lines = _indexes_of(portions, {line.line_id for line in reservation.lines})
    return {line_id: _whole(portions, of_line, units) for line_id, of_line in of_lines.items()}


def in_pools(taken: Sequence[Portion], count: int) -> list[list[int]]:
    """The units alone, where `portions` were those of so many states, one after the other."""
    size = len(taken) // count
    return [
        [units for _, units in taken[number * size : (number + 1) * size]]
        for number in range(count)
    ]


def _indexes_of(portions: Sequence[Portion], line_ids: set[str]) -> dict[str, dict[str, list[int]]]:
    """Where the portions of each of these lines are, by SKU."""
    of_lines: dict[str, dict[str, list[int]]] = {line_id: {} for line_id in line_ids}
    for index, (line, _) in enumerate(portions):
        of_line = of_lines.get(line.line_id)
        if of_line is not None:
            of_line.setdefault(line.key.sku, []).append(index)
    for line_id, of_line in of_lines.items():
        if len(of_line) > 1:
            of_lines[line_id] = _present(portions, of_line)
    return of_lines


def _present(portions: Sequence[Portion], of_line: dict[str, list[int]]) -> dict[str, list[int]]:
    """The SKUs that a line is of, without those that it had before an Amend gave it others, unless
    that is all it has. In a kit each component counts, also one that nothing is left of since the
    time of the kit was over while it waited for it."""
    lines = [line for line, _ in portions]
    skus = [
        sku for sku, of_sku in of_line.items() if any(not lines[index].former for index in of_sku)
    ]
    used = [sku for sku in skus if any(_is_used(lines[index]) for index in of_line[sku])]
    if not used:
        return of_line
    if all(lines[index].counted for sku in skus for index in of_line[sku]):
        # It is no kit: what is left of other SKUs than those asked about is of no concern.
        skus = [sku for sku in used if any(portions[i][1] for i in of_line[sku])] or used
    # What there is comes first: it says how many units of the SKU are one of the line.
    return {sku: sorted(of_line[sku], key=lambda index: not _is_used(lines[index])) for sku in skus}


def _is_used(line: Line) -> bool:
    return bool(line.held or line.allocated or line.waiting or line.shipped or line.expired)


def _at(
    portions: Sequence[Portion], of_line: dict[str, list[int]], location: str
) -> dict[str, list[int]]:
    """Those of a line's portions that are at a location. What only counts kits is nowhere."""
    is_kit = len(of_line) > 1
    return {
        sku: [
            index
            for index in indexes
            if (line := portions[index][0]).key.location == location
            or (is_kit and not line.counted)
        ]
        for sku, indexes in of_line.items()
    }


def _whole(portions: Sequence[Portion], of_line: dict[str, list[int]], left: Sequence[int]) -> int:
    """How many units of a line are left: of a kit, those of its scarcest component."""
    return min(
        [
            sum([left[index] for index in indexes]) // portions[indexes[0]][0].units_each
            if indexes
            else 0
            for indexes in of_line.values()
        ],
        default=0,
    )
