"""What must be true of baskets over several shards once everything is settled, seen from outside
and on disk. Every function gives how many things are wrong, or names them."""

import asyncio
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast import Client
from holdfast.errors import HoldfastError

from benchmarks.basket_load import LOCATION, Answers
from benchmarks.node import Node, NodeFailed
from engine.core.model import Reservation
from engine.log import codec
from engine.log.layout import shard_directory
from engine.log.recovery import LOG_FOLDER
from engine.log.store import Store
from engine.shard.slots import shard_of, slot_of

GAUGES = ("holdfast_prepared_lines", "holdfast_outbox_events")
SETTLE_S_MAX = 60.0
QUIET_S = 2.5
"""Longer than it takes shards to report twice."""
POLL_S = 0.25
ASKED_AT_ONCE = 64
BATCH = 200


async def until_settled(node: Node) -> None:
    """Wait until no shard has anything set aside or to tell. NodeFailed if that takes too long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + SETTLE_S_MAX
    quiet_since = loop.time()
    while loop.time() - quiet_since < QUIET_S:
        left = await asyncio.to_thread(unsettled, node)
        if left:
            quiet_since = loop.time()
        if loop.time() > end:
            raise NodeFailed(f"not settled after {SETTLE_S_MAX:g} s: {left}")
        await asyncio.sleep(POLL_S)


def unsettled(node: Node) -> dict[str, float]:
    """What shards report that they have set aside, and have to tell."""
    with urllib.request.urlopen(f"http://{node.metrics_address}/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    found = {}
    for line in lines:
        name, _, value = line.rpartition(" ")
        if name.partition("{")[0] in GAUGES and float(value):
            found[name] = float(value)
    return found


async def answered_otherwise(client: Client, answers: Answers) -> list[str]:
    """Ask for every acknowledged write again, with its request id: those whose answer is another
    one now, or that take effect again."""
    wrong: list[str] = []
    acknowledged = answers.acknowledged
    for first in range(0, len(acknowledged), BATCH):
        batch = acknowledged[first : first + BATCH]
        outcomes = await client.execute([command for command, _ in batch], timeout_s=60)
        for (command, answer), outcome in zip(batch, outcomes, strict=True):
            if _said(outcome) != _said(answer) or not getattr(outcome, "replayed", False):
                wrong.append(f"{command.request_id}: {answer}, then {outcome}")
    return wrong


def _said(answer: Any) -> Any:
    """What an answer says apart from how things stand since, and where in the history it is."""
    if isinstance(answer, HoldfastError):
        return answer
    apart = {"replayed", "current", "cursor"}
    return {name: value for name, value in answer._asdict().items() if name not in apart}


async def unlike_known(client: Client, answers: Answers) -> list[str]:
    """Reservations that do not have what their answers said, and SKUs whose balances are not the
    sums of all lines."""
    wrong: list[str] = []
    totals: dict[str, Counter[str]] = {sku: Counter() for sku in answers.received}
    ids = list(answers.reservations)
    for first in range(0, len(ids), ASKED_AT_ONCE):
        some = ids[first : first + ASKED_AT_ONCE]
        for reservation in await asyncio.gather(*(client.reservation(each) for each in some)):
            known = answers.reservations[reservation.reservation_id]
            is_open: Counter[tuple[str, str]] = Counter()
            shipped: Counter[tuple[str, str]] = Counter()
            for line in reservation.lines:
                units = line.held + line.allocated + line.waiting
                is_open[line.line_id, line.sku] += units
                shipped[line.line_id, line.sku] += line.shipped
                totals[line.sku]["promised"] += line.held + line.allocated
                totals[line.sku]["waiting"] += line.waiting
                totals[line.sku]["shipped"] += line.shipped
            if (+is_open, +shipped) != (+known.open, +known.shipped):
                wrong.append(f"{reservation.reservation_id}: {reservation.lines}, known {known}")
    for sku, total in totals.items():
        balances = (await client.stock(sku, LOCATION)).balances
        promised = balances.held + balances.allocated + balances.backordered
        stock = (balances.on_hand, promised, balances.waiting)
        lines = (answers.received[sku] - total["shipped"], total["promised"], total["waiting"])
        if stock != lines:
            wrong.append(f"{sku}: on hand, promised, waiting {stock}, by the lines {lines}")
    return wrong


def half_baskets(data_dir: Path, shards: int) -> list[str]:
    """Reservations whose lines are not the same at their home and in the shards of their SKUs, and
    all that is still set aside. The node must be stopped."""
    stored = [_reservations(data_dir, shard) for shard in range(shards)]
    wrong = []
    parts: dict[tuple[str, str, str], list[Any]] = {}
    for shard, reservations in enumerate(stored):
        for reservation in reservations:
            if reservation.preparing:
                wrong.append(f"shard {shard} has {reservation} set aside")
            elif reservation.home_shard is not None:
                for line in reservation.lines:
                    name = (reservation.reservation_id, line.line_id, line.key.sku)
                    parts.setdefault(name, []).append(_units(line))
    for shard, reservations in enumerate(stored):
        for reservation in reservations:
            if reservation.preparing or reservation.home_shard is not None:
                continue
            for line in reservation.lines:
                if shard_of(slot_of(line.key.tenant, line.key.sku), shards) == shard:
                    continue
                name = (reservation.reservation_id, line.line_id, line.key.sku)
                there = parts.pop(name, [])
                if there != [_units(line)]:
                    wrong.append(f"{name}: at home {_units(line)}, in its shard {there}")
    return wrong + [
        f"{name}: no line at home, in its shard {there}" for name, there in parts.items()
    ]


def _reservations(data_dir: Path, shard: int) -> Sequence[Reservation]:
    store = Store(shard_directory(data_dir, shard) / LOG_FOLDER, read_only=True)
    try:
        return [codec.decode_reservation(value) for _, value in store.scan("reservations")]
    finally:
        store.close()


def _units(line: Any) -> tuple[int, ...]:
    return (
        line.held,
        line.allocated,
        line.waiting,
        line.held_backordered,
        line.allocated_backordered,
        line.shipped,
        line.committed,
    )
