"""Commands on the stock of one SKU-location."""

from typing import Annotated, Any, Literal

import typer

from engine.cli.answers import print_answer
from engine.cli.arguments import channel_buffer, moment
from engine.cli.failures import ExitCode, fail
from engine.cli.options import (
    CauseOption,
    ChannelOption,
    IfShortOption,
    KeyArgument,
    QuantityArgument,
    ReferenceOption,
)
from engine.cli.output import print_json
from engine.cli.session import Call, client_command
from engine.cli.stock_reads import print_stock

app = typer.Typer()


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
    print_answer(call, f"Sold {quantity:,}", answer)


@client_command(app, writes=True)
def receive(
    call: Call,
    key: KeyArgument,
    quantity: QuantityArgument,
    incoming: Annotated[
        str, typer.Option("--incoming", help="What was expected, by the reference of expect.")
    ] = "",
    cause: CauseOption = "",
    reference: ReferenceOption = "",
) -> None:
    """Record units that have arrived; a new SKU-location is created.

    Example: holdfast receive TEA@LONDON 500 --reference delivery-12
    """
    with call.client() as client:
        answer = client.receive(
            key.sku,
            key.location,
            quantity,
            reference=reference,
            incoming_reference=incoming,
            unavailable_cause=cause,
            **call.write_options,
        )
    print_answer(call, f"Received {quantity:,}", answer)


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
    cause: Annotated[
        str, typer.Option("--cause", help="Correct the units that are unavailable for it.")
    ] = "",
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
            unavailable_cause=cause,
            **call.write_options,
        )
    print_answer(call, f"Adjusted by {delta:+,}", answer)


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
    observed_at: Annotated[
        Any,
        typer.Option(
            "--observed-at",
            parser=moment,
            metavar="TIME",
            help="When it was counted; what moved since then is added.",
        ),
    ] = None,
    observed_cursor: Annotated[
        str, typer.Option("--observed-cursor", help="The history as the counter knew it.")
    ] = "",
) -> None:
    """Record a count: the units on hand are what was counted.

    Example: holdfast count TEA@LONDON 480 --if-version 7 --reference stocktake-3
    """
    if observed_at and observed_cursor:
        raise fail(ExitCode.USAGE, "--observed-at and --observed-cursor both say when: give one")
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
            observed_at=observed_at,
            observed_cursor=observed_cursor,
            **call.write_options,
        )
    difference = on_hand + answer.moved_since - answer.expected
    facts = (
        ("expected", answer.expected),
        ("moved since", f"{answer.moved_since:+,}" if answer.moved_since else None),
        ("difference", f"{difference:+,}"),
    )
    print_answer(call, f"Counted {on_hand:,}", answer, *facts)


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
    backorder_limit: Annotated[
        int | None,
        typer.Option("--backorder-limit", help="Units that may be promised beyond what is there."),
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
            backorder_limit=backorder_limit,
            **call.write_options,
        )
    if call.json:
        print_json(answer)
    else:
        print_stock(answer.stock)
