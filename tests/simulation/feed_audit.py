"""What the logs hold in the end, for those who were told of it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.feed_audit import Auditor, LogCopy, Stream
from engine.core.model import Key, Stock
from engine.feed.cursor import Cursor
from engine.log.codec import decode_group
from engine.log.time_travel import stock_as_of
from engine.shard.slots import shard_of, slot_of
from tests.simulation.commands import PLACES, skus_of
from tests.simulation.machine import SimulatedLog

Place = tuple[str, str]


class Past:
    """All that has happened, and whether streams have told it."""

    def __init__(self, logs: Sequence[SimulatedLog]) -> None:
        self._logs = logs
        self.heads = {shard: log.head.position for shard, log in enumerate(logs)}
        copy = LogCopy(len(logs))
        for shard, log in zip(copy.shards, logs, strict=True):
            for encoded in log.read(1, 1 << 40, log.head.position):
                for commit in decode_group(encoded).commits:
                    shard.append(commit)
        self._auditor = Auditor(copy)

    def audit(self, streams: Sequence[Stream]) -> Mapping[str, int]:
        """What is wrong with streams: by what, how often."""
        self._auditor.findings = Counter()
        for stream in streams:
            self._auditor.stream(stream)
        return +self._auditor.findings

    def states(self, positions: Mapping[int, int]) -> dict[Place, Stock]:
        """Every SKU-location as of these positions."""
        count = len(self._logs)
        found = {}
        for shard in range(count):
            for sku in skus_of(shard, count):
                for place in PLACES:
                    home = shard_of(slot_of("", sku), count)
                    stock = stock_as_of(self._logs[home], Key("", sku, place), positions[home])
                    if isinstance(stock, Stock):
                        found[sku, place] = stock
        return found


def positions(cursor: str) -> dict[int, int]:
    """What a cursor says."""
    return dict(Cursor.parse(cursor).positions)
