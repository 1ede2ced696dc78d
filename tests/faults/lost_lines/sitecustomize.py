"""Python loads this at its start when this folder is on its path: a Holdfast whose shards forget a
unit of what another one tells them is given back, to show that the audits notice.

Of lines that were given back nothing more is told, so that nothing follows which the shard would
fail on: it would take in no more, and all who ask would wait.
"""

from msgspec.structs import replace

from engine.core.decide.across import Told, hear
from engine.core.events import AllocationReleased, HoldReleased, LineEvent
from engine.core.view import Decision, View
from engine.shard import correspondence


def _less(event: LineEvent) -> LineEvent:
    match event:
        case HoldReleased() | AllocationReleased() if event.quantity > event.backordered + 1:
            return replace(event, quantity=event.quantity - 1)
    return event


def _hear_less(view: View, told: Told, now_ms: int) -> Decision:
    return hear(view, replace(told, events=tuple(map(_less, told.events))), now_ms)


correspondence.hear = _hear_less  # type: ignore[attr-defined]
