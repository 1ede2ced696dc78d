"""Holds what subscribers were told against the log: what etcd promises of its watches, event by
event.

A *stream* is what a subscriber was told from one start to the next, across all reconnections that
the SDK makes by itself. Its messages divide the log: what a message has to tell is what passes the
filter and lies after the cursor of the message before it, up to its own. Findings, by name:

`reordered`: events of a shard that came after one with a later position (*ordered*);
`doubled`: events that came twice, or that the cursor before them had covered (*unique*);
`missing`: events that a cursor covers, pass the filter and were not told (*complete*);
`uncalled for`: events that do not pass the filter, or that the log does not have;
`altered`: events that say something else than the log;
`torn`: cursors that lie inside a commit, so that whoever stops there has a part of it (*atomic*);
`ahead`: events that come with a cursor that does not cover them (*resumable*);
`back`: cursors that lie before the cursor of the message before (*bookmarkable*).
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from engine.core.events import KEYLESS_EVENTS, Recorded
from engine.feed.cursor import Cursor
from engine.log.codec import decode_group
from engine.log.layout import shard_directory
from engine.log.port import Commit
from engine.log.rocks import RocksLog

READ_BYTES = 4 * 1024 * 1024
Positions = Mapping[int, int]
"""A position of each shard."""


class Interest(NamedTuple):
    """What a subscriber asks for. Nothing: everything."""

    skus: tuple[str, ...] = ()
    sku_prefixes: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()

    def passes(self, sku: str, location: str) -> bool:
        """What the contract says of an event of this SKU-location; empty texts for one of none."""
        is_listed = sku in self.skus or (bool(sku) and sku.startswith(self.sku_prefixes))
        if (self.skus or self.sku_prefixes) and not is_listed:
            return False
        return not self.locations or location in self.locations


Fact = tuple[str, str, str, str, int, int, int, int]
"""What of an event is compared: kind, request id, SKU, location, version, on hand, held,
allocated."""


def fact_of_message(message: Any) -> Fact:
    """What the feed has told."""
    balances = message.balances
    return (
        message.WhichOneof("kind") or "",
        message.cause.request_id,
        message.key.sku,
        message.key.location,
        message.version,
        balances.on_hand,
        balances.held,
        balances.allocated,
    )


def fact_of_record(recorded: Recorded, request_id: str) -> Fact:
    """What the log has."""
    event: Any = recorded.event
    name = _kind(type(event).__name__)
    if type(event) in KEYLESS_EVENTS or recorded.stock is None:
        return (name, request_id, "", "", 0, 0, 0, 0)
    stock = recorded.stock
    return (
        name,
        request_id,
        event.key.sku,
        event.key.location,
        stock.version,
        stock.on_hand,
        stock.held,
        stock.allocated,
    )


@lru_cache(maxsize=256)
def _kind(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


class ShardLog:
    """All that a shard's log has ever held. The event at a position has the index before it."""

    def __init__(self) -> None:
        self.facts = array("q")
        """A hash of each event's Fact."""
        self.states = array("q")
        """A hash of the part of it that says how the SKU-location is then."""
        self.places: list[tuple[str, str] | None] = []
        """SKU and location of each event, empty for one of none; None for an event of no tenant,
        which nobody is told."""
        self.ends = array("Q")
        """The last position of each commit."""
        self.requests: dict[str, int] = {}
        """The first position of the commit that each request id made last."""

    @property
    def head(self) -> int:
        """The last position."""
        return len(self.facts)

    def append(self, commit: Commit) -> None:
        """Take in the next commit."""
        request_id = commit.cause.request_id
        self.requests[request_id] = self.head + 1
        for recorded in commit.recorded:
            fact = fact_of_record(recorded, request_id)
            self.facts.append(hash(fact))
            self.states.append(hash(fact[2:]))
            is_told = bool(fact[2]) or hasattr(recorded.event, "tenant")
            self.places.append((fact[2], fact[3]) if is_told else None)
        self.ends.append(self.head)

    def is_between_commits(self, position: int) -> bool:
        """Whether a position is the end of a commit, or before the first."""
        index = bisect_left(self.ends, position)
        return position == 0 or (index < len(self.ends) and self.ends[index] == position)


class LogCopy:
    """A copy of what a node's logs have ever held, read before they forget it."""

    def __init__(self, shards: int) -> None:
        self.shards = [ShardLog() for _ in range(shards)]

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(shard.head for shard in self.shards)

    @property
    def heads(self) -> dict[int, int]:
        """The last position of each shard."""
        return {number: shard.head for number, shard in enumerate(self.shards)}

    def read(self, data_dir: Path) -> None:
        """Read on from a data directory that no node uses. ValueError if it has forgotten what was
        not read yet."""
        for number, shard in enumerate(self.shards):
            log = RocksLog(shard_directory(data_dir, number), create=False)
            try:
                if log.oldest_position > shard.head + 1:
                    raise ValueError(f"shard {number} has forgotten what follows {shard.head}")
                self._read_on(shard, log)
            finally:
                log.close()

    def _read_on(self, shard: ShardLog, log: RocksLog) -> None:
        while shard.head < log.head.position:
            for encoded in log.read(shard.head + 1, READ_BYTES, log.head.position):
                for commit in decode_group(encoded).commits:
                    shard.append(commit)


@dataclass
class Stream:
    """What one subscriber was told from one start to the next."""

    interest: Interest
    start: Positions
    """The place it asked to go on from."""
    shards: "array[int]" = field(default_factory=lambda: array("B"))
    positions: "array[int]" = field(default_factory=lambda: array("Q"))
    facts: "array[int]" = field(default_factory=lambda: array("q"))
    messages: list[tuple[int, str]] = field(default_factory=list)
    """For each message how many events were told with it and before it, and its cursor."""

    def take(self, cursor: str, events: Sequence[Any]) -> None:
        """Take down a message; `events` are holdfast.v1.Event."""
        for event in events:
            self.shards.append(event.shard)
            self.positions.append(event.position)
            self.facts.append(hash(fact_of_message(event)))
        self.messages.append((len(self.positions), cursor))


class Refusal(NamedTuple):
    """A start that was refused since the log has forgotten what follows it."""

    asked: str
    oldest: str


class Auditor:
    """Holds streams against a complete copy of the log."""

    def __init__(self, log: LogCopy) -> None:
        self._log = log
        self._passing: dict[Interest, list[array[int]]] = {}
        self.findings: Counter[str] = Counter()
        self.events = 0
        """How many told events were looked at."""

    def stream(self, stream: Stream) -> None:
        """Look at every message of a stream."""
        passing = self._passing.get(stream.interest)
        if passing is None:
            passing = self._passing[stream.interest] = self._all_passing(stream.interest)
        before, begin = dict(stream.start), 0
        for end, cursor in stream.messages:
            after = dict(Cursor.parse(cursor).positions)
            told: dict[int, list[int]] = {shard: [] for shard in after}
            for index in range(begin, end):
                shard, position = stream.shards[index], stream.positions[index]
                told.setdefault(shard, []).append(position)
                self._compare(shard, position, stream.facts[index])
            for shard, position in after.items():
                self._cursor(shard, before.get(shard, 0), position)
                log = passing[shard]
                first = bisect_right(log, before.get(shard, 0))
                expected = log[first : bisect_right(log, position)]
                if told[shard] != expected.tolist():
                    self._unlike(told[shard], expected, log, before.get(shard, 0), position)
            before, begin = after, end
        self.events += len(stream.positions)

    def refusal(self, refusal: Refusal, kept_events: int) -> None:
        """Look at a refusal: something must have been forgotten, and no more than was allowed."""
        asked = Cursor.parse(refusal.asked).positions
        oldest = Cursor.parse(refusal.oldest).positions
        if all(asked[shard] >= position for shard, position in oldest.items()):
            self.findings["refused without need"] += 1
        for shard, position in oldest.items():
            log = self._log.shards[shard]
            self.findings["torn"] += not log.is_between_commits(position)
            self.findings["forgotten too early"] += position > max(log.head - kept_events, 0)

    def answers(self, cursors: Mapping[str, str]) -> None:
        """Look for every acknowledged write, by its request id and the cursor of its answer."""
        for request_id, cursor in cursors.items():
            for shard, position in Cursor.parse(cursor).positions.items():
                log = self._log.shards[shard]
                is_there = position <= log.head and log.is_between_commits(position)
                self.findings["answers without events"] += not is_there
            homes = (shard.requests.get(request_id) for shard in self._log.shards)
            self.findings["answers without events"] += not any(homes)

    def _all_passing(self, interest: Interest) -> list["array[int]"]:
        return [
            array(
                "Q",
                (
                    position
                    for position, place in enumerate(shard.places, start=1)
                    if place is not None and interest.passes(*place)
                ),
            )
            for shard in self._log.shards
        ]

    def _compare(self, shard: int, position: int, fact: int) -> None:
        facts = self._log.shards[shard].facts
        if 1 <= position <= len(facts):
            self.findings["altered"] += facts[position - 1] != fact

    def _cursor(self, shard: int, before: int, after: int) -> None:
        self.findings["back"] += after < before
        self.findings["torn"] += not self._log.shards[shard].is_between_commits(after)

    def _unlike(
        self,
        told: Sequence[int],
        expected: Sequence[int],
        passing: Sequence[int],
        before: int,
        after: int,
    ) -> None:
        """Say what is wrong with the positions that a message has told."""
        last, seen, findings = before, set[int](), self.findings
        for position in told:
            index = bisect_left(passing, position)
            if index == len(passing) or passing[index] != position:
                findings["uncalled for"] += 1
            elif position in seen or position <= before:
                findings["doubled"] += 1
            elif position > after:
                findings["ahead"] += 1
            elif position < last:
                findings["reordered"] += 1
            seen.add(position)
            last = max(last, position)
        findings["missing"] += len(set(expected) - seen)


FINDINGS = (
    *("reordered", "doubled", "missing", "uncalled for", "altered", "torn", "ahead", "back"),
    *("refused without need", "forgotten too early", "answers without events", "outdated"),
)
"""Everything that an audit can find; `outdated` that of `benchmarks.feed_latest_audit`."""
