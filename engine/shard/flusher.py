"""Makes turns durable while the next one is decided, and lets their answers go."""

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import structlog

from engine.log.port import Log, LogError
from engine.shard.frames import Kind, encode, frame, group_frame
from engine.shard.shard_actor import Decided
from engine.shard.tally import Tally

TURNS_IN_FLIGHT_MAX = 2
"""Turns decided and not yet durable: one being flushed and one being decided keep disk and
processor busy."""

EXIT_LOG_BROKEN = 74
"""The process's exit code when the log cannot be written any more (EX_IOERR of sysexits.h)."""

_Turn = tuple[Decided, int, list[int]]
"""What a turn has decided, its engine time, and when each of its calls arrived, in nanoseconds of
CLOCK_MONOTONIC."""

_logger = structlog.get_logger(__name__)


class Flusher:
    """A thread that flushes what has been appended and then sends replies and groups: never before.
    Where nothing can be decided meanwhile, the thread that decides does it itself: a handover would
    only make the answer later.

    A failed flush leaves the outcome unknown, so the process exits at once: no reply, no clean-up,
    nothing that could write.
    """

    def __init__(self, log: Log, send: Callable[[bytes], None], tally: Tally) -> None:
        self._log = log
        self._send = send
        self._tally = tally
        # Two queues written in C: threading.Condition would run Python code in both threads at each
        # handoff.
        self._turns: SimpleQueue[_Turn | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(TURNS_IN_FLIGHT_MAX):
            self._room.put(None)
        self.durable_position = log.head.position
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)

    def start(self) -> None:
        """Begin to make durable what is submitted."""
        self._thread.start()

    def wait_for_room(self) -> None:
        """Return when another turn may be decided; it has to be submitted then."""
        self._room.get()

    def submit(
        self, decided: Decided, now_ms: int, arrived_ns: list[int], *, alone: bool = False
    ) -> None:
        """Take over a turn. One that is `alone`, with nothing to be decided behind it, is answered
        before this returns, unless others are on their way."""
        turn = (decided, now_ms, arrived_ns)
        if alone and self._room.qsize() == TURNS_IN_FLIGHT_MAX - 1:
            self._settle([turn])
        else:
            self._turns.put(turn)

    def close(self) -> None:
        """Return when every turn is durable and answered."""
        self._turns.put(None)
        self._thread.join()

    def _run(self) -> None:
        while turns := self._take():
            self._settle(turns)

    def _settle(self, turns: list[_Turn]) -> None:
        """Make turns durable, and then let their answers go."""
        self._make_durable(turns[-1][0].position)
        self._send(b"".join(self._frames(turns)))
        now_ns = time.monotonic_ns()
        self._log.follow_up()
        for _, _, arrived_ns in turns:
            self._tally.answered([(now_ns - each) / 1e9 for each in arrived_ns])
            self._room.put(None)

    def _take(self) -> list[_Turn]:
        """The turns that wait, at least one; none when there will be no more."""
        turns = []
        turn = self._turns.get()
        while turn is not None:
            turns.append(turn)
            if self._turns.empty():
                return turns
            turn = self._turns.get()
        if turns:
            self._turns.put(None)
        return turns

    def _make_durable(self, position: int) -> None:
        """Flush unless everything that the turns saw is durable already: a batch of reads waits
        only for what it read."""
        if position <= self.durable_position:
            return
        started = time.perf_counter()
        try:
            self.durable_position = self._log.flush()
        except LogError as error:
            _logger.critical("the log cannot be made durable: leaving at once", reason=str(error))
            os._exit(EXIT_LOG_BROKEN)
        self._tally.flushed(time.perf_counter() - started)

    def _frames(self, turns: list[_Turn]) -> list[bytes]:
        frames = []
        for decided, _, _ in turns:
            if decided.outgoing:
                # Before the replies: whoever gets one may wait until others have been told.
                frames.append(frame(Kind.OUTGOING, encode(decided.outgoing)))
            if decided.replies:
                frames.append(frame(Kind.REPLIES, encode(decided.replies)))
        for decided, now_ms, _ in turns:
            if decided.group is not None:
                frames.append(group_frame(decided.position, now_ms, decided.group))
        return frames
