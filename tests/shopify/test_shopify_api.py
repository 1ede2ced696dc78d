"""How the adapter speaks to Shopify: it pays before it asks, and asks again for what was lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from holdfast.adapters.outcomes import PermanentError, RetryLater
from holdfast.adapters.shopify_api import TRIES_MAX, ShopifyApi, Throttle
from holdfast.adapters.shopify_orders import CHANGED, ORDER, ShopifyOrders
from holdfast.adapters.shopify_stock import SET

from tests.adapters.scripted import START, ManualClock
from tests.shopify.faults import Fate, Faults
from tests.shopify.server import TOKEN, ShopifyServer, loopback_client, shopify_server


class Fates(Faults):
    """The next requests have these fates; those after them go well."""

    def __init__(self, *fates: Fate) -> None:
        super().__init__()
        self.next = list(fates)

    def fate(self) -> Fate:
        return self.next.pop(0) if self.next else Fate.WELL


@asynccontextmanager
async def speaking(
    *fates: Fate, token: str = TOKEN, **limits: Any
) -> AsyncIterator[tuple[ShopifyServer, ShopifyApi, ManualClock]]:
    """A shop and its API, over time that passes when it is waited for."""
    clock = ManualClock()
    async with (
        shopify_server(Fates(*fates), monotonic=clock.monotonic, **limits) as shopify,
        loopback_client() as http,
    ):
        yield shopify, ShopifyApi(shopify.url, token, clock, lambda: 0.0, http=http), clock


def stocked(shopify: ShopifyServer) -> dict[str, Any]:
    """Ten units of tea; variables that make nine of them."""
    london, tea = shopify.shop.add_location("LONDON"), shopify.shop.add_item("TEA")
    shopify.shop.stock(tea, london, 10)
    quantity = {"inventoryItemId": tea, "locationId": london, "quantity": 9}
    quantities = [{**quantity, "changeFromQuantity": 10}]
    given = {"name": "available", "reason": "correction", "quantities": quantities}
    return {"input": given, "key": "k-1"}


@pytest.mark.parametrize("fate", [each for each in Fate if each is not Fate.WELL])
async def test_a_request_that_went_wrong_is_made_again_and_has_one_effect(fate: Fate) -> None:
    async with speaking(fate, fate) as (shopify, api, clock):
        answer = await api.ask(SET, stocked(shopify))
        assert answer["inventorySetQuantities"]["userErrors"] == []
        done = shopify.api.set_quantities
        assert (done.applied, done.stale) == (1, 0)
        assert done.replayed == (2 if fate in {Fate.LOST_ANSWER, Fate.LATE_ANSWER} else 0)
        assert clock.waits == ([0.1, 0.1] if fate is Fate.TOO_MANY else [0.2, 0.4])


async def test_a_shop_that_cannot_be_reached_is_left_alone_for_a_while() -> None:
    async with speaking(*[Fate.REFUSED] * TRIES_MAX) as (shopify, api, clock):
        with pytest.raises(RetryLater) as raised:
            await api.ask(SET, stocked(shopify))
        assert raised.value.whole_channel
        assert len(clock.waits) == TRIES_MAX - 1


async def test_what_shopify_does_not_understand_is_not_asked_again() -> None:
    async with speaking() as (_, api, clock):
        with pytest.raises(PermanentError, match="Cannot query field"):
            await api.ask("query { orders(first: 1) { nodes { stock } } }", {})
        assert clock.waits == []


async def test_a_token_that_does_not_open_the_shop_parks_nothing() -> None:
    async with speaking(token="another") as (_, api, clock):
        with pytest.raises(RetryLater, match="401") as raised:
            await api.ask(CHANGED, {})
        assert raised.value.whole_channel
        assert clock.waits == []


async def test_requests_wait_as_long_as_the_throttle_says() -> None:
    """Each page of a poll asks for 100 points; the bucket holds 150 and gets 10 in a second."""
    async with speaking(points=150, points_per_s=10) as (shopify, api, clock):
        stocked(shopify)
        (item, location), level = next(iter(shopify.shop.levels.items()))
        level.available = 1_000
        for _ in range(350):
            shopify.shop.sell_online([(item, location, 1)])
        found: list[str] = []
        async for page in ShopifyOrders(api).changed(START.replace(year=2020)):
            found += [each.order_id for each in page]
        assert sorted(found) == sorted(shopify.shop.orders)
        assert shopify.api.throttled == 0
        assert api.waited == len(clock.waits) == 3
        assert sum(clock.waits) == pytest.approx((4 * 100 - 150) / 10, abs=0.5)


async def test_a_request_of_unknown_cost_learns_it_from_being_throttled() -> None:
    async with speaking(points=1_000, points_per_s=50) as (shopify, api, clock):
        variables = stocked(shopify)
        (item, location) = next(iter(shopify.shop.levels))
        order = shopify.shop.sell_online([(item, location, 1)])
        shopify.bucket.take(500)
        assert (await api.ask(ORDER, {"id": order.id}))["order"]["id"] == order.id
        assert shopify.api.throttled == 1
        assert len(clock.waits) == 1
        assert clock.waits[0] > 5
        await api.ask(SET, {**variables, "key": "k-2"})
        assert shopify.api.throttled == 1


@pytest.mark.parametrize(
    ("cost", "later_s", "expected_s"),
    [(50, 0, 0.0), (149, 0, 5.0), (149, 2, 3.0), (149, 9, 0.0), (900, 0, 10.0), (900, 20, 0.0)],
)
def test_how_long_points_take(cost: float, later_s: float, expected_s: float) -> None:
    throttle = Throttle(maximum=200, available=100, restore_rate=10, at=7.0)
    assert throttle.wait_s(cost, 7.0 + later_s) == expected_s
