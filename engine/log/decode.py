"""Commit groups from protobuf. Fields that a newer Holdfast has added are ignored; an event
kind that it has added cannot be."""

from collections.abc import Callable
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from holdfast.v1 import feed_pb2, stock_pb2

from engine.core import events
from engine.core.events import Event, Recorded
from engine.core.model import Cause, Incoming, ReleaseReason, ShortCause, ShortLine, Stock
from engine.log.encode import LINE_EVENTS
from engine.log.parts import decode_key_message, decode_pairs, decode_time
from engine.log.port import Commit, Group, Heard, LogError
from engine.log.structs import EVENT_CODECS, EVENT_FIELDS
from engine.log.v1 import record_pb2


def decode_group(data: bytes) -> Group:
    """The group of these bytes. Of each event's stock, what the event carries is restored:
    balances and version, and for StockConfigured the settings too. What is expected there is
    restored as one sum, without a reference. LogError if the bytes are no group, or hold an event
    of a newer Holdfast."""
    message = _parse(data)
    return Group(
        first_position=message.first_position,
        recorded_at_ms=message.recorded_at_ms,
        commits=tuple(map(_decode_commit, message.commits)),
    )


def split_group(data: bytes) -> tuple[int, list[int], list[bytes]]:
    """The engine time of the group in `data`; the position of each commit's first event, and the
    one after the group; and its commits, still encoded. LogError if the bytes are no group."""
    message = _parse(data)
    position = message.first_position
    positions = [position]
    commits = []
    for commit in message.commits:
        position += len(commit.events)
        positions.append(position)
        commits.append(commit.SerializeToString())
    return message.recorded_at_ms, positions, commits


def decode_commit(data: bytes) -> Commit:
    """The commit of these bytes, which come from `split_group`; see `decode_group`."""
    return _decode_commit(record_pb2.Commit.FromString(data))


def group_bounds(data: bytes) -> tuple[int, int]:
    """The first position and the engine time of the group in `data`."""
    message = _parse(data)
    return message.first_position, message.recorded_at_ms


def _parse(data: bytes) -> record_pb2.CommitGroup:
    try:
        return record_pb2.CommitGroup.FromString(data)
    except DecodeError as error:
        raise LogError(f"a record of {len(data)} bytes is no commit group: {error}") from error


def _decode_cause(source: feed_pb2.Cause) -> Cause:
    return Cause(
        command=source.command,
        request_id=source.request_id,
        principal=source.principal,
        correlation_id=source.correlation_id,
        ticket=source.ticket,
        reason=source.reason,
        reference=source.reference,
        # To look into an unset message costs more than to ask whether it is set.
        occurred_at_ms=decode_time(source.occurred_at) if source.HasField("occurred_at") else 0,
        source=source.source,
        source_sequence=source.source_sequence,
    )


def _decode_short_line(source: stock_pb2.ShortLine) -> ShortLine:
    return ShortLine(
        line_id=source.line_id,
        key=decode_key_message(source.key),
        cause=ShortCause(source.cause),
        asked=source.asked,
        available=source.available,
    )


def _decode_commit(source: record_pb2.Commit) -> Commit:
    heard = Heard(source.heard.shard, source.heard.position) if source.HasField("heard") else None
    try:
        return Commit(
            cause=_decode_cause(source.cause),
            request_key=source.request_key,
            content_hash=source.content_hash,
            short_lines=tuple(map(_decode_short_line, source.short_lines)),
            recorded=tuple(map(_decode_event, source.events)),
            heard=heard,
        )
    except ValueError as error:
        raise LogError(
            f"a commit holds a value that this Holdfast does not know: {error}; it was written by "
            "a newer one"
        ) from error


def _decode_event(source: feed_pb2.Event) -> Recorded:
    field = source.WhichOneof("kind")
    decode = _DECODERS.get(field) if field is not None else None
    if decode is None:
        raise LogError(
            f"an event has a kind that this Holdfast does not know ({field or 'no known field'}): "
            "it was written by a newer one"
        )
    event = decode(source, getattr(source, str(field)))
    if not source.HasField("key"):
        if type(event) not in events.KEYLESS_EVENTS:
            raise LogError(f"a {field} event does not say of which SKU and location it is")
        return Recorded(event, None)
    balances = source.balances
    unavailable, incoming = balances.unavailable, balances.incoming
    stock = Stock(
        on_hand=balances.on_hand,
        held=balances.held,
        allocated=balances.allocated,
        safety_stock=balances.safety_stock,
        version=source.version,
        unavailable=decode_pairs(unavailable) if unavailable else (),
        picked=balances.picked,
        backordered=balances.backordered,
        waiting=balances.waiting,
        incoming=(Incoming("", incoming),) if incoming else (),
    )
    if type(event) is events.StockConfigured:
        stock = msgspec.structs.replace(
            stock,
            tracked=event.tracked,
            selling=event.selling,
            channel_buffers=event.channel_buffers,
            backorder_limit=event.backorder_limit,
        )
    return Recorded(event, stock)


# Decoders of events: each makes an event from a feed event and the message of its kind.


def _line_decoder(kind: Any) -> Callable[[feed_pb2.Event, Any], Event]:
    fields = kind.__struct_fields__
    reasoned = "reason" in fields
    backordered = "backordered" in fields
    makes_line = "units_each" in fields
    ships = "shipment_id" in fields
    takes = "attempt_id" in fields

    def decode(source: feed_pb2.Event, line: Any) -> Event:
        key = decode_key_message(source.key)
        arguments = [key, line.reservation_id, line.line_id, line.quantity, line.counted]
        if reasoned:
            arguments.append(ReleaseReason(line.reason))
        if backordered:
            arguments.append(line.backordered)
        if makes_line:
            arguments.append(line.units_each or 1)
        if ships:
            arguments += (line.picked, line.shipment_id)
        if takes:
            arguments.append(line.attempt_id)
        return kind(*arguments)  # type: ignore[no-any-return]

    return decode


def _table_decoder(kind: type[Event]) -> Callable[[feed_pb2.Event, Any], Event]:
    decode_kind = EVENT_CODECS[kind].decode
    keyless = kind in events.KEYLESS_EVENTS

    def decode(source: feed_pb2.Event, message: Any) -> Event:
        key = () if keyless else (decode_key_message(source.key),)
        return decode_kind(message, *key)  # type: ignore[no-any-return]

    return decode


def _decode_sold(source: feed_pb2.Event, sold: feed_pb2.StockSold) -> Event:
    key = decode_key_message(source.key)
    return events.StockSold(key, sold.quantity, sold.channel, sold.counted)


def _decode_received(source: feed_pb2.Event, received: feed_pb2.StockReceived) -> Event:
    return events.StockReceived(
        decode_key_message(source.key),
        received.quantity,
        received.incoming_reference,
        received.incoming_closed,
        received.unavailable_cause,
    )


def _decode_created(_source: feed_pb2.Event, created: feed_pb2.ReservationCreated) -> Event:
    return events.ReservationCreated(
        reservation_id=created.reservation_id,
        tenant=created.tenant,
        reference=created.reference,
        channel=created.channel,
        customer=created.customer,
        expires_at_ms=decode_time(created.expires_at),
        hold_ms=decode_time(created.hold) if created.HasField("hold") else 0,
    )


def _decode_extended(_source: feed_pb2.Event, extended: feed_pb2.ReservationExtended) -> Event:
    return events.ReservationExtended(
        reservation_id=extended.reservation_id,
        expires_at_ms=decode_time(extended.expires_at),
        tenant=extended.tenant,
    )


def _decode_renamed(_source: feed_pb2.Event, renamed: feed_pb2.ReservationRenamed) -> Event:
    return events.ReservationRenamed(renamed.reservation_id, renamed.reference, renamed.tenant)


def _decode_expired(_source: feed_pb2.Event, expired: feed_pb2.ReservationExpired) -> Event:
    return events.ReservationExpired(expired.reservation_id, expired.tenant)


_DECODERS: dict[str, Callable[[feed_pb2.Event, Any], Event]] = {
    **{field: _table_decoder(kind) for kind, field in EVENT_FIELDS.items()},
    **{EVENT_FIELDS[kind]: _line_decoder(kind) for kind in LINE_EVENTS},
    "stock_sold": _decode_sold,
    "stock_received": _decode_received,
    "reservation_created": _decode_created,
    "reservation_extended": _decode_extended,
    "reservation_renamed": _decode_renamed,
    "reservation_expired": _decode_expired,
}
