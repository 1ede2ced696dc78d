"""A request that is repeated to a newer version of the server is still the same request."""

from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.core import commands as core
from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms, DynamicBuffer
from engine.core.configuration import Component, Location
from engine.core.listings import Listing, ListingReport
from engine.core.model import IfShort, Key
from engine.rpc.content_hash import FIRST_FIELDS, content_hash

TEA = Key("acme", "TEA", "LONDON")
LINE = core.BasketLine("1", TEA, 2)


class NewerKey(Key, frozen=True):
    bin: str = ""


class NewerLine(core.BasketLine, frozen=True):
    key: NewerKey
    wrapped: bool = False


class NewerReserve(core.Reserve, frozen=True, tag="Reserve"):
    lines: tuple[NewerLine | core.BasketLine, ...]
    gift: str = ""
    priority: int = 3


for kind, name in [(NewerKey, "Key"), (NewerLine, "BasketLine"), (NewerReserve, "Reserve")]:
    kind.__name__ = name


def newer(line: core.BasketLine = LINE, **fields: Any) -> bytes:
    return content_hash(NewerReserve("acme", (line,), reference="cart", **fields))


NEWER_TEA = NewerKey("acme", "TEA", "LONDON")
OLDER = content_hash(core.Reserve("acme", (LINE,), reference="cart"))


def test_a_new_field_at_its_default_changes_no_hash() -> None:
    assert newer() == OLDER
    assert newer(NewerLine("1", NEWER_TEA, 2)) == OLDER


def test_a_new_field_that_is_used_does() -> None:
    """The control of the test above: what is left out is nothing but defaults."""
    hashes = [
        OLDER,
        newer(gift="card"),
        newer(priority=4),
        newer(gift="card", priority=4),
        newer(NewerLine("1", NEWER_TEA, 2, wrapped=True)),
        newer(NewerLine("1", NewerKey("acme", "TEA", "LONDON", "7"), 2)),
        content_hash(core.Reserve("acme", (LINE,), reference="cart", customer="card")),
    ]
    assert len(set(hashes)) == len(hashes)


def test_hashes_that_are_in_logs_stay_what_they_are() -> None:
    assert OLDER.hex() == "463aa3f9a89a44406d51073adbeb6161"
    sell = core.Sell(TEA, 1, IfShort.RECORD)
    assert content_hash(sell).hex() == "d8c11d79b239f06c287c7ddd8ff574cc"


def test_every_command_and_part_of_one_has_its_first_form() -> None:
    parts = {Key, core.BasketLine, core.LineQuantity, core.PickedLine, Location, Component}
    parts |= {Listing, ListingReport}
    parts |= {Buffer, Channel, ChannelPolicy, ChannelTerms, DynamicBuffer}
    structs = {*get_args(core.Command), *parts}
    assert set(FIRST_FIELDS) == {struct.__name__ for struct in structs}
    for struct in structs:
        added = msgspec.structs.fields(struct)[FIRST_FIELDS[struct.__name__] :]
        assert all(field.default is not msgspec.NODEFAULT for field in added), struct


ANY = st.text(max_size=3)
KEYS = st.builds(Key, ANY, ANY, ANY)
NUMBERS = st.integers(0, 3)
RESERVES = st.builds(
    core.Reserve,
    ANY,
    st.lists(st.builds(core.BasketLine, ANY, KEYS, NUMBERS, NUMBERS), max_size=3).map(tuple),
    ttl_ms=NUMBERS,
    reference=ANY,
    customer=ANY,
)


@given(RESERVES, RESERVES)
def test_other_content_has_another_hash(one: core.Reserve, other: core.Reserve) -> None:
    assert (content_hash(one) == content_hash(other)) == (one == other)
    grown = NewerReserve(*(getattr(one, field) for field in one.__struct_fields__))
    assert content_hash(grown) == content_hash(one)
