"""Bugs of shards, logs, clocks and baskets, to be planted."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.decide import filler
from engine.core.decide.across import Inquiry, Told, answer_inquiry, hear
from engine.core.model import Cause
from engine.core.view import Filled, Grant
from engine.log.index import queued_line_of
from engine.shard import clock, correspondence, turn_view, writer
from engine.shard.baskets import Baskets
from engine.shard.clock import EngineClock
from engine.shard.correspondence import Correspondent
from engine.shard.flusher import Flusher
from engine.shard.frames import FrameBuffer, Kind, encode, frame, group_frame
from engine.shard.link import ShardLink
from engine.shard.messages import HeardUpTo, Share
from engine.shard.outbox import Outbox
from engine.shard.relay import _Way
from engine.shard.shard_actor import ShardActor
from engine.shard.timers import Timers
from engine.shard.turn import Turn

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


def wrap(patch: Patch, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Let a function do what it does, changed."""
    patch.setattr(owner, name, change(getattr(owner, name)))


def answers_leave_before_the_flush(patch: Patch) -> None:
    def settle(self: Any, turns: list[Any]) -> None:
        self._send(b"".join(self._frames(turns)))
        self._make_durable(turns[-1][0].position)
        for _ in turns:
            self._room.put(None)

    patch.setattr(Flusher, "_settle", settle)


def what_others_are_told_leaves_before_the_flush(patch: Patch) -> None:
    def submit(old: Any) -> Any:
        def changed(self: Any, decided: Any, *others: Any, **alone: bool) -> None:
            if decided.outgoing:
                self._send(frame(Kind.OUTGOING, encode(decided.outgoing)))
            old(self, replace(decided, outgoing=()), *others, **alone)

        return changed

    wrap(patch, Flusher, "submit", submit)


def the_feed_is_ahead_of_the_flush(patch: Patch) -> None:
    def submit(old: Any) -> Any:
        def changed(self: Any, decided: Any, now_ms: int, *others: Any, **alone: bool) -> None:
            if decided.group is not None:
                self._send(group_frame(decided.position, now_ms, decided.group))
            old(self, replace(decided, group=None), now_ms, *others, **alone)

        return changed

    wrap(patch, Flusher, "submit", submit)


def timers_fire_early(patch: Patch) -> None:
    wrap(patch, Timers, "pop_due", lambda old: lambda self, now_ms: old(self, now_ms + 600))


def the_clock_runs_fast(patch: Patch) -> None:
    def now_ms(old: Any) -> Any:
        def changed(self: Any) -> int:
            before = self._last_ms
            self._last_ms = old(self) + (self._last_ms - before) // 10
            return int(self._last_ms)

        return changed

    wrap(patch, EngineClock, "now_ms", now_ms)


def a_restart_goes_by_the_wall_clock(patch: Patch) -> None:
    patch.setattr(clock, "_continued_ms", lambda *_: 0)


def a_stepped_clock_moves_deadlines(patch: Patch) -> None:
    def now_ms(self: Any) -> int:
        self._last_ms = max(self._last_ms, self._clocks.wall_ms())
        return int(self._last_ms)

    patch.setattr(EngineClock, "now_ms", now_ms)


def a_request_id_is_forgotten(patch: Patch) -> None:
    numbers = count()
    wrap(patch, writer, "request_key", lambda old: lambda *args: old(*args) + b"%d" % next(numbers))


def what_is_told_is_left_in_the_outbox(patch: Patch) -> None:
    def add(old: Any) -> Any:
        def changed(self: Any, turn: Any) -> list[Any]:
            old(self, turn)
            return []

        return changed

    wrap(patch, Outbox, "add", add)


def a_shard_that_starts_does_not_say_again_what_was_not_heard(patch: Patch) -> None:
    def start(old: Any) -> Any:
        def changed(self: Any, log: Any, origin: int, shards: int) -> None:
            old(self, log, origin, shards)
            for way in self._ways.values():
                way.sent = way.last

        return changed

    wrap(patch, Outbox, "__init__", start)


def an_early_acknowledgement_breaks_the_chain(patch: Patch) -> None:
    def acknowledge(self: Any, target: int, position: int) -> None:
        tells = [at for at in self._log.tells(target) if at <= position]
        self._ways[target].acknowledged(position)
        self._log.acknowledge({target: (position, tells)})

    patch.setattr(Outbox, "acknowledge", acknowledge)


def _hearing(patch: Patch, is_news: Callable[[int, int, int], bool]) -> None:
    """Given the position of what was told before, that of what is told, and up to which one was
    heard."""

    def changed(self: Any, turn: Any, message: Any) -> HeardUpTo:
        previous = message.previous
        for tiding in message.tidings:
            if is_news(previous, tiding.position, turn.heard(message.origin)):
                self._take_in(turn, message.origin, tiding)
            previous = tiding.position
        return HeardUpTo(turn.heard(message.origin), turn.next_position - 1)

    patch.setattr(Correspondent, "_hear", changed)


def what_is_told_twice_happens_twice(patch: Patch) -> None:
    _hearing(patch, lambda previous, _position, heard: previous <= heard)


def a_gap_in_what_is_told_is_not_noticed(patch: Patch) -> None:
    _hearing(patch, lambda _previous, position, heard: position > heard)


def what_is_carried_is_taken_for_heard(patch: Patch) -> None:
    def carry(old: Any) -> Any:
        def changed(self: Any, tell: Any) -> None:
            old(self, tell)
            if tell.position > self.heard:
                self._hear(tell.position)

        return changed

    wrap(patch, _Way, "_carry", carry)


def a_timer_resolves_what_is_set_aside(patch: Patch) -> None:
    def let_happen(old: Any) -> Any:
        def changed(self: Any, turn: Any) -> Any:
            questions = old(self, turn)
            for question in questions:
                asked = question.message
                turn.enter(0, asked.tenant)
                told = Told(question.target, asked.tenant, "", "", "", "", asked.attempt_id, ())
                turn.apply(Cause("Expire"), hear(turn, told, turn.now_ms).events)
            return questions

        return changed

    wrap(patch, ShardActor, "_let_happen", let_happen)


def an_attempt_is_decided_twice(patch: Patch) -> None:
    patch.setattr(Turn, "attempt", lambda *_: None)


def who_asks_is_told_that_nothing_came_of_it(patch: Patch) -> None:
    def answer(self: Any, turn: Any, message: Any) -> None:
        turn.enter(0, message.tenant)
        inquiry = Inquiry(message.shard, message.attempt_id, message.tenant, "", message.lines)
        turn.apply(Cause("Inquire"), answer_inquiry(turn, inquiry, turn.now_ms).events)

    patch.setattr(Correspondent, "_answer_inquiry", answer)


def nobody_is_told_that_nothing_came_of_it(patch: Patch) -> None:
    patch.setattr(writer, "give_up", lambda *_: ())


def a_basket_takes_what_others_do_not_have(patch: Patch) -> None:
    def set_aside(old: Any) -> Any:
        async def changed(self: Any, prepares: Any, deadline_ns: int) -> Any:
            result = await old(self, prepares, deadline_ns)
            if not isinstance(result, tuple):
                return result
            return tuple(
                Share(
                    share.shard,
                    share.wishes,
                    tuple(Filled((Grant(w.keys[0], w.quantity),)) for w in share.wishes),
                )
                for share in result
            )

        return changed

    wrap(patch, Baskets, "_set_aside", set_aside)


def who_waits_is_left_waiting_by_a_crash(patch: Patch) -> None:
    def lost(self: Any, _error: Any) -> None:
        self.ready.clear()
        self.detached.set()
        self._transport = None
        self._gathered = []
        self._correspondents and self._correspondents.went_down(self.shard)

    patch.setattr(ShardLink, "connection_lost", lost)


def a_frame_that_is_cut_is_dropped(patch: Patch) -> None:
    def feed(old: Any) -> Any:
        def changed(self: Any, data: bytes) -> Any:
            yield from old(self, data)
            self._buffer.clear()

        return changed

    wrap(patch, FrameBuffer, "feed", feed)


def one_unit_too_many_is_granted(patch: Patch) -> None:
    wrap(patch, filler, "available_to", lambda old: lambda *args: old(*args) + 1)


def who_waits_is_served_in_the_order_of_ids(patch: Patch) -> None:
    def by_id(entries: Any, prefix: bytes) -> list[bytes]:
        return sorted(entries, key=lambda entry: queued_line_of(entry, prefix))

    patch.setattr(turn_view, "first_come", by_id)


def limits_are_forgotten_where_units_are_set_aside(patch: Patch) -> None:
    def prepare(old: Any) -> Any:
        def changed(view: Any, preparation: Any, now_ms: int) -> Any:
            terms = replace(preparation.terms, customer="somebody")
            return old(view, replace(preparation, terms=terms), now_ms)

        return changed

    wrap(patch, correspondence, "prepare", prepare)
