"""How much of the disk a reserve takes, when RocksDB has put together what it keeps.

    python -m benchmarks.bench --only disk [--events N]

A node decides Reserves of one unit of many SKUs, with request ids as clients make them, in batches
of 1 000. Then it is stopped, and every column family is compacted. What a node that has decided
nothing but its stock takes is not counted.

How to read it: a row for each column family that takes anything (see "On disk" in
`ARCHITECTURE.md`), with the bytes of its tables for each event. A Reserve of one line has two
events, and so takes twice as much. `log` is what has happened, which retention drops in time, and
everything else follows from it: what is open, and what answers a request id that comes again.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks import messages
from benchmarks.figures import rounded
from benchmarks.load import send_all
from benchmarks.node import running_node
from benchmarks.recovery import EVENTS_OF_A_RESERVE
from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads.closed import RECEIPTS_BATCH, bring_stock
from benchmarks.workloads.one_shard import CATALOGUE
from engine.log.layout import shard_directory
from engine.log.recovery import LOG_FOLDER
from engine.log.store import Store

EVENTS, QUICK_EVENTS = 1_000_000, 20_000
ALL = "all"
COLUMN = "bytes_per_event"
TABLES_SIZE = "rocksdb.live-sst-files-size"


async def measure_disk(setting: Setting) -> Found:
    """The tables of a node with many reserves, less those of one with stock alone."""
    reserves = (
        setting.events or (QUICK_EVENTS if setting.quick else EVENTS)
    ) // EVENTS_OF_A_RESERVE
    sizes = [await _sizes_after(number) for number in (0, reserves)]
    events = reserves * EVENTS_OF_A_RESERVE
    taken = {name: size - sizes[0][name] for name, size in sizes[1].most_common()}
    rows = {
        name: {COLUMN: rounded(size / events)} for name, size in taken.items() if size >= events
    }
    every = sum(taken.values())
    return Found(
        rows | {ALL: {COLUMN: rounded(every / events)}},
        {"events": events, "bytes per Reserve": round(every / reserves)},
    )


async def _sizes_after(reserves: int) -> Counter[str]:
    """Bytes of tables by column family when so much was reserved and all was compacted."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_node(Path(directory)) as node:
            await bring_stock(node, CATALOGUE)
            await send_all(node.address, _reserves(reserves), -(-reserves // RECEIPTS_BATCH))
        return compacted_sizes(shard_directory(node.data_dir, 0) / LOG_FOLDER)


def compacted_sizes(directory: Path) -> Counter[str]:
    """Compact a database that nobody has open; gives the bytes of tables by column family."""
    store = Store(directory)
    try:
        for family in store.families.values():
            family.compact_range(None, None)
        return Counter(
            {
                name: family.property_int_value(TABLES_SIZE) or 0
                for name, family in store.families.items()
            }
        )
    finally:
        store.close()


def _reserves(number: int) -> Iterator[bytes]:
    for first in range(0, number, RECEIPTS_BATCH):
        size = min(RECEIPTS_BATCH, number - first)
        skus = [CATALOGUE[each % len(CATALOGUE)] for each in range(first, first + size)]
        yield messages.batch_of_reserves(first, skus)


SECTION = Section("disk", "Disk of many reserves, compacted", measure_disk)
