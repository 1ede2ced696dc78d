"""Commands on baskets: reserve, allocate, and what becomes of them until they have left."""

from typing import Annotated, Any, Literal

import typer
from holdfast.types import (
    Fill,
    HoldClass,
    IfShort,
    Line,
    LineResult,
    Remainder,
    Reservation,
    ShortLine,
)

from engine.cli.arguments import basket_line, duration_s, reservation_part
from engine.cli.output import print_facts, print_json, print_table, shown
from engine.cli.session import Call, client_command

app = typer.Typer()

Reason = Literal[
    "customer_cancelled", "payment_failed", "out_of_stock", "exchanged", "fraud", "other"
]
"""Reasons that may be given, as the SDK names them; `ReleaseReason.UNKNOWN` is only ever read."""

LinesArgument = Annotated[
    list[Line],
    typer.Argument(
        parser=basket_line,
        metavar="SKU@LOCATION=QUANTITY",
        help="The basket. Only the last = and the last @ before it separate. With --fill "
        "best_effort, QUANTITY:MINIMUM refuses the basket below the minimum.",
    ),
]
ReservationArgument = Annotated[
    str, typer.Argument(metavar="RESERVATION", help="The reservation's id.")
]
PartsOption = Annotated[
    list[Any] | None,
    typer.Option(
        "--line",
        parser=reservation_part,
        metavar="LINE[=QUANTITY]",
        help="Only this line, or so many units of it. May be repeated.",
    ),
]
TtlOption = Annotated[
    Any,
    typer.Option(
        "--ttl", parser=duration_s, metavar="TIME", help="How long to hold: 90s, 5m, 2h, 30d."
    ),
]
HoldClassOption = Annotated[
    HoldClass | None, typer.Option("--hold-class", help="Hold for one of the server's times.")
]
ReferenceOption = Annotated[
    str, typer.Option("--reference", help="The caller's name: a cart, an order, a shipment.")
]
ChannelOption = Annotated[str, typer.Option("--channel", help="The channel that sells.")]
CustomerOption = Annotated[
    str, typer.Option("--customer", help="The customer, as a token without personal data.")
]


def _print_lines(title: str, lines: tuple[LineResult, ...]) -> None:
    """What a command did, line by line."""
    if lines:
        print_table(title, ("line", "sku", "location", "quantity"), lines)


def _print_short(lines: tuple[ShortLine, ...]) -> None:
    """What could not be held."""
    if lines:
        rows = [(s.line_id, s.sku, s.location, s.asked, s.available, s.cause) for s in lines]
        columns = ("line", "sku", "location", "asked", "available", "because of")
        print_table("Short", columns, rows)


def _print_answer(call: Call, title: str, answer: Any, *facts: tuple[str, Any]) -> None:
    """Print an answer to a write: its title, its facts, and where it stands in the history."""
    if call.json:
        print_json(answer)
        return
    if call.write_options.get("validate_only"):
        title = f"Would be accepted: {title}"
    now = answer.current.status if answer.current is not None else None
    replay = "yes: this is the recorded answer" if answer.replayed else None
    print_facts(title, [*facts, ("replayed", replay), ("now", now), ("cursor", answer.cursor)])
    _print_lines("Lines", answer.lines if hasattr(answer, "lines") else ())


@client_command(app, writes=True)
def reserve(
    call: Call,
    lines: LinesArgument,
    ttl: TtlOption = None,
    hold_class: HoldClassOption = None,
    fill: Annotated[
        Fill | None, typer.Option("--fill", help="What to do when a line is short.")
    ] = None,
    reference: ReferenceOption = "",
    channel: ChannelOption = "",
    customer: CustomerOption = "",
) -> None:
    """Hold units for a basket until a deadline.

    Example: holdfast reserve TEA@LONDON=2 MUG@LONDON=1 --ttl 10m --reference cart-17
    """
    with call.client() as client:
        answer = client.reserve(
            lines,
            ttl_s=ttl,
            hold_class=hold_class,
            fill=fill,
            reference=reference,
            channel=channel,
            customer=customer,
            **call.write_options,
        )
    title = f"Held as {answer.reservation_id}" if answer.reservation_id else "Held"
    _print_answer(call, title, answer, ("expires at", answer.expires_at))
    if not call.json:
        _print_short(answer.short_lines)


@client_command(app, writes=True)
def allocate(
    call: Call,
    lines: LinesArgument,
    if_short: Annotated[
        IfShort | None, typer.Option("--if-short", help="Record it even if units are missing.")
    ] = None,
    reference: ReferenceOption = "",
    channel: ChannelOption = "",
    customer: CustomerOption = "",
) -> None:
    """Promise units to an order without a hold before it: what was sold elsewhere.

    Example: holdfast allocate TEA@LONDON=2 --reference order-9 --channel marketplace
    """
    with call.client() as client:
        answer = client.allocate(
            lines,
            if_short=if_short,
            reference=reference,
            channel=channel,
            customer=customer,
            **call.write_options,
        )
    _print_answer(call, f"Allocated as {answer.reservation_id}", answer)


@client_command(app, writes=True)
def extend(
    call: Call,
    reservation: ReservationArgument,
    ttl: TtlOption = None,
    hold_class: HoldClassOption = None,
) -> None:
    """Give a hold a new deadline, counted from now.

    Example: holdfast extend 0a3-1-1c8f2 --ttl 5m
    """
    with call.client() as client:
        answer = client.extend(reservation, ttl_s=ttl, hold_class=hold_class, **call.write_options)
    title = f"Extended {answer.reservation_id}"
    _print_answer(call, title, answer, ("expires at", answer.expires_at))


@client_command(app, writes=True)
def commit(
    call: Call,
    reservation: ReservationArgument,
    line: PartsOption = None,
    remainder: Annotated[
        Remainder | None, typer.Option("--remainder", help="What becomes of lines not named.")
    ] = None,
    reference: ReferenceOption = "",
) -> None:
    """Turn held units into units allocated to an order.

    Example: holdfast commit 0a3-1-1c8f2 --reference order-9
    """
    with call.client() as client:
        answer = client.commit(
            reservation,
            lines=line or None,
            remainder=remainder,
            reference=reference,
            **call.write_options,
        )
    _print_answer(call, f"Committed {answer.reservation_id}", answer)
    if not call.json:
        _print_lines("Freed", answer.freed_lines)


@client_command(app, writes=True)
def release(
    call: Call,
    reservation: ReservationArgument,
    line: PartsOption = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="Why.")] = None,
) -> None:
    """Give held or allocated units back. Doing it twice is harmless.

    Example: holdfast release 0a3-1-1c8f2 --line 2 --reason payment_failed
    """
    with call.client() as client:
        answer = client.release(
            reservation, lines=line or None, reason=reason, **call.write_options
        )
    title = f"Released {answer.reservation_id}"
    _print_answer(call, title, answer, ("status", answer.status))


@client_command(app, writes=True)
def ship(
    call: Call,
    reservation: ReservationArgument,
    line: PartsOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Record that allocated units have left, whole or in parts.

    Example: holdfast ship 0a3-1-1c8f2 --line 1=2 --reference parcel-4
    """
    with call.client() as client:
        answer = client.ship(
            reservation, lines=line or None, reference=reference, **call.write_options
        )
    _print_answer(call, f"Shipped {answer.reservation_id}", answer, ("status", answer.status))


@client_command(app)
def reservation(call: Call, reservation: ReservationArgument) -> None:
    """Show a reservation as it stands.

    Example: holdfast reservation 0a3-1-1c8f2
    """
    with call.client() as client:
        answer = client.reservation(reservation)
    if call.json:
        print_json(answer)
        return
    _print_reservation(answer)


def _print_reservation(answer: Reservation) -> None:
    """A reservation for a person."""
    print_facts(
        f"{answer.reservation_id} is {shown(answer.status)}",
        [
            ("expires at", answer.expires_at),
            ("created at", answer.created_at),
            ("reference", answer.reference),
            ("channel", answer.channel),
            ("customer", answer.customer),
            ("tenant", answer.tenant),
        ],
    )
    print_table("", answer.lines[0]._fields if answer.lines else ("lines",), answer.lines)
