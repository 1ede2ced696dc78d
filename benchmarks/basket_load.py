"""Baskets whose lines live in several shards, and what is known of them by their answers alone.

Every basket has lines in at least two shards. Some of its SKUs are scarce: baskets back-order them
or wait for them, and are served when units arrive. Baskets are amended, committed, shipped and
given back, some only long after they were made.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from holdfast import Client, commands, types
from holdfast.errors import HoldfastError

from benchmarks.effects import Acknowledged
from benchmarks.persist import until_known
from engine.shard.slots import shard_of, slot_of

LOCATION = "WAREHOUSE"
PLENTY_UNITS, SCARCE_UNITS, BACKORDER_LIMIT = 1_000_000, 8, 4
TTL_S = 36_000
PATIENCE = timedelta(hours=10)
OPEN_MAX = 200
"""Baskets that are left open at once, to be finished later."""


class Assortment(NamedTuple):
    """SKUs by shard."""

    plentiful: dict[int, list[str]]
    scarce: dict[int, list[str]]

    @property
    def skus(self) -> list[str]:
        """All of them."""
        return [sku for kind in self for skus in kind.values() for sku in skus]


def assortment(shards: int, plentiful: int = 4, scarce: int = 2) -> Assortment:
    """So many SKUs of each kind in each shard."""
    made = Assortment(
        {shard: [] for shard in range(shards)}, {shard: [] for shard in range(shards)}
    )
    number = 0
    left = shards * (plentiful + scarce)
    while left:
        number += 1
        sku = f"SKU-{number}"
        shard = shard_of(slot_of("", sku), shards)
        kind, enough = made.plentiful, plentiful
        if len(kind[shard]) == enough:
            kind, enough = made.scarce, scarce
        if len(kind[shard]) < enough:
            kind[shard].append(sku)
            left -= 1
    return made


@dataclass
class Known:
    """What a reservation has by its answers: units by line and SKU. Open ones are held, allocated
    or waiting: which of these they are changes by itself as units arrive."""

    open: Counter[tuple[str, str]] = field(default_factory=Counter)
    shipped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def learn(self, answer: Any) -> None:
        """Take in an answer about it."""
        match answer:
            case types.Reserved():
                self.open += _units(answer.lines)
            case types.Amended():
                self.open += _units(answer.lines)
                self.open -= _units(answer.freed_lines)
            case types.Committed():
                self.open -= _units(answer.freed_lines)
            case types.Released():
                self.open -= _units(answer.lines)
            case types.Shipped():
                self.open -= _units(answer.lines)
                self.shipped += _units(answer.lines)


def _units(lines: tuple[types.LineResult, ...]) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for line in lines:
        units[line.line_id, line.sku] += line.quantity + line.waiting
    return units


@dataclass
class Answers:
    """All that clients were told."""

    history: Acknowledged = field(default_factory=Acknowledged)
    acknowledged: list[tuple[commands.Command[Any], Any]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """By kind of refusal."""
    reservations: dict[str, Known] = field(default_factory=dict)
    received: Counter[str] = field(default_factory=Counter)
    """Units by SKU."""
    replayed: int = 0
    waiting: int = 0

    def answer(self, command: commands.Command[Any], answer: Any) -> None:
        """Note an acknowledged write."""
        self.acknowledged.append((command, answer))
        self.replayed += answer.replayed
        reservation_id = getattr(answer, "reservation_id", "")
        if reservation_id:
            self.history.answer(command.request_id, answer)
            self.reservations.setdefault(reservation_id, Known()).learn(answer)
            self.waiting += getattr(answer, "waiting", False)

    def refuse(self, command: commands.Command[Any], error: HoldfastError) -> None:
        """Note a write that was refused."""
        self.refused[type(error).__name__] += 1
        self.history.refuse(command.request_id)


class Shopper:
    """One task of a client: one basket after the other, until told to stop."""

    def __init__(
        self, client: Client, name: str, answers: Answers, skus: Assortment, chance: random.Random
    ) -> None:
        self._client = client
        self._name = name
        self._answers = answers
        self._skus = skus
        self._chance = chance
        self._open: list[str] = []
        self._number = 0

    async def basket(self) -> None:
        """Make a basket and decide its fate; at times, see to one that was left open, or let units
        of a scarce SKU arrive."""
        chance = self._chance
        self._number += 1
        if chance.random() < 0.2:
            await self._receive()
        if self._open and (chance.random() < 0.3 or len(self._open) > OPEN_MAX):
            await self._finish(self._open.pop(chance.randrange(len(self._open))))
        wait = PATIENCE if chance.random() < 0.5 else None
        reserved = await self._ask(
            commands.reserve(self._lines(), ttl_s=TTL_S, wait=wait, request_id=self._id("reserve"))
        )
        if reserved is None:
            return
        reservation_id = reserved.reservation_id
        if chance.random() < 0.4:
            await self._ask(self._amendment(reserved))
        if chance.random() < 0.3:
            self._open.append(reservation_id)
        else:
            await self._finish(reservation_id)

    def _lines(self) -> list[types.Line]:
        chance = self._chance
        shards = chance.sample(sorted(self._skus.plentiful), chance.randint(2, 4))
        return [self._line(shard, str(number)) for number, shard in enumerate(shards, 1)]

    def _line(self, shard: int, line_id: str) -> types.Line:
        chance = self._chance
        kind = self._skus.scarce if chance.random() < 0.3 else self._skus.plentiful
        return types.Line(
            chance.choice(kind[shard]),
            LOCATION,
            chance.randint(1, 3),
            line_id,
            allow_backorder=chance.random() < 0.5,
        )

    def _amendment(self, reserved: types.Reserved) -> commands.Command[Any]:
        """The first line in another quantity, the second one gone, and one of any shard added."""
        first = reserved.lines[0]
        changed = types.Line(first.sku, LOCATION, self._chance.randint(1, 4), first.line_id)
        added = self._line(self._chance.choice(sorted(self._skus.plentiful)), "added")
        dropped = ["2"] if self._chance.random() < 0.5 else []
        return commands.amend(
            reserved.reservation_id,
            set_lines=[changed, added],
            drop_lines=dropped,
            request_id=self._id("amend"),
        )

    async def _finish(self, reservation_id: str) -> None:
        """Commit and perhaps ship, or give back."""
        fate = self._chance.random()
        if fate < 0.7:
            await self._ask(commands.commit(reservation_id, request_id=self._id("commit")))
        if fate < 0.4:
            await self._ask(commands.ship(reservation_id, request_id=self._id("ship")))
        elif fate > 0.55:
            await self._ask(commands.release(reservation_id, request_id=self._id("release")))

    async def _receive(self) -> None:
        skus = self._skus.scarce[self._chance.choice(sorted(self._skus.scarce))]
        sku, units = self._chance.choice(skus), self._chance.randint(1, 5)
        command = commands.receive(sku, LOCATION, units, request_id=self._id("receive"))
        if await self._ask(command) is not None:
            self._answers.received[sku] += units

    def _id(self, what: str) -> str:
        return f"{self._name}-{self._number}-{what}-{self._chance.randrange(1 << 40):x}"

    async def _ask(self, command: commands.Command[Any]) -> Any:
        """The answer, or None if it is refused. The same command again is the same write."""

        async def ask() -> Any:
            (outcome,) = await self._client.execute([command])
            if isinstance(outcome, HoldfastError):
                raise outcome
            return outcome

        try:
            answer = await until_known(ask)
        except HoldfastError as error:
            self._answers.refuse(command, error)
            return None
        self._answers.answer(command, answer)
        return answer


async def bring_stock(client: Client, skus: Assortment, answers: Answers) -> None:
    """Receive what there is to begin with."""
    scarce = [sku for each in skus.scarce.values() for sku in each]
    units = dict.fromkeys(skus.skus, PLENTY_UNITS) | dict.fromkeys(scarce, SCARCE_UNITS)
    batch: list[commands.Command[Any]] = [
        commands.receive(sku, LOCATION, number) for sku, number in units.items()
    ]
    batch += [commands.configure(sku, LOCATION, backorder_limit=BACKORDER_LIMIT) for sku in scarce]
    for outcome in await client.execute(batch):
        if isinstance(outcome, HoldfastError):
            raise outcome
    answers.received.update(units)
