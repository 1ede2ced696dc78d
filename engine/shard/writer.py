"""How a shard decides one command: once for each request id."""

from collections.abc import Callable
from typing import Any

from engine.core.answering import answer
from engine.core.commands import (
    Adjust,
    Command,
    Context,
    Release,
    SetOnHand,
)
from engine.core.decide import decide
from engine.core.events import LineEvent, ReservationCreated, ReservationEvent
from engine.core.model import Cause
from engine.core.rejections import RequestIdReused
from engine.core.view import Decision
from engine.log.port import Log
from engine.shard.messages import Accepted, Failed, Refused, Result, Write
from engine.shard.tally import Tally
from engine.shard.turn import Turn


class Writer:
    """Decides commands into a turn."""

    def __init__(self, log: Log, tally: Tally) -> None:
        self._log = log
        self._tally = tally

    def write(self, turn: Turn, slot: int, write: Write) -> Result:
        """Decide one command; a fault in deciding is answered, and harms no other command."""
        kind = type(write.command).__name__
        try:
            result = self._once(turn, slot, write, kind)
        except Exception as error:
            if turn.damaged:
                raise
            context = write.context
            self._tally.failed(kind, context.correlation_id, context.request_id, error)
            return Failed()
        self._tally.decided(kind, result)
        return result

    def _once(self, turn: Turn, slot: int, write: Write, kind: str) -> Result:
        """The recorded answer to a request id that is known, a decision otherwise."""
        context, command = write.context, write.command
        key = request_key(slot, command, context.request_id)
        in_turn = turn.request(key)
        record = in_turn[0] if in_turn else self._log.request(key)
        if record is None:
            return self._decide(turn, slot, write, kind, key)
        if record.content_hash != write.content_hash:
            return Refused(RequestIdReused(context.request_id, record.recorded_at_ms))
        commit = in_turn[1] if in_turn else self._log.commit_at(record.position)[0]
        current = None
        for recorded in commit.recorded:
            if isinstance(recorded.event, ReservationEvent | LineEvent):
                current = turn.reservation(recorded.event.reservation_id)
                break
        given = answer(command, commit.recorded, commit.short_lines, current)
        position = record.position + len(commit.recorded) - 1
        return Accepted(given, position, record.recorded_at_ms, True, current)

    def _decide(self, turn: Turn, slot: int, write: Write, kind: str, key: bytes) -> Result:
        context, command = write.context, write.command
        turn.enter(slot, previewing=context.validate_only)
        decision = decide(turn, command, turn.now_ms)
        if not isinstance(decision, Decision):
            return Refused(decision)
        events, short_lines = decision.events, decision.short_lines
        known: str | None = getattr(command, "reservation_id", None)
        if not events or context.validate_only:
            recorded, current = turn.preview(events, known)
            given = answer(command, recorded, short_lines, current)
            return Accepted(given, 0, turn.now_ms, not events, current)
        first = events[0]
        concerned = first.reservation_id if type(first) is ReservationCreated else known
        cause = _cause(kind, command, context)
        commit = turn.apply(cause, key, write.content_hash, events, short_lines, concerned)
        current = turn.reservation(known) if known else None
        given = answer(command, commit.recorded, short_lines, current)
        return Accepted(given, turn.next_position - 1, turn.now_ms, False, current)


def request_key(slot: int, command: Command, request_id: str) -> bytes:
    """Under what a request id is remembered: its home slot, the tenant and the id."""
    tenant = command.key.tenant if hasattr(command, "key") else command.tenant
    return slot.to_bytes(2, "big") + f"{tenant}\0{request_id}".encode()


_REASONS: dict[type[Command], Callable[[Any], str]] = {
    Adjust: lambda command: command.reason,
    SetOnHand: lambda command: command.reason,
    Release: lambda command: command.reason.name,
}


def _cause(kind: str, command: Command, context: Context) -> Cause:
    reason = _REASONS.get(type(command))
    return Cause(
        kind,
        context.request_id,
        context.principal,
        context.correlation_id,
        context.ticket,
        reason(command) if reason else "",
        getattr(command, "reference", ""),
        context.occurred_at_ms,
    )
