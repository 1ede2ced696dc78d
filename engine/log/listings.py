"""The identifiers of channels as the log stores them: two records for each listing, one that is
found by the place, and one by the identifiers.

Ids may contain any character but NUL, which ends each of them.

| key | value |
| --- | --- |
| `p` tenant 0 channel 0 SKU 0 location | the Listing |
| `n` tenant 0 channel 0 shop 0 item 0 external location | SKU 0 location |
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from engine.core.events import ListingsMapped
from engine.core.listings import Listing
from engine.log.codec import encode_state
from engine.log.port import Log, LogError

_decode = msgspec.msgpack.Decoder(Listing).decode


def places_prefix(tenant: str, channel: str, sku: str = "") -> bytes:
    """What the keys of a channel's listings begin with, of one SKU or of all."""
    return f"p{tenant}\0{channel}\0{sku}\0".encode() if sku else f"p{tenant}\0{channel}\0".encode()


def place_key(tenant: str, channel: str, place: tuple[str, str]) -> bytes:
    """The key of the listing of a SKU and a location."""
    return places_prefix(tenant, channel) + "\0".join(place).encode()


def name_key(tenant: str, channel: str, name: tuple[str, str, str]) -> bytes:
    """The key of what has these identifiers: shop, item, external location."""
    return f"n{tenant}\0{channel}\0".encode() + "\0".join(name).encode()


def decode_listing(data: bytes) -> Listing:
    """The Listing of these bytes; LogError if they are none."""
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogError(f"{len(data)} stored bytes are no listing: {error}") from error


def decode_place(data: bytes) -> tuple[str, str]:
    """The SKU and location of these bytes; LogError if they are none."""
    try:
        sku, location = data.decode().split("\0")
    except ValueError as error:
        raise LogError(f"the stored bytes {data!r} are no SKU and location: {error}") from error
    return sku, location


def changed_records(
    event: ListingsMapped, stored: Callable[[bytes], bytes | None]
) -> Iterator[tuple[bytes, bytes | None]]:
    """The records that an event changes, given those that are stored before it; None deletes one.
    Of two changes of a record the later counts: identifiers may go from one place to another."""
    tenant, channel = event.tenant, event.channel
    for listing in event.listings:
        before = stored(place_key(tenant, channel, listing.place))
        if before is not None:
            yield name_key(tenant, channel, decode_listing(before).name), None
    for listing in event.listings:
        place = place_key(tenant, channel, listing.place)
        if listing.item:
            yield place, encode_state(listing)
            yield name_key(tenant, channel, listing.name), "\0".join(listing.place).encode()
        else:
            yield place, None


def put_records(stored: dict[bytes, bytes], changed: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Change stored records; None deletes one."""
    for key, record in changed:
        if record is None:
            stored.pop(key, None)
        else:
            stored[key] = record


def listing_at(log: Log, tenant: str, channel: str, place: tuple[str, str]) -> Listing | None:
    """The listing of a SKU and a location; None if there is none."""
    data = log.listing_record(place_key(tenant, channel, place))
    return None if data is None else decode_listing(data)


def place_named(
    log: Log, tenant: str, channel: str, name: tuple[str, str, str]
) -> tuple[str, str] | None:
    """The SKU and location that have these identifiers; None if there are none."""
    data = log.listing_record(name_key(tenant, channel, name))
    return None if data is None else decode_place(data)


def listings(
    log: Log, tenant: str, channel: str, sku: str = "", after: tuple[str, str] | None = None
) -> Iterator[Listing]:
    """The listings of a channel, of one SKU or of all, in order of SKU, then location; only those
    after a place, if one is given."""
    prefix = places_prefix(tenant, channel, sku)
    start = place_key(tenant, channel, after) if after else b""
    return (decode_listing(value) for _, value in log.listing_records(prefix, start))
