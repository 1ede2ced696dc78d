"""Fills parts of the messages of commands in, from the arguments of their builders."""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.types import Line
from holdfast.v1 import inventory_pb2, stock_pb2

Lines = Iterable[Line | tuple[str, str, int]]
"""Lines of a basket: `Line`, or plain ``(sku, location, quantity)``."""

LineQuantities = Mapping[str, int] | Iterable[str | tuple[str, int]]
"""Lines of a reservation: ``["1"]`` for all that line 1 has, ``{"1": 2}`` or ``[("1", 2)]`` for 2
units of it."""


def set_ttl(request: Any, ttl_s: float | None, hold_class: str | None) -> None:
    """Fills in how long to hold."""
    if ttl_s is not None:
        ttl = request.ttl
        ttl.seconds, milliseconds = divmod(round(ttl_s * 1_000), 1_000)
        if milliseconds:
            ttl.nanos = milliseconds * 1_000_000
    if hold_class is not None:
        request.hold_class = enum_number(HOLD_CLASS, "hold_class", hold_class)


def _numbers(enum: Any, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix).lower(): n for name, n in enum.items() if n}


FILL = _numbers(inventory_pb2.Fill, "FILL_")
HOLD_CLASS = _numbers(inventory_pb2.HoldClass, "HOLD_CLASS_")
IF_SHORT = _numbers(inventory_pb2.IfShort, "IF_SHORT_")
REMAINDER = _numbers(inventory_pb2.Remainder, "REMAINDER_")
RELEASE_REASON = _numbers(inventory_pb2.ReleaseReason, "RELEASE_REASON_")
SELLING = _numbers(stock_pb2.Selling, "SELLING_")


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
            entry.sku, entry.location, entry.quantity, line_id, minimum_quantity = line
            entry.line_id = line_id or str(count)
            if minimum_quantity:
                entry.minimum_quantity = minimum_quantity
    return count


def add_line_quantities(request: Any, lines: LineQuantities | None) -> int:
    """Fills the lines of a reservation in: none means everything, for which the caller passes None
    and nothing else."""
    if lines is None:
        return 1
    if isinstance(lines, str):
        raise TypeError(f"lines is the string {lines!r}; it must be a list of line ids")
    count = 0
    for line in lines.items() if isinstance(lines, Mapping) else lines:
        count += 1
        entry = request.lines.add()
        if isinstance(line, str):
            entry.line_id = line
            continue
        entry.line_id, entry.quantity = line
        if not entry.quantity:
            # 0 means "all of the line" on the wire, which is never what a caller who counted to 0
            # means.
            raise ValueError(
                f"lines[{count - 1}].quantity is 0; name the line id alone for all of it"
            )
    if not count:
        raise ValueError("lines is empty; leave it out for every line")
    return count


def set_key(request: Any, sku: str, location: str) -> Any:
    """Fills in the SKU-location, whose tenant is still open; returns it."""
    key = request.key
    key.sku = sku
    key.location = location
    return key
