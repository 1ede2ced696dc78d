"""The durable log: groups and the state that follows from them in one RocksDB, beside a
high-water mark of what was acknowledged."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from rocksdict import WriteBatch

from engine.core.model import Key, Reservation, Stock
from engine.log import codec
from engine.log.chain import chain_hash, next_head
from engine.log.commits import CommitReader
from engine.log.port import (
    HASH_BYTES,
    Changes,
    Commit,
    Group,
    Head,
    LogError,
    RequestRecord,
    Totals,
)
from engine.log.recovery import (
    LOG_FOLDER,
    META_HEAD,
    META_TOTALS,
    POSITION,
    open_store,
    recover_head,
)


class RocksLog:
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
        self._commits = CommitReader(self._group_of)
        self._closed = False
        self._flush_lock = Lock()
        try:
            self._head, self._totals = recover_head(self._store, self._mark.head)
            # What follows the mark was written but perhaps never synced: RocksDB recovers it from
            # the page cache as well, and readers may see it from now on.
            self._flush()
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
        return 1

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
        self._put_changes(batch, changes)
        batch.put(META_HEAD, position_key, handles["meta"])
        batch.put(META_TOTALS, codec.encode_totals(changes.totals), handles["meta"])
        try:
            self._store.write(batch)
        except LogError as error:
            self._unusable = str(error)
            raise
        self._totals = changes.totals
        self._head = Head(last_position, group_hash, group.recorded_at_ms)
        return body

    def _put_changes(self, batch: WriteBatch, changes: Changes) -> None:
        put = batch.put
        handles = self._store.handles
        encode_state = codec.encode_state
        handle = handles["stock"]
        for key, stock in changes.stock.items():
            put(codec.encode_key(key), encode_state(stock), handle)
        handle = handles["reservations"]
        for reservation_id, reservation in changes.reservations.items():
            put(reservation_id.encode(), encode_state(reservation), handle)
        handle = handles["requests"]
        for request_key, record in changes.requests.items():
            put(request_key, encode_state(record), handle)
        handle = handles["timers"]
        for deadline_ms, reservation_id in changes.timers_cleared:
            batch.delete(codec.encode_timer(deadline_ms, reservation_id), handle)
        for deadline_ms, reservation_id in changes.timers_set:
            put(codec.encode_timer(deadline_ms, reservation_id), b"", handle)

    def flush(self) -> int:
        with self._flush_lock:
            self._check()
            return self._flush()

    def _flush(self) -> int:
        # Taken before the sync: what is appended while it runs may or may not be covered by it.
        head = self._head
        try:
            self._store.sync()
            if head != self._mark.head:
                self._mark.write(head)
        except LogError as error:
            self._unusable = str(error)
            raise
        return head.position

    def read(self, from_position: int, bytes_max: int, up_to_position: int) -> list[bytes]:
        self._check()
        bodies: list[bytes] = []
        size = 0
        for key, value in self._store.scan("log", POSITION.pack(max(from_position, 0))):
            if POSITION.unpack(key)[0] > up_to_position:
                break
            body = value[HASH_BYTES:]
            size += len(body)
            if bodies and size > bytes_max:
                break
            bodies.append(body)
        return bodies

    def _group_of(self, position: int) -> bytes | None:
        found = self._store.first_from("log", POSITION.pack(max(position, 0)))
        return None if found is None else found[1][HASH_BYTES:]

    def commit_at(self, position: int) -> tuple[Commit, int, int]:
        self._check()
        return self._commits.at(position)

    def stock(self, key: Key) -> Stock | None:
        self._check()
        data = self._store.get("stock", codec.encode_key(key))
        return None if data is None else codec.decode_stock(data)

    def reservation(self, reservation_id: str) -> Reservation | None:
        self._check()
        data = self._store.get("reservations", reservation_id.encode())
        return None if data is None else codec.decode_reservation(data)

    def request(self, request_key: bytes) -> RequestRecord | None:
        self._check()
        data = self._store.get("requests", request_key)
        return None if data is None else codec.decode_request(data)

    def locations(self, tenant: str, sku: str) -> list[str]:
        self._check()
        prefix = codec.sku_prefix(tenant, sku)
        locations = []
        for key, _ in self._store.scan("stock", prefix):
            if not key.startswith(prefix):
                break
            locations.append(codec.decode_key(key).location)
        return locations

    def timers(self) -> Iterator[tuple[int, str]]:
        self._check()
        return (codec.decode_timer(key) for key, _ in self._store.scan("timers"))

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

    def close(self) -> None:
        with self._flush_lock:
            if self._closed:
                return
            try:
                if not self._unusable:
                    self._flush()
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
