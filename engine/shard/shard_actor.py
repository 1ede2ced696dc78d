"""The Thespian actor that owns a part of the key space: its StockActors, its one log, its one
sequence of positions."""

import heapq
from typing import Any

from thespian.actors import Actor

from engine.core.answering import answer
from engine.core.availability import promisable
from engine.core.commands import Adjust, Command, Context, OnReservation, Release, SetOnHand
from engine.core.decide import decide, expire
from engine.core.events import LineEvent, ReservationCreated, ReservationEvent
from engine.core.model import Cause, Key, Settings, Stock, Struct
from engine.core.rejections import RequestIdReused
from engine.core.view import Decision
from engine.log.port import Log, Totals
from engine.shard.active import active_actors, active_reservations
from engine.shard.messages import (
    Accepted,
    AvailabilityRead,
    Call,
    Failed,
    LocationAvailable,
    ReadAvailability,
    ReadReservation,
    ReadStock,
    Refused,
    Reply,
    Request,
    ReservationRead,
    Result,
    StockRead,
    TooLate,
    Write,
)
from engine.shard.tally import Tally
from engine.shard.turn import Turn

EXPIRIES_PER_TURN_MAX = 1_000
"""Reservations that expire in one commit group: bounds the group, not the number that expire
before a command is decided."""


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
    """Replies, to be withheld until `position` is durable, and the encoded groups that were
    appended, each with its last position."""

    replies: tuple[Reply, ...]
    groups: tuple[tuple[int, bytes], ...]
    position: int
    next_timer_ms: int | None


class Broken(Struct, frozen=True):
    """Something raised that must not: the process has to exit."""

    cause: Any


class ShardActor(Actor):
    """Decides batches, one turn each. It is deterministic: time comes with the batch, and
    everything else is in the log."""

    def receiveMessage(self, message: object, sender: object) -> None:
        """Thespian hands a message that raised to the actor a second time, so nothing may raise
        out of here."""
        try:
            if isinstance(message, Decide):
                self.send(sender, self._decide(message))
            elif isinstance(message, Open):
                self.send(sender, self._open(message))
        except Exception as error:
            self.send(sender, Broken(error))

    def _open(self, message: Open) -> Opened:
        self._log: Log = message.log
        self._tally: Tally = message.tally
        self._settings = message.settings
        self._epoch = message.epoch
        self._actors = active_actors(self._log, message.actors_max)
        self._reservations = active_reservations(self._log, message.actors_max)
        self._totals: Totals = self._log.totals()
        self._timers = list(self._log.timers())
        self._tally.opened(self._totals)
        return Opened(self._log.head.position)

    def _decide(self, batch: Decide) -> Decided:
        groups = []
        while self._timers and self._timers[0][0] <= batch.now_ms:
            groups += self._append(self._expire(batch.now_ms))
        turn = self._turn(batch.now_ms)
        replies: list[Reply] = []
        reads: list[Call] = []
        for call in batch.calls:
            request = call.request
            if call.deadline_ns and call.deadline_ns <= batch.monotonic_ns:
                replies.append(Reply(call.call_id, TooLate()))
            elif isinstance(request, Write):
                turn.enter(call.slot)
                replies.append(Reply(call.call_id, self._write(turn, call.slot, request)))
            else:
                reads.append(call)
        groups += self._append(turn)
        position = self._log.head.position
        replies += [Reply(call.call_id, self._read(call.request, position)) for call in reads]
        self._actors.shrink()
        self._reservations.shrink()
        self._tally.state(self._totals, len(self._actors), len(self._timers))
        next_timer_ms = self._timers[0][0] if self._timers else None
        return Decided(tuple(replies), tuple(groups), position, next_timer_ms)

    def _turn(self, now_ms: int) -> Turn:
        next_position = self._log.head.position + 1
        return Turn(
            self._actors, self._reservations, self._settings, next_position, self._epoch, now_ms
        )

    def _append(self, turn: Turn) -> list[tuple[int, bytes]]:
        """Write what the turn has decided: one group, one batch."""
        group = turn.group()
        if group is None:
            return []
        changes = turn.changes(self._totals)
        encoded = self._log.append(group, changes, expected_head=group.first_position - 1)
        self._totals = changes.totals
        for timer in changes.timers_set:
            heapq.heappush(self._timers, timer)
        return [(group.last_position, encoded)]

    def _expire(self, now_ms: int) -> Turn:
        """Give back what is due. A timer whose reservation has another deadline by now is stale: a
        later one stands in the heap."""
        turn = self._turn(now_ms)
        expired = 0
        while self._timers and self._timers[0][0] <= now_ms and expired < EXPIRIES_PER_TURN_MAX:
            deadline_ms, reservation_id = heapq.heappop(self._timers)
            reservation = turn.reservation(reservation_id)
            if reservation is not None and reservation.deadline_ms == deadline_ms:
                events = expire(reservation).events
                turn.apply(Cause("Expire"), b"", b"", events, (), reservation_id)
                expired += 1
        self._tally.expired(expired)
        return turn

    def _write(self, turn: Turn, slot: int, write: Write) -> Result:
        """Decide one command; a fault in deciding is answered, and harms no other command."""
        kind = type(write.command).__name__
        try:
            result = self._decide_command(turn, slot, write, kind)
        except Exception as error:
            if turn.damaged:
                raise
            self._tally.failed(kind, write.context.correlation_id, error)
            return Failed()
        self._tally.decided(kind, result)
        return result

    def _decide_command(self, turn: Turn, slot: int, write: Write, kind: str) -> Result:
        context, command = write.context, write.command
        key = request_key(slot, command, context.request_id)
        earlier = self._recorded_answer(turn, key, write)
        if earlier is not None:
            return earlier
        turn.previewing = context.validate_only
        decision = decide(turn, command, turn.now_ms)
        if not isinstance(decision, Decision):
            return Refused(decision)
        events, short_lines = decision.events, decision.short_lines
        known = command.reservation_id if isinstance(command, OnReservation) else None
        if not events or context.validate_only:
            current = turn.reservation(known) if known else None
            given = answer(command, turn.preview(events), short_lines, current)
            return Accepted(given, 0, turn.now_ms, not events, current)
        concerned = known
        if isinstance(events[0], ReservationCreated):
            concerned = events[0].reservation_id
        cause = _cause(kind, command, context)
        commit = turn.apply(cause, key, write.content_hash, events, short_lines, concerned)
        current = turn.reservation(known) if known else None
        given = answer(command, commit.recorded, short_lines, current)
        return Accepted(given, turn.next_position - 1, turn.now_ms, False, current)

    def _recorded_answer(self, turn: Turn, key: bytes, write: Write) -> Result | None:
        """The answer to an earlier write with this request id, if there was one."""
        in_turn = turn.request(key)
        record = in_turn[0] if in_turn else self._log.request(key)
        if record is None:
            return None
        if record.content_hash != write.content_hash:
            return Refused(RequestIdReused(write.context.request_id, record.recorded_at_ms))
        commit = in_turn[1] if in_turn else self._log.commit_at(record.position)[0]
        position = record.position + len(commit.recorded) - 1
        current = None
        for recorded in commit.recorded:
            if isinstance(recorded.event, ReservationEvent | LineEvent):
                current = turn.reservation(recorded.event.reservation_id)
                break
        given = answer(write.command, commit.recorded, commit.short_lines, current)
        return Accepted(given, position, record.recorded_at_ms, True, current)

    def _read(self, request: Request, position: int) -> Result:
        if isinstance(request, ReadStock):
            return StockRead(self._stock(request.key), position)
        if isinstance(request, ReadReservation):
            reservation = self._reservations.get(request.reservation_id)
            if reservation is not None and reservation.tenant != request.tenant:
                reservation = None
            return ReservationRead(reservation, position)
        if isinstance(request, ReadAvailability):
            return AvailabilityRead(self._availability(request), position)
        raise TypeError(f"cannot read {type(request).__name__}")

    def _stock(self, key: Key) -> Stock | None:
        """Read through: a query activates no actor."""
        actor = self._actors.peek(key)
        return actor.stock if actor else self._log.stock(key)

    def _availability(self, request: ReadAvailability) -> tuple[tuple[LocationAvailable, ...], ...]:
        own: dict[Key, int] = {}
        excluded = self._reservations.get(request.excluding_reservation)
        if excluded is not None and excluded.tenant == request.tenant:
            for line in excluded.lines:
                if line.counted:
                    own[line.key] = own.get(line.key, 0) + line.held
        answers = []
        for sku, location in request.keys:
            locations = [location] if location else self._log.locations(request.tenant, sku)
            found = []
            for name in locations:
                key = Key(request.tenant, sku, name)
                stock = self._stock(key)
                if stock is not None:
                    found.append(_available(name, stock, request.channel, own.get(key, 0)))
            answers.append(tuple(found))
        return tuple(answers)


def _available(location: str, stock: Stock, channel: str, own_units: int) -> LocationAvailable:
    seen = Stock(
        stock.on_hand + own_units,
        stock.held,
        stock.allocated,
        stock.safety_stock,
        stock.tracked,
        stock.selling,
        stock.version,
        stock.channel_buffers,
    )
    units = promisable(seen, channel) if stock.tracked else 0
    return LocationAvailable(location, units, not stock.tracked, stock.version)


def request_key(slot: int, command: Command, request_id: str) -> bytes:
    """Under what a request id is remembered: its home slot, the tenant and the id."""
    tenant = command.key.tenant if hasattr(command, "key") else command.tenant
    return slot.to_bytes(2, "big") + f"{tenant}\0{request_id}".encode()


def _cause(kind: str, command: Command, context: Context) -> Cause:
    reason = ""
    if isinstance(command, Adjust | SetOnHand):
        reason = command.reason
    elif isinstance(command, Release):
        reason = command.reason.name
    return Cause(
        kind,
        context.request_id,
        context.principal,
        context.correlation_id,
        context.ticket,
        reason,
        getattr(command, "reference", ""),
        context.occurred_at_ms,
    )
