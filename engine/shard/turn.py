"""One turn of a shard: what its commands have decided so far, not yet written.

A turn is the view that `decide` looks at, so that each command sees the ones before it, and it
gathers the commit group and the changes of state that the log then takes in one piece.
"""

from collections.abc import Sequence
from typing import Any

from engine.core.events import (
    RESERVATION_EVENTS,
    Event,
    Recorded,
    ReservationCreated,
    ReservationEvent,
)
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Cause, Key, Reservation, Settings, ShortLine, Stock
from engine.log.port import Changes, Commit, Group, RequestRecord, Totals
from engine.shard import slots
from engine.shard.active import Active
from engine.shard.stock_actor import StockActor


class Turn:
    """The working state of a turn. It is a `View`: reads see everything applied so far."""

    def __init__(self, active: Active, settings: Settings, epoch: int, now_ms: int) -> None:
        self.settings = settings
        self.now_ms = now_ms
        self.next_position = active.log.head.position + 1
        self._first_position = self.next_position
        self._log = active.log
        self._actors = active.actors
        self._reservations = active.reservations
        self._epoch = epoch
        self._slot = 0
        self._previewing = False
        self.damaged = False
        self._taking_part: dict[Key, StockActor] = {}
        self._commits: list[Commit] = []
        self._requests: dict[bytes, tuple[RequestRecord, Commit]] = {}
        self._stock_before: dict[Key, Stock | None] = {}
        self._new_locations: dict[tuple[str, str], list[str]] = {}
        self._reservation_before: dict[str, Reservation | None] = {}

    def stock(self, key: Key) -> Stock | None:
        """The SKU-location's state after the commands so far."""
        return self._actor(key).stock

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation after the commands so far."""
        return self._reservations.get(reservation_id)

    def new_reservation_id(self) -> str:
        """The id for a reservation whose first event is the next one of this turn; empty in a
        preview, which makes none."""
        if self._previewing:
            return ""
        return slots.reservation_id(self._slot, self._epoch, self.next_position)

    def enter(self, slot: int, *, previewing: bool) -> None:
        """The next command's home is `slot`; `previewing`: it will not be applied."""
        self._slot = slot
        self._previewing = previewing

    def _actor(self, key: Key) -> StockActor:
        """The actor of a key: of this turn, or active, or activated now."""
        actor = self._taking_part.get(key)
        if actor is None:
            actor = self._actors.get(key) or StockActor(key, None)
            self._taking_part[key] = actor
        return actor

    def look_at(self, key: Key) -> Stock | None:
        """Like `stock`, for a query: it activates no actor."""
        actor = self._actors.peek(key)
        return actor.stock if actor else self._log.stock(key)

    def locations(self, tenant: str, sku: str) -> list[str]:
        """The locations that have this SKU after the commands so far, in order of name."""
        stored = self._log.locations(tenant, sku)
        new = self._new_locations.get((tenant, sku))
        return sorted([*stored, *new]) if new else stored

    def request(self, request_key: bytes) -> tuple[RequestRecord, Commit] | None:
        """What this turn has recorded of a request id."""
        return self._requests.get(request_key)

    def apply(
        self,
        cause: Cause,
        request_key: bytes,
        content_hash: bytes,
        events: Sequence[Event],
        short_lines: tuple[ShortLine, ...],
        reservation_id: str | None,
    ) -> Commit:
        """Take in what a command has decided: every actor concerned evolves, and so does the
        reservation, if it concerns one."""
        self.damaged = True
        recorded = tuple(map(self._evolve_stock, events))
        if reservation_id is not None:
            self._evolve_reservation(reservation_id, events)
        commit = Commit(cause, request_key, content_hash, short_lines, recorded)
        if request_key:
            record = RequestRecord(content_hash, self.next_position, self.now_ms)
            self._requests[request_key] = (record, commit)
        self._commits.append(commit)
        self.next_position += len(recorded)
        self.damaged = False
        return commit

    def preview(
        self, events: Sequence[Event], reservation_id: str | None
    ) -> tuple[tuple[Recorded, ...], Reservation | None]:
        """What applying the events would record and make of the reservation, without applying
        them."""
        stocks: dict[Key, Stock] = {}
        recorded = []
        for event in events:
            stock = None
            if not isinstance(event, ReservationEvent):
                stock = evolve_stock(stocks.get(event.key) or self.stock(event.key), event)
                stocks[event.key] = stock
            recorded.append(Recorded(event, stock))
        if reservation_id is None:
            return tuple(recorded), None
        reservation = self.reservation(reservation_id)
        return tuple(recorded), evolve_lines(reservation, events, self.now_ms)

    def _evolve_stock(self, event: Any) -> Recorded:
        """Let the actor of a stock event evolve; a reservation event concerns none."""
        if type(event) in RESERVATION_EVENTS:
            return Recorded(event, None)
        key: Key = event.key
        actor = self._actor(key)
        if key not in self._stock_before:
            self._stock_before[key] = actor.stock
            if actor.stock is None:
                self._actors.put(key, actor)
                self._new_locations.setdefault((key.tenant, key.sku), []).append(key.location)
        return actor.evolve(event)

    def _evolve_reservation(self, reservation_id: str, events: Sequence[Event]) -> None:
        created = type(events[0]) is ReservationCreated
        before = None if created else self._reservations.get(reservation_id)
        self._reservation_before.setdefault(reservation_id, before)
        after = evolve_lines(before, events, self.now_ms)
        self._reservations.put(reservation_id, after)

    def group(self) -> Group | None:
        """What the turn has decided; None if it made no event."""
        if not self._commits:
            return None
        return Group(self._first_position, self.now_ms, tuple(self._commits))

    def changes(self, totals: Totals) -> Changes:
        """What the turn has changed, given the totals before it."""
        stock = {}
        keys, on_hand, held, allocated = 0, 0, 0, 0
        for key, before in self._stock_before.items():
            after = self._taking_part[key].stock
            if after is None:
                raise RuntimeError(f"{key} has events but no state")
            stock[key] = after
            old = before or Stock()
            keys += before is None
            on_hand += after.on_hand - old.on_hand
            held += after.held - old.held
            allocated += after.allocated - old.allocated
        reservations: dict[str, Reservation] = {}
        timers_set: set[tuple[int, str]] = set()
        timers_cleared: set[tuple[int, str]] = set()
        for reservation_id, earlier in self._reservation_before.items():
            later = self._reservations.get(reservation_id)
            if later is None:
                raise RuntimeError(f"reservation {reservation_id} has events but no state")
            reservations[reservation_id] = later
            old_ms = earlier.deadline_ms if earlier else None
            new_ms = later.deadline_ms
            if old_ms != new_ms:
                if old_ms is not None:
                    timers_cleared.add((old_ms, reservation_id))
                if new_ms is not None:
                    timers_set.add((new_ms, reservation_id))
        created = sum(earlier is None for earlier in self._reservation_before.values())
        return Changes(
            stock,
            reservations,
            {key: record for key, (record, _) in self._requests.items()},
            timers_set,
            timers_cleared,
            Totals(
                totals.stock_keys + keys,
                totals.on_hand + on_hand,
                totals.held + held,
                totals.allocated + allocated,
                totals.reservations + created,
            ),
        )
