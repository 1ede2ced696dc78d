"""Compares what was sent to a node under overload with what its log says was done."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import messages
from benchmarks.overload_load import GRANTED, Sent
from engine.log.rocks import RocksLog
from engine.log.v1 import record_pb2

READ_BYTES = 8 * 1024 * 1024


class Audit(NamedTuple):
    """What the log says of the commands that were sent. All must be 0."""

    lost: int
    """Granted, and not in the log."""
    doubled: int
    """More than once in the log."""
    refused_with_effect: int
    """Refused or expired by their answer, and in the log."""
    executed_late: int
    """In the log at a time after their deadline."""
    latest_ms: float | None
    """How long after its deadline, by the clock of the sender, the latest was executed; below 0 if
    all were in time, None if nothing with a deadline was executed."""


def audit(shard: Path, sent: Sequence[Sent], delivery_s: float) -> Audit:
    """Read the log of a stopped node's shard. A deadline runs from when a batch has reached the
    node, which took at most `delivery_s`."""
    seen = [bytearray(len(each.outcomes)) for each in sent]
    doubled = unasked = late = 0
    latest_ms: float | None = None
    for recorded_at_ms, number, index in _executed(shard):
        batch = sent[number]
        doubled += seen[number][index]
        seen[number][index] = 1
        unasked += batch.outcomes[index] not in (GRANTED, 0)
        if batch.timeout_s:
            late_ms = recorded_at_ms - batch.sent_ms - batch.timeout_s * 1_000
            latest_ms = late_ms if latest_ms is None else max(latest_ms, late_ms)
            late += late_ms > delivery_s * 1_000
    lost = sum(
        outcome == GRANTED and not was_seen
        for batch, marks in zip(sent, seen, strict=True)
        for outcome, was_seen in zip(batch.outcomes, marks, strict=True)
    )
    return Audit(lost, doubled, unasked, late, latest_ms)


def _executed(shard: Path) -> Iterator[tuple[int, int, int]]:
    """When each command of a numbered batch was executed, the batch's number, and its index."""
    log = RocksLog(shard, create=False)
    try:
        position, head = 0, log.head.position
        while position < head:
            for body in log.read(position + 1, READ_BYTES, head):
                group: Any = record_pb2.CommitGroup.FromString(body)
                position = group.first_position - 1
                for commit in group.commits:
                    position += len(commit.events)
                    place = messages.batch_and_index(commit.cause.request_id)
                    if place is not None:
                        yield group.recorded_at_ms, *place
    finally:
        log.close()
