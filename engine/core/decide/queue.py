"""Who gets units that have come free where others wait: first come first served, in the same turn,
whatever freed them.

Whoever waits for a pool that has free units gets them before anybody who asks later: after every
decision nothing is free that a waiting line may have. A line whose channel has to leave the last
units to others is passed by, until more comes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.availability import available_to
from engine.core.channel_rules import Share, sells, share_of
from engine.core.decide.drawn import drawn
from engine.core.decide.working import Working
from engine.core.events import (
    AllocationDrawn,
    AllocationFilled,
    AllocationReleased,
    BasketPrepared,
    Event,
    HoldExpired,
    HoldFilled,
    HoldReleased,
    LineEvent,
    LinesTold,
    ReservationPromoted,
    StockAdjusted,
    StockAllocated,
    StockConfigured,
    StockCounted,
    StockHeld,
    StockMoved,
    StockReceived,
    StockReturned,
    StockTakenBack,
    TransferReceived,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.model import Key, Line, Reservation, Selling, Stock
from engine.core.view import View

FREEING = frozenset(
    {
        HoldReleased,
        HoldExpired,
        AllocationReleased,
        WaitLeft,
        StockReceived,
        StockReturned,
        StockTakenBack,
        StockAdjusted,
        StockCounted,
        StockMoved,
        StockConfigured,
        TransferReceived,
    }
)
"""Events that may leave more to promise."""

_LEAVING = frozenset({WaitLeft, HoldReleased, AllocationReleased, LinesTold})
_CONCERNING = FREEING | _LEAVING

FILLING = frozenset({HoldFilled, AllocationFilled, WaitFilled})
"""Events that give units to who waits for them."""

_JOINING = frozenset({WaitJoined, StockHeld, StockAllocated})
_SHARING = _JOINING | {AllocationDrawn}
"""Events that may leave more to a channel: a buffer that is a part of what is there shrinks with
it, so who has begun to wait may have more once he has taken what there was; and what others take of
what is theirs, from where it was not fenced, is fenced no longer."""

OFFER_MS = 1_000
"""How long a shard waits for the home's answer to an offer before it asks again."""


def consequences(view: View, events: Sequence[Any], now_ms: int) -> list[Event]:
    """What follows from what was decided: what channels have taken of their allocations, and what
    happens to those who wait."""
    taken = drawn(view, events) if view.channels.channels else []
    if not taken:
        return promotions(view, events, now_ms)
    return [*taken, *promotions(view, (*events, *taken), now_ms)]


def promotions(view: View, events: Sequence[Any], now_ms: int) -> list[Event]:
    """What happens to those who wait, because of these events."""
    kinds = set(map(type, events))
    joined = bool(view.channels.channels) and not _SHARING.isdisjoint(kinds)
    if _CONCERNING.isdisjoint(kinds) and not joined:
        return []
    freed = [event.key for event in events if type(event) in FREEING]
    if joined:
        freed += [event.key for event in events if type(event) in _SHARING]
    if view.channels.channels and freed:
        freed += _elsewhere(view, freed)
    joined_at = _joined_at(events) if joined else ()
    keys = [key for key in dict.fromkeys(freed) if key in joined_at or _has_queue(view, key)]
    left, given_back = ([], set()) if _LEAVING.isdisjoint(kinds) else _left(events)
    if not keys and not left:
        return []
    working = Working(view, now_ms, events)
    promoted: list[Event] = []
    concerned = dict.fromkeys(left)
    for key in keys:
        for event in _serve(working, key, events, now_ms):
            promoted.append(event)
            working.add(event)
            for taken in drawn(working, (event,)):
                promoted.append(taken)
                working.add(taken)
            if type(event) in FILLING:
                concerned[event.reservation_id] = None
    for reservation_id in concerned:
        reservation = working.reservation(reservation_id)
        if reservation is None:
            continue
        if reservation.hold_ms or reservation_id not in given_back:
            promoted += completed(reservation, now_ms)
    return promoted


def _left(events: Sequence[Any]) -> tuple[list[str], set[str]]:
    """The reservations of which something waits no longer, in this shard or in another one, though
    their time has not run out; and those of them of which only backordered units were given back:
    that completes nothing but a basket whose hold has yet to begin."""
    left = []
    given_back = set()
    for event in events:
        kind = type(event)
        waits_no_longer = gives_back = False
        for one in event.events if kind is LinesTold else (event,) if kind in _LEAVING else ():
            if type(one) is WaitLeft and not one.expired:
                waits_no_longer = True
            elif type(one) in _LEAVING and getattr(one, "backordered", False):
                gives_back = True
        if waits_no_longer or gives_back:
            left.append(event.reservation_id)
        if gives_back and not waits_no_longer:
            given_back.add(event.reservation_id)
    return left, given_back


def _elsewhere(view: View, freed: Sequence[Key]) -> list[Key]:
    """The other locations of SKUs of which units have come free: what a channel may sell depends on
    what is there in all."""
    skus = dict.fromkeys((key.tenant, key.sku) for key in freed)
    return [
        Key(tenant, sku, location)
        for tenant, sku in skus
        for location in view.locations(tenant, sku)
    ]


def _joined_at(events: Sequence[Any]) -> set[Key]:
    """Where units begin to wait by these events."""
    return {
        event.key
        for event in events
        if type(event) is WaitJoined or getattr(event, "backordered", 0) > 0
    }


def _has_queue(view: View, key: Key) -> bool:
    stock = view.stock(key)
    return stock is not None and (stock.backordered > 0 or stock.waiting > 0)


def _queue(view: View, key: Key, events: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Who waited before the events, then who has joined by them."""
    yield from view.queue(key)
    for event in events:
        if type(event) in _JOINING and event.key == key:
            yield event.reservation_id, event.line_id


def _serve(
    working: Working, key: Key, events: Sequence[Any], now_ms: int
) -> Iterator[LineEvent | BasketPrepared]:
    """Give what is free at the SKU-location to those who wait there. Each event that is yielded has
    happened in `working` when the next one is asked for."""
    shares: dict[str, Share | None] = {}
    for reservation_id, line_id in _queue(working.view, key, events):
        served = True
        while served:
            stock = working.stock(key)
            if stock is None or stock.available <= 0:
                return
            served = False
            for event in _serve_line(working, key, reservation_id, line_id, shares, now_ms):
                yield event
                # A buffer that is a part of what is there shrinks with it: there may be more.
                served = bool(shares)
            shares = {} if served else shares


def _serve_line(
    working: Working,
    key: Key,
    reservation_id: str,
    line_id: str,
    shares: dict[str, Share | None],
    now_ms: int,
) -> list[LineEvent | BasketPrepared]:
    """What a line that waits at the SKU-location gets of what is free there."""
    stock = working.stock(key)
    reservation = working.reservation(reservation_id)
    line = None if reservation is None else find_line(reservation, line_id, key)
    if stock is None or reservation is None or line is None or not line.queued:
        return []
    free = _free(working, key, stock, reservation.channel, shares)
    if stock.selling is Selling.STOPPED:
        free = min(free, line.backordered)
    if reservation.expires_at_ms and reservation.expires_at_ms <= now_ms:
        # Its time is over, whether that was swept or not: only what was ordered is filled.
        free = min(free, line.allocated_backordered)
    if free <= 0 or reservation.preparing:
        # Whether a basket that is prepared comes about is not known: it is served when it does.
        return []
    if reservation.home_shard is None:
        return [*fills(reservation_id, line, free)]
    return [*_offer(working, reservation, line, free, stock, now_ms)]


def _free(
    working: Working, key: Key, stock: Stock, channel: str, shares: dict[str, Share | None]
) -> int:
    """Units of the SKU-location that are free to who waits there; where nothing is sold, nobody
    else could have them. `shares` holds what channels may
    have as long as nobody has been given anything."""
    free = available_to(stock, channel)
    if not working.channels.channels or free <= 0 or not sells(working, key, stock):
        return free
    if channel not in shares:
        shares[channel] = share_of(working, working.stock, key.tenant, channel, key.sku)
    share = shares[channel]
    return free if share is None else share.at_most(key.location, free)


def fills(reservation_id: str, line: Line, units: int) -> list[LineEvent]:
    """The events that give a line at most so many units of those it waits for: first to what was
    ordered, then to what is held, then to what waits."""
    key, line_id = line.key, line.line_id
    events: list[LineEvent] = []
    ordered = min(units, line.allocated_backordered)
    held = min(units - ordered, line.held_backordered)
    waiting = min(units - ordered - held, line.waiting)
    if ordered:
        events.append(AllocationFilled(key, reservation_id, line_id, ordered))
    if held:
        events.append(HoldFilled(key, reservation_id, line_id, held))
    if waiting:
        events.append(WaitFilled(key, reservation_id, line_id, waiting))
    return events


def completed(reservation: Reservation, now_ms: int) -> list[Event]:
    """The event due when a basket, at its home, has got all that it waited for; its hold begins
    then if it was waiting. One that is over, swept or not, does not begin anew."""
    if not reservation.is_open or any(line.queued for line in reservation.lines):
        return []
    if reservation.home_shard is not None:
        return []
    expires_at_ms = reservation.expires_at_ms
    if reservation.hold_ms:
        if 0 < expires_at_ms <= now_ms and any(line.held for line in reservation.lines):
            return []
        expires_at_ms = now_ms + reservation.hold_ms
    return [ReservationPromoted(reservation.reservation_id, reservation.tenant, expires_at_ms)]


def find_line(reservation: Reservation, line_id: str, key: Key) -> Line | None:
    """The line of a reservation at a SKU-location."""
    for line in reservation.lines:
        if line.line_id == line_id and line.key == key:
            return line
    return None


def _offer(
    working: Working,
    reservation: Reservation,
    line: Line,
    free: int,
    stock: Stock,
    now_ms: int,
) -> Iterator[BasketPrepared | StockHeld]:
    """Set units aside for a line whose reservation belongs to another shard, until that has said
    whether it still wants them."""
    offered = sum(
        one.held
        for offer in working.view.offers(reservation.reservation_id)
        if working.reservation(offer.reservation_id) is not None
        for one in offer.lines
        if one.line_id == line.line_id and one.key == line.key
    )
    wanted = line.backordered if stock.selling is Selling.STOPPED else line.queued
    units = min(free, wanted - offered)
    if units <= 0 or reservation.home_shard is None:
        return
    # A version is used once at its SKU-location, so the name is used once in all shards. The SKU is
    # in it, as components of a kit share line and location; its length, as ids may have slashes.
    sku, location = line.key.sku, line.key.location
    attempt_id = f"{reservation.reservation_id}/{len(sku)}/{sku}/{location}/{stock.version}"
    yield BasketPrepared(
        attempt_id,
        reservation.tenant,
        reservation.home_shard,
        reservation.reservation_id,
        reservation.channel,
        reservation.customer,
        now_ms + OFFER_MS,
    )
    yield StockHeld(line.key, attempt_id, line.line_id, units)
