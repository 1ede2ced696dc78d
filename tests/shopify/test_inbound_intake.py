"""Orders of a shop are taken in by a real engine: once, mapped, marked, parked and taken again."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from holdfast import Client
from holdfast.adapters import Context, PermanentError, shopify_orders
from holdfast.adapters.following import SubscriptionSource
from holdfast.adapters.inbound_intake import COMPLETE_MARK, MARK, Intake, Taken
from holdfast.adapters.shopify_api import ShopifyApi
from holdfast.adapters.shopify_orders import ShopifyOrders
from holdfast.parked import ParkedMessage

from tests.adapters.scripted import ManualClock
from tests.shopify.conftest import Tenant
from tests.shopify.faults import Fate
from tests.shopify.server import TOKEN, loopback_client, shopify_server
from tests.shopify.shop import SHOP, Order
from tests.shopify.trade import CHANNEL, OPENING, SKUS, Trade

NAME = "shop-orders"


class Office:
    """A shop, an engine that knows its items, and intakes one after the other."""

    def __init__(self, clock: ManualClock, trade: Trade, api: ShopifyApi, client: Client) -> None:
        self.clock = clock
        self.trade = trade
        self.shop = trade.shop
        self.client = client
        self.taken: list[Taken] = []
        self.faults = trade.shopify.faults
        self._api = api
        self._lines = {
            (sku, name): (item, location)
            for item, sku in trade.items.items()
            for location, name in trade.locations.items()
        }

    @asynccontextmanager
    async def intake(self, **options: Any) -> AsyncIterator[Intake]:
        """An intake as a process has it, from its start to its end."""
        follow = self.client.subscribe(NAME, start="now")
        async with follow as subscription:
            context = Context(
                SubscriptionSource(self.client, subscription, CHANNEL),
                self.clock,
                lambda: 0.0,
                logging.LoggerAdapter(logging.getLogger("tests.shopify"), {}),
                channel=CHANNEL,
                subscription=NAME,
                client=self.client,
            )
            self.taken = []
            intake = Intake(
                ShopifyOrders(self._api),
                context,
                shop=SHOP,
                on_taken=self.taken.append,
                **options,
            )
            await intake.start()
            yield intake

    def buys(self, *wishes: tuple[str, int], location: str = "LONDON", **options: Any) -> Order:
        placed = [(*self._lines[sku, location], units) for sku, units in wishes]
        return self.shop.sell_online(placed, **options)

    def buys_at_till(self, sku: str, units: int) -> Order:
        item, location = self._lines[sku, "LONDON"]
        return self.shop.sell_at_till(location, [(item, units)])

    def location(self, name: str) -> str:
        return self._lines["TEA", name][1]

    def later(self, seconds: float) -> None:
        self.clock.seconds += seconds

    async def has(self, sku: str, location: str = "LONDON") -> tuple[int, int]:
        """Units on hand and allocated."""
        balances = (await self.client.stock(sku, location)).balances
        return balances.on_hand, balances.allocated

    async def marks(self) -> dict[str, str]:
        """Times of day, by mark."""
        async for state in self.client.subscriptions():
            return {name: mark[11:19] for name, mark in state.marks.items()}
        return {}

    async def parked(self) -> list[ParkedMessage]:
        return [each async for each in self.client.parked_messages(NAME)]


@asynccontextmanager
async def office(tenant: Tenant, **options: Any) -> AsyncIterator[Office]:
    clock = ManualClock()
    limits: dict[str, Any] = {"points": 1e9, "points_per_s": 1e9}
    async with (
        shopify_server(wall=lambda: clock.now().timestamp(), **limits) as shopify,
        Client(tenant.address, tenant=tenant.name) as client,
        loopback_client() as http,
    ):
        trade = Trade(shopify, client, seed=0)
        await trade.open(**options)
        for item in trade.items:
            for location in trade.locations:
                shopify.shop.levels[item, location].available = OPENING
        api = ShopifyApi(shopify.url, TOKEN, clock, lambda: 0.0, http=http)
        yield Office(clock, trade, api, client)


async def test_an_order_has_one_effect_whoever_tells_of_it(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        order = at.buys(("TEA", 3), ("MUG", 2))
        await intake.take([order.id])
        assert [each.skus for each in at.taken] == [{"TEA", "MUG"}]
        await intake.take([order.id, order.id])
        await intake.poll()
        assert [await at.has(sku) for sku in SKUS] == [(40, 3), (40, 2), (40, 0)]
        reservation = await at.client.reservation(reservation_reference=order.id)
        assert reservation.channel == CHANNEL
        assert await at.trade.differences() == []


async def test_a_whole_life_is_told_step_by_step_or_all_at_once(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        heard, unheard = (at.buys(("TEA", 4), ("MUG", 2)) for _ in range(2))
        await intake.take([heard.id])
        for order in (heard, unheard):
            tea, mug = order.lines
            at.shop.fulfil(order, tea, tea.shares[0], 3)
            await intake.take([heard.id])
            at.shop.refund_sent(order, tea, at.location("LONDON"), 1)
            at.shop.refund_sent(order, tea, at.location("LEEDS"), 1)
            await intake.take([heard.id])
            at.shop.refund_unsent(order, mug, mug.shares[0], 1)
            await intake.take([heard.id])
            at.shop.move(order, mug, mug.shares[0], at.location("LEEDS"))
            await intake.take([heard.id])
            at.shop.cancel(order, restock=False)
            await intake.take([heard.id])
        await intake.poll()
        assert await at.trade.differences() == []
        assert await at.has("TEA") == (40 - 2 * (3 - 1) - 2 * 1, 0)
        assert await at.has("TEA", "LEEDS") == (40 + 2, 0)
        assert await at.parked() == []


async def test_what_is_moved_to_and_fro_is_promised_where_it_is(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        order = at.buys(("TEA", 3))
        line = order.lines[0]
        for name in ("LEEDS", "LONDON", "LEEDS", "LONDON"):
            await intake.take([order.id])
            assert await at.trade.differences() == []
            at.shop.move(order, line, line.shares[-1], at.location(name))
        await intake.take([order.id])
        at.shop.fulfil(order, line, line.shares[-1], 2)
        await intake.take([order.id])
        await intake.take([order.id])
        assert await at.trade.differences() == []
        assert await at.parked() == []


async def test_till_sales_are_told_once_also_by_another_process(tenant: Tenant) -> None:
    async with office(tenant) as at:
        async with at.intake(overlap_s=0) as intake:
            at.later(1)
            sale = at.buys_at_till("TEA", 2)
            await intake.poll()
            at.later(60)
            at.buys(("MUG", 1))
            await intake.poll()
            assert await at.has("TEA") == (38, 0)
            version = (await at.client.stock("TEA", "LONDON")).version
        async with at.intake(overlap_s=0) as intake:
            at.later(60)
            at.shop.refund_sent(sale, sale.lines[0], at.location("LONDON"), 1)
            await intake.poll()
            stock = await at.client.stock("TEA", "LONDON")
            assert (stock.balances.on_hand, stock.version) == (39, version + 1)
            assert await at.trade.differences() == []


async def test_marks_follow_the_orders_that_were_taken_in(tenant: Tenant) -> None:
    async with office(tenant) as at:
        at.buys(("TEA", 1))
        at.later(10)
        async with at.intake() as intake:
            assert (await at.marks())[MARK] == "12:00:10"
            at.later(5)
            at.buys(("MUG", 1))
            await intake.poll()
            marks = await at.marks()
            assert (marks[MARK], marks[COMPLETE_MARK]) == ("12:00:15", "12:00:15")
            assert await at.has("TEA") == (40, 0), "it was made before: it is part of the count"
        at.later(3_600)
        at.buys(("MUG", 2))
        async with at.intake() as intake:
            assert (await at.marks())[MARK] == "12:00:15"
            await intake.poll()
            assert await at.has("MUG") == (40, 3)


async def test_what_is_not_mapped_is_parked_and_the_rest_is_told(tenant: Tenant) -> None:
    async with office(tenant, unmapped=("MUG",)) as at, at.intake() as intake:
        order = at.buys(("TEA", 3), ("MUG", 2))
        await intake.poll()
        await intake.poll()
        assert (await at.has("TEA"), await at.has("MUG")) == ((40, 3), (40, 0))
        (parked,) = await at.parked()
        assert parked.content.id == order.id
        assert "Not mapped" in parked.reason
        with pytest.raises(PermanentError, match="Not mapped"):
            await intake.replay(parked)
        await at.trade.map("MUG")
        await intake.replay(parked)
        assert at.taken[-1].skus == {"TEA", "MUG"}
        assert await at.has("MUG") == (40, 2)
        at.shop.cancel(order)
        await intake.take([order.id])
        assert await at.trade.differences() == []


async def test_an_order_that_is_not_routed_holds_back_the_mark(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake(overlap_s=0) as intake:
        at.later(10)
        late = at.buys(("TEA", 1), routed=False)
        at.later(10)
        at.buys(("MUG", 1))
        await intake.poll()
        assert (await at.marks())[MARK] == "12:00:00"
        assert await at.has("MUG") == (40, 1), "others need not wait"
        at.shop.route(late)
        await intake.poll()
        assert (await at.marks())[MARK] == "12:00:20"
        assert await at.has("TEA") == (40, 1)


async def test_an_order_that_is_never_routed_is_parked(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake(patience_s=60) as intake:
        order = at.buys(("TEA", 1), routed=False)
        at.later(61)
        await intake.poll()
        (parked,) = await at.parked()
        assert parked.content.id == order.id
        at.shop.route(order)
        await intake.replay(parked)
        assert await at.has("TEA") == (40, 1)


async def test_a_parcel_that_a_warehouse_has_told_of_counts_once(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        order = at.buys(("TEA", 3))
        await intake.poll()
        (line,) = (await at.client.reservation(reservation_reference=order.id)).lines
        await at.client.ship(reservation_reference=order.id, lines={line.line_id: 2})
        await intake.take([order.id])
        assert await at.has("TEA") == (38, 1)
        at.shop.fulfil(order, order.lines[0], order.lines[0].shares[0], 2)
        await intake.take([order.id])
        assert await at.has("TEA") == (38, 1)
        assert await at.trade.differences() == []


async def test_what_was_sold_is_recorded_also_where_units_are_missing(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        await at.client.sell("TEA", "LONDON", 39)
        order = at.buys(("TEA", 3))
        at.buys_at_till("TEA", 2)
        await intake.poll()
        assert (await at.client.stock("TEA", "LONDON")).balances.available == 1 - 3 - 2
        at.shop.cancel(order)
        await intake.take([order.id])
        assert (await at.client.stock("TEA", "LONDON")).balances.available == 1 - 2


async def test_what_an_order_gains_is_recorded_also_where_units_are_missing(
    tenant: Tenant,
) -> None:
    async with office(tenant) as at, at.intake() as intake:
        order = at.buys(("TEA", 3), ("MUG", 1))
        line = order.lines[0]
        await intake.take([order.id])
        at.shop.edit(order, line, line.shares[0], 1)
        await intake.take([order.id])
        assert len((await at.client.reservation(reservation_reference=order.id)).lines) == 2
        await at.client.sell("TEA", "LONDON", 36)
        # Nothing is left, and the shop sells more to the same customer all the same.
        for units in (2, 1):
            at.later(1)
            at.shop.edit(order, line, line.shares[0], units)
            await intake.take([order.id])
            await intake.take([order.id])
        assert await at.has("TEA") == (4, 7)
        at.later(1)
        at.shop.refund_unsent(order, line, line.shares[0], 2)
        await intake.take([order.id])
        assert await at.has("TEA") == (4, 5)
        at.later(1)
        at.shop.fulfil(order, line, line.shares[0], 4)
        at.shop.refund_sent(order, line, at.location("LONDON"), 3)
        await intake.take([order.id])
        assert await at.has("TEA") == (3, 1)
        at.later(1)
        at.shop.cancel(order)
        await intake.take([order.id])
        assert [await at.has(sku) for sku in ("TEA", "MUG")] == [(3, 0), (40, 0)]
        assert await at.parked() == []


async def test_what_a_warehouse_sends_of_either_reservation_counts_once(tenant: Tenant) -> None:
    async with office(tenant) as at, at.intake() as intake:
        await at.client.sell("TEA", "LONDON", 38)
        order = at.buys(("TEA", 2))
        line = order.lines[0]
        await intake.take([order.id])
        at.shop.edit(order, line, line.shares[0], 2)
        await intake.take([order.id])
        (more,) = [
            each
            async for each in at.client.list_reservations("TEA", "LONDON")
            if each.reference != order.id
        ]
        await at.client.ship(more.reservation_id)
        await intake.take([order.id])
        assert await at.has("TEA") == (0, 2)
        at.shop.fulfil(order, line, line.shares[0], 2)
        await intake.take([order.id])
        assert await at.has("TEA") == (0, 2)
        at.shop.fulfil(order, line, line.shares[0], 2)
        await intake.take([order.id])
        assert await at.has("TEA") == (-2, 0)
        assert await at.parked() == []


async def test_a_poll_ends_however_fast_orders_come(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify_orders, "POLL_ORDERS_MAX", 2)
    async with office(tenant) as at, at.intake(overlap_s=0) as intake:
        at.later(1)
        first = [at.buys(("TEA", 1)).id for _ in range(4)]
        at.later(1)
        plain_fate = at.faults.fate

        def fate() -> Fate:
            if len(at.shop.orders) < 30:
                at.later(1)
                at.buys(("MUG", 1))
            return plain_fate()

        at.faults.fate = fate  # type: ignore[method-assign]
        await intake.poll()
        assert len(first) <= len(at.taken) < 20
        assert await at.has("TEA") == (40, 4)
        while len(at.taken) < 30:
            await intake.poll()
        assert await at.trade.differences() == []


async def test_control_without_request_ids_and_references_orders_count_twice(
    tenant: Tenant,
) -> None:
    async with office(tenant) as at, at.intake() as intake:
        plain_send, numbers = intake._send, iter(range(100))

        async def send(command: Any) -> Any:
            command.request.context.request_id += f"-{next(numbers)}"
            return await plain_send(command)

        async def find(_reference: str) -> None:
            return None

        intake._send = send  # type: ignore[method-assign]
        intake._find = find  # type: ignore[assignment]
        order = at.buys(("TEA", 3))
        await intake.take([order.id])
        await intake.poll()
        assert await at.trade.differences() != []
