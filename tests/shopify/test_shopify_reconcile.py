"""What somebody has changed in the shop by hand is found by the next pass, page by page, also when
the process has died within one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from holdfast import Client
from holdfast.adapters import Context, shopify_reconcile, shopify_stock
from holdfast.adapters.following import SubscriptionSource
from holdfast.adapters.shopify_reconcile import MARK, Reconciliation
from holdfast.adapters.shopify_stock import Drift

from tests.adapters.scripted import START, ManualClock
from tests.shopify.conftest import Tenant
from tests.shopify.running import adapter_inside, shopify_adapter
from tests.shopify.server import shopify_server
from tests.shopify.shop import SHOP
from tests.shopify.trade import CHANNEL, SKUS, Trade

EVERY_S = 3_600.0


class Shelf:
    """Passes one after the other, over listings that are there; what they compare and find."""

    def __init__(self, client: Client, clock: ManualClock) -> None:
        self.compared: list[list[str]] = []
        self.reported: list[tuple[int, int]] = []
        self._client = client
        self.clock = clock

    async def compare(self, skus: Collection[str]) -> list[Drift]:
        self.compared.append(sorted(skus))
        return [Drift(sku, "item", "location", 3, 5) for sku in skus]

    @asynccontextmanager
    async def passes(self) -> AsyncIterator[Reconciliation]:
        """As a process has them."""
        async with self._client.subscribe("passes", start="now") as subscription:
            context = Context(
                SubscriptionSource(self._client, subscription, CHANNEL),
                self.clock,
                lambda: 0.0,
                logging.LoggerAdapter(logging.getLogger("tests.shopify"), {}),
                channel=CHANNEL,
                subscription="passes",
                client=self._client,
                reconciled=lambda places, units: self.reported.append((places, units)),
            )
            passes = Reconciliation(context, SHOP, self.compare, every_s=EVERY_S)
            await passes.start()
            yield passes


@asynccontextmanager
async def shelf(tenant: Tenant) -> AsyncIterator[Shelf]:
    async with (
        shopify_server() as shopify,
        Client(tenant.address, tenant=tenant.name) as client,
    ):
        await Trade(shopify, client, seed=0).open()
        yield Shelf(client, ManualClock())


async def test_a_pass_goes_through_all_listings_when_it_is_time(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify_reconcile, "PAGE_LISTINGS", 2)
    async with shelf(tenant) as at, at.passes() as passes:
        assert passes.due_in_s() == EVERY_S, "at first everything is pushed"
        at.clock.seconds += EVERY_S
        steps = 0
        while passes.due_in_s() == 0:
            await passes.step()
            steps += 1
        assert at.compared == [[sku] for sku in sorted(SKUS)]
        assert at.reported == [(3, 6)]
        assert passes.due_in_s() == EVERY_S


async def test_a_pass_goes_on_where_a_process_has_died(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify_reconcile, "PAGE_LISTINGS", 2)
    async with shelf(tenant) as at:
        async with at.passes() as passes:
            at.clock.seconds += EVERY_S
            await passes.step()
        at.clock.seconds += 60
        async with at.passes() as passes:
            while passes.due_in_s() == 0:
                await passes.step()
            assert passes.due_in_s() == EVERY_S - 60
        assert at.compared == [[sku] for sku in sorted(SKUS)]
        assert at.reported == [(3, 6)], "with what was found before"


async def test_a_pass_whose_page_is_unknown_begins_again(tenant: Tenant) -> None:
    async with shelf(tenant) as at:
        async with at.passes() as passes:
            assert passes.due_in_s() == EVERY_S
        async for state in at._client.subscriptions():
            written = f"{(START + timedelta(seconds=1)).isoformat()} 1 2 nowhere"
            await at._client.set_mark(state.name, MARK, written)
        async with at.passes() as passes:
            await passes.step()
            at.clock.seconds += EVERY_S + 1
            await passes.step()
        assert at.compared == [sorted(SKUS)]
        assert at.reported == [(3, 6)]


async def test_what_was_changed_by_hand_is_corrected(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify_stock, "UNEXPLAINED_S", 0.3)
    monkeypatch.setattr(shopify_stock, "UNEXPLAINED_TRY_S", 0.1)
    async with (
        shopify_server(points=1e6, points_per_s=1e6) as shopify,
        Client(tenant.address, tenant=tenant.name) as client,
        asyncio.timeout(60),
    ):
        trade = Trade(shopify, client, seed=0)
        await trade.open()
        adapter = shopify_adapter(shopify, reconcile_every_s=0.5)
        async with adapter_inside(adapter, tenant.address, shopify, tenant=tenant.name) as worker:
            await trade.until_agreed()
            for place, units in zip(trade.shop.levels, (7, 50), strict=False):
                trade.shop.levels[place].available = units
            assert len(await trade.differences()) == 2
            await trade.until_agreed()
            counted = worker.metrics.text().decode()
            (line,) = [
                each
                for each in counted.splitlines()
                if 'event="overwritten"' in each and "_total" in each
            ]
            assert line.endswith(" 2.0")
