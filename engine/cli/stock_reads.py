"""Questions about the stock of SKU-locations."""

from typing import Annotated, Any

import typer
from holdfast.types import Availability, Stock

from engine.cli.answers import print_balances
from engine.cli.arguments import availability_key
from engine.cli.options import AsOfOption, KeyArgument
from engine.cli.output import print_facts, print_json, print_records, print_table
from engine.cli.session import Call, client_command

app = typer.Typer()


@client_command(app)
def stock(call: Call, key: KeyArgument, as_of: AsOfOption = None) -> None:
    """Show a SKU-location, now or as it was.

    Example: holdfast stock TEA@LONDON --json
    """
    with call.client() as client:
        answer = client.stock(key.sku, key.location, as_of=as_of)
    if call.json:
        print_json(answer)
    elif as_of is not None and not answer.version:
        print_facts(f"{key.sku}@{key.location} did not exist then", [("cursor", answer.cursor)])
    else:
        print_stock(answer)


def print_stock(answer: Stock) -> None:
    """A SKU-location for a person."""
    print_facts(
        f"{answer.sku}@{answer.location}",
        [
            ("tenant", answer.tenant),
            ("version", answer.version),
            ("tracked", answer.tracked),
            ("selling", answer.selling),
            ("buffers", answer.channel_buffers),
            ("backorder limit", answer.backorder_limit or None),
        ],
    )
    print_balances("", answer.balances)
    print_records("Incoming", answer.incoming, always=3)
    print_records("Sources", answer.sources, always=3)


@client_command(app)
def availability(
    call: Call,
    keys: Annotated[
        list[Any],
        typer.Argument(
            parser=availability_key, metavar="SKU[@LOCATION]", help="One SKU everywhere or here."
        ),
    ],
    channel: Annotated[str, typer.Option("--channel", help="What this channel may sell.")] = "",
    excluding_reservation: Annotated[
        str, typer.Option("--excluding-reservation", help="Count this one's holds as free.")
    ] = "",
) -> None:
    """Show what may be promised, by location and in total.

    Example: holdfast availability TEA MUG@LONDON --channel marketplace
    """
    with call.client() as client:
        answer = client.availability(
            keys, channel=channel, excluding_reservation=excluding_reservation
        )
    if call.json:
        print_json(answer)
    else:
        rows = [row for item in answer.items for row in _availability_rows(item)]
        print_table("", ("sku", "location", "available"), rows)


def _availability_rows(item: Availability) -> list[tuple[str, str, Any]]:
    """The rows of one SKU: its locations, and their sum if there are several."""
    rows: list[tuple[str, str, Any]] = [
        (item.sku, place.location, "unlimited" if place.unlimited else place.available)
        for place in item.locations
    ]
    if not rows:
        return [(item.sku, "unknown", 0)]
    if len(rows) > 1:
        total = "unlimited" if item.unlimited else item.total_available
        rows.append((item.sku, "in total", total))
    return rows
