"""Shards in this event loop whose logs are real ones in a data directory."""

from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from engine.core.answers import Answer
from engine.core.commands import (
    BasketLine,
    Command,
    Commit,
    ComputeBuffer,
    DefineKit,
    Extend,
    Receive,
    Release,
    Reserve,
    Return,
    SendTransfer,
    Ship,
)
from engine.core.configuration import Component
from engine.core.model import Fill, Key, Remainder, Reservation, Stock
from engine.log.layout import open_layout, shard_directory
from engine.log.memory import MemoryLog
from engine.log.rocks import RocksLog
from engine.shard.local import LocalShards
from engine.shard.messages import Accepted
from engine.shard.slots import slot_of
from tests.shard.market import Market

SKUS = [Key("", f"SKU-{number}", "LONDON") for number in range(9)]


class RocksMarket(Market):
    """A market in a data directory, of SKUs that lie wherever they belong."""

    def __init__(self, data_dir: Path, count: int, now_ms: int = 0, requests: int = 0) -> None:
        super().__init__(count)
        self.data_dir = data_dir
        self.now_ms = now_ms or self.now_ms
        self.requests = requests
        self.keys = SKUS
        layout = open_layout(data_dir, count)
        self.shards = LocalShards(count, epoch=layout.epoch, now_ms=lambda: self.now_ms)
        for number, shard in enumerate(self.shards.shards):
            shard.on_step = self._step
            shard.crash()
            log = RocksLog(shard_directory(data_dir, number), create=False)
            shard.log = cast(MemoryLog, log)
            shard.head = log.head.position
        self.shards.start()

    def slot(self, command: Command) -> int:
        if isinstance(command, SendTransfer | ComputeBuffer):
            return slot_of("", command.sku)
        return super().slot(command)

    def stop(self) -> None:
        """Close all logs."""
        self.close()
        for shard in self.shards.shards:
            shard.log.close()

    def stocks(self) -> dict[Key, Stock | None]:
        """Every SKU-location."""
        locations = ("LONDON", "PARIS")
        return {
            key: next(
                (found for shard in self.shards.shards if (found := shard.log.stock(key))), None
            )
            for key in [Key("", sku.sku, location) for sku in SKUS for location in locations]
        }


class Walk:
    """Commands at random, over few SKUs, so that they meet each other often."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.answers: list[tuple[Command, str, Answer]] = []
        self.reservations: list[str] = []

    async def take(self, market: RocksMarket, steps: int) -> None:
        """So many steps. The market is idle, and everything told, after the last."""
        for _ in range(steps):
            command = self._command()
            request_id = f"step-{len(self.answers)}-{self.random.random()}"
            result = await market.answer(command, request_id)
            if isinstance(result, Accepted) and result.position:
                self.answers.append((command, request_id, result.answer))
                created = getattr(result.answer, "reservation_id", None)
                if isinstance(command, Reserve) and created:
                    self.reservations.append(created)
            market.now_ms += self.random.choice([1, 500, 20_000])
        await market.settle()

    def _command(self) -> Command:
        random = self.random
        key, units = random.choice(SKUS), random.choice([1, 2, 5])
        make: list[tuple[int, Any]] = [
            (3, lambda: Receive(key, random.choice([3, 10]))),
            (1, lambda: SendTransfer("", key.sku, "LONDON", "PARIS", units)),
            (1, lambda: DefineKit("", f"KIT-{units}", (Component(key.sku, units),))),
            (6, self._basket),
        ]
        if self.reservations:
            name = random.choice(self.reservations[-12:])
            make += [
                (3, lambda: Commit("", name, remainder=random.choice(list(Remainder)))),
                (1, lambda: Release("", name)),
                (2, lambda: Ship("", name)),
                (1, lambda: Return("", name)),
                (1, lambda: Extend("", name, ttl_ms=60_000)),
            ]
        (chosen,) = random.choices([each for _, each in make], [weight for weight, _ in make])
        command: Command = chosen()
        return command

    def _basket(self) -> Reserve:
        random = self.random
        lines = tuple(
            BasketLine(
                str(number),
                key,
                random.choice([1, 2, 6]),
                allow_backorder=random.random() < 0.3,
            )
            for number, key in enumerate(random.sample(SKUS, random.choice([1, 2, 4])))
        )
        return Reserve(
            "",
            lines,
            fill=random.choice(list(Fill)),
            ttl_ms=random.choice([5_000, 3_600_000]),
            reference=f"cart-{random.randrange(5)}",
            wait_ms=random.choice([0, 3_600_000]),
        )


class Seen(NamedTuple):
    """What callers see of a market: its stock, its reservations but for when their lines began to
    wait (which each shard says for itself), and the answers to requests that are repeated."""

    stocks: dict[Key, Stock | None]
    reservations: list[Reservation | None]
    answers: list[Answer]


async def look(market: RocksMarket, walk: Walk) -> Seen:
    """What callers see now. Repeating requests must change nothing."""
    stocks = market.stocks()
    answers = []
    for command, request_id, _ in walk.answers:
        result = await market.answer(command, request_id)
        assert isinstance(result, Accepted), (command, result)
        assert result.replayed, command
        answers.append(result.answer)
    assert market.stocks() == stocks
    found = [await market.reservation(name) for name in walk.reservations]
    return Seen(stocks, [each and _without_queues(each) for each in found], answers)


def _without_queues(one: Reservation) -> Reservation:
    return replace(one, lines=tuple(replace(line, queued_at_ms=0) for line in one.lines))
