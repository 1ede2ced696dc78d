"""What tells a repeated command from another one under the same request id, also after years.

Hashes are kept in the log, and a caller may repeat a request to a newer version of the server. So a
field that a later version appends counts only where it is not at its default: what an older caller
can say has the same hash for ever.
"""

from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, get_args

import msgspec

from engine.core.commands import Command
from engine.core.model import Struct

CONTENT_HASH_BYTES = 16

FIRST_FIELDS = {
    "Key": 3,
    "BasketLine": 8,
    "LineQuantity": 3,
    "PickedLine": 3,
    "Reserve": 11,
    "Allocate": 10,
    "Amend": 6,
    "Extend": 4,
    "Commit": 8,
    "Confirm": 2,
    "Release": 4,
    "Pick": 4,
    "Unpick": 4,
    "Ship": 5,
    "Return": 7,
    "TransferReservation": 4,
    "Sell": 5,
    "Receive": 5,
    "Expect": 4,
    "TakeBack": 5,
    "Adjust": 6,
    "SetOnHand": 9,
    "Move": 7,
    "SendTransfer": 8,
    "ReceiveTransfer": 6,
    "Configure": 6,
    "Location": 5,
    "Component": 2,
    "ConfigureLocations": 2,
    "DefineKit": 3,
    "LimitCustomers": 4,
    "ConfigureHolds": 4,
    "MapListings": 5,
    "Listing": 5,
    "ListingReport": 3,
    "DynamicBuffer": 4,
    "Buffer": 3,
    "ChannelTerms": 4,
    "Channel": 5,
    "ChannelPolicy": 3,
    "ConfigureChannel": 3,
    "SetChannelPolicies": 3,
    "DefineSkuGroup": 4,
    "ComputeBuffer": 4,
}
"""How many fields each struct has in the first release. Fields are only ever appended then, with
defaults, and these numbers never change."""

Former = Callable[[Any], Any]
"""Makes the form in which a struct was written at first; longer only by appended fields that are
not at their defaults."""

_encode = msgspec.msgpack.Encoder().encode
_FORMERS: dict[type, Former] = {}


def content_hash(command: Command) -> bytes:
    """The hash of a command."""
    former = _FORMERS.get(type(command)) or _former(type(command))
    return blake2b(_encode(former(command)), digest_size=CONTENT_HASH_BYTES).digest()


def _former(kind: Any) -> Former:
    """The former of a struct, made when it is first needed. What it needs of each value is asked
    for in one step, since this is on the way of every command."""
    if kind in _FORMERS:
        return _FORMERS[kind]
    is_struct = issubclass(kind, Struct)
    former = _made_former(kind) if is_struct and not _is_at_first_form(kind) else _as_it_is
    _FORMERS[kind] = former
    return former


def _as_it_is(value: Any) -> Any:
    return value


def _made_former(kind: Any) -> Former:
    fields = msgspec.structs.fields(kind)
    first_count = FIRST_FIELDS[kind.__name__]
    names = [field.name for field in fields]
    first = _getter(names[:first_count])
    appended = _getter(names[first_count:])
    defaults = tuple(field.default for field in fields[first_count:])
    # No field that is empty, None or 0 has anything within it.
    nested = [index for index, field in enumerate(fields) if not _is_at_first_form(field.type)]
    tag = kind.__struct_config__.tag
    head = () if tag is None else (tag,)
    places = [len(head) + index for index in nested]

    def form(value: Any) -> Any:
        added = appended(value)
        if added != defaults:
            values = [*head, *first(value), *_without_defaults(added, defaults)]
        elif places:
            values = [*head, *first(value)]
        else:
            return head + first(value)
        for place in places:
            if place < len(values) and (within := values[place]):
                values[place] = _formed(within)
        return values

    return form


def _without_defaults(added: tuple[Any, ...], defaults: tuple[Any, ...]) -> tuple[Any, ...]:
    """Appended fields up to the last that is not at its default."""
    count = len(added)
    while added[count - 1] == defaults[count - 1]:
        count -= 1
    return added[:count]


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives these attributes of a value as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _formed(value: Any) -> Any:
    """A value within a struct in the form that it had at first."""
    if type(value) is tuple:
        # Entries of a list are of one kind.
        former = _FORMERS.get(type(value[0])) or _former(type(value[0]))
        return [former(item) for item in value]
    return _former(type(value))(value)


def _is_at_first_form(kind: Any) -> bool:
    """Whether neither this struct nor any within it has got further fields."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = msgspec.structs.fields(kind)
        return len(fields) == FIRST_FIELDS[kind.__name__] and all(
            _is_at_first_form(field.type) for field in fields
        )
    return all(_is_at_first_form(argument) for argument in get_args(kind))
