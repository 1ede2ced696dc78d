"""Several shards in this event loop, with one SKU in each, a clock that a test moves, and crashes
at any step."""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec

from engine.core.commands import BasketLine, Command, Context, Receive, Reserve
from engine.core.model import Key, Reservation, Stock
from engine.log.chain import chain_hash
from engine.log.codec import decode_group
from engine.log.port import GENESIS_HASH
from engine.log.replay import Differences, Replay
from engine.shard.local import LocalShard, LocalShards
from engine.shard.messages import Accepted, Result, Write
from engine.shard.port import ShardUnavailable
from engine.shard.queries import ReadReservation, ReadStock, ReservationRead, StockRead
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.slots import shard_of, slot_of, slot_of_reservation
from tests.resting import at_rest

START_MS = 1_700_000_000_000
PATIENCE_MS = 3_000
"""Longer than a shard waits before it asks, or asks again."""


def sku_in(shard: int, count: int) -> str:
    """A SKU that belongs to a shard."""
    numbers = range(10_000)
    names = (f"SKU-{number}" for number in numbers)
    return next(name for name in names if shard_of(slot_of("", name), count) == shard)


class Market:
    """A node with one SKU in each shard. `keys` are those."""

    def __init__(self, count: int, *, request_retention_ms: int = REQUEST_RETENTION_MS) -> None:
        self.now_ms = START_MS
        self.shards = LocalShards(
            count, now_ms=lambda: self.now_ms, request_retention_ms=request_retention_ms
        )
        self.keys = [Key("", sku_in(shard, count), "LONDON") for shard in range(count)]
        self.count = count
        self.requests = 0
        self.steps: list[tuple[int, str]] = []
        self._crash_at: int | None = None
        self._victims: Sequence[int] = ()
        for shard in self.shards.shards:
            shard.on_step = self._step

    def crash_at(self, step: int, victims: Sequence[int]) -> None:
        """Crash these shards, or with all of them the whole node, at the step that is so many from
        here."""
        self.steps.clear()
        self._crash_at, self._victims = step, victims

    def _step(self, shard: int, step: str) -> None:
        self.steps.append((shard, step))
        if len(self.steps) - 1 == self._crash_at:
            self._crash_at = None
            self.crash(self._victims)

    def crash(self, victims: Sequence[int]) -> None:
        if len(victims) == self.count:
            self.shards.crash()
        for victim in victims:
            self.shards.shards[victim].crash()

    def slot(self, command: Command) -> int:
        if hasattr(command, "reservation_id"):
            return slot_of_reservation(command.reservation_id) or 0
        if hasattr(command, "lines"):
            return slot_of("", command.lines[0].key.sku)
        return slot_of("", command.key.sku) if hasattr(command, "key") else 0

    def send(
        self, command: Command, request_id: str = "", *, only: bool = False
    ) -> asyncio.Future[Result]:
        return self.shards.submit(self.slot(command), self.write(command, request_id, only=only), 0)

    def write(self, command: Command, request_id: str = "", *, only: bool = False) -> Write:
        self.requests += 1
        context = Context(request_id or f"request-{self.requests}", validate_only=only)
        content = hashlib.blake2b(msgspec.msgpack.encode(command), digest_size=16).digest()
        return Write(context, content, command)

    async def answer(self, command: Command, request_id: str = "") -> Result | None:
        """The result; None if a shard is gone."""
        try:
            return await self.send(command, request_id)
        except ShardUnavailable:
            return None

    async def accepted(self, command: Command, request_id: str = "") -> Accepted:
        result = await self.send(command, request_id)
        assert isinstance(result, Accepted), result
        return result

    async def stocked(self, units: Sequence[int]) -> "Market":
        """Receive so many units at each SKU; 0: there is no such SKU-location."""
        for key, quantity in zip(self.keys, units, strict=True):
            if quantity:
                await self.accepted(Receive(key, quantity))
        return self

    def basket(self, units: Sequence[int], home: int = 0, **terms: object) -> Reserve:
        """A basket of so many units of each SKU, the home's first."""
        order = [home, *[shard for shard in range(self.count) if shard != home]]
        lines = tuple(BasketLine(str(n), self.keys[n], units[n]) for n in order if units[n])
        return msgspec.structs.replace(Reserve("", lines, ttl_ms=3_600_000), **terms)

    async def stock(self, shard: int) -> Stock:
        key = self.keys[shard]
        result = await self.shards.submit(slot_of("", key.sku), ReadStock(key), 0)
        assert isinstance(result, StockRead)
        return result.stock or Stock()

    async def held(self) -> list[int]:
        return [(await self.stock(shard)).held for shard in range(self.count)]

    async def reservation(self, reservation_id: str) -> Reservation | None:
        slot = slot_of_reservation(reservation_id) or 0
        result = await self.shards.submit(slot, ReadReservation("", reservation_id), 0)
        assert isinstance(result, ReservationRead)
        return result.reservation

    async def idle(self) -> None:
        """Return when nothing happens any more by itself, at this time."""
        await at_rest()

    async def settle(self) -> None:
        """Start what is down, and let time pass until everything has been asked and answered."""
        self.shards.start()
        for _ in range(4):
            await self.idle()
            self.now_ms += PATIENCE_MS
            for shard in self.shards.shards:
                shard.turn()
        await self.idle()

    def waiting(self) -> list[tuple[int, int] | None]:
        """For each shard the lines that are prepared, and the events that others are to hear; of
        one that is down nothing is known."""
        return [_waiting(shard) if shard.is_up else None for shard in self.shards.shards]

    def audit(self) -> list[str]:
        """What a replay of each log finds wrong in it, and where it differs from what is stored."""
        differences = Differences()
        for number, shard in enumerate(self.shards.shards):
            replay = Replay(number, differences, self.count)
            previous = GENESIS_HASH
            for body in shard.log.read(1, 1 << 40, shard.log.head.position):
                previous = chain_hash(previous, body)
                replay.apply(decode_group(body).last_position, previous, body)
            if replay.totals() != shard.log.totals():
                differences.add(f"shard {number}: {replay.totals()} != {shard.log.totals()}")
            if replay.timers() != set(shard.log.timers()):
                differences.add(f"shard {number}: timers")
            for reservation_id, reservation in replay.reservations.items():
                if shard.log.reservation(reservation_id) != reservation:
                    differences.add(f"shard {number}: {reservation_id}")
        return differences.listed

    def close(self) -> None:
        self.shards.close()


def _waiting(shard: LocalShard) -> tuple[int, int]:
    state = shard.state()
    return state.prepared_lines, state.outbox_events
