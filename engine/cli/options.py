"""Arguments and options that several commands share."""

from typing import Annotated, Any, Literal, TypedDict

import typer
from holdfast.types import HoldClass, IfShort, Line, Strategy

from engine.cli.arguments import (
    StockKey,
    as_of,
    basket_line,
    duration_s,
    length,
    moment,
    reservation_part,
    stock_key,
)
from engine.cli.failures import ExitCode, fail

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
CauseOption = Annotated[
    str, typer.Option("--cause", help="Why the units may not be sold: damaged, inspection.")
]
ExpectedAtOption = Annotated[
    Any,
    typer.Option(
        "--expected-at", parser=moment, metavar="TIME", help="When: 2026-11-20T10:00:00Z."
    ),
]
AsOfOption = Annotated[
    Any,
    typer.Option(
        "--as-of", parser=as_of, metavar="TIME|CURSOR", help="As it was then, instead of now."
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0: all.")]
LinesArgument = Annotated[
    list[Line],
    typer.Argument(
        parser=basket_line,
        metavar="SKU@LOCATION=QUANTITY",
        help="The basket. Only the last = and the last @ before it separate. Without a location, "
        "--from or --group say where the units come from. With --fill best_effort, "
        "QUANTITY:MINIMUM refuses the basket below the minimum.",
    ),
]
ReservationArgument = Annotated[
    str, typer.Argument(metavar="[RESERVATION]", help="The reservation's id; or use --of.")
]
OfOption = Annotated[
    str,
    typer.Option("--of", metavar="REFERENCE", help="The one open reservation named so, by no id."),
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
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, as a code of the caller's.")]
ChannelOption = Annotated[str, typer.Option("--channel", help="The channel that sells.")]
CustomerOption = Annotated[
    str, typer.Option("--customer", help="The customer, as a token without personal data.")
]
FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="LOCATION",
        help="Where lines without a location come from, the best first. May be repeated.",
    ),
]
GroupOption = Annotated[
    str, typer.Option("--group", help="Where lines without a location come from: any of a group.")
]
StrategyOption = Annotated[
    Strategy | None, typer.Option("--strategy", help="Which of several locations to take.")
]
SplitOption = Annotated[
    bool | None,
    typer.Option("--split/--no-split", help="Whether one line may come from several locations."),
]
BackorderOption = Annotated[
    bool, typer.Option("--backorder", help="Promise units that are still to come, up to the limit.")
]
CustomerLimitOption = Annotated[
    int,
    typer.Option("--customer-limit", min=0, help="Units of each SKU that a customer may have."),
]
ConfirmWithinOption = Annotated[
    Any,
    typer.Option(
        "--confirm-within", parser=length, metavar="TIME", help="How long it may wait for confirm."
    ),
]
OnOverdueOption = Annotated[
    Literal["keep", "release"] | None,
    typer.Option("--on-overdue", help="What becomes of it if nobody confirms it in time."),
]


class Named(TypedDict):
    """How the SDK takes which reservation a command is about: one of them is empty."""

    reservation_id: str
    reservation_reference: str


def named(reservation: str, of: str) -> Named:
    """Which reservation a command is about; ends the command unless one of the two is given."""
    if bool(reservation) is bool(of):
        given = "both were given" if of else "none of them was given"
        raise fail(
            ExitCode.USAGE, f"name the reservation by its id or with --of REFERENCE; {given}"
        )
    return {"reservation_id": reservation, "reservation_reference": of}


def sourced(
    lines: list[Line],
    locations: list[str] | None,
    group: str,
    *,
    allow_backorder: bool = False,
    customer_limit: int = 0,
) -> list[Line]:
    """The lines with what the command's options say about all of them; those without a location
    come from `locations` or from `group`."""
    if locations and group:
        raise fail(ExitCode.USAGE, "--from and --group each say where units come from: give one")
    if (locations or group) and all(line.location for line in lines):
        raise fail(
            ExitCode.USAGE,
            "--from and --group are for lines without a location, SKU=QUANTITY; there is none",
        )
    for line in lines:
        if not (line.location or locations or group):
            raise fail(
                ExitCode.USAGE,
                f"the line of {line.sku} names no location: write {line.sku}@LOCATION="
                f"{line.quantity}, or say --from LOCATION or --group GROUP",
            )
    return [
        line._replace(
            locations=tuple(locations or ()) if not line.location else (),
            group=group if not line.location else "",
            allow_backorder=allow_backorder,
            customer_limit=customer_limit,
        )
        for line in lines
    ]
