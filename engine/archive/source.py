"""The logs of a data directory that nobody uses, for reading."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.log import codec
from engine.log.layout import Layout, read_layout, shard_directory
from engine.log.port import HASH_BYTES, Head, LogError, Totals
from engine.log.recovery import LOG_FOLDER, POSITION
from engine.log.rocks import RocksLog
from engine.log.store import Store
from engine.log.verify import locked


class SourceShard(NamedTuple):
    """One shard: its store, and what was recovered of its log."""

    shard: int
    store: Store
    head: Head
    oldest_position: int
    totals: Totals

    def group_of(self, position: int) -> bytes:
        """The encoded group that contains a position, or the answer that is kept in place of it.
        LogError if there is neither."""
        is_kept = position >= self.oldest_position
        found = self.store.first_from("log" if is_kept else "answers", POSITION.pack(position))
        if found is None:
            raise LogError(f"the group at position {position} of shard {self.shard} is missing")
        return found[1][HASH_BYTES:] if is_kept else found[1]


class Source(NamedTuple):
    """All shards of a data directory, in order."""

    layout: Layout
    shards: tuple[SourceShard, ...]


@contextmanager
def opened(data_dir: Path) -> Iterator[Source]:
    """A data directory, recovered, and locked until the end. LogError if it is in use, or cannot be
    trusted."""
    layout = read_layout(data_dir)
    with ExitStack() as stack:
        shards = []
        for shard in range(layout.shards):
            directory = shard_directory(data_dir, shard)
            log = RocksLog(directory, create=False)
            head, oldest, totals = log.head, log.oldest_position, log.totals()
            log.close()
            # After the log was closed: closing it lets go of every lock of this process.
            stack.enter_context(locked(directory))
            store = Store(directory / LOG_FOLDER, read_only=True)
            stack.callback(store.close)
            shards.append(SourceShard(shard, store, head, oldest, totals))
        yield Source(layout, tuple(shards))


def prepared_attempts(shard: SourceShard) -> Iterator[str]:
    """The attempts under which units are set aside."""
    for key, value in shard.store.scan("reservations"):
        if codec.decode_reservation(value).preparing:
            yield key.decode()
