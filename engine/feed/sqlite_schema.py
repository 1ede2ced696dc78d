"""The tables of durable subscriptions, and how they are found to be whole: SQLite itself does not
notice a flipped bit within a value, so each row has a checksum."""

import sqlite3
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from engine.feed.subscription_store import StoreError

SCHEMA = 2
"""The form that this Holdfast writes, and the newest that it reads."""
SEALED = {
    "subscription": (
        "tenant, name, filter, mode, cursor, since, created_ms, acknowledged_ms, consumer"
    ),
    "mark": "number, mark, value",
    "parked": "number, identity, content, reason, parked_ms, replays, replaying",
    "consumer": "last",
    "change": "last",
}
"""What the checksum of a row is over, by table: all but what SQLite itself compares with an index.
It is a column that SQLite computes whenever it writes a row."""

_TABLES = """
CREATE TABLE subscription (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL, name TEXT NOT NULL,
    filter BLOB NOT NULL, mode INTEGER NOT NULL,
    cursor TEXT NOT NULL, since TEXT NOT NULL,
    created_ms INTEGER NOT NULL, acknowledged_ms INTEGER NOT NULL,
    consumer INTEGER NOT NULL,
    checksum INTEGER NOT NULL AS (seal({subscription})) STORED,
    UNIQUE (tenant, name)
);
CREATE TABLE mark (
    number INTEGER NOT NULL REFERENCES subscription ON DELETE CASCADE,
    mark TEXT NOT NULL, value TEXT NOT NULL,
    checksum INTEGER NOT NULL AS (seal({mark})) STORED,
    PRIMARY KEY (number, mark)
) WITHOUT ROWID;
CREATE TABLE parked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL REFERENCES subscription ON DELETE CASCADE,
    identity BLOB NOT NULL, content BLOB NOT NULL, reason TEXT NOT NULL,
    parked_ms INTEGER NOT NULL, replays INTEGER NOT NULL DEFAULT 0,
    replaying INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER NOT NULL AS (seal({parked})) STORED,
    UNIQUE (number, identity)
);
CREATE INDEX parked_in_order ON parked (number, id);
CREATE TABLE consumer (
    last INTEGER NOT NULL, checksum INTEGER NOT NULL AS (seal({consumer})) STORED
);
INSERT INTO consumer VALUES (0);
CREATE TABLE change (
    last INTEGER NOT NULL, checksum INTEGER NOT NULL AS (seal({change})) STORED
);
INSERT INTO change VALUES (0);
""".format(**SEALED)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, or see that those of one are whole. StoreError if they are
    not, or are not of this form."""
    connection.create_function("seal", -1, _seal, deterministic=True)
    run = connection.execute
    [schema] = run("PRAGMA user_version").fetchone()
    if schema > SCHEMA:
        raise StoreError(
            f"{path} was written by a newer Holdfast (schema {schema}, this one reads up "
            f"to {SCHEMA})"
        )
    if 0 < schema < SCHEMA:
        raise StoreError(
            f"{path} was written by a Holdfast from before its first release (schema "
            f"{schema}, this one reads {SCHEMA}): start with a new directory"
        )
    run("PRAGMA journal_mode = WAL")
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")
    if schema == 0:
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
    [found] = run("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreError(f"{path} is damaged: {found}")
    for table, columns in SEALED.items():
        [wrong] = run(
            f"SELECT count(*) FROM {table} WHERE checksum != seal({columns})"  # noqa: S608
        ).fetchone()
        if wrong:
            raise StoreError(
                f"{path} is damaged: {wrong} rows of {table} have another checksum than "
                "their content; restore the directory from a backup"
            )


def _seal(*values: Any) -> int:
    """The checksum of a row."""
    return crc32(msgspec.msgpack.encode(values))
