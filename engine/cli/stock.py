"""Commands on the stock of one SKU-location, and questions about it."""

from typing import Annotated, Any, Literal

import typer
from holdfast.types import Availability, IfShort, Stock

from engine.cli.arguments import StockKey, availability_key, channel_buffer, stock_key
from engine.cli.baskets import ChannelOption, ReferenceOption
from engine.cli.output import print_facts, print_json, print_table
from engine.cli.session import Call, client_command

app = typer.Typer()

KeyArgument = Annotated[
    StockKey,
    typer.Argument(
        parser=stock_key, metavar="SKU@LOCATION", help="The last @ separates SKU and location."
    ),
]
QuantityArgument = Annotated[int, typer.Argument(metavar="QUANTITY", help="Units, from 1.")]
IfShortOption = Annotated[
    IfShort | None,
    typer.Option("--if-short", help="Record it even if less is left than is promised."),
]
BALANCES = ("on hand", "held", "allocated", "safety stock", "available")


def _print_level(call: Call, title: str, answer: Any, *facts: tuple[str, Any]) -> None:
    """Print what a write left at its SKU-location."""
    if call.json:
        print_json(answer)
        return
    if call.write_options.get("validate_only"):
        title = f"Would be accepted: {title}"
    replay = "yes: this is the recorded answer" if answer.replayed else None
    print_facts(title, [*facts, ("replayed", replay), ("cursor", answer.cursor)])
    key = f"{answer.sku}@{answer.location}, version {answer.version:,}"
    print_table(key, BALANCES, [answer.balances])


@client_command(app, writes=True)
def sell(
    call: Call,
    key: KeyArgument,
    quantity: QuantityArgument,
    if_short: IfShortOption = None,
    reference: ReferenceOption = "",
    channel: ChannelOption = "",
) -> None:
    """Record a sale that took the units away at once: a till.

    Example: holdfast sell TEA@LONDON 1 --reference receipt-81 --if-short record
    """
    with call.client() as client:
        answer = client.sell(
            key.sku,
            key.location,
            quantity,
            if_short=if_short,
            reference=reference,
            channel=channel,
            **call.write_options,
        )
    _print_level(call, f"Sold {quantity:,}", answer)


@client_command(app, writes=True)
def receive(
    call: Call, key: KeyArgument, quantity: QuantityArgument, reference: ReferenceOption = ""
) -> None:
    """Record units that have arrived; a new SKU-location is created.

    Example: holdfast receive TEA@LONDON 500 --reference delivery-12
    """
    with call.client() as client:
        answer = client.receive(
            key.sku, key.location, quantity, reference=reference, **call.write_options
        )
    _print_level(call, f"Received {quantity:,}", answer)


@client_command(app, writes=True)
def adjust(
    call: Call,
    key: KeyArgument,
    delta: Annotated[
        int,
        typer.Option("--by", help="Units to add, or to take away: --by=-3.", show_default=False),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why: DAMAGED, FOUND, CORRECTION.")],
    reference: Annotated[str, typer.Option("--reference", help="The document that says so.")],
    if_short: IfShortOption = None,
) -> None:
    """Correct the units on hand by a difference.

    Example: holdfast adjust TEA@LONDON --by=-3 --reason DAMAGED --reference note-5
    """
    with call.client() as client:
        answer = client.adjust(
            key.sku,
            key.location,
            delta,
            reason=reason,
            reference=reference,
            if_short=if_short,
            **call.write_options,
        )
    _print_level(call, f"Adjusted by {delta:+,}", answer)


@client_command(app, writes=True)
def count(
    call: Call,
    key: KeyArgument,
    on_hand: Annotated[int, typer.Argument(metavar="ON_HAND", help="Units counted, from 0.")],
    if_version: Annotated[
        int | None,
        typer.Option("--if-version", help="Only at this version; 0: only if it is new."),
    ] = None,
    if_on_hand: Annotated[
        int | None, typer.Option("--if-on-hand", help="Only if so many units are on hand.")
    ] = None,
    if_short: IfShortOption = None,
    reference: ReferenceOption = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it was counted.")] = "",
) -> None:
    """Record a count: the units on hand are what was counted.

    Example: holdfast count TEA@LONDON 480 --if-version 7 --reference stocktake-3
    """
    with call.client() as client:
        answer = client.set_on_hand(
            key.sku,
            key.location,
            on_hand,
            if_version=if_version,
            if_on_hand=if_on_hand,
            if_short=if_short,
            reference=reference,
            reason=reason,
            **call.write_options,
        )
    difference = on_hand - answer.expected
    facts = (("expected", answer.expected), ("difference", f"{difference:+,}"))
    _print_level(call, f"Counted {on_hand:,}", answer, *facts)


@client_command(app, writes=True)
def configure(
    call: Call,
    key: KeyArgument,
    safety_stock: Annotated[
        int | None, typer.Option("--safety-stock", help="Units kept back from every promise.")
    ] = None,
    tracked: Annotated[
        bool | None, typer.Option("--tracked/--untracked", help="Whether units are counted.")
    ] = None,
    selling: Annotated[
        Literal["open", "stopped"] | None,
        typer.Option("--selling", help="Whether new promises may be made."),
    ] = None,
    channel_buffers: Annotated[
        list[Any] | None,
        typer.Option(
            "--channel-buffer",
            parser=channel_buffer,
            metavar="CHANNEL=UNITS",
            help="Units that a channel leaves to the others; 0 removes it. May be repeated.",
        ),
    ] = None,
) -> None:
    """Set how a SKU-location may be promised; what is not given stays as it is.

    Example: holdfast configure TEA@LONDON --safety-stock 5 --channel-buffer marketplace=20
    """
    with call.client() as client:
        answer = client.configure(
            key.sku,
            key.location,
            safety_stock=safety_stock,
            tracked=tracked,
            selling=selling,
            channel_buffers=dict(channel_buffers or ()),
            **call.write_options,
        )
    if call.json:
        print_json(answer)
    else:
        _print_stock(answer.stock)


@client_command(app)
def stock(call: Call, key: KeyArgument) -> None:
    """Show a SKU-location.

    Example: holdfast stock TEA@LONDON --json
    """
    with call.client() as client:
        answer = client.stock(key.sku, key.location)
    if call.json:
        print_json(answer)
    else:
        _print_stock(answer)


def _print_stock(answer: Stock) -> None:
    """A SKU-location for a person."""
    buffers = ", ".join(f"{buffer.channel}={buffer.units:,}" for buffer in answer.channel_buffers)
    print_facts(
        f"{answer.sku}@{answer.location}",
        [
            ("tenant", answer.tenant),
            ("version", answer.version),
            ("tracked", answer.tracked),
            ("selling", answer.selling),
            ("buffers", buffers),
        ],
    )
    print_table("", BALANCES, [answer.balances])


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
