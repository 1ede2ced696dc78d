"""Everything that the in-memory twin of a log holds as of one moment."""

from bisect import bisect_left, bisect_right, insort

from engine.core.configuration import Configuration
from engine.core.evolve.configuration import evolve_configuration
from engine.core.model import Key, Reservation, Stock, Transfer
from engine.log import configured
from engine.log.forgetting import Forgotten
from engine.log.listings import put_records
from engine.log.port import Acknowledged, Changes, Head, HistoryEntry, RequestRecord, Totals


class MemoryState:
    """The groups and the state that follows from them. Each method is one write, and the only
    values it shares with others never change."""

    def __init__(self) -> None:
        self.head = Head()
        self.last_positions: list[int] = []
        self.times_ms: list[int] = []
        self.bodies: list[bytes] = []
        self.size_bytes = 0
        self.stock: dict[Key, Stock] = {}
        self.history: dict[Key, list[HistoryEntry]] = {}
        self.locations: dict[tuple[str, str], set[str]] = {}
        self.reservations: dict[str, Reservation] = {}
        self.reservation_groups: dict[str, list[int]] = {}
        self.index: list[bytes] = []
        self.requests: dict[bytes, RequestRecord] = {}
        self.forgotten = 0
        self.timers: set[tuple[int, str]] = set()
        self.transfers: dict[str, Transfer] = {}
        self.configuration = Configuration()
        self.listings: dict[bytes, bytes] = {}
        self.attempts: dict[str, tuple[int, bool]] = {}
        self.heard: dict[int, int] = {}
        self.told: dict[int, int] = {}
        self.tells: set[tuple[int, int]] = set()
        self.totals = Totals()

    def append(self, head: Head, body: bytes, changes: Changes) -> None:
        """Take in a group and the state it changes."""
        self.last_positions.append(head.position)
        self.times_ms.append(head.recorded_at_ms)
        self.bodies.append(body)
        self.size_bytes += len(body)
        self._put_stock(changes, head.position)
        self._put_reservations(changes, head.position)
        self.requests.update(changes.requests)
        self.timers -= changes.timers_cleared
        self.timers |= changes.timers_set
        for entry in changes.index_removed:
            self._remove_entry(entry)
        for entry in changes.index_added:
            self._remove_entry(entry)
            insort(self.index, entry)
        self.transfers.update(changes.transfers)
        for event in changes.configuration:
            evolve_configuration(self.configuration, event)
        put_records(self.listings, changes.listings.items())
        for attempt_id, in_favour in changes.attempts.items():
            self.attempts[attempt_id] = (head.position, in_favour)
        self.heard.update(changes.heard)
        self.acknowledge(changes.acknowledged)
        self.tells |= changes.tells
        self.totals = changes.totals
        self.head = head

    def _put_stock(self, changes: Changes, position: int) -> None:
        for key, stock in changes.stock.items():
            if key not in self.stock:
                self.locations.setdefault((key.tenant, key.sku), set()).add(key.location)
            self.stock[key] = stock
            entry = HistoryEntry(stock.version, position, stock)
            self.history.setdefault(key, []).append(entry)

    def _put_reservations(self, changes: Changes, position: int) -> None:
        for reservation_id, reservation in changes.reservations.items():
            if reservation is None:
                self.reservations.pop(reservation_id, None)
                continue
            self.reservations[reservation_id] = reservation
            if not reservation.preparing:
                self.reservation_groups.setdefault(reservation_id, []).append(position)

    def _remove_entry(self, entry: bytes) -> None:
        place = bisect_left(self.index, entry)
        if place < len(self.index) and self.index[place] == entry:
            del self.index[place]

    def forget(self, forgotten: Forgotten) -> None:
        """Delete what is due to be forgotten."""
        for request_key, position in forgotten.requests:
            record = self.requests.get(request_key)
            # An id that was used again after its time has a newer record.
            if record is not None and record.position == position:
                del self.requests[request_key]
        for attempt_id, position in forgotten.attempts:
            decided = self.attempts.get(attempt_id)
            if decided is not None and decided[0] <= position:
                del self.attempts[attempt_id]
        self.forgotten = forgotten.cursor

    def acknowledge(self, acknowledged: Acknowledged) -> None:
        """Drop what was told."""
        for shard, (position, tells) in acknowledged.items():
            self.tells -= {(shard, tell) for tell in tells}
            self.told[shard] = position

    def entries(self, prefix: bytes) -> list[bytes]:
        """The index entries that begin with a prefix, in order."""
        begin = bisect_left(self.index, prefix)
        end = bisect_left(self.index, prefix[:-1] + bytes([prefix[-1] + 1]))
        return self.index[begin:end]

    def position_at(self, time_ms: int) -> int:
        """See Log.position_at."""
        count = bisect_right(self.times_ms, time_ms)
        return self.last_positions[count - 1] if count else 0

    def copy(self) -> "MemoryState":
        """The same, sharing only values that never change."""
        other = MemoryState()
        for name, value in vars(self).items():
            kept = value
            if isinstance(value, list | dict | set):
                kept = value.copy()
            setattr(other, name, kept)
        other.history = {key: list(entries) for key, entries in self.history.items()}
        other.locations = {sku: set(names) for sku, names in self.locations.items()}
        other.reservation_groups = {
            name: list(positions) for name, positions in self.reservation_groups.items()
        }
        other.configuration = copy_of(self.configuration)
        return other


def copy_of(configuration: Configuration) -> Configuration:
    """The same configuration in a value of its own."""
    return configured.load(configured.records(configuration))
