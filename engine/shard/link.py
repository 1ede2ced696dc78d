"""The front end's end of the wire to one shard: calls go out gathered, replies resolve futures,
groups feed the followers.

A link outlives the processes it leads to: after a crash it is attached to the next one.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from engine.shard import frames
from engine.shard.frames import (
    Control,
    Controlled,
    FrameBuffer,
    Kind,
    Read,
    encode,
    frame,
)
from engine.shard.gateway import UNBOUNDED, UNFINISHED, Correspondents, GoOn, Unfinished
from engine.shard.messages import (
    Call,
    Prepare,
    QuestionCall,
    Request,
    Result,
    ShardStatistics,
    Write,
)
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable
from engine.shard.queries import Question

_Waiting = tuple[asyncio.Future[Result], int, GoOn | None, Call | None]
"""Who waits for the answer to a call, how much room it takes in the queue, and who goes on with it
if it is a write that is not finished by its answer."""


class ShardLink(asyncio.Protocol):
    """The way to one shard. It is the bounded gateway, and the shard's `ShardFeed`."""

    def __init__(
        self,
        shard: int,
        queue_commands_max: int,
        on_statistics: Callable[[int, ShardStatistics], None],
    ) -> None:
        """Make a link to shard number `shard` that lets at most `queue_commands_max` calls wait for
        an answer."""
        self.shard = shard
        self.head = 0
        self.oldest = 1
        self.head_time_ms = 0
        self.ready = asyncio.Event()
        self.detached = asyncio.Event()
        self.published = False
        self.heard_at = 0.0
        self._queue_commands_max = queue_commands_max
        self._on_statistics = on_statistics
        self._followers: list[Callable[[bytes], None]] = []
        self._transport: asyncio.Transport | None = None
        self._buffer = FrameBuffer()
        self._next_id = 0
        self._waiting: dict[int, _Waiting] = {}
        self._queued = 0
        self._reading: dict[int, asyncio.Future[list[bytes]]] = {}
        self._controlling: dict[int, asyncio.Future[Controlled]] = {}
        self._gathered: list[Call] = []
        self._correspondents: Correspondents | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def is_up(self) -> bool:
        """See Gateway.is_up."""
        return self.ready.is_set()

    @property
    def queued(self) -> int:
        """How much of the queue is taken: commands, and lines of baskets."""
        return self._queued

    @property
    def is_full(self) -> bool:
        """Whether the shard is up and its queue takes no more."""
        return self._queued >= self._queue_commands_max and self.ready.is_set()

    def correspond(self, correspondents: Correspondents) -> None:
        """Hand what the shard has to say to others to `correspondents`, and tell it of each change
        of `is_up`."""
        self._correspondents = correspondents

    def submit(
        self, slot: int, request: Request, deadline_ns: int, go_on: GoOn | None = None
    ) -> asyncio.Future[Result]:
        """See Gateway.submit. What is submitted in one turn of the event loop leaves in one frame;
        nothing waits for a timer."""
        if not self.ready.is_set():
            raise ShardUnavailable(self.shard)
        if self.is_full and type(request) not in UNBOUNDED:
            raise Overloaded(self.shard, self._queued)
        call_id = self._next_id
        self._next_id = call_id + 1
        future: asyncio.Future[Result] = self._loop.create_future()
        weight = _weight(request)
        call = Call(call_id, slot, time.monotonic_ns(), deadline_ns, request)
        self._waiting[call_id] = (future, weight, go_on, call if go_on else None)
        self._queued += weight
        if not self._gathered:
            self._loop.call_soon(self._send_gathered)
        self._gathered.append(call)
        return future

    def look_up(self, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.look_up."""
        if self._transport is None or not self.ready.is_set():
            raise ShardUnavailable(self.shard)
        if self.is_full:
            raise Overloaded(self.shard, self._queued)
        call_id = self._next_id
        self._next_id = call_id + 1
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting[call_id] = (future, 1, None, None)
        self._queued += 1
        asked = [QuestionCall(call_id, deadline_ns, question)]
        self._transport.write(frame(Kind.QUESTIONS, encode(asked)))
        return future

    def _send_gathered(self) -> None:
        """Send what was gathered. A call that cannot be encoded fails alone: those beside it belong
        to others."""
        calls, self._gathered = self._gathered, []
        if self._transport is None or not calls:
            return
        try:
            payload = encode(calls)
        except Exception:
            payload = encode([call for call in calls if self._can_encode(call)])
        self._transport.write(frame(Kind.CALLS, payload))

    def _can_encode(self, call: Call) -> bool:
        try:
            encode(call)
        except Exception as fault:
            future, weight, _, _ = self._waiting.pop(call.call_id)
            self._queued -= weight
            if not future.done():
                future.set_exception(fault)
            return False
        return True

    def follow(self, on_group: Callable[[bytes], None]) -> None:
        """See ShardFeed.follow."""
        self._followers.append(on_group)

    async def read(self, from_position: int, bytes_max: int) -> list[bytes]:
        """See ShardFeed.read."""
        if self._transport is None or not self.ready.is_set():
            raise ShardUnavailable(self.shard)
        read_id = self._next_id
        self._next_id = read_id + 1
        future: asyncio.Future[list[bytes]] = self._loop.create_future()
        self._reading[read_id] = future
        read = Read(read_id, from_position, bytes_max)
        self._transport.write(frame(Kind.READ, encode(read)))
        try:
            return await future
        finally:
            self._reading.pop(read_id, None)

    async def control(self, action: str, **details: Any) -> Controlled:
        """Have the shard do something between two turns: see `control.Controller`. ShardUnavailable
        if it is not up, or goes down meanwhile."""
        if self._transport is None or not self.ready.is_set():
            raise ShardUnavailable(self.shard)
        control = Control(self._next_id, action, **details)
        self._next_id += 1
        future: asyncio.Future[Controlled] = self._loop.create_future()
        self._controlling[control.control_id] = future
        self._transport.write(frame(Kind.CONTROL, encode(control)))
        try:
            return await future
        finally:
            self._controlling.pop(control.control_id, None)

    def stop(self) -> None:
        """Ask the shard to finish what has arrived and exit."""
        self.ready.clear()
        if self._transport is not None:
            self._send_gathered()
            self._transport.write(frame(Kind.STOP))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A process is attached."""
        # Not checked by isinstance: uvloop's transports are not asyncio's by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = FrameBuffer()
        self.detached.clear()

    def data_received(self, data: bytes) -> None:
        """Frames from the shard."""
        self.heard_at = self._loop.time()
        for kind, payload in self._buffer.feed(data):
            if kind == Kind.REPLIES:
                self._resolve(payload)
            elif kind == Kind.GROUP:
                # Behind those who have just been answered, who wait for nothing else.
                self._loop.call_soon(self._tell, payload)
            elif kind == Kind.OUTGOING:
                if self._correspondents is not None:
                    self._correspondents.take(self.shard, frames.decode_outgoing(payload))
            elif kind == Kind.CHUNK:
                self._read_chunk(frames.decode_chunk(payload))
            elif kind == Kind.CONTROLLED:
                self._note_controlled(frames.decode_controlled(payload))
            elif kind == Kind.STATISTICS:
                self._on_statistics(self.shard, frames.decode_statistics(payload))
            elif kind == Kind.READY:
                self._recovered(frames.decode_ready(payload))

    def _recovered(self, ready: frames.Ready) -> None:
        """The first process tells where the history ends; a later one sends what the one before it
        had not published."""
        self.oldest = ready.oldest_position
        if not self.published:
            self.published = True
            self.head = ready.head_position
            self.head_time_ms = ready.head_time_ms
        self.ready.set()
        if self._correspondents is not None:
            self._correspondents.came_up(self.shard)

    def _resolve(self, payload: bytes) -> None:
        waiting = self._waiting
        for reply in frames.decode_replies(payload):
            future, weight, go_on, call = waiting.pop(reply.call_id)
            self._queued -= weight
            result = reply.result
            if go_on is not None and call is not None and type(result) in UNFINISHED:
                write = cast(Write, call.request)
                go_on(Unfinished(self.shard, call.slot, write, call.deadline_ns, result, future))
            elif not future.done():
                future.set_result(result)

    def _tell(self, payload: bytes) -> None:
        """Show a group to those who follow."""
        self.head, self.head_time_ms, group = frames.parse_group(payload)
        for follower in self._followers:
            follower(group)

    def _note_controlled(self, controlled: Controlled) -> None:
        future = self._controlling.get(controlled.control_id)
        if future is not None and not future.done():
            future.set_result(controlled)

    def _read_chunk(self, chunk: frames.Chunk) -> None:
        reading = self._reading.get(chunk.read_id)
        if reading is None or reading.done():
            return
        if chunk.damage:
            reading.set_exception(HistoryDamaged(self.shard, chunk.damage))
        else:
            reading.set_result(chunk.groups)

    def connection_lost(self, error: Exception | None) -> None:
        """The process is gone. What waited has an unknown outcome; whoever asked may ask again with
        the same request id."""
        self.ready.clear()
        self.detached.set()
        self._transport = None
        self._gathered = []
        futures: list[asyncio.Future[Any]] = [each[0] for each in self._waiting.values()]
        futures += self._reading.values()
        futures += self._controlling.values()
        self._waiting = {}
        self._queued = 0
        self._reading = {}
        for future in futures:
            if not future.done():
                future.set_exception(ShardUnavailable(self.shard))
                future.exception()  # Whoever has lost interest need not look.
        if self._correspondents is not None:
            self._correspondents.went_down(self.shard)


def _weight(request: Request) -> int:
    """How much room a request takes in the queue: a basket as many commands as it has lines."""
    if type(request) is Write:
        return len(getattr(request.command, "lines", ())) or 1
    if type(request) is Prepare:
        return len(request.wishes)
    return 1
