"""What every store of subscriptions does, and what the one in a file outlives."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.feed.sqlite_subscriptions import SqliteSubscriptions, put_right
from engine.feed.subscription_mark import mark_as_it_is
from engine.feed.subscription_store import (
    Acknowledged,
    MemorySubscriptions,
    StoredParked,
    StoredSubscription,
    StoreError,
    SubscriptionStore,
    ToPark,
)

WEB = ("acme", "web")
TILL = ("acme", "till")
MB = 1_000_000


def subscription(key: tuple[str, str] = WEB, **fields: object) -> StoredSubscription:
    tenant, name = key
    made = StoredSubscription(
        tenant=tenant, name=name, filter=b"f\0", mode=1, cursor="c0", since="c0", created_ms=5
    )
    return replace(made, **fields)


def message(text: str, identity: str = "") -> ToPark:
    return ToPark((identity or text).encode(), text.encode(), f"why {text}", 7)


def texts(parked: list[StoredParked]) -> list[str]:
    return [each.content.decode() for each in parked]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SubscriptionStore]:
    is_file = request.param == "file"
    made = SqliteSubscriptions(tmp_path / "subscriptions.db") if is_file else MemorySubscriptions()
    yield made
    made.close()


def test_what_is_put_is_loaded_in_order(store: SubscriptionStore) -> None:
    web = store.put(subscription(marks={"orders": "7"}))
    till = store.put(subscription(TILL, cursor="", mode=2))
    assert (web.consumer, till.consumer) == (1, 2)
    assert store.load() == [(till, 0), (web, 0)]
    moved = store.put(replace(web, cursor="c9", marks={"refunds": "1"}))
    assert moved == replace(web, cursor="c9", marks={"refunds": "1"}, consumer=3)
    assert store.load() == [(till, 0), (moved, 0)]


def test_acknowledgements_move_cursors_alone(store: SubscriptionStore) -> None:
    web, till = store.put(subscription()), store.put(subscription(TILL))
    store.acknowledge([Acknowledged(WEB, "c3", 9), Acknowledged(("", "gone"), "c1", 9)])
    assert store.load() == [(till, 0), (replace(web, cursor="c3", acknowledged_ms=9), 0)]


def test_each_consumer_gets_a_higher_number(store: SubscriptionStore) -> None:
    numbers = [store.put(subscription()).consumer]
    numbers += [store.take_over(WEB), store.put(subscription()).consumer]
    store.delete(WEB)
    numbers += [store.put(subscription()).consumer, store.take_over(WEB)]
    assert numbers == sorted(set(numbers))
    assert store.load()[0][0].consumer == numbers[-1]


def test_marks(store: SubscriptionStore) -> None:
    store.put(subscription())
    store.set_mark(WEB, "orders", "7")
    store.set_mark(WEB, "refunds", "1")
    store.set_mark(WEB, "orders", "8")
    store.set_mark(WEB, "refunds", "")
    store.set_mark(TILL, "orders", "1")
    assert [each.marks for each, _ in store.load()] == [{"orders": "8"}]


def test_parked_messages_come_in_order_and_in_pages(store: SubscriptionStore) -> None:
    store.put(subscription())
    parked = [store.park(WEB, message(text), 10) for text in "abcd"]
    assert store.load()[0][1] == store.count(WEB) == 4
    first, second = store.parked(WEB, 0, 2, MB)
    assert [first, second] == parked[:2]
    assert (first.reason, first.parked_ms, first.replays, first.replaying) == ("why a", 7, 0, False)
    assert texts(store.parked(WEB, second.parked_id, 9, MB)) == ["c", "d"]
    assert texts(store.parked(WEB, 0, 9, 2)) == ["a", "b"]
    assert store.parked(TILL, 0, 9, MB) == []


def test_the_same_is_parked_once(store: SubscriptionStore) -> None:
    store.put(subscription())
    store.put(subscription(TILL))
    first = store.park(WEB, message("a", "order 7"), 1)
    assert first is not None
    assert store.replay(WEB, None) == [first.parked_id]
    again = store.park(WEB, ToPark(b"order 7", b"b", "still", 99), 1)
    assert again == replace(first, content=b"b", reason="still")
    assert store.park(WEB, message("c"), 1) is None
    elsewhere = store.park(TILL, message("a", "order 7"), 1)
    assert elsewhere is not None
    assert elsewhere.parked_id > first.parked_id
    assert store.park(("", "gone"), message("a"), 9) is None


def test_ids_that_are_too_large_for_any_message_are_of_none(store: SubscriptionStore) -> None:
    """A caller may send any number of 64 bits: one beyond SQLite's range once was a fault."""
    store.put(subscription())
    store.park(WEB, message("a"), 9)
    for parked_id in (2**63, 2**64 - 1):
        assert store.drop(WEB, [parked_id]) == 0
        assert store.park_again(WEB, parked_id, "again") is None
        assert store.replay(WEB, [parked_id]) == []
    assert store.count(WEB) == 1
    assert store.drop(WEB, [1, 2**64 - 1]) == 1


def test_what_is_replayed_is_given_until_it_is_dropped_or_parked_again(
    store: SubscriptionStore,
) -> None:
    store.put(subscription())
    a, b, c = [each.parked_id for text in "abc" if (each := store.park(WEB, message(text), 9))]
    assert store.replay(WEB, [a, 999]) == [a]
    assert store.replaying(WEB) == []
    assert store.replay(WEB, [c, a]) == [a, c]
    assert store.replaying(WEB) == [a, c]
    assert [each.replays for each in store.give(WEB, [a, b, c])] == [1, 1]
    assert store.give(TILL, [a]) == []
    parked = store.park_again(WEB, a, "again")
    assert parked is not None
    assert (parked.reason, parked.replays, parked.replaying) == ("again", 1, False)
    assert store.replaying(WEB) == [c]
    assert store.drop(WEB, [c, c, 999]) == 1
    assert store.drop(TILL, [a]) == 0
    assert (store.replaying(WEB), texts(store.parked(WEB, 0, 9, MB))) == ([], ["a", "b"])
    assert store.park_again(WEB, c, "gone") is None
    assert store.park_again(TILL, a, "not there") is None
    assert store.replay(WEB, None) == [a, b]


def test_ids_are_not_used_again(store: SubscriptionStore) -> None:
    store.put(subscription())
    first = store.park(WEB, message("a"), 9)
    assert first is not None
    store.drop(WEB, [first.parked_id])
    second = store.park(WEB, message("a"), 9)
    assert second is not None
    assert second.parked_id > first.parked_id
    store.delete(WEB)
    assert store.load() == []
    store.put(subscription())
    assert store.count(WEB) == 0
    third = store.park(WEB, message("a"), 9)
    assert third is not None
    assert third.parked_id > second.parked_id


Step = tuple[str, int, int]


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "delete", "take", "park", "again", "replay", "give", "drop"]),
            st.integers(0, 1),
            st.integers(0, 6),
        ),
        max_size=30,
    )
)
def test_both_stores_answer_alike(
    steps: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("store")
    stores: list[SubscriptionStore] = [
        MemorySubscriptions(),
        SqliteSubscriptions(directory / "subscriptions.db"),
    ]
    answers = [[_do(store, step) for step in steps] for store in stores]
    for store in stores:
        store.close()
    shutil.rmtree(directory)
    assert answers[0] == answers[1]


def _do(store: SubscriptionStore, step: Step) -> object:
    what, which, number = step
    key = (WEB, TILL)[which]
    actions: dict[str, Callable[[], object]] = {
        "put": lambda: store.put(subscription(key, cursor=f"c{number}", marks={"m": str(number)})),
        "delete": lambda: store.delete(key),
        "take": lambda: store.take_over(key),
        "park": lambda: store.park(key, message(f"text {number}", f"{number % 3}"), 2),
        "again": lambda: store.park_again(key, number, "again"),
        "replay": lambda: store.replay(key, [number] if number else None),
        "give": lambda: store.give(key, [number, number + 1]),
        "drop": lambda: store.drop(key, [number]),
    }
    return actions[what](), store.load(), store.parked(key, 0, 9, MB)


def test_a_file_that_was_not_closed_has_all_that_was_answered(tmp_path: Path) -> None:
    store = SqliteSubscriptions(tmp_path / "subscriptions.db")
    store.put(subscription(marks={"orders": "7"}))
    store.park(WEB, message("a"), 9)
    store.acknowledge([Acknowledged(WEB, "c3", 9)])
    left = tmp_path / "left"
    shutil.copytree(tmp_path, left, ignore=shutil.ignore_patterns("left"))
    expected = (store.load(), store.parked(WEB, 0, 9, MB))
    store.close()
    path = put_right(left)
    assert path is not None
    assert {each.name for each in left.iterdir()} == {path.name, "subscriptions.mark"}
    again = SqliteSubscriptions(path)
    assert (again.load(), again.parked(WEB, 0, 9, MB)) == expected
    again.close()
    assert put_right(tmp_path / "nothing") is None


def test_a_copy_is_one_file_with_all_of_it(tmp_path: Path) -> None:
    store = SqliteSubscriptions(tmp_path / "subscriptions.db")
    store.put(subscription())
    store.park(WEB, message("a"), 9)
    (tmp_path / "copy").mkdir()
    store.copy_to(tmp_path / "copy" / "subscriptions.db")
    store.park(WEB, message("b"), 9)
    store.close()
    assert [each.name for each in (tmp_path / "copy").iterdir()] == ["subscriptions.db"]
    mark_as_it_is(tmp_path / "copy" / "subscriptions.db")
    copied = SqliteSubscriptions(tmp_path / "copy" / "subscriptions.db")
    assert texts(copied.parked(WEB, 0, 9, MB)) == ["a"]
    copied.close()


def test_what_fails_changes_nothing_and_is_said(tmp_path: Path) -> None:
    store = SqliteSubscriptions(tmp_path / "subscriptions.db")
    web = store.put(subscription())
    with pytest.raises(StoreError, match=r"subscriptions\.db cannot be used"):
        store.put(replace(web, cursor="c9", marks={"orders": None}))
    assert store.load() == [(web, 0)]
    store.set_mark(WEB, "orders", "1")
    store.close()
    with pytest.raises(StoreError):
        store.load()
    with pytest.raises(StoreError):
        MemorySubscriptions().copy_to(tmp_path / "copy")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.db"
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreError, match=r"subscriptions\.db cannot be used"):
        SqliteSubscriptions(path)
    path.unlink()
    SqliteSubscriptions(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StoreError, match="newer Holdfast"):
        SqliteSubscriptions(path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.db"
    store = SqliteSubscriptions(path)
    store.put(subscription())
    for number in range(20):
        store.park(WEB, message(f"{number} {'x' * 5_000}"), 1_000)
    store.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4_096 * 4_096
    data[middle : middle + 4_096] = bytes(4_096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"subscriptions\.db"):
        SqliteSubscriptions(path)


def crashed(tmp_path: Path) -> Path:
    """A directory as a killed process leaves it: some changes are in the file, some beside it."""
    store = SqliteSubscriptions(tmp_path / "subscriptions.db")
    store.put(subscription(marks={"orders": "7"}))
    store.close()
    store = SqliteSubscriptions(tmp_path / "subscriptions.db")
    store.park(WEB, message("a"), 9)
    left = Path(shutil.copytree(tmp_path, tmp_path / "left"))
    store.close()
    assert (left / "subscriptions.db-wal").stat().st_size > 0
    return left


@pytest.mark.parametrize("lost", ["subscriptions.db", "subscriptions.db-wal", "subscriptions.mark"])
def test_a_lost_file_is_missed_by_its_name(tmp_path: Path, lost: str) -> None:
    left = crashed(tmp_path)
    (left / lost).unlink()
    for use in (SqliteSubscriptions, lambda path: put_right(path.parent)):
        with pytest.raises(StoreError, match=f"{left}/{lost}"):
            use(left / "subscriptions.db")


def test_a_journal_that_is_cut_is_missed(tmp_path: Path) -> None:
    left = crashed(tmp_path)
    (left / "subscriptions.db-wal").write_bytes(b"")
    with pytest.raises(StoreError, match=r"ends at change 1, but 2 was acknowledged: .*db-wal"):
        SqliteSubscriptions(left / "subscriptions.db")


@pytest.mark.parametrize("value", [b"orders", b"why a", b"c0"])
def test_a_flipped_bit_in_a_value_is_noticed(tmp_path: Path, value: bytes) -> None:
    """SQLite itself sees nothing wrong with it."""
    path = tmp_path / "subscriptions.db"
    store = SqliteSubscriptions(path)
    store.put(subscription(marks={"orders": "7"}))
    store.park(WEB, message("a"), 9)
    store.close()
    data = path.read_bytes()
    assert value in data
    path.write_bytes(data.replace(value, value[:-1] + bytes([value[-1] ^ 4])))
    with pytest.raises(StoreError, match=f"{path} is damaged"):
        SqliteSubscriptions(path)


def test_the_form_from_before_the_first_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("CREATE TABLE subscription (number INTEGER PRIMARY KEY)")
    connection.close()
    with pytest.raises(StoreError, match="from before its first release"):
        SqliteSubscriptions(path)
