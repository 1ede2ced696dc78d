"""Commands on orders on their way to the customer and back."""

from typing import Annotated, Any

import typer
from holdfast.types import IfShort, LinePart

from engine.cli.answers import print_answer
from engine.cli.arguments import picked_part
from engine.cli.failures import ExitCode, fail
from engine.cli.options import (
    CauseOption,
    OfOption,
    PartsOption,
    ReasonOption,
    ReferenceOption,
    ReservationArgument,
    named,
)
from engine.cli.session import Call, client_command

app = typer.Typer()


@client_command(app, writes=True)
def pick(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: Annotated[
        list[Any] | None,
        typer.Option(
            "--line",
            parser=picked_part,
            metavar="LINE[=PICKED[:MISSING]]",
            help="Only this line: units in the box, and units looked for in vain. May be repeated.",
        ),
    ] = None,
    reference: ReferenceOption = "",
) -> None:
    """Record that allocated units lie in a box, or were looked for in vain.

    Example: holdfast pick 0a3-1-1c8f2 --line 1 --line 2=3:1 --reference box-7
    """
    with call.client() as client:
        answer = client.pick(
            **named(reservation, of), lines=line or None, reference=reference, **call.write_options
        )
    print_answer(call, f"Picked {answer.reservation_id}", answer)


@client_command(app, writes=True)
def unpick(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: PartsOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Record that picked units are back on the shelf.

    Example: holdfast unpick 0a3-1-1c8f2 --line 1=2
    """
    with call.client() as client:
        answer = client.unpick(
            **named(reservation, of), lines=line or None, reference=reference, **call.write_options
        )
    print_answer(call, f"Unpicked {answer.reservation_id}", answer)


@client_command(app, writes=True)
def ship(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: PartsOption = None,
    location: Annotated[
        str, typer.Option("--location", help="Where the lines named left from, if not from theirs.")
    ] = "",
    if_unexpected: Annotated[
        IfShort | None,
        typer.Option("--if-unexpected", help="Record units that were not allocated, too."),
    ] = None,
    reference: ReferenceOption = "",
) -> None:
    """Record that allocated units have left, whole or in parts.

    Example: holdfast ship 0a3-1-1c8f2 --line 1=2 --reference parcel-4
    """
    lines = line or None
    if location:
        if not line:
            raise fail(ExitCode.USAGE, "--location is about lines: name them with --line")
        parts = [(part, 0) if isinstance(part, str) else part for part in line]
        lines = [LinePart(line_id, quantity, location) for line_id, quantity in parts]
    with call.client() as client:
        answer = client.ship(
            **named(reservation, of),
            lines=lines,
            if_unexpected=if_unexpected,
            reference=reference,
            **call.write_options,
        )
    print_answer(call, f"Shipped {answer.reservation_id}", answer, ("status", answer.status))


@client_command(app, writes=True, name="return")
def return_units(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    line: PartsOption = None,
    shipment: Annotated[
        str, typer.Option("--shipment", help="Of this shipment; else of whichever.")
    ] = "",
    cause: CauseOption = "",
    reason: ReasonOption = "",
    reference: ReferenceOption = "",
) -> None:
    """Record that shipped units have come back.

    Example: holdfast return 0a3-1-1c8f2 --line 1=1 --cause inspection --reason TOO_SMALL
    """
    with call.client() as client:
        answer = client.return_units(
            **named(reservation, of),
            lines=line or None,
            shipment_id=shipment,
            unavailable_cause=cause,
            reason=reason,
            reference=reference,
            **call.write_options,
        )
    print_answer(call, f"Returned of {answer.reservation_id}", answer)


@client_command(app, writes=True, name="move-reservation")
def move_reservation(
    call: Call,
    reservation: ReservationArgument = "",
    of: OfOption = "",
    to: Annotated[
        str, typer.Option("--to", metavar="LOCATION", help="Where to serve it from.")
    ] = "",
    line: PartsOption = None,
) -> None:
    """Serve lines of a reservation from another location.

    Example: holdfast move-reservation 0a3-1-1c8f2 --to PARIS --line 1
    """
    if not to:
        raise fail(ExitCode.USAGE, "say with --to LOCATION where to serve the reservation from")
    with call.client() as client:
        answer = client.transfer_reservation(
            **named(reservation, of), to_location=to, lines=line or None, **call.write_options
        )
    print_answer(call, f"{answer.reservation_id} is served from {to}", answer)
