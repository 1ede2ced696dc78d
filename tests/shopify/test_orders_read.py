"""What an order of Shopify says in the engine's terms, read through the API's own schema."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from holdfast.adapters.inbound import ChannelOrder
from holdfast.adapters.inbound_intake import NotReadyError
from holdfast.adapters.shopify_api import ShopifyApi
from holdfast.adapters.shopify_orders import ORDER, ShopifyOrders, parse_order

from tests.adapters.scripted import ManualClock
from tests.shopify.admin_api import AdminApi
from tests.shopify.cost import QUERY_COST_MAX, Bucket
from tests.shopify.server import TOKEN, loopback_client, shopify_server
from tests.shopify.shop import LineItem, Order, Share, Shop


class Case:
    """A shop with two locations and 10 units of each item at both, and an order of 3 and 2 units
    from the first."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.shop = Shop(lambda: 1_800_000_000.5, lambda topic, _: self.published.append(topic))
        self.api = AdminApi(
            self.shop, Bucket(lambda: 0.0, QUERY_COST_MAX, 1), lambda: 1_900_000_000.0
        )
        self.london, self.leeds = (self.shop.add_location(name) for name in ("LONDON", "LEEDS"))
        self.tea, self.mug = (self.shop.add_item(sku) for sku in ("TEA", "MUG"))
        for item in (self.tea, self.mug):
            for location in (self.london, self.leeds):
                self.shop.stock(item, location, 10)
        self.order = self.shop.sell_online([(self.tea, self.london, 3), (self.mug, self.london, 2)])

    def line(self, index: int = 0) -> tuple[Order, LineItem, Share]:
        line = self.order.lines[index]
        return self.order, line, line.shares[0]

    def read(self, order: Order | None = None) -> ChannelOrder:
        asked = self.api.answer(ORDER, {"id": (order or self.order).id})
        assert "errors" not in asked
        return parse_order(asked["data"]["order"])

    def told(self, order: ChannelOrder) -> dict[str, Any]:
        """The order with names that a reader knows."""
        places = {self.london: "LONDON", self.leeds: "LEEDS", **self.shop.items}
        found: dict[str, Any] = {}
        for line in order.lines:
            name = f"{places[line.place.item]}@{places[line.place.external_location]}"
            found[name] = (line.open, line.sent, line.returned)
        for kind, movements in (("sold", order.sold), ("back", order.taken_back)):
            for each in movements:
                name = f"{places[each.place.item]}@{places[each.place.external_location]}"
                found[f"{kind} {name}"] = each.units
        return found


Step = Callable[[Case], None]


def sends(units: int) -> Step:
    return lambda case: case.shop.fulfil(*case.line(), units)


def takes_off(units: int) -> Step:
    return lambda case: case.shop.refund_unsent(*case.line(), units)


def cancels(*, restock: bool = True) -> Step:
    return lambda case: case.shop.cancel(case.order, restock=restock)


def gets_back(units: int, *, elsewhere: bool = False, restock: bool = True) -> Step:
    def step(case: Case) -> None:
        location = case.leeds if elsewhere else case.london
        case.shop.refund_sent(*case.line()[:2], location, units, restock=restock)

    return step


def moves(index: int) -> Step:
    return lambda case: case.shop.move(*case.line(index), case.leeds)


UNTOUCHED = {"TEA@LONDON": (3, 0, 0), "MUG@LONDON": (2, 0, 0)}
ROWS: list[tuple[str, list[Step], dict[str, Any]]] = [
    ("bought", [], {}),
    ("sent in part", [sends(2)], {"TEA@LONDON": (1, 2, 0)}),
    ("cancelled", [cancels()], {"TEA@LONDON": (0, 0, 0), "MUG@LONDON": (0, 0, 0)}),
    (
        "cancelled, and not restocked: the units have left the shelf",
        [cancels(restock=False)],
        {"TEA@LONDON": (0, 3, 0), "MUG@LONDON": (0, 2, 0)},
    ),
    (
        "sent in part, the rest cancelled",
        [sends(1), cancels()],
        {"TEA@LONDON": (0, 1, 0), "MUG@LONDON": (0, 0, 0)},
    ),
    (
        "sent in part, the rest cancelled and not restocked",
        [sends(1), cancels(restock=False)],
        {"TEA@LONDON": (0, 3, 0), "MUG@LONDON": (0, 2, 0)},
    ),
    ("taken off before it was sent", [takes_off(1)], {"TEA@LONDON": (2, 0, 0)}),
    ("sent back", [sends(3), gets_back(2)], {"TEA@LONDON": (0, 3, 2)}),
    (
        "sent back to another location",
        [sends(3), gets_back(2, elsewhere=True)],
        {"TEA@LONDON": (0, 3, 0), "back TEA@LEEDS": 2},
    ),
    (
        "refunded and kept by the customer",
        [sends(3), gets_back(2, restock=False)],
        {"TEA@LONDON": (0, 3, 0)},
    ),
    (
        "sent from another location",
        [moves(0)],
        {"TEA@LONDON": (0, 0, 0), "TEA@LEEDS": (3, 0, 0)},
    ),
    (
        "everything at once",
        [sends(1), takes_off(1), moves(1), gets_back(1)],
        {"TEA@LONDON": (1, 1, 1), "MUG@LONDON": (0, 0, 0), "MUG@LEEDS": (2, 0, 0)},
    ),
]


@pytest.mark.parametrize(
    ("steps", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_an_order_is_read_as_its_units(steps: list[Step], expected: dict[str, Any]) -> None:
    case = Case()
    for step in steps:
        step(case)
    assert case.told(case.read()) == {**UNTOUCHED, **expected}


def test_a_sale_at_the_till_is_sold_and_what_comes_back_is_taken_back() -> None:
    case = Case()
    order = case.shop.sell_at_till(case.leeds, [(case.tea, 2), (case.mug, 1)])
    assert case.told(case.read(order)) == {"sold TEA@LEEDS": 2, "sold MUG@LEEDS": 1}
    case.shop.refund_sent(order, order.lines[0], case.leeds, 1)
    read = case.read(order)
    assert case.told(read)["back TEA@LEEDS"] == 1
    assert case.told(read)["sold TEA@LEEDS"] == 2
    names = [each.id for each in (*read.sold, *read.taken_back)]
    assert len(set(names)) == 3, "each has a name of its own"


def test_what_is_not_counted_is_left_out() -> None:
    case = Case()
    case.shop.untracked.add(case.mug)
    assert case.told(case.read()) == {"TEA@LONDON": (3, 0, 0)}


def test_an_order_that_is_not_routed_is_not_ready() -> None:
    case = Case()
    order = case.shop.sell_online([(case.tea, case.london, 1)], routed=False)
    with pytest.raises(NotReadyError) as raised:
        case.read(order)
    assert raised.value.args == (order.id, order.created_at)
    case.shop.route(order)
    assert case.told(case.read(order)) == {"TEA@LONDON": (1, 0, 0)}


async def test_an_order_that_is_larger_than_a_page_is_read_part_by_part() -> None:
    clock = ManualClock()
    async with (
        shopify_server(points=1e9, points_per_s=1e9) as shopify,
        loopback_client() as http,
    ):
        shop = shopify.shop
        locations = [shop.add_location(f"SHELF-{number}") for number in range(12)]
        item = shop.add_item("TEA")
        for location in locations:
            shop.stock(item, location, 1_000)
        wishes = [(item, locations[min(number // 25, 11)], 2) for number in range(310)]
        order = shop.sell_online(wishes)
        for line in order.lines[:24]:
            shop.fulfil(order, line, line.shares[0], 1)
        shop.send_together(order, [(line, line.shares[0], 1) for line in order.lines[25:50]])
        for line in order.lines[:9]:
            shop.refund_sent(order, line, line.shares[0].location, 1)
        shop.cancel(order)
        api = ShopifyApi(shopify.url, TOKEN, clock, lambda: 0.0, http=http)
        (read,) = await ShopifyOrders(api).orders([order.id])
    assert isinstance(read, ChannelOrder)
    told = [(line.open, line.sent, line.returned) for line in read.lines]
    assert len(read.lines) == 310
    assert Counter(told) == {(0, 1, 1): 9, (0, 1, 0): 40, (0, 0, 0): 261}
    assert shopify.api.throttled == 0
