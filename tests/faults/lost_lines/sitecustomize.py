"""Python loads this at its start when this folder is on its path: a Holdfast whose shards at times
take in that another one has decided, and forget the lines, to show that the audits notice."""

from itertools import count

from msgspec.structs import replace

from engine.core.decide.across import Told, hear
from engine.core.view import Decision, View
from engine.shard import correspondence

_EVERY = 7
_numbers = count(1)


def _hear_by_halves(view: View, told: Told, now_ms: int) -> Decision:
    if next(_numbers) % _EVERY == 0:
        told = replace(told, events=())
    return hear(view, told, now_ms)


correspondence.hear = _hear_by_halves  # type: ignore[attr-defined]
