"""The exit code and the words of every way in which a call can fail."""

import errno
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from holdfast.errors import ERROR_BY_REASON, Code, make_error
from holdfast.types import Fill, LineResult, ShortCause, ShortLine, UnavailableUnits
from typer.testing import CliRunner

from engine.cli.failures import ExitCode, end_with, exit_code, explain
from engine.cli.main import Explaining
from engine.cli.output import (
    as_plain,
    print_facts,
    print_json,
    print_records,
    print_table,
    shown,
)

CODES = [
    (Code.INVALID_ARGUMENT, "INVALID_FIELD", ExitCode.USAGE),
    (Code.FAILED_PRECONDITION, "INSUFFICIENT_STOCK", ExitCode.REFUSED),
    (Code.NOT_FOUND, "UNKNOWN_STOCK", ExitCode.REFUSED),
    (Code.ABORTED, "VERSION_MISMATCH", ExitCode.REFUSED),
    (Code.ABORTED, "ATTEMPT_DECIDED", ExitCode.UNAVAILABLE),
    (Code.OUT_OF_RANGE, "READ_NOT_KEPT", ExitCode.REFUSED),
    (Code.UNIMPLEMENTED, "BASKET_SPANS_SHARDS", ExitCode.REFUSED),
    (Code.OUT_OF_RANGE, "CURSOR_OUT_OF_RANGE", ExitCode.REFUSED),
    (Code.DATA_LOSS, "CURSOR_FOREIGN", ExitCode.REFUSED),
    (Code.RESOURCE_EXHAUSTED, "OVERLOADED", ExitCode.UNAVAILABLE),
    (Code.UNAVAILABLE, "SHARD_UNAVAILABLE", ExitCode.UNAVAILABLE),
    (Code.DEADLINE_EXCEEDED, "DEADLINE_EXPIRED", ExitCode.UNAVAILABLE),
    (Code.UNAUTHENTICATED, "UNAUTHENTICATED", ExitCode.REFUSED),
    (Code.PERMISSION_DENIED, "PERMISSION_DENIED", ExitCode.REFUSED),
    (Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", ExitCode.UNAVAILABLE),
    (Code.INTERNAL, "INTERNAL", ExitCode.INTERNAL),
    (Code.UNKNOWN, "", ExitCode.INTERNAL),
]


@pytest.mark.parametrize(("code", "reason", "expected"), CODES)
def test_exit_codes(code: Code, reason: str, expected: ExitCode) -> None:
    assert exit_code(make_error(reason, code, "why", {})) is expected


@pytest.mark.parametrize("reason", sorted(ERROR_BY_REASON))
def test_every_reason_is_named(reason: str) -> None:
    error = make_error(reason, Code.FAILED_PRECONDITION, "A sentence.", {"field": "sku"})
    first, *rest = explain(error)
    assert first == "A sentence."
    assert "  field: sku" in rest
    assert f"  reason: {reason}" in rest


def test_short_lines_say_which_and_what_is_available() -> None:
    short = ShortLine("2", "TEA", "LONDON", ShortCause.CHANNEL, 1_200, 3)
    metadata = {"omitted_lines": "7"}
    error = make_error("INSUFFICIENT_STOCK", Code.FAILED_PRECONDITION, "Short.", metadata, [short])
    assert explain(error)[1:3] == [
        "  line 2: TEA@LONDON  asked 1,200, available 3  (channel)",
        "  and 7 more lines",
    ]


def test_a_line_that_may_come_from_several_places_is_named_by_its_sku() -> None:
    short = ShortLine("2", "TEA", "", ShortCause.CUSTOMER_LIMIT, 3, 1)
    error = make_error("INSUFFICIENT_STOCK", Code.FAILED_PRECONDITION, "Short.", {}, [short])
    assert explain(error)[1] == "  line 2: TEA  asked 3, available 1  (customer_limit)"


def test_a_sale_has_no_lines_to_name() -> None:
    short = ShortLine("", "TEA", "LONDON", ShortCause.STOCK, 3, 1)
    error = make_error("INSUFFICIENT_STOCK", Code.FAILED_PRECONDITION, "Short.", {}, [short])
    assert explain(error)[1] == "  TEA@LONDON  asked 3, available 1  (stock)"


def test_reservations_that_share_a_reference_are_named() -> None:
    facts = {"reservations": "2", "reservation_ids": "0a3-1-1, 0a3-1-2"}
    error = make_error("AMBIGUOUS_REFERENCE", Code.FAILED_PRECONDITION, "2 have it.", facts)
    assert "  reservation_ids: 0a3-1-1, 0a3-1-2" in explain(error)


def test_an_unknown_outcome_says_how_to_find_out() -> None:
    error = make_error("", Code.UNAVAILABLE, "Gone.", {})
    error.outcome_unknown, error.request_id = True, "r-1"
    assert explain(error)[-1] == "  --request-id r-1"


def test_a_fault_is_printed_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError) as raised:
        raise KeyError("nobody expected [bold]this[/bold]")
    assert end_with(raised.value).exit_code == ExitCode.INTERNAL
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" in printed.err
    assert (
        "error: a fault of holdfast: KeyError: 'nobody expected [bold]this[/bold]'" in printed.err
    )


def test_values_are_plain_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "line": ShortLine("1", "TÉA", "L", ShortCause.STOCK, 2, 0),
        "fill": Fill.BEST_EFFORT,
        "at": datetime(2026, 11, 20, 10, 0, 0, 5_000, tzinfo=UTC),
        "window": timedelta(minutes=5),
        "short": timedelta(seconds=1.5),
        "none": None,
        "many": (1, [2]),
    }
    print_json(value)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {
        "line": {
            "line_id": "1",
            "sku": "TÉA",
            "location": "L",
            "cause": "stock",
            "asked": 2,
            "available": 0,
        },
        "fill": "best_effort",
        "at": "2026-11-20T10:00:00.005000Z",
        "window": 300,
        "short": 1.5,
        "none": None,
        "many": [1, [2]],
    }
    assert as_plain(True) is True


SHOWN: list[tuple[Any, str]] = [
    (None, "-"),
    ("", "-"),
    (True, "yes"),
    (1_500, "1,500"),
    (Fill.BEST_EFFORT, "best_effort"),
    (timedelta(), "0s"),
    (timedelta(seconds=90), "1m 30s"),
    (timedelta(days=30, hours=2), "30d 2h"),
    (timedelta(seconds=1.5), "1.5s"),
    (UnavailableUnits("damaged", 2_000), "damaged=2,000"),
    ((UnavailableUnits("damaged", 2), UnavailableUnits("missing", 1)), "damaged=2, missing=1"),
    ((), "-"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN)
def test_values_in_a_cell(value: Any, text: str) -> None:
    assert shown(value) == text


def test_fields_that_say_nothing_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [LineResult("1", "TEA", "L", 2), LineResult("2", "CUP", "L", 2, waiting=3)]
    print_records("Lines", lines, always=4)
    printed = capsys.readouterr().out
    assert "line" in printed
    assert "waiting" in printed
    assert "backordered" not in printed
    assert "place" not in printed
    print_records("None", [], always=4)
    assert capsys.readouterr().out == ""


def test_nothing_that_is_printed_is_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("sku", "units"), [("[red]TEA[/red]", 1_500)])
    print_facts("[x]", [("sku", "[b]"), ("nothing", None)])
    printed = capsys.readouterr().out
    assert "[red]TEA[/red]" in printed
    assert "1,500" in printed
    assert "[x]" in printed
    assert "[b]" in printed
    assert "nothing" not in printed


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
        (OSError(errno.ENOSPC, "No space left"), ExitCode.INTERNAL, "a fault of holdfast: OSError"),
    ],
)
def test_that_nobody_reads_on_is_no_fault(failure: OSError, code: int, said: str) -> None:
    app = typer.Typer(cls=Explaining)

    @app.command()
    def print_much() -> None:
        raise failure

    @app.command()
    def another() -> None: ...

    ended = CliRunner().invoke(app, ["print-much"])
    assert ended.exit_code == code
    assert said in ended.output
    assert bool(said) == ("Traceback" in ended.output)
