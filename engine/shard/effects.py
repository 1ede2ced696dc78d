"""What a turn changes, and was before it: what the log takes in beside the turn's group."""

from collections.abc import Callable

from engine.core.events import ConfigurationEvent
from engine.core.model import Key, Reservation, Stock, Transfer
from engine.log.index import entries
from engine.log.port import Changes, Commit, RequestRecord, Totals
from engine.shard.stock_actor import StockActor
from engine.shard.turn_index import TurnIndex


class Effects:
    """The state before a turn of whatever it touches, and what it records besides."""

    def __init__(self) -> None:
        self.actors: dict[Key, StockActor] = {}
        self.stock_before: dict[Key, Stock | None] = {}
        self.new_locations: dict[tuple[str, str], list[str]] = {}
        """By tenant and SKU."""
        self.reservation_before: dict[str, Reservation | None] = {}
        self.gone: set[str] = set()
        """Attempts that are resolved: they leave the store."""
        self.requests: dict[bytes, tuple[RequestRecord, Commit]] = {}
        self.transfers: dict[str, Transfer] = {}
        self.configuration: list[ConfigurationEvent] = []
        self.listings: dict[bytes, bytes | None] = {}
        self.attempts: dict[str, bool] = {}
        self.heard: dict[int, int] = {}
        self.tells: set[tuple[int, int]] = set()
        self.prepared_lines = 0
        """By how many lines more are set aside for other shards after the turn."""

    def changes(
        self, totals: Totals, reservation: Callable[[str], Reservation | None], index: TurnIndex
    ) -> Changes:
        """What the turn has changed. `totals` are those before it; `reservation` gives what is now,
        as does `index`."""
        stock, stock_totals = self._stock(totals)
        changes = Changes(
            stock,
            {},
            {key: record for key, (record, _) in self.requests.items()},
            set(),
            set(),
            stock_totals,
            transfers=self.transfers,
            configuration=self.configuration,
            attempts=self.attempts,
            heard=self.heard,
            tells=self.tells,
            listings=self.listings,
        )
        created = self._put_reservations(changes, reservation)
        if index.is_used:
            changes.index_added, changes.index_removed = index.changes()
        else:
            self._put_index(changes)
        changes.totals = Totals(
            stock_totals.stock_keys,
            stock_totals.on_hand,
            stock_totals.held,
            stock_totals.allocated,
            stock_totals.reservations + created,
        )
        return changes

    def _stock(self, totals: Totals) -> tuple[dict[Key, Stock], Totals]:
        stock = {}
        keys, on_hand, held, allocated = 0, 0, 0, 0
        for key, before in self.stock_before.items():
            after = self.actors[key].stock
            if after is None:
                raise RuntimeError(f"{key} has events but no state")
            stock[key] = after
            old = before or Stock()
            keys += before is None
            on_hand += after.on_hand - old.on_hand
            held += after.held - old.held
            allocated += after.allocated - old.allocated
        return stock, Totals(
            totals.stock_keys + keys,
            totals.on_hand + on_hand,
            totals.held + held,
            totals.allocated + allocated,
            totals.reservations,
        )

    def _put_index(self, changes: Changes) -> None:
        """Index what has changed, where nothing was looked up in the index before."""
        added, removed = changes.index_added, changes.index_removed
        before = self.reservation_before
        for reservation_id, after in changes.reservations.items():
            new = entries(after) if after is not None else frozenset()
            old_reservation = before[reservation_id]
            if old_reservation is None:
                added.update(new)
            else:
                old = entries(old_reservation)
                added.update(new - old)
                removed.update(old - new)

    def _put_reservations(
        self, changes: Changes, reservation: Callable[[str], Reservation | None]
    ) -> int:
        """Note what has become of the reservations, and their timers; return how many are new whose
        home is this shard."""
        created = 0
        reservations = changes.reservations
        for reservation_id, before in self.reservation_before.items():
            after = reservation(reservation_id)
            if after is None:
                if reservation_id not in self.gone:
                    raise RuntimeError(f"reservation {reservation_id} has events but no state")
                if before is None:
                    continue
            reservations[reservation_id] = after
            old_ms = before.deadline_ms if before is not None else None
            new_ms = after.deadline_ms if after is not None else None
            if old_ms != new_ms:
                if old_ms is not None:
                    changes.timers_cleared.add((old_ms, reservation_id))
                if new_ms is not None:
                    changes.timers_set.add((new_ms, reservation_id))
            if before is None and after is not None and after.home_shard is None:
                created += 1
            if before is not None and before.preparing:
                self.prepared_lines -= len(before.lines)
            if after is not None and after.preparing:
                self.prepared_lines += len(after.lines)
        return created
