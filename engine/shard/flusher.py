"""Makes turns durable while the next one is decided, and lets their answers go."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable

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

_logger = structlog.get_logger(__name__)


class Flusher:
    """A thread that flushes what has been appended and then sends replies and groups: never before.

    A failed flush leaves the outcome unknown, so the process exits at once: no reply, no clean-up,
    nothing that could write.
    """

    def __init__(self, log: Log, send: Callable[[bytes], None], tally: Tally) -> None:
        self._log = log
        self._send = send
        self._tally = tally
        self._turns: deque[tuple[Decided, int]] = deque()
        self._condition = threading.Condition()
        self._in_flight = 0
        self._closing = False
        self.durable_position = log.head.position
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def wait_for_room(self) -> None:
        """Return when another turn may be decided."""
        with self._condition:
            self._condition.wait_for(lambda: self._in_flight < TURNS_IN_FLIGHT_MAX)

    def submit(self, decided: Decided, now_ms: int) -> None:
        """Take over a turn."""
        with self._condition:
            self._turns.append((decided, now_ms))
            self._in_flight += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Return when every turn is durable and answered."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._turns or self._closing)
                turns = list(self._turns)
                self._turns.clear()
            if not turns:
                return
            self._make_durable(turns[-1][0].position)
            self._send(b"".join(self._frames(turns)))
            with self._condition:
                self._in_flight -= len(turns)
                self._condition.notify_all()

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

    def _frames(self, turns: list[tuple[Decided, int]]) -> list[bytes]:
        frames = []
        for decided, _ in turns:
            if decided.replies:
                frames.append(frame(Kind.REPLIES, encode(decided.replies)))
        for decided, now_ms in turns:
            if decided.group is not None:
                frames.append(group_frame(decided.position, now_ms, decided.group))
        return frames
