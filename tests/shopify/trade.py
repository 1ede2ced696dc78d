"""A shop and an engine that sell the same units: what happens, from a seed, and whether both sides
know it in the end."""

import random
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from holdfast import Client
from holdfast.channels import Channel, ChannelTerms, Listing

from tests.shopify.server import ShopifyServer
from tests.shopify.shop import SHOP, LineItem, Order, Share, SoldOut

CHANNEL = "web"
LOCATIONS = ("LONDON", "LEEDS")
SKUS = ("TEA", "MUG", "POT")
OPENING = 40


class Trade:
    """What shoppers and staff of the shop do, and what others do in the engine."""

    def __init__(
        self,
        shopify: ShopifyServer,
        client: Client,
        seed: int,
        *,
        kinds: Collection[str] | None = None,
    ) -> None:
        """`kinds` are what may happen; None: everything."""
        self.shopify = shopify
        self.shop = shopify.shop
        self.client = client
        self.did: Counter[str] = Counter()
        """How often each thing has happened."""
        self.seed = seed
        self._chance = random.Random(seed)
        self.locations = {self.shop.add_location(name): name for name in LOCATIONS}
        self.items = {self.shop.add_item(sku): sku for sku in SKUS}
        self._received: Counter[tuple[str, str]] = Counter()
        for item in self.items:
            for location in self.locations:
                self.shop.stock(item, location)
        self._actions: list[tuple[int, Callable[[], bool]]] = [
            (8, self._buy),
            (3, self._buy_at_till),
            (4, self._send),
            (2, self._cancel),
            (1, self._write_off),
            (2, self._take_off),
            (2, self._send_back),
            (2, self._move),
            (2, self._edit),
        ]
        if kinds is not None:
            self._actions = [each for each in self._actions if _kind(each[1]) in kinds]

    async def open(self, *, unmapped: tuple[str, ...] = ()) -> None:
        """Stocks the engine, configures the channel, and maps what the shop calls its items."""
        for sku in SKUS:
            for location in LOCATIONS:
                await self.receive(sku, location, OPENING)
        terms = ChannelTerms(buffer_units=0)
        await self.client.configure_channel(Channel(CHANNEL, LOCATIONS, terms=terms))
        await self.map(*(sku for sku in SKUS if sku not in unmapped))

    async def map(self, *skus: str) -> None:
        listings = [
            Listing(sku, name, SHOP, item, location)
            for item, sku in self.items.items()
            for location, name in self.locations.items()
            if sku in skus
        ]
        mapped = await self.client.map_listings(CHANNEL, listings)
        assert mapped.problems == ()

    async def receive(self, sku: str, location: str, units: int) -> None:
        # The engine may tell of it before it answers.
        self._received[sku, location] += units
        await self.client.receive(sku, location, units)

    async def act_in_engine(self) -> None:
        """A delivery, or a sale that the shop has no part in."""
        sku, location = self._chance.choice(SKUS), self._chance.choice(LOCATIONS)
        units = self._chance.randint(1, 4)
        if self._chance.random() < 0.6:
            await self.receive(sku, location, units)
        else:
            await self.client.sell(sku, location, 1, if_short="record")
            self._received[sku, location] -= 1
        self.did["in the engine"] += 1

    def act(self) -> None:
        """Something happens at the shop."""
        weights = [weight for weight, _ in self._actions]
        for _, action in self._chance.choices(self._actions, weights, k=1_000):
            if action():
                self.did[_kind(action)] += 1
                return
        raise AssertionError("the shop has nothing to sell")

    async def differences(self) -> list[str]:
        """What the engine has otherwise than the shop, or than what has happened."""
        found = []
        on_hand = self._on_hand()
        for item, sku in self.items.items():
            update = (await self.client.channel_availability(CHANNEL, sku)).update
            sellable = {each.location: each.units for each in update.locations}
            for location, name in self.locations.items():
                level = self.shop.levels[item, location]
                balances = (await self.client.stock(sku, name)).balances
                for what, engine, true in (
                    ("available", sellable.get(name, 0), level.available),
                    ("on hand", balances.on_hand, on_hand[sku, name]),
                    ("allocated", balances.allocated, level.committed),
                ):
                    if engine != true:
                        found.append(f"{sku} at {name}: {engine} {what}, not {true}")
        return found

    def shown_too_much(self) -> list[str]:
        """Where the shop shows more than what is on the shelf and nobody has bought."""
        on_hand = self._on_hand()
        found = []
        for (item, location), level in self.shop.levels.items():
            sku, name = self.items[item], self.locations[location]
            unsold = on_hand[sku, name] - level.committed
            if level.available > max(0, unsold):
                found.append(f"{sku} at {name}: shows {level.available}, {unsold} are unsold")
        return found

    async def until_agreed(self) -> None:
        """Returns when both sides agree, looking whenever the adapter has asked for something."""
        while await self.differences():
            await self.shopify.asked()

    def _on_hand(self) -> Counter[tuple[str, str]]:
        """Units on each shelf, by what has happened to them."""
        units = Counter(self._received)
        for order in self.shop.orders.values():
            for sent in order.fulfillments:
                for line, quantity in sent.lines:
                    units[self._name(line, sent.location)] -= quantity
            for refund in order.refunds:
                for each in refund.lines:
                    if each.restock_type == "RETURN" and each.location:
                        units[self._name(each.line, each.location)] += each.quantity
                    elif each.restock_type == "NO_RESTOCK" and each.unsent_from:
                        units[self._name(each.line, each.unsent_from)] -= each.quantity
        return units

    def _name(self, line: LineItem, location: str) -> tuple[str, str]:
        return self.items[line.item], self.locations[location]

    def _place(self) -> tuple[str, str]:
        return self._chance.choice(list(self.items)), self._chance.choice(list(self.locations))

    def _buy(self) -> bool:
        items = self._chance.sample(list(self.items), self._chance.randint(1, 2))
        location = self._chance.choice(list(self.locations))
        with suppress(SoldOut):
            self.shop.sell_online([(item, location, self._chance.randint(1, 3)) for item in items])
            return True
        return False

    def _buy_at_till(self) -> bool:
        item, location = self._place()
        with suppress(SoldOut):
            self.shop.sell_at_till(location, [(item, self._chance.randint(1, 2))])
            return True
        return False

    def _open_share(self) -> tuple[Order, LineItem, Share] | None:
        shares = [
            (order, line, share)
            for order in self.shop.orders.values()
            for line in order.lines
            for share in line.shares
            if share.open
        ]
        return self._chance.choice(shares) if shares else None

    def _send(self) -> bool:
        if found := self._open_share():
            self.shop.fulfil(*found, self._chance.randint(1, found[2].open))
        return found is not None

    def _take_off(self) -> bool:
        if found := self._open_share():
            self.shop.refund_unsent(*found, self._chance.randint(1, found[2].open))
        return found is not None

    def _move(self) -> bool:
        if found := self._open_share():
            self.shop.move(
                *found, next(each for each in self.locations if each != found[2].location)
            )
        return found is not None

    def _edit(self) -> bool:
        if found := self._open_share():
            self.shop.edit(*found, self._chance.randint(1, 2))
        return found is not None

    def _cancel(self, **options: Any) -> bool:
        if found := self._open_share():
            self.shop.cancel(found[0], **options)
        return found is not None

    def _write_off(self) -> bool:
        return self._cancel(restock=False)

    def _send_back(self) -> bool:
        """A customer brings back what was sent, or taken along; not always is it put back."""
        sent = [
            (order, line, parcel.location)
            for order in self.shop.orders.values()
            for parcel in order.fulfillments
            for line, quantity in parcel.lines
            if quantity > self.shop.sent_back(order, line)
        ]
        if not sent:
            return False
        self.shop.refund_sent(*self._chance.choice(sent), 1, restock=self._chance.random() < 0.8)
        return True


def _kind(action: Callable[[], bool]) -> str:
    return action.__name__.strip("_")
