"""The log replayed: the state that follows from it, and whatever in it contradicts itself."""

from collections.abc import Sequence

from engine.core.availability import available_to
from engine.core.events import (
    Event,
    LineEvent,
    Recorded,
    ReservationEvent,
    ShortfallDetected,
    StockEvent,
    StockHeld,
)
from engine.core.evolve import evolve_lines, evolve_stock
from engine.core.model import Key, Reservation, Selling, Stock
from engine.log.chain import chain_hash
from engine.log.codec import decode_group
from engine.log.port import Commit, Head, RequestRecord, Totals

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


class Replay:
    """The state of one shard after the groups so far, built from their events alone."""

    def __init__(self, shard: int, differences: Differences) -> None:
        self._name = f"shard {shard}"
        self._differences = differences
        self.head = Head()
        self.groups = 0
        self.commits = 0
        self.events = 0
        self.stock: dict[Key, Stock] = {}
        self.reservations: dict[str, Reservation] = {}
        self.requests: dict[bytes, RequestRecord] = {}
        # After one wrong balance all later ones of that key are wrong: the first says it.
        self._wrong: set[Key] = set()

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
        position = group.first_position
        for commit in group.commits:
            self._apply_commit(commit, position, group.recorded_at_ms)
            position += len(commit.recorded)
        self.groups += 1
        self.commits += len(group.commits)
        self.events += position - group.first_position
        # Goes on from what is stored, so that one broken link is one difference.
        self.head = Head(stored_position, group_hash, group.recorded_at_ms)

    def totals(self) -> Totals:
        """The sums that follow from the state."""
        return Totals(
            stock_keys=len(self.stock),
            on_hand=sum(stock.on_hand for stock in self.stock.values()),
            held=sum(stock.held for stock in self.stock.values()),
            allocated=sum(stock.allocated for stock in self.stock.values()),
            reservations=len(self.reservations),
        )

    def timers(self) -> set[tuple[int, str]]:
        """The deadlines that follow from the reservations."""
        return {
            (deadline_ms, reservation_id)
            for reservation_id, reservation in self.reservations.items()
            if (deadline_ms := reservation.deadline_ms) is not None
        }

    def _apply_commit(self, commit: Commit, position: int, recorded_at_ms: int) -> None:
        if not commit.recorded:
            self.differs(position, f"a commit of {commit.cause.command} has no events")
            return
        if commit.request_key:
            if commit.request_key in self.requests:
                first = self.requests[commit.request_key].position
                self.differs(position, f"its request id took effect already at {first}")
            self.requests[commit.request_key] = RequestRecord(
                commit.content_hash, position, recorded_at_ms
            )
        before: dict[Key, Stock | None] = {}
        for offset, recorded in enumerate(commit.recorded):
            event = recorded.event
            if not isinstance(event, ReservationEvent):
                before.setdefault(event.key, self.stock.get(event.key))
                self._apply_stock_event(event, recorded, position + offset)
        self._apply_reservation_events(commit.recorded, position, recorded_at_ms)
        self._check_promises(commit, before, position)

    def _apply_stock_event(self, event: StockEvent, recorded: Recorded, position: int) -> None:
        after = evolve_stock(self.stock.get(event.key), event)
        self.stock[event.key] = after
        stated = recorded.stock
        agrees = stated is not None and _numbers(stated) == _numbers(after)
        if not agrees and event.key not in self._wrong:
            self._wrong.add(event.key)
            self.differs(
                position,
                f"{type(event).__name__} of {_name(event.key)} states "
                f"{'nothing' if stated is None else _figures(stated)}, replay gives "
                f"{_figures(after)}",
            )

    def _apply_reservation_events(
        self, recorded: Sequence[Recorded], position: int, recorded_at_ms: int
    ) -> None:
        concerned: dict[str, list[Event]] = {}
        for each in recorded:
            event = each.event
            if isinstance(event, ReservationEvent | LineEvent):
                concerned.setdefault(event.reservation_id, []).append(event)
        for reservation_id, events in concerned.items():
            try:
                self.reservations[reservation_id] = evolve_lines(
                    self.reservations.get(reservation_id), events, recorded_at_ms
                )
            except ValueError as error:
                self.differs(position, f"reservation {reservation_id}: {error}")

    def _check_promises(
        self, commit: Commit, before: dict[Key, Stock | None], position: int
    ) -> None:
        """That no promise took what was promised already, and that every shortfall was told."""
        told: dict[Key, int] = {}
        for offset, recorded in enumerate(commit.recorded):
            event = recorded.event
            if isinstance(event, ShortfallDetected):
                told[event.key] = event.shortfall
            elif isinstance(event, StockHeld) and event.counted and recorded.stock is not None:
                self._check_hold(event, recorded.stock, position + offset)
        for key, old in before.items():
            new = self.stock[key]
            missing = new.promised - new.on_hand
            missing_before = 0 if old is None else max(0, old.promised - old.on_hand)
            if new.tracked and missing > missing_before and key not in told:
                self.differs(
                    position,
                    f"oversold: {commit.cause.command} left {missing} units of {_name(key)} "
                    "missing and did not tell",
                )
            if key in told and told[key] != missing:
                self.differs(
                    position,
                    f"{_name(key)} was told to lack {told[key]} units and lacks {missing}",
                )

    def _check_hold(self, event: StockHeld, stated: Stock, position: int) -> None:
        # What was evolved knows the buffers; the balances are those that the event states.
        settings = self.stock[event.key]
        reservation = self.reservations.get(event.reservation_id)
        channel = "" if reservation is None else reservation.channel
        buffer = settings.available - available_to(settings, channel)
        if stated.available < buffer:
            left = f", where channel {channel} has to leave {buffer}" if buffer else ""
            self.differs(
                position,
                f"oversold: holding {event.quantity} of {_name(event.key)} left "
                f"{stated.available} available{left}",
            )
        if settings.selling is Selling.STOPPED:
            self.differs(position, f"{_name(event.key)} was held while its selling was stopped")


def _numbers(stock: Stock) -> tuple[int, int, int, int, int]:
    return (stock.on_hand, stock.held, stock.allocated, stock.safety_stock, stock.version)


def _figures(stock: Stock) -> str:
    return (
        f"on_hand {stock.on_hand} held {stock.held} allocated {stock.allocated} "
        f"safety_stock {stock.safety_stock} version {stock.version}"
    )


def _name(key: Key) -> str:
    tenant = f"{key.tenant!r} " if key.tenant else ""
    return f"{tenant}{key.sku!r} at {key.location!r}"
