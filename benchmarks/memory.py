"""How much memory a node needs with many SKU-locations, of which few are active.

    python -m benchmarks.memory [--locations N] [--json]

How to read it: `loaded per second` is the rate at which receipts of new SKU-locations were made
durable, in batches of 1 000, four at a time. `resident` is what a process has in memory (RSS),
`own` the part of it that no file backs. `empty` is the node that nobody has asked anything,
`loaded` the one that has just taken the receipts, `loaded and idle` the same when nobody has asked
it anything for 20 s since, so that it has rested (`engine/shard/rest.py`), `in use` the same when
10 000 SKU-locations, all over the key space, have just been reserved from, `started again` the same
right after a restart.

`bytes per active SKU-location`, in `make bench`, is what a shard that keeps all of so many in
memory has more of its own than one that took the same receipts and keeps few of them.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import messages, processes, report
from benchmarks.figures import rounded
from benchmarks.load import send_all
from benchmarks.node import Node, running_node
from benchmarks.sections import Found, Section, Setting

ACTIVE = 10_000
BATCH_COMMANDS = 1_000
LOCATIONS, QUICK_LOCATIONS = 1_000_000, 8_000
"""That a section of `make bench` loads, if it is not told how many."""
PARTS = (8, 4, 2)
"""It looks at the memory at these parts of them."""
COMPARED, QUICK_COMPARED = 100_000, 20_000
"""SKU-locations that one shard keeps in memory, and another does not."""
KEPT_SHARE = 100
"""Of which that one keeps one in so many."""
IDLE_S = 20.0
"""How long nobody asks anything of a node that is called idle."""
LOADED, IDLE, USED, AGAIN = "loaded", "loaded and idle", "in use", "started again"
AFTERWARDS = (IDLE, USED, AGAIN)
"""What is looked at when all are loaded."""
OF_ACTIVE = "bytes per active SKU-location"
MIB = 1024 * 1024


async def measure_memory(
    locations: int, stops: Sequence[int] = (), idle_s: float = IDLE_S
) -> dict[str, Any]:
    """Load a node with so many SKU-locations, leave it alone for `idle_s`, use `ACTIVE` of them,
    and look at its memory; also when it has been loaded with each of the numbers in `stops`, in
    ascending order."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        flags = ("--active-actors-max", str(ACTIVE))
        async with running_node(Path(directory), 1, *flags) as node:
            figures: dict[str, Any] = {"locations": locations, "active": min(ACTIVE, locations)}
            figures["memory MiB"] = memory = {"empty": _memory(node)}
            begun, seconds = 0, 0.0
            for end in (*stops, locations):
                started = time.monotonic()
                batches = -(-(end - begun) // BATCH_COMMANDS)
                await send_all(node.address, _receipts(begun, end), batches)
                seconds += time.monotonic() - started
                if end != locations:
                    memory[f"loaded {end:,}"] = _memory(node)
                begun = end
            figures["seconds to load"] = round(seconds, 1)
            figures["loaded per second"] = round(locations / seconds)
            memory[LOADED] = _memory(node)
            await asyncio.sleep(idle_s)
            memory[IDLE] = _memory(node)
            await send_all(node.address, _reserves(locations), figures["active"] // BATCH_COMMANDS)
            memory[USED] = _memory(node)
            data = [file.stat().st_size for file in node.data_dir.rglob("*") if file.is_file()]
            figures["data directory MiB"] = round(sum(data) / MIB, 1)
            await node.stop()
            await node.start()
            memory[AGAIN] = _memory(node)
        return figures


async def bytes_of_an_active(locations: int) -> float:
    """What an active SKU-location takes of its shard's memory, by so many of them."""
    kept_few = locations // KEPT_SHARE
    own = []
    for kept in (kept_few, locations):
        with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
            async with running_node(Path(directory), 1, "--active-actors-max", str(kept)) as node:
                batches = -(-locations // BATCH_COMMANDS)
                await send_all(node.address, _receipts(0, locations), batches)
                own.append(processes.memory(node.shard_process_ids[0]).anonymous)
    return rounded((own[1] - own[0]) / (locations - kept_few))


def _memory(node: Node) -> dict[str, float]:
    ids = {"front end": node.process_id, "shard": node.shard_process_ids[0]}
    figures: dict[str, float] = {}
    for name, process_id in ids.items():
        held = processes.memory(process_id)
        figures[f"{name} resident"] = round(held.resident / MIB, 1)
        figures[f"{name} own"] = round(held.anonymous / MIB, 1)
    figures["node resident"] = round(figures["front end resident"] + figures["shard resident"], 1)
    return figures


def tables(figures: dict[str, Any]) -> list[Table]:
    """The figures as a person reads them."""
    memory: dict[str, dict[str, float]] = figures["memory MiB"]
    rows = [(process, *(each[process] for each in memory.values())) for process in memory["empty"]]
    rest = [(name, value) for name, value in figures.items() if value is not memory]
    return [
        report.facts("SKU-locations", rest),
        report.table("Memory of the node, MiB", ("", *memory), rows),
    ]


def _sku(number: int) -> str:
    return f"SKU-{number:07d}"


def _receipts(begin: int, end: int) -> Iterator[bytes]:
    for first in range(begin, end, BATCH_COMMANDS):
        skus = [_sku(each) for each in range(first, min(first + BATCH_COMMANDS, end))]
        yield messages.batch_of_receipts(first, skus, 100)


def _reserves(locations: int) -> Iterator[bytes]:
    # A fixed seed: the same SKU-locations all over the key space, each time.
    chosen = random.Random(1).sample(range(locations), min(ACTIVE, locations))
    for first in range(0, len(chosen), BATCH_COMMANDS):
        skus = [_sku(each) for each in chosen[first : first + BATCH_COMMANDS]]
        yield messages.batch_of_reserves(first, skus)


async def measure_section(setting: Setting) -> Found:
    """The figures as a section of `make bench`: empty, loaded step by step, idle, in use, and
    started again; and what one more active SKU-location takes."""
    locations = setting.locations or (QUICK_LOCATIONS if setting.quick else LOCATIONS)
    stops = [locations // part for part in PARTS]
    figures = await measure_memory(locations, stops, 0 if setting.quick else IDLE_S)
    memory: dict[str, dict[str, float]] = figures.pop("memory MiB")
    loaded = (0, *stops, *[locations] * (1 + len(AFTERWARDS)))
    rows = {
        name: {"locations": number} | {f"{process}_MiB": size for process, size in sizes.items()}
        for number, (name, sizes) in zip(loaded, memory.items(), strict=True)
    }
    compared = QUICK_COMPARED if setting.quick else COMPARED
    report.progress(f"two shards with {compared:,}, of which one keeps few in memory")
    of_active = {OF_ACTIVE: await bytes_of_an_active(compared), "active ones compared": compared}
    return Found(rows, figures | of_active)


SECTION = Section("memory", "Memory of a node with many SKU-locations", measure_section)


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    figures = await measure_memory(arguments.locations)
    report.write(arguments, figures, *tables(figures))
    return 0


if __name__ == "__main__":
    parser = report.parser(__doc__, "memory")
    parser.add_argument("--locations", type=int, default=1_000_000, help="SKU-locations to load")
    sys.exit(report.run(main(parser.parse_args())))
