"""What the command line says when something goes wrong, and the exit code it ends with."""

import sys
import traceback
from enum import IntEnum
from typing import Any

import typer
from holdfast.errors import AttemptDecided, Code, HoldfastError, InsufficientStock
from rich.console import Console


class ExitCode(IntEnum):
    """How a command has ended."""

    OK = 0
    REFUSED = 1
    """A rule of stock stands against it, or who asks is not known or may not; asking again changes
    nothing."""
    USAGE = 2
    """What was given cannot be understood or is out of its limits; nothing was changed."""
    UNAVAILABLE = 3
    """The node could not be reached, or not in time; or it had too much, be it of this caller."""
    INTERNAL = 4
    """A fault of Holdfast."""


EXIT_BY_CODE = {
    Code.CANCELLED: ExitCode.UNAVAILABLE,
    Code.UNKNOWN: ExitCode.INTERNAL,
    Code.INVALID_ARGUMENT: ExitCode.USAGE,
    Code.DEADLINE_EXCEEDED: ExitCode.UNAVAILABLE,
    Code.RESOURCE_EXHAUSTED: ExitCode.UNAVAILABLE,
    Code.UNAVAILABLE: ExitCode.UNAVAILABLE,
    Code.INTERNAL: ExitCode.INTERNAL,
}
"""Codes that are not a refusal by a rule."""

METADATA_SHOWN = (
    *("field", "value", "limit", "asked", "expected", "actual", "on_hand", "promised", "picked"),
    *("backed", "lines", "group", "component", "last", "observed_at", "as_of", "oldest"),
    *("reservations", "reservation_ids", "unavailable_cause"),
)
"""Facts that are printed when the sentence does not hold them already."""


def exit_code(error: HoldfastError) -> ExitCode:
    """The exit code of a failed call."""
    if isinstance(error, AttemptDecided):
        # The time was over before a try came through; asking again may well succeed.
        return ExitCode.UNAVAILABLE
    return EXIT_BY_CODE.get(Code(error.code), ExitCode.REFUSED)


def explain(error: HoldfastError) -> list[str]:
    """What happened, where, and what is possible: a summary, then the facts."""
    lines = [error.message or error.reason or Code(error.code).name]
    if isinstance(error, InsufficientStock):
        lines += [
            f"  {f'line {short.line_id}: ' if short.line_id else ''}{short.sku}"
            f"{'@' if short.location else ''}{short.location}"
            f"  asked {short.asked:,}, available {short.available:,}  ({short.cause.value})"
            for short in error.short_lines
        ]
        if error.omitted_lines:
            lines.append(f"  and {error.omitted_lines:,} more lines")
    facts = [(name, error.metadata[name]) for name in METADATA_SHOWN if name in error.metadata]
    lines += [f"  {name}: {value}" for name, value in facts if value not in lines[0]]
    if error.reason:
        lines.append(f"  reason: {error.reason}")
    if error.outcome_unknown:
        lines.append("  The outcome is unknown. It is safe to run the same command again with")
        lines.append(f"  --request-id {error.request_id}")
    return lines


def facts(error: HoldfastError) -> dict[str, Any]:
    """What happened, for a program to read: the "error" of a command with --json."""
    return {
        "code": Code(error.code).name,
        "reason": error.reason,
        "message": error.message,
        "metadata": dict(error.metadata),
        "short_lines": error.short_lines if isinstance(error, InsufficientStock) else (),
        "request_id": error.request_id,
        "outcome_unknown": error.outcome_unknown,
    }


def print_block(summary: str, *lines: str) -> None:
    """Print what is wrong on stderr, as one block in which nothing is taken for markup."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error: " + summary, style="bold red", markup=False)
    for line in lines:
        console.print(line, markup=False)


def warn(text: str) -> None:
    """Print on stderr what is not wrong, but should be known."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("warning: " + text, style="yellow", markup=False)


def fail(code: ExitCode, summary: str, *lines: str) -> typer.Exit:
    """Print why the command ends; the caller raises what it gets."""
    print_block(summary, *lines)
    return typer.Exit(int(code))


def end_with(error: Exception) -> typer.Exit:
    """Explain an exception that a command did not handle, and give the exit to raise."""
    if isinstance(error, HoldfastError):
        return fail(exit_code(error), *explain(error))
    traceback.print_exception(error, file=sys.stderr)
    return fail(ExitCode.INTERNAL, f"a fault of holdfast: {type(error).__name__}: {error}")
