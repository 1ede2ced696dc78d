"""The local Shopify keeps Shopify's documented rules: a test against it would be worth little
otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.shopify.faults import Fate, Faults
from tests.shopify.server import PATH, TOKEN, ShopifyServer, loopback_client, shopify_server

SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code field message }
  }
}"""
WITHOUT_KEY = SET.replace(", $key: String!", "").replace(" @idempotent(key: $key)", "")
ACTIVATE = """mutation Activate($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available)
  @idempotent(key: $key) {
    inventoryLevel { quantities(names: ["available"]) { quantity } } userErrors { field message }
  }
}"""
ORDERS = """query Orders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt } pageInfo { hasNextPage endCursor }
  }
}"""


class Caller:
    """An app with the shop's token, and two items at one location: 10 units of each."""

    def __init__(self, shopify: ShopifyServer, http: httpx.AsyncClient) -> None:
        self.shopify = shopify
        self.shop = shopify.shop
        self.location = self.shop.add_location("LONDON")
        self.items = [self.shop.add_item(sku) for sku in ("TEA", "MUG")]
        for item in self.items:
            self.shop.stock(item, self.location, 10)
        self._http = http

    async def ask(self, document: str, /, **variables: Any) -> dict[str, Any]:
        response = await self._http.post(
            self.shopify.url + PATH,
            json={"query": document, "variables": variables},
            headers={"X-Shopify-Access-Token": TOKEN},
        )
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def set(
        self, *quantities: dict[str, Any], key: str = "1", **more: Any
    ) -> list[tuple[str, Any]]:
        """Sets quantities; gives the errors of the payload."""
        full = [
            {"inventoryItemId": self.items[0], "locationId": self.location, **quantity}
            for quantity in quantities
        ]
        given = {"name": "available", "reason": "correction", "quantities": full, **more}
        answer = await self.ask(SET, input=given, key=key)
        errors = answer["data"]["inventorySetQuantities"]["userErrors"]
        return [(error["code"], error["field"]) for error in errors]

    def available(self) -> list[int]:
        return [self.shop.levels[item, self.location].available for item in self.items]


@asynccontextmanager
async def calling(**options: Any) -> AsyncIterator[Caller]:
    async with (
        shopify_server(**options) as shopify,
        loopback_client() as http,
    ):
        yield Caller(shopify, http)


async def test_a_quantity_is_set_if_it_is_what_it_was_taken_for() -> None:
    async with calling() as caller:
        assert await caller.set({"quantity": 7, "changeFromQuantity": 10}) == []
        stale = [("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities", "0", "changeFromQuantity"])]
        assert await caller.set({"quantity": 3, "changeFromQuantity": 10}, key="2") == stale
        assert await caller.set({"quantity": 4, "changeFromQuantity": None}, key="3") == []
        assert caller.available() == [4, 10]


async def test_one_wrong_quantity_changes_none() -> None:
    async with calling() as caller:
        right = {"quantity": 1, "changeFromQuantity": 10}
        elsewhere = {**right, "inventoryItemId": "gid://shopify/InventoryItem/1"}
        errors = await caller.set(right, elsewhere)
        where = ["input", "quantities", "1", "inventoryItemId"]
        assert errors == [("INVALID_INVENTORY_ITEM", where)]
        assert caller.available() == [10, 10]


@pytest.mark.parametrize(
    ("change", "more", "code"),
    [
        ({"locationId": "gid://shopify/Location/1"}, {}, "INVALID_LOCATION"),
        ({"quantity": 1_000_000_001}, {}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"quantity": -1_000_000_001}, {}, "INVALID_QUANTITY_TOO_LOW"),
        ({}, {"name": "sellable"}, "INVALID_NAME"),
        ({}, {"reason": "because"}, "INVALID_REASON"),
        ({}, {"referenceDocumentUri": "nothing"}, "INVALID_REFERENCE_DOCUMENT"),
    ],
)
async def test_what_is_wrong_has_a_code(
    change: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    async with calling() as caller:
        quantity = {"quantity": 1, "changeFromQuantity": 10, **change}
        assert [found for found, _ in await caller.set(quantity, **more)] == [code]


async def test_an_item_that_is_not_stocked_and_one_named_twice() -> None:
    async with calling() as caller:
        lamp = caller.shop.add_item("LAMP")
        quantity = {"quantity": 1, "changeFromQuantity": 10}
        errors = await caller.set({**quantity, "inventoryItemId": lamp}, quantity, quantity)
        assert [code for code, _ in errors] == [
            "ITEM_NOT_STOCKED_AT_LOCATION",
            "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
        ]


async def test_an_item_is_stocked_at_a_location_and_that_changes_nothing_twice() -> None:
    async with calling() as caller:
        lamp = caller.shop.add_item("LAMP")

        async def activate(item: str, location: str = "", **more: Any) -> tuple[Any, list[Any]]:
            where = location or caller.location
            asked = {"item": item, "location": where, "available": None, "key": "a", **more}
            answer = (await caller.ask(ACTIVATE, **asked))["data"]["inventoryActivate"]
            level = answer["inventoryLevel"]
            units = level and level["quantities"][0]["quantity"]
            return units, [error["field"] for error in answer["userErrors"]]

        assert await activate(lamp) == (0, [])
        assert await activate(lamp) == (0, [])
        assert await activate(caller.items[0]) == (10, []), "it was stocked before"
        assert await activate(caller.items[0], available=5) == (None, [["available"]])
        assert await activate("gid://shopify/InventoryItem/1") == (None, [["inventoryItemId"]])
        assert await activate(lamp, "gid://shopify/Location/1") == (None, [["locationId"]])
        assert caller.shop.levels[lamp, caller.location].available == 0
        document = ACTIVATE.replace(", $key: String!", "").replace(" @idempotent(key: $key)", "")
        answer = await caller.ask(document, item=lamp, location=caller.location)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_an_idempotency_key_is_needed_and_counts_once() -> None:
    async with calling() as caller:
        quantity = {"quantity": 7, "changeFromQuantity": 10}
        full = {**quantity, "inventoryItemId": caller.items[0], "locationId": caller.location}
        given = {"name": "available", "reason": "correction", "quantities": [full]}
        refused = (await caller.ask(WITHOUT_KEY, input=given))["errors"][0]
        assert refused["extensions"]["code"] == "BAD_REQUEST"
        assert "@idempotent directive is required" in refused["message"]
        assert await caller.set(quantity, key="a") == []
        assert await caller.set(quantity, key="a") == []
        assert caller.shopify.api.set_quantities.replayed == 1
        other = await caller.set({**quantity, "quantity": 8}, key="a")
        assert other == [("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None)]
        assert [code for code, _ in await caller.set(quantity, key="b")] == [
            "CHANGE_FROM_QUANTITY_STALE"
        ]
        again = await caller.set(quantity, key="b")
        assert again == [("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)]


async def test_the_quantity_to_change_from_is_stated_and_at_most_250_are_set() -> None:
    async with calling() as caller:
        pair = {"inventoryItemId": caller.items[0], "locationId": caller.location}
        rows = [
            ([{**pair, "quantity": 1}], "INVALID_FIELD_ARGUMENTS"),
            ([{**pair, "quantity": 1, "changeFromQuantity": 1}] * 251, "MAX_INPUT_SIZE_EXCEEDED"),
        ]
        for quantities, code in rows:
            given = {"name": "available", "reason": "correction", "quantities": quantities}
            answer = await caller.ask(SET, input=given, key=code)
            assert answer["errors"][0]["extensions"]["code"] == code


async def test_what_is_not_in_the_schema_is_refused() -> None:
    async with calling() as caller:
        answer = await caller.ask("query { orders(first: 1) { nodes { stock } } }")
        assert "Cannot query field 'stock'" in answer["errors"][0]["message"]
        document = SET.replace("userErrors", "errors")
        answer = await caller.ask(document, input={}, key="1")
        assert answer["errors"]


async def test_requests_are_paid_from_a_bucket_that_fills_again() -> None:
    async with calling(points=105, points_per_s=100) as caller:
        for _ in range(3):
            caller.shop.sell_online([(caller.items[0], caller.location, 1)])
        cost = (await caller.ask(ORDERS, first=100))["extensions"]["cost"]
        assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (100, 5)
        assert cost["throttleStatus"]["maximumAvailable"] == 105
        assert cost["throttleStatus"]["currentlyAvailable"] >= 100
        caller.shopify.bucket.take(100)
        answer = await caller.ask(ORDERS, first=100)
        assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert answer["extensions"]["cost"]["actualQueryCost"] is None
        assert caller.shopify.api.throttled == 1


async def test_one_request_may_not_cost_more_than_1000() -> None:
    async with calling(points=10_000) as caller:
        query = (
            "query { orders(first: 100) { nodes { id lineItems(first: 20) { nodes { id } } } } }"
        )
        answer = await caller.ask(query)
        assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


async def test_orders_come_in_pages_from_a_time_on() -> None:
    async with calling() as caller:
        made = [
            caller.shop.sell_online([(caller.items[0], caller.location, 1)]).id for _ in range(5)
        ]
        found, after = [], None
        while True:
            since = "updated_at:>='2026-01-01T00:00:00Z'"
            answer = await caller.ask(ORDERS, first=2, after=after, query=since)
            page = answer["data"]["orders"]
            found += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(found) == sorted(made)
        late = await caller.ask(ORDERS, first=2, query="updated_at:>='2126-01-01T00:00:00Z'")
        assert late["data"]["orders"]["nodes"] == []


async def test_a_sale_commits_a_cancellation_frees_and_sending_takes_away() -> None:
    async with calling() as caller:
        shop, (tea, mug), london = caller.shop, caller.items, caller.location
        tea_level, mug_level = shop.levels[tea, london], shop.levels[mug, london]
        order = shop.sell_online([(tea, london, 3), (mug, london, 2)])
        assert (tea_level.available, tea_level.committed, tea_level.on_hand) == (7, 3, 10)
        line = order.lines[0]
        shop.fulfil(order, line, line.shares[0], 1)
        shop.refund_unsent(order, line, line.shares[0], 1)
        assert (tea_level.available, tea_level.committed, tea_level.on_hand) == (8, 1, 9)
        shop.cancel(order, restock=False)
        assert (tea_level.available, mug_level.available, mug_level.on_hand) == (8, 8, 8)
        shop.refund_sent(order, line, london, 1)
        assert (tea_level.available, tea_level.on_hand) == (9, 9)
        shop.sell_at_till(london, [(mug, 1)])
        assert (mug_level.available, mug_level.on_hand) == (7, 7)


async def test_a_stranger_is_not_answered() -> None:
    async with shopify_server() as shopify, loopback_client() as http:
        response = await http.post(shopify.url + PATH, json={"query": "query { shop { id } }"})
        assert response.status_code == 401


def test_the_same_seed_brings_the_same_fate() -> None:
    shares = {"refused": 0.1, "lost_answer": 0.1, "late_answer": 0.1, "too_many": 0.1}
    first, second, other = (Faults(seed=seed, **shares) for seed in (1, 1, 2))
    fates = [first.fate() for _ in range(200)]
    assert fates == [second.fate() for _ in range(200)]
    assert fates != [other.fate() for _ in range(200)]
    assert set(fates) == set(Fate)
