"""What a command costs one shard, without gRPC, sockets or waiting for the disk.

    python -m benchmarks.shard_cost [--rounds N] [--json]

A shard's actor with its log on disk decides batches of 1 000 commands, as a shard process does
under load; replies are encoded as for the front end, and what was appended is made durable between
the batches.

How to read it: microseconds of this process's CPU for each command, the fastest of the rounds
(whatever else the machine does only adds to it). `flushed` counts what the flushes cost on top of
it, in the same unit.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.figures import rounded
from engine.core.commands import (
    BasketLine,
    Command,
    Commit,
    Context,
    Receive,
    Release,
    Reserve,
)
from engine.core.model import Key, Settings
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import RocksLog
from engine.shard import frames
from engine.shard.frames import Kind
from engine.shard.host import ActorHost
from engine.shard.messages import Call, Reply, Write
from engine.shard.slots import slot_of, slot_of_reservation
from engine.shard.tally import Tally

BATCH = 1_000
BATCHES = 10
LOCATION = "WAREHOUSE"
HOT = Key("", "HOT", LOCATION)
CATALOGUE = [Key("", f"SKU-{number:05d}", LOCATION) for number in range(BATCH * BATCHES)]
UNITS = 1_000_000_000
START_MS = 1_700_000_000_000
TTL_MS = 3_600_000
CONTENT_HASH = bytes(16)


class Shard:
    """One shard in this process."""

    def __init__(self, directory: Path) -> None:
        open_layout(directory, 1)
        self._log = RocksLog(shard_directory(directory, 0), create=False)
        self._host = ActorHost(self._log, Settings(), actors_max=100_000, tally=Tally())
        self._calls = 0
        self.flush_s = 0.0

    @property
    def position(self) -> int:
        """How many events the log has."""
        return self._log.head.position

    def decide(
        self, commands: Sequence[tuple[int, Command]], *, may_refuse: bool = False
    ) -> tuple[float, list[Any]]:
        """Decide commands for these slots as one batch; the seconds of CPU, and the answers, None
        for what is refused: RuntimeError unless it may be."""
        first = self._calls
        self._calls += len(commands)
        calls = tuple(
            Call(number, slot, 0, 0, Write(Context(f"request-{number}"), CONTENT_HASH, command))
            for number, (slot, command) in enumerate(commands, first)
        )
        payload = frames.encode(list(calls))
        started = time.process_time()
        decoded = tuple(frames.decode_calls(payload))
        replies: list[Reply] = []
        while len(replies) < len(decoded):
            decided = self._host.decide(decoded[len(replies) :], START_MS, 0)
            replies += decided.replies
        frames.frame(Kind.REPLIES, frames.encode(replies))
        seconds = time.process_time() - started
        self._log.flush()
        self.flush_s += time.process_time() - started - seconds
        answers = [getattr(reply.result, "answer", None) for reply in replies]
        if None in answers and not may_refuse:
            raise RuntimeError(f"a command was refused: {replies[answers.index(None)].result}")
        return seconds, answers

    def close(self) -> None:
        """Let go of the log."""
        self._host.close()
        self._log.close()


def measure(shard: Shard) -> dict[str, float]:
    """One round: microseconds per command of each kind."""
    figures = {}
    gc.collect()
    seconds, held = _decide_all(shard, (_reserve(HOT) for _ in CATALOGUE))
    figures["Reserve, one hot SKU"] = seconds
    ids = [answer.reservation_id for answer in held]
    figures["Commit"], _ = _decide_all(shard, ((_slot(each), Commit("", each)) for each in ids))
    _, held = _decide_all(shard, (_reserve(HOT) for _ in CATALOGUE))
    ids = [answer.reservation_id for answer in held]
    figures["Release"], _ = _decide_all(shard, ((_slot(each), Release("", each)) for each in ids))
    figures["Reserve, 10 000 SKUs"], _ = _decide_all(shard, map(_reserve, CATALOGUE))
    figures["flushed"], shard.flush_s = shard.flush_s / 5, 0.0
    return {name: seconds / len(CATALOGUE) * 1e6 for name, seconds in figures.items()}


def _decide_all(shard: Shard, commands: Iterator[tuple[int, Command]]) -> tuple[float, list[Any]]:
    everything = list(commands)
    seconds, answers = 0.0, []
    for first in range(0, len(everything), BATCH):
        taken_s, answered = shard.decide(everything[first : first + BATCH])
        seconds += taken_s
        answers += answered
    return seconds, answers


def _reserve(key: Key) -> tuple[int, Command]:
    lines = (BasketLine("1", key, 1),)
    return slot_of(key.tenant, key.sku), Reserve("", lines, ttl_ms=TTL_MS)


def _slot(reservation_id: str) -> int:
    return slot_of_reservation(reservation_id) or 0


def shard_cost(directory: Path, rounds: int) -> dict[str, float]:
    """The least of each figure over all rounds."""
    shard = Shard(directory)
    _decide_all(shard, ((slot_of("", key.sku), Receive(key, UNITS)) for key in [HOT, *CATALOGUE]))
    done = [measure(shard) for _ in range(rounds)]
    shard.close()
    return {name: rounded(min(figures[name] for figures in done)) for name in done[0]}


def main(arguments: Any) -> int:
    """Measure and report; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        figures = shard_cost(Path(directory), arguments.rounds)
    shown = report.facts("CPU of one shard, us per command", figures.items())
    report.write(arguments, {"cpu us per command": figures}, shown)
    return 0


if __name__ == "__main__":
    parser = report.parser(__doc__, "shard_cost")
    parser.add_argument("--rounds", type=int, default=5)
    sys.exit(main(parser.parse_args()))
