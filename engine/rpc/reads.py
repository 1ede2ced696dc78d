"""Queries: cursors that an answer must cover, and availability gathered from the shards."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from holdfast.v1 import inventory_pb2 as pb

from engine.core.limits import AVAILABILITY_KEYS_MAX, AVAILABILITY_LOCATIONS_MAX
from engine.core.rejections import UnknownReservation, UnknownStock
from engine.feed.cursor import Cursor, CursorForeign, CursorOutOfRange, MalformedCursor
from engine.rpc.calls import CURRENT, ask, failed
from engine.rpc.checks import InvalidField, check_required, check_text
from engine.rpc.convert_answers import put_availability, put_reservation, put_stock
from engine.rpc.convert_parts import stock_key
from engine.rpc.problems import DeadlineExpired, Rejected
from engine.shard.messages import (
    AvailabilityRead,
    Failed,
    LocationAvailable,
    ReadAvailability,
    ReadReservation,
    ReadStock,
    Request,
    ReservationRead,
    StockRead,
    TooLarge,
    TooLate,
)
from engine.shard.port import Shards
from engine.shard.slots import slot_of, slot_of_reservation

R = TypeVar("R", StockRead, ReservationRead, AvailabilityRead)


async def get_stock(shards: Shards, request: pb.GetStockRequest) -> pb.GetStockResponse:
    """Read a SKU-location; UnknownStock if there is none."""
    key = stock_key(request.key)
    at_least = _read_at_least(request.read_at_least, shards)
    slot = slot_of(key.tenant, key.sku)
    read = await _read(shards, slot, ReadStock(key), StockRead)
    cursor = _covering(at_least, {shards.shard_of(slot): read.position}, shards)
    if read.stock is None:
        raise Rejected(UnknownStock(key))
    response = pb.GetStockResponse(cursor=cursor)
    put_stock(response.stock, key, read.stock)
    return response


async def get_reservation(
    shards: Shards, request: pb.GetReservationRequest
) -> pb.GetReservationResponse:
    """Read a reservation; UnknownReservation if there is none, also if it is another tenant's."""
    tenant = request.tenant
    reservation_id = request.reservation_id
    check_text(tenant, "tenant")
    check_required(reservation_id, "reservation_id")
    at_least = _read_at_least(request.read_at_least, shards)
    slot = slot_of_reservation(reservation_id)
    if slot is None:
        raise Rejected(UnknownReservation(reservation_id))
    read = await _read(shards, slot, ReadReservation(tenant, reservation_id), ReservationRead)
    cursor = _covering(at_least, {shards.shard_of(slot): read.position}, shards)
    if read.reservation is None or read.reservation.tenant != tenant:
        raise Rejected(UnknownReservation(reservation_id))
    response = pb.GetReservationResponse(cursor=cursor)
    put_reservation(response.reservation, read.reservation)
    return response


async def batch_get_availability(
    shards: Shards, request: pb.BatchGetAvailabilityRequest
) -> pb.BatchGetAvailabilityResponse:
    """Read what may be promised of many keys: each shard is asked once, and once for each key,
    however often the request repeats it; the answer keeps the order of the request."""
    tenant = request.tenant
    channel = request.channel
    excluding = request.excluding_reservation
    check_text(tenant, "tenant")
    check_text(channel, "channel")
    check_text(excluding, "excluding_reservation")
    at_least = _read_at_least(request.read_at_least, shards)
    keys = _keys(request.keys)
    keys_of_shard: dict[int, list[tuple[str, str]]] = {}
    for key in dict.fromkeys(keys):
        keys_of_shard.setdefault(shards.shard_of(slot_of(tenant, key[0])), []).append(key)
    found: dict[tuple[str, str], tuple[LocationAvailable, ...]] = {}

    async def read_shard(own: list[tuple[str, str]]) -> int:
        slot = slot_of(tenant, own[0][0])
        question = ReadAvailability(tenant, tuple(own), channel, excluding)
        read = await _read(shards, slot, question, AvailabilityRead)
        found.update(zip(own, read.availabilities, strict=True))
        return read.position

    positions = await asyncio.gather(*map(read_shard, keys_of_shard.values()))
    _check_locations(sum(len(found[key]) for key in keys))
    cursor = _covering(at_least, dict(zip(keys_of_shard, positions, strict=True)), shards)
    response = pb.BatchGetAvailabilityResponse(cursor=cursor)
    for key in keys:
        put_availability(response.availabilities.add(), key[0], found[key])
    return response


def _check_locations(count: int) -> None:
    """Refuse an answer that is too large, before its message is made."""
    if count > AVAILABILITY_LOCATIONS_MAX:
        raise _too_large(TooLarge("keys", count, AVAILABILITY_LOCATIONS_MAX))


def _too_large(result: TooLarge) -> InvalidField:
    limit = f"keys with at most {result.limit} locations in one answer"
    return InvalidField(result.field, f"{result.value} locations", limit)


def _keys(messages: Sequence[pb.AvailabilityKey]) -> list[tuple[str, str]]:
    count = len(messages)
    if not 0 < count <= AVAILABILITY_KEYS_MAX:
        raise InvalidField("keys", f"{count} keys", f"1 to {AVAILABILITY_KEYS_MAX} keys")
    keys: list[tuple[str, str]] = []
    for index, message in enumerate(messages):
        sku = message.sku
        location = message.location
        check_required(sku, f"keys[{index}].sku")
        check_text(location, f"keys[{index}].location")
        keys.append((sku, location))
    return keys


async def _read(shards: Shards, slot: int, question: Request, kind: type[R]) -> R:
    """Ask the shard of a slot, and expect an answer of this kind."""
    result = await ask(shards, slot, question)
    if isinstance(result, kind):
        return result
    shard = shards.shard_of(slot)
    if isinstance(result, TooLate):
        raise DeadlineExpired(shard)
    if isinstance(result, Failed):
        raise failed(shard, type(question).__name__, CURRENT.get().correlation_id)
    if isinstance(result, TooLarge):
        raise _too_large(result)
    raise TypeError(f"a read was answered with {type(result).__name__}")


def _read_at_least(text: str, shards: Shards) -> Cursor | None:
    """The cursor that an answer must cover, if it is one of this node's history."""
    if not text:
        return None
    try:
        cursor = Cursor.parse(text)
    except MalformedCursor as malformed:
        limit = "a cursor that this server gave"
        raise InvalidField("read_at_least", text, limit) from malformed
    is_ours = cursor.history == shards.history and cursor.epoch == shards.epoch
    if not is_ours or max(cursor.positions) >= shards.count:
        raise CursorForeign(text, shards.history, shards.epoch)
    return cursor


def _covering(at_least: Cursor | None, positions: dict[int, int], shards: Shards) -> str:
    """The cursor of an answer as of `positions`.

    Every read is answered by the single writer of its shard, and so covers whatever was answered
    before it: a cursor that lies ahead names what has never happened here.
    """
    if at_least is not None:
        for shard, position in positions.items():
            if at_least.positions.get(shard, 0) > position:
                raise CursorOutOfRange(at_least.encode(), _oldest(shards))
    return Cursor(shards.history, shards.epoch, positions).encode()


def _oldest(shards: Shards) -> str:
    places = {shard: shards.feed(shard).oldest - 1 for shard in range(shards.count)}
    return Cursor(shards.history, shards.epoch, places).encode()
