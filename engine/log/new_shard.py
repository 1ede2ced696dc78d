"""A shard that begins with a state of which it has no log: it goes on from a base."""

from pathlib import Path

from msgspec.structs import replace
from rocksdict import WriteBatch

from engine.core.events import BaseTaken, Recorded
from engine.core.model import Cause, Key, Reservation, Stock, Transfer
from engine.log import codec, history, relay
from engine.log.base import BaseHeader, encode_mark, finish_base, stored_records, write_base
from engine.log.chain import chain_hash
from engine.log.history import encode_number
from engine.log.index import entries
from engine.log.mark import Mark
from engine.log.port import Commit, Group, Head, RequestRecord, Totals
from engine.log.recovery import (
    LOG_FOLDER,
    MARK_FILE,
    META_BASE,
    META_HEAD,
    META_TOTALS,
    POSITION,
)
from engine.log.store import Store
from engine.log.v1 import record_pb2

BATCH_RECORDS = 5_000
"""Records that are written at once."""


class NewShard:
    """A shard in the making. Nothing can be opened before `finish`."""

    def __init__(self, directory: Path, shard: int, position: int) -> None:
        """Make the shard in an empty directory. Its log will go on after `position`, up to which
        its answers have their places."""
        self._directory = directory
        self._shard = shard
        self.position = position
        self.totals = Totals()
        """The sums of what it was given so far."""
        self._at = encode_number(position)
        directory.mkdir(exist_ok=True)
        Mark.create(directory / MARK_FILE).close()
        self._store = Store(directory / LOG_FOLDER, create=True)
        self._batch = WriteBatch(raw_mode=True)

    def _put(self, family: str, key: bytes, value: bytes) -> None:
        self._batch.put(key, value, self._store.handles[family])
        if self._batch.len() >= BATCH_RECORDS:
            self._write()

    def _write(self) -> None:
        self._store.write(self._batch)
        self._batch = WriteBatch(raw_mode=True)

    def put_stock(self, key: Key, stock: Stock) -> None:
        """Give it a SKU-location, whose history begins here."""
        encoded = codec.encode_state(stock)
        self._put("stock", codec.encode_key(key), encoded)
        self._put("history", history.stock_entry_key(key, stock.version), self._at + encoded)
        before = self.totals
        self.totals = Totals(
            before.stock_keys + 1,
            before.on_hand + stock.on_hand,
            before.held + stock.held,
            before.allocated + stock.allocated,
            before.reservations,
        )

    def put_reservation(self, reservation: Reservation) -> None:
        """Give it a reservation or a part of one, with all that leads to it."""
        reservation_id = reservation.reservation_id
        self._put("reservations", reservation_id.encode(), codec.encode_state(reservation))
        if reservation.home_shard is None:
            self.totals = replace(self.totals, reservations=self.totals.reservations + 1)
        for entry in entries(reservation):
            self._put("index", entry, b"")
        if reservation.deadline_ms is not None:
            self._put("timers", codec.encode_timer(reservation.deadline_ms, reservation_id), b"")

    def put_transfer(self, transfer: Transfer) -> None:
        """Give it a transfer."""
        self._put("transfers", transfer.transfer_id.encode(), codec.encode_state(transfer))

    def put_configuration(self, key: bytes, record: bytes) -> None:
        """Give it a record of the node's configuration."""
        self._put("configuration", key, record)

    def put_listing(self, key: bytes, record: bytes) -> None:
        """Give it a record of a channel's identifiers."""
        self._put("listings", key, record)

    def put_answer(
        self, key: bytes, encoded: bytes, position: int, events: int, recorded_at_ms: int
    ) -> None:
        """Let it remember a request by its encoded commit of so many events, the first of which
        gets this position."""
        commit = record_pb2.Commit.FromString(encoded)
        commit.request_key = key
        group = record_pb2.CommitGroup(first_position=position, recorded_at_ms=recorded_at_ms)
        group.commits.append(commit)
        self._put("answers", POSITION.pack(position + events - 1), group.SerializeToString())
        record = RequestRecord(commit.content_hash, position, recorded_at_ms)
        self._put("requests", key, codec.encode_state(record))

    def put_relay(self, shard: int, heard: int) -> None:
        """Let it have heard another shard up to a position, and be heard by it up to its own."""
        self._put("relay", relay.told_key(shard), self._at)
        if heard:
            self._put("relay", relay.heard_key(shard), encode_number(heard))

    def finish(self, before: bytes, recorded_at_ms: int) -> None:
        """Take the base, and begin the log with the record of it. `before` stands for the history
        that led here. LogError if anything cannot be written."""
        try:
            self._write()
            self._store.sync()
            header = BaseHeader(self._shard, self.position, before, recorded_at_ms)
            mark = write_base(self._directory, header, stored_records(self._store))
            taken = BaseTaken(mark.position, mark.digest.hex(), mark.chain_hash.hex())
            commit = Commit(Cause("Reshard"), b"", b"", (), (Recorded(taken, None),))
            group = Group(self.position + 1, recorded_at_ms, (commit,))
            body = codec.encode_group(group)
            head = Head(self.position + 1, chain_hash(before, body), recorded_at_ms)
            self._put("log", POSITION.pack(head.position), head.chain_hash + body)
            self._put("meta", META_HEAD, POSITION.pack(head.position))
            self._put("meta", META_TOTALS, codec.encode_totals(self.totals))
            self._put("meta", META_BASE, encode_mark(mark))
            self._write()
            self._store.sync()
            finish_base(self._directory, mark.position)
        finally:
            self._store.close()
        high_water = Mark(self._directory / MARK_FILE)
        high_water.write(head)
        high_water.close()
