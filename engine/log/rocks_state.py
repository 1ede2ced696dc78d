"""The state that a log keeps in RocksDB beside its groups: how a group's changes are written, and
all reads of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import takewhile

from rocksdict import WriteBatch

from engine.core.configuration import Configuration
from engine.core.model import Key, Reservation, Stock, Transfer
from engine.log import codec, configured, history, relay
from engine.log.fronts import QUEUE, Fronts
from engine.log.history import encode_number, number_at_end
from engine.log.port import HASH_BYTES, Acknowledged, Changes, HistoryEntry, RequestRecord
from engine.log.store import Store


class RocksState(ABC):
    """The part of a RocksLog that is state. It has the store; the log itself says whether it may be
    used."""

    _store: Store
    _fronts: Fronts

    @abstractmethod
    def _check(self) -> None:
        """LogError if the log cannot be used any more."""

    def _put_changes(self, batch: WriteBatch, changes: Changes, last_position: int) -> None:
        """Put what a group that ends at `last_position` changes."""
        position = encode_number(last_position)
        self._put_stock(batch, changes, position)
        self._put_reservations(batch, changes, position)
        put, delete, handles = batch.put, batch.delete, self._store.handles
        handle = handles["requests"]
        for request_key, record in changes.requests.items():
            put(request_key, codec.encode_state(record), handle)
        handle = handles["timers"]
        for deadline_ms, reservation_id in changes.timers_cleared:
            delete(codec.encode_timer(deadline_ms, reservation_id), handle)
        for deadline_ms, reservation_id in changes.timers_set:
            put(codec.encode_timer(deadline_ms, reservation_id), b"", handle)
        handle = handles["index"]
        for entry in changes.index_removed:
            delete(entry, handle)
        for entry in changes.index_added:
            put(entry, b"", handle)
        if changes.transfers:
            for transfer_id, transfer in changes.transfers.items():
                put(transfer_id.encode(), codec.encode_state(transfer), handles["transfers"])
        for key, listing in changes.listings.items():
            if listing is None:
                delete(key, handles["listings"])
            else:
                put(key, listing, handles["listings"])
        self._put_shared(batch, changes, position)

    def _put_stock(self, batch: WriteBatch, changes: Changes, position: bytes) -> None:
        put = batch.put
        stock_handle = self._store.handles["stock"]
        history_handle = self._store.handles["history"]
        for key, stock in changes.stock.items():
            encoded_key, encoded = codec.encode_key(key), codec.encode_state(stock)
            put(encoded_key, encoded, stock_handle)
            # The same as history.stock_entry_key, on the hottest path.
            entry = b"s%b\0%b" % (encoded_key, stock.version.to_bytes(8, "big"))
            put(entry, position + encoded, history_handle)

    def _put_reservations(self, batch: WriteBatch, changes: Changes, position: bytes) -> None:
        handle = self._store.handles["reservations"]
        history_handle = self._store.handles["history"]
        for reservation_id, reservation in changes.reservations.items():
            encoded_id = reservation_id.encode()
            if reservation is None:
                batch.delete(encoded_id, handle)
                continue
            batch.put(encoded_id, codec.encode_state(reservation), handle)
            if not reservation.preparing:
                batch.put(b"r%b\0%b" % (encoded_id, position), b"", history_handle)

    def _put_shared(self, batch: WriteBatch, changes: Changes, position: bytes) -> None:
        """What concerns more shards than this one."""
        handles = self._store.handles
        handle = handles["relay"]
        for event in changes.configuration:
            for prefix in configured.dropped_prefixes(event):
                batch.delete_range(prefix, prefix + b"\xff", handles["configuration"])
            for key, record in configured.changed_records(event):
                if record is None:
                    batch.delete(key, handles["configuration"])
                else:
                    batch.put(key, record, handles["configuration"])
        for attempt_id, in_favour in changes.attempts.items():
            value = position + (b"\1" if in_favour else b"\0")
            batch.put(attempt_id.encode(), value, handles["attempts"])
        for shard, heard in changes.heard.items():
            batch.put(relay.heard_key(shard), encode_number(heard), handle)
        for shard, tell in changes.tells:
            batch.put(relay.tell_key(shard, tell), b"", handle)
        if changes.acknowledged:
            self._put_acknowledged(batch, changes.acknowledged)

    def _put_acknowledged(self, batch: WriteBatch, acknowledged: Acknowledged) -> None:
        handle = self._store.handles["relay"]
        for shard, (position, tells) in acknowledged.items():
            for tell in tells:
                batch.delete(relay.tell_key(shard, tell), handle)
            batch.put(relay.told_key(shard), encode_number(position), handle)

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

    def transfer(self, transfer_id: str) -> Transfer | None:
        self._check()
        data = self._store.get("transfers", transfer_id.encode())
        return None if data is None else codec.decode_transfer(data)

    def configuration(self) -> Configuration:
        self._check()
        return configured.load(self._store.scan("configuration"))

    def listing_record(self, key: bytes) -> bytes | None:
        self._check()
        return self._store.get("listings", key)

    def listing_records(self, prefix: bytes, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        self._check()
        found = self._store.scan("listings", max(prefix, after))
        inside = takewhile(lambda record: record[0].startswith(prefix), found)
        return (record for record in inside if record[0] != after)

    def locations(self, tenant: str, sku: str) -> list[str]:
        self._check()
        prefix = codec.sku_prefix(tenant, sku)
        return [codec.decode_key(key).location for key in self._keys("stock", prefix)]

    def stocks(self, prefix: bytes, after: Key | None = None) -> Iterator[tuple[Key, Stock]]:
        self._check()
        start = prefix if after is None else max(prefix, codec.encode_key(after))
        for encoded, data in self._store.scan("stock", start):
            if not encoded.startswith(prefix):
                return
            key = codec.decode_key(encoded)
            if key != after:
                yield key, codec.decode_stock(data)

    def timers(self) -> Iterator[tuple[int, str]]:
        self._check()
        return (codec.decode_timer(key) for key, _ in self._store.scan("timers"))

    def index(
        self, prefix: bytes, *, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        self._check()
        if prefix[:1] == QUEUE and not newest_first and not after:
            return self._queue(prefix)
        return self._keys("index", prefix, newest_first, after)

    def _queue(self, prefix: bytes) -> Iterator[bytes]:
        front, additions = self._fronts.of(prefix)
        entries = takewhile(
            lambda entry: entry.startswith(prefix),
            (entry for entry, _ in self._store.scan("index", front)),
        )
        for place, entry in enumerate(entries):
            if place == 0:
                self._fronts.found(prefix, entry, additions)
            yield entry

    def reservation_groups(
        self, reservation_id: str, *, newest_first: bool = False, after: int = 0
    ) -> Iterator[int]:
        self._check()
        prefix = history.reservation_prefix(reservation_id)
        start = prefix + encode_number(after) if after else b""
        return map(number_at_end, self._keys("history", prefix, newest_first, start))

    def _keys(
        self, family: str, prefix: bytes, newest_first: bool = False, after: bytes = b""
    ) -> Iterator[bytes]:
        """The keys that begin with `prefix`, in order or in reverse order; only those that come
        after `after`, if that is not empty."""
        if newest_first:
            start = after or prefix[:-1] + bytes([prefix[-1] + 1])
            found = self._store.scan_back(family, start)
        else:
            found = self._store.scan(family, max(after, prefix))
        keys = (key for key, _ in found)
        if newest_first and not after:
            # The bound itself, which is no key of this prefix, comes first if there is such a key.
            keys = (key for key in keys if key != start)
        return (key for key in takewhile(lambda key: key.startswith(prefix), keys) if key != after)

    def history(self, key: Key, at_version: int) -> HistoryEntry | None:
        self._check()
        prefix = history.stock_prefix(codec.encode_key(key))
        found = self._store.first_from("history", prefix + encode_number(max(at_version, 1)))
        if found is None or not found[0].startswith(prefix):
            return None
        return history.decode_entry(*found)

    def history_at(self, key: Key, position: int) -> HistoryEntry | None:
        self._check()
        prefix = history.stock_prefix(codec.encode_key(key))
        find = self._finder("history", prefix)
        newest = find(history.NUMBER_MAX)
        if newest is None:
            return None
        found = history.last_at(
            find, newest[0] + 1, lambda value: history.decode_number(value) > position
        )
        if found is None:
            return None
        return history.decode_entry(prefix + encode_number(found[0]), found[1])

    def position_at(self, time_ms: int) -> int:
        self._check()
        find = self._finder("log", b"")
        newest = find(history.NUMBER_MAX)
        found = history.last_at(
            find,
            newest[0] + 1 if newest else 0,
            lambda value: history.recorded_at_ms(value[HASH_BYTES:]) > time_ms,
        )
        return found[0] if found else 0

    def _finder(self, family: str, prefix: bytes) -> Callable[[int], tuple[int, bytes] | None]:
        """What gives the last number up to a given one under a prefix, and its value."""
        find = self._store.finder(family)

        def find_number(number: int) -> tuple[int, bytes] | None:
            found = find(prefix + encode_number(number))
            if found is None or not found[0].startswith(prefix):
                return None
            return number_at_end(found[0]), found[1]

        return find_number

    def attempt(self, attempt_id: str) -> bool | None:
        self._check()
        data = self._store.get("attempts", attempt_id.encode())
        return None if data is None else data.endswith(b"\1")

    def heard(self, shard: int) -> int:
        self._check()
        return self._number(relay.heard_key(shard))

    def told(self, shard: int) -> int:
        self._check()
        return self._number(relay.told_key(shard))

    def _number(self, key: bytes) -> int:
        data = self._store.get("relay", key)
        return 0 if data is None else history.decode_number(data)

    def tells(self, shard: int, after: int = 0) -> Iterator[int]:
        # From there on, as what was acknowledged may lie in the way as tombstones.
        after = max(after, self.told(shard))
        prefix = relay.tells_prefix(shard)
        found = self._keys("relay", prefix, after=relay.tell_key(shard, after))
        return map(number_at_end, found)
