"""Shards as the engine of a trial: the same actors, turns and logs that serve callers, in this
event loop, with crashes between steps."""

import asyncio
import hashlib
from collections.abc import Awaitable
from typing import Any, TypeVar

import msgspec

from engine.core.commands import Command, Context
from engine.core.events import Event
from engine.core.model import Key, Reservation, Stock
from engine.log.chain import chain_hash
from engine.log.codec import decode_group
from engine.log.port import GENESIS_HASH
from engine.log.replay import Differences, Replay
from engine.shard.local import LocalShards
from engine.shard.messages import Accepted, Refused, Result, Write
from engine.shard.queries import ReadReservation, ReadStock, ReservationRead, StockRead
from engine.shard.slots import slot_of, slot_of_reservation
from tests.resting import at_rest

Waited = TypeVar("Waited")


class ShardEngine:
    """A node of so many shards without processes. Its clock goes where it is told."""

    def __init__(self, shards: int = 1) -> None:
        self.now_ms = 0
        self.sweeps_on_time = shards > 1
        self.loop = asyncio.new_event_loop()
        self.shards = self._wait(self._make(shards))
        self.requests = 0
        self.last: Accepted | None = None
        """The last command that took effect, as it was answered."""
        self._events: list[Event] = []
        for shard in self.shards.shards:
            shard.follow(self._take)

    async def _make(self, shards: int) -> LocalShards:
        return LocalShards(shards, actors_max=5, now_ms=lambda: self.now_ms)

    def _wait(self, what: Awaitable[Waited]) -> Waited:
        return self.loop.run_until_complete(what)

    def _take(self, group: bytes) -> None:
        for commit in decode_group(group).commits:
            self._events += [recorded.event for recorded in commit.recorded]

    def move_clock(self, now_ms: int) -> None:
        has_moved, self.now_ms = now_ms > self.now_ms > 0, now_ms
        if has_moved and self.sweeps_on_time:
            self._wait(self._sweep())

    async def _sweep(self) -> None:
        for shard in self.shards.shards:
            shard.turn()
        await at_rest()

    def do(self, command: Command, source: str, sequence: int) -> object:
        self.requests += 1
        return self.ask(command, f"request-{self.requests}", source, sequence)

    def ask(self, command: Command, request_id: str, source: str = "", sequence: int = 0) -> object:
        """One command under a request id: its answer, or the rejection."""
        context = Context(request_id, source=source, source_sequence=sequence)
        content = hashlib.blake2b(msgspec.msgpack.encode(command), digest_size=16).digest()
        result = self._submit(slot_for(command), Write(context, content, command))
        if isinstance(result, Refused):
            return result.rejection
        assert isinstance(result, Accepted), result
        self.last = result
        return result.answer

    def preview(self, command: Command) -> object:
        """What the command would be answered with, or the rejection."""
        self.requests += 1
        context = Context(f"request-{self.requests}", validate_only=True)
        result = self._submit(slot_for(command), Write(context, b"", command))
        if isinstance(result, Refused):
            return result.rejection
        assert isinstance(result, Accepted), result
        return result.answer

    def _submit(self, slot: int, request: Any) -> Result:
        async def submit() -> Result:
            result = await self.shards.submit(slot, request, 0)
            # Shards have nothing more to say to each other then.
            await at_rest()
            return result

        answered: Result = self._wait(submit())
        return answered

    def crash(self) -> None:
        """The node loses what is not durable, and comes back."""

        async def restart() -> None:
            self.shards.crash()
            self.shards.start()
            await at_rest()

        self._wait(restart())

    def stock(self, key: Key) -> Stock | None:
        read = self._submit(slot_of("", key.sku), ReadStock(key))
        assert isinstance(read, StockRead), read
        return read.stock

    def reservation(self, reservation_id: str) -> Reservation | None:
        slot = slot_of_reservation(reservation_id) or 0
        read = self._submit(slot, ReadReservation("", reservation_id))
        assert isinstance(read, ReservationRead), read
        return read.reservation

    def happened(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def check_log(self) -> None:
        """The whole log is replayed, and has to make what is stored."""
        differences = Differences()
        for shard in self.shards.shards:
            replay = Replay(shard.shard, differences, self.shards.count)
            previous = GENESIS_HASH
            for body in shard.log.read(1, 1 << 40, shard.log.head.position):
                previous = chain_hash(previous, body)
                replay.apply(decode_group(body).last_position, previous, body)
            assert replay.totals() == shard.log.totals()
            assert replay.timers() == set(shard.log.timers())
            for key, stock in replay.stock.items():
                assert shard.log.stock(key) == stock, key
            for reservation_id, reservation in replay.reservations.items():
                assert shard.log.reservation(reservation_id) == reservation
        assert not differences.listed, differences.listed

    def shard_of(self, sku: str) -> int:
        """Which shard a SKU belongs to."""
        return self.shards.shard_of(slot_of("", sku))

    def close(self) -> None:
        self.shards.close()
        self.loop.close()


def slot_for(command: Any) -> int:
    """The slot that a command is sent to, as the front end finds it."""
    if hasattr(command, "reservation_id"):
        return slot_of_reservation(command.reservation_id) or 0
    if hasattr(command, "transfer_id"):
        return slot_of_reservation(command.transfer_id) or 0
    if hasattr(command, "key"):
        return slot_of("", command.key.sku)
    if hasattr(command, "from_location"):
        return slot_of("", command.sku)
    if hasattr(command, "lines"):
        return slot_of("", command.lines[0].key.sku)
    return 0
