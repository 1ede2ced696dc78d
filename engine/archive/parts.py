"""How a reservation is divided among shards: the home has all of its lines, and each other shard a
part with the lines of its own SKUs."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from engine.core.model import Key, Line, Reservation, Shipment
from engine.log.port import LogError

ShardOf = Callable[[str, str], int]
"""The shard of a tenant's SKU."""


def whole(home: Reservation, parts: Iterable[Reservation]) -> Reservation:
    """The reservation as its home and its parts have it: each line as the shard of its SKU says,
    since that has served it. LogError if they do not agree on its units."""
    own = {(line.line_id, line.key): line for part in parts for line in part.lines}
    lines = []
    for line in home.lines:
        there = own.pop((line.line_id, line.key), line)
        # What a line was before is known to its home alone.
        there = replace(there, former=line.former)
        if replace(there, queued_at_ms=line.queued_at_ms) != line:
            raise LogError(
                f"{home.reservation_id}: its home has line {line.line_id} as {line}, the shard of "
                f"its SKU as {there}"
            )
        lines.append(there)
    if own:
        raise LogError(f"{home.reservation_id}: its home does not know its lines {sorted(own)}")
    return replace(home, lines=tuple(lines))


def divide(reservation: Reservation, home_shard: int, shard_of: ShardOf) -> dict[int, Reservation]:
    """The reservation and its parts, by shard."""
    divided = {home_shard: reservation}
    lines_of: dict[int, list[Line]] = {}
    for line in reservation.lines:
        lines_of.setdefault(shard_of(line.key.tenant, line.key.sku), []).append(line)
    for shard, lines in lines_of.items():
        if shard != home_shard:
            divided[shard] = _part(reservation, home_shard, lines)
    return divided


def _part(home: Reservation, home_shard: int, lines: list[Line]) -> Reservation:
    keys = {line.key for line in lines}
    shipments = [_of_keys(shipment, keys) for shipment in home.shipments]
    return Reservation(
        reservation_id=home.reservation_id,
        tenant=home.tenant,
        created_at_ms=home.created_at_ms,
        reference=home.reference,
        channel=home.channel,
        customer=home.customer,
        lines=tuple(lines),
        shipments=tuple(shipment for shipment in shipments if shipment.lines),
        home_shard=home_shard,
    )


def _of_keys(shipment: Shipment, keys: set[Key]) -> Shipment:
    return replace(shipment, lines=tuple(line for line in shipment.lines if line.key in keys))
