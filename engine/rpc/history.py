"""HistoryService: what has happened, why a number is what it is, and which reservations there
are. All of it is read beside the writers of the shards."""

from typing import Annotated, Any

import grpc.aio
import msgspec
from holdfast.v1 import history_pb2 as pb
from holdfast.v1 import history_pb2_grpc

from engine.core.model import Key
from engine.core.rejections import UnknownReservation, UnknownStock
from engine.rpc.calls import CURRENT, ask, look_up, unanswered
from engine.rpc.checks import InvalidField, check_range, check_text, time_ms
from engine.rpc.convert_parts import home_slot, key_of_tenant, required, stock_key
from engine.rpc.convert_past import put_event
from engine.rpc.cursors import covering, positions_at_least
from engine.rpc.listing import list_reservations
from engine.rpc.methods import Methods
from engine.rpc.pages import Pages
from engine.rpc.problems import Rejected
from engine.rpc.reads import AsOf
from engine.rpc.subjects import confirm_current
from engine.shard.port import Shards
from engine.shard.queries import (
    EventsRead,
    ExplainStock,
    ExplanationsRead,
    ReadEvents,
    ReadReservation,
    ReservationRead,
)
from engine.shard.slots import slot_of

VERSION_MAX = 2**63 - 1

SERVICE = pb.DESCRIPTOR.services_by_name["HistoryService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]
Number = Annotated[int, msgspec.Meta(ge=0, le=VERSION_MAX)]

NUMBERS: dict[int, str] = {
    pb.BALANCE_FIELD_ON_HAND: "on_hand",
    pb.BALANCE_FIELD_HELD: "held",
    pb.BALANCE_FIELD_ALLOCATED: "allocated",
    pb.BALANCE_FIELD_AVAILABLE: "available",
    pb.BALANCE_FIELD_UNAVAILABLE: "unavailable_units",
    pb.BALANCE_FIELD_PICKED: "picked",
    pb.BALANCE_FIELD_INCOMING: "incoming_units",
    pb.BALANCE_FIELD_BACKORDERED: "backordered",
    pb.BALANCE_FIELD_WAITING: "waiting",
}
"""The attribute of Stock that each BalanceField stands for."""


class EventPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of events goes on: after this version, or position of a reservation's event."""

    after: Number


class ExplanationPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where an explanation goes on: as of this position, below this version."""

    as_of: Number
    before_version: Number


class HistoryService(history_pb2_grpc.HistoryServiceServicer):
    """Answers queries over the past and the open reservations."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def ListEvents(
        self, request: pb.ListEventsRequest, context: Context
    ) -> pb.ListEventsResponse:
        return await list_events(self._shards, request)

    async def ExplainStock(
        self, request: pb.ExplainStockRequest, context: Context
    ) -> pb.ExplainStockResponse:
        return await explain_stock(self._shards, request)

    async def ListReservations(
        self, request: pb.ListReservationsRequest, context: Context
    ) -> pb.ListReservationsResponse:
        return await list_reservations(self._shards, request)


def add_history_service(shards: Shards, methods: Methods) -> None:
    """Serve HistoryService."""
    history_pb2_grpc.add_HistoryServiceServicer_to_server(HistoryService(shards), methods)


async def list_events(shards: Shards, request: pb.ListEventsRequest) -> pb.ListEventsResponse:
    """A page of the events of a SKU-location or a reservation."""
    check_text(request.tenant, "tenant")
    at_least = positions_at_least(request.read_at_least, shards)
    pages = Pages(request)
    subject = request.WhichOneof("subject")
    missing: Exception | None = None
    key: Key | None = None
    if subject == "key":
        key = key_of_tenant(request.key, request.tenant, "key")
        slot = slot_of(key.tenant, key.sku)
    elif subject == "reservation_id":
        reservation_id = required(request.reservation_id, "reservation_id")
        missing = Rejected(UnknownReservation(reservation_id))
        slot = home_slot(reservation_id)
        _check_no_versions(request)
        await _check_reservation(shards, slot, request)
    else:
        raise InvalidField("key", "", "one of key, reservation_id")
    place = pages.start(EventPlace)
    question = _events_question(request, key, pages.limit, place.after if place else 0)
    shard = shards.shard_of(slot)
    read = await look_up(shards, shard, question, EventsRead, missing=missing)
    cursor = covering(at_least, {shard: read.position}, shards)
    response = pb.ListEventsResponse(cursor=cursor)
    for event in read.events:
        put_event(response.events.add(), shard, event)
    if read.next_after:
        response.next_page_token = pages.token(EventPlace(read.next_after))
    return response


async def _check_reservation(shards: Shards, slot: int, request: pb.ListEventsRequest) -> None:
    """PermissionDenied if the caller may not see all that the reservation is about."""
    if CURRENT.get().visit is None:
        return
    question = ReadReservation(request.tenant, request.reservation_id)
    result = await ask(shards, slot, question)
    if not isinstance(result, ReservationRead):
        raise unanswered(result, shards.shard_of(slot), question)
    if result.reservation is not None:
        confirm_current(result.reservation)


def _check_no_versions(request: pb.ListEventsRequest) -> None:
    for name in ("from_version", "to_version"):
        if request.HasField(name):
            limit = "unset for a reservation, which has no versions"
            raise InvalidField(name, getattr(request, name), limit)


def _events_question(
    request: pb.ListEventsRequest, key: Key | None, limit: int, after: int
) -> ReadEvents:
    first = request.from_version if request.HasField("from_version") else 1
    last = request.to_version if request.HasField("to_version") else VERSION_MAX
    check_range(first, 0, VERSION_MAX, "from_version")
    check_range(last, 0, VERSION_MAX, "to_version")
    return ReadEvents(
        key,
        request.tenant,
        "" if key else request.reservation_id,
        first,
        last,
        time_ms(request.from_time, "from_time") if request.HasField("from_time") else 0,
        time_ms(request.to_time, "to_time") if request.HasField("to_time") else 0,
        request.newest_first,
        limit,
        after,
    )


async def explain_stock(shards: Shards, request: pb.ExplainStockRequest) -> pb.ExplainStockResponse:
    """A page of the events that made a number, newest first. Every page is as of the moment that
    the first one was."""
    key = stock_key(request.key)
    number = NUMBERS.get(request.field)
    if number is None:
        names = (pb.BalanceField.Name(field) for field in NUMBERS)
        limit = ", ".join(name.removeprefix("BALANCE_FIELD_") for name in names)
        raise InvalidField("field", request.field, limit)
    at_least = positions_at_least(request.read_at_least, shards)
    pages = Pages(request)
    shard = shards.shard_of(slot_of(key.tenant, key.sku))
    as_of = AsOf(request, shards, shard)
    place = pages.start(ExplanationPlace)
    position = place.as_of if place else as_of.position
    question = ExplainStock(
        key,
        number,
        position,
        as_of.time_ms,
        pages.limit,
        place.before_version if place else 0,
        position or 0,
    )
    read = await look_up(
        shards,
        shard,
        question,
        ExplanationsRead,
        not_kept=as_of.not_kept,
        missing=Rejected(UnknownStock(key)),
    )
    at_least[shard] = max(at_least.get(shard, 0), position or 0)
    cursor = covering(at_least, {shard: read.position}, shards)
    response = pb.ExplainStockResponse(value=read.value, cursor=cursor)
    for one in read.explanations:
        explanation = response.explanations.add(change=one.change, value=one.value)
        put_event(explanation.event, shard, one.event)
    if read.next_before:
        response.next_page_token = pages.token(ExplanationPlace(read.as_of, read.next_before))
    return response
