"""The in-memory twin of the log: the same port and the same semantics, down to what a power cut
takes."""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, TypeVar

from msgspec import structs

from engine.core.configuration import Configuration
from engine.core.model import Key, Reservation, Stock, Transfer
from engine.log.chain import chain_hash, next_head
from engine.log.codec import encode_group, encode_key
from engine.log.commits import CommitReader
from engine.log.forgetting import due
from engine.log.memory_state import MemoryState, copy_of
from engine.log.port import (
    Acknowledged,
    Changes,
    Commit,
    Group,
    Head,
    HistoryEntry,
    LogError,
    RequestRecord,
    Totals,
)

_Item = TypeVar("_Item", bytes, int)


class MemoryLog:
    """A log that lasts as long as the process. `crash` gives what would be found after a power
    cut. Its state is read by the thread that writes it."""

    def __init__(self) -> None:
        self._written = MemoryState()
        self._durable = MemoryState()
        # What was written since the last flush, in order. Writing and flushing may be in two
        # threads.
        self._unflushed: list[Callable[[MemoryState], None]] = []
        self._lock = Lock()
        self._closed = False
        self._commits = CommitReader(self._group_of)

    def crash(self) -> "MemoryLog":
        """The log as it would be opened after a power cut now: what was not flushed is lost.
        This one goes on being what it is, and may be closed already."""
        log = MemoryLog()
        with self._lock:
            log._durable = self._durable.copy()
        log._written = log._durable.copy()
        return log

    def _open(self) -> MemoryState:
        if self._closed:
            raise LogError("the log in memory is closed")
        return self._written

    @property
    def head(self) -> Head:
        return self._open().head

    @property
    def oldest_position(self) -> int:
        self._open()
        return 1

    def append(self, group: Group, changes: Changes, expected_head: int) -> bytes:
        memory = self._open()
        last_position = next_head(memory.head, group, expected_head)
        body = encode_group(group)
        hash_ = chain_hash(memory.head.chain_hash, body)
        head = Head(last_position, hash_, group.recorded_at_ms)
        kept = _copy(changes)
        self._write(lambda state: state.append(head, body, kept))
        return body

    def _write(self, write: Callable[[MemoryState], None]) -> None:
        with self._lock:
            write(self._written)
            self._unflushed.append(write)

    def flush(self) -> int:
        self._open()
        with self._lock:
            for write in self._unflushed:
                write(self._durable)
            self._unflushed.clear()
            return self._durable.head.position

    def follow_up(self) -> None:
        return

    def read(
        self,
        from_position: int,
        bytes_max: int,
        up_to_position: int,
        groups_max: int = sys.maxsize,
    ) -> list[bytes]:
        memory = self._open()
        bodies: list[bytes] = []
        size = 0
        begin = bisect_left(memory.last_positions, from_position)
        end = bisect_right(memory.last_positions, up_to_position)
        for index in range(begin, min(end, begin + groups_max)):
            body = memory.bodies[index]
            size += len(body)
            if bodies and size > bytes_max:
                break
            bodies.append(body)
        return bodies

    def _group_of(self, position: int) -> bytes | None:
        memory = self._open()
        index = bisect_left(memory.last_positions, position)
        return memory.bodies[index] if index < len(memory.bodies) else None

    def commit_at(self, position: int) -> tuple[Commit, int, int]:
        self._open()
        return self._commits.at(position)

    def stock(self, key: Key) -> Stock | None:
        return self._open().stock.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        return self._open().reservations.get(reservation_id)

    def request(self, request_key: bytes) -> RequestRecord | None:
        return self._open().requests.get(request_key)

    def forget_requests(self, before_ms: int, commits_max: int) -> int:
        forgotten = due(self, self._open().forgotten, before_ms, commits_max)
        if forgotten.commits:
            self._write(lambda state: state.forget(forgotten))
        return forgotten.commits

    def transfer(self, transfer_id: str) -> Transfer | None:
        return self._open().transfers.get(transfer_id)

    def configuration(self) -> Configuration:
        return copy_of(self._open().configuration)

    def listing_record(self, key: bytes) -> bytes | None:
        return self._open().listings.get(key)

    def listing_records(self, prefix: bytes, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        found = self._open().listings.items()
        return iter(
            sorted(each for each in found if each[0].startswith(prefix) and each[0] > after)
        )

    def index(
        self, prefix: bytes, *, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        return _page(self._open().entries(prefix), newest_first, after)

    def history(self, key: Key, at_version: int) -> HistoryEntry | None:
        entries = self._open().history.get(key, [])
        place = bisect_left(entries, at_version, key=lambda entry: entry.version)
        return entries[place] if place < len(entries) else None

    def history_at(self, key: Key, position: int) -> HistoryEntry | None:
        entries = self._open().history.get(key, [])
        count = bisect_right(entries, position, key=lambda entry: entry.position)
        return entries[count - 1] if count else None

    def reservation_groups(
        self, reservation_id: str, *, newest_first: bool = False, after: int = 0
    ) -> Iterator[int]:
        positions = self._open().reservation_groups.get(reservation_id, [])
        return _page(positions, newest_first, after)

    def position_at(self, time_ms: int) -> int:
        return self._open().position_at(time_ms)

    def attempt(self, attempt_id: str) -> bool | None:
        decided = self._open().attempts.get(attempt_id)
        return None if decided is None else decided[1]

    def heard(self, shard: int) -> int:
        return self._open().heard.get(shard, 0)

    def told(self, shard: int) -> int:
        return self._open().told.get(shard, 0)

    def tells(self, shard: int, after: int = 0) -> Iterator[int]:
        tells = sorted(position for told, position in self._open().tells if told == shard)
        return iter(tells[bisect_right(tells, after) :])

    def acknowledge(self, acknowledged: Acknowledged) -> None:
        self._open()
        self._write(lambda state: state.acknowledge(acknowledged))

    def locations(self, tenant: str, sku: str) -> list[str]:
        # Ordered by UTF-8 like the keys on disk, which is also the order of Python's strings.
        return sorted(self._open().locations.get((tenant, sku), ()))

    def stocks(self, prefix: bytes, after: Key | None = None) -> Iterator[tuple[Key, Stock]]:
        start = b"" if after is None else encode_key(after)
        stock = self._open().stock
        encoded = sorted((encode_key(key), key) for key in stock)
        return iter(
            [(key, stock[key]) for at, key in encoded if at.startswith(prefix) and at > start]
        )

    def timers(self) -> Iterator[tuple[int, str]]:
        return iter(sorted(self._open().timers))

    def totals(self) -> Totals:
        return self._open().totals

    def size_bytes(self) -> int:
        return self._open().size_bytes

    def close(self) -> None:
        if not self._closed:
            self.flush()
            self._closed = True


def _page(found: list[_Item], newest_first: bool, after: _Item) -> Iterator[_Item]:
    """Items that are in order, as a port's method gives them: see Log.index."""
    if newest_first:
        end = bisect_left(found, after) if after else len(found)
        return iter(found[:end][::-1])
    return iter(found[bisect_right(found, after) :])


def _copy(changes: Changes) -> Changes:
    """The same changes: the caller may use its dicts and sets again for the next group."""
    kept: list[Any] = [
        value.copy() if isinstance(value, dict | set | list) else value
        for value in structs.astuple(changes)
    ]
    return Changes(*kept)
