"""Commands on units that are on their way, come back, or may not be sold."""

from typing import Annotated

import typer

from engine.cli.answers import print_answer
from engine.cli.failures import ExitCode, fail
from engine.cli.options import (
    CauseOption,
    ExpectedAtOption,
    IfShortOption,
    KeyArgument,
    QuantityArgument,
    ReasonOption,
    ReferenceOption,
)
from engine.cli.output import print_facts, print_json
from engine.cli.session import Call, client_command

app = typer.Typer()
transfers = typer.Typer(no_args_is_help=True)

TransferArgument = Annotated[
    str, typer.Argument(metavar="TRANSFER", help="The transfer's id, as send has given it.")
]


@client_command(app, writes=True)
def expect(
    call: Call,
    key: KeyArgument,
    quantity: Annotated[int, typer.Argument(metavar="QUANTITY", help="Units; 0: none any more.")],
    reference: Annotated[
        str, typer.Option("--reference", help="The delivery's name; again, it is replaced.")
    ],
    expected_at: ExpectedAtOption = None,
) -> None:
    """Record that units are on their way to a SKU-location.

    Example: holdfast expect TEA@LONDON 500 --reference PO-7 --expected-at 2026-12-01T08:00:00Z
    """
    with call.client() as client:
        answer = client.expect(
            key.sku,
            key.location,
            quantity,
            reference=reference,
            expected_at=expected_at,
            **call.write_options,
        )
    print_answer(call, f"Expected {quantity:,} as {reference}", answer)


@client_command(app, writes=True, name="take-back")
def take_back(
    call: Call,
    key: KeyArgument,
    quantity: QuantityArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why they came back, as a code.")],
    cause: CauseOption = "",
    reference: ReferenceOption = "",
) -> None:
    """Record units that have come back of which no shipment is known.

    Example: holdfast take-back TEA@LONDON 1 --reason UNWANTED --cause inspection
    """
    with call.client() as client:
        answer = client.take_back(
            key.sku,
            key.location,
            quantity,
            reason=reason,
            reference=reference,
            unavailable_cause=cause,
            **call.write_options,
        )
    print_answer(call, f"Took back {quantity:,}", answer)


@client_command(app, writes=True)
def move(
    call: Call,
    key: KeyArgument,
    quantity: QuantityArgument,
    from_cause: Annotated[
        str, typer.Option("--from-cause", help="What they were unavailable for, if they were.")
    ] = "",
    to_cause: Annotated[
        str, typer.Option("--to-cause", help="What they are unavailable for from now on, if so.")
    ] = "",
    if_short: IfShortOption = None,
    reason: ReasonOption = "",
    reference: ReferenceOption = "",
) -> None:
    """Make units unavailable for a cause, available again, or unavailable for another cause.

    Example: holdfast move TEA@LONDON 3 --to-cause damaged --reference note-5
    """
    if from_cause == to_cause:
        raise fail(
            ExitCode.USAGE, "say with --from-cause and --to-cause from where to where; one may lack"
        )
    with call.client() as client:
        answer = client.move(
            key.sku,
            key.location,
            quantity,
            from_cause=from_cause,
            to_cause=to_cause,
            if_short=if_short,
            reason=reason,
            reference=reference,
            **call.write_options,
        )
    where = f"{from_cause or 'available'} to {to_cause or 'available'}"
    print_answer(call, f"Moved {quantity:,} from {where}", answer)


@client_command(transfers, writes=True)
def send(
    call: Call,
    key: KeyArgument,
    to_location: Annotated[str, typer.Argument(metavar="TO", help="The location they go to.")],
    quantity: QuantityArgument,
    expected_at: ExpectedAtOption = None,
    if_short: IfShortOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Record that units have left one location for another.

    Example: holdfast transfer send TEA@LONDON PARIS 20 --reference truck-3
    """
    with call.client() as client:
        answer = client.send_transfer(
            key.sku,
            key.location,
            to_location,
            quantity,
            expected_at=expected_at,
            if_short=if_short,
            reference=reference,
            **call.write_options,
        )
    print_answer(call, f"Sent {quantity:,} to {to_location} as {answer.transfer_id}", answer)


@client_command(transfers, writes=True)
def receive(
    call: Call,
    transfer: TransferArgument,
    quantity: Annotated[int, typer.Argument(metavar="QUANTITY", help="Units that arrived.")],
    lost: Annotated[int, typer.Option("--lost", min=0, help="Units that never will.")] = 0,
    cause: CauseOption = "",
    reference: ReferenceOption = "",
) -> None:
    """Record that units of a transfer have arrived, or never will.

    Example: holdfast transfer receive 0a3-1-1c8f2 18 --lost 2
    """
    with call.client() as client:
        answer = client.receive_transfer(
            transfer,
            quantity,
            lost=lost,
            unavailable_cause=cause,
            reference=reference,
            **call.write_options,
        )
    facts = (("lost", lost or None),)
    print_answer(call, f"Received {quantity:,} of {answer.transfer_id}", answer, *facts)


@client_command(transfers)
def show(call: Call, transfer: TransferArgument) -> None:
    """Show a transfer as it stands.

    Example: holdfast transfer show 0a3-1-1c8f2
    """
    with call.client() as client:
        answer = client.transfer(transfer)
    if call.json:
        print_json(answer)
        return
    print_facts(
        f"{answer.transfer_id}: {answer.sku} from {answer.from_location} to {answer.to_location}",
        [
            ("sent", answer.sent),
            ("received", answer.received),
            ("lost", answer.lost),
            ("in transit", answer.in_transit),
            ("expected at", answer.expected_at),
            ("created at", answer.created_at),
            ("reference", answer.reference),
            ("tenant", answer.tenant),
        ],
    )
