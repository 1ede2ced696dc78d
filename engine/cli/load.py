"""`holdfast load`: seeds stock from a CSV file and reports every row that could not be loaded."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from holdfast.errors import Code, HoldfastError
from holdfast.types import IfShort
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.cli.failures import ExitCode, explain, fail, print_block
from engine.cli.output import console, print_json, print_table
from engine.cli.session import Call, client_command
from engine.cli.stock_file import BadRow, StockFileError, StockRow, content_hash, read_rows

if TYPE_CHECKING:
    from holdfast import SyncClient
    from holdfast.commands import Command

app = typer.Typer()

BATCH_ROWS = 4_000
"""Rows sent together: each is one command, or two if it configures as well. The SDK makes several
batches of them, so that the node decides one while the next travels."""


class Report(msgspec.Struct):
    """What became of a file."""

    file: str
    content: str
    rows: int = 0
    loaded: int = 0
    repeated: int = 0
    """Of the loaded rows: those that an earlier load of the same content had loaded before."""
    bad_rows: list[BadRow] = []


@client_command(app, timeout="60s")
def load(
    call: Call,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            help="Columns sku, location, on_hand; optionally tenant, safety_stock, tracked.",
        ),
    ],
    if_short: Annotated[
        IfShort | None,
        typer.Option("--if-short", help="Record a count even if less is left than is promised."),
    ] = None,
    run: Annotated[
        str,
        typer.Option("--run", help="Names this load, to load the same content once more."),
    ] = "",
) -> None:
    """Set the units on hand of every row of a CSV file, as counts.

    Bad rows are reported by line and column and nothing is sent for them; the others are loaded.
    The same content is loaded once: after a crash, run the command again, and each row has
    one effect. Ends with 1 if any row was not loaded.

    Example: holdfast load stock.csv --address 127.0.0.1:7411
    """
    report = Report(file=str(file), content=content_hash(file))
    names = _RequestNames(report.content, run)
    try:
        total = sum(1 for _ in read_rows(file))
    except StockFileError as error:
        raise fail(ExitCode.USAGE, f"{file}: {error}") from None
    with call.client() as client, _progress() as progress:
        task = progress.add_task(f"Loading {file.name}", total=total)
        rows = read_rows(file)
        while chunk := list(islice(rows, BATCH_ROWS)):
            try:
                _load_chunk(client, chunk, names, if_short, report)
            except HoldfastError:
                sent = f"{report.loaded:,} of {total:,} rows were loaded"
                print_block(f"{sent}; the same command goes on from there, and repeats none")
                raise
            progress.advance(task, len(chunk))
    report.bad_rows.sort(key=lambda bad: bad.line)
    _print_report(call, report)
    if report.bad_rows:
        raise typer.Exit(ExitCode.REFUSED)


class _RequestNames(msgspec.Struct, frozen=True):
    """Request ids that are the same whenever the same row of the same content is loaded."""

    content: str
    run: str

    def of(self, row: StockRow, part: str) -> str:
        """The request id of one command of a row."""
        return f"load-{self.content}-{row.line}-{part}{'-' + self.run if self.run else ''}"


def _progress() -> Progress:
    """A bar on stderr, which is shown only where a person can see it move."""
    screen = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def _commands(
    row: StockRow, names: _RequestNames, if_short: IfShort | None
) -> Iterator["Command[Any]"]:
    """What one row asks for. It is configured first, so that its safety stock is never on offer."""
    from holdfast import commands

    tenant = row.tenant or None
    if row.safety_stock is not None or row.tracked is not None:
        yield commands.configure(
            row.sku,
            row.location,
            safety_stock=row.safety_stock,
            tracked=row.tracked,
            tenant=tenant,
            request_id=names.of(row, "configure"),
        )
    yield commands.set_on_hand(
        row.sku,
        row.location,
        row.on_hand,
        if_short=if_short,
        reference=f"load-{names.content}",
        tenant=tenant,
        request_id=names.of(row, "count"),
    )


def _load_chunk(
    client: "SyncClient",
    chunk: Iterable[StockRow | BadRow],
    names: _RequestNames,
    if_short: IfShort | None,
    report: Report,
) -> None:
    """Send the good rows of a part of the file as one batch and take their outcomes down."""
    sent: list[tuple[StockRow, Command[Any]]] = []
    for row in chunk:
        report.rows += 1
        if isinstance(row, BadRow):
            report.bad_rows.append(row)
        else:
            sent.extend((row, command) for command in _commands(row, names, if_short))
    outcomes = client.execute([command for _, command in sent])
    refused: dict[int, BadRow] = {}
    replayed: dict[int, bool] = {}
    for (row, _), outcome in zip(sent, outcomes, strict=True):
        if isinstance(outcome, HoldfastError):
            refused.setdefault(row.line, _refused(row, outcome))
        else:
            replayed[row.line] = outcome.replayed and replayed.get(row.line, True)
    report.bad_rows.extend(refused.values())
    report.loaded += len(replayed.keys() - refused.keys())
    report.repeated += sum(once_more for line, once_more in replayed.items() if line not in refused)


def _refused(row: StockRow, error: HoldfastError) -> BadRow:
    """A row that the node did not take. An unreachable node ends the load instead."""
    if error.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL):
        raise error
    return BadRow(row.line, "row", f"{row.sku}@{row.location}", " ".join(explain(error)))


def _print_report(call: Call, report: Report) -> None:
    """What was loaded, and a row for each row that was not."""
    if call.json:
        print_json(msgspec.to_builtins(report))
        return
    if report.bad_rows:
        rows = [msgspec.structs.astuple(bad) for bad in report.bad_rows]
        print_table("Rows not loaded", ("line", "column", "value", "allowed"), rows)
    console().print(
        f"{report.loaded:,} of {report.rows:,} rows loaded"
        f" ({report.repeated:,} of them before), {len(report.bad_rows):,} not loaded"
    )
