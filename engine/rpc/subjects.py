"""What a command leads to that it does not name: the lines of a reservation, the ends of a
transfer, the filter of a subscription. Whoever is limited to some stock may only touch what is all
within it, so that is read first."""

from collections.abc import Awaitable, Callable

from engine.access.named import Named, Names, only
from engine.core.commands import Command, OnReservation, ReceiveTransfer
from engine.core.model import Reservation, Transfer
from engine.rpc.calls import CURRENT, unanswered
from engine.rpc.visits import Visit
from engine.shard.messages import Result
from engine.shard.queries import (
    ReadReservation,
    ReadTransfer,
    ReservationRead,
    TransferRead,
)

SubjectQuestion = ReadReservation | ReadTransfer
Ask = Callable[[int, SubjectQuestion], Awaitable[Result]]
"""Asks the shard of a slot, with the deadline of the command."""
Read = Callable[[SubjectQuestion], Awaitable[Result]]
"""Asks the shard that a command goes to."""


def question_about(command: Command) -> SubjectQuestion | None:
    """What has to be read before a command is judged; None if it names all itself."""
    if isinstance(command, OnReservation):
        return ReadReservation(command.tenant, command.reservation_id)
    if isinstance(command, ReceiveTransfer):
        return ReadTransfer(command.tenant, command.transfer_id)
    return None


async def check_subject(
    visit: Visit, command: str, asked: Named, about: Command, *, shard: int, read: Read
) -> None:
    """Hold a command against the rules together with what it leads to. PermissionDenied if no rule
    covers both; what does not exist is for the shard to refuse."""
    question = question_about(about)
    if question is None or not visit.needs_to_see(command, asked):
        return
    confirm_read(visit, command, asked, question, await read(question), shard)


def confirm_read(
    visit: Visit,
    command: str,
    asked: Named,
    question: SubjectQuestion,
    result: Result,
    shard: int,
) -> None:
    """Hold a command against the rules together with what was read of what it leads to."""
    if isinstance(result, ReservationRead):
        if result.reservation is not None:
            confirm_reservation(visit, command, asked, result.reservation)
    elif isinstance(result, TransferRead):
        if result.transfer is not None:
            confirm_transfer(visit, command, asked, result.transfer)
    else:
        raise unanswered(result, shard, question)


def confirm_reservation(visit: Visit, command: str, asked: Named, reservation: Reservation) -> None:
    """PermissionDenied unless one rule covers what is asked and the whole reservation."""
    found = Named(
        only(reservation.tenant),
        Names(frozenset(line.key.sku for line in reservation.lines)),
        Names(frozenset(line.key.location for line in reservation.lines)),
        only(reservation.channel),
    )
    visit.confirm(command, asked, found, f"reservation {reservation.reservation_id}")


def confirm_transfer(visit: Visit, command: str, asked: Named, transfer: Transfer) -> None:
    """PermissionDenied unless one rule covers what is asked and both ends of the transfer."""
    found = Named(
        only(transfer.tenant),
        only(transfer.sku),
        only(transfer.from_location, transfer.to_location),
    )
    visit.confirm(command, asked, found, f"transfer {transfer.transfer_id}")


def confirm_current(found: Reservation | Transfer) -> None:
    """Hold the call that is being answered against the rules together with what it reads. Nothing
    where everybody may do everything."""
    call = CURRENT.get()
    visit = call.visit
    if visit is None:
        return
    if isinstance(found, Reservation):
        confirm_reservation(visit, call.method, visit.asked, found)
    else:
        confirm_transfer(visit, call.method, visit.asked, found)
