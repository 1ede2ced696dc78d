"""What a basket's lines get, in the independent model: found by trying.

For each line the largest number of units (or of whole kits) is looked for that can be had after the
lines before it, by making the units one by one and taking them away again where it does not work
out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.core.commands import BasketLine
from engine.core.model import Key, ShortCause, Strategy
from engine.core.rejections import CustomerRequired, UnknownGroup, UnknownStock
from tests.model.selling import Channels, Market, left_to_others
from tests.model.warehouse import HELD, WAITING, Basket, Place, Refusal, Unit


@dataclass
class Terms:
    """How a basket asks."""

    state: str = HELD
    strategy: Strategy = Strategy.PRIORITY
    split: bool = True
    partly: bool = False
    wait: bool = False
    told: bool = False


@dataclass
class Want:
    """Units of a SKU, from one of these locations; `counting` where a kit is only counted."""

    line_id: str
    sku: str
    each: int
    locations: tuple[str, ...]
    backorder: bool = False
    limit: int = 0
    counting: bool = False
    kit: str = ""


@dataclass
class Ask:
    """What one line asks for: so many whole kits, or units, of all its wants at once."""

    line_id: str
    quantity: int
    wants: list[Want]
    in_kits: bool = True


@dataclass
class Promised:
    """What became of a basket: the units that were made, the place of each line in the queue it
    joined, and the lines that are short with what they could have had and why."""

    units: list[Unit] = field(default_factory=list)
    places: dict[Place, int] = field(default_factory=dict)
    short: dict[str, int] = field(default_factory=dict)
    causes: dict[str, ShortCause] = field(default_factory=dict)
    got: dict[str, int] = field(default_factory=dict)


def ask_of(house: Channels, line: BasketLine) -> Ask:
    """What a line asks for: a SKU, or a kit's count and its components."""
    sku, backorder = line.key.sku, line.allow_backorder
    locations = (line.key.location,) if line.key.location else line.locations
    locations = locations or house.group(line.group)
    if not locations:
        raise Refusal(UnknownGroup)
    kit = house.kits.get(sku)
    if kit is None:
        wants = [Want(line.line_id, sku, 1, locations, backorder, line.customer_limit)]
    else:
        wants = [Want(line.line_id, sku, 1, locations, False, line.customer_limit, True, sku)]
        wants += [
            Want(line.line_id, name, n, locations, backorder, kit=sku) for name, n in kit.items()
        ]
    return Ask(line.line_id, line.quantity, wants)


class _Short(Exception):
    """It does not work out."""

    def __init__(self, cause: ShortCause) -> None:
        super().__init__(cause)
        self.cause = cause


class Promiser:
    """Fills the lines of one command, one after the other. What the basket itself gives back by it
    has been given back before: so it is free."""

    def __init__(
        self, house: Channels, basket: Basket, terms: Terms, freed: Sequence[Unit] = ()
    ) -> None:
        self.house = house
        self.freed = Counter(unit.key.sku for unit in freed)
        self.of_kits: dict[Unit, str] = {}
        self._markets: dict[str, Market | None] = {}
        self.basket = basket
        self.terms = terms
        self.places = set(basket.places)
        self.in_use: dict[tuple[int, str], None] = {}
        """Locations that the basket uses: each shard knows those of its own SKUs."""

    def promise(self, asks: Sequence[Ask]) -> Promised:
        """Make what the lines get. Refusal, with nothing made, for what can never be had; what is
        short is in the result, and gets nothing unless `partly`."""
        done = Promised()
        known = [self._is_known(want) for ask in asks for want in ask.wants]
        if not all(known):
            raise Refusal(UnknownStock)
        if self.terms.strategy is Strategy.FEWEST_SPLITS:
            for shard in {self.house.shard_of(want.sku) for ask in asks for want in ask.wants}:
                having_all = self._having_all(shard, asks)[:1]
                self.in_use |= dict.fromkeys([(shard, name) for name in having_all])
        for ask in asks:
            self._fill(ask, done)
        return done

    def _having_all(self, shard: int, asks: Sequence[Ask]) -> list[str]:
        """The locations that have all that is asked of a shard."""
        house, wants = (
            self.house,
            [
                (want, ask.quantity * (want.each if ask.in_kits else 1))
                for ask in asks
                for want in ask.wants
                if not want.counting and self.house.shard_of(want.sku) == shard
            ],
        )
        total = Counter[str]()
        for want, units in wants:
            total[want.sku] += units

        def has_it(want: Want, location: str) -> bool:
            key = Key("", want.sku, location)
            if location not in want.locations or key not in house.shelves:
                return False
            is_open = self.terms.told or (house.is_open(key) and self._is_sold(key))
            free = self._free(key)
            return is_open and (not house.shelves[key].tracked or free >= total[want.sku])

        places = wants[0][0].locations if wants else ()
        return [name for name in places if all(has_it(want, name) for want, _ in wants)]

    def _market(self, sku: str) -> Market | None:
        """What the basket's channel may have; None: everything. What is told has happened."""
        if self.terms.told:
            return None
        if sku not in self._markets:
            self._markets[sku] = self.house.market(self.basket.channel, sku)
        return self._markets[sku]

    def _is_sold(self, key: Key) -> bool:
        market = self._market(key.sku)
        return market is None or key.location in market.sold_from

    def _free(self, key: Key) -> int:
        market = self._market(key.sku)
        if market is None:
            return max(0, self.house.available(key, self.basket.channel))
        return market.free(key)

    def _is_known(self, want: Want) -> bool:
        """Whether there is such a SKU-location; a customer has to be named where units of it are
        limited."""
        if not self._keys(want):
            return False
        limited = want.limit or want.sku in self.house.limits
        if limited and not self.basket.customer and not self.terms.told:
            raise Refusal(CustomerRequired)
        return True

    def _fill(self, line: Ask, done: Promised) -> None:
        cause = ShortCause.STOCK
        for units in range(line.quantity, -1, -1):
            made: list[Unit] = []
            places: dict[Place, int] = {}
            full = units == line.quantity
            in_use = dict(self.in_use)
            try:
                for want in line.wants:
                    wait = self.terms.wait and full
                    wanted = units * want.each if line.in_kits else units
                    of_want = self._have(want, wanted, places if wait else None)
                    made += of_want
                    if not want.counting:
                        self.in_use |= dict.fromkeys(self._place_of(unit.key) for unit in of_want)
            except _Short as short:
                self.take_away(made)
                self.in_use = in_use
                cause = short.cause if full else cause
                continue
            break
        done.got[line.line_id] = units
        if not full:
            done.short[line.line_id] = units
            done.causes[line.line_id] = cause
            if not self.terms.partly:
                self.take_away(made)
                self.in_use = in_use
                return
        done.units += made
        done.places.update(places)

    def take_away(self, made: list[Unit]) -> None:
        """As if they had never been made."""
        for unit in made:
            unit.basket.units.remove(unit)
        used = {unit.place for unit in self.basket.units}
        for place in [one for one in self.basket.places if one not in self.places | used]:
            del self.basket.places[place], self.basket.counted[place]

    def _keys(self, want: Want) -> list[Key]:
        keys = [Key("", want.sku, location) for location in want.locations]
        return [key for key in keys if key in self.house.shelves or want.counting]

    def _have(self, want: Want, units: int, places: dict[Place, int] | None) -> list[Unit]:
        """Make so many units; _Short, with none made, if they cannot be had. Only a line that gets
        all it asks for may wait for some of it: then its place goes into `places`."""
        if not units:
            return []
        house, terms = self.house, self.terms
        keys = self._keys(want)
        open_keys = [key for key in keys if terms.told or house.is_open(key)]
        if not open_keys:
            stopped = any(house.is_stopped(key) for key in keys)
            raise _Short(ShortCause.STOPPED if stopped else ShortCause.LOCATION_DISABLED)
        self._check_limit(want, units)
        self._check_kits(want, units)
        if not want.counting:
            open_keys = [key for key in open_keys if self._is_sold(key)]
        if not open_keys:
            raise _Short(ShortCause.CHANNEL)
        return self._new(want, open_keys, units, places)

    def _check_limit(self, want: Want, units: int) -> None:
        customer, limits = self.basket.customer, []
        if want.limit:
            limits.append(want.limit)
        if want.sku in self.house.limits:
            limits.append(self.house.limits[want.sku][0])
        if not limits or self.terms.told:
            return
        if self.house.of_customer(want.sku, customer) + units > min(limits):
            raise _Short(ShortCause.CUSTOMER_LIMIT)

    def _check_kits(self, want: Want, units: int) -> None:
        """A channel is held to its terms for a kit as well: the cap is one of kits, and a buffer
        that is stated for it is left of those that each component makes."""
        house, channel = self.house, self.basket.channel
        if not want.kit or self.terms.told or channel not in house.outlets:
            return
        market, limit = self._market(want.sku), house.terms(channel, want.kit).cap_units
        if not want.counting:
            policy, limit = house.policies.get((channel, want.kit)), None
            kits = market.limit // want.each if market else 0
            kept = left_to_others(policy.buffer, kits) if policy else 0
            sold = [key for key in market.keys if self._is_sold(key)] if market else []
            if kept and all(house.shelves[key].tracked for key in sold):
                limit = max(0, kits - kept) * want.each
        taken = sum(
            kit == want.kit and unit.key.sku == want.sku and unit in self.basket.units
            for unit, kit in self.of_kits.items()
        )
        if limit is not None and taken + units > limit + self.freed[want.sku]:
            raise _Short(ShortCause.CHANNEL)

    def _new(
        self, want: Want, keys: list[Key], units: int, places: dict[Place, int] | None
    ) -> list[Unit]:
        """So many units of stock, then of backorder, then recorded or waiting."""
        house, terms = self.house, self.terms
        uncounted = [k for k in keys if want.counting or not house.shelves[k].tracked]
        if uncounted:
            in_use = [key for key in uncounted if self._place_of(key) in self.in_use]
            return self._make(want, (in_use or uncounted)[0], units, terms.state, counted=False)
        free = {key: self._free(key) for key in keys}
        room = {key: house.backorder_room(key) if want.backorder else 0 for key in keys}
        if not terms.split:
            keys = [self._one_of(keys, free, room, units)]
        ordered = self._in_order(keys, free, units)
        given = self._given(keys, ordered, free, units)
        left = units - sum(given.values())
        first = next((key for key in ordered if given[key]), keys[0])
        beyond = dict.fromkeys(keys, 0)
        at_most = self._beyond_stock(want.sku, sum(given.values()))
        for key in keys:
            beyond[key] = min(room[key], left, at_most)
            left -= beyond[key]
            at_most -= beyond[key]
        if terms.told:
            given[first] += left
        elif left and places is not None:
            place = sum(unit.queued for unit in house.units(first)) + 1
            places[want.line_id, first] = place
        elif left:
            others = [max(0, house.available(key, "")) for key in keys]
            raise _Short(ShortCause.CHANNEL if sum(others) >= units else ShortCause.STOCK)
        made: list[Unit] = []
        for key in keys:
            made += self._make(want, key, given[key], terms.state)
            made += self._make(want, key, beyond[key], terms.state, backed=False)
            if key == first and not terms.told:
                made += self._make(want, key, left, WAITING, backed=False)
        return made

    def _given(
        self, keys: list[Key], ordered: list[Key], free: dict[Key, int], units: int
    ) -> dict[Key, int]:
        """What the locations give of stock: in this order as much as each has alone, then, where
        they may not give that together, others of them in their place, in order of preference."""
        market, given, left = self._market(keys[0].sku), dict.fromkeys(keys, 0), units
        planned = dict.fromkeys(ordered, 0)
        for key in ordered:
            planned[key] = min(free[key], left)
            left -= planned[key]
        if market is None or not sum(planned.values()):
            return planned
        tried: list[Unit] = []
        for key, wanted in [*planned.items(), *((key, units) for key in keys)]:
            for _ in range(min(wanted, units - len(tried))):
                if market.is_there(key):
                    tried += self._make(Want("", key.sku, 1, ()), key, 1, HELD)
                    given[key] += 1
        self.take_away(tried)
        return given

    def _beyond_stock(self, sku: str, given: int) -> int:
        market = self._market(sku)
        if market is None:
            return 1_000_000
        now = sum(self.house.available(key, "") for key in market.keys)
        taken = sum(market.before.values()) - now + given
        ordered = self.house.ordered()[sku] - self.house.ordered_before[sku]
        return market.beyond_stock(taken + ordered)

    def _place_of(self, key: Key) -> tuple[int, str]:
        return (self.house.shard_of(key.sku), key.location)

    def _in_order(self, keys: list[Key], free: dict[Key, int], units: int) -> list[Key]:
        if self.terms.strategy is Strategy.MOST_STOCK:
            return sorted(keys, key=lambda key: -free[key])
        if self.terms.strategy is Strategy.FEWEST_SPLITS:
            return sorted(
                keys,
                key=lambda key: (-min(free[key], units), self._place_of(key) not in self.in_use),
            )
        return keys

    def _one_of(
        self, keys: list[Key], free: dict[Key, int], room: dict[Key, int], units: int
    ) -> Key:
        """The one location of a line that may not be split: which has it all, else has it all with
        backorder, else has most."""
        both = {key: free[key] + room[key] for key in keys}
        for having in (free, both):
            for key in self._in_order(keys, having, units):
                if having[key] >= units:
                    return key
        most = max(both.values())
        ordered = self._in_order(keys, both, units) if most else keys
        return next(key for key in ordered if both[key] == most)

    def _make(
        self,
        want: Want,
        key: Key,
        units: int,
        state: str,
        *,
        backed: bool = True,
        counted: bool = True,
    ) -> list[Unit]:
        what = [(state, backed, counted)] * units
        if not what:
            return []
        made = self.house.make(self.basket, (want.line_id, key), want.each, what)
        self.of_kits |= dict.fromkeys(made if want.kit else (), want.kit)
        return made
