"""What each wish of a basket gets: first stock, then backorder, then a place in the waiting line.

Wishes are filled in order, and each sees what the ones before it took.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from engine.core.availability import available_to
from engine.core.channel_rules import Share, share_of, useless
from engine.core.decide.customers import allowed_to_customer
from engine.core.decide.kits import at_most, room_for_kits
from engine.core.model import Key, Selling, ShortCause, ShortLine, Stock, Strategy
from engine.core.rejections import CustomerRequired
from engine.core.sourcing import Candidate, plan
from engine.core.view import HERE, Filled, Grant, Terms, View, Wish

# Python 3.11 takes 0.1 us to look up an enum member, and these are needed for every line.
_STOPPED = Selling.STOPPED
_STOCK = ShortCause.STOCK
_FEWEST_SPLITS = Strategy.FEWEST_SPLITS

_Units = dict[Key, int]
_OfKits = dict[tuple[str, str], int]
_Taken = tuple[_Units, _Units, _Units, dict[str, None], dict[str, int], _OfKits]


class Filler(msgspec.Struct):
    """Fills wishes one after the other, and remembers what they took. A struct, because one is made
    for every basket."""

    view: View
    terms: Terms
    now_ms: int
    given: Mapping[Key, int] = {}
    taken: dict[Key, int] = {}
    backordered: dict[Key, int] = {}
    waiting: dict[Key, int] = {}
    in_use: dict[str, None] = {}
    of_customer: dict[str, int] = {}
    before_kit: _Taken | None = None
    shares: dict[str, Share | None] = {}
    of_kits: _OfKits = {}
    """Units that kits took, by kit and component; the kits by the kit and itself."""

    def begin(self, wishes: Sequence[Wish]) -> None:
        """These are what the basket asks for. With the fewest splits: if one location has all that
        is asked of this shard, the most preferred of them counts as one that the basket uses
        already."""
        if self.terms.strategy is not _FEWEST_SPLITS:
            return
        wanted: dict[str, int] = {}
        choice: dict[str, None] | None = None
        for wish in wishes:
            first = wish.keys[0]
            if wish.counting or self.view.shard_of(first.tenant, first.sku) != HERE:
                continue
            wanted[first.sku] = wanted.get(first.sku, 0) + wish.quantity
            able = [
                key.location
                for key in wish.keys
                if (stock := self.view.stock(key)) is not None
                and self._is_open(key, stock)
                and ((share := self._share(key)) is None or share.sells_at(key.location))
                and (not stock.tracked or self._free(key, stock) >= wanted[first.sku])
            ]
            in_both = able if choice is None else [name for name in choice if name in able]
            choice = dict.fromkeys(in_both)
        for name in choice or ():
            self.in_use[name] = None
            return

    def begin_kit(self) -> None:
        """What follows are the wishes of one kit."""
        self.before_kit = (
            dict(self.taken),
            dict(self.backordered),
            dict(self.waiting),
            dict(self.in_use),
            dict(self.of_customer),
            dict(self.of_kits),
        )

    def keep_whole_kits(self, wishes: Sequence[Wish], found: list[Filled]) -> None:
        """Only whole kits are of use: what the scarcest component does not make use of is left to
        the lines that follow."""
        of_kit = found[-len(wishes) :]
        if all(one.short is None for one in of_kit):
            return
        kits = min(
            sum(grant.quantity + grant.waiting for grant in one.grants) // wish.units_each
            for wish, one in zip(wishes, of_kit, strict=True)
        )
        if self.before_kit is not None:
            (
                self.taken,
                self.backordered,
                self.waiting,
                self.in_use,
                self.of_customer,
                self.of_kits,
            ) = self.before_kit
        for index, (wish, one) in enumerate(zip(wishes, of_kit, strict=True)):
            less = replace(wish, quantity=kits * wish.units_each)
            again: Filled | CustomerRequired = Filled(())
            if kits and self.view.shard_of(wish.tenant, wish.sku) == HERE:
                again = self.fill(less)
            elif kits:
                again = Filled(at_most(one.grants, less.quantity))
            if isinstance(again, Filled):
                found[index - len(wishes)] = replace(one, grants=again.grants)

    def fill(self, wish: Wish) -> Filled | CustomerRequired:
        """What the wish gets."""
        return self._at_once(wish) or self._fill(wish)

    def _at_once(self, wish: Wish) -> Filled | None:
        """What most wishes get: all of it from the one SKU-location that they name, where nothing
        is special. None if it takes a closer look."""
        key = wish.keys[0]
        view, terms = self.view, self.terms
        if wish.counting or terms.told or len(wish.keys) > 1 or wish.customer_limit:
            return None
        stock = view.stock(key)
        if stock is None or not stock.tracked or stock.selling is _STOPPED:
            return None
        if view.customer_limit(key.tenant, key.sku) is not None:
            return None
        share = self._share(key) if view.channels.channels else None
        if share is not None and (wish.kit or not share.sells_at(key.location)):
            return None
        location = view.location(key.tenant, key.location)
        if location is not None and not location.enabled:
            return None
        quantity = wish.quantity
        taken = self.taken.get(key, 0)
        free = available_to(stock, terms.channel) - taken
        if quantity > (free if share is None else self._free(key, stock)):
            return None
        self.taken[key] = taken + quantity
        self.in_use[key.location] = None
        grants = (Grant(key, quantity),)
        if terms.customer:
            self._take_for_customer(key.sku, quantity)
        return Filled(grants)

    def _fill(self, wish: Wish) -> Filled | CustomerRequired:
        stocks = self._stocks(wish)
        if not stocks:
            return Filled((), missing=wish.keys[0])
        quantity, cause = wish.quantity, _STOCK
        if not self.terms.told:
            allowed = allowed_to_customer(
                self.view, self.terms.customer, wish, self.of_customer, self.now_ms
            )
            if type(allowed) is CustomerRequired:
                return allowed
            if type(allowed) is int and allowed < quantity:
                quantity, cause = max(0, allowed), ShortCause.CUSTOMER_LIMIT
        share = None if wish.counting else self._share(wish.keys[0])
        if wish.kit:
            taken = self.of_kits.get((wish.kit, wish.sku), 0)
            room = room_for_kits(self.view, self.terms, wish, share, taken)
            if room is not None and room < quantity:
                quantity, cause = room, ShortCause.CHANNEL
        open_stocks = [(key, stock) for key, stock in stocks if self._is_open(key, stock)]
        if not open_stocks:
            stopped = any(stock.selling is _STOPPED for _, stock in stocks)
            closed = ShortCause.STOPPED if stopped else ShortCause.LOCATION_DISABLED
            return Filled((), _short(wish, closed, 0))
        if share is not None:
            open_stocks = [
                (key, stock) for key, stock in open_stocks if share.sells_at(key.location)
            ]
            if not open_stocks:
                return Filled((), _short(wish, ShortCause.CHANNEL, 0))
        grants = self._grants(wish, open_stocks, quantity, cause)
        got = sum([grant.quantity for grant in grants])
        if got == wish.quantity or got + sum([one.waiting for one in grants]) == wish.quantity:
            self._take(wish, grants)
            return Filled(grants)
        if cause is _STOCK and self._is_there_for_others(open_stocks, quantity):
            cause = ShortCause.CHANNEL
        short = _short(wish, cause, got)
        if not self.terms.partly:
            return Filled((), short)
        grants = tuple([grant for grant in grants if grant.quantity])
        self._take(wish, grants)
        return Filled(grants, short)

    def _stocks(self, wish: Wish) -> list[tuple[Key, Stock]]:
        """The SKU-locations that there are, in order of preference. A kit needs none of its own."""
        stocks = [(key, self.view.stock(key)) for key in wish.keys]
        if wish.counting:
            return [(key, stock or Stock()) for key, stock in stocks]
        return [(key, stock) for key, stock in stocks if stock is not None]

    def _is_open(self, key: Key, stock: Stock) -> bool:
        """Whether new promises may be made; what has happened has happened anywhere."""
        if self.terms.told:
            return True
        location = self.view.location(key.tenant, key.location)
        return stock.selling is not _STOPPED and (location is None or location.enabled)

    def _grants(
        self, wish: Wish, stocks: list[tuple[Key, Stock]], quantity: int, cause: ShortCause
    ) -> tuple[Grant, ...]:
        """What the SKU-locations give, at most `quantity` units."""
        if wish.counting or not all(stock.tracked for _, stock in stocks):
            return self._uncounted(wish, stocks, quantity)
        return self._counted(wish, stocks, quantity, cause)

    def _uncounted(
        self, wish: Wish, stocks: list[tuple[Key, Stock]], quantity: int
    ) -> tuple[Grant, ...]:
        """All of it, from the first location where nothing is counted; rather from one that the
        basket uses already."""
        if not quantity:
            return ()
        keys = [key for key, stock in stocks if wish.counting or not stock.tracked]
        used = [key for key in keys if key.location in self.in_use]
        return (Grant((used or keys)[0], quantity, counted=False),)

    def _counted(
        self, wish: Wish, stocks: list[tuple[Key, Stock]], quantity: int, cause: ShortCause
    ) -> tuple[Grant, ...]:
        """Stock as planned; what is left over is backordered, then recorded or made to wait."""
        terms = self.terms
        free = {key.location: self._free(key, stock) for key, stock in stocks}
        rooms = self._backorder_rooms(wish, stocks)
        if not terms.split and len(stocks) > 1:
            stocks = [self._only_one(stocks, free, rooms, quantity)]
        candidates = [Candidate(key.location, max(0, free[key.location])) for key, _ in stocks]
        sources = plan(terms.strategy, quantity, candidates, split=True, in_use=self.in_use)
        units = {source.location: source.units for source in sources}
        share = self._share(stocks[0][0])
        if share is not None:
            units = self._within(share, units, [key for key, _ in stocks], free, quantity)
        left = quantity - sum(units.values())
        if not left:
            return tuple(
                [Grant(key, units[key.location]) for key, _ in stocks if key.location in units]
            )
        backordered: dict[str, int] = {}
        beyond = left if share is None else self._beyond(share, wish, sum(units.values()), left)
        for key, _ in stocks if wish.allow_backorder else ():
            backordered[key.location] = min(beyond, rooms[key.location])
            beyond -= backordered[key.location]
            left -= backordered[key.location]
        first = next(iter(units), stocks[0][0].location)
        if terms.told:
            units[first] = units.get(first, 0) + left
            left = 0
        waiting = left if terms.wait and cause is _STOCK else 0
        return tuple(
            Grant(
                key,
                units.get(name, 0) + backordered.get(name, 0),
                True,
                backordered.get(name, 0),
                waiting if name == first else 0,
                self._place(key, stock) if waiting and name == first else 0,
            )
            for key, stock in stocks
            if (name := key.location) in units
            or backordered.get(name, 0)
            or (waiting and name == first)
        )

    def _backorder_rooms(self, wish: Wish, stocks: list[tuple[Key, Stock]]) -> dict[str, int]:
        """How much of the wish may be backordered at each location."""
        rooms = {key.location: 0 for key, _ in stocks}
        if wish.allow_backorder:
            for key, stock in stocks:
                room = stock.backorder_limit - stock.backordered - self.backordered.get(key, 0)
                rooms[key.location] = max(0, room)
        return rooms

    def _only_one(
        self,
        stocks: list[tuple[Key, Stock]],
        free: dict[str, int],
        rooms: dict[str, int],
        quantity: int,
    ) -> tuple[Key, Stock]:
        """The one location that a line which may not be split comes from: one that has it all; else
        one that has it all with what may be backordered there; else the one that has most. If what
        is missing does not wait, most is all that there can be, and it is looked for likewise."""
        if not self.terms.wait and not self.terms.told:
            quantity = min(quantity, max(max(0, free[name]) + rooms[name] for name in free))
        for more in (dict.fromkeys(free, 0), rooms):
            candidates = [Candidate(name, max(0, free[name]) + more[name]) for name in free]
            chosen = plan(
                self.terms.strategy, quantity, candidates, split=False, in_use=self.in_use
            )
            if chosen and chosen[0].units == quantity:
                break
        name = chosen[0].location if chosen else stocks[0][0].location
        return next((key, stock) for key, stock in stocks if key.location == name)

    def _free(self, key: Key, stock: Stock) -> int:
        free = available_to(stock, self.terms.channel) - self.taken.get(key, 0)
        share = self._share(key)
        if share is None or not share.is_bounded(key.location):
            return free
        return min(free, share.free(key.location, self._taken_of(key.sku)))

    def _share(self, key: Key) -> Share | None:
        """What the channels' configuration leaves of a SKU to this caller; None: all. What has
        happened has happened."""
        if not self.view.channels.channels or self.terms.told:
            return None
        sku = key.sku
        if sku not in self.shares:
            view = self.view
            share = share_of(view, view.stock, key.tenant, self.terms.channel, sku)
            if share is not None and self.given:
                share = share.less(useless(view, view.stock, sku, self.given))
            self.shares[sku] = share
        return self.shares[sku]

    def _taken_of(self, sku: str) -> dict[str, int]:
        """What the basket has taken of a SKU so far, by location."""
        return {key.location: units for key, units in self.taken.items() if key.sku == sku}

    def _within(
        self,
        share: Share,
        planned: dict[str, int],
        keys: Sequence[Key],
        free: dict[str, int],
        quantity: int,
    ) -> dict[str, int]:
        """As much of what was planned as the locations may give together, and what others of them
        may give instead, in order of preference."""
        taken = self._taken_of(keys[0].sku)
        units: dict[str, int] = {}
        left = quantity
        wanted = [*planned.items(), *((key.location, quantity) for key in keys)]
        for location, want in wanted:
            room = min(left, want, max(0, free[location]) - units.get(location, 0))
            if share.is_bounded(location):
                room = min(room, share.free(location, taken))
            if room > 0:
                units[location] = units.get(location, 0) + room
                taken[location] = taken.get(location, 0) + room
                left -= room
        return units

    def _beyond(self, share: Share, wish: Wish, planned: int, left: int) -> int:
        """How much of what is left of a wish may be promised without stock behind it."""
        taken = sum(self._taken_of(wish.sku).values()) + planned
        taken += sum(units for key, units in self.backordered.items() if key.sku == wish.sku)
        beyond = share.beyond_stock(taken)
        return left if beyond is None else min(left, beyond)

    def _place(self, key: Key, stock: Stock) -> int:
        before = stock.backordered + self.backordered.get(key, 0)
        return before + stock.waiting + self.waiting.get(key, 0) + 1

    def _is_there_for_others(self, stocks: list[tuple[Key, Stock]], quantity: int) -> bool:
        """Whether only what this channel has to leave to others makes the wish short."""
        if not self.terms.channel and self._share(stocks[0][0]) is None:
            return False
        free = [max(0, stock.available - self.taken.get(key, 0)) for key, stock in stocks]
        return (sum(free) if self.terms.split else max(free)) >= quantity

    def _take(self, wish: Wish, grants: Sequence[Grant]) -> None:
        """Remember what the wish got."""
        taken = self.taken
        for grant in grants:
            key = grant.key
            if not wish.counting:
                self.in_use[key.location] = None
            if grant.counted:
                taken[key] = taken.get(key, 0) + grant.quantity - grant.backordered
                if grant.backordered:
                    before = self.backordered.get(key, 0)
                    self.backordered[key] = before + grant.backordered
                if grant.waiting:
                    self.waiting[key] = self.waiting.get(key, 0) + grant.waiting
            if wish.kit:
                of_kit = (wish.kit, wish.sku)
                units = self.of_kits.get(of_kit, 0) + grant.quantity + grant.waiting
                self.of_kits[of_kit] = units
        if self.terms.customer:
            self._take_for_customer(wish.sku, sum([one.quantity + one.waiting for one in grants]))

    def _take_for_customer(self, sku: str, units: int) -> None:
        self.of_customer[sku] = self.of_customer.get(sku, 0) + units


def _short(wish: Wish, cause: ShortCause, available: int) -> ShortLine:
    key = wish.keys[0]
    if len(wish.keys) > 1:
        key = Key(key.tenant, key.sku, "")
    return ShortLine(wish.line_id, key, cause, wish.quantity, available)
