"""Reads the CSV file of `holdfast channel map`: every row becomes a listing, or a complaint."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from holdfast.channels import Listing

from engine.cli.stock_file import BadRow, Columns, check_utf8, csv_rows
from engine.rpc.checks import InvalidField, check_required, check_text

COLUMNS = Columns(required=("sku", "item"), optional=("location", "shop", "external_location"))


class ListingRow(msgspec.Struct, frozen=True):
    """A listing, and the line it begins in."""

    line: int
    listing: Listing


def read_rows(file: Path) -> Iterator[ListingRow | BadRow]:
    """Every row that is not blank, in order. StockFileError if the header cannot be used."""
    first_lines: dict[tuple[str, str], int] = {}
    for found in csv_rows(file, COLUMNS):
        if isinstance(found, BadRow):
            yield found
            continue
        line, cells = found
        yield _row(line, cells, first_lines)


def _row(
    line: int, cells: dict[str, str], first_lines: dict[tuple[str, str], int]
) -> ListingRow | BadRow:
    """The row, checked cell by cell with the server's own rules. An empty item removes a
    listing."""
    try:
        for column, cell in cells.items():
            check_utf8(column, cell)
            check_text(cell, column)
        check_required(cells["sku"], "sku")
    except InvalidField as refused:
        return BadRow(line, refused.field, refused.value, refused.limit)
    listing = Listing(**cells)
    first = first_lines.setdefault((listing.sku, listing.location), line)
    if first != line:
        place = f"{listing.sku}@{listing.location}"
        return BadRow(line, "sku", place, f"once, and line {first} has it")
    return ListingRow(line, listing)
