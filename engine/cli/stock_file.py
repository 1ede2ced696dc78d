"""Reads the CSV file of `holdfast load`: every row becomes stock to seed, or a complaint."""

import csv
import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec

from engine.core.limits import BALANCE_MAX, ID_BYTES_MAX, QUANTITY_MAX
from engine.rpc.checks import InvalidField, check_range, check_required, check_text

UNITS_MAX = {"on_hand": BALANCE_MAX, "safety_stock": QUANTITY_MAX}
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
TRUTH_LIMIT = "true or false, yes or no, 1 or 0"


class Columns(NamedTuple):
    """The columns that a file must and may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...]


COLUMNS = Columns(("sku", "location", "on_hand"), ("tenant", "safety_stock", "tracked"))


class StockRow(msgspec.Struct, frozen=True):
    """Stock to seed. What the file leaves open is None, a tenant "" is the caller's own."""

    line: int
    sku: str
    location: str
    on_hand: int
    tenant: str
    safety_stock: int | None
    tracked: bool | None


class BadRow(msgspec.Struct, frozen=True):
    """A row that is not loaded: the line it begins in, the column, its value, what is allowed."""

    line: int
    column: str
    value: str
    allowed: str


class StockFileError(Exception):
    """The file as a whole cannot be loaded."""


def content_hash(file: Path) -> str:
    """Names the file's content, so that a load of the same content is recognised."""
    digest = hashlib.blake2b(digest_size=12)
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_rows(file: Path) -> Iterator[StockRow | BadRow]:
    """Every row that is not blank, in order. StockFileError if the header cannot be used."""
    first_lines: dict[tuple[str, str, str], int] = {}
    for found in csv_rows(file, COLUMNS):
        yield found if isinstance(found, BadRow) else _row(*found, first_lines)


def csv_rows(file: Path, known: Columns) -> Iterator[tuple[int, dict[str, str]] | BadRow]:
    """Every row below the header that is not blank: the line that it begins in, and its cells by
    column. StockFileError if the header cannot be used."""
    # Bytes that are not UTF-8 are carried along, so that only their row is refused, by name.
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        yield from _read(opened, known)


def _read(opened: TextIO, known: Columns) -> Iterator[tuple[int, dict[str, str]] | BadRow]:
    reader = csv.reader(opened)
    columns = [name.strip().lower() for name in next(reader, [])]
    _check_header(columns, known)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BadRow(line, "row", "", f"CSV: {error}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            allowed = f"{len(columns)} cells, as in the header"
            yield BadRow(line, "row", f"{len(cells)} cells", allowed)
            continue
        yield line, dict(zip(columns, cells, strict=True))


def _check_header(columns: list[str], known: Columns) -> None:
    """Refuse a header that lacks, repeats or misspells a column."""
    names = (*known.required, *known.optional)
    expected = f"{', '.join(known.required)}, and optionally {', '.join(known.optional)}"
    for column in columns:
        if column not in names:
            (near,) = difflib.get_close_matches(column, names, n=1, cutoff=0.0)
            raise StockFileError(
                f"line 1: unknown column {column!r}, did you mean {near}? Allowed: {expected}"
            )
        if columns.count(column) > 1:
            raise StockFileError(f"line 1: column {column} stands there twice")
    missing = [column for column in known.required if column not in columns]
    if missing:
        raise StockFileError(f"line 1: column {missing[0]} is missing. Needed: {expected}")


def _row(
    line: int, cells: dict[str, str], first_lines: dict[tuple[str, str, str], int]
) -> StockRow | BadRow:
    """The row, checked cell by cell with the server's own rules."""
    try:
        for column, cell in cells.items():
            check_utf8(column, cell)
        row = StockRow(
            line=line,
            sku=_required(cells, "sku"),
            location=_required(cells, "location"),
            on_hand=_units(cells, "on_hand"),
            tenant=_text(cells, "tenant"),
            safety_stock=_units(cells, "safety_stock") if cells.get("safety_stock") else None,
            tracked=_truth(cells, "tracked") if cells.get("tracked") else None,
        )
    except InvalidField as refused:
        return BadRow(line, refused.field, refused.value, refused.limit)
    first = first_lines.setdefault((row.tenant, row.sku, row.location), line)
    if first != line:
        return BadRow(line, "sku", f"{row.sku}@{row.location}", f"once, and line {first} has it")
    return row


def check_utf8(column: str, cell: str) -> None:
    """Refuse a cell with bytes that are not UTF-8."""
    if cell.isascii():
        return
    try:
        cell.encode()
    except UnicodeEncodeError:
        raw = cell.encode("utf-8", "surrogateescape")
        limit = f"at most {ID_BYTES_MAX} bytes of UTF-8"
        raise InvalidField(column, raw.decode("ascii", "backslashreplace"), limit) from None


def _required(cells: dict[str, str], column: str) -> str:
    """A text that must be there."""
    check_required(cells[column], column)
    return cells[column]


def _text(cells: dict[str, str], column: str) -> str:
    """A text that may be empty or missing."""
    value = cells.get(column, "")
    check_text(value, column)
    return value


def _units(cells: dict[str, str], column: str) -> int:
    """A number of units from 0."""
    value, maximum = cells[column].strip(), UNITS_MAX[column]
    if not (value.isascii() and value.isdigit()) or len(value) > 20:
        raise InvalidField(column, value, f"a whole number from 0 to {maximum}")
    check_range(int(value), 0, maximum, column)
    return int(value)


def _truth(cells: dict[str, str], column: str) -> bool:
    """A yes or no."""
    value = cells[column].strip().lower()
    if value not in TRUTH:
        raise InvalidField(column, cells[column], TRUTH_LIMIT)
    return TRUTH[value]
