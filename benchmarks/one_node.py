"""One node and one empty gRPC server under the same load, in turns.

How to read it. Each row is the median of the rounds of a closed loop: so many callers, each asking
again when it is answered. Every answer is durable. `/s` counts commands, latencies are those of one
call (of a whole batch where batches are sent), and the CPU columns are microseconds of CPU per
command in the load generator (client), the front end or echo server (server) and the shard. The
load generator shares the machine with the node, so on few cores its share matters: `prepared` rows
send requests that were built and serialised before the clock started and read answers without the
SDK, `SDK` rows are what a Python caller gets.

The echo is the limit: it does nothing but gRPC. `unary, share of echo` says how much of that limit
a durable Reserve keeps without batching. The durable echo has a process behind it that writes what
was sent to the disk, and decides nothing: the limit of every server that is built as Holdfast is.
"""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from holdfast import Client, commands
from holdfast.errors import HoldfastError
from holdfast.v1 import inventory_pb2

from benchmarks import echo, messages, report
from benchmarks.load import Ask, Loop, RawStream, Round, measure
from benchmarks.node import Node, running_node
from benchmarks.sections import Found, Section, Setting, rows_of

HOT = ["HOT"]
ECHO, DURABLE_ECHO = "echo", "durable echo"
CATALOGUE = [f"SKU-{number:05d}" for number in range(10_000)]
UNITS = 1_000_000_000


class Scale(NamedTuple):
    """How much is measured: rounds, and calls of each caller in a round."""

    rounds: int
    unary_calls: int
    idle_calls: int
    single_calls: int
    small_batches: int
    large_batches: int


FULL = Scale(5, 60, 500, 150, 60, 8)
QUICK = Scale(1, 15, 100, 40, 15, 2)


class Bench:
    """A node and echo servers under the same load."""

    def __init__(
        self, node: Node, echo_server: echo.Echo, durable_echo: echo.Echo, scale: Scale
    ) -> None:
        self._node = node
        self._echoes = {ECHO: echo_server, DURABLE_ECHO: durable_echo}
        self._scale = scale
        self._servers = {"server": node.process_id, "shard": node.shard_process_ids[0]}
        self.rows: dict[str, Round] = {}

    async def run(self) -> None:
        """Measure every row."""
        scale = self._scale
        await self._measure(
            64,
            scale.unary_calls,
            {
                f"{ECHO}, 64 in flight": self._echoed(ECHO),
                f"{DURABLE_ECHO}, 64 in flight": self._echoed(DURABLE_ECHO),
                "Reserve, unary, 64 in flight": self._unary(64 * scale.unary_calls),
                "Reserve, unary SDK, 64 in flight": self._sdk(coalesce=False),
            },
        )
        await self._measure(
            1,
            scale.idle_calls,
            {
                f"{ECHO}, one at a time": self._echoed(ECHO),
                f"{DURABLE_ECHO}, one at a time": self._echoed(DURABLE_ECHO),
                "Reserve, unary, one at a time": self._unary(scale.idle_calls),
                "Reserve, unary SDK, one at a time": self._sdk(coalesce=False),
                "Reserve, SDK, one at a time": self._sdk(coalesce=True),
            },
        )
        singles = {"Reserve, SDK, 64 single callers": self._sdk(coalesce=True)}
        await self._measure(64, scale.single_calls, singles)
        for skus, what in ((HOT, "one hot SKU"), (CATALOGUE, "10 000 SKUs")):
            for size, calls in ((100, scale.small_batches), (1_000, scale.large_batches)):
                name = f"4 x {size:,}, {what}"
                await self._measure(
                    4,
                    calls,
                    {
                        f"Reserve, prepared, {name}": self._raw(skus, size, 4 * calls),
                        f"Reserve, SDK, {name}": self._batches(skus, size),
                    },
                )

    async def _measure(
        self, callers: int, calls: int, loads: Mapping[str, AbstractAsyncContextManager[Ask]]
    ) -> None:
        """Measure rows that are compared with each other, in turns."""
        async with AsyncExitStack() as stack:
            loops = []
            for name, load in loads.items():
                report.progress(name)
                ask = await stack.enter_async_context(load)
                loop = Loop(name, callers, calls, ask, self._servers)
                asked = self._echoes.get(name.partition(",")[0])
                if asked is not None:
                    trees = {"server": asked.process_id}
                    loop = loop._replace(process_ids={}, process_trees=trees)
                loops.append(loop)
            self.rows |= await measure(loops, self._scale.rounds)

    @asynccontextmanager
    async def _echoed(self, name: str) -> AsyncIterator[Ask]:
        message = messages.reserve(HOT[0]).SerializeToString()
        async with messages.channel(self._echoes[name].address) as channel:
            method = channel.unary_unary(echo.METHOD)

            async def ask(_caller: int, _call: int) -> int:
                await method(message)
                return 1

            yield ask

    @asynccontextmanager
    async def _unary(self, calls: int) -> AsyncIterator[Ask]:
        prepared = [
            messages.reserve(HOT[0]).SerializeToString() for _ in range(calls * self._scale.rounds)
        ]
        async with messages.channel(self._node.address) as channel:
            method = channel.unary_unary(f"{messages.SERVICE}/Reserve")

            async def ask(_caller: int, call: int) -> int:
                await method(prepared[call])
                return 1

            yield ask

    @asynccontextmanager
    async def _sdk(self, *, coalesce: bool) -> AsyncIterator[Ask]:
        basket = [(HOT[0], messages.LOCATION, 1)]
        async with Client(self._node.address, coalesce=coalesce, timeout_s=60) as client:

            async def ask(_caller: int, _call: int) -> int:
                await client.reserve(basket, ttl_s=messages.HOLD_S)
                return 1

            yield ask

    @asynccontextmanager
    async def _raw(self, skus: Sequence[str], size: int, calls: int) -> AsyncIterator[Ask]:
        turn = itertools.cycle(skus)
        prepared = [
            messages.batch_of_reserves(call, list(itertools.islice(turn, size)))
            for call in range(calls * self._scale.rounds)
        ]
        async with messages.channel(self._node.address) as channel:
            method = channel.stream_stream(f"{messages.SERVICE}/Execute")
            streams = [
                RawStream(method(), inventory_pb2.ExecuteResponse.FromString) for _ in range(4)
            ]

            async def ask(caller: int, call: int) -> int:
                return await streams[caller].execute(prepared[call])

            yield ask
            for stream in streams:
                stream.close()

    @asynccontextmanager
    async def _batches(self, skus: Sequence[str], size: int) -> AsyncIterator[Ask]:
        turn = itertools.cycle(skus)
        async with Client(self._node.address, timeout_s=60) as client:

            async def ask(_caller: int, _call: int) -> int:
                batch = [
                    commands.reserve([(sku, messages.LOCATION, 1)], ttl_s=messages.HOLD_S)
                    for sku in itertools.islice(turn, size)
                ]
                for answer in await client.execute(batch):
                    if isinstance(answer, HoldfastError):
                        raise answer
                return size

            yield ask


async def load_stock(address: str) -> None:
    """Bring the stock that is reserved from."""
    async with Client(address, timeout_s=60) as client:
        for first in range(0, len(CATALOGUE), 500):
            skus = CATALOGUE[first : first + 500] + (HOT if first == 0 else [])
            batch = [commands.receive(sku, messages.LOCATION, UNITS) for sku in skus]
            for answer in await client.execute(batch):
                if isinstance(answer, HoldfastError):
                    raise answer


def ratios(rows: dict[str, Round]) -> dict[str, float]:
    """What rows of one run say about each other."""
    limit, idle = rows[f"{ECHO}, 64 in flight"], rows[f"{ECHO}, one at a time"]
    alone = rows["Reserve, unary, one at a time"]
    coalesced = rows["Reserve, SDK, one at a time"]
    return {
        "unary, share of echo": round(
            rows["Reserve, unary, 64 in flight"].per_second / limit.per_second, 3
        ),
        "idle p50, unary, times echo": round(alone.latencies.p50_ms / idle.latencies.p50_ms, 2),
        "idle p50, SDK, times echo": round(coalesced.latencies.p50_ms / idle.latencies.p50_ms, 2),
    }


async def measure_one_node(setting: Setting) -> Found:
    """Measure every row, and look whether the log is in order afterwards."""
    scale = (QUICK if setting.quick else FULL)._replace(rounds=setting.rounds)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with (
            echo.running_echo() as echo_server,
            echo.running_echo(Path(directory) / "echo") as durable_echo,
            running_node(Path(directory)) as node,
        ):
            await load_stock(node.address)
            bench = Bench(node, echo_server, durable_echo, scale)
            await bench.run()
        verdict = await asyncio.to_thread(node.verify)
    wrong = () if verdict.well else (f"verify: {verdict.summary}",)
    facts = {**ratios(bench.rows), "verify": str(verdict)}
    return Found(rows_of(bench.rows), facts, wrong=wrong)


SECTION = Section("one-node", "One node beside an empty gRPC server", measure_one_node)
