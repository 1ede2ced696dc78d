"""Groups with any event in them, whatever its fields say, as hypothesis draws them."""

from functools import cache, partial
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from engine.core import events
from engine.core.limits import BALANCE_MAX, QUANTITY_MAX
from engine.core.model import Cause, Incoming, Key, ShortCause, ShortLine, Stock
from engine.log.port import Commit, Group, Heard
from tests.log.golden_records import CHOICES

_TEXT = st.characters(exclude_categories=["Cc", "Cs"])
IDS = st.text(_TEXT, max_size=20)
FILLED_IDS = st.text(_TEXT, min_size=1, max_size=20)
KEYS = st.builds(Key, IDS, FILLED_IDS, FILLED_IDS)
KINDS: tuple[Any, ...] = get_args(events.Event)
_UNITS = st.integers(0, QUANTITY_MAX)
_BALANCES = st.integers(-BALANCE_MAX, BALANCE_MAX)
_TIMES_MS = st.integers(0, 4_000_000_000_000)
_SHARDS = st.integers(0, 4_095)
_PAIRS = st.lists(st.tuples(FILLED_IDS, _UNITS), max_size=3).map(tuple)
_BY_NAME = {
    "shard": _SHARDS,
    "home_shard": _SHARDS,
    "units_each": st.integers(1, QUANTITY_MAX),
    "window_days": st.integers(2, 366),
    "percent": st.integers(0, 100),
    "position": st.integers(1, 2**53),
}
_BY_TYPE: dict[object, st.SearchStrategy[Any]] = {
    Key: KEYS,
    str: IDS,
    int: _BALANCES,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    type(None): st.none(),
}


@cache
def structs(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a struct, every field drawn by its name or type."""
    fields = msgspec.structs.fields(kind)
    if kind in CHOICES:
        return st.sampled_from(CHOICES[kind]).flatmap(partial(_chosen, kind))
    return st.builds(kind, *[_field(field.name, field.type) for field in fields])


def _chosen(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """Values of a choice that say this, and nothing of its other fields."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    said = {each: fields[each] for each in fields if each == name or each not in CHOICES[kind]}
    drawn = {each: _field(each, said[each]) for each in said}
    drawn[name] = drawn[name].filter(lambda value: value not in (None, ""))
    return st.builds(kind, **drawn)


def _field(name: str, kind: Any) -> st.SearchStrategy[Any]:
    if name.endswith("_ms"):
        return _TIMES_MS
    return _BY_NAME[name] if name in _BY_NAME else _of_type(kind)


def _of_type(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if kind == tuple[str, int]:
        return st.tuples(FILLED_IDS, _UNITS)
    if get_origin(kind) is tuple:
        return st.lists(_of_type(get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(kind, UnionType):
        return st.sampled_from(get_args(kind)).flatmap(_of_type)
    return st.sampled_from(kind) if hasattr(kind, "__members__") else structs(kind)


def as_recorded(stock: Stock) -> Stock:
    """What an event carries of its stock: neither settings nor what is remembered of sources, and
    of what is expected the sum."""
    expected = stock.incoming_units
    return Stock(
        on_hand=stock.on_hand,
        held=stock.held,
        allocated=stock.allocated,
        safety_stock=stock.safety_stock,
        version=stock.version,
        unavailable=stock.unavailable,
        picked=stock.picked,
        backordered=stock.backordered,
        waiting=stock.waiting,
        incoming=(Incoming("", expected),) if expected else (),
    )


STOCKS = st.builds(
    Stock,
    on_hand=_BALANCES,
    held=_UNITS,
    allocated=_UNITS,
    safety_stock=_UNITS,
    version=st.integers(0, 2**53),
    unavailable=_PAIRS,
    picked=_UNITS,
    backordered=_UNITS,
    waiting=_UNITS,
    incoming=st.lists(st.builds(Incoming, IDS, _UNITS, _TIMES_MS, IDS), max_size=2).map(tuple),
    moved=_BALANCES,
)


def recorded(event: Any) -> st.SearchStrategy[events.Recorded]:
    """The event with a stock after it that a record can carry."""
    if type(event) in events.KEYLESS_EVENTS:
        return st.just(events.Recorded(event, None))
    stocks = STOCKS.map(as_recorded)
    if isinstance(event, events.StockConfigured):
        names = ("tracked", "selling", "channel_buffers", "backorder_limit")
        settings: dict[str, Any] = {name: getattr(event, name) for name in names}
        stocks = stocks.map(lambda stock: msgspec.structs.replace(stock, **settings))
    return stocks.map(lambda stock: events.Recorded(event, stock))


_SHORT_LINES = st.builds(ShortLine, IDS, KEYS, st.sampled_from(ShortCause), _UNITS, _UNITS)
COMMITS = st.builds(
    Commit,
    structs(Cause),
    st.binary(max_size=40),
    st.binary(max_size=16),
    st.lists(_SHORT_LINES, max_size=2).map(tuple),
    st.lists(st.sampled_from(KINDS).flatmap(structs).flatmap(recorded), min_size=1, max_size=4).map(
        tuple
    ),
    st.none() | st.builds(Heard, _SHARDS, st.integers(0, 2**53)),
)
GROUPS = st.builds(
    Group, st.integers(1, 2**53), _TIMES_MS, st.lists(COMMITS, max_size=3).map(tuple)
)
