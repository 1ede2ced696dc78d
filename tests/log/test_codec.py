"""Groups survive being written, whatever is in them, and so they do when a newer Holdfast adds."""

from collections.abc import Callable

import pytest
from holdfast.v1 import feed_pb2
from hypothesis import given
from hypothesis import strategies as st

from engine.core import events
from engine.core.model import (
    Cause,
    Key,
    Line,
    Reservation,
    Selling,
    Stock,
)
from engine.log import codec
from engine.log.commits import CommitReader
from engine.log.port import Commit, Group, LogError, RequestRecord, Totals
from engine.log.structs import decode_event, encode_event
from engine.log.v1.record_pb2 import CommitGroup
from tests.log import strategies
from tests.log.effort import per_hundred_examples
from tests.log.strategies import FILLED_IDS, GROUPS, KEYS, KINDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@per_hundred_examples(40)
@given(data=st.data())
def test_every_kind_of_event_survives(kind: type[events.Event], data: st.DataObject) -> None:
    group = _group_of(data.draw(strategies.structs(kind).flatmap(strategies.recorded)))
    assert codec.decode_group(codec.encode_group(group)) == group


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@per_hundred_examples(20)
@given(data=st.data())
def test_what_is_written_out_for_common_events_says_what_the_table_says(
    kind: type[events.Event], data: st.DataObject
) -> None:
    recorded = data.draw(strategies.structs(kind).flatmap(strategies.recorded))
    message = CommitGroup.FromString(codec.encode_group(_group_of(recorded)))
    event = message.commits[0].events[0]
    event.ClearField("version")
    event.ClearField("balances")
    by_table = feed_pb2.Event()
    encode_event(by_table, recorded.event)
    assert event == by_table
    assert decode_event(event) == recorded.event


@per_hundred_examples(50)
@given(strategies.STOCKS)
def test_what_a_record_says_of_stock_is_as_it_was(stock: Stock) -> None:
    received = events.StockReceived(Key("", "TEA", "LONDON"), 1)
    data = codec.encode_group(_group_of(events.Recorded(received, stock)))
    assert codec.decode_group(data).commits[0].recorded[0].stock == strategies.as_recorded(stock)
    event = CommitGroup.FromString(data).commits[0].events[0]
    assert event.balances.available == stock.available
    assert event.balances.incoming == stock.incoming_units


@per_hundred_examples(50)
@given(GROUPS)
def test_every_group_survives(group: Group) -> None:
    data = codec.encode_group(group)
    assert codec.decode_group(data) == group
    assert codec.group_bounds(data) == (group.first_position, group.recorded_at_ms)


@per_hundred_examples(50)
@given(GROUPS)
def test_a_commit_is_found_alone_as_it_is_in_its_group(group: Group) -> None:
    data = codec.encode_group(group)
    commits = CommitReader(lambda _: data)
    position = group.first_position
    for commit in group.commits:
        last_position = position + len(commit.recorded) - 1
        assert commits.at(position) == (commit, last_position, group.recorded_at_ms)
        position = last_position + 1


def test_a_large_group_is_written_as_one_message() -> None:
    expired = events.Recorded(events.ReservationExpired("0a3-1-1"), None)
    commits = [
        Commit(Cause("Expire", f"r{number}"), b"", b"", (), (expired,)) for number in range(99)
    ]
    group = Group(41, 1_500, tuple(commits))
    data = codec.encode_group(group)
    assert codec.decode_group(data) == group
    assert CommitGroup.FromString(data).SerializeToString() == data


def test_a_record_says_what_a_subscriber_is_told() -> None:
    key = Key("acme", "TEA", "LONDON")
    stock = Stock(on_hand=10, held=4, allocated=3, safety_stock=5, version=9)
    held = events.StockHeld(key, "0a3-1-1", "7", 4)
    commit = Commit(Cause("Reserve", "r1"), b"k", b"h", (), (events.Recorded(held, stock),))
    message = CommitGroup.FromString(codec.encode_group(Group(41, 1_500, (commit,))))
    event = message.commits[0].events[0]
    assert (message.first_position, message.recorded_at_ms) == (41, 1_500)
    assert (event.key.tenant, event.key.sku, event.key.location) == ("acme", "TEA", "LONDON")
    assert event.version == 9
    assert event.balances.available == -2
    assert event.stock_held.quantity == 4
    # The group and the commit say these; the feed puts them in when it sends the event.
    assert (event.shard, event.position, event.HasField("recorded_at")) == (0, 0, False)
    assert not event.HasField("cause")


def test_empty_balances_are_stated_and_not_left_out() -> None:
    counted = events.StockCounted(Key("", "TEA", "LONDON"), on_hand=0, expected=0)
    commit = Commit(Cause("SetOnHand"), b"", b"", (), (events.Recorded(counted, Stock()),))
    message = CommitGroup.FromString(codec.encode_group(Group(1, 0, (commit,))))
    assert message.commits[0].events[0].HasField("balances")
    assert message.commits[0].events[0].WhichOneof("kind") == "stock_counted"


def _unknown(number: int) -> bytes:
    """A length-delimited field that no message of ours has."""
    return CommitGroup(commits=[]).SerializeToString() + _tag(number) + b"\x03new"


def _tag(number: int) -> bytes:
    value = number << 3 | 2
    return bytes([value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14])


def _in_group(message: CommitGroup) -> None:
    message.MergeFromString(_unknown(3_000))


def _in_commit(message: CommitGroup) -> None:
    message.commits[0].MergeFromString(_unknown(3_000))


def _in_event(message: CommitGroup) -> None:
    message.commits[0].events[0].MergeFromString(_unknown(3_000))


def _in_balances(message: CommitGroup) -> None:
    message.commits[0].events[0].balances.MergeFromString(_unknown(3_000))


def _in_kind(message: CommitGroup) -> None:
    message.commits[0].events[0].stock_received.MergeFromString(_unknown(3_000))


@pytest.mark.parametrize("add", [_in_group, _in_commit, _in_event, _in_balances, _in_kind])
def test_fields_of_a_newer_holdfast_do_not_hinder(add: Callable[[CommitGroup], None]) -> None:
    group = _received()
    message = CommitGroup.FromString(codec.encode_group(group))
    add(message)
    data = message.SerializeToString()
    assert b"new" in data
    assert codec.decode_group(data) == group


def test_an_event_of_a_newer_holdfast_is_not_passed_over() -> None:
    message = CommitGroup.FromString(codec.encode_group(_received()))
    event = message.commits[0].events[0]
    event.ClearField("stock_received")
    event.MergeFromString(_unknown(3_000))
    with pytest.raises(LogError, match="a kind that this Holdfast does not know"):
        codec.decode_group(message.SerializeToString())


def test_a_line_of_a_newer_holdfast_is_not_passed_over() -> None:
    left = events.WaitLeft(Key("", "TEA", "LONDON"), "0a3-1-1", "1", 1)
    told = events.LinesTold("0a3-1-1", "", 1, "attempt", (left,))
    message = CommitGroup.FromString(codec.encode_group(_group_of(events.Recorded(told, None))))
    line = message.commits[0].events[0].lines_told.lines[0]
    line.ClearField("wait_left")
    line.MergeFromString(_unknown(3_000))
    with pytest.raises(LogError, match="a kind that this Holdfast does not know"):
        codec.decode_group(message.SerializeToString())


def test_a_value_of_a_newer_holdfast_is_not_passed_over() -> None:
    key = Key("", "TEA", "LONDON")
    released = events.HoldReleased(key, "0a3-1-1", "1", 1)
    commit = Commit(Cause("Release"), b"", b"", (), (events.Recorded(released, Stock()),))
    message = CommitGroup.FromString(codec.encode_group(Group(1, 0, (commit,))))
    message.commits[0].events[0].hold_released.reason = 77  # type: ignore[assignment]
    with pytest.raises(LogError, match="77 is not a valid ReleaseReason"):
        codec.decode_group(message.SerializeToString())


@pytest.mark.parametrize("data", [b"\xff", b"\x1a\xff\x01", b"\x0b"])
def test_garbage_is_no_group(data: bytes) -> None:
    for decode in (codec.decode_group, codec.group_bounds):
        with pytest.raises(LogError, match="is no commit group"):
            decode(data)


def test_an_event_without_its_stock_is_a_fault_of_the_writer() -> None:
    received = events.StockReceived(Key("", "TEA", "LONDON"), 1)
    commit = Commit(Cause("Receive"), b"", b"", (), (events.Recorded(received, None),))
    with pytest.raises(ValueError, match="recorded without its stock"):
        codec.encode_group(Group(1, 0, (commit,)))


STATES = [
    (codec.decode_stock, Stock(1, 2, 3, 4, False, Selling.STOPPED, 7, (("web", 2),))),
    (
        codec.decode_reservation,
        Reservation("r", "acme", 5, 6, "c", "web", "x", True, (Line("1", Key("", "a", "b"), 1),)),
    ),
    (codec.decode_request, RequestRecord(b"hash", 9, 10)),
]


@pytest.mark.parametrize(("decode", "state"), STATES, ids=[type(s).__name__ for _, s in STATES])
def test_state_survives_and_garbage_is_none(
    decode: Callable[[bytes], object], state: object
) -> None:
    data = codec.encode_state(state)
    assert decode(data) == state
    _check_garbage(decode, data)


@given(st.lists(st.integers(), min_size=5, max_size=5))
def test_totals_of_any_size_survive_and_garbage_is_none(numbers: list[int]) -> None:
    totals = Totals(*numbers)
    data = codec.encode_totals(totals)
    assert codec.decode_totals(data) == totals
    _check_garbage(codec.decode_totals, data)


def _check_garbage(decode: Callable[[bytes], object], data: bytes) -> None:
    for garbage in (data[:-1], b"", b"\xc1", b"\x80"):
        with pytest.raises(LogError, match="stored bytes are no"):
            decode(garbage)


@given(KEYS)
def test_keys_survive(key: Key) -> None:
    data = codec.encode_key(key)
    assert codec.decode_key(data) == key
    assert data.startswith(codec.sku_prefix(key.tenant, key.sku))


def test_keys_with_zero_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="contains a zero byte"):
        codec.encode_key(Key("", "A\0B", "C"))
    for data in (b"a\0b", b"a\0b\0c\0d", b"\xff\0\0"):
        with pytest.raises(LogError, match="is no SKU-location"):
            codec.decode_key(data)


@given(st.lists(st.tuples(st.integers(0, 2**62), FILLED_IDS), min_size=2, max_size=5))
def test_timers_sort_by_deadline(timers: list[tuple[int, str]]) -> None:
    encoded = [codec.encode_timer(*timer) for timer in timers]
    assert [codec.decode_timer(data) for data in encoded] == timers
    by_bytes = [deadline for deadline, _ in map(codec.decode_timer, sorted(encoded))]
    assert by_bytes == sorted(deadline for deadline, _ in timers)


@pytest.mark.parametrize("data", [b"", b"12345678", b"12345678\xff"])
def test_garbage_is_no_timer(data: bytes) -> None:
    with pytest.raises(LogError, match="the stored timer"):
        codec.decode_timer(data)


def _group_of(recorded: events.Recorded) -> Group:
    return Group(1, 5, (Commit(Cause("X"), b"", b"", (), (recorded,)),))


def _received() -> Group:
    received = events.StockReceived(Key("", "TEA", "LONDON"), 5)
    recorded = events.Recorded(received, Stock(on_hand=5, version=1))
    return Group(1, 7, (Commit(Cause("Receive", "r"), b"k", b"h", (), (recorded,)),))


def test_an_event_of_stock_without_its_key_is_refused() -> None:
    """Found by the fuzzer: it was read as one of a SKU without a name."""
    held = events.StockHeld(Key("", "TEA", "LONDON"), "0a3-1-1", "7", 4)
    message = CommitGroup.FromString(codec.encode_group(_group_of(events.Recorded(held, Stock()))))
    message.commits[0].events[0].ClearField("key")
    with pytest.raises(LogError, match="a stock_held event does not say of which SKU"):
        codec.decode_group(message.SerializeToString())
