"""Compares what clients were answered with what the history says has happened.

An effect is one line of an answer, or of an event: kind of event, reservation, line, SKU, units.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdfast import types

Effect = tuple[str, str, str, str, int]
"""Kind of event, reservation id, line id, SKU, units."""

_RELEASES = ("hold_released", "allocation_released")
_LINES = (
    "stock_held",
    "hold_committed",
    "stock_shipped",
    "stock_received",
    "wait_joined",
    "wait_left",
)


def effects_of_answer(answer: types.Result) -> Counter[Effect]:
    """What an answer says has happened. TypeError for kinds that no benchmark asks for."""
    match answer:
        case types.Reserved():
            created = ("reservation_created", answer.reservation_id, "", "", 0)
            return Counter([created]) + _taken(answer.reservation_id, answer.lines)
        case types.Committed():
            freed = _freed(answer.reservation_id, answer.freed_lines)
            return _lines("hold_committed", answer.reservation_id, answer.lines) + freed
        case types.Released():
            return _freed(answer.reservation_id, answer.lines)
        case types.Amended():
            freed = _freed(answer.reservation_id, answer.freed_lines)
            return _taken(answer.reservation_id, answer.lines) + freed
        case types.Shipped():
            return _lines("stock_shipped", answer.reservation_id, answer.lines)
        case _:
            raise TypeError(f"no effects are known of {type(answer).__name__}")


def _lines(kind: str, reservation_id: str, lines: tuple[types.LineResult, ...]) -> Counter[Effect]:
    return Counter(
        (kind, reservation_id, line.line_id, line.sku, line.quantity)
        for line in lines
        if line.quantity
    )


def _waiting(
    kind: str, reservation_id: str, lines: tuple[types.LineResult, ...]
) -> Counter[Effect]:
    return Counter(
        (kind, reservation_id, line.line_id, line.sku, line.waiting)
        for line in lines
        if line.waiting
    )


def _taken(reservation_id: str, lines: tuple[types.LineResult, ...]) -> Counter[Effect]:
    waiting = _waiting("wait_joined", reservation_id, lines)
    return _lines("stock_held", reservation_id, lines) + waiting


def _freed(reservation_id: str, lines: tuple[types.LineResult, ...]) -> Counter[Effect]:
    waiting = _waiting("wait_left", reservation_id, lines)
    return _lines("released", reservation_id, lines) + waiting


def effects_of_event(message: Any) -> Counter[Effect]:
    """What an event of the feed says has happened: nothing, if no answer tells of its kind. What
    another shard is told has happened as much as what happens here; what is set aside under the
    name of an attempt (which has a slash) has not."""
    kind = message.WhichOneof("kind") or ""
    if kind == "lines_told":
        return sum(map(effects_of_event, message.lines_told.lines), Counter())
    if kind == "reservation_created":
        return Counter([(kind, message.reservation_created.reservation_id, "", "", 0)])
    if kind in _RELEASES or kind in _LINES:
        details = getattr(message, kind)
        name = "released" if kind in _RELEASES else kind
        reservation_id = getattr(details, "reservation_id", "")
        line_id = getattr(details, "line_id", "")
        if "/" not in reservation_id:
            return Counter([(name, reservation_id, line_id, message.key.sku, details.quantity)])
    return Counter()


class Findings(NamedTuple):
    """What does not agree; everything should be 0."""

    missing: int
    """Acknowledged writes without any event."""
    altered: int
    """Acknowledged writes whose events say something else."""
    doubled: int
    """Writes, acknowledged or not, with an effect more than once."""
    refused_with_effect: int
    """Writes that were refused, and have events all the same."""
    torn: int
    """Writes whose events do not stand next to each other, as one commit's do."""


@dataclass
class Acknowledged:
    """The effects that clients were told of, and those that the feed told of, by request id."""

    answered: dict[str, Counter[Effect]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    recorded: dict[str, Counter[Effect]] = field(default_factory=dict)
    _last_position: dict[str, tuple[int, int]] = field(default_factory=dict)
    _torn: set[str] = field(default_factory=set)

    def answer(self, request_id: str, answer: types.Result) -> None:
        """Note an acknowledged write."""
        self.answered[request_id] = effects_of_answer(answer)

    def refuse(self, request_id: str) -> None:
        """Note a write that was refused."""
        self.refused.add(request_id)

    def event(self, message: Any) -> None:
        """Note an event of the feed."""
        request_id = message.cause.request_id
        if not request_id:
            return
        place = (message.shard, message.position)
        before = self._last_position.get(request_id)
        if before is not None and place != (before[0], before[1] + 1):
            self._torn.add(request_id)
        self._last_position[request_id] = place
        effects = effects_of_event(message)
        if effects:
            self.recorded.setdefault(request_id, Counter()).update(effects)

    def findings(self) -> Findings:
        """Compare the two."""
        missing = altered = 0
        for request_id, expected in self.answered.items():
            recorded = self.recorded.get(request_id)
            if recorded is None:
                missing += bool(expected)
            elif recorded != expected:
                altered += 1
        doubled = sum(
            1
            for effects in self.recorded.values()
            if max(effects.values()) > 1 or sum(e[0] == "reservation_created" for e in effects) > 1
        )
        refused_with_effect = len(self.refused & self.recorded.keys())
        return Findings(missing, altered, doubled, refused_with_effect, len(self._torn))
