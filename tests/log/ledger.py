"""Makes histories for tests of the log: groups and the changes that follow from them, by the same
`evolve` that the shard uses."""

from dataclasses import dataclass, field
from typing import Any

from engine.core.events import (
    CONFIGURATION_EVENTS,
    KEYLESS_EVENTS,
    Event,
    LinesTold,
    ListingsMapped,
    Recorded,
    ReservationCreated,
    ReservationExtended,
    StockHeld,
    StockReceived,
    TransferEvent,
)
from engine.core.evolve import evolve_lines, evolve_stock, evolve_transfer
from engine.core.model import Cause, Key, Reservation, Stock, Transfer
from engine.log.index import entries
from engine.log.listings import changed_records, put_records
from engine.log.port import Changes, Commit, Group, Heard, Log, RequestRecord, Totals

START_MS = 1_700_000_000_000


def empty_changes(totals: Totals = Totals()) -> Changes:  # noqa: B008 - a frozen value
    """Changes that change nothing."""
    return Changes({}, {}, {}, set(), set(), totals)


@dataclass
class Ledger:
    """The state so far, and the turn in the making. `others` are the shards that are told how the
    node is configured."""

    now_ms: int = START_MS
    next_position: int = 1
    others: tuple[int, ...] = ()
    stock: dict[Key, Stock] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    listings: dict[bytes, bytes] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    changes: Changes = field(default_factory=empty_changes)
    before: dict[str, Reservation | None] = field(default_factory=dict)
    written: int = 0

    def commit(
        self,
        *events: Event,
        command: str = "Reserve",
        request_id: str = "",
        heard: Heard | None = None,
    ) -> Commit:
        """One command's effect; without a request id it is recorded like an expiry. Attempts
        without open units are gone after it."""
        recorded = [self._record(event, at) for at, event in enumerate(events, self.next_position)]
        for name in {getattr(event, "reservation_id", "") for event in events} - {""}:
            reservation = self.reservations[name]
            self.changes.reservations[name] = reservation
            if reservation.preparing and not reservation.is_open:
                del self.reservations[name]
                self.changes.reservations[name] = None
        key = f"\0\0\0{request_id}".encode() if request_id else b""
        content_hash = b"content of it   " if request_id else b""
        if key:
            self.changes.requests[key] = RequestRecord(
                content_hash, self.next_position, self.now_ms
            )
        if heard is not None:
            self.changes.heard[heard.shard] = heard.position
        cause = Cause(command, request_id)
        commit = Commit(cause, key, content_hash, (), tuple(recorded), heard)
        self.commits.append(commit)
        self.next_position += len(recorded)
        return commit

    def _record(self, event: Any, position: int) -> Recorded:
        stock = None
        if type(event) not in KEYLESS_EVENTS:
            stock = evolve_stock(self.stock.get(event.key), event)
            self.stock[event.key] = self.changes.stock[event.key] = stock
        if type(event) in CONFIGURATION_EVENTS:
            self.changes.configuration.append(event)
            self.changes.tells |= {(shard, position) for shard in self.others}
        if isinstance(event, ListingsMapped):
            records = dict(changed_records(event, self.listings.get))
            put_records(self.listings, records.items())
            self.changes.listings |= records
        if isinstance(event, LinesTold):
            self.changes.tells.add((event.shard, position))
            if event.attempt_id:
                decided = self.changes.attempts.get(event.attempt_id, False)
                self.changes.attempts[event.attempt_id] = decided or bool(event.events)
        if isinstance(event, TransferEvent):
            known = self.transfers.get(event.transfer_id)
            transfer = evolve_transfer(known, event, self.now_ms)
            self.transfers[event.transfer_id] = transfer
            self.changes.transfers[event.transfer_id] = transfer
        name = getattr(event, "reservation_id", "")
        if name:
            earlier = self.reservations.get(name)
            self.before.setdefault(name, earlier)
            self.reservations[name] = evolve_lines(earlier, [event], self.now_ms)
        return Recorded(event, stock)

    def totals(self) -> Totals:
        """The sums as they are now."""
        stocks = self.stock.values()
        return Totals(
            stock_keys=len(self.stock),
            on_hand=sum(stock.on_hand for stock in stocks),
            held=sum(stock.held for stock in stocks),
            allocated=sum(stock.allocated for stock in stocks),
            reservations=sum(one.home_shard is None for one in self.reservations.values()),
        )

    def turn(self) -> tuple[Group, Changes]:
        """End the turn: its group, and what it changes. Time moves on by a second."""
        events = sum(len(commit.recorded) for commit in self.commits)
        group = Group(self.next_position - events, self.now_ms, tuple(self.commits))
        changes = self.changes
        changes.totals = self.totals()
        for name, earlier in self.before.items():
            later = self.reservations.get(name)
            old, new = _entries(earlier), _entries(later)
            changes.index_removed |= old - new
            changes.index_added |= new - old
            old_ms = earlier.deadline_ms if earlier else None
            new_ms = later.deadline_ms if later else None
            if old_ms != new_ms:
                changes.timers_cleared |= {(old_ms, name)} if old_ms is not None else set()
                changes.timers_set |= {(new_ms, name)} if new_ms is not None else set()
        self.commits, self.changes, self.before = [], empty_changes(), {}
        self.now_ms += 1_000
        return group, changes

    def append(self, log: Log) -> bytes:
        """End the turn and append it."""
        group, changes = self.turn()
        return log.append(group, changes, group.first_position - 1)

    def receive(self, sku: str, units: int, location: str = "LONDON", tenant: str = "") -> Key:
        """Units arrive."""
        key = Key(tenant, sku, location)
        self.written += 1
        event = StockReceived(key, units)
        self.commit(event, command="Receive", request_id=f"receive-{self.written}")
        return key

    def hold(self, key: Key, units: int, ttl_ms: int = 300_000) -> str:
        """A basket of one line. Return its id."""
        self.written += 1
        reservation_id = f"0a3-1-{self.next_position:x}"
        self.commit(
            ReservationCreated(
                reservation_id, key.tenant, f"cart-{self.written}", "", "", self.now_ms + ttl_ms
            ),
            StockHeld(key, reservation_id, "1", units),
            request_id=f"reserve-{self.written}",
        )
        return reservation_id

    def extend(self, reservation_id: str) -> None:
        """A basket's deadline moves to five minutes from now."""
        tenant = self.reservations[reservation_id].tenant
        event = ReservationExtended(reservation_id, self.now_ms + 300_000, tenant)
        self.commit(event, command="Extend")


def _entries(reservation: Reservation | None) -> frozenset[bytes]:
    return frozenset() if reservation is None else entries(reservation)


def write_history(log: Log, turns: int = 10, flush: bool = True) -> Ledger:
    """A short history: stock of three SKUs arrives and is held again and again, a turn each."""
    ledger = Ledger()
    keys = [ledger.receive(sku, 1_000) for sku in ("CUP", "POT", "TEA")]
    ledger.append(log)
    for turn in range(turns - 1):
        ledger.hold(keys[turn % 3], 1 + turn % 5)
        ledger.hold(keys[(turn + 1) % 3], 2)
        ledger.append(log)
        if flush:
            log.flush()
    if flush:
        log.flush()
    return ledger
