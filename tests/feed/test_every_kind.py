"""Every kind of event reaches whoever may see it, with everything that the log has of it."""

from collections.abc import Iterable
from typing import Any, get_args

import pytest
from holdfast.v1 import feed_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.events import CONFIGURATION_EVENTS, KEYLESS_EVENTS, Event, Recorded
from engine.core.model import Cause, Stock
from engine.feed.filter import Filter
from engine.feed.group import decode_group
from engine.log.codec import encode_group
from engine.log.port import Commit, Group
from engine.log.v1.record_pb2 import CommitGroup
from tests.log.strategies import structs


def named(kinds: Iterable[Any]) -> list[Any]:
    return sorted(kinds, key=lambda kind: str(kind.__name__))


NARROW = Filter("acme", skus=frozenset({"TEA"})).predicate()


def sent(data: bytes) -> feed_pb2.Event:
    """The one event of an encoded group as a subscriber reads it."""
    (event,) = decode_group(3, data).events
    batch = feed_pb2.EventBatch.FromString(event.entry)
    return batch.events[0]


@pytest.mark.parametrize("kind", named(get_args(Event)), ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_nothing_of_an_event_is_lost(kind: type, data: st.DataObject) -> None:
    event = data.draw(structs(kind))
    stock = None if kind in KEYLESS_EVENTS else Stock(5, 2, version=7)
    cause = Cause("Test", "r-1", source="till", source_sequence=4)
    commit = Commit(cause, b"key", b"hash", (), (Recorded(event, stock),))
    encoded = encode_group(Group(9, 1_700_000_000_123, (commit,)))
    (stored,) = CommitGroup.FromString(encoded).commits
    found = sent(encoded)
    assert (found.shard, found.position) == (3, 9)
    assert found.recorded_at.ToMilliseconds() == 1_700_000_000_123
    assert found.cause == stored.cause
    for name in ("shard", "position", "recorded_at", "cause"):
        found.ClearField(name)
    assert found == stored.events[0]
    assert found.WhichOneof("kind")


@pytest.mark.parametrize("kind", named(CONFIGURATION_EVENTS), ids=lambda kind: kind.__name__)
@settings(max_examples=5)
@given(data=st.data())
def test_configuration_is_told_to_its_tenant_without_a_filter(
    kind: type, data: st.DataObject
) -> None:
    event = data.draw(structs(kind))
    commit = Commit(Cause("Test", "r-1"), b"key", b"hash", (), (Recorded(event, None),))
    (found,) = decode_group(0, encode_group(Group(1, 1, (commit,)))).events
    tenant = event.tenant
    assert Filter(tenant).predicate()(found)
    assert not Filter(tenant + "x").predicate()(found)
    assert not Filter(tenant, skus=frozenset({"TEA"})).predicate()(found)
    assert not NARROW(found)
