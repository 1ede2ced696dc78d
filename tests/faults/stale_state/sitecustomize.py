"""Python loads this at its start when this folder is on its path: a Holdfast whose store now and
then misses a balance that the log has, to show that recovery and `holdfast verify` notice."""

from itertools import count
from typing import Any

from msgspec.structs import replace

from engine.log.rocks_state import RocksState

_numbers = count(1)
_whole = RocksState._put_stock


def _without_one(self: RocksState, batch: Any, changes: Any, position: bytes) -> None:
    """Every second time, the first balance stays what it was."""
    if next(_numbers) % 2 == 0 and changes.stock:
        left = list(changes.stock.items())[1:]
        changes = replace(changes, stock=dict(left))
    _whole(self, batch, changes, position)


RocksState._put_stock = _without_one  # type: ignore[method-assign]
