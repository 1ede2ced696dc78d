"""The recent end of a history, within its bound."""

import pytest

from engine.core.events import StockReceived
from engine.core.model import Key
from engine.feed.followers import Followers
from engine.feed.group import decode_group, first_position_of
from engine.feed.tail import Tail
from engine.log.v1.record_pb2 import CommitGroup
from tests.feed.scripted import ScriptedFeed

RECEIVED = StockReceived(Key("", "TEA", "LONDON"), 1)
TAIL_BYTES_MAX = 10_000


def kept(tail: Tail, head: int) -> list[int]:
    """The positions that the tail has."""
    return [position for position in range(head + 2) if tail.group_at(position) is not None]


def test_the_oldest_groups_go_first() -> None:
    feed = ScriptedFeed(0)
    tail = Tail(feed, Followers(), TAIL_BYTES_MAX)
    for _ in range(3_000):
        feed.append([RECEIVED, RECEIVED])
        assert tail.size_bytes <= TAIL_BYTES_MAX
    positions = kept(tail, feed.head)
    assert positions == list(range(positions[0], feed.head + 1))
    assert tail.size_bytes <= TAIL_BYTES_MAX
    assert positions


def test_decoding_keeps_the_bound_too() -> None:
    feed = ScriptedFeed(0)
    tail = Tail(feed, Followers(), TAIL_BYTES_MAX)
    for _ in range(100):
        feed.append([RECEIVED] * 5)
        assert tail.group_at(feed.head) is not None
        assert tail.size_bytes <= TAIL_BYTES_MAX


def test_the_newest_group_is_kept_whatever_its_size() -> None:
    feed = ScriptedFeed(0)
    tail = Tail(feed, Followers(), 1)
    feed.append([RECEIVED])
    feed.append([RECEIVED] * 50)
    assert kept(tail, feed.head) == list(range(2, 52))


def test_after_a_gap_it_begins_anew() -> None:
    feed = ScriptedFeed(0)
    tail = Tail(feed, Followers(), TAIL_BYTES_MAX)
    feed.append([RECEIVED])
    feed.append([RECEIVED], is_told=False)
    feed.append([RECEIVED])
    assert tail.group_at(2) is None
    assert kept(tail, feed.head) == [3]


def test_a_group_from_the_past_begins_anew() -> None:
    feed = ScriptedFeed(0)
    tail = Tail(feed, Followers(), TAIL_BYTES_MAX)
    feed.append([RECEIVED])
    feed.append([RECEIVED])
    feed.head = 0
    feed.append([RECEIVED])
    assert kept(tail, 2) == [1]


@pytest.mark.parametrize("position", [1, 127, 128, 16_384, 2**40, 2**63])
def test_the_first_position_is_read_from_the_first_bytes(position: int) -> None:
    group = CommitGroup(first_position=position, recorded_at_ms=5)
    assert first_position_of(group.SerializeToString()) == position


def test_the_first_position_is_found_wherever_it_is() -> None:
    time = CommitGroup(recorded_at_ms=5).SerializeToString()
    place = CommitGroup(first_position=9).SerializeToString()
    assert first_position_of(time + place) == 9


def test_what_is_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin with a position"):
        first_position_of(b"\x08" + b"\xff" * 20)
    with pytest.raises(ValueError, match="at position 9 has no events"):
        decode_group(0, CommitGroup(first_position=9).SerializeToString())


def test_an_event_without_an_owner_is_shown_to_nobody() -> None:
    group = CommitGroup(first_position=1)
    commit = group.commits.add()
    commit.events.add()
    commit.events.add().stock_received.quantity = 1
    events = decode_group(0, group.SerializeToString()).events
    assert len(events) == 2
    for event in events:
        assert event.tenant not in {"", "acme"}
        assert event.sku is None
