"""Whole checkouts: reserve, then extend some, commit most and release the others, ship what was
committed. Nothing is left open, so that only history grows by them."""

import itertools
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from holdfast.v1 import inventory_pb2

from benchmarks.load import Ask
from benchmarks.messages import HOLD_S, Template
from benchmarks.node import Node
from benchmarks.workloads.closed import BATCH, CALLERS, numbers, reserves, streams

EXTENDED, COMMITTED = 20, 70
"""Of a hundred baskets."""
COMMANDS = BATCH + EXTENDED + BATCH + COMMITTED
"""That a hundred baskets take."""
GROUPS = 200
"""Hundreds of baskets that are prepared."""


@asynccontextmanager
async def checkouts(node: Node, skus: Sequence[str], callers: int = CALLERS) -> AsyncIterator[Ask]:
    """Each call checks out a hundred baskets of one unit, stage by stage. What is asked after the
    reserves is made when their answers are there, as these name the reservations."""
    chance = random.Random(1)
    turn = itertools.cycle(
        [reserves([(sku, 1)] for sku in chance.choices(skus, k=BATCH)) for _ in range(GROUPS)]
    )
    async with streams(node, callers) as opened:

        async def ask(caller: int, _call: int) -> int:
            stream = opened[caller]
            outcomes = await stream.outcomes(next(turn).numbered(next(numbers)))
            held = [each.reserve.reservation_id for each in outcomes]
            done = len(held)
            for stage in _stages(held):
                done += await stream.execute(Template(stage).numbered(next(numbers)))
            return done

        yield ask


def _stages(held: Sequence[str]) -> Iterator[inventory_pb2.ExecuteRequest]:
    extending = inventory_pb2.ExecuteRequest()
    for each in held[:: BATCH // EXTENDED]:
        extend = extending.commands.add().extend
        extend.reservation_id = each
        extend.ttl.seconds = HOLD_S
    yield extending
    bought, left = held[:COMMITTED], held[COMMITTED:]
    deciding = inventory_pb2.ExecuteRequest()
    for each in bought:
        deciding.commands.add().commit.reservation_id = each
    for each in left:
        deciding.commands.add().release.reservation_id = each
    yield deciding
    shipping = inventory_pb2.ExecuteRequest()
    for each in bought:
        shipping.commands.add().ship.reservation_id = each
    yield shipping
