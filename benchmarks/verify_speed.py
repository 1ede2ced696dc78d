"""How fast `holdfast verify` replays a history with events of many kinds.

    python -m benchmarks.verify_speed [--events N] [--json]

A shard decides baskets through their whole life until its log has so many events: they are
reserved, in part waiting for stock or on backorder, amended, committed, picked, shipped, returned
and given back, while units arrive, are counted, set apart and sent to other locations. Then the
directory is verified.

How to read it: `events per second` is what a person waits for; the verdict has to be CLEAN, else
the exit code is 1.
"""

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.shard_cost import BATCH, LOCATION, Shard
from engine.core.commands import (
    Amend,
    BasketLine,
    Command,
    Commit,
    Configure,
    Expect,
    LineQuantity,
    Move,
    Pick,
    Receive,
    Release,
    Reserve,
    Return,
    SendTransfer,
    SetOnHand,
    Ship,
)
from engine.core.model import IfShort, Key
from engine.log.verify import Report, Verdict, verify
from engine.shard.slots import slot_of, slot_of_reservation

KEYS = [Key("", f"SKU-{number:04d}", LOCATION) for number in range(2_000)]
SCARCE = KEYS[:100]
UNITS, SCARCE_UNITS, BACKORDER_LIMIT = 1_000_000, 50, 20
OUTLET = "OUTLET"
TTL_MS, WAIT_MS = 3_600_000, 86_400_000
SEED = 1


class History:
    """Makes the commands of a shop, batch by batch."""

    def __init__(self) -> None:
        self._chance = random.Random(SEED)

    def opening(self) -> Iterator[Command]:
        """Bring the stock."""
        for key in KEYS:
            yield Receive(key, SCARCE_UNITS if key in SCARCE else UNITS)
        for key in SCARCE:
            yield Configure(key, backorder_limit=BACKORDER_LIMIT)

    def baskets(self) -> Iterator[Command]:
        """New baskets, some with a line that may wait."""
        chance = self._chance
        for number in range(BATCH):
            lines = [BasketLine("1", chance.choice(KEYS[100:]), chance.randint(1, 3))]
            if number % 4 == 0:
                scarce = chance.choice(SCARCE)
                lines.append(BasketLine("2", scarce, 1, allow_backorder=number % 8 == 0))
            yield Reserve("", tuple(lines), ttl_ms=TTL_MS, wait_ms=WAIT_MS)

    def life(self, ids: list[str]) -> Iterator[Command]:
        """What becomes of them, each by its number."""
        third = (LineQuantity("1", 1),)
        for number, reservation_id in enumerate(ids):
            if number % 5 == 0:
                line = BasketLine("1", self._chance.choice(KEYS[100:]), 2)
                yield Amend("", reservation_id, (line,))
            if number % 10 == 9:
                yield Release("", reservation_id)
                continue
            yield Commit("", reservation_id)
            if number % 3 == 0:
                yield Pick("", reservation_id)
            if number % 10 == 8:
                yield Release("", reservation_id)
            elif number % 2 == 0:
                yield Ship("", reservation_id)
                if number % 6 == 0:
                    yield Return("", reservation_id, third, unavailable_cause="inspection")

    def warehouse(self) -> Iterator[Command]:
        """What happens to the stock itself."""
        chance = self._chance
        for number in range(BATCH // 10):
            scarce, key = chance.choice(SCARCE), chance.choice(KEYS[100:])
            yield Receive(scarce, chance.randint(1, 5))
            yield Expect(key, f"delivery {number}", chance.randint(1, 50))
            yield Move(key, 1, "", "damaged", reason="fell")
            yield SetOnHand(key, chance.randint(UNITS // 2, UNITS), if_short=IfShort.RECORD)
            if number % 5 == 0:
                yield SendTransfer("", key.sku, LOCATION, OUTLET, 2)


def make_history(directory: Path, events: int) -> float:
    """Let a shard decide until its log has so many events; gives the seconds that took."""
    shard, history = Shard(directory), History()
    started = time.monotonic()
    _decide(shard, history.opening())
    while shard.position < events:
        held = _decide(shard, history.baskets())
        _decide(shard, history.life([each.reservation_id for each in held if each is not None]))
        _decide(shard, history.warehouse())
        report.progress(f"{shard.position:,} events")
    shard.close()
    return time.monotonic() - started


def _decide(shard: Shard, commands: Iterator[Command]) -> list[Any]:
    """The answers, None where a command is refused."""
    answers: list[Any] = []
    everything = ((_slot(command), command) for command in commands)
    while batch := list(itertools.islice(everything, BATCH)):
        answers += shard.decide(batch, may_refuse=True)[1]
    return answers


def _slot(command: Any) -> int:
    if isinstance(command, Reserve):
        return slot_of("", command.lines[0].key.sku)
    if isinstance(command, SendTransfer):
        return slot_of("", command.sku)
    if hasattr(command, "reservation_id"):
        return slot_of_reservation(command.reservation_id) or 0
    return slot_of("", command.key.sku)


def figures_of(found: Report, seconds: float) -> dict[str, Any]:
    """The figures of a run."""
    return {
        "events": found.figures.events,
        "commits": found.figures.commits,
        "reservations": found.figures.reservations,
        "log MiB": round(found.figures.bytes / 2**20, 1),
        "seconds to make": round(seconds, 1),
        "seconds to verify": round(found.figures.seconds, 1),
        "events per second": round(found.figures.events_per_second),
        "verdict": found.verdict.value,
        "differences": found.differences[:3],
    }


def main(arguments: Any) -> int:
    """Make, verify and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        seconds = make_history(Path(directory), arguments.events)
        report.progress("verifying")
        found = verify(Path(directory))
    figures = figures_of(found, seconds)
    report.write(arguments, figures, report.facts("Verification", figures.items()))
    return 0 if found.verdict is Verdict.CLEAN else 1


if __name__ == "__main__":
    parser = report.parser(__doc__, "verify_speed")
    parser.add_argument("--events", type=int, default=1_000_000)
    sys.exit(main(parser.parse_args()))
