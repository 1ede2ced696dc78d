"""Page tokens of every list: the place that was written, or a refusal."""

import base64
from typing import Any

import msgspec
from holdfast.v1 import history_pb2

from engine.rpc.channel_listings import ListingPlace
from engine.rpc.channel_reads import ChannelPlace
from engine.rpc.checks import InvalidField
from engine.rpc.configuration import ConfigurationPlace
from engine.rpc.history import EventPlace, ExplanationPlace
from engine.rpc.listing import Place
from engine.rpc.pages import Pages
from engine.rpc.subscriptions import NamePlace, ParkedPlace

PLACES: tuple[Any, ...] = (
    *(ListingPlace, ChannelPlace, ConfigurationPlace, EventPlace),
    *(ExplanationPlace, Place, NamePlace, ParkedPlace),
)
REQUEST = history_pb2.ListEventsRequest(tenant="acme")


def one_input(data: bytes) -> None:
    """The first byte says of which list; an odd one that the token is of this query, and only its
    place is anything."""
    if not data:
        return
    kind = PLACES[data[0] // 2 % len(PLACES)]
    token = data[1:].decode("latin-1")
    if data[0] % 2:
        query = base64.b64decode(Pages(REQUEST).token(EventPlace(1)), altchars=b"-_")[:8]
        token = base64.b64encode(query + data[1:], altchars=b"-_").decode()
    request = history_pb2.ListEventsRequest(tenant="acme", page_token=token)
    try:
        place = Pages(request).start(kind)
    except InvalidField as invalid:
        assert invalid.field == "page_token"
        return
    if place is None:
        assert not token
        return
    again = history_pb2.ListEventsRequest(tenant="acme", page_token=Pages(request).token(place))
    assert Pages(again).start(kind) == place


def examples() -> list[bytes]:
    """Places of every list, and tokens of another one."""
    places = (
        *(ListingPlace("TEA", "LONDON"), ChannelPlace(1, ("web",)), ConfigurationPlace(1, "TEA")),
        *(EventPlace(5), ExplanationPlace(7, 2), Place(b"x\0y", True, 3), NamePlace("a")),
        ParkedPlace(2**63 - 1),
    )
    whole = [
        bytes([PLACES.index(type(place)) * 2 + 1]) + msgspec.msgpack.encode(place)
        for place in places
    ]
    tokens = [
        bytes([PLACES.index(type(place)) * 2]) + Pages(REQUEST).token(place).encode()
        for place in places
    ]
    return [*whole, *tokens, b"", b"\x00====", b"\x01" + b"\x91" * 3_000]
