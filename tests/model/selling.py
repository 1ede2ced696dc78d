"""The independent model of channels: what each may sell, found by maximum flow, and what it has
taken of what is its alone, counted from the rows before and after each command."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.core.channels import Buffer, ChannelTerms
from engine.core.commands import ConfigureChannel, SetChannelPolicies
from engine.core.model import Key
from engine.core.rejections import KitHasNoStock, UnknownChannel
from tests.core.fences import Demand, most, servable, served
from tests.model.warehouse import (
    ALLOCATED,
    HELD,
    LOST,
    RETURNED,
    SHIPPED,
    Refusal,
    Unit,
    Warehouse,
)


@dataclass
class Outlet:
    """How a channel is configured: its locations, of all if there are none, and its terms."""

    locations: tuple[str, ...]
    terms: ChannelTerms


def left_to_others(buffer: Buffer | None, units: int) -> int:
    """What a buffer comes to where so many units are there."""
    if buffer is None:
        return 0
    if buffer.units is not None:
        return buffer.units
    hundredths = units * (buffer.percent or 0)
    return hundredths // 100 + (hundredths % 100 > 0)


class Market:
    """What one channel, or who names none, may have of a SKU, as it was before a command: what has
    been taken since is read off the shelves."""

    def __init__(
        self, house: "Channels", channel: str, sku: str, before: Mapping[Key, int] | None = None
    ) -> None:
        self.house = house
        self.channel = channel
        self.outlet = house.outlets.get(channel)
        self.keys = sorted((key for key in house.shelves if key.sku == sku), key=str)
        self.before = {key: (before or {}).get(key, house.available(key, "")) for key in self.keys}
        self.terms = house.terms(channel, sku) if self.outlet else ChannelTerms()
        there = {key.location: self._offered(key, self.before[key]) for key in self.keys}
        fences = [
            (name, house.left_of(name, sku), self._sold_from(name))
            for name in sorted(house.outlets)
            if house.terms(name, sku).allocation_units is not None
        ]
        all_served = servable(fences, there)
        self.fenced = {name: one.units for name, one in all_served.items() if name != channel}
        self.limit = 1_000_000
        self.sold_from = {key.location for key in self.keys}
        if self.outlet:
            self.sold_from = set(self._sold_from(channel))
            self.limit = self._limit(fences, there, all_served)

    def _limit(
        self,
        fences: list[tuple[str, int, list[str]]],
        there: dict[str, int],
        all_served: dict[str, Demand],
    ) -> int:
        own = {
            key.location: self._offered(key, self.before[key] - self._kept_back(key))
            for key in self.keys
            if key.location in self.sold_from
        }
        units, terms = most(self.channel, own, fences, there), self.terms
        buffer = terms.buffer
        if buffer is None and terms.allocation_units is None:
            buffer = Buffer(percent=10)
        limits = [units - left_to_others(buffer, units)]
        if terms.cap_units is not None:
            limits.append(terms.cap_units)
        if terms.allocation_units is not None:
            limits.append(all_served[self.channel].units)
        return max(0, min(limits))

    def _kept_back(self, key: Key) -> int:
        return self.house.shelves[key].buffers.get(self.channel, 0)

    def _sold_from(self, channel: str) -> list[str]:
        named = self.house.outlets[channel].locations
        return [key.location for key in self.keys if not named or key.location in named]

    def _offered(self, key: Key, units: int) -> int:
        """Units that anybody could have there, if so many are free."""
        is_there = self.house.is_open(key) and self.house.shelves[key].tracked
        return max(0, units) if is_there else 0

    def is_free(self, key: Key, units: int) -> bool:
        """Whether the channel may have so many more units from there."""
        now = {one: self.house.available(one, "") - units * (one == key) for one in self.keys}
        if self.outlet and sum(self.before[one] - now[one] for one in self.keys) > self.limit:
            return False
        return self.leaves(now, self.fenced)

    def leaves(self, now: Mapping[Key, int], fenced: Mapping[str, int]) -> bool:
        """Whether the others still find what is theirs where so many units are free."""
        if not any(fenced.values()):
            return True
        there = {key.location: self._offered(key, units) for key, units in now.items()}
        wanted = [
            Demand(units, {place: there[place] for place in self._sold_from(name)})
            for name, units in fenced.items()
        ]
        return served(wanted, there) == sum(fenced.values())

    def is_there(self, key: Key) -> bool:
        """Whether the channel may have one more unit from there."""
        return self.house.available(key, self.channel) > 0 and self.is_free(key, 1)

    def free(self, key: Key) -> int:
        """How many more units the channel may have from there."""
        units = max(0, self.house.available(key, self.channel))
        while units and not self.is_free(key, units):
            units -= 1
        return units

    def beyond_stock(self, taken: int) -> int:
        """How many units it may be promised besides without stock behind them."""
        if self.terms.allocation_units is not None:
            return 0
        cap = self.terms.cap_units
        return 1_000_000 if cap is None else max(0, cap - taken)


class Channels(Warehouse):
    """A warehouse whose goods are sold in several places."""

    def __init__(self, now_ms: int) -> None:
        super().__init__(now_ms)
        self.outlets: dict[str, Outlet] = {}
        self.policies: dict[tuple[str, str], ChannelTerms] = {}
        """By channel and SKU."""
        self.used: dict[tuple[str, Key], tuple[int, int]] = {}
        """By channel, what it has taken there of the allocation that was stated then."""
        self.sold: Counter[tuple[str, Key]] = Counter()
        """Sold at once by the command that is being done."""
        self.before: dict[Key, int] = {}
        """What was free before that command."""
        self.ordered_before: Counter[str] = Counter()
        """What was promised without stock before it, by SKU."""

    def terms(self, channel: str, sku: str) -> ChannelTerms:
        return self.policies.get((channel, sku), self.outlets[channel].terms)

    def left_of(self, channel: str, sku: str) -> int:
        """What a channel has not taken yet of its allocation."""
        terms = self.terms(channel, sku)
        taken = [
            units
            for (name, key), (units, since_ms) in self.used.items()
            if (name, key.sku, since_ms) == (channel, sku, terms.allocation_since_ms)
        ]
        return max(0, (terms.allocation_units or 0) - sum(taken))

    def market(self, channel: str, sku: str) -> Market | None:
        """None where no channel is configured: everybody may have everything."""
        return Market(self, channel, sku, self.before) if self.outlets else None

    def ordered(self) -> Counter[str]:
        """Units promised without stock, by SKU."""
        rows = (unit for basket in self.baskets.values() for unit in basket.units)
        return Counter(u.key.sku for u in rows if u.queued and u.state in (HELD, ALLOCATED))

    def configure_channel(self, command: ConfigureChannel) -> None:
        name = command.channel.name
        before = self.outlets.get(name)
        if command.remove:
            if before is None:
                raise Refusal(UnknownChannel)
            self.outlets = {one: how for one, how in self.outlets.items() if one != name}
            self.policies = {at: how for at, how in self.policies.items() if at[0] != name}
            return
        terms = self._dated(command.channel.terms, before.terms if before else None)
        self.outlets = {**self.outlets, name: Outlet(command.channel.locations, terms)}

    def set_channel_policies(self, command: SetChannelPolicies) -> None:
        if command.channel not in self.outlets:
            raise Refusal(UnknownChannel)
        policies = dict(self.policies)
        for policy in command.policies:
            place = (command.channel, policy.sku)
            if policy.terms is None:
                policies.pop(place, None)
                continue
            if policy.terms.allocation_units is not None and policy.sku in self.kits:
                raise Refusal(KitHasNoStock)
            policies[place] = self._dated(policy.terms, policies.get(place))
        self.policies = policies

    def _dated(self, terms: ChannelTerms, before: ChannelTerms | None) -> ChannelTerms:
        if terms.allocation_units is None:
            return terms
        earlier_ms = before.allocation_since_ms if before else 0
        since_ms = max(self.now_ms, earlier_ms + 1)
        return ChannelTerms(terms.buffer, terms.cap_units, terms.allocation_units, since_ms)

    def counting_what_is_taken(self) -> Callable[[], None]:
        """Look at the rows now; what is returned looks at them again, and counts what channels have
        taken of their allocations in between."""
        promised, shipped = self._rows(HELD, ALLOCATED), self._rows(SHIPPED, RETURNED)

        def count() -> None:
            now, gone = self._rows(HELD, ALLOCATED), self._rows(SHIPPED, RETURNED)
            units = Counter(self.sold)
            self.sold = Counter()
            for unit in (now | gone) - (promised | shipped):
                units[unit.basket.channel, unit.key] += 1
            for unit in promised - (now | gone):
                if unit.basket.created_ms >= self._since_ms(unit.basket.channel, unit.key):
                    units[unit.basket.channel, unit.key] -= 1
            for (channel, key), taken in units.items():
                if taken and self._since_ms(channel, key):
                    self._take(channel, key, taken)
                    self.freed.append(key)

        return count

    def _rows(self, *states: str) -> set[Unit]:
        return {
            unit
            for basket in self.baskets.values()
            for unit in basket.units
            if unit.counted and unit.backed and unit.state in states and unit.state != LOST
        }

    def _since_ms(self, channel: str, key: Key) -> int:
        if channel not in self.outlets:
            return 0
        return self.terms(channel, key.sku).allocation_since_ms

    def _take(self, channel: str, key: Key, units: int) -> None:
        since_ms = self._since_ms(channel, key)
        if since_ms:
            before, of_ms = self.used.get((channel, key), (0, since_ms))
            before = before if of_ms == since_ms else 0
            self.used = {**self.used, (channel, key): (max(0, before + units), since_ms)}
