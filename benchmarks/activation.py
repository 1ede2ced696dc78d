"""How long an actor takes to come to life, and a node: neither may depend on how much is open.

    python -m benchmarks.activation [--holds N] [--open N] [--json]

An actor that is not in memory is activated by its first command, which reads its state and nothing
of what is held there. A node that starts reads its deadlines and no reservation.

How to read it: `first command` is a single Reserve (a Receive of one unit where lines wait, which
serves the first of them) on a SKU-location that was just passivated, because 200 others were used
after it in a node that keeps 100; median and p99 over all turns, in which the SKU-locations take
turns. `again` is the same command on the actor that it has activated. `restart` is from the start
of the process until SERVING, and until the first answer to a Reserve, after SIGTERM and after
SIGKILL, with so many reservations open (four of five held, the rest waiting) and with none.
"""

import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError

from benchmarks import report
from benchmarks.figures import latencies, median, rounded
from benchmarks.load import calibration_ms
from benchmarks.messages import LOCATION
from benchmarks.node import Node, running_node

ACTORS_MAX = 100
TURNS = 60
RESTARTS = 3
UNITS = 1_000_000
TTL_S = 36_000
WAIT = timedelta(hours=10)
BATCH = 1_000
OTHERS = [f"OTHER-{number}" for number in range(2 * ACTORS_MAX)]
FIRST = "FIRST"

_First = Callable[[Client], Awaitable[Any]]


def _reserve(sku: str) -> _First:
    return lambda client: client.reserve([(sku, LOCATION, 1)], ttl_s=TTL_S)


def _receive(sku: str) -> _First:
    return lambda client: client.receive(sku, LOCATION, 1)


async def activation(directory: Path, holds: int, turns: int = TURNS) -> dict[str, Any]:
    """What the first command costs on SKU-locations with nothing, with so many holds and with so
    many waiting lines."""
    firsts = {"nothing open": _reserve("IDLE"), f"{holds:,} holds": _reserve("HELD")}
    firsts[f"{holds:,} waiting lines"] = _receive("WAITED-FOR")
    firsts["nothing open, Receive"] = _receive("IDLE")
    first_s: dict[str, list[float]] = {name: [] for name in firsts}
    again_s: dict[str, list[float]] = {name: [] for name in firsts}
    flags = ("--active-actors-max", str(ACTORS_MAX))
    async with running_node(directory, 1, *flags) as node, _client(node) as client:
        await _receive_all(client, ["IDLE", "HELD", *OTHERS])
        await client.receive("WAITED-FOR", LOCATION, 1)
        await _hold(client, "HELD", holds)
        await _hold(client, "WAITED-FOR", holds + 1)
        for _ in range(turns):
            for name, command in firsts.items():
                await _passivate(client)
                first_s[name].append(await _timed(command, client))
                again_s[name].append(await _timed(command, client))
    verdict = await asyncio.to_thread(node.verify)
    return {
        "first command": {name: latencies(seconds)._asdict() for name, seconds in first_s.items()},
        "again": {name: latencies(seconds)._asdict() for name, seconds in again_s.items()},
        "verify": str(verdict),
        "well": verdict.well,
    }


async def restart(directory: Path, reservations: int, times: int = RESTARTS) -> dict[str, Any]:
    """What a restart takes with so many open reservations."""
    node = Node(directory)
    await node.start()
    try:
        async with _client(node) as client:
            await _receive_all(client, [FIRST, *OTHERS])
            turn = itertools.cycle(OTHERS)
            held = reservations * 4 // 5
            for first in range(0, held, BATCH):
                await _reserve_all(client, itertools.islice(turn, min(BATCH, held - first)))
            await client.receive("WAITED-FOR", LOCATION, 1)
            await _hold(client, "WAITED-FOR", reservations - held)
        figures = {}
        for name, is_killed in (("after SIGTERM", False), ("after SIGKILL", True)):
            serving_s, answer_s = [], []
            for _ in range(times):
                if is_killed:
                    await asyncio.to_thread(node.kill)
                else:
                    await node.stop()
                started = time.monotonic()
                await node.start()
                serving_s.append(time.monotonic() - started)
                async with _client(node) as client:
                    await _reserve(FIRST)(client)
                    answer_s.append(time.monotonic() - started)
            figures[name] = {
                "SERVING s": rounded(median(serving_s)),
                "first answer s": rounded(median(answer_s)),
            }
        return figures
    finally:
        await node.stop()


def _client(node: Node) -> Client:
    return Client(node.address, timeout_s=60)


async def _timed(command: _First, client: Client) -> float:
    started = time.perf_counter()
    await command(client)
    return time.perf_counter() - started


async def _passivate(client: Client) -> None:
    """Use so many other SKU-locations that no other one stays in memory."""
    await _reserve_all(client, OTHERS)


async def _hold(client: Client, sku: str, number: int) -> None:
    """Hold one unit so many times, or wait for it."""
    for first in range(0, number, BATCH):
        await _reserve_all(client, itertools.repeat(sku, min(BATCH, number - first)))


async def _reserve_all(client: Client, skus: Iterator[str] | Sequence[str]) -> None:
    await _all_granted(
        client, [commands.reserve([(sku, LOCATION, 1)], ttl_s=TTL_S, wait=WAIT) for sku in skus]
    )


async def _receive_all(client: Client, skus: Sequence[str]) -> None:
    await _all_granted(client, [commands.receive(sku, LOCATION, UNITS) for sku in skus])


async def _all_granted(client: Client, batch: Sequence[commands.Command[Any]]) -> None:
    for answer in await client.execute(batch):
        if isinstance(answer, HoldfastError):
            raise answer


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    document: dict[str, Any] = {"calibration ms, before": calibration_ms()}
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        report.progress("activation")
        measured = await activation(Path(directory), arguments.holds)
    document |= measured
    document["restart"] = {}
    for reservations in (0, arguments.open):
        report.progress(f"restart with {reservations:,} open reservations")
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            figures = await restart(Path(directory), reservations)
        document["restart"][f"{reservations:,} open"] = figures
    document["calibration ms, after"] = calibration_ms()
    report.write(arguments, document, _activations(document), _restarts(document))
    return 0 if measured["well"] else 1


def _activations(document: dict[str, Any]) -> Any:
    return report.table(
        "An actor's first command",
        ("", "first p50 ms", "p99 ms", "again p50 ms", "p99 ms"),
        [
            (
                name,
                first["p50_ms"],
                first["p99_ms"],
                document["again"][name]["p50_ms"],
                document["again"][name]["p99_ms"],
            )
            for name, first in document["first command"].items()
        ],
    )


def _restarts(document: dict[str, Any]) -> Any:
    rows = [
        (f"{reservations}, {how}", figures["SERVING s"], figures["first answer s"])
        for reservations, restarts in document["restart"].items()
        for how, figures in restarts.items()
    ]
    return report.table("Restarts", ("", "SERVING s", "first answer s"), rows)


if __name__ == "__main__":
    parser = report.parser(__doc__, "activation")
    parser.add_argument("--holds", type=int, default=10_000)
    parser.add_argument("--open", type=int, default=100_000)
    sys.exit(report.run(main(parser.parse_args())))
