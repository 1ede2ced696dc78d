"""Whether cost grows with history: checkouts on a node with a long one beside one with a short one.

Both nodes have the same stock and nothing that is open; the one has decided and kept more than the
other before they are measured, in turns. What they are measured by adds to both histories.
"""

import itertools
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from holdfast import Client

from benchmarks import report
from benchmarks.load import Loop, measure
from benchmarks.messages import LOCATION
from benchmarks.node import Node, running_node
from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads.checkouts import checkouts
from benchmarks.workloads.closed import BATCH, CALLERS, Load, bring_stock, rows, turns
from benchmarks.workloads.one_shard import CATALOGUE

SHORT_EVENTS, LONG_EVENTS = 100_000, 10_000_000
QUICK_EVENTS = (11_000, 22_000)
ROUND_S = 1.0
"""Short, so that the short history stays short beside the long one."""
CALLS_BETWEEN_LINES = 500
SHORT, LONG = "after a short history", "after a long one"
SHARE = "share kept"


async def measure_growth(setting: Setting) -> Found:
    """A node after many events beside one after few."""
    short, long = QUICK_EVENTS if setting.quick else (SHORT_EVENTS, LONG_EVENTS)
    asked = {SHORT: short, LONG: setting.events or long}
    async with AsyncExitStack() as stack:
        loads, nodes = [], []
        for name, events in asked.items():
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-"))
            node = await stack.enter_async_context(running_node(Path(made)))
            await bring_stock(node, CATALOGUE)
            await live_through(node, events)
            nodes.append(node)
            loads.append(Load(name, node, checkouts(node, CATALOGUE), calls_tried=2))
        before = [await events_of(node) for node in nodes]
        rounds = await turns(loads, setting, ROUND_S)
        after = [await events_of(node) for node in nodes]
    table = rows(rounds)
    for name, begin, end in zip(asked, before, after, strict=True):
        table[name] |= {"events_before": begin, "events_after": end}
    share = rounds[LONG].per_second / rounds[SHORT].per_second
    return Found(table, {SHARE: round(share, 3)})


async def live_through(node: Node, events: int) -> None:
    """Check out until the log holds at least so many events."""
    async with checkouts(node, CATALOGUE) as ask:
        begun = await events_of(node)
        await ask(0, 0)
        each = await events_of(node) - begun
        left = -(-(events - begun - each) // (each * CALLERS))
        if left <= 0:
            return
        report.progress(f"living through {events:,} events")
        done = itertools.count(1)
        tenth = max(CALLS_BETWEEN_LINES, left * CALLERS // 10)

        async def counted(caller: int, call: int) -> int:
            answered = await ask(caller, call)
            if (number := next(done)) % tenth == 0:
                report.progress(f"about {number * each:,} of {events:,} events")
            return answered

        await measure([Loop("history", CALLERS, left, counted, {})], 1)


async def events_of(node: Node) -> int:
    """How many events the log of a node of one shard holds."""
    async with Client(node.address, timeout_s=60) as client:
        stock = await client.stock(CATALOGUE[0], LOCATION)
    return int(stock.cursor.rpartition(".")[2])


WHAT = f"Checkouts after a long history and a short one, {CALLERS} callers with {BATCH} at a time"
SECTION = Section("growth", WHAT, measure_growth)
