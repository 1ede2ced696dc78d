"""Shards without processes: the same actors on in-memory logs, in this event loop. For tests, and
for whoever tests against the engine."""

import asyncio
import time
from collections.abc import Callable

from engine.core.model import Settings
from engine.log.codec import decode_group
from engine.log.memory import MemoryLog
from engine.shard import slots
from engine.shard.host import ActorHost
from engine.shard.messages import Call, Request, Result
from engine.shard.port import Overloaded, ShardUnavailable
from engine.shard.shard_actor import Decided
from engine.shard.tally import Tally

_Waiting = tuple[Call, asyncio.Future[Result]]


def wall_ms() -> int:
    """The wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class LocalShard:
    """One shard in this event loop; it is its own feed. What is submitted in one turn of the loop
    is one turn of the shard."""

    def __init__(
        self,
        shard: int,
        settings: Settings,
        epoch: int,
        actors_max: int,
        queue_commands_max: int,
        now_ms: Callable[[], int],
    ) -> None:
        self.shard = shard
        self.head = 0
        self.oldest = 1
        self.head_time_ms = 0
        self.tally = Tally()
        self.log = MemoryLog()
        self._settings = settings
        self._epoch = epoch
        self._actors_max = actors_max
        self._queue_commands_max = queue_commands_max
        self._now_ms = now_ms
        self._host: ActorHost | None = None
        self._followers: list[Callable[[bytes], None]] = []
        self._gathered: list[_Waiting] = []
        self.start()

    def start(self) -> None:
        """Open the shard on what its log holds."""
        self._host = ActorHost(
            self.log,
            self._settings,
            epoch=self._epoch,
            actors_max=self._actors_max,
            tally=self.tally,
        )

    def crash(self) -> None:
        """Lose everything that is not durable, and stop: what waits fails. `start` brings it
        back."""
        gathered, self._gathered = self._gathered, []
        for _, future in gathered:
            if not future.done():
                future.set_exception(ShardUnavailable(self.shard))
        if self._host is not None:
            self._host.close()
        self._host = None
        self.log = self.log.crash()

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.submit."""
        if self._host is None:
            raise ShardUnavailable(self.shard)
        if len(self._gathered) >= self._queue_commands_max:
            raise Overloaded(self.shard, len(self._gathered))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if not self._gathered:
            loop.call_soon(self.turn)
        call = Call(len(self._gathered), slot, time.monotonic_ns(), deadline_ns, request)
        self._gathered.append((call, future))
        return future

    def turn(self) -> None:
        """Decide what was gathered and expire what is due; make it durable, answer and publish."""
        if self._host is None:
            return
        now_ms = max(self._now_ms(), self.log.head.recorded_at_ms)
        while True:
            gathered, self._gathered = self._gathered, []
            calls = tuple(call for call, _ in gathered)
            decided = self._host.decide(calls, now_ms, time.monotonic_ns())
            self._answer(decided, gathered, now_ms)
            self._gathered = gathered[decided.taken :] + self._gathered
            is_due = decided.next_timer_ms is not None and decided.next_timer_ms <= now_ms
            if not self._gathered and not is_due:
                return

    def _answer(self, decided: Decided, gathered: list[_Waiting], now_ms: int) -> None:
        self.log.flush()
        for reply, (_, future) in zip(decided.replies, gathered, strict=False):
            if not future.done():
                future.set_result(reply.result)
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
    ) -> None:
        """Make `count` empty shards. `now_ms` is the engine's clock."""
        self.count = count
        self.history = history
        self.epoch = epoch
        self.shards = [
            LocalShard(shard, settings or Settings(), epoch, actors_max, queue_commands_max, now_ms)
            for shard in range(count)
        ]

    def shard_of(self, slot: int) -> int:
        """See Shards.shard_of."""
        return slots.shard_of(slot, self.count)

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        """See Shards.submit."""
        return self.shards[self.shard_of(slot)].submit(slot, request, deadline_ns)

    def feed(self, shard: int) -> LocalShard:
        """See Shards.feed."""
        return self.shards[shard]

    def close(self) -> None:
        """End every shard."""
        for shard in self.shards:
            shard.close()
