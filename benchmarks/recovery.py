"""How soon a node with a long history is back after SIGKILL, and whether it is what it was.

    python -m benchmarks.recovery [--locations N] [--events N] [--shards N] [--json]

SKU-locations are filled, and units of them are held for an hour, all over the key space, until the
log has so many events; all SKU-locations stay in memory. Then the whole node gets SIGKILL, and when
it is back one of its shards alone.

How to read it: `serving s` is from the start of the next process until it says SERVING, `first
answer s` until a Reserve is answered; `shard back s` from the shard's SIGKILL until the next
Reserve that it decides is answered. Of 199 SKU-locations, `held` are the units held by the
balances, `granted` those that were answered; they must agree for each. `verify` replays the whole
log into fresh state, and compares it with what is stored. The exit code is 1 if any of it differs.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast import Client

from benchmarks import messages, report
from benchmarks.load import send_all
from benchmarks.node import running_node
from benchmarks.sections import Found, Section, Setting
from engine.shard.slots import shard_of, slot_of

BATCH_COMMANDS = 1_000
EVENTS_OF_A_RESERVE = 2
LOCATIONS, QUICK_LOCATIONS = 1_000_000, 8_000
"""Of a section of `make bench`, if it is not told how many."""
HELD_SHARE = 10
"""It holds a unit for every so many of them."""
SERVING = "serving s"
SKUS_LOOKED_AT_MAX = 200
UNITS = 1_000


async def recovery(
    directory: Path, *, locations: int, events: int, shards: int = 1
) -> dict[str, Any]:
    """Fill a new node in `directory`, kill it, and start it again; gives the figures, with
    `well`."""
    skus = [f"SKU-{number:07d}" for number in range(locations)]
    reserves = max(0, events - locations) // EVENTS_OF_A_RESERVE
    # A fixed seed: the same holds each time.
    chance = random.Random(1)
    held = [chance.choice(skus) for _ in range(reserves)]
    flags = ("--active-actors-max", str(locations + 1))
    async with running_node(directory, shards, *flags) as node:
        started = time.monotonic()
        await send_all(node.address, _receipts(skus), -(-locations // BATCH_COMMANDS))
        await send_all(node.address, _reserves(held), -(-reserves // BATCH_COMMANDS))
        filled_s = time.monotonic() - started
        report.progress("killed")
        node.kill()
        started = time.monotonic()
        await node.start()
        serving_s = time.monotonic() - started
        async with Client(node.address, timeout_s=60) as client:
            await client.reserve([(skus[0], messages.LOCATION, 1)])
            answer_s = time.monotonic() - started
            looked_at = skus[1:SKUS_LOOKED_AT_MAX]
            balances = [
                (await client.stock(sku, messages.LOCATION)).balances.held for sku in looked_at
            ]
            killed_at = node.kill_shard(shard_of(slot_of("", skus[0]), shards))
            await client.reserve([(skus[0], messages.LOCATION, 1)])
            shard_back_s = time.monotonic() - killed_at
    report.progress("verifying")
    verdict = node.verify()
    granted = [held.count(sku) for sku in looked_at]
    return {
        "well": balances == granted and verdict.well,
        "locations": locations,
        "events": verdict.said.get("figures", {}).get("events", 0),
        "shards": shards,
        "seconds to fill": round(filled_s, 1),
        SERVING: round(serving_s, 2),
        "first answer s": round(answer_s, 2),
        "shard back s": round(shard_back_s, 2),
        "held": sum(balances),
        "granted": sum(granted),
        "verify": str(verdict),
    }


def _receipts(skus: list[str]) -> Iterator[bytes]:
    for first in range(0, len(skus), BATCH_COMMANDS):
        yield messages.batch_of_receipts(first, skus[first : first + BATCH_COMMANDS], UNITS)


def _reserves(skus: list[str]) -> Iterator[bytes]:
    for first in range(0, len(skus), BATCH_COMMANDS):
        yield messages.batch_of_reserves(first, skus[first : first + BATCH_COMMANDS])


async def measure_section(setting: Setting) -> Found:
    """A section of `make bench`: one event of each SKU-location, and some holds."""
    locations = setting.locations or (QUICK_LOCATIONS if setting.quick else LOCATIONS)
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        events = locations + locations // HELD_SHARE * EVENTS_OF_A_RESERVE
        figures = await recovery(Path(directory), locations=locations, events=events)
    wrong = [] if figures.pop("well") else [f"recovery: {figures}"]
    return Found({}, figures, wrong=wrong)


SECTION = Section("cold-start", "Back after SIGKILL, with many SKU-locations", measure_section)


async def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = await recovery(
            Path(directory),
            locations=arguments.locations,
            events=arguments.events,
            shards=arguments.shards,
        )
    shown = [(name, value) for name, value in figures.items() if name != "well"]
    report.write(arguments, figures, report.facts("Back after SIGKILL", shown))
    return 0 if figures["well"] else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "recovery")
    parser.add_argument("--locations", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=1)
    sys.exit(report.run(main(parser.parse_args())))
