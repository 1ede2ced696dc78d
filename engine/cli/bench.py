"""`holdfast bench`: a modest load against a running node, to see what it does on this machine."""

import asyncio
import time
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from holdfast.errors import HoldfastError, InsufficientStock

from engine.cli.output import print_facts, print_json
from engine.cli.session import Call, client_command

if TYPE_CHECKING:
    from holdfast import Client

app = typer.Typer()

TENANT = "holdfast-bench"
"""Keeps what a benchmark does away from everybody's stock, unless a tenant is given."""

LOCATION = "BENCH"
HOLD_S = 60.0
"""How long the reserved units are held: they come back by themselves soon after."""

UNITS = 1_000_000
"""Units received for each SKU before the load, so that none falls short."""


class Keys(StrEnum):
    """Which SKUs the load asks for."""

    HOT = "hot"
    UNIFORM = "uniform"


class Report(msgspec.Struct):
    """What a load has shown. Latencies are from call to answer, in milliseconds; with a rate, from
    when the call was due."""

    keys: str
    skus: int
    callers: int
    """0 where calls come at a rate."""
    rate: float
    """Calls per second that were started; 0 where callers wait for their answers."""
    seconds: float
    reserved: int
    refused: int
    failed: int
    reserves_per_second: float
    latency_ms_p50: float
    latency_ms_p95: float
    latency_ms_p99: float
    latency_ms_max: float
    first_failure: str


@client_command(app)
def bench(
    call: Call,
    keys: Annotated[
        Keys, typer.Option("--keys", help="All reserve one SKU, or one of many in turn.")
    ] = Keys.HOT,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=60, help="How long to go on.")
    ] = 5.0,
    callers: Annotated[
        int, typer.Option("--callers", min=1, max=1_024, help="Calls that wait at once.")
    ] = 64,
    rate: Annotated[
        float,
        typer.Option(
            "--rate",
            min=0,
            max=100_000,
            help="Start so many calls a second, answered or not, and measure from when each was "
            "due. 0: each of --callers waits for its answer.",
        ),
    ] = 0.0,
    skus: Annotated[
        int, typer.Option("--skus", min=1, max=10_000, help="SKUs, with --keys uniform.")
    ] = 1_000,
) -> None:
    """Reserve single units as fast as the node answers, and report throughput and latency.

    It writes to the node: it receives stock for SKUs BENCH-... of tenant holdfast-bench (or
    --tenant), and holds units of them that come back after a minute.

    With --rate, what a node cannot keep up with waits ever longer, as real customers would.

    Example: holdfast bench --keys uniform --callers 128 --seconds 10
    """
    names = [f"BENCH-{number}" for number in range(1 if keys is Keys.HOT else skus)]
    with call.explained():
        report = asyncio.run(_bench(call, keys, names, seconds, callers, rate))
    if call.json:
        print_json(msgspec.to_builtins(report))
        return
    facts = msgspec.structs.asdict(report).items()
    print_facts("Reserves", [(name.replace("_", " "), value) for name, value in facts])


async def _bench(
    call: Call, keys: Keys, names: list[str], seconds: float, callers: int, rate: float
) -> Report:
    """Prepare the stock, run the load, and sum it up."""
    from holdfast import Client

    tally = _Tally()
    options = call.client_options | {"tenant": call.tenant or TENANT}
    async with Client(call.address, **options) as client:
        await _stock_up(client, names)
        started = time.perf_counter()
        if rate:
            await _arrivals(client, names, started, seconds, rate, tally)
        else:
            turn = count()
            load = (_caller(client, names, turn, started + seconds, tally) for _ in range(callers))
            await asyncio.gather(*load)
        elapsed = time.perf_counter() - started
    return tally.report(keys, len(names), 0 if rate else callers, rate, elapsed)


async def _stock_up(client: "Client", names: list[str]) -> None:
    """Receive enough of every SKU. The first failure ends the benchmark."""
    from holdfast import commands

    reference = "bench"
    batch = [commands.receive(name, LOCATION, UNITS, reference=reference) for name in names]
    for outcome in await client.execute(batch):
        if isinstance(outcome, HoldfastError):
            raise outcome


async def _caller(
    client: "Client", names: list[str], turn: "count[int]", end: float, tally: "_Tally"
) -> None:
    """One caller: reserves a unit, waits for the answer, and goes on until the end."""
    while (asked := time.perf_counter()) < end:
        await _reserve(client, names[next(turn) % len(names)], asked, tally)


async def _arrivals(
    client: "Client", names: list[str], started: float, seconds: float, rate: float, tally: "_Tally"
) -> None:
    """Calls that come one after the other at a rate, whether or not earlier ones were answered;
    returns when all are."""
    async with asyncio.TaskGroup() as calls:
        for number in range(max(1, round(rate * seconds))):
            due = started + number / rate
            # At least a turn of the event loop, so that calls are sent when they are late too.
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            calls.create_task(_reserve(client, names[number % len(names)], due, tally))


async def _reserve(client: "Client", sku: str, asked: float, tally: "_Tally") -> None:
    """Reserve a unit; the answer's latency runs from `asked`."""
    try:
        await client.reserve([(sku, LOCATION, 1)], ttl_s=HOLD_S)
    except InsufficientStock:
        tally.refused += 1
    except HoldfastError as error:
        tally.failed += 1
        tally.first_failure = tally.first_failure or str(error)
        return
    else:
        tally.reserved += 1
    tally.latencies_s.append(time.perf_counter() - asked)


class _Tally:
    """What the callers have seen."""

    def __init__(self) -> None:
        self.reserved = self.refused = self.failed = 0
        self.first_failure = ""
        self.latencies_s: list[float] = []

    def report(self, keys: Keys, skus: int, callers: int, rate: float, seconds: float) -> Report:
        """Sum it up."""
        ordered = sorted(self.latencies_s)

        def latency_ms(share: float) -> float:
            index = min(len(ordered) - 1, int(share * len(ordered)))
            return round(ordered[index] * 1_000, 3) if ordered else 0.0

        return Report(
            keys=keys.value,
            skus=skus,
            callers=callers,
            rate=rate,
            seconds=round(seconds, 3),
            reserved=self.reserved,
            refused=self.refused,
            failed=self.failed,
            reserves_per_second=round(self.reserved / seconds, 1),
            latency_ms_p50=latency_ms(0.5),
            latency_ms_p95=latency_ms(0.95),
            latency_ms_p99=latency_ms(0.99),
            latency_ms_max=latency_ms(1.0),
            first_failure=self.first_failure,
        )
