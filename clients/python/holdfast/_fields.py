"""Fills parts of the messages of commands in, from the arguments of their builders."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from holdfast._command import set_length
from holdfast.types import Line, LinePart, PickedLine
from holdfast.v1 import inventory_pb2, stock_pb2

Lines = Iterable[Line | tuple[str, str, int]]
"""Lines of a basket: `Line`, or plain ``(sku, location, quantity)``."""

LineQuantities = Mapping[str, int] | Iterable[str | tuple[str, int] | LinePart]
"""Lines of a reservation: ``["1"]`` for all that line 1 has, ``{"1": 2}`` or ``[("1", 2)]`` for 2
units of it."""

PickedLines = Mapping[str, int] | Iterable[str | tuple[str, int] | PickedLine]
"""Lines that were picked: as `LineQuantities`, or `PickedLine` where units were missing."""


def set_ttl(request: Any, ttl_s: float | None, hold_class: str | None) -> None:
    """Fills in how long to hold."""
    if ttl_s is not None:
        ttl = request.ttl
        ttl.seconds, milliseconds = divmod(round(ttl_s * 1_000), 1_000)
        if milliseconds:
            ttl.nanos = milliseconds * 1_000_000
    if hold_class is not None:
        request.hold_class = enum_number(HOLD_CLASS, "hold_class", hold_class)


def numbers(enum: Any, prefix: str) -> dict[str, int]:
    """The number of each name of a protobuf enum, as the SDK writes it, except for UNSPECIFIED."""
    return {name.removeprefix(prefix).lower(): n for name, n in enum.items() if n}


FILL = numbers(inventory_pb2.Fill, "FILL_")
HOLD_CLASS = numbers(inventory_pb2.HoldClass, "HOLD_CLASS_")
STRATEGY = numbers(inventory_pb2.Strategy, "STRATEGY_")
ON_EXPIRED = numbers(inventory_pb2.OnExpired, "ON_EXPIRED_")
ON_OVERDUE = numbers(stock_pb2.OnOverdue, "ON_OVERDUE_")
IF_SHORT = numbers(inventory_pb2.IfShort, "IF_SHORT_")
REMAINDER = numbers(inventory_pb2.Remainder, "REMAINDER_")
RELEASE_REASON = numbers(inventory_pb2.ReleaseReason, "RELEASE_REASON_")
SELLING = numbers(stock_pb2.Selling, "SELLING_")


def enum_number(numbers: dict[str, int], field: str, name: str) -> Any:
    """The number of an enum's name; raises ValueError for a name that it does not have."""
    number = numbers.get(name)
    if number is None:
        raise ValueError(f"{field} is {str(name)!r}; it must be one of {', '.join(numbers)}")
    return number


def add_lines(request: Any, lines: Lines) -> int:
    """Fills a basket in; returns how many lines it has."""
    add = request.lines.add
    count = 0
    for line in lines:
        count += 1
        entry = add()
        if len(line) == 3:
            entry.sku, entry.location, entry.quantity = line
            entry.line_id = str(count)
        else:
            _fill_line(entry, line, f"lines[{count - 1}]")
            if not line.line_id:
                entry.line_id = str(count)
    return count


def add_set_lines(request: Any, lines: Iterable[Any]) -> int:
    """Fills in the lines that an amended basket has from now on; each needs its id, since a number
    made up here could be another line's."""
    count = 0
    for line in lines:
        if not isinstance(line, Line) or not line.line_id:
            raise ValueError(
                f"set_lines[{count}] must be a Line with the line_id that is changed or added"
            )
        _fill_line(request.set_lines.add(), line, f"set_lines[{count}]")
        count += 1
    return count


def _fill_line(entry: Any, line: Line, path: str) -> None:
    """Fills in a line with all that it may say."""
    sku, location, quantity, line_id, minimum, locations, group, backorder, limit = line
    entry.sku = sku
    entry.quantity = quantity
    entry.line_id = line_id
    if locations or group:
        _set_source(entry, location, locations, group, path)
    else:
        entry.location = location
    if minimum:
        entry.minimum_quantity = minimum
    if backorder:
        entry.allow_backorder = True
    if limit:
        entry.customer_limit = limit


def _set_source(entry: Any, location: str, locations: Sequence[str], group: str, path: str) -> None:
    """Fills in that a line is filled from several locations."""
    if bool(location) + bool(locations) + bool(group) > 1:
        raise ValueError(f"{path} has more than one of location, locations and group")
    if isinstance(locations, str):
        raise TypeError(f"{path}.locations is the string {locations!r}; it must be a list")
    if group:
        entry.group = group
    else:
        entry.locations.locations.extend(locations)


def set_sourcing(request: Any, strategy: str | None, split: bool | None) -> None:
    """Fills in which of several locations lines are filled from."""
    if strategy is not None:
        request.strategy = enum_number(STRATEGY, "strategy", strategy)
    if split is not None:
        request.split = split


def set_confirmation(
    request: Any, confirm_within: timedelta | None, on_overdue: str | None
) -> None:
    """Fills in by when an allocation has to be confirmed."""
    if confirm_within is not None:
        set_length(request, "confirm_within", confirm_within)
    if on_overdue is not None:
        request.on_overdue = enum_number(ON_OVERDUE, "on_overdue", on_overdue)


def set_reservation(request: Any, reservation_id: str, reservation_reference: str) -> None:
    """Fills in which reservation it is; raises ValueError unless it is named in exactly one way."""
    if bool(reservation_id) is bool(reservation_reference):
        raise ValueError(
            "name the reservation either by reservation_id or by reservation_reference; "
            f"given were {reservation_id!r} and {reservation_reference!r}"
        )
    if reservation_reference:
        request.reservation_reference = reservation_reference
    else:
        request.reservation_id = reservation_id


def add_line_quantities(request: Any, lines: LineQuantities | None) -> int:
    """Fills the lines of a reservation in: none means everything, for which the caller passes None
    and nothing else."""
    if lines is None:
        return 1
    count = 0
    for line in _parts(lines):
        count += 1
        entry = request.lines.add()
        if isinstance(line, str):
            entry.line_id = line
        elif isinstance(line, LinePart):
            entry.line_id, entry.quantity, location = line
            if location:
                entry.location = location
        else:
            _fill_part(entry, line, count - 1)
    return _filled(count)


def add_picked_lines(request: Any, lines: PickedLines | None) -> int:
    """Fills in what was picked, as `add_line_quantities` does."""
    if lines is None:
        return 1
    count = 0
    for line in _parts(lines):
        count += 1
        entry = request.lines.add()
        if isinstance(line, str):
            entry.line_id = line
        elif isinstance(line, PickedLine):
            entry.line_id, entry.quantity, entry.missing = line
        else:
            _fill_part(entry, line, count - 1)
    return _filled(count)


def _parts(lines: Any) -> Iterable[Any]:
    if isinstance(lines, str):
        raise TypeError(f"lines is the string {lines!r}; it must be a list of line ids")
    return lines.items() if isinstance(lines, Mapping) else lines


def _fill_part(entry: Any, part: tuple[str, int], index: int) -> None:
    entry.line_id, entry.quantity = part
    if not entry.quantity:
        # 0 means "all of the line" on the wire, which is never what a caller who counted to 0
        # means.
        raise ValueError(f"lines[{index}].quantity is 0; name the line id alone for all of it")


def _filled(count: int) -> int:
    if not count:
        raise ValueError("lines is empty; leave it out for every line")
    return count


def set_key(request: Any, sku: str, location: str) -> Any:
    """Fills in the SKU-location, whose tenant is still open; returns it."""
    key = request.key
    key.sku = sku
    key.location = location
    return key
