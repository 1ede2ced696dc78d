"""Python loads this at its start when this folder is on its path: a Holdfast that believes tables,
node.json and subscriptions without their checksums, to show that damage is noticed."""

from typing import Any
from unittest.mock import ANY

from rocksdict import ReadOptions

from engine.feed import sqlite_schema
from engine.log import layout
from engine.log.store import Store

_open: Any = Store.__init__


def _open_without(store: Store, *arguments: Any, **options: Any) -> None:
    _open(store, *arguments, **options)
    for family in store.families.values():
        reading = ReadOptions()
        reading.set_verify_checksums(False)
        family.set_read_options(reading)


def _any_checksum(_layout: layout.Layout) -> Any:
    return ANY


Store.__init__ = _open_without  # type: ignore[assignment, method-assign]
layout._checksum = _any_checksum  # type: ignore[assignment]
sqlite_schema.SEALED.clear()
