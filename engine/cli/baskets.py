"""Commands on baskets until they are orders: promised, changed, committed, given back."""

from typing import Annotated, Any, Literal

import typer
from holdfast.types import Fill, IfShort, OnExpired, Remainder

from engine.cli.answers import print_answer
from engine.cli.arguments import length, set_line
from engine.cli.options import (
    BackorderOption,
    ChannelOption,
    ConfirmWithinOption,
    CustomerLimitOption,
    CustomerOption,
    FromOption,
    GroupOption,
    HoldClassOption,
    LinesArgument,
    OfOption,
    OnOverdueOption,
    PartsOption,
    ReferenceOption,
    ReservationArgument,
    SplitOption,
    StrategyOption,
    TtlOption,
    named,
    sourced,
)
from engine.cli.session import Call, client_command

app = typer.Typer()

Reason = Literal[
    "customer_cancelled", "payment_failed", "out_of_stock", "exchanged", "fraud", "other"
]
"""Reasons that may be given, as the SDK names them; `ReleaseReason.UNKNOWN` is only ever read."""


@client_command(app, writes=True)
def reserve(
    call: Call,
    lines: LinesArgument,
    ttl: TtlOption = None,
    hold_class: HoldClassOption = None,
    fill: Annotated[
        Fill | None, typer.Option("--fill", help="What to do when a line is short.")
    ] = None,
    wait: Annotated[
        Any,
        typer.Option(
            "--wait", parser=length, metavar="TIME", help="How long short units wait for stock."
        ),
    ] = None,
    locations: FromOption = None,
    group: GroupOption = "",
    strategy: StrategyOption = None,
    split: SplitOption = None,
    backorder: BackorderOption = False,
    customer_limit: CustomerLimitOption = 0,
    reference: ReferenceOption = "",
    channel: ChannelOption = "",
    customer: CustomerOption = "",
) -> None:
    """Hold units for a basket until a deadline.

    Example: holdfast reserve TEA@LONDON=2 MUG@LONDON=1 --ttl 10m --reference cart-17
    """
    basket = sourced(
        lines, locations, group, allow_backorder=backorder, customer_limit=customer_limit
    )
    with call.client() as client:
        answer = client.reserve(
            basket,
            ttl_s=ttl,
            hold_class=hold_class,
            fill=fill,
            wait=wait,
            strategy=strategy,
            split=split,
            reference=reference,
            channel=channel,
            customer=customer,
            **call.write_options,
        )
    verb = "Waits for stock" if answer.waiting else "Held"
    title = f"{verb} as {answer.reservation_id}" if answer.reservation_id else verb
    until = "waits until" if answer.waiting else "expires at"
    print_answer(call, title, answer, (until, answer.expires_at))


@client_command(app, writes=True)
def allocate(
    call: Call,
    lines: LinesArgument,
    if_short: Annotated[
        IfShort | None, typer.Option("--if-short", help="Record it even if units are missing.")
    ] = None,
    confirm_within: ConfirmWithinOption = None,
    on_overdue: OnOverdueOption = None,
    locations: FromOption = None,
    group: GroupOption = "",
    strategy: StrategyOption = None,
    split: SplitOption = None,
    backorder: BackorderOption = False,
    customer_limit: CustomerLimitOption = 0,
    reference: ReferenceOption = "",
    channel: ChannelOption = "",
    customer: CustomerOption = "",
) -> None:
    """Promise units to an order without a hold before it: what was sold elsewhere.

    Example: holdfast allocate TEA@LONDON=2 --reference order-9 --channel marketplace
    """
    basket = sourced(
        lines, locations, group, allow_backorder=backorder, customer_limit=customer_limit
    )
    with call.client() as client:
        answer = client.allocate(
            basket,
            if_short=if_short,
            confirm_within=confirm_within,
            on_overdue=on_overdue,
            strategy=strategy,
            split=split,
            reference=reference,
            channel=channel,
            customer=customer,
            **call.write_options,
        )
    print_answer(call, f"Allocated as {answer.reservation_id}", answer)


@client_command(app, writes=True)
def amend(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    set_lines: Annotated[
        list[Any] | None,
        typer.Option(
            "--set",
            parser=set_line,
            metavar="LINE=SKU@LOCATION=QUANTITY",
            help="What a line is from now on, a new one or one that is there. May be repeated.",
        ),
    ] = None,
    drop_lines: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="LINE", help="Give this line back. May be repeated."),
    ] = None,
    locations: FromOption = None,
    group: GroupOption = "",
    strategy: StrategyOption = None,
    split: SplitOption = None,
    backorder: BackorderOption = False,
    customer_limit: CustomerLimitOption = 0,
) -> None:
    """Change a basket as one: all of it, or nothing.

    Example: holdfast amend 0a3-1-1c8f2 --set 1=TEA@LONDON=3 --set 4=MUG@LONDON=1 --drop 2
    """
    lines = sourced(
        set_lines or [],
        locations,
        group,
        allow_backorder=backorder,
        customer_limit=customer_limit,
    )
    with call.client() as client:
        answer = client.amend(
            **named(reservation, of),
            set_lines=lines,
            drop_lines=drop_lines or (),
            strategy=strategy,
            split=split,
            **call.write_options,
        )
    print_answer(call, f"Amended {answer.reservation_id}", answer)


@client_command(app, writes=True)
def extend(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    ttl: TtlOption = None,
    hold_class: HoldClassOption = None,
) -> None:
    """Give a hold a new deadline, counted from now.

    Example: holdfast extend 0a3-1-1c8f2 --ttl 5m
    """
    with call.client() as client:
        answer = client.extend(
            **named(reservation, of), ttl_s=ttl, hold_class=hold_class, **call.write_options
        )
    title = f"Extended {answer.reservation_id}"
    print_answer(call, title, answer, ("expires at", answer.expires_at))


@client_command(app, writes=True)
def commit(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: PartsOption = None,
    remainder: Annotated[
        Remainder | None, typer.Option("--remainder", help="What becomes of lines not named.")
    ] = None,
    on_expired: Annotated[
        OnExpired | None,
        typer.Option("--on-expired", help="After the deadline: take the units again."),
    ] = None,
    confirm_within: ConfirmWithinOption = None,
    on_overdue: OnOverdueOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Turn held units into units allocated to an order.

    Example: holdfast commit 0a3-1-1c8f2 --reference order-9
    """
    with call.client() as client:
        answer = client.commit(
            **named(reservation, of),
            lines=line or None,
            remainder=remainder,
            on_expired=on_expired,
            confirm_within=confirm_within,
            on_overdue=on_overdue,
            reference=reference,
            **call.write_options,
        )
    print_answer(call, f"Committed {answer.reservation_id}", answer)


@client_command(app, writes=True)
def confirm(call: Call, reservation: ReservationArgument = "", of: OfOption = "") -> None:
    """Say that an order stands, so that its allocation does not become overdue.

    Example: holdfast confirm --of order-9
    """
    with call.client() as client:
        answer = client.confirm(**named(reservation, of), **call.write_options)
    print_answer(call, f"Confirmed {answer.reservation_id}", answer)


@client_command(app, writes=True)
def release(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: PartsOption = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="Why.")] = None,
) -> None:
    """Give held or allocated units back. Doing it twice is harmless.

    Example: holdfast release 0a3-1-1c8f2 --line 2 --reason payment_failed
    """
    with call.client() as client:
        answer = client.release(
            **named(reservation, of), lines=line or None, reason=reason, **call.write_options
        )
    title = f"Released {answer.reservation_id}"
    print_answer(call, title, answer, ("status", answer.status))
