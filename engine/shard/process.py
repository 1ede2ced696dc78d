"""The shard process: one ShardActor, one log, one socket to the front end, and no gRPC.

The main thread reads calls and decides; the flusher thread makes durable and answers, but for few
calls while nothing else is there, which the main thread takes to their end; the reader thread reads
history for the feed and answers questions. Calls that arrive while a turn is decided form the next
one: idle means one call at once, load means large batches, without a timer.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import structlog

from engine import logs
from engine.log.codec import decode_group
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from engine.shard import frames
from engine.shard.bystander import Bystander
from engine.shard.clock import EngineClock, MachineClocks
from engine.shard.control import Controller
from engine.shard.flusher import EXIT_LOG_BROKEN, Flusher
from engine.shard.frames import Control, FrameBuffer, Kind, Ready, encode, frame, group_frame
from engine.shard.host import ActorHost, ShardBroken
from engine.shard.large_pages import use_large_pages
from engine.shard.messages import Call
from engine.shard.options import ShardOptions, decode_options
from engine.shard.rest import Rest, give_memory_back
from engine.shard.shard_actor import Decided
from engine.shard.tally import Tally
from engine.shard.turn_view import Place

TURN_CALLS_MAX = 1_000
"""Calls in one turn: bounds how long a call waits for the ones beside it."""

FEW_CALLS_MAX = 64
"""So few calls, while nothing else is there, are taken to their end by the thread that decides:
what arrives during their flush makes one turn. Larger turns are better decided during a flush."""

RECEIVE_BYTES = 1 << 20
"""How much is received at once, into the same memory each time: an object of that size would be
mapped for each frame, and given back."""
FROZEN_WAIT_MS = 5
"""How long a shard that is held still waits before it sees whether it may go on by itself."""
STATISTICS_INTERVAL_S = 1.0
SWITCH_INTERVAL_S = 0.000_2
"""The flushing thread gets the interpreter back this soon after the disk is done; the default of 5
ms costs 8 ms for each flush under load."""

EXIT_REFUSED = 78
"""The process's exit code when what is on disk cannot be trusted (EX_CONFIG of sysexits.h)."""

_PR_SET_PDEATHSIG = 1

_logger = structlog.get_logger(__name__)


class ShardProcess:
    """Runs until it is told to stop, its front end is gone, or its log is broken."""

    def __init__(self, options: ShardOptions, log: RocksLog) -> None:
        self._log = log
        self._anchor = Path(options.directory) / "clock"
        recorded_ms = log.head.recorded_at_ms
        self._clock = EngineClock(MachineClocks(), recorded_ms, _read_anchor(self._anchor))
        self._tally = Tally()
        self._host = ActorHost(
            log,
            options.shared.settings,
            place=Place(options.shard, options.shared.shards, options.shared.epoch),
            actors_max=options.shared.actors_max,
            tally=self._tally,
            request_retention_ms=options.shared.request_retention_ms,
        )
        self._socket = socket.socket(fileno=options.socket_fd)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._send_lock = threading.Lock()
        self._flusher = Flusher(log, self._send, self._tally)
        self._bystander = Bystander(
            log, self._flusher, self._send, options.shared.settings, self._tally
        )
        self._controller = Controller(log, Path(options.directory), self._publish)
        self._rest = Rest(self._unload)
        self._received = memoryview(bytearray(RECEIVE_BYTES))
        self._buffer = FrameBuffer()
        self._calls: list[Call] = []
        self._controls: list[Control] = []
        self._stopping = False
        self._next_timer_ms: int | None = 0
        self._statistics_due = 0.0

    def run(self, publish_after: int | None) -> None:
        """Serve; return after a graceful stop, with everything answered."""
        head = self._log.head
        ready = Ready(head.position, self._log.oldest_position, head.recorded_at_ms)
        self._send(frame(Kind.READY, encode(ready)))
        if publish_after is not None:
            self._publish_after(publish_after)
        self._flusher.start()
        self._bystander.start()
        while not self._stopping or self._calls:
            if self._poll.poll(self._patience_ms()):
                self._receive()
            now_ms = self._clock.now_ms()
            self._obey(now_ms)
            is_asked = self._calls or self._due(now_ms)
            if is_asked and not self._controller.is_frozen and self._turn(now_ms):
                self._rest.put_off()
            self._report()
        self._bystander.close()
        self._flusher.close()
        self._controller.close()
        self._rest.close()
        self._host.close()

    def stop(self) -> None:
        """Finish what has arrived, then return from `run`."""
        self._stopping = True

    def _patience_ms(self) -> int:
        """How long to wait for what arrives."""
        if self._controller.is_frozen:
            return FROZEN_WAIT_MS
        return 0 if self._calls or self._controller.is_pruning else self._wait_ms()

    def _obey(self, now_ms: int) -> None:
        """Do what was asked for between two turns."""
        if self._controller.is_pruning:
            self._controller.prune()
        for control in self._controls:
            controlled = self._controller.obey(control, now_ms)
            self._send(frame(Kind.CONTROLLED, encode(controlled)))
        self._controls.clear()

    def _publish(self, encoded: bytes, now_ms: int) -> None:
        """Send a group that is durable, after those before it."""
        self._flusher.wait_for_room()
        position = self._log.head.position
        self._flusher.submit(Decided(0, (), encoded, position, None), now_ms, [])

    def _due(self, now_ms: int) -> bool:
        return self._next_timer_ms is not None and self._next_timer_ms <= now_ms

    def _wait_ms(self) -> int:
        """How long nothing has to be done if nothing arrives."""
        report_ms = max(0, int((self._statistics_due - time.monotonic()) * 1_000) + 1)
        if self._next_timer_ms is None:
            return report_ms
        return max(0, min(report_ms, self._next_timer_ms - self._clock.now_ms()))

    def _receive(self) -> None:
        """Take what has arrived. The end of the stream is the end of the front end: finish and
        leave."""
        try:
            size = self._socket.recv_into(self._received, flags=socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionError:
            size = 0
        if not size:
            self._stopping = True
        for kind, payload in self._buffer.feed(bytes(self._received[:size])):
            if kind == Kind.CALLS:
                self._calls += frames.decode_calls(payload)
            elif kind == Kind.READ:
                self._bystander.ask(frames.decode_read(payload))
            elif kind == Kind.QUESTIONS:
                for question in frames.decode_questions(payload):
                    self._bystander.ask(question)
            elif kind == Kind.CONTROL:
                self._controls.append(frames.decode_control(payload))
            elif kind == Kind.STOP:
                self._stopping = True

    def _turn(self, now_ms: int) -> bool:
        """Whether there was anything to decide."""
        calls = tuple(self._calls[:TURN_CALLS_MAX])
        self._flusher.wait_for_room()
        started_ns = time.monotonic_ns()
        decided = self._host.decide(calls, now_ms, started_ns)
        decide_s = (time.monotonic_ns() - started_ns) / 1e9
        del self._calls[: decided.taken]
        self._next_timer_ms = decided.next_timer_ms
        arrived_ns = [call.arrived_ns for call in calls[: decided.taken]]
        self._flusher.submit(decided, now_ms, arrived_ns, alone=self._is_alone(calls))
        queued_s = [(started_ns - each) / 1e9 for each in arrived_ns]
        self._tally.turn(queued_s, decide_s)
        return bool(calls) or decided.group is not None

    def _is_alone(self, calls: tuple[Call, ...]) -> bool:
        """Whether these are few calls, and nothing else has arrived."""
        return 0 < len(calls) <= FEW_CALLS_MAX and not self._calls and not self._poll.poll(0)

    def _publish_after(self, position: int) -> None:
        """Send the groups that became durable but were not published before the process before this
        one ended."""
        head = self._log.head.position
        while position < head:
            for encoded in self._log.read(position + 1, RECEIVE_BYTES, head):
                group = decode_group(encoded)
                position = group.last_position
                self._send(group_frame(position, group.recorded_at_ms, encoded))

    def _report(self) -> None:
        now = time.monotonic()
        if now < self._statistics_due:
            return
        self._statistics_due = now + STATISTICS_INTERVAL_S
        _write_anchor(self._anchor, self._clock.anchor())
        statistics = self._tally.statistics(
            self._host.state(),
            self._log.head.position,
            self._flusher.durable_position,
            self._log.size_bytes(),
            self._clock.drift_ms(),
        )
        self._send(frame(Kind.STATISTICS, encode(statistics)))
        self._rest.look()

    def _unload(self) -> None:
        """Give back the memory that turns have filled."""
        self._log.unload()
        give_memory_back()

    def _send(self, data: bytes) -> None:
        """Send from any thread. A front end that is gone needs no answer: `_receive` notices and
        ends the process."""
        with self._send_lock:
            try:
                self._socket.sendall(data)
            except ConnectionError:
                return


def _read_anchor(path: Path) -> str:
    """What the process before this one knew of time; empty if nothing is known."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _write_anchor(path: Path, anchor: str) -> None:
    """Leave the anchor for the next process. It only has to survive within one boot, so nothing is
    synced; and a disk that is full ends the shard by its log, not by this."""
    temporary = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        temporary.write_text(anchor)
        temporary.replace(path)


def _die_with(parent_pid: int) -> None:
    """Be killed when the parent dies, however it dies: no orphan may hold the log's lock."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:
        sys.exit("the front end has gone already")


def _leave_at_once(arguments: threading.ExceptHookArgs) -> None:
    """A thread that raises leaves the shard half alive: end all of it, and let the supervisor start
    again."""
    error = arguments.exc_value
    _logger.critical("shard leaves at once: a thread raised", reason=str(error), exc_info=error)
    os._exit(EXIT_LOG_BROKEN)


def main(arguments: list[str]) -> int:
    """Run a shard from its options; the exit code says how it ended."""
    options = decode_options(arguments[0])
    _die_with(options.parent_pid)
    logs.configure(options.shared.log_level, options.shared.log_format)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        log = RocksLog(Path(options.directory), create=False)
        process = ShardProcess(options, log)
        use_large_pages()
    except (LogError, ShardBroken) as error:
        _logger.error("shard refuses to start", shard=options.shard, reason=str(error))
        return EXIT_REFUSED
    threading.excepthook = _leave_at_once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.stop())
    try:
        process.run(options.publish_after)
        log.close()
    except (LogError, ShardBroken) as error:
        _logger.error("shard leaves at once", shard=options.shard, reason=str(error))
        os._exit(EXIT_LOG_BROKEN)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
