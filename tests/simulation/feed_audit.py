"""What the logs hold in the end, for those who were told of it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.feed_audit import Auditor, LogCopy, Stream
from engine.core.channels import DEFAULT_BUFFER_PERCENT
from engine.core.events import StockConfigured
from engine.core.model import Key, Selling, Stock
from engine.feed.cursor import Cursor
from engine.log.codec import decode_group
from engine.log.port import Commit
from engine.log.time_travel import stock_as_of
from engine.shard.slots import shard_of, slot_of
from tests.simulation.commands import PLACES, WEB, skus_of
from tests.simulation.machine import SimulatedLog

Place = tuple[str, str]
Numbers = tuple[int, ...]
"""Of a SKU, how many units may be sold of it at each of the places."""


class _Course:
    """How something has gone on: from which position on it was what."""

    def __init__(self, first: Any) -> None:
        self._positions = [0]
        self._states = [first]

    def append(self, position: int, state: Any) -> None:
        self._positions.append(position)
        self._states.append(state)

    def at(self, position: int) -> Any:
        """What it was as of a position."""
        return self._states[bisect_right(self._positions, position) - 1]

    def between(self, first: int, last: int) -> list[Any]:
        """All that it was from a position to another."""
        begin = bisect_right(self._positions, first) - 1
        return self._states[begin : bisect_right(self._positions, last)]


class Past:
    """All that has happened, and whether streams have told it."""

    def __init__(self, logs: Sequence[SimulatedLog]) -> None:
        self._logs = logs
        self.heads = {shard: log.head.position for shard, log in enumerate(logs)}
        self._stocks: dict[Place, Stock] = {}
        self._selling: dict[Place, Selling] = {}
        self._versions: dict[Place, _Course] = {}
        self._numbers: dict[str, _Course] = {}
        copy = LogCopy(len(logs))
        for shard, log in zip(copy.shards, logs, strict=True):
            for encoded in log.read(1, 1 << 40, log.head.position):
                for commit in decode_group(encoded).commits:
                    shard.append(commit)
                    self._take(commit, shard.head)
        self._auditor = Auditor(copy)

    def _take(self, commit: Commit, position: int) -> None:
        """Note how stock is after a commit that ends at a position."""
        changed = set[Place]()
        for recorded in commit.recorded:
            event: Any = recorded.event
            if recorded.stock is None:
                continue
            place = (event.key.sku, event.key.location)
            changed.add(place)
            self._stocks[place] = recorded.stock
            if isinstance(event, StockConfigured):
                self._selling[place] = event.selling
        for place in changed:
            version = self._stocks[place].version
            self._versions.setdefault(place, _Course(0)).append(position, version)
        for sku in {sku for sku, _ in changed}:
            self._numbers.setdefault(sku, _Course(())).append(position, self._sold(sku))

    def _sold(self, sku: str) -> Numbers:
        """What the channel may sell of a SKU now: it leaves a tenth to others, where it sells from
        last."""
        there = {name: self._sellable((sku, name)) for name in WEB}
        left = sum(there.values()) * (100 - DEFAULT_BUFFER_PERCENT) // 100
        for name in WEB:
            there[name] = min(there[name], left)
            left -= there[name]
        return tuple(there[name] for name in PLACES)

    def _sellable(self, place: Place) -> int:
        stock = self._stocks.get(place)
        if stock is None or self._selling.get(place) is Selling.STOPPED:
            return 0
        unavailable = sum(units for _, units in stock.unavailable)
        away = stock.held + stock.allocated + stock.safety_stock + unavailable
        return max(0, stock.on_hand - away)

    def audit(self, streams: Sequence[Stream]) -> Mapping[str, int]:
        """What is wrong with streams: by what, how often."""
        self._auditor.findings = Counter()
        for stream in streams:
            self._auditor.stream(stream)
        return +self._auditor.findings

    @property
    def places(self) -> Iterable[Place]:
        """Every SKU-location that there ever was."""
        return self._versions

    def version(self, place: Place, positions: Mapping[int, int]) -> int:
        """The version of a SKU-location as of these positions; 0: there was none."""
        version: int = self._versions[place].at(positions[self.shard_of(place[0])])
        return version

    def numbers(self, sku: str, first: int, last: int) -> list[Numbers]:
        """All that might be sold of a SKU at each of the places, from a position of its shard to
        another."""
        return self._numbers.get(sku, _Course(())).between(first, last)

    def shard_of(self, sku: str) -> int:
        """The shard of a SKU."""
        return shard_of(slot_of("", sku), len(self._logs))

    def states(self, positions: Mapping[int, int]) -> dict[Place, Stock]:
        """Every SKU-location as of these positions."""
        count = len(self._logs)
        found = {}
        for shard in range(count):
            for sku in skus_of(shard, count):
                for place in PLACES:
                    stock = stock_as_of(self._logs[shard], Key("", sku, place), positions[shard])
                    if isinstance(stock, Stock):
                        found[sku, place] = stock
        return found


def positions(cursor: str) -> dict[int, int]:
    """What a cursor says."""
    return dict(Cursor.parse(cursor).positions)
