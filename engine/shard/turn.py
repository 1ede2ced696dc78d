"""One turn of a shard: what its commands have decided so far, not yet written.

A turn is the view that `decide` looks at, so that each command sees the ones before it, and it
gathers the commit group and the changes of state that the log then takes in one piece.
"""

from collections.abc import Sequence
from typing import Any, get_args

from engine.core.configuration import Configuration
from engine.core.events import (
    CONFIGURATION_EVENTS,
    KEYLESS_EVENTS,
    RESERVATION_EVENTS,
    TOLD_CONFIGURATION,
    BasketPrepared,
    ConfigurationEvent,
    Event,
    LineEvent,
    LinesTold,
    ListingsMapped,
    Recorded,
    ReservationCreated,
    ReservationJoined,
    TransferEvent,
)
from engine.core.evolve import evolve_lines, evolve_stock, evolve_transfer
from engine.core.evolve.configuration import evolve_configuration
from engine.core.model import Cause, Key, Reservation, Settings, ShortLine, Stock
from engine.log.listings import changed_records
from engine.log.port import Changes, Commit, Group, Heard, RequestRecord, Totals
from engine.shard.active import Active
from engine.shard.turn_view import Place, TurnView

_OF_RESERVATIONS = RESERVATION_EVENTS | frozenset(get_args(LineEvent))
_CREATING = frozenset({ReservationCreated, ReservationJoined, BasketPrepared})
"""Events whose reservation was not there before: nobody looks for it."""
_TRANSFER_EVENTS: frozenset[type] = frozenset(get_args(TransferEvent))
_BESIDES = _TRANSFER_EVENTS | CONFIGURATION_EVENTS | {LinesTold, BasketPrepared, ListingsMapped}
"""Events that change more than stock and reservations, or that other shards have to know of."""


class Turn(TurnView):
    """The working state of a turn."""

    def __init__(
        self,
        active: Active,
        configuration: Configuration,
        settings: Settings,
        place: Place,
        now_ms: int,
    ) -> None:
        """See TurnView. The configuration changes in place."""
        super().__init__(active, configuration, settings, place, now_ms)
        self.damaged = False
        self.tells: list[tuple[int, LinesTold | ConfigurationEvent]] = []
        """What other shards have to be told, with its position."""
        self.offered: list[str] = []
        """Attempts under which units were set aside here for lines that wait."""
        self._first_position = self.next_position
        self._stock_before = self.effects.stock_before
        self._commits: list[Commit] = []

    @property
    def commits(self) -> int:
        """How many commits the turn has made."""
        return len(self._commits)

    def apply(
        self,
        cause: Cause,
        events: Sequence[Event],
        request_key: bytes = b"",
        content_hash: bytes = b"",
        short_lines: tuple[ShortLine, ...] = (),
        heard: Heard | None = None,
    ) -> Commit:
        """Take in what was decided, in one commit: everything that it concerns evolves. `heard` is
        what another shard has told, if this is the effect of that."""
        self.damaged = True
        recorded = tuple(map(self._evolve_stock, events))
        self._evolve_reservations(events)
        if not _BESIDES.isdisjoint(map(type, events)):
            self._take_note(events, heard)
        if heard is not None:
            self.effects.heard[heard.shard] = heard.position
        commit = Commit(cause, request_key, content_hash, short_lines, recorded, heard)
        if request_key:
            record = RequestRecord(content_hash, self.next_position, self.now_ms)
            self.effects.requests[request_key] = (record, commit)
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
            if type(event) not in KEYLESS_EVENTS:
                key: Key = event.key  # type: ignore[union-attr]
                stock = evolve_stock(stocks.get(key) or self.stock(key), event)  # type: ignore[arg-type]
                stocks[key] = stock
            recorded.append(Recorded(event, stock))
        if reservation_id is None:
            return tuple(recorded), None
        own = [event for event in events if _reservation_id(event) == reservation_id]
        reservation = self.reservation(reservation_id)
        if own:
            reservation = evolve_lines(reservation, own, self.now_ms)
        return tuple(recorded), reservation

    def _evolve_stock(self, event: Any) -> Recorded:
        """Let the actor of a stock event evolve; other events concern none."""
        if type(event) in KEYLESS_EVENTS:
            return Recorded(event, None)
        key: Key = event.key
        actor = self._actor(key)
        if key not in self._stock_before:
            self._stock_before[key] = actor.stock
            if actor.stock is None:
                self._actors.put(key, actor)
                self._note_location(key)
        return actor.evolve(event)

    def _note_location(self, key: Key) -> None:
        """A SKU has a new location, which the log does not know yet."""
        sku = (key.tenant, key.sku)
        self.effects.new_locations.setdefault(sku, []).append(key.location)
        self._locations.drop(sku)

    def _evolve_reservations(self, events: Sequence[Any]) -> None:
        """Let every reservation evolve that the events concern: one, as a rule."""
        only: str = getattr(events[0], "reservation_id", "")
        for event in events:
            if type(event) not in _OF_RESERVATIONS or event.reservation_id != only:
                break
        else:
            if only:
                self._evolve_reservation(only, events)
            return
        of_each: dict[str, list[Event]] = {}
        for event in events:
            if type(event) in _OF_RESERVATIONS:
                of_each.setdefault(event.reservation_id, []).append(event)
        of_each.pop("", None)
        for reservation_id, own in of_each.items():
            self._evolve_reservation(reservation_id, own)

    def _evolve_reservation(self, reservation_id: str, events: Sequence[Event]) -> None:
        created = type(events[0]) in _CREATING
        before = None if created else self.reservation(reservation_id)
        self.effects.reservation_before.setdefault(reservation_id, before)
        self._unindexed.add(reservation_id)
        after = evolve_lines(before, events, self.now_ms)
        if after.preparing and not after.is_open:
            self._gone.add(reservation_id)
            self._reservations.drop(reservation_id)
            return
        self._reservations.put(reservation_id, after)

    def told_by(self, commit: Commit, first_position: int) -> dict[int, int]:
        """The shards that a commit tells something, each with the position of the last event that
        does."""
        told: dict[int, int] = {}
        if self._alone or commit.heard is not None:
            return told
        for position, recorded in enumerate(commit.recorded, first_position):
            kind = type(recorded.event)
            if kind is LinesTold:
                told[recorded.event.shard] = position  # type: ignore[union-attr]
            elif kind in TOLD_CONFIGURATION:
                told.update(dict.fromkeys(self._others(), position))
        return told

    def _others(self) -> list[int]:
        return [shard for shard in range(self.place.shards) if shard != self.place.shard]

    def _take_note(self, events: Sequence[Any], heard: Heard | None) -> None:
        """Take in what changes more than stock and reservations; remember what other shards have to
        know."""
        effects = self.effects
        for position, event in enumerate(events, self.next_position):
            kind = type(event)
            if kind in _TRANSFER_EVENTS:
                before = self.transfer(event.transfer_id)
                effects.transfers[event.transfer_id] = evolve_transfer(before, event, self.now_ms)
            elif kind in CONFIGURATION_EVENTS:
                evolve_configuration(self._configuration, event)
                effects.configuration.append(event)
                if heard is None and not self._alone and kind in TOLD_CONFIGURATION:
                    self.tells.append((position, event))
                    effects.tells |= {(shard, position) for shard in self._others()}
            elif kind is LinesTold:
                self.tells.append((position, event))
                effects.tells.add((event.shard, position))
                if event.attempt_id:
                    in_favour = effects.attempts.get(event.attempt_id, False)
                    effects.attempts[event.attempt_id] = in_favour or bool(event.events)
            elif kind is ListingsMapped:
                effects.listings.update(tuple(changed_records(event, self._listing_record)))
            elif kind is BasketPrepared and event.prepared_for:
                self.offered.append(event.reservation_id)

    def commit_group(self) -> Group | None:
        """What the turn has decided; None if it made no event."""
        if not self._commits:
            return None
        return Group(self._first_position, self.now_ms, tuple(self._commits))

    def changes(self, totals: Totals) -> Changes:
        """What the turn has changed, given the totals before it."""
        if self._index.is_used:
            self._bring_up_to_date()
        return self.effects.changes(totals, self._reservations.peek, self._index)


def _reservation_id(event: Any) -> str | None:
    reservation_id: str | None = getattr(event, "reservation_id", None)
    return reservation_id
