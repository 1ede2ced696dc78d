"""A group of history is decoded bit by bit, and nothing is different for it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import Event, StockReceived
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.group import EncodedGroup, FeedEvent, FeedGroup, decode_group
from engine.feed.hub import Hub, Start
from engine.feed.limits import FeedLimits
from engine.feed.reader import PART_EVENTS_MAX
from engine.feed.steps import Events
from engine.feed.turns import Turns
from engine.log.v1.record_pb2 import CommitGroup
from tests.feed.scripted import ScriptedShards, events_of

FIRST_POSITION = 7
PATIENT = FeedLimits(checkpoint_s=3_600.0)


def encoded(sizes: Sequence[int]) -> bytes:
    """A group of commits with so many events."""
    group = CommitGroup(first_position=FIRST_POSITION, recorded_at_ms=1_700_000_000_000)
    for size in sizes:
        commit = group.commits.add()
        commit.cause.request_id = f"request-{size}"
        for quantity in range(size):
            commit.events.add().stock_received.quantity = quantity
    return group.SerializeToString()


def parts_from(group: EncodedGroup, position: int, events_max: int) -> list[FeedGroup]:
    """All parts from a position on."""
    parts = []
    while (part := group.part(position, events_max)) is not None:
        parts.append(part)
        position = part.last_position + 1
        assert group.may_have(position - 1)
    assert not group.may_have(position)
    return parts


@given(
    st.lists(st.integers(min_value=1, max_value=6), min_size=1, max_size=20),
    st.integers(min_value=1, max_value=12),
    st.data(),
)
def test_the_parts_are_the_group(sizes: list[int], events_max: int, data: st.DataObject) -> None:
    whole = decode_group(3, encoded(sizes))
    group = EncodedGroup(3, encoded(sizes))
    assert group.first_position == FIRST_POSITION
    position = data.draw(st.integers(FIRST_POSITION, whole.last_position), "position")
    parts = parts_from(group, position, events_max)
    events: list[FeedEvent] = [event for part in parts for event in part.events]
    commit_ends = [end for part in parts for end in part.commit_ends]
    # From the commit on that has the position, and whole commits always.
    assert events == whole.events[events[0].position - FIRST_POSITION :]
    assert events[0].position <= position
    assert commit_ends == whole.commit_ends[-len(commit_ends) :]
    assert parts[0].commit_ends[0] >= position
    for part in parts:
        assert part.events[0].position == part.first_position
        # Without its last commit a part would be too short.
        without_last = (
            part.commit_ends[-2] if len(part.commit_ends) > 1 else part.first_position - 1
        )
        assert without_last - part.first_position + 1 < events_max


async def test_events_of_another_tenant_are_not_told_to_who_wants_all() -> None:
    shards = ScriptedShards(1)
    ours, theirs = (StockReceived(Key(tenant, "TEA", "LONDON"), 1) for tenant in ("", "acme"))
    shards.feeds[0].append([ours, theirs], is_told=False)
    shards.feeds[0].append([theirs], is_told=False)
    shards.feeds[0].append([ours], is_told=False)
    told: list[int] = []
    async with await Hub(shards, PATIENT).subscribe(Filter(), Start.BEGINNING) as subscriber:
        while len(told) < 2:
            step = await anext(subscriber)
            assert isinstance(step, Events)
            told += [event.position for event in events_of(step)]
    assert told == [1, 4]


def received() -> Sequence[Event]:
    """A commit of one event."""
    return [StockReceived(Key("", "TEA", "LONDON"), 1)]


async def first_message(shards: ScriptedShards) -> int:
    """How many events the first message of a long history has."""
    hub = Hub(shards, PATIENT)
    shards.feeds[0].append(*[received() for _ in range(1_000)], is_told=False)
    async with await hub.subscribe(Filter(), Start.BEGINNING) as subscriber:
        step = await anext(subscriber)
    assert isinstance(step, Events)
    return len(step.entries)


async def test_messages_of_history_are_short_while_somebody_writes() -> None:
    assert await first_message(ScriptedShards(1)) == PART_EVENTS_MAX


async def test_and_large_while_nobody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "are_short", False)
    assert await first_message(ScriptedShards(1)) == PATIENT.message_events_max
