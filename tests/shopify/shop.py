"""A shop as Shopify keeps it: quantities by name and location, orders with what became of them. It
changes by its own shoppers and staff, and by what an app sets; changes of orders are published as
webhooks."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SHOP = "holdfast-test.myshopify.com"


def gid(kind: str, number: int) -> str:
    """Shopify's global id."""
    return f"gid://shopify/{kind}/{number}"


@dataclass
class Level:
    """Quantities of an item at a location. What is committed is sold and still on the shelf."""

    available: int
    committed: int = 0

    @property
    def on_hand(self) -> int:
        return self.available + self.committed


@dataclass
class Share:
    """Units of a line that one location has to send."""

    location: str
    open: int


@dataclass
class LineItem:
    id: str
    item: str
    quantity: int
    shares: list[Share]
    removed: int = 0
    """Units taken off the order: cancelled or refunded."""


@dataclass
class Sent:
    id: str
    location: str
    created_at: datetime
    lines: list[tuple[LineItem, int]]


@dataclass
class RefundedLine:
    line: LineItem
    quantity: int
    restock_type: str
    location: str | None
    """Where it was put back."""
    unsent_from: str | None = None
    """The location that had still to send it."""


@dataclass
class Refund:
    id: str
    created_at: datetime
    lines: list[RefundedLine]


@dataclass
class Order:
    id: str
    created_at: datetime
    updated_at: datetime
    source_name: str
    retail_location: str | None
    lines: list[LineItem]
    fulfillments: list[Sent] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    cancelled_at: datetime | None = None
    routed: bool = True
    """Whether it is decided which location sends it."""
    changed_at: float = 0.0
    """When it changed last, by a finer clock than is shown."""


class SoldOut(Exception):
    """Too few units are available at the location: the checkout refuses."""


class Shop:
    """One shop. `now` is its clock, of which it shows whole seconds, as Shopify does; `publish` is
    given the topic and payload of each webhook."""

    def __init__(
        self, now: Callable[[], float], publish: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._now = now
        self._publish = publish
        self._numbers = itertools.count(1_001)
        self.items: dict[str, str] = {}
        """SKU by inventory item."""
        self.locations: dict[str, str] = {}
        """Name by location."""
        self.levels: dict[tuple[str, str], Level] = {}
        self.untracked: set[str] = set()
        """Items that are not counted: gift wrap, downloads."""
        self.orders: dict[str, Order] = {}
        self.sold_at_tills = 0
        self.sold_online = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(int(self._now()), UTC)

    def add_location(self, name: str) -> str:
        location = gid("Location", next(self._numbers))
        self.locations[location] = name
        return location

    def add_item(self, sku: str) -> str:
        item = gid("InventoryItem", next(self._numbers))
        self.items[item] = sku
        return item

    def stock(self, item: str, location: str, available: int = 0) -> None:
        """The item is stocked at the location from now on."""
        self.levels[item, location] = Level(available)

    def sell_online(self, wishes: list[tuple[str, str, int]], *, routed: bool = True) -> Order:
        """A shopper buys: units become committed. SoldOut, and nothing has happened, if too few are
        available."""
        self._check(wishes)
        lines = []
        for item, location, quantity in wishes:
            level = self.levels[item, location]
            level.available -= quantity
            level.committed += quantity
            self.sold_online += quantity
            lines.append(
                LineItem(
                    gid("LineItem", next(self._numbers)),
                    item,
                    quantity,
                    [Share(location, quantity)],
                )
            )
        return self._open("web", None, lines, routed)

    def sell_at_till(self, location: str, wishes: list[tuple[str, int]]) -> Order:
        """A customer buys in the shop and takes it along."""
        self._check([(item, location, quantity) for item, quantity in wishes])
        lines = []
        for item, quantity in wishes:
            self.levels[item, location].available -= quantity
            self.sold_at_tills += quantity
            lines.append(
                LineItem(gid("LineItem", next(self._numbers)), item, quantity, [Share(location, 0)])
            )
        order = self._open("pos", location, lines, True, publish=False)
        self._send(order, location, [(line, line.quantity) for line in lines])
        self._publish("orders/create", self.payload(order))
        return order

    def fulfil(self, order: Order, line: LineItem, share: Share, quantity: int) -> None:
        """Staff sends units."""
        self.send_together(order, [(line, share, quantity)])

    def send_together(self, order: Order, units: list[tuple[LineItem, Share, int]]) -> None:
        """Staff sends units of one location in one parcel."""
        for line, share, quantity in units:
            self.levels[line.item, share.location].committed -= quantity
            share.open -= quantity
        parcel = [(line, quantity) for line, _, quantity in units]
        self._send(order, units[0][1].location, parcel)
        self._touch(order, "orders/updated")

    def cancel(self, order: Order, *, restock: bool = True) -> None:
        """Cancels what was not sent. Shopify books that as a refund of the lines."""
        lines = [
            self._remove(line, share, share.open, restock)
            for line in order.lines
            for share in line.shares
            if share.open
        ]
        order.cancelled_at = self.now()
        if lines:
            order.refunds.append(Refund(gid("Refund", next(self._numbers)), self.now(), lines))
        self._touch(order, "orders/cancelled")

    def refund_unsent(self, order: Order, line: LineItem, share: Share, quantity: int) -> None:
        """Takes units off an order before they were sent, and restocks them."""
        removed = self._remove(line, share, quantity, True)
        order.refunds.append(Refund(gid("Refund", next(self._numbers)), self.now(), [removed]))
        self._touch(order, "refunds/create")

    def refund_sent(
        self, order: Order, line: LineItem, location: str, quantity: int, *, restock: bool = True
    ) -> None:
        """A customer sends units back, to a location, or keeps them."""
        line.removed += quantity
        if restock:
            self.levels[line.item, location].available += quantity
        refunded = RefundedLine(
            line, quantity, "RETURN" if restock else "NO_RESTOCK", location if restock else None
        )
        order.refunds.append(Refund(gid("Refund", next(self._numbers)), self.now(), [refunded]))
        self._touch(order, "refunds/create")

    def move(self, order: Order, line: LineItem, share: Share, location: str) -> None:
        """Staff has another location send what is open."""
        self.levels[line.item, share.location].available += share.open
        self.levels[line.item, share.location].committed -= share.open
        self.levels[line.item, location].available -= share.open
        self.levels[line.item, location].committed += share.open
        line.shares.append(Share(location, share.open))
        share.open = 0
        self._touch(order, "orders/updated")

    def edit(self, order: Order, line: LineItem, share: Share, quantity: int) -> None:
        """Staff adds units to a line, also where too few are available."""
        level = self.levels[line.item, share.location]
        level.available -= quantity
        level.committed += quantity
        share.open += quantity
        line.quantity += quantity
        self._touch(order, "orders/updated")

    def route(self, order: Order) -> None:
        """Says at last which location sends the order."""
        order.routed = True
        self._touch(order, "orders/updated")

    def sent_back(self, order: Order, line: LineItem) -> int:
        """Units of a line that were sent and then refunded."""
        return sum(
            refunded.quantity
            for refund in order.refunds
            for refunded in refund.lines
            if refunded.line is line and refunded.restock_type != "CANCEL"
        )

    def payload(self, order: Order) -> dict[str, Any]:
        """The body of a webhook about an order, as far as somebody needs it who reads the order
        itself."""
        return {
            "id": int(order.id.rsplit("/", 1)[1]),
            "admin_graphql_api_id": order.id,
            "created_at": order.created_at.isoformat(),
            "updated_at": order.updated_at.isoformat(),
            "cancelled_at": order.cancelled_at and order.cancelled_at.isoformat(),
            "source_name": order.source_name,
            "line_items": [
                {"id": int(line.id.rsplit("/", 1)[1]), "quantity": line.quantity}
                for line in order.lines
            ],
        }

    def _check(self, wishes: list[tuple[str, str, int]]) -> None:
        for item, location, quantity in wishes:
            if self.levels[item, location].available < quantity:
                raise SoldOut

    def _open(
        self,
        source_name: str,
        retail_location: str | None,
        lines: list[LineItem],
        routed: bool,
        *,
        publish: bool = True,
    ) -> Order:
        number, now = next(self._numbers), self.now()
        order = Order(
            gid("Order", number), now, now, source_name, retail_location, lines, routed=routed
        )
        order.changed_at = self._now()
        self.orders[order.id] = order
        if publish:
            self._publish("orders/create", self.payload(order))
        return order

    def _send(self, order: Order, location: str, lines: list[tuple[LineItem, int]]) -> None:
        sent = Sent(gid("Fulfillment", next(self._numbers)), location, self.now(), lines)
        order.fulfillments.append(sent)

    def _remove(self, line: LineItem, share: Share, quantity: int, restock: bool) -> RefundedLine:
        level = self.levels[line.item, share.location]
        level.committed -= quantity
        if restock:
            level.available += quantity
        share.open -= quantity
        line.removed += quantity
        kind, location = ("CANCEL", share.location) if restock else ("NO_RESTOCK", None)
        return RefundedLine(line, quantity, kind, location, share.location)

    def _touch(self, order: Order, topic: str) -> None:
        order.updated_at = self.now()
        order.changed_at = self._now()
        payload = self.payload(order)
        if topic == "refunds/create":
            refund = order.refunds[-1]
            payload = {
                "id": int(refund.id.rsplit("/", 1)[1]),
                "admin_graphql_api_id": refund.id,
                "order_id": payload["id"],
                "created_at": refund.created_at.isoformat(),
            }
        self._publish(topic, payload)
