"""Whether what a log says was promised could be: nothing twice, and nobody left waiting for what
was free. What was told has happened all the same, but what it left missing has to be told too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.availability import available_to
from engine.core.configuration import Configuration
from engine.core.events import (
    AllocationFilled,
    HoldFilled,
    HoldReacquired,
    ShortfallDetected,
    StockAllocated,
    StockHeld,
    WaitFilled,
)
from engine.core.model import Key, Line, Reservation, Selling, Stock
from engine.log.fences import Fences
from engine.log.port import Commit

ASKED: dict[type, str] = {
    StockHeld: "holding",
    HoldReacquired: "taking again",
    WaitFilled: "filling",
    HoldFilled: "filling",
    AllocationFilled: "filling",
}
"""Events that take available units only where there are enough."""
ACQUIRING = frozenset({StockHeld, HoldReacquired})
"""Those that make new promises, and may not where selling is stopped or the location disabled."""
MAY_BACKORDER = frozenset({StockHeld, HoldReacquired, StockAllocated})
"""Events whose units may be promised beyond what is there."""
JUDGED = frozenset(ASKED) | {StockAllocated, ShortfallDetected}
"""Events that `Promises.judge` wants to see."""

QUEUE_LOOKED_AT_MAX = 100
"""Lines of one queue that are looked at after a turn: each has been judged when it came first."""


class Promises:
    """Judges commits while they are replayed. It looks at the state that the replay keeps, and
    itself keeps only who waits."""

    def __init__(
        self,
        stock: Mapping[Key, Stock],
        reservations: Mapping[str, Reservation],
        configuration: Configuration,
        differs: Callable[[int, str], None],
        fences: Fences,
    ) -> None:
        self._stock = stock
        self._reservations = reservations
        self._configuration = configuration
        self._differs = differs
        self._fences = fences
        # In the order in which they began to wait, which is nearly that of the queue.
        self._queues: dict[Key, dict[tuple[str, str], None]] = {}
        self._offers: dict[str, set[str]] = {}

    def judge(
        self,
        commit: Commit,
        position: int,
        before: Mapping[Key, Stock | None],
        made: Sequence[tuple[int, Any, Stock]],
    ) -> None:
        """Judge a commit that begins at `position`, given the state of each SKU-location before it
        and the judged events with their positions and the stock right after each."""
        told = set()
        for event_position, event, after in made:
            kind = type(event)
            if kind is ShortfallDetected:
                told.add(event.key)
                self._judge_shortfall(event, after, event_position)
            elif event.counted:
                if commit.heard is None:
                    self._judge_asked(event, after, event_position)
                elif after.available < 0 and self._has_grown(event.key, before[event.key]):
                    # It took units that were set aside for it, perhaps before others were lost.
                    self._oversold(event, after, 0, event_position)
        for key, old in before.items():
            new = self._stock[key]
            missing = new.promised - new.sellable
            missing_before = 0 if old is None else max(0, old.promised - old.sellable)
            if missing > missing_before and new.tracked and key not in told:
                self._differs(
                    position,
                    f"oversold: {commit.cause.command} left {missing} units of {name_of(key)} "
                    "missing and did not tell",
                )

    def _judge_shortfall(self, event: ShortfallDetected, after: Stock, position: int) -> None:
        missing = after.promised - after.sellable
        if event.shortfall != missing:
            self._differs(
                position,
                f"{name_of(event.key)} was told to lack {event.shortfall} units and lacks "
                f"{missing}",
            )

    def _judge_asked(self, event: Any, after: Stock, position: int) -> None:
        kind, key = type(event), event.key
        reservation = self._reservations.get(event.reservation_id)
        backordered = event.backordered if kind in MAY_BACKORDER else 0
        if kind in ASKED and event.quantity > backordered:
            channel = "" if reservation is None else reservation.channel
            buffer = after.available - available_to(after, channel)
            if after.available < buffer:
                self._oversold(event, after, buffer, position)
        if backordered and after.backordered > after.backorder_limit:
            self._differs(
                position,
                f"{name_of(key)} has {after.backordered} units backordered, where "
                f"{after.backorder_limit} may be",
            )
        stopped = after.selling is Selling.STOPPED
        if stopped and kind is WaitFilled:
            self._differs(position, f"{name_of(key)} was filled while its selling was stopped")
        if kind in ACQUIRING and not (reservation and reservation.prepared_for):
            if stopped:
                self._differs(position, f"{name_of(key)} was held while its selling was stopped")
            location = self._configuration.location(key.tenant, key.location)
            if location is not None and not location.enabled:
                self._differs(position, f"{name_of(key)} was held while its location was disabled")

    def _oversold(self, event: Any, after: Stock, buffer: int, position: int) -> None:
        reservation = self._reservations.get(event.reservation_id)
        channel = "" if reservation is None else reservation.channel
        left = f", where channel {channel} has to leave {buffer}" if buffer else ""
        doing = ASKED.get(type(event), "promising")
        self._differs(
            position,
            f"oversold: {doing} {event.quantity} of {name_of(event.key)} left "
            f"{after.available} available{left}",
        )

    def _has_grown(self, key: Key, before: Stock | None) -> bool:
        return self._stock[key].promised > (0 if before is None else before.promised)

    def queue(self, before: Reservation | None, after: Reservation | None) -> None:
        """Take in how a reservation changed: which of its lines wait, and what is offered to it."""
        one = after or before
        if one is not None and one.prepared_for:
            offers = self._offers.setdefault(one.prepared_for, set())
            (offers.discard if after is None else offers.add)(one.reservation_id)
        queued = _queued(after)
        for place in _queued(before):
            if place not in queued:
                self._queues[place[2]].pop(place[:2], None)
        for reservation_id, line_id, key in queued:
            self._queues.setdefault(key, {}).setdefault((reservation_id, line_id))

    def judge_queue(self, key: Key, position: int) -> None:
        """Judge, after a turn that ends at `position`, whether anybody waits at a SKU-location for
        units that are free to them."""
        queue = self._queues.get(key)
        stock = self._stock.get(key)
        if not queue or stock is None or not stock.tracked or stock.available <= 0:
            return
        for reservation_id, line_id in list(queue)[:QUEUE_LOOKED_AT_MAX]:
            reservation = self._reservations[reservation_id]
            if reservation.preparing:
                # It is not yet known whether the basket comes about.
                continue
            line = next(
                one for one in reservation.lines if one.line_id == line_id and one.key == key
            )
            wanted = line.backordered if stock.selling is Selling.STOPPED else line.queued
            if reservation.home_shard is not None:
                wanted -= self._offered(reservation_id, line)
            free = available_to(stock, reservation.channel)
            free = self._fences.free(key, reservation.channel, free)
            if wanted > 0 and free > 0:
                self._differs(
                    position,
                    f"{reservation_id} waits for {wanted} units of {name_of(key)} while {free} "
                    "are free to it",
                )
                return

    def _offered(self, reservation_id: str, line: Line) -> int:
        """Units set aside for a line whose reservation belongs to another shard."""
        return sum(
            one.held
            for attempt_id in self._offers.get(reservation_id, ())
            for one in self._reservations[attempt_id].lines
            if one.line_id == line.line_id and one.key == line.key
        )


def _queued(reservation: Reservation | None) -> list[tuple[str, str, Key]]:
    """The lines of a reservation that wait, and where."""
    if reservation is None:
        return []
    return [
        (reservation.reservation_id, line.line_id, line.key)
        for line in reservation.lines
        if line.queued_at_ms
    ]


def name_of(key: Key) -> str:
    """The SKU-location as reports name it."""
    tenant = f"{key.tenant!r} " if key.tenant else ""
    return f"{tenant}{key.sku!r} at {key.location!r}"
