"""Questions about reservations."""

from typing import Annotated, Any

import typer
from holdfast.types import PromiseState, Reservation

from engine.cli.arguments import stock_key
from engine.cli.failures import ExitCode, fail
from engine.cli.listing import first_of, warn_of_more
from engine.cli.options import LimitOption, OfOption, ReservationArgument, named
from engine.cli.output import print_facts, print_json, print_records, print_table, shown
from engine.cli.session import Call, client_command

app = typer.Typer()


@client_command(app)
def reservation(call: Call, reservation: ReservationArgument = "", of: OfOption = "") -> None:
    """Show a reservation as it stands.

    Example: holdfast reservation 0a3-1-1c8f2
    """
    with call.client() as client:
        answer = client.reservation(**named(reservation, of))
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
            ("held for, then", answer.hold),
            ("confirm by", answer.confirm_by),
            ("else", answer.on_overdue if answer.confirm_by else None),
            ("created at", answer.created_at),
            ("reference", answer.reference),
            ("channel", answer.channel),
            ("customer", answer.customer),
            ("prepared for", answer.prepared_for),
            ("tenant", answer.tenant),
        ],
    )
    print_records("Lines", answer.lines, always=6)
    for shipment in answer.shipments:
        title = f"Shipment {shipment.shipment_id}, {shown(shipment.shipped_at)}"
        print_records(title, shipment.lines, always=5)


@client_command(app)
def reservations(
    call: Call,
    key: Annotated[
        Any,
        typer.Argument(
            parser=stock_key, metavar="[SKU@LOCATION]", help="Open ones with units here."
        ),
    ] = None,
    state: Annotated[
        PromiseState | None, typer.Option("--state", help="Only those with units held, or so.")
    ] = None,
    at_risk: Annotated[
        bool, typer.Option("--at-risk", help="Only those whose units may not be there.")
    ] = False,
    reference: Annotated[str, typer.Option("--reference", help="All that are named so.")] = "",
    customer: Annotated[
        str, typer.Option("--customer", help="Those of this customer with units of --sku.")
    ] = "",
    sku: Annotated[str, typer.Option("--sku", help="The SKU, with --customer.")] = "",
    limit: LimitOption = 100,
) -> None:
    """List reservations by what they hold, what they are named, or whom they are for.

    Example: holdfast reservations TEA@LONDON --at-risk
    """
    chosen = [bool(key), bool(reference), bool(customer)]
    _check_choice(chosen, with_sku=bool(sku), narrowed=(at_risk, state is not None))
    with call.client() as client:
        listing = client.list_reservations(
            key.sku if key else sku,
            key.location if key else "",
            state=state,
            at_risk=at_risk,
            reference=reference,
            customer=customer,
        )
        found, more = first_of(listing, limit)
    if call.json:
        print_json({"reservations": found, "more": more, "cursor": listing.cursor})
        return
    if not found:
        print_facts("There are none", [])
        return
    columns = ("reservation", "status", "units", "reference", "customer", "created", "expires")
    print_table("", columns, [_row(each) for each in found])
    warn_of_more(more, limit)


def _check_choice(chosen: list[bool], *, with_sku: bool, narrowed: tuple[bool, bool]) -> None:
    """End the command unless exactly one of key, reference and customer is chosen, and only what
    belongs to it is given besides."""
    by_key, _, by_customer = chosen
    at_risk, by_state = narrowed
    if chosen.count(True) != 1 or with_sku is not by_customer:
        raise fail(
            ExitCode.USAGE,
            "say which: SKU@LOCATION, --reference REFERENCE, or --customer CUSTOMER with --sku SKU",
        )
    if (at_risk or by_state) and not by_key:
        raise fail(ExitCode.USAGE, "--at-risk and --state are about a SKU@LOCATION")
    if at_risk and by_state:
        raise fail(ExitCode.USAGE, "--at-risk counts held and allocated units: leave --state out")


def _row(answer: Reservation) -> tuple[Any, ...]:
    """A reservation in one row, with the units that it has."""
    units = ", ".join(
        f"{line.sku}@{line.location}={line.held + line.allocated + line.waiting}"
        for line in answer.lines
        if line.held or line.allocated or line.waiting
    )
    return (
        *(answer.reservation_id, answer.status, units, answer.reference, answer.customer),
        *(answer.created_at, answer.expires_at),
    )
