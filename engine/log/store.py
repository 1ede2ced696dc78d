"""RocksDB as the log uses it: its column families, its settings, and its failures as LogErrors
that name the directory."""

from collections.abc import Callable, Iterator
from pathlib import Path

from rocksdict import (
    AccessType,
    BlockBasedIndexType,
    BlockBasedOptions,
    Cache,
    Checkpoint,
    ColumnFamily,
    DBCompressionType,
    DBRecoveryMode,
    Options,
    Rdict,
    WriteBatch,
)

from engine.log.framing import check_framing
from engine.log.port import LogError

MIB = 1 << 20
BLOCK_CACHE_BYTES = 64 * MIB
"""Memory for blocks, indexes and filters of all column families of one log: reads are bounded
by this, however many keys."""
EMPTIED_BYTES = MIB
"""How much of it is forgotten in one go."""
WRITE_BUFFER_BYTES = 16 * MIB
"""Memory of one column family's active write buffer."""
WRITE_BUFFERS_BYTES = 64 * MIB
"""Memory of all write buffers of one log: the first to be reached, it makes all of them flush
together."""
WAL_BYTES_MAX = 96 * MIB
"""A longer write-ahead log is flushed to tables: replaying it is most of the time that a
restart takes."""

COLUMN_FAMILIES = (
    "log",
    "stock",
    "reservations",
    "requests",
    "timers",
    "meta",
    "index",
    "history",
    "transfers",
    "configuration",
    "attempts",
    "relay",
    "answers",
    "listings",
)

ADDED_FAMILIES = ("listings",)
"""Those that a database has only once this Holdfast has written to it: without them it is read as
if they were empty."""


def _column_family_options(name: str, cache: Cache) -> Options:
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    # Otherwise indexes and filters of a million keys (some 2 MB for each million) would live
    # outside the bound.
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    # In parts of 4 KiB, of which a look touches one. As a whole, the filter of a table of 64 MiB is
    # larger than what one of the cache's shards holds: it would be read and checked for each look.
    blocks.set_index_type(BlockBasedIndexType.two_level_index_search())
    blocks.set_partition_filters(True)
    blocks.set_metadata_block_size(4 * 1024)
    options = Options(raw_mode=True)
    if name == "log":
        # Read in long runs and never by chance: larger blocks, no filter. Neighbouring events
        # repeat their ids, so LZ4 makes the log half as large for little processor time, which a
        # background thread pays.
        blocks.set_block_size(32 * 1024)
        options.set_compression_type(DBCompressionType.lz4())
    else:
        # Every new request id is looked up before it exists, and so is every new SKU-location: ten
        # bits a key of bloom filter over whole keys answer 99 % of these without touching a block.
        blocks.set_bloom_filter(10, False)
        options.set_compression_type(DBCompressionType.none())
    if name == "requests":
        # The same in the write buffer, for a tenth of its memory: a look at an id that is not there
        # costs two thirds of what it did.
        options.set_memtable_prefix_bloom_ratio(0.1)
        options.set_memtable_whole_key_filtering(True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_level_compaction_dynamic_level_bytes(True)
    return options


def _database_options(create: bool) -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(create)
    # An older Holdfast had fewer of them.
    options.create_missing_column_families(True)
    options.set_paranoid_checks(True)
    # The default, point in time, stops silently at a flipped bit and drops everything after it.
    # This one takes only an unfinished record at the very end for the trace of a crash, and
    # refuses to open on anything else.
    options.set_wal_recovery_mode(DBRecoveryMode.tolerate_corrupted_tail_records())
    # Column families reach tables together or not at all. Without this, a lost write-ahead log
    # could leave a complete log beside stock of an earlier time, which no comparison of heads
    # would notice.
    options.set_atomic_flush(True)
    options.set_db_write_buffer_size(WRITE_BUFFERS_BYTES)
    options.set_max_total_wal_size(WAL_BYTES_MAX)
    # Smooths the writing of tables, so that the next flush of the write-ahead log does not wait
    # behind megabytes.
    options.set_bytes_per_sync(MIB)
    options.set_max_background_jobs(2)
    options.set_max_open_files(512)
    options.set_keep_log_file_num(4)
    options.set_max_log_file_size(MIB)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    return options


def _missing_families(directory: Path) -> list[str]:
    """Families that are not there because an older Holdfast has written the database."""
    there = Rdict.list_cf(str(directory))
    return [name for name in ADDED_FAMILIES if name not in there]


class Store:
    """An open RocksDB. Every failure is a LogError that names the directory and carries
    RocksDB's message."""

    def __init__(self, directory: Path, *, create: bool = False, read_only: bool = False) -> None:
        """Open `directory`; `create` makes it if it is missing. A read-only store does not take
        the LOCK and changes no file: whoever opens it makes sure that nobody writes."""
        self.directory = directory
        self._cache = Cache(BLOCK_CACHE_BYTES)
        access = AccessType.read_only() if read_only else AccessType.read_write()
        if not create and not (directory / "CURRENT").exists():
            raise LogError(f"{directory} holds no RocksDB: its CURRENT file is missing")
        check_framing(directory)
        try:
            missing = _missing_families(directory) if read_only else ()
            names = [name for name in COLUMN_FAMILIES if name not in missing]
            families = {name: _column_family_options(name, self._cache) for name in names}
            self._database = Rdict(str(directory), _database_options(create), families, access)
        # rocksdict raises plain Exception for all that RocksDB reports.
        except Exception as error:
            if "LOCK" in str(error):
                raise LogError(
                    f"{directory} is in use: is another holdfast running on it? ({error})"
                ) from error
            raise self.error("opened", error) from error
        self.families: dict[str, Rdict] = {}
        self.handles: dict[str, ColumnFamily] = {}
        """What each put into a WriteBatch has to name: without it the put goes to the default
        column family. Nobody may keep one beyond `close`."""
        try:
            for name in names:
                self.families[name] = self._database.get_column_family(name)
                self.handles[name] = self._database.get_column_family_handle(name)
        except Exception as error:
            self.close()
            raise self.error("opened", error) from error

    def error(self, done: str, error: Exception) -> LogError:
        """What to raise when `directory` could not be `done`: opened, read, written."""
        return LogError(f"{self.directory} cannot be {done}: {error}")

    def get(self, family: str, key: bytes) -> bytes | None:
        """The value of a key."""
        if family not in self.families and family in ADDED_FAMILIES:
            return None
        try:
            value: bytes | None = self.families[family].get(key)
        except Exception as error:
            raise self.error("read", error) from error
        return value

    def write(self, batch: WriteBatch) -> None:
        """Write a batch, all or nothing, not yet durable."""
        try:
            self._database.write(batch)
        except Exception as error:
            raise self.error("written", error) from error

    def sync(self) -> None:
        """Make everything that was written durable. It releases the GIL, which a synced write
        would hold."""
        try:
            self._database.flush_wal(True)
        except Exception as error:
            raise self.error("synced", error) from error

    def checkpoint(self, directory: Path) -> None:
        """Make a database of its own, as this one is now, in a directory that is not there yet. It
        shares the files that never change, by links, and so takes no time and no room."""
        try:
            Checkpoint(self._database).create_checkpoint(str(directory))
        except Exception as error:
            raise self.error("linked into a checkpoint", error) from error

    def buffered_entries(self) -> int:
        """How many entries wait in write buffers."""
        name = "rocksdb.num-entries-active-mem-table"
        return sum(family.property_int_value(name) or 0 for family in self.families.values())

    def empty_buffers(self) -> None:
        """Write all write buffers to tables, together or not at all. Others may read and write
        beside it. That it has failed is told by the next `write`."""
        # rocksdict can only flush one column family, and leaves the others behind. Compacting one
        # flushes all of them as one; this one is next to nothing.
        self.families["meta"].compact_range(None, None)

    def empty_cache(self) -> None:
        """Forget what was read and nobody looks at now: it is read again when it is needed."""
        # Little by little: rocksdict holds the GIL meanwhile, which is 10 ms for all of it.
        for capacity in range(BLOCK_CACHE_BYTES, -1, -EMPTIED_BYTES):
            self._cache.set_capacity(capacity)
        self._cache.set_capacity(BLOCK_CACHE_BYTES)

    def reclaim(self, family: str, end: bytes) -> None:
        """Give back the room of what was deleted before the key `end`. It takes as long as writing
        anew what is left there, beside which others may read and write."""
        try:
            self.families[family].compact_range(None, end)
        except Exception as error:
            raise self.error("compacted", error) from error

    def scan(self, family: str, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Every key from `start` on with its value, in order, as of this call."""
        if family not in self.families and family in ADDED_FAMILIES:
            return
        try:
            iterator = self.families[family].iter()
            iterator.seek(start)
            while iterator.valid():
                yield iterator.key(), iterator.value()
                iterator.next()
            # An iterator that met a damaged block is as invalid as one at the end: only its status
            # tells.
            iterator.status()
        except Exception as error:
            raise self.error("read", error) from error

    def scan_back(self, family: str, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Every key from `start` on downwards with its value, in reverse order, as of this
        call."""
        try:
            iterator = self.families[family].iter()
            iterator.seek_for_prev(start)
            while iterator.valid():
                yield iterator.key(), iterator.value()
                iterator.prev()
            iterator.status()
        except Exception as error:
            raise self.error("read", error) from error

    def finder(self, family: str) -> Callable[[bytes], tuple[bytes, bytes] | None]:
        """What gives the last key up to one that it is called with, and its value; as of this call.
        It makes many such looks cheaper than one `scan_back` for each."""
        try:
            iterator = self.families[family].iter()
        except Exception as error:
            raise self.error("read", error) from error

        def find(key: bytes) -> tuple[bytes, bytes] | None:
            try:
                iterator.seek_for_prev(key)
                if iterator.valid():
                    return iterator.key(), iterator.value()
                iterator.status()
            except Exception as error:
                raise self.error("read", error) from error
            return None

        return find

    def first_from(self, family: str, start: bytes = b"") -> tuple[bytes, bytes] | None:
        """The first key from `start` on with its value; None if there is none."""
        return next(self.scan(family, start), None)

    def last(self, family: str) -> tuple[bytes, bytes] | None:
        """The last key with its value; None if there is none."""
        try:
            iterator = self.families[family].iter()
            iterator.seek_to_last()
            if iterator.valid():
                return iterator.key(), iterator.value()
            iterator.status()
        except Exception as error:
            raise self.error("read", error) from error
        return None

    def close(self) -> None:
        """Let go of the directory, also if that fails. The LOCK is free once no handle of a
        column family is left either."""
        self.handles.clear()
        opened = [*self.families.values(), self._database]
        self.families.clear()
        failure: Exception | None = None
        while opened:
            try:
                opened.pop(0).close()
            except Exception as error:
                failure = failure or error
        del self._database
        if failure is not None:
            raise self.error("closed", failure)
