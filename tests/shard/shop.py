"""A shard in this event loop, with a clock that a test moves."""

import hashlib
from collections.abc import Awaitable

import msgspec

from engine.core.answers import Reserved
from engine.core.commands import (
    BasketLine,
    Command,
    Commit,
    Context,
    Extend,
    Release,
    Reserve,
)
from engine.core.model import Key, Reservation, Stock
from engine.shard.local import LocalShard, LocalShards
from engine.shard.messages import (
    Accepted,
    Result,
    Write,
)
from engine.shard.queries import ReadReservation, ReadStock, ReservationRead, StockRead
from engine.shard.slots import slot_of, slot_of_reservation

TEA = Key("", "TEA", "LONDON")
START_MS = 1_700_000_000_000


class Shop:
    """A shard with a clock that a test moves."""

    def __init__(self, actors_max: int = 1_000) -> None:
        self.now_ms = START_MS
        self.shards = LocalShards(actors_max=actors_max, now_ms=lambda: self.now_ms)
        self.requests = 0

    @property
    def shard(self) -> LocalShard:
        return self.shards.shards[0]

    def send(
        self, command: Command, request_id: str = "", *, deadline_ns: int = 0, only: bool = False
    ) -> Awaitable[Result]:
        self.requests += 1
        context = Context(request_id or f"request-{self.requests}", validate_only=only)
        content = hashlib.blake2b(msgspec.msgpack.encode(command), digest_size=16).digest()
        if isinstance(command, Reserve):
            slot = slot_of(command.tenant, command.lines[0].key.sku)
        elif isinstance(command, Commit | Release | Extend):
            slot = slot_of_reservation(command.reservation_id) or 0
        else:
            slot = slot_of("", TEA.sku)
        return self.shards.submit(slot, Write(context, content, command), deadline_ns)

    async def accepted(self, command: Command, request_id: str = "") -> Accepted:
        result = await self.send(command, request_id)
        assert isinstance(result, Accepted), result
        return result

    async def reserve(self, units: int, ttl_ms: int = 60_000, request_id: str = "") -> Accepted:
        lines = (BasketLine("1", TEA, units),)
        return await self.accepted(Reserve("", lines, ttl_ms=ttl_ms), request_id)

    async def stock(self, key: Key = TEA) -> Stock:
        result = await self.shards.submit(slot_of("", key.sku), ReadStock(key), 0)
        assert isinstance(result, StockRead)
        assert result.stock is not None
        return result.stock

    async def reservation(self, reservation_id: str) -> Reservation | None:
        result = await self.shards.submit(0, ReadReservation("", reservation_id), 0)
        assert isinstance(result, ReservationRead)
        return result.reservation


def id_of(accepted: Accepted) -> str:
    assert isinstance(accepted.answer, Reserved)
    return accepted.answer.reservation_id
