"""Python loads this at its start when this folder is on its path: a Holdfast whose holds expire
half a second before their deadline, to show that it is noticed."""

from typing import Any

from msgspec.structs import replace

from engine.shard.shard_actor import Decide, Decided, ShardActor
from engine.shard.turn import Turn

_EARLY_MS = 500
_decide = ShardActor._decide
_let_happen = ShardActor._let_happen


def _decide_early(self: ShardActor, batch: Decide) -> Decided:
    decided = _decide(self, batch)
    if decided.next_timer_ms is None:
        return decided
    return replace(decided, next_timer_ms=decided.next_timer_ms - _EARLY_MS)


def _let_happen_early(self: ShardActor, turn: Turn) -> Any:
    turn.now_ms += _EARLY_MS
    try:
        return _let_happen(self, turn)
    finally:
        turn.now_ms -= _EARLY_MS


ShardActor._decide = _decide_early  # type: ignore[method-assign]
ShardActor._let_happen = _let_happen_early  # type: ignore[method-assign]
