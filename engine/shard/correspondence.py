"""What shards say to each other: how a shard takes in what others ask and tell, and what it has to
say itself.

Nothing here decides stock: the rules are those of `engine.core.decide.across`. This keeps their
order: what another shard tells takes effect once and in its order, what is prepared is inquired
about until the home has told, and what has to be told is told until it is acknowledged.
"""

from typing import cast

from engine.core.decide.across import (
    Inquiry,
    Preparation,
    Prepared,
    Told,
    answer_inquiry,
    hear,
    prepare,
)
from engine.core.events import Event, LinesTold
from engine.core.model import Cause, Reservation
from engine.log.port import Acknowledged, Heard, Log
from engine.shard import slots
from engine.shard.messages import (
    Acknowledge,
    Correspondence,
    GiveUp,
    HeardUpTo,
    Inquire,
    Noted,
    Outgoing,
    Prepare,
    Refused,
    Result,
    SetAside,
    Tell,
    Tiding,
)
from engine.shard.outbox import Outbox
from engine.shard.turn import Turn
from engine.shard.turn_view import Place
from engine.shard.writer import give_up, is_contested

ASK_MS = 2_000
"""How long units stay set aside before the home is asked what becomes of them."""

ASK_AGAIN_MS = 1_000
"""How long until it is asked again, if it has not told."""


class Correspondent:
    """One shard's correspondence with the others."""

    def __init__(self, log: Log, place: Place) -> None:
        self._place = place
        self._outbox = Outbox(log, place.shard, place.shards)
        self._asked: set[str] = set()
        self._unasked: list[str] = []
        self.prepared_lines = 0
        """Lines set aside here of attempts that are not decided."""
        if place.shards > 1:
            self._recover(log)

    def _recover(self, log: Log) -> None:
        """Find what is set aside: everything of that has a timer."""
        for _, reservation_id in log.timers():
            if slots.is_attempt_id(reservation_id):
                reservation = log.reservation(reservation_id)
                if reservation is not None:
                    self.prepared_lines += len(reservation.lines)
                    self._unasked.append(reservation_id)

    @property
    def outbox_events(self) -> int:
        """Events that other shards have yet to acknowledge."""
        return len(self._outbox)

    def waiting_since_ms(self, now_ms: int) -> int:
        """Since when another shard has had to be told something; `now_ms` if none has."""
        return self._outbox.since_ms(now_ms)

    def acknowledged(self) -> Acknowledged:
        """What other shards have acknowledged in a turn."""
        return self._outbox.heard()

    def answer(self, turn: Turn, message: Correspondence) -> Result:
        """Take in a message."""
        kind = type(message)
        if kind is Prepare:
            return self._prepare(turn, cast(Prepare, message))
        if kind is Tell:
            return self._hear(turn, cast(Tell, message))
        if kind is Acknowledge:
            acknowledged = cast(Acknowledge, message)
            self._outbox.acknowledge(acknowledged.shard, acknowledged.position)
        elif kind is Inquire:
            self._answer_inquiry(turn, cast(Inquire, message))
        else:
            given_up = cast(GiveUp, message)
            give_up(turn, given_up.attempt_id, given_up.tenant, given_up.shards)
        return Noted()

    def _prepare(self, turn: Turn, message: Prepare) -> Result:
        turn.enter(0, message.tenant)
        preparation = Preparation(
            message.attempt_id,
            message.tenant,
            message.home_shard,
            message.wishes,
            message.terms,
            turn.now_ms + ASK_MS,
        )
        prepared = prepare(turn, preparation, turn.now_ms)
        # Not asked whether it is a Rejection: isinstance goes through all kinds of it.
        if not isinstance(prepared, Prepared):
            return Refused(prepared)
        lacking = [
            key
            for wish, filled in zip(message.wishes, prepared.filled, strict=True)
            if filled.short is not None
            for key in wish.keys
        ]
        contested = is_contested(turn, lacking)
        if not message.validate_only and _sets_aside(prepared):
            turn.apply(Cause("Prepare"), prepared.events)
        return SetAside(prepared.filled, contested)

    def _hear(self, turn: Turn, message: Tell) -> HeardUpTo:
        """Let what was told take effect, once and in order: only what follows on what was heard. A
        fault leaves what comes before it heard; it is met again when the rest is told again."""
        first = heard = turn.heard(message.origin)
        previous = message.previous
        for tiding in message.tidings:
            if previous == heard:
                try:
                    self._take_in(turn, message.origin, tiding)
                except Exception:
                    if turn.damaged or heard == first:
                        raise
                    break
                heard = tiding.position
            previous = tiding.position
        return HeardUpTo(heard, turn.next_position - 1)

    def _take_in(self, turn: Turn, origin: int, tiding: Tiding) -> None:
        told = tiding.event
        turn.enter(0, told.tenant)
        events: tuple[Event, ...] = (told,)
        if isinstance(told, LinesTold):
            decision = hear(
                turn,
                Told(
                    origin,
                    told.tenant,
                    told.reservation_id,
                    tiding.reference,
                    tiding.channel,
                    tiding.customer,
                    told.attempt_id,
                    told.events,
                ),
                turn.now_ms,
            )
            events = decision.events
        turn.apply(Cause("Tell"), events, heard=Heard(origin, tiding.position))

    def _answer_inquiry(self, turn: Turn, message: Inquire) -> None:
        """Decide an attempt, if it is not decided. One that was given up may have reached the shard
        only after that: it is told again. One that was not is about to be told."""
        decided = turn.attempt(message.attempt_id)
        if decided is True:
            return
        turn.enter(0, message.tenant)
        if decided is False:
            give_up(turn, message.attempt_id, message.tenant, (message.shard,))
            return
        inquiry = Inquiry(
            message.shard,
            message.attempt_id,
            message.tenant,
            message.prepared_for,
            message.lines,
        )
        turn.apply(Cause("Inquire"), answer_inquiry(turn, inquiry, turn.now_ms).events)

    def ask(self, reservation: Reservation) -> Outgoing:
        """The question to the home what becomes of what is set aside here."""
        home_shard = reservation.home_shard
        if home_shard is None:
            raise RuntimeError(f"{reservation.reservation_id} is prepared for no shard")
        return Outgoing(
            home_shard,
            Inquire(
                self._place.shard,
                reservation.reservation_id,
                reservation.tenant,
                reservation.prepared_for,
                reservation.lines,
            ),
        )

    def will_ask_again(self, attempt_id: str) -> None:
        """A reminder was set to ask about an attempt again."""
        self._asked.add(attempt_id)

    def is_settled(self, attempt_id: str) -> bool:
        """Whether a reminder was set for an attempt, which is resolved now: it is forgotten."""
        if attempt_id not in self._asked:
            return False
        self._asked.discard(attempt_id)
        return True

    def outgoing(self, turn: Turn) -> list[Outgoing]:
        """What has to be said because of a turn that was appended; after a start, what was not
        acknowledged and not answered before it."""
        self.prepared_lines += turn.effects.prepared_lines
        found = self._outbox.add(turn) if turn.tells else []
        found += self._outbox.refill(turn)
        unasked, self._unasked = self._unasked + turn.offered, []
        for attempt_id in unasked:
            reservation = turn.reservation(attempt_id)
            if reservation is not None:
                found.append(self.ask(reservation))
        return found


def _sets_aside(prepared: Prepared) -> bool:
    return any(
        grant.quantity or grant.waiting for filled in prepared.filled for grant in filled.grants
    )
