"""Prints what writes were answered."""

from collections.abc import Sequence
from typing import Any

from engine.cli.output import print_facts, print_json, print_records, print_table
from engine.cli.session import Call

BALANCES = 5
"""So many balances are printed in any case: on hand, held, allocated, safety stock, available."""


def print_lines(title: str, lines: Sequence[Any]) -> None:
    """What a command did, line by line."""
    print_records(title, lines, always=4)


def print_short(lines: Sequence[Any]) -> None:
    """What could not be held."""
    if lines:
        rows = [(s.line_id, s.sku, s.location, s.asked, s.available, s.cause) for s in lines]
        columns = ("line", "sku", "location", "asked", "available", "because of")
        print_table("Short", columns, rows)


def print_balances(title: str, balances: Any) -> None:
    """The numbers of a SKU-location, those that are mostly 0 only where they are not."""
    print_records(title, [balances], always=BALANCES)


def replayed(answer: Any) -> str | None:
    """What there is to say of an answer that changed nothing; None if it changed something."""
    if not answer.replayed:
        return None
    return f"yes: {'this is the recorded answer' if answer.cursor else 'it was so already'}"


def print_answer(call: Call, title: str, answer: Any, *facts: tuple[str, Any]) -> None:
    """Print an answer to a write: its title, its facts, and where it stands in the history."""
    if call.json:
        print_json(answer)
        return
    current = getattr(answer, "current", None)
    now = current.status if current is not None else None
    replay = replayed(answer)
    more = [("replayed", replay), ("now", now), ("cursor", answer.cursor)]
    print_facts(_titled(call, title), [*facts, *more])
    print_lines("Lines", getattr(answer, "lines", ()))
    print_lines("Missing", getattr(answer, "missing_lines", ()))
    print_lines("Freed", getattr(answer, "freed_lines", ()))
    print_short(getattr(answer, "short_lines", ()))
    if hasattr(answer, "balances"):
        key = f"{answer.sku}@{answer.location}, version {answer.version:,}"
        print_balances(key, answer.balances)


def _titled(call: Call, title: str) -> str:
    return f"Would be accepted: {title}" if call.write_options.get("validate_only") else title
