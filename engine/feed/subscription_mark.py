"""How many changes of the subscriptions were acknowledged, kept beside their file so that it can
testify against it: SQLite opens a file that is another one, or whose journal is gone or cut, and
simply knows less. It is a mark as the log has one, of which only the position is used."""

import sqlite3
from pathlib import Path

from engine.feed.subscription_store import StoreError
from engine.log.mark import Mark, read_mark
from engine.log.port import Head, LogError

MARK_SUFFIX = ".mark"
"""What the name of the mark ends with, in place of that of the file."""


def open_mark(store: Path, marked: Head | None, last: int) -> Mark:
    """The mark of a file whose last change is `last`, once all that it says is there. `marked` is
    what it said before the file was opened. StoreError if changes are missing."""
    path = mark_path(store)
    if marked is None and last:
        raise StoreError(
            f"{path} is missing, so nothing says how much of {store} was acknowledged; "
            "restore the directory from a backup"
        )
    if marked is not None and last < marked.position:
        raise StoreError(
            f"{store} ends at change {last}, but {marked.position} was acknowledged: it, "
            f"or {store}-wal, is not the file that it was, missing or cut; restore the "
            "directory from a backup"
        )
    try:
        mark = Mark.create(path) if marked is None else Mark(path)
        # What was written and never answered may be answered from now on. The mark may be in the
        # page cache alone, if its last sync has failed: so it is written in any case.
        mark.write(Head(last))
    except LogError as error:
        raise StoreError(str(error)) from error
    return mark


def mark_path(path: Path) -> Path:
    """Where the mark of a file lies."""
    return path.with_suffix(MARK_SUFFIX)


def mark_as_it_is(path: Path) -> None:
    """Make the mark of a file that is known to be whole and has none, such as one of a backup.
    StoreError if that fails."""
    connection = sqlite3.connect(path)
    try:
        [last] = connection.execute("SELECT last FROM change").fetchone()
        mark = Mark.create(mark_path(path))
        mark.write(Head(last))
        mark.close()
    except (sqlite3.Error, LogError) as error:
        raise StoreError(f"{path} cannot be used: {error}") from error
    finally:
        connection.close()


def marked_head(path: Path) -> Head | None:
    """What the mark of a file says; None: it has none. StoreError if it cannot be read."""
    try:
        return read_mark(mark_path(path))
    except LogError as error:
        raise StoreError(str(error)) from error
