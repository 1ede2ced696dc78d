"""How much of its past a log keeps, and how a base is taken so that it may forget the rest.

A base is taken now and used later: the log goes on from it when all before it is older than what
is to be kept. Each step is durable before the next begins, and each may be the last one: what was
begun then is thrown away, or stays as it is until the next time.
"""

from pathlib import Path

from engine.core.model import Struct
from engine.log.base import (
    BaseHeader,
    BaseMark,
    base_positions,
    read_header,
    stored_records,
    write_base,
)
from engine.log.mark import read_mark
from engine.log.port import Head, LogError
from engine.log.recovery import LOG_FOLDER, MARK_FILE
from engine.log.rocks import RocksLog
from engine.log.store import Store

DAY_MS = 24 * 60 * 60 * 1_000
SPARE_BASES = 4
"""Into how many parts bases divide what is kept: so many of them lie there, and at most one part
more than asked for is kept."""


class Policy(Struct, frozen=True):
    """What a log keeps at least: the time and the number of its newest events. 0: that does not
    limit what is dropped; both 0: everything is kept."""

    keep_ms: int = 0
    keep_events: int = 0
    grace_ms: int = 0
    """How much longer it keeps what a durable subscription has not acknowledged."""
    acknowledged: int | None = None
    """The position up to which every subscription has acknowledged; None: there is none."""

    @property
    def keeps_everything(self) -> bool:
        """Whether nothing is ever dropped."""
        return not self.keep_ms and not self.keep_events


def keep_from(log: RocksLog, policy: Policy, now_ms: int) -> int:
    """The last position that the policy does not keep, and nothing needs any more; 0: none."""
    if policy.keeps_everything:
        return 0
    last = log.droppable()
    if policy.keep_events:
        last = min(last, log.head.position - policy.keep_events)
    if policy.keep_ms:
        last = min(last, log.position_at(now_ms - policy.keep_ms))
    if policy.acknowledged is not None and policy.acknowledged < last:
        too_old = log.position_at(now_ms - policy.keep_ms - policy.grace_ms)
        last = min(last, max(policy.acknowledged, too_old))
    return max(last, 0)


def base_to_use(log: RocksLog, shard_directory: Path, policy: Policy, now_ms: int) -> int:
    """The position of the newest base that the log may go on from; 0: there is none but the one
    that it goes on from already."""
    last = keep_from(log, policy, now_ms)
    usable = [at for at in base_positions(shard_directory) if log.oldest_position <= at <= last]
    return max(usable, default=0)


def needs_base(log: RocksLog, shard_directory: Path, policy: Policy, now_ms: int) -> bool:
    """Whether it is time for another base."""
    if policy.keeps_everything or log.head.position < log.oldest_position:
        return False
    positions = base_positions(shard_directory)
    if not positions:
        return True
    newest = read_header(shard_directory, positions[-1])
    # Nothing but the record of the base itself has come since.
    if log.head.position <= newest.position + 1:
        return False
    many = log.head.position - newest.position >= max(policy.keep_events // SPARE_BASES, 1)
    old = now_ms - newest.recorded_at_ms >= policy.keep_ms // SPARE_BASES
    return many and old


def take_base(checkpoint: Path, shard_directory: Path, shard: int) -> BaseMark:
    """Write the base of a checkpoint into its shard's directory; it does not count before the log
    has recorded it. LogError if the checkpoint cannot be read, or nothing written."""
    mark = read_mark(checkpoint / MARK_FILE)
    if mark is None or not mark.position:
        raise LogError(f"{checkpoint} is no checkpoint of a log with events")
    store = Store(checkpoint / LOG_FOLDER, read_only=True)
    try:
        return write_base(shard_directory, header_of(shard, mark), stored_records(store))
    finally:
        store.close()


def header_of(shard: int, head: Head) -> BaseHeader:
    """The header of a base at the end of a log."""
    return BaseHeader(shard, head.position, head.chain_hash, head.recorded_at_ms)
