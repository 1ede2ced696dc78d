"""The main job in one command: a flash sale, with a crash in the middle, and the report.

    python -m benchmarks.demo [--seed N] [--json]

A node starts on an empty data directory and a catalogue is loaded. Then 5 000 buyers come for 1 000
units of one article, most of them when the doors open. They also put other things into the basket,
pay, cancel, send everything twice, abandon the basket and let the hold expire, come too late, come
back when the article is gone, or are content with the rest. All of them go through the SDK, while
a channel's adapter follows the feed and keeps its own copy of every balance. In the middle the
shard's process gets SIGKILL, and the sale goes on.

How to read it: everything under "The sale" is counted from what the clients were answered, not from
the engine's counters; so is "oversold", the units that commits confirmed beyond the units loaded.
Latencies are those of a buyer's call, retries and the crash included. "Feed lag" is from an event's
recording to its receipt by the adapter. The exit code is 0 only if every check holds.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from holdfast import Client, commands
from holdfast.errors import HoldfastError

from benchmarks import demo_report, report
from benchmarks.demo_adapter import Adapter
from benchmarks.demo_buyers import Answers, Buyers
from benchmarks.demo_plan import LOCATION, Plan, make_plan
from benchmarks.demo_report import Outcome
from benchmarks.node import Node

BUYERS = 5_000
SALE_S = 14.0
LOAD_BATCH_COMMANDS = 500
READS_IN_FLIGHT = 64
EXPIRY_S_MAX = 10.0
"""How long to wait for the last holds to expire, and for the adapter to hear of it."""


async def run_demo(
    directory: Path, seed: int, buyers: int = BUYERS, sale_s: float = SALE_S
) -> Outcome:
    """Run the sale on a new node in `directory`."""
    plan = make_plan(seed, buyers, sale_s)
    answers, adapter = Answers(), Adapter()
    node = Node(directory)
    demo_report.step("starting a node on an empty directory")
    await node.start()
    try:
        async with Client(node.address, timeout_s=20) as client, Client(node.address) as channel:
            following = asyncio.create_task(adapter.follow(channel))
            demo_report.step(f"loading {len(plan.stock):,} articles")
            await _load(client, plan.stock)
            demo_report.step(f"opening the doors to {buyers:,} buyers")
            opened_at, killed_at = await _sell(client, node, plan, answers)
            closed_at = time.monotonic()
            demo_report.step("waiting for the last abandoned holds to expire")
            left = answers.left_to_expire
            await adapter.until(
                lambda: (
                    left.keys() <= adapter.expired_at.keys()
                    and answers.acknowledged <= adapter.request_ids
                ),
                EXPIRY_S_MAX,
            )
            demo_report.step("comparing the adapter's copy with the engine's stock")
            unequal = await _unequal(client, plan, adapter)
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
    finally:
        await node.stop()
    demo_report.step("stopped; verifying the data directory")
    verdict = await asyncio.to_thread(node.verify)
    return Outcome(plan, answers, adapter, opened_at, closed_at, killed_at, unequal, verdict)


async def _load(client: Client, stock: dict[str, int]) -> None:
    batch = [
        commands.receive(sku, LOCATION, units, reference="opening", request_id=f"load-{sku}")
        for sku, units in stock.items()
    ]
    for first in range(0, len(batch), LOAD_BATCH_COMMANDS):
        for answer in await client.execute(batch[first : first + LOAD_BATCH_COMMANDS]):
            if isinstance(answer, HoldfastError):
                raise answer


async def _sell(client: Client, node: Node, plan: Plan, answers: Answers) -> tuple[float, float]:
    """Let all buyers in and kill the shard when half of them are there; gives when each was."""
    buyers = Buyers(client, answers)
    opened_at = time.monotonic()
    half_arrived = asyncio.Event()
    half_s = plan.buyers[len(plan.buyers) // 2].arrives_s
    asyncio.get_running_loop().call_later(half_s, half_arrived.set)
    async with _shown(plan, answers), asyncio.TaskGroup() as sale:
        for buyer in plan.buyers:
            sale.create_task(buyers.run(buyer, opened_at))
        await half_arrived.wait()
        killed_at = node.kill_shard()
        demo_report.step("killed the shard's process with SIGKILL; the sale goes on")
    return opened_at, killed_at


@asynccontextmanager
async def _shown(plan: Plan, answers: Answers) -> AsyncIterator[None]:
    showing = asyncio.create_task(demo_report.show_progress(plan, answers))
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing


async def _unequal(client: Client, plan: Plan, adapter: Adapter) -> list[str]:
    """Every SKU of which the adapter's copy is not what the engine has."""
    found: list[str] = []
    skus = iter(plan.stock)

    async def compare() -> None:
        for sku in skus:
            stock = await client.stock(sku, LOCATION)
            real = stock.balances
            copy = adapter.copy.get(sku)
            if copy != [real.on_hand, real.held, real.allocated] or min(copy) < 0:
                found.append(f"{sku}: the engine has {real}, the adapter {copy}")

    async with asyncio.TaskGroup() as readers:
        for _ in range(READS_IN_FLIGHT):
            readers.create_task(compare())
    return found


async def main(arguments: Any) -> int:
    """Run the demo and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        outcome = await run_demo(Path(directory), arguments.seed)
    figures = demo_report.figures(outcome)
    report.write(arguments, figures, demo_report.panel(figures))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "demo")
    parser.add_argument("--seed", type=int, default=1, help="chooses what every buyer does")
    sys.exit(report.run(main(parser.parse_args())))
