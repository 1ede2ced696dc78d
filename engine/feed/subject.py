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


def whom_of(event: bytes) -> Whom:
    """Whom an encoded Event concerns. DecodeError if the bytes are no event."""
    try:
        # The key comes first, and names the same few over and over.
        if event[0] == _KEY:
            whom = _whom(event[: event[1] + 2])
            if whom is not None:
                return whom
    except IndexError:
        pass  # It is shorter than ours.
    parsed = feed_pb2.Event.FromString(event)
    # To look into an unset message costs more than to ask whether it is set.
    if parsed.HasField("key") and parsed.key.sku:
        return parsed.key.tenant, parsed.key.sku, parsed.key.location
    # An event of a reservation names its tenant itself. One of a kind that this version does not
    # know yet has none that can be read, and is shown to nobody rather than to the wrong tenant.
    kind = parsed.WhichOneof("kind")
    tenant = getattr(getattr(parsed, kind), "tenant", _NOBODY) if kind is not None else _NOBODY
    return tenant, None, None


@lru_cache(KEYS_KEPT_MAX)
def _whom(key_field: bytes) -> Whom | None:
    """Whom field `key` names; None if it has more than 127 bytes or is cut off, or names no SKU."""
    if key_field[1] >= _CONTINUED or len(key_field) != key_field[1] + 2:
        return None
    key = stock_pb2.StockKey.FromString(key_field[2:])
    return (key.tenant, key.sku, key.location) if key.sku else None


def kind_of(event: bytes) -> int:
    """The number of an encoded Event's kind, 0 if it has none that is known. DecodeError if the
    bytes are no event."""
    try:
        at = 0
        if event[0] == _KEY and event[1] < _CONTINUED:
            at = event[1] + 2
        if event[at] == _VERSION:
            at += 2
            while event[at - 1] >= _CONTINUED:
                at += 1
        if event[at] == _BALANCES and event[at + 1] < _CONTINUED:
            at += event[at + 1] + 2
        tag = event[at]
        return _KINDS[tag if tag < _CONTINUED else tag | event[at + 1] << 8]
    except (IndexError, KeyError):
        pass  # It is shorter than ours, or something else follows.
    kind = feed_pb2.Event.FromString(event).WhichOneof("kind")
    return kinds.NUMBERS[kind] if kind is not None else 0
