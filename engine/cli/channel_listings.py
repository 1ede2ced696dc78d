"""Commands on the identifiers under which channels know what they sell."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from holdfast.channels import ListingReport

from engine.cli.channels import ChannelArgument
from engine.cli.failures import ExitCode, fail
from engine.cli.listing import first_of, warn_of_more
from engine.cli.listing_file import ListingRow, read_rows
from engine.cli.output import console, print_json, print_table
from engine.cli.session import Call, client_command
from engine.cli.stock_file import BadRow, StockFileError
from engine.core.limits import LISTINGS_PER_COMMAND_MAX

app = typer.Typer()

COLUMNS = ("sku", "location", "shop", "item", "there", "problem", "because of")


@client_command(app, writes=True, timeout="60s", name="map")
def map_file(
    call: Call,
    name: ChannelArgument,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            help="Columns sku and item, and optionally location, shop and external_location.",
        ),
    ],
    all_or_nothing: Annotated[
        bool,
        typer.Option(
            "--all-or-nothing", help="Map none if anything is wrong; at most 1,000 rows then."
        ),
    ] = False,
) -> None:
    """Map a channel's identifiers from a CSV file; a row without an item removes a listing.

    Example: holdfast channel map web listings.csv
    """
    try:
        rows = list(read_rows(file))
    except (StockFileError, OSError) as error:
        raise fail(ExitCode.USAGE, f"{file}: {error}") from None
    good = [row for row in rows if isinstance(row, ListingRow)]
    bad = [row for row in rows if isinstance(row, BadRow)]
    if all_or_nothing and (bad or len(good) > LISTINGS_PER_COMMAND_MAX):
        _print_bad(bad)
        limit = f"1 to {LISTINGS_PER_COMMAND_MAX:,} good rows"
        raise fail(ExitCode.USAGE, f"{file} has {len(good):,} good rows, {len(bad):,} bad; {limit}")
    mapped, problems = _map(call, name, good, all_or_nothing)
    if call.json:
        print_json(
            {
                "mapped": mapped,
                "problems": problems,
                "bad_rows": [
                    {"line": row.line, "column": row.column, "value": row.value} for row in bad
                ],
            }
        )
    else:
        _print_bad(bad)
        if problems:
            print_table("Not mapped", COLUMNS, map(_row, problems))
        console().print(f"{mapped:,} of {len(rows):,} rows are mapped so")
    if bad or problems:
        raise typer.Exit(int(ExitCode.REFUSED))


def _map(
    call: Call, name: str, rows: list[ListingRow], all_or_nothing: bool
) -> tuple[int, list[ListingReport]]:
    """Map the rows, as many in one call as may be; how many are so, and what is wrong with the
    others."""
    mapped = 0
    problems: list[ListingReport] = []
    request_id = call.write_options.get("request_id")
    left = iter(rows)
    with call.client() as client:
        for number in range(len(rows) // LISTINGS_PER_COMMAND_MAX + 1):
            batch = [row.listing for row in islice(left, LISTINGS_PER_COMMAND_MAX)]
            if not batch:
                break
            options = dict(call.write_options)
            if request_id:
                options["request_id"] = f"{request_id}-{number}" if number else request_id
            answer = client.map_listings(name, batch, all_or_nothing=all_or_nothing, **options)
            mapped += answer.mapped
            problems += answer.problems
    return mapped, problems


def _print_bad(rows: list[BadRow]) -> None:
    if rows:
        cells = [(row.line, row.column, row.value, row.allowed) for row in rows]
        print_table("Rows not sent", ("line", "column", "value", "allowed"), cells)


def _row(report: ListingReport) -> tuple[Any, ...]:
    listing, conflict = report.listing, report.conflict
    other = f"{conflict.sku}@{conflict.location}" if conflict else None
    return (*listing, report.problem, other)


@client_command(app)
def listings(
    call: Call,
    name: ChannelArgument,
    sku: Annotated[str, typer.Option("--sku", help="Only of this SKU.")] = "",
    dangling: Annotated[
        bool, typer.Option("--dangling", help="Only those that lead nowhere.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0: all.")] = 100,
) -> None:
    """List under which identifiers a channel knows what it sells.

    Example: holdfast channel listings web --dangling
    """
    with call.client() as client:
        found = client.listings(name, sku=sku, dangling_only=dangling)
        reports, more = first_of(found, limit)
        cursor = found.cursor
    if call.json:
        print_json({"listings": reports, "cursor": cursor, "more": more})
        return
    print_table(f"Listings of {name}", COLUMNS[:-1], [_row(one)[:-1] for one in reports])
    warn_of_more(more, limit)


@client_command(app)
def find(
    call: Call,
    name: ChannelArgument,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="The channel's items.")],
    shop: Annotated[str, typer.Option("--shop", help="The channel's shop.")] = "",
    external_location: Annotated[
        str, typer.Option("--external-location", help="The channel's location.")
    ] = "",
) -> None:
    """Find which SKU-locations a channel means.

    Example: holdfast channel find web gid-1 gid-2 --shop eu
    """
    with call.client() as client:
        answer = client.find_listings(name, [(shop, item, external_location) for item in items])
    if call.json:
        print_json(answer)
        return
    rows = [
        (item, listing.sku if listing else None, listing.location if listing else None)
        for item, listing in zip(items, answer.items, strict=True)
    ]
    print_table(f"Items of {name}", ("item", "sku", "location"), rows)
