"""Durable subscriptions in one SQLite file. Each change is one transaction, synced before it
returns; a file that was not closed is put right when it is opened.

Each row has a checksum and changes are counted (`sqlite_schema`), and a high-water mark beside the
file says how many were acknowledged (`subscription_mark`).
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from engine.feed.sqlite_schema import prepare
from engine.feed.subscription_mark import marked_head, open_mark
from engine.feed.subscription_store import (
    Acknowledged,
    Key,
    StoredParked,
    StoredSubscription,
    StoreError,
    ToPark,
    Unmarked,
    first_of,
)
from engine.log.port import Head, LogError

FILE = "subscriptions.db"
"""The file's name in a data directory."""
LOCKED_S = 5.0
"""How long to wait for whoever copies the file."""

_ID_MAX = 2**63 - 1
"""SQLite has no larger number, so no message has a larger id."""

_SUBSCRIPTION = "tenant, name, filter, mode, cursor, since, created_ms, acknowledged_ms, consumer"
_PARKED = "id, content, reason, parked_ms, replays, replaying"
_NUMBER = "(SELECT number FROM subscription WHERE tenant = ? AND name = ?)"


class SqliteSubscriptions:
    """The store in a file. See SubscriptionStore."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. StoreError if it cannot be used, is damaged, or has lost what
        was acknowledged."""
        self._path = path
        marked = marked_head(path)
        if marked is not None and marked.position and not path.exists():
            raise StoreError(
                f"{path} is missing, but {marked.position} changes of it were acknowledged; "
                "restore the directory from a backup"
            )
        with self._explained():
            # Isolation level None: transactions are begun here and not by the module.
            self._connection = sqlite3.connect(
                path, timeout=LOCKED_S, isolation_level=None, check_same_thread=False
            )
            try:
                prepare(self._connection, path)
                [last] = self._connection.execute("SELECT last FROM change").fetchone()
                self._mark = open_mark(path, marked, last)
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be used: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; once it is over, the mark says that it is acknowledged."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                [last] = self._connection.execute(
                    "UPDATE change SET last = last + 1 RETURNING last"
                ).fetchone()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        try:
            self._mark.write(Head(last))
        except LogError as error:
            raise Unmarked(str(error)) from error

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def load(self) -> list[tuple[StoredSubscription, int]]:
        """See SubscriptionStore.load."""
        marks: dict[Key, dict[str, str]] = {}
        for tenant, name, mark, value in self._rows(
            "SELECT tenant, name, mark, value FROM mark JOIN subscription USING (number)"
        ):
            marks.setdefault((tenant, name), {})[mark] = value
        counted = "(SELECT count(*) FROM parked WHERE parked.number = subscription.number)"
        rows = self._rows(
            f"SELECT {_SUBSCRIPTION}, {counted} FROM subscription ORDER BY tenant, name"  # noqa: S608
        )
        fields = [name.strip() for name in _SUBSCRIPTION.split(",")]
        loaded = []
        for *values, parked in rows:
            stored = dict(zip(fields, values, strict=True))
            key = (stored["tenant"], stored["name"])
            loaded.append((StoredSubscription(**stored, marks=marks.get(key, {})), parked))
        return loaded

    def put(self, subscription: StoredSubscription) -> StoredSubscription:
        """See SubscriptionStore.put."""
        with self._transaction() as connection:
            consumer = _next_consumer(connection)
            connection.execute(
                f"INSERT INTO subscription ({_SUBSCRIPTION}) "  # noqa: S608
                "VALUES (:tenant, :name, :filter, :mode, :cursor, :since, :created_ms, "
                ":acknowledged_ms, :consumer) ON CONFLICT (tenant, name) DO UPDATE SET "
                "filter = excluded.filter, mode = excluded.mode, cursor = excluded.cursor, "
                "since = excluded.since, created_ms = excluded.created_ms, "
                "acknowledged_ms = excluded.acknowledged_ms, consumer = excluded.consumer",
                asdict(replace(subscription, consumer=consumer, marks={})),
            )
            connection.execute(f"DELETE FROM mark WHERE number = {_NUMBER}", subscription.key)  # noqa: S608
            connection.executemany(
                f"INSERT INTO mark VALUES ({_NUMBER}, ?, ?)",  # noqa: S608
                [(*subscription.key, mark, value) for mark, value in subscription.marks.items()],
            )
        return replace(subscription, consumer=consumer)

    def delete(self, key: Key) -> None:
        """See SubscriptionStore.delete."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM subscription WHERE tenant = ? AND name = ?", key)

    def acknowledge(self, acknowledged: Sequence[Acknowledged]) -> None:
        """See SubscriptionStore.acknowledge."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE subscription SET cursor = ?, acknowledged_ms = ? "
                "WHERE tenant = ? AND name = ?",
                [(cursor, at_ms, *key) for key, cursor, at_ms in acknowledged],
            )

    def take_over(self, key: Key) -> int:
        """See SubscriptionStore.take_over."""
        with self._transaction() as connection:
            consumer = _next_consumer(connection)
            connection.execute(
                "UPDATE subscription SET consumer = ? WHERE tenant = ? AND name = ?",
                (consumer, *key),
            )
        return consumer

    def set_mark(self, key: Key, mark: str, value: str) -> None:
        """See SubscriptionStore.set_mark."""
        with self._transaction() as connection:
            found = connection.execute(f"SELECT {_NUMBER}", key).fetchone()[0]
            if found is None:
                return
            connection.execute("DELETE FROM mark WHERE number = ? AND mark = ?", (found, mark))
            if value:
                connection.execute("INSERT INTO mark VALUES (?, ?, ?)", (found, mark, value))

    def park(self, key: Key, message: ToPark, parked_max: int) -> StoredParked | None:
        """See SubscriptionStore.park."""
        with self._transaction() as connection:
            [number] = connection.execute(f"SELECT {_NUMBER}", key).fetchone()
            if number is None:
                return None
            row = connection.execute(
                "UPDATE parked SET content = ?, reason = ?, replaying = 0 "  # noqa: S608
                f"WHERE number = ? AND identity = ? RETURNING {_PARKED}",
                (message.content, message.reason, number, message.identity),
            ).fetchone()
            if row is None:
                [count] = connection.execute(
                    "SELECT count(*) FROM parked WHERE number = ?", (number,)
                ).fetchone()
                if count >= parked_max:
                    return None
                row = connection.execute(
                    "INSERT INTO parked (number, identity, content, reason, parked_ms) "  # noqa: S608
                    f"VALUES (?, ?, ?, ?, ?) RETURNING {_PARKED}",
                    (number, message.identity, message.content, message.reason, message.now_ms),
                ).fetchone()
        return _parked(row)

    def park_again(self, key: Key, parked_id: int, reason: str) -> StoredParked | None:
        """See SubscriptionStore.park_again."""
        if parked_id > _ID_MAX:
            return None
        with self._transaction() as connection:
            row = connection.execute(
                "UPDATE parked SET reason = ?, replaying = 0 "  # noqa: S608
                f"WHERE number = {_NUMBER} AND id = ? RETURNING {_PARKED}",
                (reason, *key, parked_id),
            ).fetchone()
        return None if row is None else _parked(row)

    def count(self, key: Key) -> int:
        """See SubscriptionStore.count."""
        query = f"SELECT count(*) FROM parked WHERE number = {_NUMBER}"  # noqa: S608
        count: int = self._rows(query, *key)[0][0]
        return count

    def parked(self, key: Key, after: int, limit: int, bytes_max: int) -> list[StoredParked]:
        """See SubscriptionStore.parked."""
        with self._explained():
            rows = self._connection.execute(
                f"SELECT {_PARKED} FROM parked WHERE number = {_NUMBER} AND id > ? "  # noqa: S608
                "ORDER BY id LIMIT ?",
                (*key, after, limit),
            )
            return first_of(map(_parked, rows), limit, bytes_max)

    def replay(self, key: Key, parked_ids: Collection[int] | None) -> list[int]:
        """See SubscriptionStore.replay."""
        with self._transaction() as connection:
            found = [
                parked_id
                for parked_id in self._ids(key)
                if parked_ids is None or parked_id in parked_ids
            ]
            if parked_ids is None or len(found) == len(set(parked_ids)):
                connection.executemany(
                    "UPDATE parked SET replaying = 1 WHERE id = ?", [(each,) for each in found]
                )
        return found

    def _ids(self, key: Key, more: str = "") -> list[int]:
        rows = self._rows(
            f"SELECT id FROM parked WHERE number = {_NUMBER} {more} ORDER BY id",  # noqa: S608
            *key,
        )
        return [row[0] for row in rows]

    def replaying(self, key: Key) -> list[int]:
        """See SubscriptionStore.replaying."""
        return self._ids(key, "AND replaying = 1")

    def give(self, key: Key, parked_ids: Collection[int]) -> list[StoredParked]:
        """See SubscriptionStore.give."""
        with self._transaction() as connection:
            rows = [
                connection.execute(
                    "UPDATE parked SET replays = replays + 1 WHERE id = ? AND replaying = 1 "  # noqa: S608
                    f"AND number = {_NUMBER} RETURNING {_PARKED}",
                    (parked_id, *key),
                ).fetchone()
                for parked_id in sorted(parked_ids)
            ]
        return [_parked(row) for row in rows if row is not None]

    def drop(self, key: Key, parked_ids: Collection[int]) -> int:
        """See SubscriptionStore.drop."""
        with self._transaction() as connection:
            return connection.executemany(
                f"DELETE FROM parked WHERE id = ? AND number = {_NUMBER}",  # noqa: S608
                [(parked_id, *key) for parked_id in set(parked_ids) if parked_id <= _ID_MAX],
            ).rowcount

    def copy_to(self, path: Path) -> None:
        """See SubscriptionStore.copy_to."""
        with self._explained():
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
                # One file alone: whoever copies it further need not know of a journal.
                target.execute("PRAGMA journal_mode = DELETE")
            finally:
                target.close()

    def close(self) -> None:
        """See SubscriptionStore.close."""
        self._connection.close()
        self._mark.close()


def _next_consumer(connection: sqlite3.Connection) -> int:
    consumer: int = connection.execute(
        "UPDATE consumer SET last = last + 1 RETURNING last"
    ).fetchone()[0]
    return consumer


def _parked(row: Any) -> StoredParked:
    parked_id, content, reason, parked_ms, replays, replaying = row
    return StoredParked(parked_id, content, reason, parked_ms, replays, bool(replaying))


def put_right(data_dir: Path) -> Path | None:
    """The file of a data directory that nobody uses, with all that was written to it in it; None if
    there is none. StoreError if it cannot be used."""
    path = data_dir / FILE
    marked = marked_head(path)
    if not path.exists() and (marked is None or not marked.position):
        return None
    SqliteSubscriptions(path).close()
    return path
