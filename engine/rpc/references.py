"""Which reservation a reference means: every shard is asked, since any may be its home."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from engine.core.limits import REFERENCE_OPEN_MAX
from engine.rpc.calls import unanswered
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_parts import ByReference, Submission
from engine.rpc.problems import AmbiguousReference, UnknownReference
from engine.shard.messages import Result, Write
from engine.shard.port import Shards
from engine.shard.queries import FindReservation, ReservationsFound
from engine.shard.slots import reference_slot

Ask = Callable[[int, FindReservation], Awaitable[Result]]
"""Asks the shard of a slot, with the deadline of whoever needs to know."""


async def resolve(shards: Shards, by: ByReference, ask: Ask) -> Submission:
    """The command on the reservation that is meant: the one that its request id was used for
    before, else the one of `find`. Its request id is remembered under a slot of that reservation's
    shard that does not depend on the reference."""
    tenant, request_id = by.command.tenant, by.context.request_id
    found = await _ask_all(shards, tenant, by.reference, request_id, ask)
    for shard, one in enumerate(found):
        if one.recorded_id:
            return _submission(by, one.recorded_id, shard, shards)
    shard, reservation_id = _meant(by.reference, found)
    return _submission(by, reservation_id, shard, shards)


async def find(shards: Shards, tenant: str, reference: str, ask: Ask) -> tuple[int, str]:
    """The home shard and the id of the one open reservation with a reference or, if none is open,
    of the newest. Raises AmbiguousReference or UnknownReference."""
    return _meant(reference, await _ask_all(shards, tenant, reference, "", ask))


async def _ask_all(
    shards: Shards, tenant: str, reference: str, request_id: str, ask: Ask
) -> list[ReservationsFound]:
    async def ask_one(shard: int) -> ReservationsFound:
        slot = reference_slot(shard, shards.count)
        question = FindReservation(tenant, reference, slot, request_id)
        result = await ask(slot, question)
        if isinstance(result, ReservationsFound):
            return result
        raise unanswered(result, shard, question)

    return await asyncio.gather(*map(ask_one, range(shards.count)))


def _meant(reference: str, found: list[ReservationsFound]) -> tuple[int, str]:
    opened = [(shard, each) for shard, one in enumerate(found) for each in one.open_ids]
    if len(opened) == 1:
        return opened[0]
    if opened:
        ids = [reservation_id for _, reservation_id in opened]
        raise AmbiguousReference(reference, ids, REFERENCE_OPEN_MAX)
    closed = [(one.closed_created_ms, shard) for shard, one in enumerate(found) if one.closed_id]
    if not closed:
        raise UnknownReference(reference)
    _, shard = max(closed)
    return shard, found[shard].closed_id


def _submission(by: ByReference, reservation_id: str, shard: int, shards: Shards) -> Submission:
    command = replace(by.command, reservation_id=reservation_id)
    write = Write(by.context, content_hash(command), command)
    return reference_slot(shard, shards.count), write
