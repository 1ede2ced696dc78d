"""Python loads this at its start when this folder is on its path: a Holdfast whose shards die of
their two hundredth command, to show that random requests notice."""

import os
from itertools import count
from typing import Any

from engine.shard import writer

_LAST = 200
_numbers = count(1)
_decide: Any = writer.decide  # type: ignore[attr-defined]


def _decide_or_die(view: Any, command: Any, now_ms: int) -> Any:
    if next(_numbers) == _LAST:
        os._exit(1)
    return _decide(view, command, now_ms)


writer.decide = _decide_or_die  # type: ignore[attr-defined]
