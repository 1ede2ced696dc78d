"""A shard's process without a process: the code of `engine.shard.process` on the log's twin in
memory, whose threads and sockets a scheduler moves on, and which dies where it is told to."""

import threading
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any, cast

from engine.core.model import Settings
from engine.log.memory import MemoryLog
from engine.log.port import Changes, Group
from engine.shard import bystander
from engine.shard.bystander import Bystander
from engine.shard.clock import EngineClock
from engine.shard.control import Controller
from engine.shard.flusher import TURNS_IN_FLIGHT_MAX, Flusher
from engine.shard.frames import FrameBuffer, Kind, Ready, encode, frame
from engine.shard.host import ActorHost
from engine.shard.messages import Call
from engine.shard.process import RECEIVE_BYTES, ShardProcess
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.shard_actor import Decided
from engine.shard.tally import ShardState, Tally
from engine.shard.turn_view import Place

ACTORS_MAX = 5
"""So few StockActors stay active that they are made anew all the time."""


class Died(BaseException):
    """The process has died at this point. Nothing may take it for a failure."""


class Point(Enum):
    """Where a process may die."""

    BEFORE_WRITE = "before write"
    AFTER_WRITE = "after write"
    BEFORE_FLUSH = "before flush"
    AFTER_FLUSH = "after flush"
    BEFORE_REPLY = "before reply"
    AFTER_REPLY = "after reply"


class SimulatedLog(MemoryLog):
    """The log's twin in memory; `at` is called at each point, and may raise Died."""

    at: Callable[[Point], None]

    @property
    def durable_position(self) -> int:
        """The last position that a power cut would leave."""
        return self._durable.head.position

    def append(self, group: Group, changes: Changes, expected_head: int) -> bytes:
        self.at(Point.BEFORE_WRITE)
        return super().append(group, changes, expected_head)

    def flush(self) -> int:
        self.at(Point.BEFORE_FLUSH)
        position = super().flush()
        self.at(Point.AFTER_FLUSH)
        return position

    def left_by(self, writes_kept: int) -> "SimulatedLog":
        """The log after a crash that has left so many of the writes that were not synced: a system
        that goes on keeps all of them, a power cut keeps the first ones or none."""
        for write in self._unflushed[:writes_kept]:
            write(self._durable)
        left = SimulatedLog()
        left._durable = self._durable
        left._written = left._durable.copy()
        return left

    @property
    def unsynced(self) -> int:
        """How many writes a power cut may take."""
        return len(self._unflushed)


class Wire:
    """What one end has sent to the other and that has not arrived."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def put(self, data: bytes) -> None:
        self._bytes += data

    def take(self, size: int) -> bytes:
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken


class _Socket:
    """The process's end of its wires."""

    def __init__(self) -> None:
        self.arrived = b""

    def recv_into(self, memory: memoryview, _size: int = 0, *, flags: int = 0) -> int:
        del flags
        arrived, self.arrived = self.arrived, b""
        memory[: len(arrived)] = arrived
        return len(arrived)


class _Flusher(Flusher):
    """The flusher, without its thread."""

    def __init__(self, log: SimulatedLog, send: Callable[[bytes], None], tally: Tally) -> None:
        self._log = log
        self._send = send
        self._tally = tally
        self._turns = SimpleQueue()
        self._room = SimpleQueue()
        for _ in range(TURNS_IN_FLIGHT_MAX):
            self._room.put(None)
        self.durable_position = log.head.position

    @property
    def has_room(self) -> bool:
        return not self._room.empty()

    @property
    def has_turns(self) -> bool:
        return not self._turns.empty()

    def go_on(self) -> None:
        """What the thread does when it has turns."""
        self._settle(self._take())


class _Bystander(Bystander):
    """The reader, without its thread."""

    _flusher: _Flusher

    def __init__(self, machine: "Machine", settings: Settings) -> None:
        self._log = machine.log
        self._flusher = machine.flusher
        self._send = machine._send
        self._settings = settings
        self._tally = machine._tally
        self._asked = SimpleQueue()

    @property
    def is_asked(self) -> bool:
        return not self._asked.empty()

    def go_on(self) -> None:
        """What the thread does when something was asked."""
        asked = self._asked.get()
        if asked is not None:
            self._serve(asked)

    def _is_durable(self, position: int, deadline_ns: int) -> bool:
        """While this thread waits, the flusher's goes on."""
        while self._flusher.durable_position < position and self._flusher.has_turns:
            self._flusher.go_on()
        is_late = 0 < deadline_ns <= cast(Any, bystander).time.monotonic_ns()
        return self._flusher.durable_position >= position and not is_late


class _WatchedHost:
    """A host whose turns are shown to somebody."""

    def __init__(
        self,
        host: ActorHost,
        on_turn: Callable[[tuple[Call, ...], Decided, int], None],
        at: Callable[[Point], None],
    ) -> None:
        self._host = host
        self._on_turn = on_turn
        self._at = at

    def decide(self, calls: tuple[Call, ...], now_ms: int, monotonic_ns: int) -> Decided:
        decided = self._host.decide(calls, now_ms, monotonic_ns)
        self._on_turn(calls[: decided.taken], decided, now_ms)
        if decided.group is not None:
            self._at(Point.AFTER_WRITE)
        return decided

    def state(self) -> ShardState:
        return self._host.state()

    def close(self) -> None:
        self._host.close()


class Machine(ShardProcess):
    """One life of a shard's process. `on_turn` sees each turn that was decided."""

    _flusher: _Flusher

    def __init__(
        self,
        place: Place,
        log: SimulatedLog,
        clock: EngineClock,
        on_turn: Callable[["Machine", tuple[Call, ...], Decided, int], None],
    ) -> None:
        """Open the shard on what its log holds; `Died` may be raised by any method from then on."""
        self.log = log
        self.shard = place.shard
        self.inbox = Wire()
        self.outbox = Wire()
        self.doom: Point | None = None
        """Where it dies when it comes there next."""
        self.chance = Random(0)
        log.at = self._at
        self._log = cast(Any, log)
        self._clock = clock
        self._tally = Tally()
        host = ActorHost(
            log,
            Settings(),
            place=place,
            actors_max=ACTORS_MAX,
            tally=self._tally,
            request_retention_ms=REQUEST_RETENTION_MS,
        )
        self._host = cast(Any, _WatchedHost(host, partial(on_turn, self), self._at))
        self._socket = cast(Any, _Socket())
        self._send_lock = threading.Lock()
        self.flusher = self._flusher = _Flusher(log, self._send, self._tally)
        self.bystander = self._bystander = _Bystander(self, Settings())
        self._controller = Controller(self._log, Path(), self._publish)
        self._received = memoryview(bytearray(RECEIVE_BYTES))
        self._buffer = FrameBuffer()
        self._calls = []
        self._controls = []
        self._stopping = False
        self._next_timer_ms = 0

    def begin(self, publish_after: int | None) -> None:
        """What a process does when it has recovered."""
        head = self.log.head
        ready = Ready(head.position, self.log.oldest_position, head.recorded_at_ms)
        self._send(frame(Kind.READY, encode(ready)))
        if publish_after is not None:
            self._publish_after(publish_after)

    def anchor(self) -> str:
        """What the clock leaves for the next process."""
        return self._clock.anchor()

    @property
    def now_ms(self) -> int:
        """Engine time."""
        return self._clock.now_ms()

    @property
    def unfinished(self) -> tuple[int, int]:
        """Lines that are set aside, and events that others are yet to hear."""
        state = self._host.state()
        return state.prepared_lines, state.outbox_events

    def receive(self, size: int) -> None:
        """So many bytes arrive."""
        cast(Any, self._socket).arrived = self.inbox.take(min(size, RECEIVE_BYTES))
        self._receive()

    @property
    def may_decide(self) -> bool:
        """Whether there is something to decide, and room for it."""
        return self.flusher.has_room and (bool(self._calls) or self._due(self._clock.now_ms()))

    def decide(self) -> None:
        """One turn."""
        self._turn(self._clock.now_ms())

    def _is_alone(self, calls: tuple[Call, ...]) -> bool:
        """Now and then: otherwise few calls would never be overtaken before their flush."""
        return bool(calls) and not self._calls and self.chance.random() < 0.5

    def _at(self, point: Point) -> None:
        if self.doom is point:
            raise Died(point.value)

    def _send(self, data: bytes) -> None:
        self._at(Point.BEFORE_REPLY)
        if self.doom is Point.AFTER_REPLY:
            # The reader's end has a part of it, or all.
            self.outbox.put(data[: self.chance.randint(0, len(data))])
            raise Died(Point.AFTER_REPLY.value)
        self.outbox.put(data)

    def die(self) -> None:
        """The process is gone; its log may be opened by the next one."""
        self._host.close()
