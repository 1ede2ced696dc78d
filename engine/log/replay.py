"""The log replayed: the state that follows from it, and whatever in it contradicts itself."""

from collections.abc import Mapping
from typing import Any

from engine.core.configuration import Configuration
from engine.core.events import (
    CONFIGURATION_EVENTS,
    KEYLESS_EVENTS,
    TOLD_CONFIGURATION,
    BaseTaken,
    Event,
    LinesTold,
    ListingsMapped,
    Recorded,
    TransferExpected,
    TransferReceived,
    TransferSent,
)
from engine.core.evolve import evolve_lines, evolve_stock, evolve_transfer
from engine.core.evolve.configuration import evolve_configuration
from engine.core.limits import REQUEST_RETENTION_MS_MIN
from engine.core.model import Key, Reservation, Stock, Struct, Transfer
from engine.log.chain import chain_hash
from engine.log.codec import decode_group
from engine.log.fences import Fences
from engine.log.listings import changed_records, put_records
from engine.log.port import Commit, Head, RequestRecord, Totals
from engine.log.promises import JUDGED, Promises, name_of

DIFFERENCES_LISTED_MAX = 100
"""Differences that a report lists; the rest is counted."""


class Differences:
    """What does not agree, in the order in which it was found."""

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[str] = []

    def add(self, difference: str) -> None:
        """Note one. Beyond the first hundred they are only counted."""
        self.count += 1
        if len(self.listed) < DIFFERENCES_LISTED_MAX:
            self.listed.append(difference)


class Attempt(Struct, frozen=True):
    """A decided attempt: the last position of its group and of its commit, and whether it was
    decided in favour."""

    group_end: int
    commit_end: int
    in_favour: bool


_TRANSFER_EVENTS = frozenset({TransferSent, TransferExpected, TransferReceived})


class Replay:
    """The state of one shard after the groups so far, built from their events alone."""

    def __init__(
        self,
        shard: int,
        differences: Differences,
        shards: int = 1,
        told: Mapping[int, int] | None = None,
        forgotten: int = 0,
    ) -> None:
        """Replay the log of `shard` of `shards`. What other shards have acknowledged, up to the
        positions in `told`, is not kept, nor are requests and attempts up to `forgotten`."""
        self._name = f"shard {shard}"
        # Configuration is decided on shard 0, and told to all others.
        self._others = tuple(range(1, shards)) if shard == 0 else ()
        self._told = told or {}
        self._forgotten = forgotten
        self._differences = differences
        self.head = Head()
        self.groups = 0
        self.commits = 0
        self.events = 0
        self.stock: dict[Key, Stock] = {}
        self.reservations: dict[str, Reservation] = {}
        self.requests: dict[bytes, RequestRecord] = {}
        self.transfers: dict[str, Transfer] = {}
        self.configuration = Configuration()
        self.listings: dict[bytes, bytes] = {}
        self.attempts: dict[str, Attempt] = {}
        self.heard: dict[int, int] = {}
        self.tells: set[tuple[int, int]] = set()
        self.answers: dict[bytes, bytes] = {}
        self.bases: dict[int, BaseTaken] = {}
        """The bases that the log says were taken, by position."""
        self.touched_keys: dict[Key, None] = {}
        """The SKU-locations with events in the group that was applied last."""
        self.touched_reservations: dict[str, None] = {}
        """The reservations with events in that group."""
        # After one wrong balance all later ones of that key are wrong: the first says it.
        self._wrong: set[Key] = set()
        looked_at = (self.stock, self.reservations, self.configuration, self.differs)
        self._fences = Fences(*looked_at)
        self._promises = Promises(*looked_at, self._fences)

    def resume(self, head: Head) -> None:
        """Go on from the state that was put here, which is that after `head`: the next group
        follows it."""
        self.head = head
        self._fences.resume()
        waiting = [one for one in self.reservations.values() if one.is_open or one.prepared_for]
        waiting.sort(key=_queued_since)
        for reservation in waiting:
            self._promises.queue(None, reservation)

    def differs(self, position: int, what: str) -> None:
        """Note a difference at a position of this shard."""
        self._differences.add(f"{self._name}, position {position}: {what}")

    def apply(self, stored_position: int, group_hash: bytes, body: bytes) -> None:
        """Take in the next group, stored under `stored_position`. LogError if it is no group."""
        group = decode_group(body)
        expected = self.head.position + 1
        if group.first_position != expected:
            self.differs(group.first_position, f"the group should begin at {expected}")
        if group.last_position != stored_position:
            self.differs(stored_position, f"the group ends at {group.last_position}")
        if chain_hash(self.head.chain_hash, body) != group_hash:
            self.differs(stored_position, "the chain of hashes is broken")
        if group.recorded_at_ms < self.head.recorded_at_ms:
            self.differs(stored_position, "engine time goes backwards")
        self.touched_keys.clear()
        self.touched_reservations.clear()
        # Goes on from what is stored, so that one broken link is one difference.
        self.head = Head(stored_position, group_hash, group.recorded_at_ms)
        position = group.first_position
        for commit in group.commits:
            self._apply_commit(commit, position)
            position += len(commit.recorded)
        for key in self.touched_keys:
            self._promises.judge_queue(key, stored_position)
        self.groups += 1
        self.commits += len(group.commits)
        self.events += position - group.first_position

    def totals(self) -> Totals:
        """The sums that follow from the state."""
        return Totals(
            stock_keys=len(self.stock),
            on_hand=sum(stock.on_hand for stock in self.stock.values()),
            held=sum(stock.held for stock in self.stock.values()),
            allocated=sum(stock.allocated for stock in self.stock.values()),
            reservations=sum(one.home_shard is None for one in self.reservations.values()),
        )

    def timers(self) -> set[tuple[int, str]]:
        """The deadlines that follow from the reservations."""
        return {
            (deadline_ms, reservation_id)
            for reservation_id, reservation in self.reservations.items()
            if (deadline_ms := reservation.deadline_ms) is not None
        }

    def _apply_commit(self, commit: Commit, position: int) -> None:
        if not commit.recorded:
            self.differs(position, f"a commit of {commit.cause.command} has no events")
            return
        if commit.request_key:
            self._take_request(commit, position)
        if commit.heard is not None:
            shard, heard = commit.heard.shard, commit.heard.position
            if heard <= self.heard.get(shard, 0):
                self.differs(position, f"what shard {shard} told at {heard} took effect before")
            self.heard[shard] = heard
        before: dict[Key, Stock | None] = {}
        judged: list[tuple[int, Any, Stock]] = []
        concerned: dict[str, list[Event]] = {}
        commit_end = position + len(commit.recorded) - 1
        for at, recorded in enumerate(commit.recorded, position):
            event: Any = recorded.event
            if type(event) in KEYLESS_EVENTS:
                self._apply_keyless_event(event, at, commit_end)
            else:
                before.setdefault(event.key, self.stock.get(event.key))
                after = self._apply_stock_event(event, recorded, at)
                if type(event) in JUDGED:
                    judged.append((at, event, after))
            # Configuration concerns no reservation, nor may an attempt that is given up.
            reservation_id = getattr(event, "reservation_id", "")
            if reservation_id:
                concerned.setdefault(reservation_id, []).append(event)
        earlier = self._apply_reservation_events(concerned, position)
        self.touched_keys.update(dict.fromkeys(before))
        self._promises.judge(commit, position, before, judged)
        self._fences.judge(commit, position, before)
        self._settle(earlier)

    def _apply_keyless_event(self, event: Any, position: int, commit_end: int) -> None:
        """Take in what an event of no SKU-location changes beside its reservation."""
        kind = type(event)
        if kind is LinesTold:
            self._tell(event.shard, position)
            if event.attempt_id and commit_end > self._forgotten:
                self._decide(event, commit_end)
        elif kind in CONFIGURATION_EVENTS:
            evolve_configuration(self.configuration, event)
            self._fences.reconfigured()
            for shard in self._others if kind in TOLD_CONFIGURATION else ():
                self._tell(shard, position)
        elif kind is ListingsMapped:
            put_records(self.listings, tuple(changed_records(event, self.listings.get)))
        elif kind is BaseTaken:
            self.bases[event.position] = event

    def _tell(self, shard: int, position: int) -> None:
        if position > self._told.get(shard, 0):
            self.tells.add((shard, position))

    def _decide(self, event: LinesTold, commit_end: int) -> None:
        known = self.attempts.get(event.attempt_id)
        in_favour = bool(event.events)
        if known is not None and known.commit_end == commit_end:
            in_favour = in_favour or known.in_favour
        self.attempts[event.attempt_id] = Attempt(self.head.position, commit_end, in_favour)

    def _take_request(self, commit: Commit, position: int) -> None:
        key, now_ms = commit.request_key, self.head.recorded_at_ms
        known = self.requests.get(key)
        # Later it may have been forgotten, and is a new one.
        if known is not None and now_ms - known.recorded_at_ms < REQUEST_RETENTION_MS_MIN:
            self.differs(position, f"its request id took effect already at {known.position}")
        if position > self._forgotten:
            self.requests[key] = RequestRecord(commit.content_hash, position, now_ms)

    def _apply_stock_event(self, event: Any, recorded: Recorded, position: int) -> Stock:
        after = evolve_stock(self.stock.get(event.key), event)
        self.stock[event.key] = after
        if type(event) in _TRANSFER_EVENTS:
            self._apply_transfer_event(event, position)
        stated = recorded.stock
        agrees = stated is not None and _numbers(stated) == _numbers(after)
        if not agrees and event.key not in self._wrong:
            self._wrong.add(event.key)
            self.differs(
                position,
                f"{type(event).__name__} of {name_of(event.key)} states "
                f"{'nothing' if stated is None else _figures(stated)}, replay gives "
                f"{_figures(after)}",
            )
        return after

    def _apply_transfer_event(
        self, event: TransferSent | TransferExpected | TransferReceived, position: int
    ) -> None:
        known = self.transfers.get(event.transfer_id)
        try:
            after = evolve_transfer(known, event, self.head.recorded_at_ms)
        except ValueError as error:
            self.differs(position, f"transfer {event.transfer_id}: {error}")
            return
        if after.in_transit < 0:
            self.differs(position, f"more arrived of transfer {event.transfer_id} than was sent")
        self.transfers[event.transfer_id] = after

    def _apply_reservation_events(
        self, concerned: Mapping[str, list[Event]], position: int
    ) -> dict[str, Reservation | None]:
        """Evolve the reservations that a commit concerns. Return what they were before."""
        earlier = {}
        for reservation_id, events in concerned.items():
            before = self.reservations.get(reservation_id)
            try:
                after = evolve_lines(before, events, self.head.recorded_at_ms)
            except ValueError as error:
                self.differs(position, f"reservation {reservation_id}: {error}")
                continue
            earlier[reservation_id] = before
            self.reservations[reservation_id] = after
            self.touched_reservations[reservation_id] = None
        return earlier

    def _settle(self, earlier: Mapping[str, Reservation | None]) -> None:
        """Drop the attempts that a commit has resolved; note who waits after it."""
        for reservation_id, before in earlier.items():
            after: Reservation | None = self.reservations[reservation_id]
            if after is not None and after.preparing and not after.is_open:
                del self.reservations[reservation_id]
                after = None
            self._promises.queue(before, after)


def _queued_since(reservation: Reservation) -> tuple[int, int, str]:
    """Since when the first line of a reservation waits, and what comes first among equals."""
    since = min((one.queued_at_ms for one in reservation.lines if one.queued_at_ms), default=0)
    return since, reservation.created_at_ms, reservation.reservation_id


def _numbers(stock: Stock) -> tuple[object, ...]:
    """What an event states of the stock after it."""
    return (
        stock.on_hand,
        stock.held,
        stock.allocated,
        stock.safety_stock,
        stock.version,
        stock.unavailable,
        stock.picked,
        stock.backordered,
        stock.waiting,
        stock.incoming_units if stock.incoming else 0,
    )


def _figures(stock: Stock) -> str:
    rest = (
        ("unavailable", stock.unavailable_units),
        ("picked", stock.picked),
        ("backordered", stock.backordered),
        ("waiting", stock.waiting),
        ("incoming", stock.incoming_units),
    )
    return (
        f"on_hand {stock.on_hand} held {stock.held} allocated {stock.allocated} "
        f"safety_stock {stock.safety_stock} version {stock.version}"
        + "".join(f" {name} {units}" for name, units in rest if units)
    )
