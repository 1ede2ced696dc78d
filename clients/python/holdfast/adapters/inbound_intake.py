"""Takes in what a channel has sold: fetches orders, maps them, tells the engine, and remembers how
far it has come."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from holdfast.adapters.adapter import Context
from holdfast.adapters.inbound import (
    ChannelOrder,
    Key,
    Names,
    OrderLine,
    Place,
    allocation,
    changes,
    is_closed,
    late_reference,
    line_states,
    places_of,
    plus,
    shares_of,
    till_commands,
    unmapped,
    wanted_lines,
)
from holdfast.adapters.outcomes import PermanentError
from holdfast.adapters.source import ExternalMessage, ParkedMessage
from holdfast.commands import Command
from holdfast.errors import (
    AttemptDecided,
    DeadlineExpired,
    HoldfastError,
    InsufficientStock,
    Overloaded,
    RequestIdReused,
    Unavailable,
    UnknownReservation,
)
from holdfast.types import Reservation

POLL_ORDERS_MAX = 100
"""Orders of one page of a poll."""

MARK = "orders"
"""The mark of the subscription up to which changed orders were taken in, by the channel's time."""

COMPLETE_MARK = "orders_complete"
"""The mark up to which all orders were taken in: where the last poll has ended."""

FIRST_MARK = "orders_first"
"""The mark that says when the intake began: orders made before are part of the stock as counted."""

REMEMBERED_ORDERS_MAX = 10_000
"""Orders of which it is remembered that their newest state was taken in."""

SETTLED_AFTER = timedelta(seconds=2)
"""A time that is so old when an order is fetched, by the channel's clock, is not given to another
state of it: channels show whole seconds."""


class ChangedOrder(NamedTuple):
    """An order that has changed at a time."""

    order_id: str
    updated_at: datetime


class NotReadyError(Exception):
    """An order cannot be taken in yet, as its channel has still to decide something: the next poll
    asks for it again. Its arguments are the order's id and when it was made."""


class Orders(Protocol):
    """A channel that can be asked for its orders."""

    def changed(self, since: datetime) -> AsyncIterator[Sequence[ChangedOrder]]:
        """The orders that have changed at this time or later, oldest change first, in pages of at
        most POLL_ORDERS_MAX."""

    async def orders(self, order_ids: Sequence[str]) -> Sequence[ChannelOrder | NotReadyError]:
        """These orders as they are now; what is not one of the channel's is left out."""

    @property
    def time(self) -> datetime | None:
        """What time it was at the channel when it answered last; None: it does not say."""


class Taken(NamedTuple):
    """What an order that was taken in concerns: the channel has changed these numbers by itself."""

    places: frozenset[Place]
    skus: frozenset[str]


class Intake:
    """Takes orders in, one after the other, whether a webhook, a poll or a mismatch has asked."""

    def __init__(
        self,
        orders: Orders,
        context: Context,
        *,
        shop: str,
        on_taken: Callable[[Taken], None] = lambda _taken: None,
        overlap_s: float = 60.0,
        patience_s: float = 600.0,
    ) -> None:
        """`on_taken` is told of each order that was taken in. `overlap_s` is how far before its
        mark a poll begins, since a channel may show a change late. An order that is not ready for
        `patience_s` is parked."""
        self._orders = orders
        self._context = context
        self._client = context.client
        self._shop = shop
        self._on_taken = on_taken
        self._overlap = timedelta(seconds=overlap_s)
        self._patience = timedelta(seconds=patience_s)
        self._lock = asyncio.Lock()
        self._marks: dict[str, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._everywhere: tuple[str, ...] | None = None

    async def start(self, since: datetime | None = None) -> None:
        """Goes on at its marks. Without any it begins now, or at `since`: orders made before are
        part of the stock as it was counted."""
        for name in (MARK, COMPLETE_MARK, FIRST_MARK):
            written = self._context.source.marks.get(name)
            if written:
                self._marks[name] = datetime.fromisoformat(written)
        # A channel shows whole seconds: those of the first one are taken in.
        begin = (since or self._context.clock.now()).replace(microsecond=0)
        for name in (FIRST_MARK, COMPLETE_MARK, MARK):
            if name not in self._marks:
                await self._advance(name, self._marks.get(FIRST_MARK, begin))

    async def poll(self) -> None:
        """Takes in what has changed since the mark, and advances it after each page. It ends with
        what had changed when it began, however fast more changes."""
        async with self._lock:
            waits = False
            until: datetime | None = None
            since = max(self._marks[MARK] - self._overlap, self._marks[FIRST_MARK])
            async for page in self._orders.changed(since):
                until = until or self._orders.time
                latest = {each.order_id: each.updated_at for each in page}
                unseen = [each for each, at in latest.items() if self._seen.get(each) != at]
                # From the first order on that is not ready, all are asked for again.
                waits = not await self._take(unseen) or waits
                if not waits and latest:
                    await self._advance(MARK, max(latest.values()))
                if until is not None and max(latest.values(), default=since) > until:
                    break
            if not waits:
                await self._advance(COMPLETE_MARK, self._marks[MARK])

    async def take(self, order_ids: Collection[str]) -> None:
        """Takes in these orders, as they are now."""
        async with self._lock:
            await self._take(list(order_ids))

    async def replay(self, parked: ParkedMessage) -> None:
        """Takes in an order that was parked. PermanentError if it still cannot be."""
        order_id = json.loads(parked.content.body)["order_id"]
        async with self._lock:
            found = await self._orders.orders([order_id])
            if not found or isinstance(found[0], NotReadyError):
                raise PermanentError(f"The channel does not give the order {order_id}.")
            order = found[0]
            names = await self._names(places_of([order]))
            reason = await self._tell(order, names, None)
            self._on_taken(_taken(order, names))
        if reason:
            raise PermanentError(reason)

    async def _take(self, order_ids: Sequence[str]) -> bool:
        """Fetches orders and tells them; says whether all were ready."""
        if not order_ids:
            return True
        began = self._context.clock.now()
        asked_at = self._orders.time
        told_before = self._marks[COMPLETE_MARK] - self._overlap
        ready: list[ChannelOrder] = []
        waits = False
        for found in await self._orders.orders(order_ids):
            if isinstance(found, NotReadyError):
                waits = await self._is_waited_for(found, began) or waits
            elif found.created_at >= self._marks[FIRST_MARK]:
                ready.append(found)
        names = await self._names(places_of(ready))
        for order in ready:
            reason = await self._tell(order, names, told_before)
            self._context.count("order", "parked" if reason else "told")
            if reason:
                await self._park(order.order_id, reason)
            self._on_taken(_taken(order, names))
            if asked_at is not None and asked_at - order.updated_at >= SETTLED_AFTER:
                self._remember(order)
        return not waits

    async def _is_waited_for(self, found: NotReadyError, now: datetime) -> bool:
        """Whether the order is to be asked for again; it is parked when that takes too long."""
        order_id, created_at = found.args
        if now - created_at < self._patience:
            return True
        await self._park(order_id, "The channel does not say where the order is sent from.")
        return False

    async def _names(self, places: Sequence[Place]) -> Names:
        """What places mean."""
        self._everywhere = None
        names: dict[Place, Key] = {}
        for start in range(0, len(places), 1_000):
            part = places[start : start + 1_000]
            asked = [(self._shop, place.item, place.external_location) for place in part]
            found = await self._client.find_listings(self._context.channel, asked)
            for place, listing in zip(part, found.items, strict=True):
                if listing is None:
                    continue
                if listing.location:
                    names[place] = Key(listing.sku, listing.location)
                elif everywhere := await self._locations():
                    names[place] = Key(listing.sku, "", everywhere)
        return names

    async def _locations(self) -> tuple[str, ...]:
        """The locations that the channel sells from, in order of preference; none: it names none,
        so that it is not known from where it sells."""
        if self._everywhere is None:
            channels = (await self._client.channels(self._context.channel)).channels
            named = [name for each in channels for name in each.locations]
            groups = [name for each in channels for name in each.location_groups]
            known = (await self._client.configuration()).locations if groups else ()
            for group in groups:
                members = [each for each in known if each.enabled and group in each.groups]
                members.sort(key=lambda each: (each.priority, each.name))
                named += [each.name for each in members]
            self._everywhere = tuple(dict.fromkeys(named))
        return self._everywhere

    async def _tell(self, order: ChannelOrder, names: Names, told_before: datetime | None) -> str:
        """Tells the engine; gives why it could not be told in full."""
        try:
            for command in till_commands(order, names, self._context.channel, told_before):
                await self._send(command)
            await self._tell_lines(order, names)
        except (Unavailable, Overloaded, DeadlineExpired, AttemptDecided):
            raise  # It is tried again: nothing is known to be wrong with the order.
        except HoldfastError as error:
            return f"{error.reason}: {error}"
        missing = unmapped(order, names)
        if missing:
            return f"Not mapped: {', '.join(map(str, missing[:5]))}"
        return ""

    async def _tell_lines(self, order: ChannelOrder, names: Names) -> None:
        reservation = await self._find(order.order_id)
        is_new = reservation is None
        if reservation is None:
            wanted = wanted_lines(order, names)
            if not wanted:
                return
            reservation = await self._allocate(order, wanted, names, order.order_id)
        first = _Holder(reservation)
        holders, rest = [first], list[OrderLine]()
        numbers: dict[str, int] = {}
        for line in order.lines:
            late = [] if is_new else await self._find_late(order, line)
            numbers[line.line_id] = 1 + len(late)
            rest += _divide(line, [first, *late])
            holders += late
        for holder in holders:
            rest += await self._tell_holder(order, holder, names, late=holder is not first)
        for line in rest:
            await self._tell_late(order, line, names, numbers[line.line_id])

    async def _find_late(self, order: ChannelOrder, line: OrderLine) -> "list[_Holder]":
        """The reservations that have units of a line beside the order's."""
        found: list[_Holder] = []
        while True:
            reference = late_reference(order.order_id, line.line_id, 1 + len(found))
            reservation = await self._find(reference)
            if reservation is None:
                return found
            found.append(_Holder(reservation))

    async def _tell_holder(
        self, order: ChannelOrder, holder: "_Holder", names: Names, *, late: bool
    ) -> list[OrderLine]:
        """Makes a reservation as the order says; gives what it cannot take, as units are missing:
        they are sold all the same."""
        if holder.grows:
            grown = tuple(plus(line, holder.grows.get(line.line_id)) for line in holder.lines)
            wish = order._replace(lines=grown)
            try:
                for command in changes(wish, holder.reservation, names, late=late):
                    await self._send(command)
                return []
            except InsufficientStock:
                pass  # Nothing was told yet: what a reservation gains comes first.
        part = order._replace(lines=tuple(holder.lines))
        for command in changes(part, holder.reservation, names, late=late):
            await self._send(command)
        return list(holder.grows.values())

    async def _tell_late(
        self, order: ChannelOrder, line: OrderLine, names: Names, number: int
    ) -> None:
        """Tells of units that no reservation of the order has: by one of their own."""
        part = order._replace(lines=(line,))
        wanted = wanted_lines(part, names)
        if wanted:
            reference = late_reference(order.order_id, line.line_id, number)
            reservation = await self._allocate(order, wanted, names, reference)
            for command in changes(part, reservation, names, late=True):
                await self._send(command)

    async def _allocate(
        self, order: ChannelOrder, lines: Sequence[OrderLine], names: Names, reference: str
    ) -> Reservation:
        command = allocation(order, lines, names, self._context.channel, reference)
        try:
            allocated = await self._send(command)
        except RequestIdReused:
            # It was allocated in another state before, and its answer came too late.
            found = await self._find(reference)
            if found is None:
                raise
            return found
        reservation: Reservation = await self._client.reservation(allocated.reservation_id)
        return reservation

    async def _find(self, reference: str) -> Reservation | None:
        try:
            found: Reservation = await self._client.reservation(reservation_reference=reference)
        except UnknownReservation:
            return None
        return found

    async def _send(self, command: Command[Any]) -> Any:
        (outcome,) = await self._client.execute([command])
        if isinstance(outcome, HoldfastError):
            raise outcome
        return outcome

    async def _park(self, order_id: str, reason: str) -> None:
        body = json.dumps({"order_id": order_id}).encode()
        message = ExternalMessage(order_id, "application/json", body)
        await self._context.source.park(message, reason)
        self._context.log.warning(
            "An order was parked.", extra={"order": order_id, "reason": reason}
        )

    async def _advance(self, name: str, mark: datetime) -> None:
        known = self._marks.get(name)
        if known is not None and mark <= known:
            return
        written = mark.astimezone(UTC).isoformat()
        await self._client.set_mark(self._context.subscription, name, written)
        self._marks[name] = mark

    def _remember(self, order: ChannelOrder) -> None:
        self._seen.pop(order.order_id, None)
        self._seen[order.order_id] = order.updated_at
        while len(self._seen) > REMEMBERED_ORDERS_MAX:
            del self._seen[next(iter(self._seen))]


class _Holder:
    """A reservation that has units of an order, and what it is to have."""

    def __init__(self, reservation: Reservation) -> None:
        self.reservation = reservation
        self.states = line_states(reservation)
        self.lines: list[OrderLine] = []
        self.grows: dict[str, OrderLine] = {}
        """What it is to have besides, by line, if units are there."""


def _divide(line: OrderLine, holders: Sequence[_Holder]) -> list[OrderLine]:
    """Divides a line among those that have units of it; gives what none of them can have."""
    own = [holder for holder in holders if line.line_id in holder.states]
    shares, more = shares_of(line, [holder.states[line.line_id] for holder in own])
    for holder, share in zip(own, shares, strict=True):
        holder.lines.append(share)
    if more.open + more.sent == 0:
        return []
    for holder in own:
        if not is_closed(holder.reservation):
            holder.grows[line.line_id] = more
            return []
    return [more]


def _taken(order: ChannelOrder, names: Names) -> Taken:
    places = frozenset(places_of([order]))
    return Taken(places, frozenset(names[place].sku for place in places if place in names))
