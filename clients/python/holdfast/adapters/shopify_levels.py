"""What a Shopify shop has of its items at its locations, and that it has them there at all."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from holdfast.adapters.inbound import Place
from holdfast.adapters.outcomes import PermanentError
from holdfast.adapters.shopify_api import ShopifyApi

QUANTITIES_MAX = 250
"""Quantities that one mutation may set, and nodes that one query may name."""

LEVELS = """query Levels($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }
    }
  }
}"""

ACTIVATE = """mutation Activate($item: ID!, $location: ID!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location) @idempotent(key: $key) {
    inventoryLevel { quantities(names: ["available"]) { quantity } }
    userErrors { field message }
  }
}"""


class Levels:
    """The inventory levels of one shop."""

    def __init__(self, api: ShopifyApi) -> None:
        self._api = api

    async def read(self, places: Iterable[Place]) -> AsyncIterator[tuple[Place, int | None]]:
        """What Shopify has at each place: None of an item that it does not stock there, nothing of
        one that it does not know."""
        by_location: dict[str, list[str]] = {}
        for place in places:
            by_location.setdefault(place.external_location, []).append(place.item)
        for location, items in by_location.items():
            for start in range(0, len(items), QUANTITIES_MAX):
                part = items[start : start + QUANTITIES_MAX]
                found = await self._api.ask(LEVELS, {"ids": part, "location": location})
                for item, node in zip(part, found["nodes"], strict=True):
                    if node:
                        level = node.get("inventoryLevel")
                        yield Place(item, location), _available(level) if level else None

    async def activate(self, place: Place, token: str) -> int:
        """Has an item stocked at a location; gives what is available there. `token` names the
        attempt. PermanentError if Shopify does not want to."""
        key = str(uuid5(NAMESPACE_URL, json.dumps([*place, token])))
        asked = {"item": place.item, "location": place.external_location, "key": key}
        answer = (await self._api.ask(ACTIVATE, asked))["inventoryActivate"]
        if answer["userErrors"] or not answer["inventoryLevel"]:
            why = "; ".join(error["message"] for error in answer["userErrors"])
            text = f"{place.item} cannot be stocked at {place.external_location}: {why}"
            raise PermanentError(text, reason="not_activated")
        return _available(answer["inventoryLevel"])


def _available(level: Mapping[str, Any]) -> int:
    units: int = level["quantities"][0]["quantity"]
    return units
