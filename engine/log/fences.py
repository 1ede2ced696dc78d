"""Whether what a log says was promised was within what the channels' configuration leaves: nobody
took what was fenced for another channel, nor more than his own channel may sell."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.channel_rules import Share, sells, served_fences, share_of
from engine.core.channels import Channel
from engine.core.configuration import Configuration, Location
from engine.core.decide.queue import FREEING
from engine.core.events import (
    AllocationDrawn,
    AllocationFilled,
    HoldCommitted,
    HoldFilled,
    HoldReacquired,
    ReservationCreated,
    StockHeld,
    WaitFilled,
    WaitJoined,
)
from engine.core.evolve import evolve_stock
from engine.core.model import Key, Reservation, Stock
from engine.log.port import Commit

TAKING = frozenset({StockHeld, HoldReacquired, WaitFilled, HoldFilled, AllocationFilled})
"""Events that take units only where they may be had. (An allocation may have been told.)"""
COMPARED = TAKING | {HoldCommitted, WaitJoined, AllocationDrawn}
"""From the first of those on, where a commit has none but these at a SKU, no fence may have become
lower by them than its channel has made it."""

_Skus = dict[tuple[str, str], list[Any]]


class Fences:
    """Judges commits while they are replayed, where channels are configured. It looks at the state
    that the replay keeps."""

    def __init__(
        self,
        stock: Mapping[Key, Stock],
        reservations: Mapping[str, Reservation],
        configuration: Configuration,
        differs: Callable[[int, str], None],
    ) -> None:
        self.channels = configuration.channels
        self._stock = stock
        self._reservations = reservations
        self._configuration = configuration
        self._differs = differs
        # Made when it is needed first, kept from then on.
        self._locations: dict[tuple[str, str], dict[str, None]] | None = None
        self._configured = 0
        self._ever = False
        self._served: dict[tuple[str, str], int] = {}

    def location(self, tenant: str, name: str) -> Location | None:
        """How a location is configured."""
        return self._configuration.location(tenant, name)

    def sells_from(self, tenant: str, channel: Channel) -> tuple[str, ...] | None:
        """The locations that a channel sells from, best first; None: all there are."""
        return self._configuration.sells_from(tenant, channel)

    def locations(self, tenant: str, sku: str) -> Sequence[str]:
        """The locations that have the SKU, in order of name."""
        if self._locations is None:
            self._locations = {}
            for key in self._stock:
                self._add(key)
        return sorted(self._locations.get((tenant, sku), ()))

    def _add(self, key: Key) -> None:
        if self._locations is not None:
            self._locations.setdefault((key.tenant, key.sku), {})[key.location] = None

    def reconfigured(self) -> None:
        """Something was configured: who waits is served when units come free the next time."""
        self._configured += 1
        self._ever = self._ever or bool(self.channels.channels)

    def resume(self) -> None:
        """What was before is not known: whether who waits has been served since, for one."""
        self._configured += 1
        self._ever = True

    def free(self, key: Key, channel: str, units: int) -> int:
        """How many of so many units that are free at a SKU-location one who waits there may have;
        0 if it has not been looked at since anything was configured."""
        if not self._ever:
            return units
        if self._served.get((key.tenant, key.sku), 0) != self._configured:
            return 0
        stock = self._stock.get(key)
        if stock is None or not sells(self, key, stock):
            return units
        share = share_of(self, self._stock.get, key.tenant, channel, key.sku)
        return units if share is None else share.at_most(key.location, units)

    def judge(self, commit: Commit, position: int, before: Mapping[Key, Stock | None]) -> None:
        """Judge a commit, given the state before it of each SKU-location that it concerns."""
        for key, old in before.items():
            if old is None:
                self._add(key)
        if not self._ever:
            return
        skus: _Skus = {}
        for recorded in commit.recorded:
            event: Any = recorded.event
            place: Key | None = getattr(event, "key", None)
            if place is not None:
                skus.setdefault((place.tenant, place.sku), []).append(event)
                if type(event) in FREEING:
                    self._served[place.tenant, place.sku] = self._configured
        if commit.heard is not None:
            return
        for (tenant, sku), events in skus.items():
            first = next((at for at, one in enumerate(events) if type(one) in TAKING), None)
            if first is not None and {type(one) for one in events[first:]} <= COMPARED:
                between = dict(before)
                for event in events[:first]:
                    between[event.key] = evolve_stock(between[event.key], event)
                self._judge_fences(tenant, sku, events[first:], between, position)
        created = commit.recorded[0].event
        if isinstance(created, ReservationCreated):
            self._judge_share(created, skus, before, position)

    def _judge_fences(
        self,
        tenant: str,
        sku: str,
        events: Sequence[Any],
        before: Mapping[Key, Stock | None],
        position: int,
    ) -> None:
        """Compare what is served of each fence with what was before, and its channel has taken."""
        if not self.channels.is_allocated(tenant, sku):
            return
        drawn: dict[str, int] = {}
        for event in events:
            if type(event) is AllocationDrawn:
                drawn[event.channel] = drawn.get(event.channel, 0) + event.units
        if min(drawn.values(), default=0) < 0:
            return
        now = served_fences(self, self._stock.get, tenant, sku)
        for channel, units in served_fences(self, self._before(before), tenant, sku).items():
            left = units - drawn.get(channel, 0)
            if now.get(channel, 0) < left:
                self._differs(
                    position,
                    f"units of {sku!r} were taken that are fenced for {channel}: "
                    f"{now.get(channel, 0)} of {left} are left to it",
                )

    def _judge_share(
        self,
        created: ReservationCreated,
        skus: _Skus,
        before: Mapping[Key, Stock | None],
        position: int,
    ) -> None:
        """Compare what a new basket holds with what its channel might sell before it."""
        for (tenant, sku), events in skus.items():
            held = [event for event in events if type(event) is StockHeld and event.counted]
            own = [one for one in held if one.reservation_id == created.reservation_id]
            if not own:
                continue
            share = share_of(self, self._before(before), tenant, created.channel, sku)
            what = _beyond(share, own) if share is not None else ""
            if what:
                self._differs(position, f"{created.channel} held {sku!r} {what}")

    def _before(self, before: Mapping[Key, Stock | None]) -> Callable[[Key], Stock | None]:
        return lambda key: before[key] if key in before else self._stock.get(key)


def _beyond(share: Share, held: Sequence[StockHeld]) -> str:
    """What is wrong with what was held; empty: nothing is."""
    elsewhere = [one.key.location for one in held if not share.sells_at(one.key.location)]
    if elsewhere:
        return f"at {elsewhere[0]!r}, where it does not sell"
    units = sum(one.quantity - one.backordered for one in held)
    if share.limit is not None and units > share.limit:
        return f"in {units} units, where it might sell {share.limit}"
    return ""
