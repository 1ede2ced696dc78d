"""What shards decide for each other: acquiring asks, resolving tells.

A shard sets units aside for a basket of another one under the name of an attempt (`prepare`). The
basket's home decides and tells every shard what has become of its lines (`hear`). A shard that has
heard nothing asks (`answer_inquiry`), and so it does when units have come free for a line that
waits there: then the question is an offer.
"""

from msgspec.structs import replace

from engine.core.decide.bounds import shortfall, shortfall_of
from engine.core.decide.drawn import drawn
from engine.core.decide.fill import fill, promised_too_much
from engine.core.decide.promise import allocated_events, held_events, shortfalls
from engine.core.decide.queue import completed, consequences, fills, find_line
from engine.core.decide.working import Working
from engine.core.events import (
    AllocationReleased,
    AtRisk,
    BasketPrepared,
    BasketResolved,
    Event,
    HoldReleased,
    HoldTaken,
    LineEvent,
    LinesTold,
    PickFellShort,
    ReservationJoined,
    ShippedUnexpectedly,
    StockAllocated,
    StockHeld,
    WaitLeft,
)
from engine.core.limits import BALANCE_MAX
from engine.core.model import Key, Line, Reservation, Struct
from engine.core.rejections import BalanceOutOfRange, Rejection
from engine.core.view import Decision, Filled, Terms, View, Wish


class Preparation(Struct, frozen=True):
    """The wish of a home for units of another shard. `ask_at_ms` is when that shard asks what has
    become of the attempt."""

    attempt_id: str
    tenant: str
    home_shard: int
    wishes: tuple[Wish, ...]
    terms: Terms
    ask_at_ms: int


class Prepared(Struct, frozen=True):
    """What was set aside, and the events that say so; `filled` in the order of the wishes."""

    events: tuple[Event, ...]
    filled: tuple[Filled, ...]


class Told(Struct, frozen=True):
    """What the home has decided for the lines of a reservation in the shard that hears it."""

    home_shard: int
    tenant: str
    reservation_id: str
    reference: str
    channel: str
    customer: str
    attempt_id: str
    events: tuple[LineEvent, ...]


class Inquiry(Struct, frozen=True):
    """The question of `shard` what has become of an attempt; for units offered to the reservation
    `prepared_for`, whether it wants them. `lines` are what is set aside."""

    shard: int
    attempt_id: str
    tenant: str
    prepared_for: str
    lines: tuple[Line, ...]


def prepare(view: View, preparation: Preparation, now_ms: int) -> Prepared | Rejection:
    """Set aside what can be had of the wishes; what has happened, in any case."""
    terms = preparation.terms
    filled = fill(view, preparation.wishes, terms, now_ms)
    if not isinstance(filled, list):
        if isinstance(filled, Rejection):
            return filled
        raise ValueError(f"wishes of other shards were sent here: {filled.wishes!r}")
    if terms.told:
        too_much = promised_too_much(view, filled)
        if too_much is not None:
            return BalanceOutOfRange(too_much[0], "promised", too_much[1], BALANCE_MAX)
    attempt_id = preparation.attempt_id
    events: list[Event] = [
        BasketPrepared(
            attempt_id,
            preparation.tenant,
            preparation.home_shard,
            "",
            terms.channel,
            terms.customer,
            preparation.ask_at_ms,
        )
    ]
    if terms.told:
        events += allocated_events(attempt_id, preparation.wishes, filled)
        events += shortfalls(view, attempt_id, filled)
    else:
        events += held_events(attempt_id, preparation.wishes, filled)
    return Prepared((*events, *drawn(view, events)), tuple(filled))


def hear(view: View, told: Told, now_ms: int) -> Decision:
    """Do what the home has decided, in one piece: what was set aside goes back, what the basket
    gets of it follows, and what is left goes to those who wait. Mostly the basket gets just what
    was set aside: then that becomes its own as it is."""
    events: list[Event] = []
    attempt = view.reservation(told.attempt_id) if told.attempt_id else None
    if attempt is not None and _is_taken_as_it_is(view, told, attempt):
        return Decision(_taken(told))
    if told.attempt_id:
        events.append(BasketResolved(told.attempt_id, told.tenant, told.home_shard))
        events += _give_back(attempt)
    if told.events and view.reservation(told.reservation_id) is None:
        events.append(_joined(told))
    events += told.events
    events += _told_shortfalls(view, events, now_ms)
    if attempt is not None:
        events += _still_missing(view, told, attempt, events, now_ms)
    return Decision((*events, *consequences(view, events, now_ms)))


def _is_taken_as_it_is(view: View, told: Told, attempt: Reservation) -> bool:
    """Whether a basket gets its first lines here, and they are what was set aside: all of it, held,
    and with stock behind it. Nothing comes free then, and nobody is served. Where a channel has an
    allocation it may have been stated anew meanwhile, from which the units have to be drawn."""
    return (
        len(told.events) == len(attempt.lines)
        and not attempt.prepared_for
        and not view.channels.allocates
        and all(map(_is_line, told.events, attempt.lines))
        and view.reservation(told.reservation_id) is None
    )


def _is_line(event: LineEvent, line: Line) -> bool:
    """Whether what is told makes just this line."""
    return (
        type(event) is StockHeld
        and event.quantity == line.held
        and event.line_id == line.line_id
        and event.key == line.key
        and event.counted == line.counted
        and event.units_each == line.units_each
        and not (event.backordered or line.backordered or line.waiting or line.allocated)
    )


def _taken(told: Told) -> tuple[Event, ...]:
    attempt_id, basket_id = told.attempt_id, told.reservation_id
    return (
        BasketResolved(attempt_id, told.tenant, told.home_shard, basket_id),
        _joined(told),
        *[
            HoldTaken(
                event.key,
                basket_id,
                event.line_id,
                event.quantity,
                event.counted,
                getattr(event, "units_each", 1),
                attempt_id,
            )
            for event in told.events
        ],
    )


def _joined(told: Told) -> ReservationJoined:
    return ReservationJoined(
        told.reservation_id,
        told.tenant,
        told.home_shard,
        told.reference,
        told.channel,
        told.customer,
    )


def _give_back(attempt: Reservation | None) -> list[Event]:
    if attempt is None:
        return []
    attempt_id = attempt.reservation_id
    events: list[Event] = []
    for line in attempt.lines:
        if line.held:
            events.append(
                HoldReleased(
                    line.key,
                    attempt_id,
                    line.line_id,
                    line.held,
                    line.counted,
                    backordered=line.held_backordered,
                )
            )
        if line.waiting:
            events.append(WaitLeft(line.key, attempt_id, line.line_id, line.waiting))
        if line.allocated:
            events.append(
                AllocationReleased(
                    line.key,
                    attempt_id,
                    line.line_id,
                    line.allocated,
                    line.counted,
                    backordered=line.allocated_backordered,
                )
            )
    return events


def _told_shortfalls(view: View, events: list[Event], now_ms: int) -> list[Event]:
    """Of facts that are told to a shard, what they leave missing there."""
    keys: dict[Key, None] = {}
    for event in events:
        if isinstance(event, ShippedUnexpectedly | PickFellShort):
            keys[event.key] = None
    found: list[Event] = []
    working = Working(view, now_ms, events) if keys else None
    for key in keys:
        before = view.stock(key)
        after = working.stock(key) if working else None
        if before is not None and after is not None:
            change = (after.sellable - after.promised) - (before.sellable - before.promised)
            found += shortfall(view, key, before, change)
    return found


def _still_missing(
    view: View, told: Told, attempt: Reservation, events: list[Event], now_ms: int
) -> list[Event]:
    """What facts that were prepared leave missing: told when they were set aside, under the name of
    the attempt, and now under that of the reservation."""
    units: dict[Key, int] = {}
    if any(line.allocated for line in attempt.lines):
        for event in told.events:
            if isinstance(event, StockAllocated) and event.counted:
                backed = event.quantity - event.backordered
                units[event.key] = units.get(event.key, 0) + backed
    working = Working(view, now_ms, events) if units else None
    resolved = replace(attempt, lines=())
    found: list[Event] = []
    for key, backed in units.items():
        stock = working.stock(key) if working else None
        if stock is not None and stock.tracked:
            own = AtRisk(told.reservation_id, backed, allocated=True)
            missing = stock.promised - stock.sellable
            found += shortfall_of(view, key, missing, own, resolved)
    return found


def answer_inquiry(view: View, inquiry: Inquiry, now_ms: int) -> Decision:
    """The home's decision on an attempt that it has not decided yet: one at a new basket is given
    up, an offer goes to the line that waits, if it still does."""
    events: list[LineEvent] = []
    reservation = view.reservation(inquiry.prepared_for) if inquiry.prepared_for else None
    if reservation is not None:
        for offered in inquiry.lines:
            line = find_line(reservation, offered.line_id, offered.key)
            if line is not None:
                events += fills(reservation.reservation_id, line, offered.held)
    told = LinesTold(
        inquiry.prepared_for if events else "",
        inquiry.tenant,
        inquiry.shard,
        inquiry.attempt_id,
        tuple(events),
    )
    if not events:
        return Decision((told,))
    after = Working(view, now_ms, (told,)).reservation(inquiry.prepared_for)
    return Decision((told, *(completed(after, now_ms) if after is not None else ())))


def abort(tenant: str, attempt_id: str, shards: tuple[int, ...]) -> Decision:
    """The decision not to make anything of an attempt, for each shard that was asked."""
    return Decision(tuple(LinesTold("", tenant, shard, attempt_id) for shard in shards))
