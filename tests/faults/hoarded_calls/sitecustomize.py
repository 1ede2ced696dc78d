"""Python loads this at its start when this folder is on its path: a Holdfast that keeps a MiB and a
descriptor for each call that is made, to show that the checks of hostile clients notice."""

import os
from typing import Any

from engine.rpc.methods import Methods

_BYTES = 1 << 20

_kept: list[Any] = []
_find = Methods.service


def _hoard(self: Methods, handler_call_details: Any) -> Any:
    _kept.append((b"x" * _BYTES, os.dup(0)))
    return _find(self, handler_call_details)


Methods.service = _hoard  # type: ignore[method-assign]
