"""What a basket costs whose lines live in several shards, beside one whose lines live in one.

    python -m benchmarks.shard_baskets [--shards N] [--quick] [--json]

Baskets of 5 lines are reserved on a node of 4 shards: `in one shard` (each basket in one of them,
in turns), and `over all shards`. Each is asked for by 4 callers that send batches of 100 in Execute
streams, and by 64 callers that send single commands through the SDK.

How to read it: a row is the median of its rounds, which take turns with those of the other rows;
`/s` counts baskets, latencies are those of a call (of a whole batch where batches are sent), and
the CPU columns are microseconds of CPU per basket: in the load generator, the front end, and all
shards together. `ratio` is over all shards / in one shard, of baskets per second. `messages` are
those between the front end and the shards, and between shards, that one basket over all shards
takes when it is alone: counted, not reckoned.
"""

import asyncio
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from holdfast import Client, commands
from holdfast.errors import HoldfastError

from benchmarks import report
from benchmarks.basket_load import Assortment, assortment
from benchmarks.load import Ask, Loop, Round, calibration_ms, measure
from benchmarks.messages import HOLD_S, LOCATION
from benchmarks.node import Node, running_node
from engine.core.commands import BasketLine, Context, Receive, Reserve
from engine.core.model import Key
from engine.shard.local import LocalShards
from engine.shard.messages import Accepted, Write
from engine.shard.slots import slot_of

LINES = 5
SKUS_PER_SHARD = 200
UNITS = 1_000_000_000
BATCH = 100
BATCH_CALLERS = 4
SINGLE_CALLERS = 64

Basket = list[tuple[str, str, int]]


class Scale(NamedTuple):
    """How much is measured: rounds, and calls of each caller in a round."""

    rounds: int
    batches: int
    singles: int


FULL = Scale(5, 5, 25)
QUICK = Scale(1, 2, 5)


def in_one_shard(skus: Assortment) -> Iterator[Basket]:
    """Baskets that each live in one shard, in turns."""
    cycles = [itertools.cycle(each) for each in skus.plentiful.values()]
    for cycle in itertools.cycle(cycles):
        yield [(next(cycle), LOCATION, 1) for _ in range(LINES)]


def over_all_shards(skus: Assortment) -> Iterator[Basket]:
    """Baskets with lines in every shard, each at home in another one."""
    cycles = itertools.cycle([itertools.cycle(each) for each in skus.plentiful.values()])
    while True:
        yield [(next(cycle), LOCATION, 1) for cycle in itertools.islice(cycles, LINES)]


class ShardBaskets:
    """A node with several shards under the load of baskets."""

    def __init__(self, node: Node, scale: Scale) -> None:
        self._node = node
        self._scale = scale
        self._skus = assortment(node.shards, SKUS_PER_SHARD, 0)

    async def bring_stock(self) -> None:
        """Bring the stock that is reserved from."""
        async with Client(self._node.address, timeout_s=60) as client:
            batch = [commands.receive(sku, LOCATION, UNITS) for sku in self._skus.skus]
            await _all_granted(client, batch)

    async def run(self) -> dict[str, Round]:
        """Measure every row."""
        rows: dict[str, Round] = {}
        kinds = {"in one shard": in_one_shard, "over all shards": over_all_shards}
        async with Client(self._node.address, timeout_s=60) as client:
            report.progress(f"batches of {BATCH}")
            asks: dict[str, Ask] = {
                f"{name}, {BATCH_CALLERS} x {BATCH}": _batches(client, made(self._skus))
                for name, made in kinds.items()
            }
            rows |= await self._measure(asks, BATCH_CALLERS, self._scale.batches)
            report.progress("single commands")
            asks = {
                f"{name}, {SINGLE_CALLERS} single callers": _singles(client, made(self._skus))
                for name, made in kinds.items()
            }
            rows |= await self._measure(asks, SINGLE_CALLERS, self._scale.singles)
            report.progress("one at a time")
            asks = {
                f"{name}, one at a time": _singles(client, made(self._skus))
                for name, made in kinds.items()
            }
            return rows | await self._measure(asks, 1, 4 * self._scale.singles)

    async def _measure(self, asks: Mapping[str, Ask], callers: int, calls: int) -> dict[str, Round]:
        processes = {"server": self._node.process_id}
        for shard, process_id in self._node.shard_process_ids.items():
            processes[f"shard {shard}"] = process_id
        loops = [Loop(name, callers, calls, ask, processes) for name, ask in asks.items()]
        return await measure(loops, self._scale.rounds)


def _batches(client: Client, baskets: Iterator[Basket]) -> Ask:
    async def ask(_caller: int, _call: int) -> int:
        batch = [
            commands.reserve(lines, ttl_s=HOLD_S) for lines in itertools.islice(baskets, BATCH)
        ]
        await _all_granted(client, batch)
        return BATCH

    return ask


def _singles(client: Client, baskets: Iterator[Basket]) -> Ask:
    async def ask(_caller: int, _call: int) -> int:
        await client.reserve(next(baskets), ttl_s=HOLD_S)
        return 1

    return ask


async def _all_granted(client: Client, batch: list[Any]) -> None:
    for answer in await client.execute(batch):
        if isinstance(answer, HoldfastError):
            raise answer


def ratios(rows: Mapping[str, Round]) -> dict[str, float]:
    """Baskets per second over all shards, as a share of those in one, for each way to ask."""
    found = {}
    for name, row in rows.items():
        where, _, how = name.partition(", ")
        if where == "over all shards":
            found[how] = round(row.per_second / rows[f"in one shard, {how}"].per_second, 3)
    return found


async def messages_per_basket(shards: int) -> dict[str, int]:
    """How many messages one basket over all shards takes, by kind, until all have heard of it."""
    local = LocalShards(shards)
    counted: Counter[str] = Counter()
    for shard in local.shards:
        _count(shard, counted)
    skus = assortment(shards, LINES, 0)
    for sku in skus.skus:
        receive = Receive(Key("", sku, LOCATION), UNITS)
        await local.submit(slot_of("", sku), Write(Context(f"receive-{sku}"), b"", receive), 0)
    counted.clear()
    names = [sku for sku, _, _ in next(over_all_shards(skus))]
    lines = tuple(
        BasketLine(str(number), Key("", sku, LOCATION), 1) for number, sku in enumerate(names, 1)
    )
    write = Write(Context("basket"), b"", Reserve("", lines, ttl_ms=HOLD_S * 1_000))
    result = await local.submit(slot_of("", names[0]), write, 0)
    if not isinstance(result, Accepted):
        raise RuntimeError(f"the basket was not held: {result}")
    while not _is_heard(local):  # noqa: ASYNC110 - nothing tells when
        await asyncio.sleep(0)
    local.close()
    return dict(counted)


def _is_heard(local: LocalShards) -> bool:
    """Whether all that shards had to tell each other was heard, and nothing is set aside."""
    states = [shard.state() for shard in local.shards]
    return not any(each.outbox_events + each.prepared_lines for each in states)


def _count(shard: Any, counted: Counter[str]) -> None:
    """Count what a shard is sent."""
    submit = shard.submit

    def counting(slot: int, request: Any, *others: Any) -> Any:
        counted[type(request).__name__] += 1
        return submit(slot, request, *others)

    shard.submit = counting


@asynccontextmanager
async def _measured(shards: int, scale: Scale) -> AsyncIterator[tuple[Node, dict[str, Round]]]:
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_node(Path(directory), shards) as node:
            load = ShardBaskets(node, scale)
            await load.bring_stock()
            rows = await load.run()
        yield node, rows


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    scale = QUICK if arguments.quick else FULL
    document: dict[str, Any] = {"shards": arguments.shards}
    document["calibration ms, before"] = calibration_ms()
    async with _measured(arguments.shards, scale) as (node, rows):
        verdict = await asyncio.to_thread(node.verify)
    document["calibration ms, after"] = calibration_ms()
    document["rows"] = [
        {"name": name, "per_second": row.per_second, "cpu_us": row.cpu_us} | row.latencies._asdict()
        for name, row in rows.items()
    ]
    document["ratio"] = ratios(rows)
    document["messages"] = await messages_per_basket(arguments.shards)
    document["verify"] = str(verdict)
    rest = [(name, value) for name, value in document.items() if name != "rows"]
    report.write(arguments, document, _table(rows), report.facts("Besides", rest))
    return 0 if verdict.well else 1


def _table(rows: Mapping[str, Round]) -> Any:
    return report.table(
        f"Baskets of {LINES} lines",
        ("", "/s", "p50 ms", "p99 ms", "client us", "server us", "shards us"),
        [
            (
                name,
                row.per_second,
                row.latencies.p50_ms,
                row.latencies.p99_ms,
                row.cpu_us["client"],
                row.cpu_us["server"],
                sum(cpu_us for process, cpu_us in row.cpu_us.items() if "shard" in process),
            )
            for name, row in rows.items()
        ],
    )


if __name__ == "__main__":
    parser = report.parser(__doc__, "shard_baskets")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    sys.exit(report.run(main(parser.parse_args())))
