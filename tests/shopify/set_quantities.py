"""The mutation that sets quantities: compared and set, all or none, once per idempotency key."""

import json
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from tests.shopify.shop import Shop
from tests.shopify.views import level_view

QUANTITIES_MAX = 250
QUANTITY_MAX = 1_000_000_000
REASONS = frozenset(
    [
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    ]
)


def refused(message: str, code: str) -> GraphQLError:
    """An error of the request as a whole, beside `data`."""
    return GraphQLError(message, extensions={"code": code})


def need_key(key: str | None) -> str:
    """Since 2026-04 what changes quantities needs an idempotency key."""
    if key is None:
        raise refused(
            "The @idempotent directive is required for this mutation but was not provided.",
            "BAD_REQUEST",
        )
    return key


def activate(shop: Shop, key: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The mutation that has an item stocked at a location, without any units unless it is told how
    many. Of an item that is stocked there already it changes nothing. The same request again, with
    its key or another, has the same answer."""
    need_key(key)
    item, location = asked["inventoryItemId"], asked["locationId"]
    problem = None
    if item not in shop.items:
        problem = ["inventoryItemId"], "The product couldn't be stocked because it wasn't found."
    elif location not in shop.locations:
        problem = (
            ["locationId"],
            "The product couldn't be stocked because the location wasn't found.",
        )
    elif item in shop.untracked:
        problem = ["inventoryItemId"], "The inventory item is not tracked."
    elif (item, location) in shop.levels:
        if asked.get("available") is not None:
            text = "Not allowed to set available quantity when the item is already active there."
            problem = ["available"], text
    else:
        shop.stock(item, location, asked.get("available") or 0)
    if problem:
        field, message = problem
        return {"inventoryLevel": None, "userErrors": [{"field": field, "message": message}]}
    return {"inventoryLevel": level_view(shop, item, location), "userErrors": []}


class SetQuantities:
    """The mutation of one shop, with the idempotency keys that it has seen."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._seen: dict[str, tuple[str, dict[str, Any]]] = {}
        self.applied = 0
        """Requests that changed something."""
        self.replayed = 0
        """Requests that were answered from what an earlier one has done."""
        self.stale = 0
        """Requests of which a comparison failed."""

    def __call__(self, key: str | None, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The payload. `raw` is the input as it was written: null is not the same as left out."""
        key = need_key(key)
        quantities = raw["quantities"]
        if len(quantities) > QUANTITIES_MAX:
            raise refused(
                f"The input array size of {len(quantities)} is greater than the maximum allowed of "
                f"{QUANTITIES_MAX}.",
                "MAX_INPUT_SIZE_EXCEEDED",
            )
        if any("changeFromQuantity" not in quantity for quantity in quantities):
            raise refused(
                "InventoryQuantityInput must include the following argument: changeFromQuantity.",
                "INVALID_FIELD_ARGUMENTS",
            )
        content = json.dumps(raw, sort_keys=True)
        if key in self._seen:
            return self._again(content, *self._seen[key])
        errors = self._problems(raw)
        if errors:
            self.stale += any(error["code"] == "CHANGE_FROM_QUANTITY_STALE" for error in errors)
            payload = {"inventoryAdjustmentGroup": None, "userErrors": errors}
        else:
            payload = self._apply(raw)
        self._seen[key] = content, payload
        return payload

    def _again(self, first: str, content: str, payload: dict[str, Any]) -> dict[str, Any]:
        if first != content:
            code = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
            return _failed(code, None, "The same idempotency key cannot be used again.")
        if payload["userErrors"]:
            code = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
            return _failed(code, None, "A previous request with this idempotency key failed.")
        self.replayed += 1
        return payload

    def _problems(self, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
        if raw["name"] != "available":
            return [_error("INVALID_NAME", ["input", "name"], "The name is not known.")]
        if raw["reason"] not in REASONS:
            return [_error("INVALID_REASON", ["input", "reason"], "The reason is invalid.")]
        document = raw.get("referenceDocumentUri")
        if document is not None and "://" not in document:
            field = ["input", "referenceDocumentUri"]
            return [_error("INVALID_REFERENCE_DOCUMENT", field, "The document is invalid.")]
        found, pairs = [], set[tuple[str, str]]()
        for index, quantity in enumerate(raw["quantities"]):
            pair = quantity["inventoryItemId"], quantity["locationId"]
            field = ["input", "quantities", str(index)]
            if problem := self._problem(quantity, pair, pair in pairs):
                code, name = problem
                found.append(_error(code, [*field, name], f"{code} at {index}."))
            pairs.add(pair)
        return found

    def _problem(
        self, quantity: Mapping[str, Any], pair: tuple[str, str], repeated: bool
    ) -> tuple[str, str] | None:
        item, location = pair
        if item not in self._shop.items:
            return "INVALID_INVENTORY_ITEM", "inventoryItemId"
        if location not in self._shop.locations:
            return "INVALID_LOCATION", "locationId"
        if pair not in self._shop.levels:
            return "ITEM_NOT_STOCKED_AT_LOCATION", "locationId"
        if repeated:
            return "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", "inventoryItemId"
        if abs(quantity["quantity"]) > QUANTITY_MAX:
            high = quantity["quantity"] > 0
            return "INVALID_QUANTITY_TOO_HIGH" if high else "INVALID_QUANTITY_TOO_LOW", "quantity"
        expected = quantity["changeFromQuantity"]
        if expected is not None and expected != self._shop.levels[pair].available:
            return "CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity"
        return None

    def _apply(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        for quantity in raw["quantities"]:
            pair = quantity["inventoryItemId"], quantity["locationId"]
            self._shop.levels[pair].available = quantity["quantity"]
        self.applied += 1
        return {
            "inventoryAdjustmentGroup": {
                "id": f"gid://shopify/InventoryAdjustmentGroup/{self.applied}",
                "reason": raw["reason"],
                "referenceDocumentUri": raw.get("referenceDocumentUri"),
                "createdAt": self._shop.now().isoformat(),
            },
            "userErrors": [],
        }


def _error(code: str, field: list[str] | None, message: str) -> dict[str, Any]:
    return {"code": code, "field": field, "message": message}


def _failed(code: str, field: list[str] | None, message: str) -> dict[str, Any]:
    return {"inventoryAdjustmentGroup": None, "userErrors": [_error(code, field, message)]}
