"""How a person writes keys, basket lines, parts of reservations and times on the command line.

A key is SKU@LOCATION, a line of a basket SKU@LOCATION=QUANTITY. Only the last `=` and, before it,
the last `@` separate, so a SKU may contain both: `A=B@2@LONDON=3` asks for 3 units of `A=B@2`. A
line that leaves its location to the command's options is SKU=QUANTITY, or SKU@=QUANTITY.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

import typer
from holdfast.types import Line, PickedLine

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


def _whole(text: str, what: str) -> int:
    """A whole number, or a refusal that says of what."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{what} must be a whole number, and is {text!r}") from None


class StockKey(NamedTuple):
    """A SKU at a location."""

    sku: str
    location: str


def stock_key(text: str) -> StockKey:
    """SKU and location of SKU@LOCATION."""
    sku, separator, location = text.rpartition("@")
    if not separator or not sku or not location:
        raise typer.BadParameter(f"{text!r} must be SKU@LOCATION, such as TEA@LONDON")
    return StockKey(sku, location)


def availability_key(text: str) -> tuple[str, str]:
    """SKU and location of SKU@LOCATION; SKU@ means all locations, and so does a text without @."""
    sku, separator, location = text.rpartition("@")
    if not separator:
        sku, location = text, ""
    if not sku:
        raise typer.BadParameter(f"{text!r} must be SKU or SKU@LOCATION, such as TEA@LONDON")
    return sku, location


def basket_line(text: str) -> Line:
    """SKU@LOCATION=QUANTITY, or SKU@LOCATION=QUANTITY:MINIMUM for a best-effort basket; the
    location may be left out."""
    key, separator, quantity = text.rpartition("=")
    if not separator:
        raise typer.BadParameter(f"{text!r} must be SKU@LOCATION=QUANTITY, such as TEA@LONDON=2")
    sku, location = availability_key(key)
    units, colon, minimum = quantity.partition(":")
    return Line(
        sku=sku,
        location=location,
        quantity=_whole(units, f"the quantity of {text!r}"),
        minimum_quantity=_whole(minimum, f"the minimum of {text!r}") if colon else 0,
    )


def set_line(text: str) -> Line:
    """LINE=SKU@LOCATION=QUANTITY: what a line of a reservation is to be. The first = ends its
    id."""
    line_id, separator, rest = text.partition("=")
    if not separator or not line_id or "=" not in rest:
        raise typer.BadParameter(
            f"{text!r} must be LINE=SKU@LOCATION=QUANTITY, such as 1=TEA@LONDON=2"
        )
    return basket_line(rest)._replace(line_id=line_id)


def picked_part(text: str) -> str | tuple[str, int] | PickedLine:
    """LINE=PICKED:MISSING, LINE=PICKED, or LINE alone for all that is allocated."""
    part, colon, missing = text.rpartition(":")
    if not colon or "=" not in part:
        return reservation_part(text)
    line_id, separator, picked = part.rpartition("=")
    if not separator or not line_id:
        raise typer.BadParameter(f"{text!r} must be LINE=PICKED:MISSING, such as 1=2:1")
    return PickedLine(
        line_id,
        _whole(picked, f"the picked units of {text!r}"),
        _whole(missing, f"the missing units of {text!r}"),
    )


def component(text: str) -> tuple[str, int]:
    """SKU=UNITS: how many units of a SKU are in one kit."""
    sku, separator, units = text.rpartition("=")
    if not separator or not sku:
        raise typer.BadParameter(f"{text!r} must be SKU=UNITS, such as CUP=6")
    return sku, _whole(units, f"the units of {text!r}")


def reservation_part(text: str) -> str | tuple[str, int]:
    """LINE=QUANTITY, or LINE alone for all that the line has."""
    line_id, separator, quantity = text.rpartition("=")
    if not separator:
        return text
    if not line_id:
        raise typer.BadParameter(f"{text!r} must be LINE or LINE=QUANTITY, such as 1=2")
    return line_id, _whole(quantity, f"the quantity of {text!r}")


def channel_buffer(text: str) -> tuple[str, int]:
    """CHANNEL=UNITS."""
    channel, separator, units = text.rpartition("=")
    if not separator or not channel:
        raise typer.BadParameter(f"{text!r} must be CHANNEL=UNITS, such as marketplace=5")
    return channel, _whole(units, f"the units of {text!r}")


def duration_s(text: str) -> float:
    """Seconds of a time such as 90, 90s, 5m, 2h or 30d."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise typer.BadParameter(f"{text!r} must be a time such as 90s, 5m, 2h or 30d")
    return float(timedelta(seconds=float(found[1]) * _SECONDS[found[2]]).total_seconds())


def length(text: str) -> timedelta:
    """A length of time such as 90, 90s, 5m, 2h or 30d."""
    return timedelta(seconds=duration_s(text))


def as_of(text: str) -> datetime | str:
    """A point in time, or a cursor, which begins with a number and a dash as a time does not."""
    if re.match(r"\d+-", text) and not re.match(r"\d{4}-\d\d-", text):
        return text
    try:
        return moment(text)
    except typer.BadParameter as refused:
        raise typer.BadParameter(f"{refused}, or the cursor of an answer") from None


def moment(text: str) -> datetime:
    """A point in time in ISO 8601, with its offset from UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise typer.BadParameter(f"{text!r} must be a time such as 2026-11-20T10:00:00Z")
    return time
