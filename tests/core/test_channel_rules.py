"""What channels leave of a SKU: tables, and the oracle of `fences` beside the rules."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import channel_rules
from engine.core.channel_rules import Share, share_of
from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.configuration import Configuration, Location
from engine.core.model import ChannelUse, Key, Selling, Stock
from tests.core.fences import most, servable

NO_BUFFER = Buffer(units=0)
ALL = ChannelTerms(NO_BUFFER)


class Shelves:
    """The SKU "TEA" at locations, and what is configured."""

    def __init__(self, stocks: Mapping[str, Stock | int], *channels: Channel) -> None:
        self.stocks = {
            name: stock if isinstance(stock, Stock) else Stock(stock)
            for name, stock in stocks.items()
        }
        self.configuration = Configuration()
        self.channels = self.configuration.channels
        self.sells_from = self.configuration.sells_from
        self.location = self.configuration.location
        for channel in channels:
            self.channels.put_channel("", channel)

    def locations(self, _tenant: str, _sku: str) -> list[str]:
        return sorted(self.stocks)

    def share(self, channel: str, *, all_locations: bool = True) -> Share | None:
        return share_of(
            self,
            lambda key: self.stocks[key.location],
            "",
            channel,
            "TEA",
            all_locations=all_locations,
        )

    def most(self, channel: str) -> int:
        share = self.share(channel)
        assert share is not None
        return sum(share.by_location().values()) if share.limit is None else share.limit


def fenced(units: int, since_ms: int = 1) -> ChannelTerms:
    return ChannelTerms(None, None, units, since_ms)


def used(stock: int, channel: str, units: int, since_ms: int = 1) -> Stock:
    return Stock(stock, channel_uses=(ChannelUse(channel, units, since_ms),))


class Row(NamedTuple):
    """What lies where, what is configured, and what each caller may have in all."""

    name: str
    stocks: dict[str, Stock | int]
    channels: tuple[Channel, ...]
    may_have: dict[str, int]


A10_B10: dict[str, Stock | int] = {"A": 10, "B": 10}
ROWS = [
    Row("ten percent is the default", {"A": 15}, (Channel("web"),), {"web": 13, "": 15, "pos": 15}),
    Row("rounded up", {"A": 1}, (Channel("web"),), {"web": 0}),
    Row("of all locations together", {"A": 5, "B": 5}, (Channel("web"),), {"web": 9}),
    Row("its locations", A10_B10, (Channel("web", ("B",), terms=ALL),), {"web": 10}),
    Row("units", {"A": 9}, (Channel("web", terms=ChannelTerms(Buffer(units=4))),), {"web": 5}),
    Row("more units", {"A": 3}, (Channel("web", terms=ChannelTerms(Buffer(units=4))),), {"web": 0}),
    Row(
        "all of it",
        {"A": 9},
        (Channel("web", terms=ChannelTerms(Buffer(percent=100))),),
        {"web": 0},
    ),
    Row("capped", {"A": 9}, (Channel("web", terms=ChannelTerms(NO_BUFFER, 4)),), {"web": 4}),
    Row("no cap above", {"A": 3}, (Channel("web", terms=ChannelTerms(NO_BUFFER, 4)),), {"web": 3}),
    Row(
        "a fence is for one alone, without a buffer",
        {"A": 10},
        (Channel("web", terms=fenced(6)), Channel("pos", terms=ALL)),
        {"web": 6, "pos": 4, "": 4, "unknown": 4},
    ),
    Row(
        "what was taken is fenced no longer",
        {"A": used(10, "web", 2)},
        (Channel("web", terms=fenced(6)),),
        {"web": 4, "": 6},
    ),
    Row(
        "stated anew it begins anew",
        {"A": used(10, "web", 2, since_ms=1)},
        (Channel("web", terms=fenced(6, since_ms=2)),),
        {"web": 6, "": 4},
    ),
    Row(
        "others' stock serves the fence",
        A10_B10,
        (Channel("web", terms=fenced(6)), Channel("pos", ("A",), terms=ALL)),
        {"pos": 10, "": 14},
    ),
    Row(
        "two fences over the same locations",
        A10_B10,
        (
            Channel("web", ("A", "B"), terms=fenced(6)),
            Channel("app", ("B",), terms=fenced(7)),
            Channel("pos", ("B",), terms=ALL),
        ),
        {"pos": 3, "": 7, "web": 6, "app": 7},
    ),
    Row(
        "a fence that cannot be served takes all there is, the first by name first",
        {"A": 5},
        (Channel("web", terms=fenced(6)), Channel("app", terms=fenced(3))),
        {"web": 2, "app": 3, "": 0},
    ),
    Row(
        "a buffer at one location is kept there too",
        {"A": Stock(10, channel_buffers=(("web", 4),)), "B": 10},
        (Channel("web", terms=ALL),),
        {"web": 16, "": 20},
    ),
    Row(
        "where selling is stopped there is nothing, nor is anything fenced",
        {"A": Stock(10, selling=Selling.STOPPED), "B": 4},
        (Channel("web", terms=fenced(6)), Channel("pos", terms=ALL)),
        {"web": 4, "pos": 0, "": 0},
    ),
    Row(
        "what is promised beyond stock elsewhere does not count against it",
        {"A": Stock(2, allocated=5), "B": 4},
        (Channel("web", terms=ALL),),
        {"web": 4},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_callers_may_have(row: Row) -> None:
    shelves = Shelves(row.stocks, *row.channels)
    assert {caller: shelves.most(caller) for caller in row.may_have} == row.may_have


def test_nothing_is_computed_where_no_configured_channel_is_concerned() -> None:
    assert Shelves({"A": 1}).share("web", all_locations=False) is None
    beside = Shelves({"A": 1}, Channel("web"))
    assert beside.share("", all_locations=False) is None
    assert beside.share("pos", all_locations=False) is None
    assert beside.share("web", all_locations=False) is not None
    served = Shelves({"A": used(1, "web", 6)}, Channel("web", terms=fenced(6)))
    assert served.share("", all_locations=False) is None, "all of the fence was taken"


def test_locations_share_what_a_channel_may_sell_in_its_order() -> None:
    terms = ChannelTerms(NO_BUFFER, 12)
    shelves = Shelves({"A": 10, "B": 10, "C": 10}, Channel("web", ("C",), ("shops",), terms))
    shelves.configuration.put_location("", Location("B", 1, groups=("shops",)))
    shelves.configuration.put_location("", Location("A", 2, groups=("shops",)))
    share = shelves.share("web")
    assert share is not None
    assert list(share.by_location().items()) == [("C", 10), ("B", 2), ("A", 0)]
    shelves.configuration.put_location("", Location("C", enabled=False))
    share = shelves.share("web")
    assert share is not None
    assert list(share.by_location().items()) == [("C", 0), ("B", 10), ("A", 2)]


def test_the_facts_add_up() -> None:
    web = Channel("web", terms=fenced(6))
    pos = Channel("pos", ("A",), terms=ChannelTerms(Buffer(percent=50)))
    share = Shelves({"A": used(9, "web", 1), "B": 2}, web, pos).share("pos")
    assert share is not None
    assert (share.available_units, share.others_units, share.buffer_units) == (9, 3, 3)
    assert share.limit == 3
    of_web = Shelves({"A": used(9, "web", 1), "B": 2}, web, pos).share("web")
    assert of_web is not None
    assert (of_web.used_units, of_web.limit, of_web.buffer_units) == (1, 5, 0)


def test_a_dynamic_buffer_is_ten_percent_until_it_is_computed() -> None:
    parameters = DynamicBuffer(1.65, 4.0)
    shelves = Shelves({"A": 20}, Channel("web", terms=ChannelTerms(Buffer(dynamic=parameters))))
    assert shelves.most("web") == 18
    shelves.channels.put_buffer("", ComputedBuffer("web", "TEA", parameters, 2.0, 1.0, 7, 99))
    assert shelves.most("web") == 13


TERMS_ROWS = [
    ("of the SKU", {"TEA": 1, "a": 2, "b": 3}, 1),
    ("of the first group by name", {"a": 2, "b": 3}, 2),
    ("of a group by how the SKU begins", {"b": 3}, 3),
    ("of another group", {"c": 4}, 9),
    ("of the channel", {}, 9),
]


@pytest.mark.parametrize(("name", "policies", "cap"), TERMS_ROWS)
def test_whose_terms_hold(name: str, policies: dict[str, int], cap: int) -> None:
    shelves = Shelves({"A": 20}, Channel("web", terms=ChannelTerms(NO_BUFFER, 9)))
    shelves.channels.put_group("", SkuGroup("a", ("TEA", "CUP")))
    shelves.channels.put_group("", SkuGroup("b", (), ("TE", "X")))
    shelves.channels.put_group("", SkuGroup("c", ("TEAPOT",), ("TEAP",)))
    for scope, units in policies.items():
        sku, group = (scope, "") if scope == "TEA" else ("", scope)
        terms = ChannelTerms(NO_BUFFER, units)
        shelves.channels.put_policy("", "web", ChannelPolicy(sku, group, terms))
    assert shelves.most("web") == cap, name


NAMES = ("A", "B", "C")
Fences = Sequence[tuple[str, int, tuple[str, ...]]]
"""Channels with what is fenced for them, and where."""


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Shelves, Fences]:
    """Stock at three locations, and up to four channels with a fence, each at some of them."""
    stocks = {
        name: Stock(draw(st.integers(-1, 6)), channel_buffers=(("pos", draw(st.integers(0, 2))),))
        for name in NAMES
    }
    some = st.lists(st.sampled_from(NAMES), unique=True, max_size=3).map(tuple)
    fences = [
        (name, draw(st.integers(0, 6)), draw(some))
        for name in draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    ]
    channels = [Channel(name, at, terms=fenced(units)) for name, units, at in fences]
    pos = Channel("pos", draw(some), terms=ALL)
    by_name = sorted((name, units, at or NAMES) for name, units, at in fences)
    return Shelves(stocks, pos, *channels), by_name


@settings(max_examples=100)
@given(worlds(), st.sampled_from(("", "pos", "a", "b")))
def test_everybody_may_have_what_maximum_flow_says(
    world: tuple[Shelves, Fences], caller: str
) -> None:
    shelves, fences = world
    check(shelves, fences, caller)


def check(shelves: Shelves, fences: Fences, caller: str) -> None:
    """What the rules say beside what the oracle says: in all, and location by location."""
    available = {name: max(0, stock.available) for name, stock in shelves.stocks.items()}
    share = shelves.share(caller)
    assert share is not None
    own = dict(share.locations or {})
    by_location = share.by_location()
    assert sum(by_location.values()) == shelves.most(caller)
    expected = most(caller, own, fences, available)
    if caller in {name for name, _, _ in fences}:
        expected = min(expected, servable(fences, available)[caller].units)
    assert shelves.most(caller) == expected
    for name, units in by_location.items():
        assert 0 <= units <= own[name]


def test_the_oracle_finds_a_limit_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rule that looks at each fence alone, two fences at one place leave too much."""
    pair = (Channel("a", ("A",), terms=fenced(3)), Channel("b", ("A",), terms=fenced(3)))
    fences = [("a", 3, ("A",)), ("b", 3, ("A",))]
    check(Shelves({"A": 6, "B": 1}, *pair), fences, "")
    whole = channel_rules._fences
    monkeypatch.setattr(
        channel_rules,
        "_fences",
        lambda served, shelf: tuple(one for each in served for one in whole([each], shelf)),
    )
    with pytest.raises(AssertionError):
        check(Shelves({"A": 6, "B": 1}, *pair), fences, "")


def test_key_is_asked_of_the_sku_alone() -> None:
    asked = []
    shelves = Shelves({"A": 1, "B": 1}, Channel("web"))

    def stock(key: Key) -> Stock:
        asked.append(key)
        return Stock(1)

    share_of(shelves, stock, "", "web", "TEA")
    assert sorted(asked, key=lambda key: key.location) == [Key("", "TEA", "A"), Key("", "TEA", "B")]
