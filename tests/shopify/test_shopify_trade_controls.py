"""The trade of both sides, with a real engine and the adapter, sees each of three bugs that would
sell a unit twice: a failed comparison is ignored, an order counts as often as it is heard of, a
number is set before the orders behind it are taken in."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from holdfast import Client
from holdfast.adapters.inbound import Place
from holdfast.adapters.shopify import Shopify

from tests.shopify.conftest import Tenant
from tests.shopify.faults import Fate, Faults
from tests.shopify.running import adapter_inside, shopify_adapter
from tests.shopify.server import ShopifyServer, shopify_server
from tests.shopify.trade import SKUS, Trade

SALES = 40


class Shoppers(Faults):
    """Before the shop answers a request, somebody may buy. No webhook tells of it."""

    def __init__(self) -> None:
        super().__init__(seed=1, webhook_lost=1.0)
        self.trade: Trade | None = None

    def fate(self) -> Fate:
        if self.trade is not None and self.trade.did.total() < SALES and self.happens(0.5):
            self.trade.act()
        return Fate.WELL


async def wrongs(tenant: Tenant, bug: str = "") -> list[str]:
    """What has gone wrong while shoppers buy and deliveries come. Right after the shop was told a
    number it may show no more than what nobody has bought; in the end both sides agree."""
    faults = Shoppers()
    wrong: list[str] = []
    async with (
        shopify_server(faults, points=1e6, points_per_s=1e6) as shopify,
        Client(tenant.address, tenant=tenant.name) as client,
        asyncio.timeout(60),
    ):
        # Nobody brings anything back: what the shop shows falls by itself and never rises.
        trade = Trade(shopify, client, seed=1, kinds={"buy", "buy_at_till", "send", "write_off"})
        await trade.open()
        adapter = shopify_adapter(shopify, reconcile_every_s=0.0)
        async with adapter_inside(adapter, tenant.address, shopify, tenant=tenant.name):
            await trade.until_agreed()
            plant(bug, adapter, shopify)
            watch(shopify, trade, wrong)
            faults.trade = trade
            while trade.did.total() < SALES:
                for sku in SKUS:
                    await trade.receive(sku, "LONDON", 2)
                await shopify.asked("mutation Set")
            # Each order is heard of again and again, since polls overlap.
            for _ in range(3):
                await shopify.asked("query Changed")
            if not wrong and bug != "twice":
                await trade.until_agreed()
            wrong += await trade.differences()
    return wrong


def watch(shopify: ShopifyServer, trade: Trade, wrong: list[str]) -> None:
    """Looks at the shop whenever it was told a number."""
    answer = shopify.api.answer

    def watching(query: str, variables: Any) -> dict[str, Any]:
        answered = answer(query, variables)
        if query.startswith("mutation Set"):
            wrong.extend(trade.shown_too_much())
        return answered

    shopify.api.answer = watching  # type: ignore[method-assign]


def plant(bug: str, adapter: Shopify, shopify: ShopifyServer) -> None:
    """Has the adapter make a mistake from now on."""
    intake, stock = adapter.intake, adapter.stock
    if bug == "compare":
        answer = shopify.api.answer

        def ignoring(query: str, variables: Any) -> dict[str, Any]:
            for quantity in variables.get("input", {}).get("quantities", ()):
                quantity["changeFromQuantity"] = None
            return answer(query, variables)

        shopify.api.answer = ignoring  # type: ignore[method-assign]
    elif bug == "twice":
        send, numbers = intake._send, iter(range(1_000_000))

        async def sending(command: Any) -> Any:
            command.request.context.request_id += f"-{next(numbers)}"
            return await send(command)

        async def find(_reference: str) -> None:
            return None

        intake._send = sending  # type: ignore[method-assign]
        intake._find = find  # type: ignore[assignment]
    elif bug == "push_first":

        async def take_in(_places: Collection[Place]) -> None:
            pass

        stock._take_in = take_in


async def test_nothing_is_wrong_without_a_bug(tenant: Tenant) -> None:
    assert await wrongs(tenant) == []


@pytest.mark.parametrize("bug", ["compare", "twice", "push_first"])
async def test_control_a_bug_is_seen(tenant: Tenant, bug: str) -> None:
    assert await wrongs(tenant, bug) != []
