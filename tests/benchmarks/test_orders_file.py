"""How an order file becomes baskets, corrections and opening stock."""

from pathlib import Path

import pytest

from benchmarks.orders_file import (
    Basket,
    Correction,
    OrderFileError,
    opening_stock,
    read_orders,
)

HEADER = "invoice,sku,quantity,ordered_at,customer\n"


def file_of(directory: Path, *rows: str) -> Path:
    path = directory / "orders.csv"
    path.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_invoice_is_one_basket_in_the_order_of_the_file(tmp_path: Path) -> None:
    orders = read_orders(
        file_of(tmp_path, "7,TEA,2,,ann", "8,tea,1,,", "7,MUG,3,,ann", "7,TEA,1,,ann")
    )
    assert orders.work == [
        Basket("7", (("1", "TEA", 2), ("2", "MUG", 3), ("3", "TEA", 1)), "ann"),
        Basket("8", (("1", "tea", 1),), ""),
    ]
    assert orders.line_count == 4


def test_negative_lines_bring_back_or_take_away_by_the_invoice(tmp_path: Path) -> None:
    orders = read_orders(file_of(tmp_path, "C9,TEA,-2,,", "10,TEA,-3,,"))
    assert orders.work == [
        Correction("line-2", "TEA", 2, "CANCELLATION", "C9"),
        Correction("line-3", "TEA", -3, "CORRECTION", "10"),
    ]
    assert orders.opening == {"TEA": 0}


def test_every_tenth_sku_starts_with_half() -> None:
    opening = opening_stock({f"SKU-{number:02d}": 9 for number in range(21)})
    assert [sku for sku, units in opening.items() if units == 4] == ["SKU-00", "SKU-10", "SKU-20"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("7,TEA,two,,", "line 2: quantity is 'two'"),
        ("7,TEA,0,,", "line 2: an invoice, a SKU and a quantity other than 0"),
        ("7,,1,,", "line 2: an invoice, a SKU"),
        (",TEA,1,,", "line 2: an invoice, a SKU"),
        ("7,TEA", "line 2: quantity is None"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(OrderFileError, match=complaint):
        read_orders(file_of(tmp_path, row))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("invoice,article,quantity\n7,TEA,1\n", encoding="utf-8")
    with pytest.raises(OrderFileError, match="no column 'sku'"):
        read_orders(path)
