"""Whom an event concerns, and its kind, as its encoded bytes say.

The feed passes on the bytes of an event as the log has them. What filters ask about stands at their
beginning, because our codec writes fields in the order of their numbers; only where it does not is
the whole event parsed.
"""

from functools import lru_cache

from holdfast.v1 import feed_pb2, stock_pb2

from engine.feed import kinds, wire

Whom = tuple[str, str | None, str | None]
"""Tenant, SKU and location. The last two are None for an event of a reservation as a whole, or of
the configuration."""

KEYS_KEPT_MAX = 16_384
"""SKU-locations whose bytes are known: so many take some 6 MiB."""

_NOBODY = "\0"
"""No tenant has this name, since control characters are not allowed in one."""

_KEY = wire.tag(feed_pb2.Event.KEY_FIELD_NUMBER, wire.LENGTH_DELIMITED)[0]
_VERSION = wire.tag(feed_pb2.Event.VERSION_FIELD_NUMBER, wire.VARINT)[0]
_BALANCES = wire.tag(feed_pb2.Event.BALANCES_FIELD_NUMBER, wire.LENGTH_DELIMITED)[0]
_CONTINUED = 0x80
"""A byte from here on is not the last one of a number."""
_KINDS = {
    int.from_bytes(wire.tag(number, wire.LENGTH_DELIMITED), "little"): number
    for number in kinds.NUMBERS.values()
}
"""The number of each kind by the bytes of its tag."""


def subject_of(event: bytes) -> tuple[Whom, int]:
    """Whom an encoded Event concerns, and the number of its kind, 0 if it has none that is known.
    DecodeError if the bytes are no event."""
    try:
        if event[0] == _KEY and event[1] < _CONTINUED:
            key_end = at = event[1] + 2
            if event[at] == _VERSION:
                at += 2
                while event[at - 1] >= _CONTINUED:
                    at += 1
            if event[at] == _BALANCES and event[at + 1] < _CONTINUED:
                at += event[at + 1] + 2
            tag = event[at]
            kind = _KINDS[tag if tag < _CONTINUED else tag | event[at + 1] << 8]
            whom = _whom(event[:key_end])
            if whom is not None:
                return whom, kind
    except (IndexError, KeyError):
        pass  # It is shorter than ours, or something else follows.
    return _parsed(event)


@lru_cache(KEYS_KEPT_MAX)
def _whom(key_field: bytes) -> Whom | None:
    """Whom field `key` names, of less than 128 bytes; None if it names no SKU."""
    key = stock_pb2.StockKey.FromString(key_field[2:])
    return (key.tenant, key.sku, key.location) if key.sku else None


def _parsed(encoded: bytes) -> tuple[Whom, int]:
    event = feed_pb2.Event.FromString(encoded)
    kind = event.WhichOneof("kind")
    number = kinds.NUMBERS[kind] if kind is not None else 0
    # To look into an unset message costs more than to ask whether it is set.
    if event.HasField("key") and event.key.sku:
        return (event.key.tenant, event.key.sku, event.key.location), number
    # An event of a reservation names its tenant itself. One of a kind that this version does not
    # know yet has none that can be read, and is shown to nobody rather than to the wrong tenant.
    tenant = getattr(getattr(event, kind), "tenant", _NOBODY) if kind is not None else _NOBODY
    return (tenant, None, None), number
