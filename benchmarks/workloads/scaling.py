"""How throughput grows with callers and with the size of batches, on one hot SKU.

`callers` reserve single units through the SDK, which gathers what they ask; `batches` of so many
Reserves are sent by four callers. Each row is a closed loop: latencies are those of a call.
"""

from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads.closed import Load, bring_stock, by_sdk, prepared, reserves, rows, turns
from benchmarks.workloads.one_shard import HOT, verified_node

CALLERS = (1, 4, 16, 64, 256, 1_024)
SIZES = (1, 3, 10, 30, 100, 300, 1_000)
CALLERS_ROW, SIZES_ROW = " callers", "batches of "
"""What the names of rows are made with."""
ROUND_S = 1.5
TRIED_COMMANDS = 500
"""In the round that warms up, about."""


async def measure_scaling(setting: Setting) -> Found:
    """Every number of callers, then every size of batches."""
    wrong: list[str] = []
    async with verified_node(wrong) as node:
        await bring_stock(node, [HOT])
        by_callers = {
            f"{callers:,}{CALLERS_ROW}": {"callers": callers, "size": 1} for callers in CALLERS
        }
        by_size = {f"{SIZES_ROW}{size:,}": {"callers": 4, "size": size} for size in SIZES}
        loads = [
            Load(name, node, by_sdk(node, HOT), each["callers"], _tried(each))
            for name, each in by_callers.items()
        ]
        rounds = await turns(loads, setting, ROUND_S)
        loads = [
            Load(
                name,
                node,
                prepared(node, [reserves([[(HOT, 1)]] * each["size"])]),
                calls_tried=_tried(each),
            )
            for name, each in by_size.items()
        ]
        rounds |= await turns(loads, setting, ROUND_S)
    asked = by_callers | by_size
    found = {name: asked[name] | row for name, row in rows(rounds).items()}
    return Found(found, wrong=wrong)


def _tried(each: dict[str, int]) -> int:
    return max(1, TRIED_COMMANDS // (each["callers"] * each["size"]))


SECTION = Section(
    "scaling", "Answers by the number of callers and the size of batches", measure_scaling
)
