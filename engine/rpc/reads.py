"""Queries of one SKU-location, reservation or transfer: as of now, or as of then."""

from functools import partial
from typing import TypeVar

from holdfast.v1 import history_pb2, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.core.model import Key, Reservation, Stock
from engine.core.rejections import UnknownReservation, UnknownStock, UnknownTransfer
from engine.feed.cursor import write_cursor
from engine.rpc.calls import ask, look_up, unanswered
from engine.rpc.checks import check_required, check_text, time_ms
from engine.rpc.convert_parts import home_slot, stock_key, subject
from engine.rpc.convert_state import put_reservation, put_stock, put_transfer
from engine.rpc.cursors import covering, position_in, positions_at_least
from engine.rpc.problems import ReadNotKept, Rejected
from engine.rpc.references import find
from engine.rpc.refusals import time_text
from engine.rpc.subjects import confirm_current
from engine.shard.port import Shards
from engine.shard.queries import (
    PastNotKept,
    PlacesRead,
    Query,
    ReadPlaces,
    ReadReservation,
    ReadStock,
    ReadStockAsOf,
    ReadTransfer,
    ReservationRead,
    StockRead,
    TransferRead,
)
from engine.shard.slots import reference_slot, slot_of, slot_of_reservation

R = TypeVar("R", StockRead, ReservationRead, TransferRead)


async def get_stock(shards: Shards, request: pb.GetStockRequest) -> pb.GetStockResponse:
    """Read a SKU-location; UnknownStock if there is none. As of then it may not have existed, which
    is no error."""
    key = stock_key(request.key)
    at_least = positions_at_least(request.read_at_least, shards)
    slot = slot_of(key.tenant, key.sku)
    shard = shards.shard_of(slot)
    as_of = AsOf(request, shards, shard)
    if as_of.is_now:
        read = await _read(shards, slot, ReadStock(key), StockRead)
        if read.stock is None:
            covering(at_least, {shard: read.position}, shards)
            raise Rejected(UnknownStock(key))
    else:
        least = max(at_least.get(shard, 0), as_of.position or 0)
        question = ReadStockAsOf(key, as_of.position, as_of.time_ms or 0, least)
        read = await look_up(shards, shard, question, StockRead, not_kept=as_of.not_kept)
        at_least[shard] = least
    response = pb.GetStockResponse(cursor=covering(at_least, {shard: read.position}, shards))
    put_stock(response.stock, key, read.stock or Stock())
    return response


class AsOf:
    """The moment that a query is about: a position of a shard, a time, or now."""

    def __init__(
        self,
        request: pb.GetStockRequest | history_pb2.ExplainStockRequest,
        shards: Shards,
        shard: int,
    ) -> None:
        """Check the moment of a request. InvalidField or CursorForeign if there is no such one."""
        self.position: int | None = None
        self.time_ms: int | None = None
        self._shards = shards
        self._shard = shard
        self._text = ""
        stated = request.WhichOneof("as_of")
        if stated == "as_of_cursor":
            self._text = request.as_of_cursor
            self.position = position_in(self._text, "as_of_cursor", shards, shard)
        elif stated == "as_of_time":
            self.time_ms = time_ms(request.as_of_time, "as_of_time")
            self._text = time_text(self.time_ms)

    @property
    def is_now(self) -> bool:
        """Whether nothing is stated."""
        return not self._text

    def not_kept(self, past: PastNotKept) -> ReadNotKept:
        """The problem that the moment is too long ago."""
        if self.time_ms is not None:
            return ReadNotKept(self._text, time_text(past.oldest_ms))
        shards, oldest = self._shards, past.oldest_position - 1
        cursor = write_cursor(shards.history, shards.epoch, self._shard, oldest)
        return ReadNotKept(self._text, cursor)


async def get_reservation(
    shards: Shards, request: pb.GetReservationRequest
) -> pb.GetReservationResponse:
    """Read a reservation; UnknownReservation if there is none, also if it is another tenant's."""
    tenant = request.tenant
    check_text(tenant, "tenant")
    reservation_id, reference = subject(request)
    at_least = positions_at_least(request.read_at_least, shards)
    if reference:
        shard, reservation_id = await find(shards, tenant, reference, partial(ask, shards))
        slot = reference_slot(shard, shards.count)
    else:
        slot = home_slot(reservation_id)
    read = await _read(shards, slot, ReadReservation(tenant, reservation_id), ReservationRead)
    cursor = covering(at_least, {shards.shard_of(slot): read.position}, shards)
    if read.reservation is None:
        raise Rejected(UnknownReservation(reservation_id))
    confirm_current(read.reservation)
    response = pb.GetReservationResponse(cursor=cursor)
    put_reservation(response.reservation, read.reservation)
    await _put_places(shards, response.reservation, read.reservation)
    return response


async def _put_places(
    shards: Shards, message: stock_pb2.Reservation, reservation: Reservation
) -> None:
    """Say of each line that is queued where it stands now."""
    queued: dict[int, list[int]] = {}
    for index, line in enumerate(reservation.lines):
        if line.queued:
            shard = shards.shard_of(slot_of(line.key.tenant, line.key.sku))
            queued.setdefault(shard, []).append(index)
    for shard, indexes in queued.items():
        lines: tuple[tuple[str, Key], ...] = tuple(
            (reservation.lines[index].line_id, reservation.lines[index].key) for index in indexes
        )
        question = ReadPlaces(reservation.reservation_id, lines)
        read = await look_up(shards, shard, question, PlacesRead)
        for index, (place, is_minimum) in zip(indexes, read.places, strict=True):
            message.lines[index].place = place
            message.lines[index].place_is_minimum = is_minimum


async def get_transfer(shards: Shards, request: pb.GetTransferRequest) -> pb.GetTransferResponse:
    """Read a transfer; UnknownTransfer if there is none, also if it is another tenant's."""
    tenant, transfer_id = request.tenant, request.transfer_id
    check_text(tenant, "tenant")
    check_required(transfer_id, "transfer_id")
    at_least = positions_at_least(request.read_at_least, shards)
    slot = slot_of_reservation(transfer_id)
    if slot is None:
        raise Rejected(UnknownTransfer(transfer_id))
    read = await _read(shards, slot, ReadTransfer(tenant, transfer_id), TransferRead)
    cursor = covering(at_least, {shards.shard_of(slot): read.position}, shards)
    if read.transfer is None:
        raise Rejected(UnknownTransfer(transfer_id))
    confirm_current(read.transfer)
    response = pb.GetTransferResponse(cursor=cursor)
    put_transfer(response.transfer, read.transfer)
    return response


async def _read(shards: Shards, slot: int, question: Query, kind: type[R]) -> R:
    """Ask the shard of a slot, and expect an answer of this kind."""
    result = await ask(shards, slot, question)
    if isinstance(result, kind):
        return result
    raise unanswered(result, shards.shard_of(slot), question)
