"""Replays a shop's real orders against a node, and checks every balance by a ledger of its own.

    python -m benchmarks.replay_orders --orders FILE [--kill-shard] [--shards N] [--json]

FILE is a CSV of order lines with the columns invoice, sku, quantity, ordered_at and customer. An
invoice is one basket: reserved all or nothing, then committed with the invoice as its reference,
then shipped. Negative lines are adjustments: of an invoice that begins with C goods come back, by
any other they are gone. Each SKU starts with all that is ordered of it in the file, but every tenth
(in order of name) with half of that, so that baskets fall short. A refused basket must name its
short lines; half of the refused ones (by the checksum of the invoice) ask again for what is there.
Many checkouts run at once and finish in any order. With --kill-shard a shard's process gets SIGKILL
in the middle.

How to read it: `differences` compares every balance of every SKU (on hand, held, allocated,
available) with a ledger that is kept only from the file and the clients' answers, and must be 0.
`contradictions` are answers that no order of events explains, and must be 0. The exit code is 0
only if both are, no balance is below zero, and `holdfast verify` finds nothing.
"""

import asyncio
import dataclasses
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

from holdfast import Client, commands
from holdfast.errors import (
    BelowPromised,
    HoldfastError,
    InsufficientStock,
)
from holdfast.types import Line, LineResult, Reserved

from benchmarks import report
from benchmarks.node import Node, Verdict, running_node
from benchmarks.order_ledger import Ledger, Short
from benchmarks.orders_file import Basket, Correction, Orders, read_orders
from benchmarks.persist import until_known

LOCATION = "SHOP"
LOAD_BATCH_COMMANDS = 500
READS_IN_FLIGHT = 64
AVAILABILITY_KEYS = 1_000


@dataclasses.dataclass
class Replay:
    """One run over one file, and what became of it."""

    client: Client
    orders: Orders
    ledger: Ledger
    counts: Counter[str] = dataclasses.field(default_factory=Counter)

    async def load(self) -> None:
        """Count every SKU's opening stock in; it must be new."""
        writes = [
            commands.set_on_hand(sku, LOCATION, units, if_version=0, reference="opening")
            for sku, units in self.orders.opening.items()
        ]
        for first in range(0, len(writes), LOAD_BATCH_COMMANDS):
            for answer in await self.client.execute(writes[first : first + LOAD_BATCH_COMMANDS]):
                if isinstance(answer, HoldfastError):
                    raise answer

    async def run(self, concurrency: int, node: Node | None) -> None:
        """Work the file off with so many checkouts at once; kill a shard of `node` half-way."""
        work = iter(self.orders.work)
        middle = len(self.orders.work) // 2
        done = 0

        async def check_out_one_after_another() -> None:
            nonlocal done
            for each in work:
                if isinstance(each, Basket):
                    await self.check_out(each)
                else:
                    await self.correct(each)
                done += 1
                if done == middle and node is not None:
                    node.kill_shard(0)
                    self.counts["kills"] += 1

        async with asyncio.TaskGroup() as checkouts:
            for _ in range(concurrency):
                checkouts.create_task(check_out_one_after_another())

    async def check_out(self, basket: Basket) -> None:
        """Reserve, commit and ship a basket, or what can be had of it."""
        self.counts["baskets"] += 1
        question = self.ledger.asks(basket.lines)
        try:
            reserved = await self.reserve(basket, "whole", fill="all_or_nothing")
        except InsufficientStock as refusal:
            self.counts["refused"] += 1
            self.ledger.refused(basket.invoice, question, basket.lines, _short_of(refusal))
            if crc32(basket.invoice.encode()) % 2 == 0:
                await self.check_out_partly(basket)
        else:
            self.counts["granted"] += 1
            self.ledger.filled(basket.invoice, question, basket.lines, _plain(reserved.lines), {})
            await self.deliver(basket.invoice, reserved)

    async def check_out_partly(self, basket: Basket) -> None:
        """Reserve, commit and ship what there is of a basket."""
        self.counts["asked again for what is there"] += 1
        what = f"{basket.invoice}, best effort"
        question = self.ledger.asks(basket.lines)
        try:
            reserved = await self.reserve(basket, f"rest-{basket.lines[0][0]}", fill="best_effort")
        except InsufficientStock as refusal:
            self.counts["nothing there"] += 1
            self.ledger.refused(what, question, basket.lines, _short_of(refusal))
            return
        self.counts["partly filled" if reserved.short_lines else "filled in full"] += 1
        self.ledger.filled(
            what, question, basket.lines, _plain(reserved.lines), _short_of(reserved)
        )
        await self.deliver(basket.invoice, reserved)

    async def reserve(self, basket: Basket, attempt: str, **how: Any) -> Reserved:
        """Ask for a basket until the outcome is known."""
        lines = [Line(sku, LOCATION, units, line_id) for line_id, sku, units in basket.lines]
        return await until_known(
            lambda: self.client.reserve(
                lines,
                ttl_s=3_600,
                reference=f"cart-{basket.invoice}",
                customer=basket.customer,
                request_id=f"{basket.invoice}/{attempt}",
                **how,
            )
        )

    async def deliver(self, invoice: str, reserved: Reserved) -> None:
        """Commit what is held, then ship it."""
        name = reserved.reservation_id
        committed = await until_known(
            lambda: self.client.commit(name, reference=invoice, request_id=f"{name}/commit")
        )
        self.expect_lines(f"{invoice}: commit", committed.lines, reserved.lines)
        self.ledger.committed(_plain(committed.lines))
        shipped = await until_known(
            lambda: self.client.ship(name, reference=invoice, request_id=f"{name}/ship")
        )
        self.expect_lines(f"{invoice}: ship", shipped.lines, reserved.lines)
        self.ledger.shipped(_plain(shipped.lines))
        self.counts["units shipped"] += sum(line.quantity for line in shipped.lines)

    def expect_lines(
        self, what: str, answered: tuple[LineResult, ...], expected: tuple[LineResult, ...]
    ) -> None:
        """Note it if an answer is about other lines than were held."""
        if sorted(answered) != sorted(expected):
            self.ledger.problems.append(f"{what} answers other lines than were held")

    async def correct(self, correction: Correction) -> None:
        """Adjust the stock by a negative line."""
        sku, delta = correction.sku, correction.delta
        self.counts["adjustments"] += 1
        self.ledger.corrects(sku, delta)
        try:
            await until_known(
                lambda: self.client.adjust(
                    sku,
                    LOCATION,
                    delta,
                    reason=correction.reason,
                    reference=correction.reference,
                    if_short="refuse",
                    request_id=correction.name,
                )
            )
        except BelowPromised as refusal:
            self.counts["adjustments refused"] += 1
            self.ledger.corrected(sku, delta, accepted=False)
            named = (refusal.sku, refusal.location)
            if named != (sku, LOCATION) or not refusal.on_hand < refusal.promised:
                self.ledger.problems.append(f"{correction.name}: refused without the facts")
        else:
            self.ledger.corrected(sku, delta, accepted=True)

    async def differences(self) -> list[str]:
        """Every balance that is not as the ledger has it, or is below zero."""
        found: list[str] = []
        skus = iter(self.orders.opening)

        async def compare() -> None:
            for sku in skus:
                stock = await self.client.stock(sku, LOCATION)
                expected = self.ledger.balances(sku)
                real = stock.balances
                wanted = (*expected, expected.available)
                given = (real.on_hand, real.held, real.allocated, real.available)
                if given != wanted:
                    found.append(f"{sku!r}: the engine has {given}, the ledger {wanted}")
                elif min(given) < 0:
                    found.append(f"{sku!r}: below zero: {given}")

        async with asyncio.TaskGroup() as readers:
            for _ in range(READS_IN_FLIGHT):
                readers.create_task(compare())
        return found + await self.availability_differences()

    async def availability_differences(self) -> list[str]:
        """Every SKU of which more or less may be promised than the ledger says."""
        found = []
        skus = list(self.orders.opening)
        for first in range(0, len(skus), AVAILABILITY_KEYS):
            keys = [(sku, LOCATION) for sku in skus[first : first + AVAILABILITY_KEYS]]
            answer = await self.client.availability(keys)
            for (sku, _), item in zip(keys, answer.items, strict=True):
                available = self.ledger.balances(sku).available
                if (item.sku, item.total_available) != (sku, available):
                    found.append(f"{sku!r}: {item} may be promised, by the ledger {available}")
        return found


def _plain(lines: tuple[LineResult, ...]) -> list[tuple[str, str, int]]:
    return [(line.line_id, line.sku, line.quantity) for line in lines]


def _short_of(answer: InsufficientStock | Reserved) -> dict[str, Short]:
    return {line.line_id: Short(line.asked, line.available) for line in answer.short_lines}


async def replay(
    orders: Orders,
    directory: Path,
    *,
    shards: int = 1,
    concurrency: int = 32,
    kill_shard: bool = False,
    ledger: Ledger | None = None,
) -> dict[str, Any]:
    """Replay on a new node in `directory`; gives the figures, with `well` for the verdict.

    `ledger` is one that starts with another stock than is loaded, to see that it finds fault.
    """
    ledger = Ledger(orders.opening) if ledger is None else ledger
    async with running_node(directory, shards) as node, Client(node.address) as client:
        run = Replay(client, orders, ledger)
        report.progress(f"loading {len(orders.opening):,} SKUs")
        await run.load()
        report.progress(f"replaying {orders.line_count:,} lines, {concurrency} at a time")
        started = time.monotonic()
        await run.run(concurrency, node if kill_shard else None)
        seconds = time.monotonic() - started
        report.progress("comparing every balance with the ledger")
        differences = await run.differences()
    verdict = await asyncio.to_thread(node.verify)
    return _figures(run, seconds, differences, verdict)


def _figures(
    run: Replay, seconds: float, differences: list[str], verdict: Verdict
) -> dict[str, Any]:
    baskets = run.orders.baskets
    problems = run.ledger.problems
    return {
        "well": not differences and not problems and verdict.well,
        "lines": run.orders.line_count,
        "skus": len(run.orders.opening),
        **run.counts,
        "largest basket": max((len(basket.lines) for basket in baskets), default=0),
        "seconds": round(seconds, 2),
        "baskets per second": round(len(baskets) / seconds, 1),
        "contradictions": len(problems),
        "differences": len(differences),
        "verify": str(verdict),
        "examples": (problems + differences)[:20],
    }


async def main(arguments: Any) -> int:
    """Replay and report; gives the exit code."""
    orders = read_orders(arguments.orders)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await replay(
            orders,
            Path(directory),
            shards=arguments.shards,
            concurrency=arguments.concurrency,
            kill_shard=arguments.kill_shard,
        )
    shown = [(name, value) for name, value in figures.items() if name not in ("well", "examples")]
    report.write(arguments, figures, report.facts("Real orders replayed", shown))
    for example in figures["examples"]:
        report.progress(example)
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "replay_orders")
    parser.add_argument("--orders", type=Path, required=True, help="CSV of order lines")
    parser.add_argument("--kill-shard", action="store_true", help="SIGKILL one in the middle")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=32, help="checkouts at a time")
    sys.exit(report.run(main(parser.parse_args())))
