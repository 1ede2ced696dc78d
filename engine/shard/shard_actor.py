"""The Thespian actor that owns a part of the key space: its StockActors, its one log, its one
sequence of positions."""

from typing import Any, cast

from thespian.actors import Actor

from engine.core.decide import due
from engine.core.model import Cause, Settings, Struct
from engine.log.port import Log, Totals
from engine.shard.active import Active
from engine.shard.correspondence import ASK_AGAIN_MS, Correspondent
from engine.shard.messages import (
    CORRESPONDENCE,
    Call,
    Correspondence,
    Failed,
    Outgoing,
    Reply,
    Result,
    TooLate,
    Write,
)
from engine.shard.queries import Query
from engine.shard.reader import read, work_of
from engine.shard.retention import Retention
from engine.shard.tally import ShardState, Tally
from engine.shard.timers import Timers
from engine.shard.turn import Turn
from engine.shard.turn_view import Place
from engine.shard.writer import Writer

WORK_PER_TURN_MAX = 4_000
"""Events made, lines refused and locations read in one turn, give or take one call: bounds how long
a call waits for the ones before it, however large they are."""

EXPIRY_PER_TURN_MAX = 2_000
"""Events of expiry in one turn, give or take one reservation."""


class Open(Struct, frozen=True):
    """The first message: what the actor lives on."""

    log: Any
    tally: Any
    settings: Settings
    place: Place
    actors_max: int
    request_retention_ms: int


class Opened(Struct, frozen=True):
    """The shard has recovered up to `position`."""

    position: int


class Decide(Struct, frozen=True):
    """A batch of calls to decide at `now_ms`; `monotonic_ns` is the time that deadlines are
    measured by."""

    calls: tuple[Call, ...]
    now_ms: int
    monotonic_ns: int


class Decided(Struct, frozen=True):
    """Replies to the first `taken` calls, what other shards have to be told or asked, and the
    encoded group that was appended, if any; `position` is its last one then. All of it has to be
    withheld until `position` is durable."""

    taken: int
    replies: tuple[Reply, ...]
    group: bytes | None
    position: int
    next_timer_ms: int | None
    outgoing: tuple[Outgoing, ...] = ()


class Describe(Struct, frozen=True):
    """A question for the ShardState between two turns."""


class ShardActor(Actor):
    """Decides batches, one turn each. It is deterministic: time comes with the batch, and
    everything else is in the log. Whatever it raises leaves the turn half done: it must not be
    asked again."""

    def receiveMessage(self, message: object, sender: object) -> None:
        """Answer a batch, the opening or the question what there is."""
        if isinstance(message, Decide):
            self.send(sender, self._decide(message))
        elif isinstance(message, Describe):
            self.send(sender, self._describe())
        elif isinstance(message, Open):
            self.send(sender, self._open(message))

    def _open(self, message: Open) -> Opened:
        log: Log = message.log
        self._log = log
        self._tally: Tally = message.tally
        self._settings = message.settings
        self._place = message.place
        self._active = Active(log, message.actors_max)
        self._configuration = log.configuration()
        self._totals: Totals = log.totals()
        self._timers = Timers(log.timers())
        self._writer = Writer(log, self._tally, message.request_retention_ms)
        self._correspondent = Correspondent(log, message.place)
        self._retention = Retention(log, message.request_retention_ms)
        return Opened(log.head.position)

    def _describe(self) -> ShardState:
        correspondent = self._correspondent
        return ShardState(
            self._totals,
            len(self._active.actors),
            len(self._timers),
            correspondent.prepared_lines,
            correspondent.outbox_events,
        )

    def _decide(self, batch: Decide) -> Decided:
        """One turn: what is due expires, then the calls, in order, until the turn is full."""
        turn = Turn(self._active, self._configuration, self._settings, self._place, batch.now_ms)
        outgoing = self._let_happen(turn)
        work_end = turn.next_position + WORK_PER_TURN_MAX
        replies: list[Reply] = []
        for call in batch.calls:
            if turn.next_position >= work_end:
                break
            request = call.request
            if call.deadline_ns and call.deadline_ns <= batch.monotonic_ns:
                replies.append(Reply(call.call_id, TooLate()))
            elif type(request) is Write:
                position = turn.next_position
                result = self._writer.write(turn, call.slot, request)
                if turn.next_position == position:
                    # Refused, replayed or previewed: its lines were looked at all the same.
                    work_end -= 1 + len(getattr(request.command, "lines", ()))
                replies.append(Reply(call.call_id, result))
            elif type(request) in CORRESPONDENCE:
                result = self._correspond(turn, cast(Correspondence, request))
                work_end -= 1
                replies.append(Reply(call.call_id, result))
            else:
                result = self._read(turn, cast(Query, request))
                work_end -= work_of(result)
                replies.append(Reply(call.call_id, result))
        group = self._append(turn)
        outgoing += self._correspondent.outgoing(turn)
        self._active.shrink()
        self._retention.forget(turn.now_ms, turn.commits, self._correspondent.waiting_since_ms)
        return Decided(
            len(replies),
            tuple(replies),
            group,
            turn.next_position - 1,
            self._retention.next_ms(self._timers.next_ms()),
            tuple(outgoing),
        )

    def _read(self, turn: Turn, query: Query) -> Result:
        """Answer a query; a fault, or damage that it comes upon, harms no other call."""
        try:
            return read(turn, query)
        except Exception as error:
            self._tally.failed(type(query).__name__, "", "", error)
            return Failed()

    def _correspond(self, turn: Turn, message: Correspondence) -> Result:
        """Take in what another shard says; a fault in deciding harms no other call."""
        try:
            return self._correspondent.answer(turn, message)
        except Exception as error:
            if turn.damaged:
                raise
            self._tally.failed(type(message).__name__, "", "", error)
            return Failed()

    def _let_happen(self, turn: Turn) -> list[Outgoing]:
        """Let happen what is due by itself; the questions about attempts that is due to be asked.

        When very many holds are due at once, commands are decided between the turns that this
        takes; `decide` treats a hold that is due as expired in any case."""
        expired = 0
        questions: list[Outgoing] = []
        end = turn.next_position + EXPIRY_PER_TURN_MAX
        while turn.next_position + len(questions) < end:
            reservation_id = self._timers.pop_due(turn.now_ms)
            if reservation_id is None:
                break
            reservation = turn.reservation(reservation_id)
            if reservation is None:
                if not self._correspondent.is_settled(reservation_id):
                    raise RuntimeError(f"there is a timer but no reservation {reservation_id}")
            elif reservation.preparing:
                questions.append(self._correspondent.ask(reservation))
                self._correspondent.will_ask_again(reservation_id)
                self._timers.set((turn.now_ms + ASK_AGAIN_MS, reservation_id))
            elif (reservation.deadline_ms or turn.now_ms + 1) <= turn.now_ms:
                turn.enter(0, reservation.tenant)
                turn.apply(Cause("Expire"), due(turn, reservation, turn.now_ms).events)
                expired += 1
        if expired:
            self._tally.expired(expired)
        return questions

    def _append(self, turn: Turn) -> bytes | None:
        """Write what the turn has decided: one group, one batch."""
        acknowledged = self._correspondent.acknowledged()
        group = turn.commit_group()
        if group is None:
            if acknowledged:
                self._log.acknowledge(acknowledged)
            return None
        changes = turn.changes(self._totals)
        changes.acknowledged = acknowledged
        encoded = self._log.append(group, changes, expected_head=group.first_position - 1)
        self._totals = changes.totals
        for timer in changes.timers_cleared:
            self._timers.clear(timer)
        for timer in changes.timers_set:
            self._timers.set(timer)
        return encoded
