"""What a person may write on the command line, and what a mistake is answered with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from holdfast.types import Line, PickedLine
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.arguments import (
    as_of,
    availability_key,
    basket_line,
    channel_buffer,
    component,
    duration_s,
    length,
    moment,
    picked_part,
    reservation_part,
    set_line,
    stock_key,
)

READABLE: list[tuple[Any, str, Any]] = [
    (stock_key, "TEA@LONDON", ("TEA", "LONDON")),
    (stock_key, "A@B@LONDON", ("A@B", "LONDON")),
    (stock_key, "Tea, green @ home@SHELF 1", ("Tea, green @ home", "SHELF 1")),
    (availability_key, "TEA", ("TEA", "")),
    (availability_key, "TEA@", ("TEA", "")),
    (availability_key, "TEA@LONDON", ("TEA", "LONDON")),
    (basket_line, "TEA@LONDON=2", Line("TEA", "LONDON", 2)),
    (basket_line, "A=B@2@LONDON=3", Line("A=B@2", "LONDON", 3)),
    (basket_line, "A=B@L=O=3", Line("A=B", "L=O", 3)),
    (basket_line, "TEA@LONDON=5:2", Line("TEA", "LONDON", 5, "", 2)),
    (basket_line, "TEA@LONDON=-1", Line("TEA", "LONDON", -1)),
    (basket_line, "TEA=2", Line("TEA", "", 2)),
    (basket_line, "A@B@=2", Line("A@B", "", 2)),
    (set_line, "1=TEA@LONDON=3", Line("TEA", "LONDON", 3, "1")),
    (set_line, "1=A=B@L=3", Line("A=B", "L", 3, "1")),
    (set_line, "1=TEA=3", Line("TEA", "", 3, "1")),
    (picked_part, "1", "1"),
    (picked_part, "1=2", ("1", 2)),
    (picked_part, "1=2:1", PickedLine("1", 2, 1)),
    (picked_part, "a:b", "a:b"),
    (picked_part, "a:b=2", ("a:b", 2)),
    (component, "CUP=6", ("CUP", 6)),
    (component, "A=B=1", ("A=B", 1)),
    (length, "5m", timedelta(minutes=5)),
    (as_of, "2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    (as_of, "1-7650e034-1-0.35", "1-7650e034-1-0.35"),
    (reservation_part, "1", "1"),
    (reservation_part, "1=2", ("1", 2)),
    (reservation_part, "a=b=2", ("a=b", 2)),
    (channel_buffer, "shop=5", ("shop", 5)),
    (channel_buffer, "a=b=0", ("a=b", 0)),
    (duration_s, "90", 90.0),
    (duration_s, "0.5s", 0.5),
    (duration_s, "5m", 300.0),
    (duration_s, "2h", 7_200.0),
    (duration_s, "30d", 2_592_000.0),
    (moment, "2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    (moment, "2026-11-20T12:00:00+02:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
]


@pytest.mark.parametrize(("read", "text", "expected"), READABLE)
def test_what_can_be_read(read: Any, text: str, expected: Any) -> None:
    assert read(text) == expected


UNREADABLE: list[tuple[Any, str, str]] = [
    (stock_key, "TEA", "must be SKU@LOCATION"),
    (stock_key, "@LONDON", "must be SKU@LOCATION"),
    (stock_key, "TEA@", "must be SKU@LOCATION"),
    (availability_key, "@LONDON", "must be SKU or SKU@LOCATION"),
    (availability_key, "", "must be SKU or SKU@LOCATION"),
    (basket_line, "TEA@LONDON", "must be SKU@LOCATION=QUANTITY"),
    (basket_line, "@LONDON=2", "must be SKU or SKU@LOCATION"),
    (set_line, "1", "must be LINE=SKU@LOCATION=QUANTITY"),
    (set_line, "TEA@LONDON=3", "must be LINE=SKU@LOCATION=QUANTITY"),
    (set_line, "=TEA@LONDON=3", "must be LINE=SKU@LOCATION=QUANTITY"),
    (set_line, "1=TEA@LONDON=x", "must be a whole number"),
    (picked_part, "=2:1", "must be LINE=PICKED:MISSING"),
    (picked_part, "1=2:x", "the missing units of '1=2:x' must be a whole number"),
    (picked_part, "1=x:1", "the picked units of '1=x:1' must be a whole number"),
    (component, "CUP", "must be SKU=UNITS"),
    (component, "CUP=six", "must be a whole number"),
    (length, "soon", "must be a time such as 90s"),
    (as_of, "2026-11-20T10:00:00", "must be a time such as 2026"),
    (as_of, "2026-11-20", "must be a time such as 2026"),
    (as_of, "yesterday", "'yesterday' must be a time such as 2026-11-20T10:00:00Z, or the cursor"),
    (basket_line, "TEA@LONDON=two", "must be a whole number, and is 'two'"),
    (basket_line, "TEA@LONDON=", "must be a whole number, and is ''"),
    (basket_line, "TEA@LONDON=5:", "the minimum of 'TEA@LONDON=5:' must be a whole number"),
    (reservation_part, "=2", "must be LINE or LINE=QUANTITY"),
    (reservation_part, "1=all", "must be a whole number"),
    (channel_buffer, "shop", "must be CHANNEL=UNITS"),
    (channel_buffer, "=5", "must be CHANNEL=UNITS"),
    (channel_buffer, "shop=x", "must be a whole number"),
    (duration_s, "5 minutes", "must be a time such as 90s"),
    (duration_s, "-5s", "must be a time such as 90s"),
    (duration_s, "", "must be a time such as 90s"),
    (moment, "yesterday", "must be a time such as 2026"),
    (moment, "2026-11-20T10:00:00", "must be a time such as 2026"),
]


@pytest.mark.parametrize(("read", "text", "expected"), UNREADABLE)
def test_what_cannot_be_read_says_what_could(read: Any, text: str, expected: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read(text)
    assert expected in str(refused.value)


@given(
    st.text(min_size=1), st.text(st.characters(exclude_characters="@="), min_size=1), st.integers()
)
def test_any_sku_can_be_written(sku: str, location: str, quantity: int) -> None:
    assert basket_line(f"{sku}@{location}={quantity}") == Line(sku, location, quantity)
