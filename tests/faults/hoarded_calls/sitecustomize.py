"""Python loads this at its start when this folder is on its path: a Holdfast that keeps a MiB and a
descriptor for each call that is made, to show that the checks of hostile clients notice."""

import os
from typing import Any

from engine.rpc.interceptors import CallInterceptor

_BYTES = 1 << 20

_kept: list[Any] = []
_intercept = CallInterceptor.intercept_service


async def _hoard(self: CallInterceptor, continuation: Any, details: Any) -> Any:
    _kept.append((b"x" * _BYTES, os.dup(0)))
    return await _intercept(self, continuation, details)


CallInterceptor.intercept_service = _hoard  # type: ignore[assignment, method-assign]
