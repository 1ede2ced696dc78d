"""The exit code and the words of every way in which a call can fail."""

import json
from datetime import UTC, datetime

import pytest
from holdfast.errors import ERROR_BY_REASON, Code, make_error
from holdfast.types import Fill, Line, ShortCause, ShortLine

from engine.cli.failures import ExitCode, end_with, exit_code, explain
from engine.cli.output import as_plain, print_facts, print_json, print_table

CODES = [
    (Code.INVALID_ARGUMENT, "INVALID_FIELD", ExitCode.USAGE),
    (Code.FAILED_PRECONDITION, "INSUFFICIENT_STOCK", ExitCode.REFUSED),
    (Code.NOT_FOUND, "UNKNOWN_STOCK", ExitCode.REFUSED),
    (Code.ABORTED, "VERSION_MISMATCH", ExitCode.REFUSED),
    (Code.UNIMPLEMENTED, "BASKET_SPANS_SHARDS", ExitCode.REFUSED),
    (Code.OUT_OF_RANGE, "CURSOR_OUT_OF_RANGE", ExitCode.REFUSED),
    (Code.DATA_LOSS, "CURSOR_FOREIGN", ExitCode.REFUSED),
    (Code.RESOURCE_EXHAUSTED, "OVERLOADED", ExitCode.UNAVAILABLE),
    (Code.UNAVAILABLE, "SHARD_UNAVAILABLE", ExitCode.UNAVAILABLE),
    (Code.DEADLINE_EXCEEDED, "DEADLINE_EXPIRED", ExitCode.UNAVAILABLE),
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
        "line": Line("TÉA", "L", 2),
        "fill": Fill.BEST_EFFORT,
        "at": datetime(2026, 11, 20, 10, 0, 0, 5_000, tzinfo=UTC),
        "none": None,
        "many": (1, [2]),
    }
    print_json(value)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {
        "line": {
            "sku": "TÉA",
            "location": "L",
            "quantity": 2,
            "line_id": "",
            "minimum_quantity": 0,
        },
        "fill": "best_effort",
        "at": "2026-11-20T10:00:00.005000Z",
        "none": None,
        "many": [1, [2]],
    }
    assert as_plain(True) is True


def test_nothing_that_is_printed_is_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("sku", "units"), [("[red]TEA[/red]", 1_500)])
    print_facts("[x]", [("sku", "[b]"), ("nothing", None)])
    printed = capsys.readouterr().out
    assert "[red]TEA[/red]" in printed
    assert "1,500" in printed
    assert "[x]" in printed
    assert "[b]" in printed
    assert "nothing" not in printed
