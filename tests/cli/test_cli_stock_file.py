"""The file of `holdfast load`: what is stock, and what is a complaint about a row."""

from pathlib import Path

import pytest

from engine.cli.stock_file import BadRow, StockFileError, StockRow, content_hash, read_rows


def rows_of(tmp_path: Path, content: str | bytes) -> list[StockRow | BadRow]:
    file = tmp_path / "stock.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(file))


def stock_row(line: int, sku: str, location: str, on_hand: int) -> StockRow:
    return StockRow(line, sku, location, on_hand, "", None, None)


def test_the_least_and_the_most_that_a_file_may_say(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "sku,location,on_hand\nTEA,LONDON,5\n") == [
        stock_row(2, "TEA", "LONDON", 5)
    ]
    everything = (
        "\ufeffTenant,SKU,Location,On_hand,Safety_stock,Tracked\r\n"
        "shop,TEA,LONDON,5,2,yes\r\n"
        ",Tea,LONDON,0,,\r\n"
        "\r\n"
        ',"a ""quoted"", sku",LONDON, 7 ,0,FALSE\r\n'
    )
    assert rows_of(tmp_path, everything) == [
        StockRow(2, "TEA", "LONDON", 5, "shop", 2, True),
        StockRow(3, "Tea", "LONDON", 0, "", None, None),
        StockRow(5, 'a "quoted", sku', "LONDON", 7, "", 0, False),
    ]


BAD_ROWS = [
    # row, column, value, allowed
    (",LONDON,5", "sku", "", "1 to 128 bytes of UTF-8"),
    ("TEA,,5", "location", "", "1 to 128 bytes of UTF-8"),
    (f"{'x' * 129},LONDON,5", "sku", "x" * 64 + "...", "at most 128 bytes"),
    ("TEA\x07,LONDON,5", "sku", "TEA\\x07", "without control characters"),
    (" TEA,LONDON,5", "sku", '" TEA"', "without spaces before or after"),
    ("TEA,LONDON,", "on_hand", "", "a whole number from 0 to 1000000000000000"),
    ("TEA,LONDON,five", "on_hand", "five", "a whole number from 0"),
    ("TEA,LONDON,5.0", "on_hand", "5.0", "a whole number from 0"),
    ("TEA,LONDON,-1", "on_hand", "-1", "a whole number from 0"),
    ("TEA,LONDON,1000000000000001", "on_hand", "1000000000000001", "0 to 1000000000000000"),
    ("TEA,LONDON,\N{ARABIC-INDIC DIGIT FIVE}", "on_hand", "\N{ARABIC-INDIC DIGIT FIVE}", "whole"),
    ("TEA,LONDON", "row", "2 cells", "3 cells, as in the header"),
    ("TEA,LONDON,5,6", "row", "4 cells", "3 cells, as in the header"),
]


@pytest.mark.parametrize(("row", "column", "value", "allowed"), BAD_ROWS)
def test_a_bad_row_is_named_and_its_neighbours_are_kept(
    tmp_path: Path, row: str, column: str, value: str, allowed: str
) -> None:
    first, bad, last = rows_of(
        tmp_path, f"sku,location,on_hand\nFIRST,LONDON,1\n{row}\nLAST,LONDON,3\n"
    )
    assert (first, last) == (
        stock_row(2, "FIRST", "LONDON", 1),
        stock_row(4, "LAST", "LONDON", 3),
    )
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.value) == (3, column, value)
    assert allowed in bad.allowed


def test_optional_cells_are_checked_too(tmp_path: Path) -> None:
    header = "sku,location,on_hand,safety_stock,tracked\n"
    bad = rows_of(tmp_path, f"{header}A,L,1,-2,\nB,L,1,1000000000001,\nC,L,1,,perhaps\n")
    assert [(row.line, row.column) for row in bad if isinstance(row, BadRow)] == [
        (2, "safety_stock"),
        (3, "safety_stock"),
        (4, "tracked"),
    ]


def test_bytes_that_are_not_utf8_spoil_their_row_alone(tmp_path: Path) -> None:
    bad, good = rows_of(tmp_path, b"sku,location,on_hand\nCAF\xe9,L,1\nCAF\xc3\xa9,L,1\n")
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.value) == (2, "sku", "CAF\\xe9")
    assert good == stock_row(3, "CAF\N{LATIN SMALL LETTER E WITH ACUTE}", "L", 1)


def test_a_cell_beyond_all_measure_spoils_its_row_alone(tmp_path: Path) -> None:
    bad, good = rows_of(tmp_path, f"sku,location,on_hand\n{'x' * 200_000},L,1\nA,L,1\n")
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column) == (2, "row")
    assert "field larger than field limit" in bad.allowed
    assert good == stock_row(3, "A", "L", 1)


def test_a_key_that_comes_twice_is_loaded_once(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "sku,location,on_hand\nA,L,1\na,L,2\nA,M,3\nA,L,4\n")
    assert rows[:3] == [
        stock_row(2, "A", "L", 1),
        stock_row(3, "a", "L", 2),
        stock_row(4, "A", "M", 3),
    ]
    assert rows[3] == BadRow(5, "sku", "A@L", "once, and line 2 has it")


def test_a_row_over_several_lines_is_named_by_its_first(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'sku,location,on_hand\n"A\nB",L,1\nC,L,x\n')
    assert [(row.line, row.column) for row in rows if isinstance(row, BadRow)] == [
        (2, "sku"),
        (4, "on_hand"),
    ]


BAD_HEADERS = [
    ("", "column sku is missing"),
    ("sku,location\n", "column on_hand is missing"),
    ("sku,location,onhand\n", "unknown column 'onhand', did you mean on_hand?"),
    ("sku,location,on_hand,sku\n", "column sku stands there twice"),
    ("sku;location;on_hand\n", "unknown column 'sku;location;on_hand'"),
]


@pytest.mark.parametrize(("header", "expected"), BAD_HEADERS)
def test_a_file_without_the_right_columns_is_refused(
    tmp_path: Path, header: str, expected: str
) -> None:
    with pytest.raises(StockFileError) as refused:
        rows_of(tmp_path, header)
    assert expected in str(refused.value)


def test_the_same_content_has_the_same_name(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("a")
    same.write_text("a")
    other.write_text("b")
    assert content_hash(one) == content_hash(same) != content_hash(other)
