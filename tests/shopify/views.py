"""How the shop's records look through the API: dictionaries that the executor of GraphQL reads,
with functions for what takes arguments."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.shopify.shop import LineItem, Order, Refund, Sent, Share, Shop

View = dict[str, Any]


def connection(nodes: Iterable[View]) -> Callable[..., View]:
    """A field that gives the first so many of these."""
    everything = list(nodes)

    def resolve(_info: Any, first: int | None = None, after: str | None = None) -> View:
        start = int(after) if after else 0
        end = start + (first or len(everything))
        return {
            "nodes": everything[start:end],
            "pageInfo": {"hasNextPage": end < len(everything), "endCursor": str(end)},
        }

    return resolve


def first_of(nodes: Iterable[View]) -> Callable[..., list[View]]:
    """A list of which the first so many may be asked for."""
    everything = list(nodes)
    return lambda _info, first=None: everything[: first or len(everything)]


def location_view(shop: Shop, location: str | None) -> View | None:
    if location is None:
        return None
    return {"__typename": "Location", "id": location, "name": shop.locations[location]}


def level_view(shop: Shop, item: str, location: str) -> View | None:
    level = shop.levels.get((item, location))
    if level is None:
        return None
    amounts = {
        "available": level.available,
        "committed": level.committed,
        "on_hand": level.on_hand,
    }
    numbers = [each.rsplit("/", 1)[1] for each in (item, location)]
    return {
        "__typename": "InventoryLevel",
        "id": f"gid://shopify/InventoryLevel/{numbers[1]}?inventory_item_id={numbers[0]}",
        "item": lambda _info: item_view(shop, item),
        "location": location_view(shop, location),
        "quantities": lambda _info, names: [
            {"name": name, "quantity": amounts[name], "updatedAt": None}
            for name in names
            if name in amounts
        ],
    }


def item_view(shop: Shop, item: str) -> View | None:
    if item not in shop.items:
        return None
    levels = (level_view(shop, item, location) for of, location in shop.levels if of == item)
    return {
        "__typename": "InventoryItem",
        "id": item,
        "sku": shop.items[item],
        "tracked": item not in shop.untracked,
        "inventoryLevel": lambda _info, locationId: level_view(shop, item, locationId),
        "inventoryLevels": connection(level for level in levels if level),
    }


def line_view(shop: Shop, line: LineItem) -> View:
    return {
        "__typename": "LineItem",
        "id": line.id,
        "sku": shop.items[line.item],
        "quantity": line.quantity,
        "currentQuantity": line.quantity - line.removed,
        "unfulfilledQuantity": sum(share.open for share in line.shares),
        "variant": {
            "__typename": "ProductVariant",
            "id": line.item.replace("InventoryItem", "ProductVariant"),
            "inventoryItem": lambda _info: item_view(shop, line.item),
        },
    }


def order_view(shop: Shop, order: Order) -> View:
    return {
        "__typename": "Order",
        "id": order.id,
        "name": "#" + order.id.rsplit("/", 1)[1],
        "createdAt": _time(order.created_at),
        "updatedAt": _time(order.updated_at),
        "cancelledAt": order.cancelled_at and _time(order.cancelled_at),
        "sourceName": order.source_name,
        "retailLocation": location_view(shop, order.retail_location),
        "lineItems": connection(line_view(shop, line) for line in order.lines),
        "fulfillmentOrders": connection(_fulfillment_orders(shop, order)),
        "fulfillments": first_of(_fulfillment(shop, sent) for sent in order.fulfillments),
        "refunds": first_of(_refund(shop, refund) for refund in order.refunds),
    }


def part_view(shop: Shop, identity: str) -> View | None:
    """A fulfilment order, parcel or refund of any order."""
    for order in shop.orders.values():
        for views in (
            _fulfillment_orders(shop, order),
            (_fulfillment(shop, sent) for sent in order.fulfillments),
            (_refund(shop, refund) for refund in order.refunds),
        ):
            for view in views:
                if view["id"] == identity:
                    return view
    return None


def _fulfillment_orders(shop: Shop, order: Order) -> list[View]:
    """One for each location that has, or had, something to send or to hand over, and another one
    for what was moved there. There is none before an order is routed."""
    if not order.routed:
        return []
    method = "RETAIL" if order.source_name == "pos" else "SHIPPING"
    places: dict[tuple[int, str], list[tuple[LineItem, Share]]] = {}
    for line in order.lines:
        for move, share in enumerate(line.shares):
            places.setdefault((move, share.location), []).append((line, share))
    found = []
    for (move, location), shares in sorted(places.items(), key=lambda each: each[0]):
        still_open = any(share.open for _, share in shares)
        identity = f"{order.id.rsplit('/', 1)[1]}{location.rsplit('/', 1)[1]}{move}"
        closed = "CANCELLED" if order.cancelled_at else "CLOSED"
        lines = [
            {
                "__typename": "FulfillmentOrderLineItem",
                "id": f"gid://shopify/FulfillmentOrderLineItem/{identity}{index}",
                "totalQuantity": share.open,
                "remainingQuantity": share.open,
                "lineItem": line_view(shop, line),
            }
            for index, (line, share) in enumerate(shares)
        ]
        found.append(
            {
                "__typename": "FulfillmentOrder",
                "id": f"gid://shopify/FulfillmentOrder/{identity}",
                "status": "OPEN" if still_open else closed,
                "deliveryMethod": {
                    "id": f"gid://shopify/DeliveryMethod/{identity}",
                    "methodType": method,
                },
                "assignedLocation": {
                    "name": shop.locations[location],
                    "location": location_view(shop, location),
                },
                "lineItems": connection(lines),
            }
        )
    return found


def _fulfillment(shop: Shop, sent: Sent) -> View:
    lines = [
        {
            "__typename": "FulfillmentLineItem",
            "id": f"{sent.id.replace('Fulfillment', 'FulfillmentLineItem')}{index}",
            "quantity": quantity,
            "lineItem": line_view(shop, line),
        }
        for index, (line, quantity) in enumerate(sent.lines)
    ]
    return {
        "__typename": "Fulfillment",
        "id": sent.id,
        "status": "SUCCESS",
        "createdAt": _time(sent.created_at),
        "location": location_view(shop, sent.location),
        "fulfillmentLineItems": connection(lines),
    }


def _refund(shop: Shop, refund: Refund) -> View:
    lines = [
        {
            "id": f"{refund.id.replace('Refund', 'RefundLineItem')}{index}",
            "lineItem": line_view(shop, refunded.line),
            "location": location_view(shop, refunded.location),
            "quantity": refunded.quantity,
            "restocked": refunded.location is not None,
            "restockType": refunded.restock_type,
        }
        for index, refunded in enumerate(refund.lines)
    ]
    return {
        "__typename": "Refund",
        "id": refund.id,
        "createdAt": _time(refund.created_at),
        "refundLineItems": connection(lines),
    }


def _time(moment: Any) -> str:
    """Whole seconds, as Shopify writes them."""
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
