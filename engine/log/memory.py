"""The in-memory twin of the log: the same port and the same semantics, down to what a power cut
takes."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from threading import Lock

from engine.core.model import Key, Reservation, Stock
from engine.log.chain import chain_hash, next_head
from engine.log.codec import encode_group
from engine.log.commits import CommitReader
from engine.log.port import Changes, Commit, Group, Head, LogError, RequestRecord, Totals


class _Memory:
    """Everything a log holds as of one head."""

    def __init__(self) -> None:
        self.head = Head()
        self.last_positions: list[int] = []
        self.bodies: list[bytes] = []
        self.size_bytes = 0
        self.stock: dict[Key, Stock] = {}
        self.locations: dict[tuple[str, str], set[str]] = {}
        self.reservations: dict[str, Reservation] = {}
        self.requests: dict[bytes, RequestRecord] = {}
        self.timers: set[tuple[int, str]] = set()
        self.totals = Totals()

    def apply(self, head: Head, body: bytes, changes: Changes) -> None:
        """Take in a group and the state it changes."""
        self.last_positions.append(head.position)
        self.bodies.append(body)
        self.size_bytes += len(body)
        for key, stock in changes.stock.items():
            if key not in self.stock:
                self.locations.setdefault((key.tenant, key.sku), set()).add(key.location)
            self.stock[key] = stock
        self.reservations.update(changes.reservations)
        self.requests.update(changes.requests)
        self.timers -= changes.timers_cleared
        self.timers |= changes.timers_set
        self.totals = changes.totals
        self.head = head

    def copy(self) -> "_Memory":
        """The same, sharing only values that never change."""
        other = _Memory()
        other.head = self.head
        other.last_positions = list(self.last_positions)
        other.bodies = list(self.bodies)
        other.size_bytes = self.size_bytes
        other.stock = dict(self.stock)
        other.locations = {sku: set(names) for sku, names in self.locations.items()}
        other.reservations = dict(self.reservations)
        other.requests = dict(self.requests)
        other.timers = set(self.timers)
        other.totals = self.totals
        return other


class MemoryLog:
    """A log that lasts as long as the process. `crash` gives what would be found after a power
    cut."""

    def __init__(self) -> None:
        self._written = _Memory()
        self._durable = _Memory()
        # What was appended since the last flush, in order. Appending and flushing may be in two
        # threads.
        self._unflushed: list[tuple[Head, bytes, Changes]] = []
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

    def _open(self) -> _Memory:
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
        # The caller may use its dicts and sets again for the next group.
        kept = Changes(
            stock=dict(changes.stock),
            reservations=dict(changes.reservations),
            requests=dict(changes.requests),
            timers_set=set(changes.timers_set),
            timers_cleared=set(changes.timers_cleared),
            totals=changes.totals,
        )
        with self._lock:
            memory.apply(head, body, kept)
            self._unflushed.append((head, body, kept))
        return body

    def flush(self) -> int:
        self._open()
        with self._lock:
            for head, body, changes in self._unflushed:
                self._durable.apply(head, body, changes)
            self._unflushed.clear()
            return self._durable.head.position

    def read(self, from_position: int, bytes_max: int, up_to_position: int) -> list[bytes]:
        memory = self._open()
        bodies: list[bytes] = []
        size = 0
        begin = bisect_left(memory.last_positions, from_position)
        for index in range(begin, bisect_right(memory.last_positions, up_to_position)):
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

    def locations(self, tenant: str, sku: str) -> list[str]:
        # Ordered by UTF-8 like the keys on disk, which is also the order of Python's strings.
        return sorted(self._open().locations.get((tenant, sku), ()))

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
