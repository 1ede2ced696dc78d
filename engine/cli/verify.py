"""`holdfast verify`: replays a data directory offline and says whether it can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from engine.cli.failures import ExitCode, fail, print_block
from engine.cli.output import print_facts, print_json

if TYPE_CHECKING:
    from engine.log.verify import Report

app = typer.Typer()


@app.command()
def verify(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Data directory of a node that is stopped.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Replay the whole log, compare it with the stored state, and print a verdict. Changes nothing.

    Ends with 0 if everything agrees, with 1 if anything differs.

    Example: holdfast verify /var/lib/holdfast
    """
    # They load RocksDB, which no other command of a client needs.
    from engine.log import verify as log_verify
    from engine.log.port import LogError

    try:
        report = log_verify.verify(directory)
    except LogError as error:
        raise fail(ExitCode.USAGE, str(error)) from None
    if json:
        print_json(msgspec.to_builtins(report))
    else:
        _print_report(report)
    if report.difference_count:
        raise typer.Exit(ExitCode.REFUSED)


def _print_report(report: "Report") -> None:
    """The figures and verdict on stdout, the differences on stderr."""
    figures = msgspec.structs.asdict(report.figures)
    reservations = figures.pop("reservations")
    facts: list[tuple[str, int | float | str]] = [
        (name.replace("_", " "), _rounded(value)) for name, value in figures.items()
    ]
    facts += [(f"reservations {status.lower()}", count) for status, count in reservations.items()]
    facts.append(("history", f"{report.history}, epoch {report.epoch}"))
    facts.append(("verdict", report.verdict.value))
    print_facts(report.data_dir, facts)
    if report.difference_count:
        omitted = report.difference_count - len(report.differences)
        more = [f"  and {omitted:,} more"] if omitted else []
        listed = [f"  {difference}" for difference in report.differences]
        print_block(f"{report.difference_count:,} differences", *listed, *more)


def _rounded(value: float) -> int | float:
    """Large figures without a fraction, small ones with three digits of it."""
    return round(value) if value >= 1_000 else round(value, 3)
