"""Makes histories for tests of the log: groups and the changes that follow from them, by the same
`evolve` that the shard uses."""

from dataclasses import dataclass, field

from engine.core.events import (
    Event,
    LineEvent,
    Recorded,
    ReservationCreated,
    ReservationEvent,
    StockHeld,
    StockReceived,
)
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Cause, Key, Reservation, Stock
from engine.log.port import Changes, Commit, Group, Log, RequestRecord, Totals

START_MS = 1_700_000_000_000


def empty_changes(totals: Totals = Totals()) -> Changes:  # noqa: B008 - a frozen value
    """Changes that change nothing."""
    return Changes({}, {}, {}, set(), set(), totals)


@dataclass
class Ledger:
    """The state so far, and the turn in the making."""

    now_ms: int = START_MS
    next_position: int = 1
    stock: dict[Key, Stock] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    changes: Changes = field(default_factory=empty_changes)
    written: int = 0

    def commit(self, *events: Event, command: str = "Reserve", request_id: str = "") -> Commit:
        """One command's effect; without a request id it is recorded like an expiry."""
        before = {e.reservation_id for e in events if isinstance(e, ReservationEvent | LineEvent)}
        timers_before = {name: self._deadline_ms(name) for name in before}
        recorded = []
        for event in events:
            stock = None
            if not isinstance(event, ReservationEvent):
                stock = evolve_stock(self.stock.get(event.key), event)
                self.stock[event.key] = self.changes.stock[event.key] = stock
            if isinstance(event, ReservationEvent | LineEvent):
                name = event.reservation_id
                after = evolve_lines(self.reservations.get(name), [event], self.now_ms)
                self.reservations[name] = self.changes.reservations[name] = after
            recorded.append(Recorded(event, stock))
        for name, deadline_ms in timers_before.items():
            self._move_timer(name, deadline_ms)
        key = f"\0\0\0{request_id}".encode() if request_id else b""
        content_hash = b"content of it   " if request_id else b""
        if key:
            self.changes.requests[key] = RequestRecord(
                content_hash, self.next_position, self.now_ms
            )
        commit = Commit(Cause(command, request_id), key, content_hash, (), tuple(recorded))
        self.commits.append(commit)
        self.next_position += len(recorded)
        return commit

    def _deadline_ms(self, name: str) -> int | None:
        reservation = self.reservations.get(name)
        return None if reservation is None else reservation.deadline_ms

    def _move_timer(self, name: str, before_ms: int | None) -> None:
        after_ms = self._deadline_ms(name)
        if before_ms != after_ms:
            for deadline_ms, into, out_of in (
                (before_ms, self.changes.timers_cleared, self.changes.timers_set),
                (after_ms, self.changes.timers_set, self.changes.timers_cleared),
            ):
                if deadline_ms is not None:
                    into.add((deadline_ms, name))
                    out_of.discard((deadline_ms, name))

    def totals(self) -> Totals:
        """The sums as they are now."""
        stocks = self.stock.values()
        return Totals(
            stock_keys=len(self.stock),
            on_hand=sum(stock.on_hand for stock in stocks),
            held=sum(stock.held for stock in stocks),
            allocated=sum(stock.allocated for stock in stocks),
            reservations=len(self.reservations),
        )

    def turn(self) -> tuple[Group, Changes]:
        """End the turn: its group, and what it changes. Time moves on by a second."""
        events = sum(len(commit.recorded) for commit in self.commits)
        group = Group(self.next_position - events, self.now_ms, tuple(self.commits))
        changes = self.changes
        changes.totals = self.totals()
        self.commits, self.changes = [], empty_changes()
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
