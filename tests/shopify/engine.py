"""An engine of a few lines, for tests of what is between it and a shop: units by SKU, from which
orders take when they are taken in."""

import logging
from collections.abc import Callable

from holdfast.adapters import ChannelLocation, ChannelUpdate, Context, Listing
from holdfast.adapters.inbound import Place

from tests.adapters.scripted import ManualClock, ScriptedSource
from tests.shopify.shop import SHOP, Shop


class SmallEngine(ScriptedSource):
    """Sells everything at one location by one channel."""

    def __init__(self, shop: Shop, location: str) -> None:
        super().__init__()
        self.steps: list[str] = []
        """What was asked for, in order."""
        self.units: dict[str, int] = {}
        self.versions: dict[str, int] = {}
        self.taken: set[str] = set()
        self.shows: Callable[[str], bool] = lambda _order_id: True
        """Whether the shop lets an order be found yet."""
        self._shop = shop
        self._location = location
        self._items: dict[str, str] = {}

    def receive(self, item: str, units: int) -> ChannelUpdate:
        """Units arrive; gives what the channel is told."""
        sku = self._shop.items[item]
        self._items[sku] = item
        self._move(sku, units)
        return self.update(sku)

    def update(self, sku: str) -> ChannelUpdate:
        units = max(0, self.units[sku])
        listing = Listing(sku, "LONDON", SHOP, self._items[sku], self._location)
        location = ChannelLocation("LONDON", units, listing=listing)
        return ChannelUpdate(sku, units, False, (location,), None, 1, self.versions[sku])

    async def latest(self, sku: str) -> ChannelUpdate:
        self.steps.append(f"latest {sku}")
        return self.update(sku)

    def take_in(self) -> set[Place]:
        """Takes in the shop's orders that are not known yet; gives the places they concern."""
        places = set()
        for order in self._shop.orders.values():
            if order.id in self.taken or not self.shows(order.id):
                continue
            self.taken.add(order.id)
            for line in order.lines:
                self._move(self._shop.items[line.item], -line.quantity)
                places.add(Place(line.item, self._location))
        return places

    def unsold(self, item: str) -> int:
        """Units that nobody has bought, whether the engine knows it or not."""
        sold = sum(
            line.quantity
            for order in self._shop.orders.values()
            for line in order.lines
            if line.item == item and order.id not in self.taken
        )
        return self.units[self._shop.items[item]] - sold

    def _move(self, sku: str, units: int) -> None:
        self.units[sku] = self.units.get(sku, 0) + units
        self.versions[sku] = self.versions.get(sku, 0) + 1


def context_of(engine: SmallEngine, clock: ManualClock) -> Context:
    log = logging.LoggerAdapter(logging.getLogger("tests.shopify"), {})
    chances = iter(range(1_000_000))
    return Context(engine, clock, lambda: next(chances) / 1e6, log, channel="web")
