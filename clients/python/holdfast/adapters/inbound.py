"""What a channel has sold, as commands: an order as the channel shows it now, compared with what
the engine has of it, gives what is still to be told. Pure.

An order is told as a state, not as steps: how many units of each line are open, were sent, have
come back. So it does not matter whether it was heard of once, twice, late or out of order, or
whether a warehouse has told the engine of the same parcel. Its reservation has the channel's order
id as its reference; each command has a request id that is made of the order's id, its time and the
numbers that it changes, so that two that hear of the same state say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from holdfast import commands
from holdfast.commands import Command
from holdfast.types import Line, Reservation, ReservationStatus


class Place(NamedTuple):
    """What a channel calls a SKU at a location."""

    item: str
    external_location: str


class Key(NamedTuple):
    """A SKU at a location, as the engine knows it; or, where the channel sells several locations as
    one, a SKU at these `locations`, in order of preference."""

    sku: str
    location: str
    locations: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[str, str]:
        """The SKU and the location, or the one that is preferred."""
        return self.sku, self.location or self.locations[0]


class OrderLine(NamedTuple):
    """Units of an order that one place sends: those that it has still to send, those that have left
    it, and those of them that have come back. `line_id` names it within the order."""

    line_id: str
    place: Place
    open: int
    sent: int = 0
    returned: int = 0


class Movement(NamedTuple):
    """Units that a customer took along at a till, or brought back without a parcel; `id` is the
    channel's own name for that."""

    id: str
    place: Place
    units: int
    at: datetime


class ChannelOrder(NamedTuple):
    """An order as its channel shows it. `order_id` is unique among all channels of the tenant."""

    order_id: str
    created_at: datetime
    updated_at: datetime
    lines: tuple[OrderLine, ...] = ()
    sold: tuple[Movement, ...] = ()
    taken_back: tuple[Movement, ...] = ()


OPEN = frozenset({ReservationStatus.WAITING, ReservationStatus.HELD, ReservationStatus.COMMITTED})
"""States of a reservation that may have more units."""

Names = Mapping[Place, Key]
"""What the channel's places mean, as far as they are mapped."""


class LineState(NamedTuple):
    """What the engine has of a line: units allocated and not shipped, shipped, returned."""

    allocated: int = 0
    shipped: int = 0
    returned: int = 0


def places_of(orders: Iterable[ChannelOrder]) -> list[Place]:
    """The places that orders speak of, each once."""
    found: dict[Place, None] = {}
    for order in orders:
        found |= dict.fromkeys(line.place for line in order.lines)
        found |= dict.fromkeys(each.place for each in (*order.sold, *order.taken_back))
    return list(found)


def unmapped(order: ChannelOrder, names: Names) -> list[Place]:
    """The places of an order that mean nothing to the engine, but for lines that never concern
    it."""
    return sorted(
        {line.place for line in order.lines if line.open + line.sent and line.place not in names}
        | {each.place for each in (*order.sold, *order.taken_back) if each.place not in names}
    )


def wanted_lines(order: ChannelOrder, names: Names) -> list[OrderLine]:
    """The lines that need units of the engine's: mapped, and open or sent."""
    return [line for line in order.lines if line.open + line.sent and line.place in names]


def late_reference(order_id: str, line_id: str, number: int = 1) -> str:
    """The reference of a line that its order's reservation is without: it was added later, moved to
    another location, could not be mapped at first, or has more units than could be promised with
    it. Those after the first are for what has gone to and fro, or has grown again."""
    return f"{order_id}#{line_id}" + (f"#{number}" if number > 1 else "")


def allocation(
    order: ChannelOrder, lines: Sequence[OrderLine], names: Names, channel: str, reference: str
) -> Command[Any]:
    """Promises the lines of an order. It has happened, so it is recorded also where units are
    missing."""
    basket = [
        Line(*key[:2], line.open + line.sent, line.line_id, locations=key.locations)
        for line, key in ((line, names[line.place]) for line in lines)
    ]
    return commands.allocate(
        basket,
        if_short="record",
        reference=reference,
        channel=channel,
        request_id=f"{reference}/allocate",
        occurred_at=order.created_at,
    )


def line_states(reservation: Reservation) -> dict[str, LineState]:
    """The state of each line, summed over locations; of a kit's components the least that makes
    whole kits."""
    sums: dict[tuple[str, str, int], LineState] = {}
    for line in reservation.lines:
        key = line.line_id, line.sku, line.units_each
        seen = sums.get(key, LineState())
        sums[key] = LineState(
            seen.allocated + line.allocated,
            seen.shipped + line.shipped,
            seen.returned + line.returned,
        )
    states: dict[str, LineState] = {}
    for (line_id, _, units_each), state in sums.items():
        kits = LineState(*(units // units_each for units in state))
        known = states.get(line_id, kits)
        states[line_id] = LineState(*map(min, kits, known))
    return states


def is_closed(reservation: Reservation) -> bool:
    """Whether the reservation can have no more units: all of it was released, or sent."""
    return reservation.status not in OPEN


def shares_of(line: OrderLine, states: Sequence[LineState]) -> tuple[list[OrderLine], OrderLine]:
    """What each of the reservations that have units of a line is to have of it, and what none of
    them has yet. What has left, whoever has told of it, and what has come back counts once.

    Earlier reservations keep their units, later ones give back first.
    """
    shipped = sum(state.shipped for state in states)
    ship = max(0, line.sent - shipped)
    # Where the engine knows of more parcels than the channel, these units are open no more.
    keep = max(0, line.open - max(0, shipped - line.sent))
    back = max(0, line.returned - sum(state.returned for state in states))
    shares = []
    for state in states:
        ships = min(ship, state.allocated)
        keeps = min(keep, state.allocated - ships)
        sent = state.shipped + ships
        returns = min(back, max(0, sent - state.returned))
        shares.append(line._replace(open=keeps, sent=sent, returned=state.returned + returns))
        ship, keep, back = ship - ships, keep - keeps, back - returns
    return shares, line._replace(open=keep, sent=ship, returned=min(back, ship))


def plus(line: OrderLine, more: OrderLine | None) -> OrderLine:
    """The line with more units."""
    if more is None:
        return line
    return line._replace(
        open=line.open + more.open,
        sent=line.sent + more.sent,
        returned=line.returned + more.returned,
    )


def changes(
    order: ChannelOrder, reservation: Reservation, names: Names, *, late: bool
) -> list[Command[Any]]:
    """What is to be told of a reservation so that it is as the order: what it gains, what has left,
    what has come back, what is not needed any more.

    A line that the order does not have any more is given back. A `late` reservation has one line.
    """
    wanted = {line.line_id: line for line in order.lines}
    gains: dict[str, int] = {}
    ships: dict[str, int] = {}
    returns: dict[str, int] = {}
    frees: dict[str, int] = {}
    states = line_states(reservation)
    for line_id, state in states.items():
        if late and line_id not in wanted:
            continue
        line = wanted.get(line_id, OrderLine(line_id, Place("", ""), 0, state.shipped))
        ship = max(0, line.sent - state.shipped)
        # Where the engine knows of more parcels than the channel, these units are open no more.
        target = max(0, line.open - max(0, state.shipped - line.sent))
        surplus = state.allocated - ship - target
        back = min(line.returned, state.shipped + ship) - state.returned
        for change, units in ((ships, ship), (returns, back), (frees, surplus), (gains, -surplus)):
            if units > 0:
                change[line_id] = units
    found: list[Command[Any]] = []
    options = {"occurred_at": order.updated_at}
    key = reservation.reservation_id

    def request(verb: str, units: Mapping[str, int]) -> str:
        numbers = [(line_id, states[line_id], units[line_id]) for line_id in sorted(units)]
        said = repr((key, order.updated_at.timestamp(), numbers)).encode()
        return f"{order.order_id}/{verb}/{blake2b(said, digest_size=8).hexdigest()}"

    if gains:
        grown = [
            _grown(reservation, wanted[line_id], names, states[line_id].allocated + units)
            for line_id, units in gains.items()
        ]
        found.append(commands.amend(key, set_lines=grown, request_id=request("amend", gains)))
    if ships:
        found.append(
            commands.ship(
                key,
                lines=ships,
                reference=request("parcel", ships),
                if_unexpected="record",
                request_id=request("ship", ships),
                **options,  # type: ignore[arg-type]
            )
        )
    if returns:
        found.append(
            commands.return_units(
                key,
                lines=returns,
                reference=order.order_id,
                request_id=request("return", returns),
                **options,  # type: ignore[arg-type]
            )
        )
    if frees:
        found.append(
            commands.release(
                key,
                lines=frees,
                reason="customer_cancelled",
                request_id=request("release", frees),
                **options,  # type: ignore[arg-type]
            )
        )
    return found


def till_commands(
    order: ChannelOrder, names: Names, channel: str, told_before: datetime | None
) -> list[Command[Any]]:
    """Sales at a till and what was brought back, each once: what is older than `told_before` was
    told then. They have happened, so they are recorded also where units are missing."""
    found: list[Command[Any]] = []
    for sold in order.sold:
        key = names.get(sold.place)
        if key is not None and not _is_old(sold, told_before):
            found.append(
                commands.sell(
                    *key.first,
                    sold.units,
                    if_short="record",
                    reference=order.order_id,
                    channel=channel,
                    request_id=f"{sold.id}/sell",
                    occurred_at=sold.at,
                )
            )
    for back in order.taken_back:
        key = names.get(back.place)
        if key is not None and not _is_old(back, told_before):
            found.append(
                commands.take_back(
                    *key.first,
                    back.units,
                    reason="REFUNDED",
                    reference=order.order_id,
                    request_id=f"{back.id}/take_back",
                    occurred_at=back.at,
                )
            )
    return found


def _is_old(movement: Movement, told_before: datetime | None) -> bool:
    return told_before is not None and movement.at < told_before


def _grown(reservation: Reservation, line: OrderLine, names: Names, quantity: int) -> Line:
    """The line with another quantity, from where it is."""
    parts = [part for part in reservation.lines if part.line_id == line.line_id]
    locations = tuple(dict.fromkeys(part.location for part in parts))
    # The parts of a kit have the names of its components.
    sku = names[line.place].sku if line.place in names else parts[0].sku
    return Line(sku, quantity=quantity, line_id=line.line_id, locations=locations)
