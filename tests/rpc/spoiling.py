"""Ways in which a request can be wrong, as rows of tables."""

from collections.abc import Callable
from typing import Any, NamedTuple

LONG = "x" * 129
LONG_IN_BYTES = "\u00e9" * 65


class Row(NamedTuple):
    """One way to be wrong: what is set, and what the refusal names."""

    methods: list[str]
    field: str
    spoil: Callable[[Any], object]
    value: str
    limit: str


def put(path: str, value: Any) -> Callable[[Any], object]:
    """Set the field at a path such as "lines[0].sku"."""

    def spoil(request: Any) -> None:
        *parents, name = path.split(".")
        target = request
        for parent in parents:
            parent_name, _, index = parent.rstrip("]").partition("[")
            target = getattr(target, parent_name)
            target = target[int(index)] if index else target
        current = getattr(target, name)
        if hasattr(current, "CopyFrom"):
            current.CopyFrom(value)
        elif hasattr(current, "extend"):
            del current[:]
            current.extend(value)
        else:
            setattr(target, name, value)

    return spoil


def row(methods: list[str], field: str, value: Any, shown: str, limit: str) -> Row:
    """A row that sets the very field that the refusal names."""
    return Row(methods, field, put(field, value), shown, limit)


def texts(methods: list[str], field: str, *, required: bool = False) -> list[Row]:
    """The ways in which an id can be wrong."""
    rows = [
        row(methods, field, LONG, "xxxx", "at most 128 bytes of UTF-8"),
        row(methods, field, LONG_IN_BYTES, "\u00e9\u00e9", "at most 128 bytes of UTF-8"),
        row(methods, field, "a\x00b", "a\\x00b", "without control characters"),
        row(methods, field, "a\nb", "a\\nb", "without control characters"),
        row(methods, field, "a\x85b", "a\\x85b", "without control characters"),
        row(methods, field, " a", '" a"', "without spaces before or after"),
        row(methods, field, "a\u00a0", '"a\\xa0"', "without spaces before or after"),
    ]
    return [*rows, row(methods, field, "", "", "1 to 128 bytes")] if required else rows


def numbers(methods: list[str], field: str, low: int, high: int) -> list[Row]:
    """The ways in which a number can be out of range."""
    values = [low - 1, high + 1, -(2**63), 2**63 - 1]
    return [row(methods, field, value, str(value), f"{low} to {high}") for value in values]
