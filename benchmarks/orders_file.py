"""Reads a file of order lines into baskets, cancellations and corrections, and says what stock they
start from.

Columns: invoice, sku, quantity, ordered_at, customer; others are ignored. An invoice is one basket:
its lines with a positive quantity, in the order of the file, which may name a SKU more than once.
SKUs are taken as spelled. A negative line of an invoice that begins with C is a cancellation, goods
come back; any other negative line is a correction, goods are gone.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

SCARCE_EVERY = 10
"""Every so many SKUs, in order of name, start with half of what is ordered of them."""


class OrderFileError(Exception):
    """The file cannot be replayed; the message names the line."""


class Basket(NamedTuple):
    """What one invoice orders: (line id, SKU, quantity), line ids by position."""

    invoice: str
    lines: tuple[tuple[str, str, int], ...]
    customer: str


class Correction(NamedTuple):
    """Units that came back (a positive `delta`, of a cancellation) or are gone (a negative one)."""

    name: str
    sku: str
    delta: int
    reason: str
    reference: str


class Orders(NamedTuple):
    """A whole file. `work` is in the file's order: each invoice where its first line stands."""

    work: list[Basket | Correction]
    opening: dict[str, int]
    line_count: int

    @property
    def baskets(self) -> list[Basket]:
        """The invoices that order something."""
        return [each for each in self.work if isinstance(each, Basket)]


def read_orders(path: Path) -> Orders:
    """Read a file. OrderFileError if a line cannot be understood."""
    lines_by_invoice: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    customers: dict[str, str] = {}
    work: list[str | Correction] = []
    ordered: dict[str, int] = {}
    line_count = 0
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            line_count += 1
            invoice, sku, quantity = _order_line(row, f"{path.name}, line {number}")
            ordered.setdefault(sku, 0)
            if quantity < 0:
                work.append(_correction(number, invoice, sku, quantity))
                continue
            if invoice not in lines_by_invoice:
                work.append(invoice)
                customers[invoice] = row.get("customer") or ""
            basket = lines_by_invoice[invoice]
            basket.append((str(len(basket) + 1), sku, quantity))
            ordered[sku] += quantity
    return Orders(
        work=[
            Basket(each, tuple(lines_by_invoice[each]), customers[each])
            if isinstance(each, str)
            else each
            for each in work
        ],
        opening=opening_stock(ordered),
        line_count=line_count,
    )


def opening_stock(ordered: dict[str, int]) -> dict[str, int]:
    """Units of each SKU to begin with: what is ordered of it, and half of that for every tenth."""
    return {
        sku: ordered[sku] // 2 if index % SCARCE_EVERY == 0 else ordered[sku]
        for index, sku in enumerate(sorted(ordered))
    }


def _order_line(row: dict[str, str], place: str) -> tuple[str, str, int]:
    try:
        invoice, sku, quantity = row["invoice"], row["sku"], int(row["quantity"])
    except KeyError as error:
        raise OrderFileError(f"{place}: there is no column {error}") from None
    except (TypeError, ValueError):
        raise OrderFileError(f"{place}: quantity is {row['quantity']!r}, not a number") from None
    if not invoice or not sku or quantity == 0:
        raise OrderFileError(f"{place}: an invoice, a SKU and a quantity other than 0 are needed")
    return invoice, sku, quantity


def _correction(number: int, invoice: str, sku: str, quantity: int) -> Correction:
    if invoice.startswith("C"):
        return Correction(f"line-{number}", sku, -quantity, "CANCELLATION", invoice)
    return Correction(f"line-{number}", sku, quantity, "CORRECTION", invoice)
