"""Closed loops against nodes, by prepared batches or by the SDK, and how their turns are taken."""

import itertools
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, Protocol

from holdfast import Client
from holdfast.v1 import inventory_pb2

from benchmarks import messages, report
from benchmarks.figures import rounded
from benchmarks.load import Ask, Loop, RawStream, Round, lasting, measure, send_all
from benchmarks.messages import HOLD_S, LOCATION, Template
from benchmarks.node import Node
from benchmarks.sections import Setting, rows_of

CALLERS = 4
BATCH = 100
ROUND_S, QUICK_ROUND_S = 3.0, 0.2
CALLS_TRIED = 5
"""Calls of each caller in the round that warms up."""
UNITS = 1_000_000_000
"""Of each SKU: nobody is refused."""
RECEIPTS_BATCH = 1_000

Line = tuple[str, int]
"""A SKU and how many units of it."""
numbers = itertools.count(1)
"""Of batches: none has that of another, whatever node it is for."""


class Server(Protocol):
    """A node, or what is measured beside it."""

    @property
    def address(self) -> str:
        """Where it answers."""

    @property
    def process_id(self) -> int:
        """The front end's process."""

    @property
    def shard_process_ids(self) -> Mapping[int, int]:
        """The process of each shard, by the shard's number."""


class Load(NamedTuple):
    """One row: what a server is asked, and by how many."""

    name: str
    server: Server
    ask: AbstractAsyncContextManager[Ask]
    callers: int = CALLERS
    calls_tried: int = CALLS_TRIED


async def turns(
    loads: Sequence[Load], setting: Setting, seconds: float = ROUND_S
) -> dict[str, Round]:
    """The medians of rows that are compared with each other, each round about so long."""
    if setting.quick:
        seconds = QUICK_ROUND_S
    async with AsyncExitStack() as stack:
        loops = []
        for load in loads:
            report.progress(load.name)
            ask = await stack.enter_async_context(load.ask)
            loop = Loop(load.name, load.callers, load.calls_tried, ask, process_ids(load.server))
            loops.append(await lasting(loop, seconds))
        return await measure(loops, setting.rounds)


def process_ids(server: Server) -> Mapping[str, int]:
    """The processes of a server, by name."""
    shards = {f"shard {number}": each for number, each in server.shard_process_ids.items()}
    return {"server": server.process_id, **shards}


def rows(rounds: Mapping[str, Round]) -> dict[str, dict[str, Any]]:
    """Rows of a table; the CPU of all shards is one column."""
    summed = {}
    for name, each in rounds.items():
        cpu_us = {"client": each.cpu_us["client"], "server": each.cpu_us["server"]}
        of_shards = [us for process, us in each.cpu_us.items() if process not in cpu_us]
        summed[name] = each._replace(cpu_us=cpu_us | {"shards": rounded(sum(of_shards))})
    return rows_of(summed)


async def bring_stock(node: Node, skus: Sequence[str]) -> None:
    """Bring so much of every SKU that nobody is refused."""
    await send_all(node.address, receipts(skus), -(-len(skus) // RECEIPTS_BATCH))


def receipts(skus: Sequence[str]) -> Iterator[bytes]:
    """Batches in which units of every SKU arrive."""
    for first in range(0, len(skus), RECEIPTS_BATCH):
        yield messages.batch_of_receipts(first, skus[first : first + RECEIPTS_BATCH], UNITS)


def basket(lines: Iterable[Line]) -> inventory_pb2.ReserveRequest:
    """A hold of a basket, which has no request id yet."""
    request = inventory_pb2.ReserveRequest()
    request.ttl.seconds = HOLD_S
    for number, (sku, units) in enumerate(lines, 1):
        line = request.lines.add(line_id=str(number), sku=sku, quantity=units)
        line.location = LOCATION
    return request


def reserves(baskets: Iterable[Iterable[Line]]) -> Template:
    """A batch in which each of these baskets is reserved."""
    batch = inventory_pb2.ExecuteRequest()
    for lines in baskets:
        batch.commands.add().reserve.CopyFrom(basket(lines))
    return Template(batch)


def singles(skus: Sequence[str], batches: int) -> list[Template]:
    """So many batches that each reserve a unit of the next SKUs, over and over."""
    turn = itertools.cycle(skus)
    return [reserves([(next(turn), 1)] for _ in range(BATCH)) for _ in range(batches)]


@asynccontextmanager
async def streams(server: Server, number: int) -> AsyncIterator[list[RawStream]]:
    """So many Execute streams to a server, over one connection."""
    async with messages.channel(server.address) as channel:
        method = channel.stream_stream(f"{messages.SERVICE}/Execute")
        parse = inventory_pb2.ExecuteResponse.FromString
        opened = [RawStream(method(), parse) for _ in range(number)]
        yield opened
        for stream in opened:
            stream.close()


@asynccontextmanager
async def prepared(
    server: Server, templates: Sequence[Template], callers: int = CALLERS
) -> AsyncIterator[Ask]:
    """Each call sends one of the batches, whichever; it has to be granted whole."""
    # By chance, since what comes again after a fixed time would hit caches always or never. A fixed
    # seed: the same each time.
    chance = random.Random(1)
    async with streams(server, callers) as opened:

        async def ask(caller: int, _call: int) -> int:
            return await opened[caller].execute(chance.choice(templates).numbered(next(numbers)))

        yield ask


@asynccontextmanager
async def by_sdk(node: Node, sku: str) -> AsyncIterator[Ask]:
    """Each call reserves a unit through the SDK; all callers share a client."""
    lines = [(sku, LOCATION, 1)]
    async with Client(node.address, timeout_s=60) as client:

        async def ask(_caller: int, _call: int) -> int:
            await client.reserve(lines, ttl_s=HOLD_S)
            return 1

        yield ask
