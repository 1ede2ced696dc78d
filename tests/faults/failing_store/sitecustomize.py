"""Python loads this at its start when this folder is on its path: a Holdfast whose durable
subscriptions cannot be stored as long as there is a file at the path in STORE_FAILS. With
"unmarked" in it, they are stored, and only their mark is not; with "ignored", the failure is taken
for a success, to show that the check notices."""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

_FAILS = Path(os.environ["STORE_FAILS"])
_connect, _fdatasync = sqlite3.connect, os.fdatasync


def _how() -> str:
    return _FAILS.read_text() if _FAILS.exists() else ""


class _Failing(sqlite3.Connection):
    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        if statement == "COMMIT" and _how() == "refused":
            raise sqlite3.OperationalError("disk I/O error")
        if statement == "COMMIT" and _how() == "ignored":
            statement = "ROLLBACK"
        return super().execute(statement, *arguments)


def _connect_failing(*arguments: Any, **options: Any) -> sqlite3.Connection:
    return _connect(*arguments, **options, factory=_Failing)


def _sync_failing(descriptor: int) -> None:
    if _how() == "unmarked":
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    _fdatasync(descriptor)


os.fdatasync = _sync_failing  # type: ignore[assignment]
sqlite3.connect = _connect_failing  # type: ignore[assignment]
