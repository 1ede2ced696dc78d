"""Sections of `make bench`: what each of them is, is given, and hands back.

A module that measures something offers `SECTION = Section(name, what, measure)` and is named in
`benchmarks.bench`. Its `measure` starts what it needs, and stops it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from benchmarks import report
from benchmarks.load import Round

CELLS = {
    "per_second": "/s",
    "offered_per_second": "offered/s",
    "p999_ms": "p99.9 ms",
}
"""Headings of columns that do not follow from their names."""
CAPTION = "ms: of one call; us: of CPU for each that /s counts, by process"
"""Beneath tables of closed loops."""


class Setting(NamedTuple):
    """How a run was asked for."""

    quick: bool = False
    """Whether a look that all works is enough: short rounds."""
    rounds: int = 5
    """Interleaved rounds, of which medians are taken."""
    flush_delay_ms: float = 2.0
    """By how much a slow disk's flushes take longer; 0: no disk is made slow."""
    orders: Path | None = None
    """A file of orders to replay."""
    locations: int = 0
    """SKU-locations to load; 0: as many as the section thinks fit, or it is left out."""
    events: int = 0
    """Of a long history; 0: as many as the section thinks fit."""
    results: Path | None = None
    """Where figures and plots are kept; None: where they usually are."""


class Found(NamedTuple):
    """What a section has measured."""

    rows: Mapping[str, Mapping[str, Any]]
    """By name; each a line of the table, its figures by column: `per_second`, `p50_ms`, ..."""
    facts: Mapping[str, object] = {}
    """What is said once of the whole section."""
    left_out: Mapping[str, str] = {}
    """What was not measured, and why."""
    wrong: Sequence[str] = ()
    """What must not be, such as a log that does not verify: the run fails."""


class Section(NamedTuple):
    """A part of `make bench` that can be run alone."""

    name: str
    """For `--only`."""
    what: str
    """What is measured, in some words: the title of the table."""
    measure: Callable[[Setting], Awaitable[Found]]


def rows_of(rounds: Mapping[str, Round]) -> dict[str, dict[str, Any]]:
    """Rows of closed loops, with microseconds of CPU per command for each kind of process."""
    return {
        name: {
            "per_second": each.per_second,
            "p50_ms": each.latencies.p50_ms,
            "p99_ms": each.latencies.p99_ms,
        }
        | {f"{process}_us": cpu_us for process, cpu_us in each.cpu_us.items()}
        for name, each in rounds.items()
    }


def tables(section: Section, found: Found) -> Iterable[Table]:
    """A section as a person reads it."""
    if found.rows:
        columns = list(dict.fromkeys(name for row in found.rows.values() for name in row))
        made = report.table(
            section.what,
            ("", *map(_heading, columns)),
            [(name, *map(row.get, columns)) for name, row in found.rows.items()],
        )
        if any(column.endswith("_us") for column in columns):
            made.caption, made.caption_justify = CAPTION, "left"
        yield made
    rest = [*found.facts.items()]
    rest += [(name, f"left out: {why}") for name, why in found.left_out.items()]
    rest += [("WRONG", text) for text in found.wrong]
    if rest:
        yield report.facts("" if found.rows else section.what, rest)


def _heading(column: str) -> str:
    return CELLS.get(column) or column.replace(" resident_", " ").replace("_", " ")


def document(section: Section, found: Found) -> dict[str, Any]:
    """A section as a program reads it."""
    return {"section": section.name, "what": section.what} | {
        "rows": [{"name": name, **row} for name, row in found.rows.items()],
        "facts": dict(found.facts),
        "left_out": dict(found.left_out),
        "wrong": list(found.wrong),
    }
