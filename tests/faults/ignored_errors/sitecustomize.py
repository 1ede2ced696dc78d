"""Python loads this at its start when this folder is on its path: a Holdfast that goes on after its
disk has failed, as if it had not, to show that the checks notice."""

import importlib.util
import os
from contextlib import suppress
from pathlib import Path

from engine.log.mark import Mark
from engine.log.port import Head, LogError
from engine.log.store import Store

if "STRUCK_AT" in os.environ:
    # Python loads one file of this name: the other one is loaded here.
    _other = Path(__file__).parents[1] / "struck_at" / "sitecustomize.py"
    _spec = importlib.util.spec_from_file_location("struck_at", _other)
    if _spec is None or _spec.loader is None:
        raise ImportError(str(_other))
    _spec.loader.exec_module(importlib.util.module_from_spec(_spec))

_store_write, _store_sync, _mark_write = Store.write, Store.sync, Mark.write


def _write(store: Store, batch: object) -> None:
    with suppress(LogError):
        _store_write(store, batch)  # type: ignore[arg-type]


def _sync(store: Store) -> None:
    with suppress(LogError):
        _store_sync(store)


def _move(mark: Mark, head: Head) -> None:
    with suppress(LogError):
        _mark_write(mark, head)
    mark.head = head


Store.write = _write  # type: ignore[assignment, method-assign]
Store.sync = _sync  # type: ignore[assignment, method-assign]
Mark.write = _move  # type: ignore[assignment, method-assign]
