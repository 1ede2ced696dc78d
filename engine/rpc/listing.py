"""ListReservations: from the one shard that knows, or merged from all."""

import asyncio
from typing import Annotated

import msgspec
from holdfast.v1 import history_pb2 as pb

from engine.core.model import Reservation
from engine.rpc.calls import ask, look_up, unanswered
from engine.rpc.checks import InvalidField, check_text
from engine.rpc.convert_parts import key_of_tenant, required
from engine.rpc.convert_state import put_reservation
from engine.rpc.cursors import covering, positions_at_least
from engine.rpc.pages import Pages
from engine.shard.port import Shards
from engine.shard.queries import (
    ListedReservation,
    ListPlace,
    ListReservations,
    OfCustomer,
    OfPromises,
    OfReference,
    OfRisk,
    ReadReservation,
    ReservationRead,
    ReservationsRead,
)
from engine.shard.slots import slot_of, slot_of_reservation

Which = OfPromises | OfRisk | OfReference | OfCustomer

FILTERS = "one of key, at_risk, reference, customer"
ENTRY_BYTES_MAX = 1_024
"""Bytes of the longest end of an index entry: a time and an id."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on, as ListPlace of the shard says it."""

    after: Annotated[bytes, msgspec.Meta(max_length=ENTRY_BYTES_MAX)]
    at_allocations: bool
    uncovered: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


async def list_reservations(
    shards: Shards, request: pb.ListReservationsRequest
) -> pb.ListReservationsResponse:
    """A page of the reservations that pass the filter."""
    check_text(request.tenant, "tenant")
    at_least = positions_at_least(request.read_at_least, shards)
    which, asked_shards = _which(request, shards)
    pages = Pages(request)
    start = pages.start(Place)
    place = ListPlace(start.after, start.at_allocations, start.uncovered) if start else None
    question = ListReservations(which, pages.limit, place)
    reads = await asyncio.gather(
        *(look_up(shards, shard, question, ReservationsRead) for shard in asked_shards)
    )
    listed, following = _merged(reads, pages.limit)
    positions = {shard: read.position for shard, read in zip(asked_shards, reads, strict=True)}
    response = pb.ListReservationsResponse(cursor=covering(at_least, positions, shards))
    for reservation in await _whole(shards, [one.reservation for one in listed]):
        put_reservation(response.reservations.add(), reservation)
    if following is not None:
        at = Place(following.after, following.at_allocations, max(following.uncovered, 0))
        response.next_page_token = pages.token(at)
    return response


def _which(request: pb.ListReservationsRequest, shards: Shards) -> tuple[Which, list[int]]:
    """The filter, and the shards that know what passes it."""
    chosen = request.WhichOneof("filter")
    state = request.state
    if state not in pb.PromiseState.values():
        raise InvalidField("state", state, "HELD, ALLOCATED")
    if state and chosen != "key":
        raise InvalidField("state", pb.PromiseState.Name(state), "unset unless key is given")
    tenant = request.tenant
    if chosen == "key":
        key = key_of_tenant(request.key, tenant, "key")
        held = state != pb.PROMISE_STATE_ALLOCATED
        allocated = state != pb.PROMISE_STATE_HELD
        return OfPromises(key, held, allocated), [_shard_of(shards, key.tenant, key.sku)]
    if chosen == "at_risk":
        key = key_of_tenant(request.at_risk, tenant, "at_risk")
        return OfRisk(key), [_shard_of(shards, key.tenant, key.sku)]
    if chosen == "reference":
        reference = required(request.reference, "reference")
        return OfReference(tenant, reference), list(range(shards.count))
    if chosen == "customer":
        sku = required(request.customer.sku, "customer.sku")
        customer = required(request.customer.customer, "customer.customer")
        return OfCustomer(tenant, sku, customer), [_shard_of(shards, tenant, sku)]
    raise InvalidField("key", "", FILTERS)


def _shard_of(shards: Shards, tenant: str, sku: str) -> int:
    return shards.shard_of(slot_of(tenant, sku))


def _merged(
    reads: list[ReservationsRead], limit: int
) -> tuple[list[ListedReservation], ListPlace | None]:
    """The newest of what the shards have listed, and where the next page starts.

    Nothing older than where any shard's page ends can be told yet: that shard may have newer ones
    to come.
    """
    if len(reads) == 1:
        return list(reads[0].reservations), reads[0].next_place
    ends = [read.next_place.after for read in reads if read.next_place is not None]
    known_from = max(ends, default=b"")
    listed = [one for read in reads for one in read.reservations if one.entry >= known_from]
    listed.sort(key=lambda one: one.entry, reverse=True)
    if len(listed) > limit:
        return listed[:limit], ListPlace(listed[limit - 1].entry)
    return listed, ListPlace(known_from) if ends else None


async def _whole(shards: Shards, reservations: list[Reservation]) -> list[Reservation]:
    """The reservations as their homes know them: a shard that is not their home has only its own
    part of them. What is set aside for an attempt stays as it is."""

    async def whole(reservation: Reservation) -> Reservation:
        slot = slot_of_reservation(reservation.reservation_id)
        if reservation.home_shard is None or reservation.preparing or slot is None:
            return reservation
        question = ReadReservation(reservation.tenant, reservation.reservation_id)
        result = await ask(shards, slot, question)
        if not isinstance(result, ReservationRead):
            raise unanswered(result, shards.shard_of(slot), question)
        return result.reservation or reservation

    return await asyncio.gather(*map(whole, reservations))
