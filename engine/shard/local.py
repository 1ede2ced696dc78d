"""Shards without processes: the same actors on in-memory logs, in this event loop. For tests, and
for whoever tests against the engine."""

import asyncio
import time
from collections.abc import Callable, Mapping

from engine.core.model import Settings
from engine.log.codec import decode_group
from engine.log.memory import MemoryLog
from engine.log.port import LogError
from engine.shard import slots
from engine.shard.baskets import Baskets
from engine.shard.beside import read_beside
from engine.shard.gateway import UNBOUNDED, UNFINISHED, Correspondents, GoOn, Unfinished
from engine.shard.host import ActorHost
from engine.shard.messages import Call, Failed, Request, Result, Write
from engine.shard.port import Overloaded, ShardUnavailable
from engine.shard.queries import Question
from engine.shard.relay import Relay
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.shard_actor import Decided
from engine.shard.tally import ShardState, Tally
from engine.shard.turn_view import Place

_Waiting = tuple[Call, asyncio.Future[Result], GoOn | None]

OnStep = Callable[[int, str], None]
"""Called with a shard's number before it decides calls ("taken"), and after what was decided was
"appended", "flushed" and "answered"; not when nothing happens. It may crash shards."""


def wall_ms() -> int:
    """The wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _no_step(_shard: int, _step: str) -> None:
    """Nothing happens at a step."""


class LocalShard:
    """One shard in this event loop; it is its own feed. What is submitted in one turn of the loop
    is one turn of the shard."""

    def __init__(
        self,
        place: Place,
        settings: Settings,
        actors_max: int,
        queue_commands_max: int,
        now_ms: Callable[[], int],
        *,
        request_retention_ms: int = REQUEST_RETENTION_MS,
    ) -> None:
        self.shard = place.shard
        self.head = 0
        self.oldest = 1
        self.head_time_ms = 0
        self.tally = Tally()
        self.log = MemoryLog()
        self.on_step: OnStep = _no_step
        self._place = place
        self._settings = settings
        self._actors_max = actors_max
        self._queue_commands_max = queue_commands_max
        self._now_ms = now_ms
        self._request_retention_ms = request_retention_ms
        self._correspondents: Correspondents | None = None
        self._followers: list[Callable[[bytes], None]] = []
        self._gathered: list[_Waiting] = []
        self._deciding: list[_Waiting] = []
        self._host: ActorHost | None = self._open()

    def _open(self) -> ActorHost:
        return ActorHost(
            self.log,
            self._settings,
            place=self._place,
            actors_max=self._actors_max,
            tally=self.tally,
            request_retention_ms=self._request_retention_ms,
        )

    @property
    def is_up(self) -> bool:
        """See Gateway.is_up."""
        return self._host is not None

    def correspond(self, correspondents: Correspondents) -> None:
        """Hand what the shard has to say to others to `correspondents`."""
        self._correspondents = correspondents

    def start(self) -> None:
        """Open the shard again, on what its log holds."""
        self._host = self._open()
        if self._correspondents is not None:
            self._correspondents.came_up(self.shard)
        asyncio.get_running_loop().call_soon(self.turn)

    def crash(self) -> None:
        """Lose everything that is not durable, and stop: what waits fails. `start` brings it
        back."""
        if self._host is None:
            return
        waiting = self._deciding + self._gathered
        self._deciding, self._gathered = [], []
        self._host.close()
        self._host = None
        self.log = self.log.crash()
        for _, future, _ in waiting:
            if not future.done():
                future.set_exception(ShardUnavailable(self.shard))
                future.exception()  # Whoever has lost interest need not look.
        if self._correspondents is not None:
            self._correspondents.went_down(self.shard)

    def state(self) -> ShardState:
        """What there is in the shard. ShardUnavailable if it is down."""
        if self._host is None:
            raise ShardUnavailable(self.shard)
        return self._host.state()

    @property
    def queued(self) -> int:
        """Calls that wait for the turn."""
        return len(self._gathered)

    @property
    def is_full(self) -> bool:
        """Whether no more calls may wait."""
        return self.is_up and self.queued >= self._queue_commands_max

    def submit(
        self, slot: int, request: Request, deadline_ns: int, go_on: GoOn | None = None
    ) -> asyncio.Future[Result]:
        """See Gateway.submit."""
        if self._host is None:
            raise ShardUnavailable(self.shard)
        if self.is_full and type(request) not in UNBOUNDED:
            raise Overloaded(self.shard, self.queued)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if not self._gathered:
            loop.call_soon(self.turn)
        call = Call(len(self._gathered), slot, time.monotonic_ns(), deadline_ns, request)
        self._gathered.append((call, future, go_on))
        return future

    def look_up(self, question: Question) -> asyncio.Future[Result]:
        """See Shards.look_up."""
        if self._host is None:
            raise ShardUnavailable(self.shard)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(
                read_beside(self.log, question, self.log.head.position, self._settings)
            )
        except LogError:
            future.set_result(Failed())
        return future

    def turn(self) -> None:
        """Decide what was gathered and let happen what is due; make it durable, answer and
        publish."""
        if self._host is None:
            return
        now_ms = max(self._now_ms(), self.log.head.recorded_at_ms)
        while self._host is not None:
            self._deciding, self._gathered = self._gathered, []
            host = self._host
            calls = tuple(call for call, _, _ in self._deciding)
            if calls and not self._stands(host, "taken"):
                return
            decided = host.decide(calls, now_ms, time.monotonic_ns())
            is_idle = not (calls or decided.group or decided.outgoing)
            if not (is_idle or self._stands(host, "appended")):
                return
            self.log.flush()
            if not (is_idle or self._stands(host, "flushed")):
                return
            self._answer(decided, now_ms)
            if not (is_idle or self._stands(host, "answered")):
                return
            is_due = decided.next_timer_ms is not None and decided.next_timer_ms <= now_ms
            if not self._gathered and not is_due:
                return

    def _stands(self, host: ActorHost, step: str) -> bool:
        """Whether the shard has outlived a step."""
        self.on_step(self.shard, step)
        return self._host is host

    def _answer(self, decided: Decided, now_ms: int) -> None:
        answered, left = self._deciding[: decided.taken], self._deciding[decided.taken :]
        self._deciding = []
        self._gathered = left + self._gathered
        if decided.outgoing and self._correspondents is not None:
            self._correspondents.take(self.shard, decided.outgoing)
        for reply, (call, future, go_on) in zip(decided.replies, answered, strict=True):
            result, request = reply.result, call.request
            if go_on is not None and type(result) in UNFINISHED and isinstance(request, Write):
                go_on(Unfinished(self.shard, call.slot, request, call.deadline_ns, result, future))
            elif not future.done():
                future.set_result(result)
        if decided.group is not None:
            self.head = decided.position
            self.head_time_ms = now_ms
            for follower in self._followers:
                follower(decided.group)

    def follow(self, on_group: Callable[[bytes], None]) -> None:
        """See ShardFeed.follow."""
        self._followers.append(on_group)

    async def read(self, from_position: int, bytes_max: int) -> list[bytes]:
        """See ShardFeed.read."""
        if self._host is None:
            raise ShardUnavailable(self.shard)
        return self.log.read(from_position, bytes_max, self.head)

    def events(self) -> int:
        """How many events the log holds."""
        groups = self.log.read(1, 1 << 40, self.log.head.position)
        return sum(len(c.recorded) for group in groups for c in decode_group(group).commits)

    def close(self) -> None:
        """End the actor system."""
        if self._host is not None:
            self._host.close()
            self._host = None


class LocalShards:
    """`Shards` of LocalShard."""

    def __init__(
        self,
        count: int = 1,
        *,
        settings: Settings | None = None,
        history: str = "10ca1000",
        epoch: int = 1,
        actors_max: int = 100_000,
        queue_commands_max: int = 16_384,
        now_ms: Callable[[], int] = wall_ms,
        request_retention_ms: int = REQUEST_RETENTION_MS,
    ) -> None:
        """Make `count` empty shards. `now_ms` is the engine's clock."""
        self.count = count
        self.history = history
        self.epoch = epoch
        self.past_epochs: Mapping[int, tuple[int, ...]] = {}
        self.shards = [
            LocalShard(
                Place(shard, count, epoch),
                settings or Settings(),
                actors_max,
                queue_commands_max,
                now_ms,
                request_retention_ms=request_retention_ms,
            )
            for shard in range(count)
        ]
        self._lives = 0
        self._baskets: Baskets | None = None
        self._begin()

    def _begin(self) -> None:
        """Begin a life of the front end."""
        if self.count == 1:
            return
        self._lives += 1
        relay = Relay(self.shards)
        self._baskets = Baskets(self.shards, relay, f"life{self._lives}")
        for shard in self.shards:
            shard.correspond(relay)

    def crash(self) -> None:
        """The whole node loses everything that is not durable, and stops: `start` brings it
        back."""
        for shard in self.shards:
            shard.crash()
        if self._baskets is not None:
            self._baskets.close()
        self._begin()

    def start(self) -> None:
        """Start every shard that is down."""
        for shard in self.shards:
            if not shard.is_up:
                shard.start()

    def shard_of(self, slot: int) -> int:
        """See Shards.shard_of."""
        return slots.shard_of(slot, self.count)

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.submit."""
        baskets = self._baskets
        go_on = baskets.go_on if baskets is not None and type(request) is Write else None
        return self.shards[self.shard_of(slot)].submit(slot, request, deadline_ns, go_on)

    def overload(self) -> Overloaded | None:
        """See Shards.overload."""
        if all(shard.is_full for shard in self.shards):
            return Overloaded(self.shards[-1].shard, self.shards[-1].queued)
        return None

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.look_up. It is answered at once, so no deadline passes."""
        del deadline_ns
        return self.shards[shard].look_up(question)

    def feed(self, shard: int) -> LocalShard:
        """See Shards.feed."""
        return self.shards[shard]

    def close(self) -> None:
        """End every shard."""
        if self._baskets is not None:
            self._baskets.close()
        for shard in self.shards:
            shard.close()
