"""Baskets over shards by a front end that decides nothing, with keepers in place of shards: the
limit of what their protocol can do in Python, by processes as Holdfast's.

A basket takes the messages that it takes of Holdfast (`engine/shard/baskets.py`). Its home is asked
and says that others are needed; each of them sets its lines aside; the home decides; each of the
others is told. All of a step is on the disk before the next one, and the last one before the caller
is answered; that all have heard is written by the home without anybody who waits. Messages of one
turn share a frame, a write and a flush.

It is no inventory. Nothing is looked at but which SKU lives in which shard. What is kept are bytes
as they came, once for each message: there is no check, no stock, no event, no feed, no mark, and no
request id to compare; nothing is refused, and nobody would find anything again after a crash.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from holdfast.v1 import inventory_pb2

from benchmarks.durable import ASK, KEEP, NOTE, Keeper, keeping
from engine.shard.slots import shard_of, slot_of

HEARD = b"all have heard"


class DurableBaskets:
    """Holds baskets over several keepers."""

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self._keepers = keepers

    async def hold_all(self, batch: inventory_pb2.ExecuteRequest) -> None:
        """Hold the baskets of a batch, of which there is one at least. None waits for another."""
        all_held = asyncio.get_running_loop().create_future()
        left = len(batch.commands)

        def held() -> None:
            nonlocal left
            left -= 1
            if not left and not all_held.done():
                all_held.set_result(None)

        for command in batch.commands:
            basket = command.reserve
            _Basket(basket.SerializeToString(), self._parts(basket), held)
        await all_held

    def _parts(self, basket: inventory_pb2.ReserveRequest) -> dict[Keeper, bytes]:
        """The lines of a basket by where their SKUs live, those of its home first."""
        keepers = self._keepers
        parts: dict[Keeper, bytes] = {}
        for line in basket.lines:
            keeper = keepers[shard_of(slot_of("", line.sku), len(keepers))]
            parts[keeper] = parts.get(keeper, b"") + line.SerializeToString()
        return parts


class _Basket:
    """A basket on its way. It takes the next step as soon as the last answer to the one before has
    come: with a task that waits for futures the front end takes half as much again."""

    def __init__(
        self, whole: bytes, parts: Mapping[Keeper, bytes], held: Callable[[], None]
    ) -> None:
        self._held = held
        self._steps = self._take_steps(whole, *parts.items())
        self._left = next(self._steps)

    def _answered(self) -> None:
        self._left -= 1
        if not self._left:
            self._left = next(self._steps, 0)

    def _take_steps(
        self, whole: bytes, of_home: tuple[Keeper, bytes], *others: tuple[Keeper, bytes]
    ) -> Iterator[int]:
        """Gives after each step how many answers there will be."""
        home, _ = of_home
        answered = self._answered
        if others:
            home.send(ASK, whole, answered)
            yield 1
            for other, lines in others:
                other.send(KEEP, lines, answered)
            yield len(others)
        home.send(KEEP, whole, answered)
        yield 1
        if others:
            for other, lines in others:
                other.send(KEEP, lines, answered)
            yield len(others)
            home.send(NOTE, HEARD)
        self._held()


@asynccontextmanager
async def durable_baskets(directory: Path, shards: int) -> AsyncIterator[DurableBaskets]:
    """Baskets over so many keepers, which write below `directory`, inside the block."""
    async with AsyncExitStack() as stack:
        names = [directory / f"shard-{number:03d}" for number in range(shards)]
        yield DurableBaskets([await stack.enter_async_context(keeping(each)) for each in names])
