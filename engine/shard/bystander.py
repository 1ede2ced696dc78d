"""The thread of a shard process that reads beside its writer: history for the feed, and answers to
questions. It shows nothing that is not durable, and it delays no command but by the processor."""

import queue
import threading
import time
from collections.abc import Callable

import structlog

from engine.core.model import Settings
from engine.log.port import Log, LogError
from engine.shard.beside import read_beside
from engine.shard.flusher import Flusher
from engine.shard.frames import Chunk, Kind, Read, encode, frame
from engine.shard.messages import Failed, QuestionCall, Reply, Result, TooLate
from engine.shard.tally import Tally

POLL_S = 0.000_5
"""How often it is looked whether what was read is durable: a flush takes longer than that."""

GROUPS_MAX = 64
"""Groups that are read in one go: it takes less than the time after which the interpreter is taken
away from this thread, so that the writer does not wait out that time at each of its steps."""

_logger = structlog.get_logger(__name__)


class Bystander:
    """Reads a log that another thread writes."""

    def __init__(
        self,
        log: Log,
        flusher: Flusher,
        send: Callable[[bytes], None],
        settings: Settings,
        tally: Tally,
    ) -> None:
        self._log = log
        self._flusher = flusher
        self._send = send
        self._settings = settings
        self._tally = tally
        self._asked: queue.SimpleQueue[Read | QuestionCall | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def ask(self, asked: Read | QuestionCall) -> None:
        """Take a wish for history, or a question."""
        self._asked.put(asked)

    def close(self) -> None:
        """Answer what was asked, and end."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            self._serve(asked)

    def _serve(self, asked: Read | QuestionCall) -> None:
        if isinstance(asked, Read):
            self._send(frame(Kind.CHUNK, encode(self._read(asked))))
        else:
            reply = Reply(asked.call_id, self._answer(asked))
            self._send(frame(Kind.REPLIES, encode([reply])))

    def _read(self, read: Read) -> Chunk:
        """Damage is told to whoever asked: it concerns no other."""
        durable = self._flusher.durable_position
        try:
            groups = self._log.read(read.from_position, read.bytes_max, durable, GROUPS_MAX)
            return Chunk(read.read_id, groups)
        except LogError as error:
            _logger.error("history cannot be read", reason=str(error))
            return Chunk(read.read_id, [], str(error))

    def _answer(self, call: QuestionCall) -> Result:
        """Answer a question as of what is durable, which includes what the asker has seen."""
        question, deadline_ns = call.question, call.deadline_ns
        # A position beyond the head is a mistake of the asker, for whom there is nothing to wait.
        at_least = question.at_least if question.at_least <= self._log.head.position else 0
        if not self._is_durable(at_least, deadline_ns):
            return TooLate()
        oldest = self._log.oldest_position
        try:
            result: Result = read_beside(
                self._log, question, self._flusher.durable_position, self._settings
            )
        except Exception as error:
            if self._log.oldest_position > oldest:
                # What it was about to read was dropped meanwhile: now it knows.
                return self._answer(call)
            self._tally.failed(type(question).__name__, "", "", error)
            return Failed()
        # Indexes and reservations are read as they are, which may be ahead of what is durable.
        if not self._is_durable(self._log.head.position, deadline_ns):
            return TooLate()
        return result

    def _is_durable(self, position: int, deadline_ns: int) -> bool:
        """Wait until a position is durable; False if the deadline passes before."""
        while not deadline_ns or time.monotonic_ns() < deadline_ns:
            if self._flusher.durable_position >= position:
                return True
            time.sleep(POLL_S)
        return False
