"""How a shard decides one command: once for each request id."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from engine.core.answering import answer
from engine.core.commands import Command, Context
from engine.core.decide import decide, due
from engine.core.decide.across import abort
from engine.core.events import Event, ReservationCreated
from engine.core.model import Cause, Key
from engine.core.rejections import (
    AttemptDecided,
    InsufficientStock,
    Rejection,
    RequestIdReused,
)
from engine.core.view import HERE, Decision, Elsewhere
from engine.log.port import Commit, Log
from engine.shard.messages import (
    Accepted,
    Attempt,
    Failed,
    NeedsOthers,
    Refused,
    Result,
    Spread,
    Write,
)
from engine.shard.tally import Tally
from engine.shard.turn import Turn

CONTESTED_LOOK_MAX = 16
"""How many reservations of a SKU-location are looked at for one that is not decided yet."""


class Writer:
    """Decides commands into a turn."""

    def __init__(self, log: Log, tally: Tally, request_retention_ms: int) -> None:
        """Request ids that are older than `request_retention_ms` are not known any more."""
        self._log = log
        self._tally = tally
        self._request_retention_ms = request_retention_ms

    def write(self, turn: Turn, slot: int, write: Write) -> Result:
        """Decide one command; a fault in deciding is answered, and harms no other command."""
        kind = type(write.command).__name__
        result: Result
        try:
            result = self._once(turn, slot, write, kind)
        except Exception as error:
            if turn.damaged:
                raise
            context = write.context
            self._tally.failed(kind, context.correlation_id, context.request_id, error)
            result = Failed()
        else:
            self._tally.decided(kind, result)
        if write.attempt is None or write.context.validate_only or _took_effect(result):
            return result
        told = give_up(turn, write.attempt.attempt_id, write.tenant, _asked(write.attempt))
        return Spread(result, told) if told and isinstance(result, Refused | Failed) else result

    def _once(self, turn: Turn, slot: int, write: Write, kind: str) -> Result:
        """The recorded answer to a request id that is known, a decision otherwise."""
        context, command = write.context, write.command
        tenant = write.tenant
        key = request_key(slot, tenant, context.request_id)
        in_turn = turn.request(key)
        record = in_turn[0] if in_turn else self._log.request(key)
        if record is None or record.recorded_at_ms <= turn.now_ms - self._request_retention_ms:
            turn.enter(slot, tenant, write)
            return self._decide(turn, write, kind, key)
        if record.content_hash != write.content_hash:
            return Refused(RequestIdReused(context.request_id, record.recorded_at_ms))
        commit = in_turn[1] if in_turn else self._log.commit_at(record.position)[0]
        concerned = _concerned(command, commit.recorded[0].event)
        current = turn.reservation(concerned) if concerned else None
        given = answer(command, commit.recorded, commit.short_lines, current)
        position = record.position + len(commit.recorded) - 1
        accepted = Accepted(given, position, record.recorded_at_ms, True, current)
        if record.position < self._log.oldest_position:
            # It was answered before a reshard, by shards that are no more.
            return accepted
        return self._spread_again(turn, accepted, commit, record.position)

    def _decide(self, turn: Turn, write: Write, kind: str, key: bytes) -> Result:
        context, command = write.context, write.command
        attempt = write.attempt
        if attempt is not None and turn.attempt(attempt.attempt_id) is not None:
            return Refused(AttemptDecided(attempt.attempt_id))
        known: str | None = getattr(command, "reservation_id", None)
        if known is not None and not context.validate_only:
            _let_happen(turn, known)
        decision = decide(turn, command, turn.now_ms)
        if not isinstance(decision, Decision):
            if not isinstance(decision, Elsewhere):
                return Refused(decision, attempt is not None and _lacks(turn, attempt, decision))
            if attempt is None:
                return NeedsOthers(decision.wishes, decision.terms)
            # What was set aside is not what is needed any more.
            return Refused(AttemptDecided(attempt.attempt_id))
        events, short_lines = decision.events, decision.short_lines
        if not events or context.validate_only:
            recorded, current = turn.preview(events, known)
            given = answer(command, recorded, short_lines, current)
            return Accepted(given, 0, turn.now_ms, not events, current)
        position = turn.next_position
        cause = _cause(kind, command, context)
        commit = turn.apply(cause, events, key, write.content_hash, short_lines)
        current = turn.reservation(known) if known else None
        given = answer(command, commit.recorded, short_lines, current)
        accepted = Accepted(given, turn.next_position - 1, turn.now_ms, False, current)
        tells = turn.tells
        if not tells or tells[-1][0] < position:
            return accepted
        told = turn.told_by(commit, position)
        return Spread(accepted, tuple(told.items()), tuple(told)) if told else accepted

    def _spread_again(
        self, turn: Turn, accepted: Accepted, commit: Commit, first_position: int
    ) -> Accepted | Spread:
        """The answer given again, with the other shards that it took effect in, if there are any:
        some may have acknowledged it meanwhile."""
        told = turn.told_by(commit, first_position)
        if not told:
            return accepted
        waiting = [item for item in told.items() if self._log.told(item[0]) < item[1]]
        return Spread(accepted, tuple(waiting), tuple(told))


def is_contested(turn: Turn, keys: Iterable[Key]) -> bool:
    """Whether units of one of these SKU-locations are set aside for a basket of several shards that
    is not decided yet. Such a one is new: only the newest are looked at."""
    return any(
        reservation.preparing
        for key in keys
        for reservation in islice(turn.promised(key, allocated=False), CONTESTED_LOOK_MAX)
    )


def _lacks(turn: Turn, attempt: Attempt, refusal: Rejection) -> bool:
    """Whether an attempt is refused for want of units that others have set aside, here or in
    another shard."""
    if not isinstance(refusal, InsufficientStock):
        return False
    if any(share.contested for share in attempt.shares):
        return True
    keys = [line.key for line in refusal.short_lines if line.key.location]
    here = [key for key in keys if turn.shard_of(key.tenant, key.sku) == HERE]
    return is_contested(turn, here)


def request_key(slot: int, tenant: str, request_id: str) -> bytes:
    """Under what a request id is remembered: its home slot, the tenant and the id."""
    return slot.to_bytes(2, "big") + f"{tenant}\0{request_id}".encode()


def give_up(
    turn: Turn, attempt_id: str, tenant: str, shards: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Tell these shards that nothing comes of an attempt, unless something has; return each with
    the position of the event that does."""
    if not shards or turn.attempt(attempt_id) is True:
        return ()
    turn.enter(0, tenant)
    position = turn.next_position
    commit = turn.apply(Cause("Abort"), abort(tenant, attempt_id, shards).events)
    return tuple(turn.told_by(commit, position).items())


def _let_happen(turn: Turn, reservation_id: str) -> None:
    """Let happen what is due at the command's reservation, if the sweep has not come to it: what a
    Commit takes again has to have come free, and been offered to those who wait, before."""
    reservation = turn.reservation(reservation_id)
    if reservation is None or reservation.home_shard is not None:
        return
    if reservation.expires_at_ms > turn.now_ms and not reservation.confirm_by_ms:
        return
    deadline_ms = reservation.deadline_ms
    if deadline_ms is not None and deadline_ms <= turn.now_ms:
        turn.apply(Cause("Expire"), due(turn, reservation, turn.now_ms).events)


def _took_effect(result: Result) -> bool:
    accepted = result.result if type(result) is Spread else result
    return type(accepted) is Accepted and accepted.position > 0 and not accepted.replayed


def _asked(attempt: Attempt) -> tuple[int, ...]:
    """The shards that have set something aside."""
    return tuple(
        share.shard for share in attempt.shares if any(filled.grants for filled in share.filled)
    )


def _concerned(command: Command, first: Event) -> str | None:
    """The reservation that a command has made or changed, given its first event; None if it
    concerns none."""
    if type(first) is ReservationCreated:
        return first.reservation_id
    known: str | None = getattr(command, "reservation_id", None)
    return known


def _cause(kind: str, command: Command, context: Context) -> Cause:
    reason: Any = getattr(command, "reason", "")
    return Cause(
        kind,
        context.request_id,
        context.principal,
        context.correlation_id,
        context.ticket,
        reason if type(reason) is str else reason.name,
        getattr(command, "reference", ""),
        context.occurred_at_ms,
        context.source,
        context.source_sequence,
    )
