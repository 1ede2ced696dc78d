"""The durable log: groups and the state that follows from them in one RocksDB, beside a
high-water mark of what was acknowledged."""

import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Lock

from rocksdict import WriteBatch

from engine.core.events import BaseTaken, Recorded
from engine.core.model import Cause
from engine.log import codec, forgetting, retention
from engine.log.answers import Answers
from engine.log.base import BaseMark, base_path, base_positions, finish_base, stated_mark
from engine.log.chain import chain_hash, next_head
from engine.log.commits import CommitReader
from engine.log.fronts import Fronts
from engine.log.history import decode_number, encode_number
from engine.log.mark import Mark
from engine.log.port import (
    HASH_BYTES,
    Acknowledged,
    Changes,
    Commit,
    Group,
    Head,
    LogError,
    Totals,
)
from engine.log.recovery import (
    LOG_FOLDER,
    MARK_FILE,
    META_FORGOTTEN,
    META_HEAD,
    META_TOTALS,
    POSITION,
    open_store,
    position_of,
    recover_head,
)
from engine.log.rocks_state import RocksState

UNLOADED_ENTRIES_MIN = 4_000
"""Fewer entries, those of some hundred Reserves, stay in write buffers when the log is unloaded:
were every few commands put into tables of their own, these would be merged with all others again
and again."""


class RocksLog(RocksState):
    """The log of one shard in `directory`: RocksDB in `log`, the high-water mark in `mark`.

    A failed append or flush leaves the outcome unknown (what was written may reappear when it is
    opened again), so from then on every call raises LogError: the process has to exit.
    """

    def __init__(self, directory: Path, *, create: bool = True) -> None:
        """Open the log, recover its head and make it durable. `create`: whether a directory
        without a mark, and so without a log, becomes a new log. LogError if another process has
        it open, if anything that was acknowledged is missing, or if anything is damaged that
        opening touches."""
        self._directory = Path(directory)
        self._store, self._mark = open_store(self._directory, create)
        self._unusable = ""
        self._fronts = Fronts()
        self._closed = False
        self._flush_lock = Lock()
        try:
            self._head, self._totals = recover_head(self._store, self._mark.head)
            self._go_on_from(retention.base_of(self._store))
            # What follows the mark was written but perhaps never synced: RocksDB recovers it from
            # the page cache as well, and readers may see it from now on. The mark may be ahead of
            # the disk too: one whose sync has failed is read from the page cache as if it had not.
            self._settle()
        except BaseException:
            self._let_go()
            raise

    @property
    def head(self) -> Head:
        self._check()
        return self._head

    @property
    def oldest_position(self) -> int:
        self._check()
        return self._oldest_position

    def _go_on_from(self, base: BaseMark | None) -> None:
        self._base = base
        self._oldest_position = 1 if base is None else base.position + 1
        self._answers = Answers(self._store, self._oldest_position - 1)
        self._commits = CommitReader(self._group_of)

    def append(self, group: Group, changes: Changes, expected_head: int) -> bytes:
        self._check()
        head = self._head
        last_position = next_head(head, group, expected_head)
        body = codec.encode_group(group)
        group_hash = chain_hash(head.chain_hash, body)
        position_key = POSITION.pack(last_position)
        batch = WriteBatch(raw_mode=True)
        handles = self._store.handles
        batch.put(position_key, group_hash + body, handles["log"])
        self._put_changes(batch, changes, last_position)
        batch.put(META_HEAD, position_key, handles["meta"])
        batch.put(META_TOTALS, codec.encode_totals(changes.totals), handles["meta"])
        self._write(batch)
        self._fronts.added(changes.index_added)
        self._totals = changes.totals
        self._head = Head(last_position, group_hash, group.recorded_at_ms)
        return body

    def _write(self, batch: WriteBatch) -> None:
        try:
            self._store.write(batch)
        except LogError as error:
            self._unusable = str(error)
            raise

    def forget_requests(self, before_ms: int, commits_max: int) -> int:
        self._check()
        cursor = self._store.get("meta", META_FORGOTTEN)
        start = position_of(cursor) if cursor else 0
        batch = WriteBatch(raw_mode=True)
        handles = self._store.handles
        answers = self._answers
        if answers.oldest_position <= answers.head.position:
            forgotten = forgetting.due(answers, start, before_ms, commits_max)
            end = POSITION.pack(forgotten.cursor + 1)
            batch.delete_range(POSITION.pack(0), end, handles["answers"])
        else:
            start = max(start, answers.head.position)
            forgotten = forgetting.due(self, start, before_ms, commits_max)
        if not forgotten.commits:
            return 0
        for request_key, position in forgotten.requests:
            record = self.request(request_key)
            # An id that was used again after its time has a newer record.
            if record is not None and record.position == position:
                batch.delete(request_key, handles["requests"])
        for attempt_id, position in forgotten.attempts:
            decided = self._store.get("attempts", attempt_id.encode())
            if decided is not None and decode_number(decided) <= position:
                batch.delete(attempt_id.encode(), handles["attempts"])
        batch.put(META_FORGOTTEN, POSITION.pack(forgotten.cursor), handles["meta"])
        self._write(batch)
        return forgotten.commits

    def acknowledge(self, acknowledged: Acknowledged) -> None:
        self._check()
        batch = WriteBatch(raw_mode=True)
        self._put_acknowledged(batch, acknowledged)
        self._write(batch)

    def flush(self) -> int:
        with self._flush_lock:
            self._check()
            return self._flush()

    def follow_up(self) -> None:
        with self._flush_lock:
            if not self._unusable:
                self._mark.sync_aside()

    def _settle(self) -> None:
        """Flush, and wait for the mark as well."""
        with self._flush_lock:
            self._check()
            self._flush(settle=True)

    def _flush(self, *, settle: bool = False) -> int:
        # Taken before the sync: what is appended while it runs may or may not be covered by it.
        head = self._head
        try:
            self._mark.sync_aside()
            self._store.sync()
            self._mark.wait_synced()
            if settle:
                self._mark.write(head)
            elif head != self._mark.head:
                self._mark.note(head)
        except LogError as error:
            self._unusable = str(error)
            raise
        return head.position

    def read(
        self,
        from_position: int,
        bytes_max: int,
        up_to_position: int,
        groups_max: int = sys.maxsize,
    ) -> list[bytes]:
        self._check()
        bodies: list[bytes] = []
        size = 0
        found = self._store.scan("log", POSITION.pack(max(from_position, 0)))
        for key, value in islice(found, groups_max):
            if position_of(key) > up_to_position:
                break
            body = value[HASH_BYTES:]
            size += len(body)
            if bodies and size > bytes_max:
                break
            bodies.append(body)
        return bodies

    def _group_of(self, position: int) -> bytes | None:
        if position < self._oldest_position:
            return self._answers.group_of(position)
        found = self._store.first_from("log", POSITION.pack(max(position, 0)))
        return None if found is None else found[1][HASH_BYTES:]

    def commit_at(self, position: int) -> tuple[Commit, int, int]:
        self._check()
        return self._commits.at(position)

    def totals(self) -> Totals:
        self._check()
        return self._totals

    def size_bytes(self) -> int:
        self._check()
        size = 0
        for path in (self._directory / LOG_FOLDER).iterdir():
            # A table may be compacted away between the listing and the look.
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return size

    def checkpoint(self, directory: Path) -> Head:
        """Make everything durable and put the log, as it is now, into a directory that is not there
        yet: one that could be opened as a log. It takes the thread that appends some milliseconds;
        the files are links. Return its head. LogError if that fails; this log is as it was."""
        self.flush()
        try:
            directory.mkdir(parents=True)
            self._store.checkpoint(directory / LOG_FOLDER)
            if self._base is not None:
                link = base_path(directory, self._base.position)
                link.parent.mkdir()
                link.hardlink_to(base_path(self._directory, self._base.position))
        except OSError as error:
            raise LogError(f"{directory} cannot be made: {error}") from error
        mark = Mark.create(directory / MARK_FILE)
        mark.write(self._head)
        mark.close()
        return self._head

    def record_base(self, mark: BaseMark, now_ms: int) -> bytes:
        """Say in the log, durably, that a base was written, and let it count from then on. Return
        the encoded group that says it. LogError if that fails."""
        taken = BaseTaken(mark.position, mark.digest.hex(), mark.chain_hash.hex())
        commit = Commit(Cause("TakeBase"), b"", b"", (), (Recorded(taken, None),))
        group = Group(self.head.position + 1, max(now_ms, self.head.recorded_at_ms), (commit,))
        changes = Changes({}, {}, {}, set(), set(), self._totals)
        encoded = self.append(group, changes, self.head.position)
        # The mark too: one from before the base would miss after a power cut what is dropped.
        self._settle()
        finish_base(self._directory, mark.position)
        return encoded

    def droppable(self) -> int:
        """The last position that may be dropped: up to there all is durable, request ids are
        forgotten and other shards were told. 0: none."""
        self._check()
        return retention.droppable(self._store, self._mark.head.position)

    def drop(self, position: int) -> bool:
        """Drop the groups up to a base that counts; False if it may not be yet. What it frees comes
        back little by little; older bases are deleted. LogError if there is no such base, or
        nothing can be written."""
        self._check()
        if not self._oldest_position <= position <= self.droppable():
            return False
        mark = stated_mark(self._directory, position)
        # Before it is so: who does not find what was there a moment ago can tell why.
        self._go_on_from(mark)
        self._write(retention.drop(self._store, mark))
        self.flush()
        for older in base_positions(self._directory):
            if older < position:
                base_path(self._directory, older).unlink()
        return True

    def prune(self, after: bytes, entries_max: int) -> bytes | None:
        """Delete history entries that lie before the base, looking at `entries_max` after the key
        `after`, empty for the first. Return the key to go on after; None: that was all."""
        self._check()
        if self._base is None:
            return None
        pruned = retention.prune(self._store, self._base.position, after, entries_max)
        if pruned.deleted:
            self._write(pruned.batch)
        return pruned.after

    def reclaim(self) -> None:
        """Give the room of the groups that were dropped back to the disk; any thread may. What
        history loses comes back by itself, as RocksDB merges its tables."""
        self._check()
        self._store.reclaim("log", encode_number(self._oldest_position))

    def unload(self) -> None:
        """Free the memory that reading and writing have filled: what waits in write buffers goes to
        tables, if it is worth it, so that the next opening has less to replay, too. Any thread may,
        while others read and write. If it cannot be written, the next `append` raises LogError."""
        self._check()
        if self._store.buffered_entries() >= UNLOADED_ENTRIES_MIN:
            self._store.empty_buffers()
        self._store.empty_cache()

    def close(self) -> None:
        with self._flush_lock:
            if self._closed:
                return
            try:
                if not self._unusable:
                    self._flush(settle=True)
            finally:
                self._let_go()

    def _check(self) -> None:
        if self._unusable:
            raise LogError(self._unusable)

    def _let_go(self) -> None:
        self._closed = True
        failed_before = bool(self._unusable)
        self._unusable = self._unusable or f"the log in {self._directory} is closed"
        self._mark.close()
        try:
            self._store.close()
        except LogError:
            # RocksDB fails again after a failure; that adds nothing to what was raised then.
            if not failed_before:
                raise
