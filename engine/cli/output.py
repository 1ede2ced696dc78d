"""How answers look: a table for a person, or one JSON document with stable keys for a program."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def as_plain(value: Any) -> Any:
    """A value of the SDK as dictionaries, lists, text and numbers; times are ISO 8601 in UTC,
    lengths of time are seconds."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: as_plain(item) for name, item in value._asdict().items()}
    if isinstance(value, dict):
        return {str(name): as_plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    """Write a value to stdout as one JSON document on one line."""
    sys.stdout.write(json.dumps(as_plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def shown_length(value: timedelta) -> str:
    """A length of time as it is given on the command line: 1d 2h, 5m, 1.5s."""
    rest = value.total_seconds()
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count:g}{unit}")
    if rest or not parts:
        parts.append(f"{rest:g}s")
    return " ".join(parts)


def shown(value: Any) -> str:
    """A value in a table cell or sentence."""
    if isinstance(value, timedelta):
        return shown_length(value)
    if isinstance(value, tuple | list):
        if hasattr(value, "_fields"):
            return "=".join(shown(item) for item in value)
        return ", ".join(shown(item) for item in value) or "-"
    plain = as_plain(value)
    if plain is None or plain == "":
        return "-"
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    return f"{plain:,}" if isinstance(plain, int | float) else str(plain)


def console() -> Console:
    """Where people read. It is made at each use, since stdout may have been replaced meanwhile."""
    return Console(highlight=False)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under columns, numbers to the right. Nothing in a cell is taken for markup."""
    rows = [tuple(row) for row in rows]
    table = Table(title=title or None, title_justify="left")
    for index, column in enumerate(columns):
        cells = [row[index] for row in rows]
        numeric = bool(cells) and all(type(cell) in (int, float) for cell in cells)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console().print(table)


def print_records(title: str, records: Sequence[Any], always: int) -> None:
    """Print named tuples of one type as rows. The first `always` fields are shown in any case, each
    other one if it says something in any of the records."""
    if not records:
        return
    kind = type(records[0])
    columns = [
        index
        for index, field in enumerate(kind._fields)
        if index < always
        or any(record[index] != kind._field_defaults.get(field) for record in records)
    ]
    names = [kind._fields[index].removesuffix("_id").replace("_", " ") for index in columns]
    print_table(title, names, [[record[index] for index in columns] for record in records])


def print_facts(title: str, facts: Iterable[tuple[str, Any]]) -> None:
    """Print a heading and one line for each fact that there is something to say about."""
    told = [(name, value) for name, value in facts if value not in (None, "", ())]
    width = max((len(name) for name, _ in told), default=0)
    screen = console()
    screen.print(Text(title, style="bold"), soft_wrap=True)
    for name, value in told:
        screen.print(Text(f"  {name:<{width}}  {shown(value)}"), soft_wrap=True)
