"""Shopify's orders: how they are asked for, and what they say in the terms of `inbound`."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from holdfast.adapters.inbound import ChannelOrder, Movement, OrderLine, Place
from holdfast.adapters.inbound_intake import POLL_ORDERS_MAX, ChangedOrder, NotReadyError
from holdfast.adapters.shopify_api import ShopifyApi

CHANGED = """query Changed($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}"""

PAGE = "pageInfo { hasNextPage endCursor }"
LINE = "id quantity variant { inventoryItem { id tracked } }"
PARTS = {
    "fulfillmentOrders": (
        "FulfillmentOrder",
        "id status assignedLocation { location { id } } deliveryMethod { methodType }",
        "lineItems",
        "remainingQuantity lineItem { id }",
    ),
    "fulfillments": (
        "Fulfillment",
        "id status location { id }",
        "fulfillmentLineItems",
        "quantity lineItem { id }",
    ),
    "refunds": (
        "Refund",
        "id createdAt",
        "refundLineItems",
        "quantity restockType location { id } lineItem { id }",
    ),
}
"""What an order consists of besides its lines: the type of each part, its fields, the name of its
own lines, and their fields."""

LISTED_MAX = 6
"""Parcels and refunds that are asked for with an order. They come without pages: where there are so
many, there may be more."""


def _connection(field: str, first: int, selection: str, arguments: str = "") -> str:
    return f"{field}(first: {first}{arguments}) {{ nodes {{ {selection} }} {PAGE} }}"


def _part(name: str, lines: int) -> str:
    _, fields, field, selection = PARTS[name]
    return f"{fields} {_connection(field, lines, selection)}"


# One request may cost 1 000 points: the pages within an order are so small that it does not. What
# is larger is asked for part by part.
ORDER = f"""query Order($id: ID!) {{
  order(id: $id) {{
    id createdAt updatedAt cancelledAt
    {_connection("lineItems", 50, LINE)}
    {_connection("fulfillmentOrders", 10, _part("fulfillmentOrders", 18))}
    fulfillments(first: {LISTED_MAX}) {{ {_part("fulfillments", 10)} }}
    refunds(first: {LISTED_MAX}) {{ {_part("refunds", 10)} }}
  }}
}}"""

MORE_LINES = f"""query MoreLines($id: ID!, $after: String) {{
  order(id: $id) {{ {_connection("lineItems", 200, LINE, ", after: $after")} }}
}}"""

MORE_SHARES = f"""query MoreShares($id: ID!, $after: String) {{
  order(id: $id) {{
    {_connection("fulfillmentOrders", 10, _part("fulfillmentOrders", 40), ", after: $after")}
  }}
}}"""

LIST = {
    name: f"""query List($id: ID!) {{ order(id: $id) {{
      {name}(first: 150) {{ {PARTS[name][1]} {_connection(PARTS[name][2], 1, PARTS[name][3])} }}
    }} }}"""
    for name in ("fulfillments", "refunds")
}

MORE_OF_PART = {
    name: f"""query MoreOfPart($id: ID!, $after: String) {{ nodes(ids: [$id]) {{ ... on {kind} {{
      {_connection(field, 200, selection, ", after: $after")}
    }} }} }}"""
    for name, (kind, _, field, selection) in PARTS.items()
}

RETURNED = frozenset({"RETURN", "LEGACY_RESTOCK"})
"""Kinds of refunds for which units are back on a shelf that had left it."""


class ShopifyOrders:
    """The orders of one shop."""

    def __init__(self, api: ShopifyApi) -> None:
        self._api = api

    @property
    def time(self) -> datetime | None:
        """What time it was at the shop when it answered last."""
        return self._api.time

    async def changed(self, since: datetime) -> AsyncIterator[Sequence[ChangedOrder]]:
        """The orders that have changed at this time or later, oldest change first."""
        after = None
        query = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        while True:
            variables = {"first": POLL_ORDERS_MAX, "after": after, "query": query}
            page = (await self._api.ask(CHANGED, variables))["orders"]
            if page["nodes"]:
                yield [ChangedOrder(node["id"], _time(node["updatedAt"])) for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def orders(self, order_ids: Sequence[str]) -> Sequence[ChannelOrder | NotReadyError]:
        """These orders as they are now."""
        found: list[ChannelOrder | NotReadyError] = []
        for order_id in order_ids:
            order = (await self._api.ask(ORDER, {"id": order_id}))["order"]
            if order is None:
                continue
            await self._complete(order)
            try:
                found.append(parse_order(order))
            except NotReadyError as not_ready:
                found.append(not_ready)
        return found

    async def _complete(self, order: dict[str, Any]) -> None:
        """Asks for what did not come with the order, and puts it in."""

        async def rest(document: str, identity: str, field: str, connection: Any) -> None:
            while connection["pageInfo"]["hasNextPage"]:
                variables = {"id": identity, "after": connection["pageInfo"]["endCursor"]}
                answer = await self._api.ask(document, variables)
                found = answer["order"] if "order" in answer else answer["nodes"][0]
                connection["nodes"] += found[field]["nodes"]
                connection["pageInfo"] = found[field]["pageInfo"]

        await rest(MORE_LINES, order["id"], "lineItems", order["lineItems"])
        shares = order["fulfillmentOrders"]
        await rest(MORE_SHARES, order["id"], "fulfillmentOrders", shares)
        for name, document in LIST.items():
            if len(order[name]) >= LISTED_MAX:
                answer = await self._api.ask(document, {"id": order["id"]})
                order[name] = answer["order"][name]
        for name, (_, _, field, _) in PARTS.items():
            for part in shares["nodes"] if name == "fulfillmentOrders" else order[name]:
                await rest(MORE_OF_PART[name], part["id"], field, part[field])


def parse_order(order: Mapping[str, Any]) -> ChannelOrder:
    """An order in the engine's terms. NotReadyError, with its id and time, if Shopify has not yet
    decided from where it is sent.

    Sales at a till are lines that a fulfilment order of the kind RETAIL has. Units that were
    cancelled without restocking count as sent: they have left the shelf, as Shopify sees it.
    """
    items = {
        line["id"]: line["variant"]["inventoryItem"]["id"]
        for line in order["lineItems"]["nodes"]
        if line["variant"] and line["variant"]["inventoryItem"]["tracked"]
    }
    retail, units = _shares(order, items)
    created_at = _time(order["createdAt"])
    if items and not order["cancelledAt"] and not order["fulfillmentOrders"]["nodes"]:
        raise NotReadyError(order["id"], created_at)
    for line_id, location, quantity in _sent(order):
        if line_id in items and line_id not in retail:
            units.setdefault((line_id, location), [0, 0, 0])[1] += quantity
    back: list[Movement] = []
    for refund, line_id, kind, restocked_at, quantity in _refunded(order):
        if line_id not in items or kind not in RETURNED or restocked_at is None:
            continue
        numbers = units.get((line_id, restocked_at), [0, 0, 0])
        known = min(quantity, numbers[1] - numbers[2])
        numbers[2] += known
        if quantity > known:
            name = f"{refund['id']}/{_tail(line_id)}"
            place = Place(items[line_id], restocked_at)
            back.append(Movement(name, place, quantity - known, _time(refund["createdAt"])))
    for key, quantity in _written_off(order, units):
        units[key][1] += quantity
    return ChannelOrder(
        order["id"],
        created_at,
        _time(order["updatedAt"]),
        tuple(
            OrderLine(f"{_tail(line_id)}@{_tail(location)}", Place(items[line_id], location), *each)
            for (line_id, location), each in units.items()
        ),
        tuple(
            Movement(line["id"], Place(items[line["id"]], retail[line["id"]]), units_, created_at)
            for line in order["lineItems"]["nodes"]
            if line["id"] in retail and (units_ := line["quantity"]) > 0
        ),
        tuple(back),
    )


def _shares(
    order: Mapping[str, Any], items: Mapping[str, str]
) -> tuple[dict[str, str], dict[tuple[str, str], list[int]]]:
    """Where lines were sold at a till; and of the others, by line and location: units that are
    open, sent and returned."""
    retail: dict[str, str] = {}
    units: dict[tuple[str, str], list[int]] = {}
    for one in order["fulfillmentOrders"]["nodes"]:
        location = (one["assignedLocation"]["location"] or {}).get("id", "")
        is_retail = (one["deliveryMethod"] or {}).get("methodType") == "RETAIL"
        is_over = one["status"] in {"CANCELLED", "CLOSED"}
        for line in one["lineItems"]["nodes"]:
            line_id = line["lineItem"]["id"]
            if line_id not in items:
                continue
            if is_retail:
                retail[line_id] = location
            else:
                # What was moved back to a location comes last, as it does in Shopify.
                numbers = units[line_id, location] = units.pop((line_id, location), [0, 0, 0])
                numbers[0] += 0 if is_over else line["remainingQuantity"]
    return retail, units


def _sent(order: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Line, location and units of each parcel."""
    for parcel in order["fulfillments"]:
        if parcel["status"] == "SUCCESS":
            location = (parcel["location"] or {}).get("id", "")
            for line in parcel["fulfillmentLineItems"]["nodes"]:
                yield line["lineItem"]["id"], location, line["quantity"] or 0


def _refunded(order: Mapping[str, Any]) -> Iterator[tuple[Any, str, str, str | None, int]]:
    """Refund, line, kind of restocking, location and units of each line of each refund."""
    for refund in order["refunds"]:
        for line in refund["refundLineItems"]["nodes"]:
            location = (line["location"] or {}).get("id")
            yield refund, line["lineItem"]["id"], line["restockType"], location, line["quantity"]


def _written_off(
    order: Mapping[str, Any], units: Mapping[tuple[str, str], Sequence[int]]
) -> list[tuple[tuple[str, str], int]]:
    """Line and location, and units of them that were taken off the order before they were sent,
    and not restocked."""
    found = []
    for line in order["lineItems"]["nodes"]:
        refunded = [each for each in _refunded(order) if each[1] == line["id"]]
        kept = sum(quantity for *_, kind, _, quantity in refunded if kind == "NO_RESTOCK")
        restocked = sum(quantity for *_, kind, _, quantity in refunded if kind == "CANCEL")
        shares = [(key, each) for key, each in units.items() if key[0] == line["id"]]
        moved = sum(each[0] + each[1] for _, each in shares)
        gone = min(kept, line["quantity"] - restocked - moved)
        if gone > 0 and shares:
            # Shopify does not say from where: it is where the line was to be sent from last.
            found.append((shares[-1][0], gone))
    return found


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _tail(gid: str) -> str:
    """The number of a global id, or all of another one."""
    return gid.rsplit("/", 1)[-1]
