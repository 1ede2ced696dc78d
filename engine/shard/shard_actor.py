"""The Thespian actor that owns a part of the key space: its StockActors, its one log, its one
sequence of positions."""

from typing import Any

from thespian.actors import Actor

from engine.core.decide import expire
from engine.core.model import Cause, Settings, Struct
from engine.log.port import Log, Totals
from engine.shard.active import Active
from engine.shard.messages import Call, Failed, Query, Reply, Result, TooLate, Write
from engine.shard.reader import read, work_of
from engine.shard.tally import Tally
from engine.shard.timers import Timers
from engine.shard.turn import Turn
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
    epoch: int
    actors_max: int


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
    """Replies to the first `taken` calls, to be withheld until `position` is durable, and the
    encoded group that was appended, if any; `position` is its last one then."""

    taken: int
    replies: tuple[Reply, ...]
    group: bytes | None
    position: int
    next_timer_ms: int | None


class Broken(Struct, frozen=True):
    """Something raised that must not: the process has to exit."""

    cause: Any


class ShardActor(Actor):
    """Decides batches, one turn each. It is deterministic: time comes with the batch, and
    everything else is in the log."""

    def receiveMessage(self, message: object, sender: object) -> None:
        """Thespian hands a message that raised to the actor a second time, so nothing may raise out
        of here."""
        try:
            if isinstance(message, Decide):
                self.send(sender, self._decide(message))
            elif isinstance(message, Open):
                self.send(sender, self._open(message))
        except Exception as error:
            self.send(sender, Broken(error))

    def _open(self, message: Open) -> Opened:
        log: Log = message.log
        self._log = log
        self._tally: Tally = message.tally
        self._settings = message.settings
        self._epoch = message.epoch
        self._active = Active(log, message.actors_max)
        self._totals: Totals = log.totals()
        self._timers = Timers(log.timers())
        self._writer = Writer(log, self._tally)
        self._tally.state(self._totals, 0, len(self._timers))
        return Opened(log.head.position)

    def _decide(self, batch: Decide) -> Decided:
        """One turn: what is due expires, then the calls, in order, until the turn is full."""
        turn = Turn(self._active, self._settings, self._epoch, batch.now_ms)
        self._expire(turn)
        work_end = turn.next_position + WORK_PER_TURN_MAX
        replies: list[Reply] = []
        for call in batch.calls:
            if turn.next_position >= work_end:
                break
            request = call.request
            if call.deadline_ns and call.deadline_ns <= batch.monotonic_ns:
                replies.append(Reply(call.call_id, TooLate()))
            elif isinstance(request, Write):
                position = turn.next_position
                result = self._writer.write(turn, call.slot, request)
                if turn.next_position == position:
                    # Refused, replayed or previewed: its lines were looked at all the same.
                    work_end -= 1 + len(getattr(request.command, "lines", ()))
                replies.append(Reply(call.call_id, result))
            else:
                result = self._read(turn, request)
                work_end -= work_of(result)
                replies.append(Reply(call.call_id, result))
        group = self._append(turn)
        self._active.shrink()
        self._tally.state(self._totals, len(self._active.actors), len(self._timers))
        return Decided(
            len(replies),
            tuple(replies),
            group,
            self._log.head.position,
            self._timers.next_ms(),
        )

    def _read(self, turn: Turn, query: Query) -> Result:
        """Answer a query; a fault, or damage that it comes upon, harms no other call."""
        try:
            return read(turn, query)
        except Exception as error:
            self._tally.failed(type(query).__name__, "", "", error)
            return Failed()

    def _expire(self, turn: Turn) -> None:
        """Give back what is due. When very many holds are due at once, commands are decided between
        the turns that this takes; `decide` treats a hold that is due as expired in any case."""
        expired = 0
        end = turn.next_position + EXPIRY_PER_TURN_MAX
        while turn.next_position < end:
            reservation_id = self._timers.pop_due(turn.now_ms)
            if reservation_id is None:
                break
            reservation = turn.reservation(reservation_id)
            if reservation is None:
                raise RuntimeError(f"there is a timer but no reservation {reservation_id}")
            events = expire(reservation).events
            turn.apply(Cause("Expire"), b"", b"", events, (), reservation_id)
            expired += 1
        self._tally.expired(expired)

    def _append(self, turn: Turn) -> bytes | None:
        """Write what the turn has decided: one group, one batch."""
        group = turn.group()
        if group is None:
            return None
        changes = turn.changes(self._totals)
        encoded = self._log.append(group, changes, expected_head=group.first_position - 1)
        self._totals = changes.totals
        for timer in changes.timers_cleared:
            self._timers.clear(timer)
        for timer in changes.timers_set:
            self._timers.set(timer)
        return encoded
