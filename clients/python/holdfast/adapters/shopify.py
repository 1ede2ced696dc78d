"""Keeps a Shopify shop's quantities as the engine has them, and takes in what the shop sells."""

import asyncio
import json
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from holdfast.adapters.adapter import Adapter
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.http import Handler, Request
from holdfast.adapters.inbound import Place
from holdfast.adapters.inbound_intake import Intake, Taken
from holdfast.adapters.inbound_webhooks import ShopifySignature, webhook_handler
from holdfast.adapters.outcomes import Failures, PushError, RetryLater
from holdfast.adapters.pacing import backoff_s
from holdfast.adapters.settings import Secret
from holdfast.adapters.shopify_api import ShopifyApi
from holdfast.adapters.shopify_orders import ShopifyOrders
from holdfast.adapters.shopify_reconcile import Reconciliation
from holdfast.adapters.shopify_stock import ENGINE_BUSY, Drift, ShopStock
from holdfast.adapters.source import ChannelUpdate, ParkedMessage

RESTATE_S = 1.0
"""When a quantity is stated again that could not be stated."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Shopify(Adapter):
    """Sets the quantities of one Shopify shop, and takes in its orders, cancellations, refunds and
    sales at the till.

    Listings name the shop's inventory items and locations by their global ids. Webhooks for
    orders/create, orders/updated, orders/cancelled and refunds/create go to /webhooks/shopify;
    polls find what they miss. What cannot be mapped is parked.
    """

    name: ClassVar[str] = "shopify"
    batch_max: ClassVar[int] = 250
    push_timeout_s: ClassVar[float] = 300.0

    def __init__(
        self,
        *,
        shop: Annotated[str, "The shop's domain, such as example.myshopify.com."],
        access_token: Annotated[Secret, "Access token of the Admin API."],
        webhook_secret: Annotated[
            Secret | None, "The app's client secrets, separated by spaces; none: no webhooks."
        ] = None,
        url: Annotated[str, "Address of the shop's API; empty: https and the shop."] = "",
        poll_every_s: Annotated[float, "Time between two polls of the orders."] = 900.0,
        overlap_s: Annotated[float, "How far before its mark a poll begins."] = 60.0,
        orders_since: Annotated[
            str, "When the stock was counted, in ISO 8601; empty: when the adapter first starts."
        ] = "",
        activate: Annotated[
            bool, "Stock an item where it is listed and not stocked yet, instead of parking it."
        ] = False,
        reconcile_every_s: Annotated[
            float, "Time between two comparisons of all quantities; 0: none."
        ] = 3_600.0,
        reconcile_threshold: Annotated[
            int, "Units that a quantity may be off without being corrected by it."
        ] = 0,
    ) -> None:
        self._shop = shop
        self._activates = activate
        self._reconcile_every_s = reconcile_every_s
        self._reconcile_threshold = reconcile_threshold
        self._access_token = access_token
        secrets = webhook_secret.reveal().split() if webhook_secret else []
        self._signature = ShopifySignature(*secrets) if secrets else None
        self._url = url or f"https://{shop}"
        address = urlsplit(self._url)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise ValueError("--url must be https, or http to this machine.")
        self._poll_every_s = poll_every_s
        self._overlap_s = overlap_s
        self._orders_since = _moment(orders_since) if orders_since else None
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._heard: dict[str, None] = {}
        self._dirty: dict[str, None] = {}
        self._being_stated: Collection[Place] = ()
        self._api: ShopifyApi | None = None
        self._intake: Intake | None = None
        self._stock: ShopStock | None = None
        self._reconciliation: Reconciliation | None = None

    @property
    def intake(self) -> Intake:
        """What takes orders in."""
        if self._intake is None:
            raise RetryLater("The adapter is not started.")
        return self._intake

    @property
    def stock(self) -> ShopStock:
        """What the shop has."""
        if self._stock is None:
            raise RetryLater("The adapter is not started.")
        return self._stock

    async def start(self) -> None:
        """Opens the API and goes on with the orders at the mark."""
        context = self.context
        token = self._access_token.reveal()
        self._api = ShopifyApi(self._url, token, context.clock, context.random)
        intake = Intake(
            ShopifyOrders(self._api),
            context,
            shop=self._shop,
            on_taken=self._touch,
            overlap_s=self._overlap_s,
        )
        await intake.start(self._orders_since)
        self._intake = intake
        self._stock = ShopStock(
            self._api, context, self._take_in, shop=self._shop, activate=self._activates
        )
        if self._reconcile_every_s > 0:
            self._reconciliation = Reconciliation(
                context, self._shop, self._compare, every_s=self._reconcile_every_s
            )
            await self._reconciliation.start()

    async def stop(self) -> None:
        """Closes the API."""
        if self._api is not None:
            await self._api.close()

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """Where webhooks are taken, if there is a secret to verify them by."""
        if self._signature is None:
            return {}
        handler = webhook_handler(self._signature, SystemClock().now, self._hear)
        return {("POST", "/webhooks/shopify"): handler}

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures:
        """Sets what the updates say."""
        async with self._lock:
            return await self.stock.state(await self.stock.newest(updates))

    async def background(self) -> None:
        """Takes in what the shop has sold: at once what webhooks tell, and the rest by polls."""
        poll_at = 0.0
        failures = 0
        clock = self.context.clock
        while True:
            self._wake.clear()
            heard, self._heard = self._heard, {}
            polls = clock.monotonic() >= poll_at
            try:
                if heard:
                    await self.intake.take(list(heard))
                if polls:
                    await self.intake.poll()
                    poll_at = clock.monotonic() + self._poll_every_s
                again_s = min(await self._restate(), await self._reconcile())
            except (PushError, *ENGINE_BUSY) as error:
                self._heard = {**heard, **self._heard}
                failures += 1
                self.context.log.warning("Orders wait to be taken in.", extra={"why": str(error)})
                await clock.wait(
                    asyncio.Event(),
                    backoff_s(
                        failures, self.backoff_first_s, self.backoff_max_s, self.context.random()
                    ),
                )
                continue
            failures = 0
            await clock.wait(self._wake, max(0.0, min(poll_at - clock.monotonic(), again_s)))

    async def replay(self, parked: ParkedMessage) -> None:
        """Takes in an order that was parked."""
        await self.intake.replay(parked)
        self._wake.set()

    async def _hear(self, request: Request) -> None:
        """Notes which order a webhook is about. ValueError if that cannot be read."""
        order_id = heard_order(request)
        if order_id is not None:
            self._heard[order_id] = None
            self._wake.set()

    def _touch(self, taken: Taken) -> None:
        """An order was taken in: the shop's numbers have changed by themselves."""
        self.stock.touch(taken.places, self._being_stated)
        for sku in taken.skus:
            self._dirty[sku] = None

    async def _restate(self) -> float:
        """Brings in line what the shop has changed by itself. The engine's number may be as it was,
        so that no update comes. Gives after how many seconds something is to be tried again."""
        async with self._lock:
            skus, self._dirty = list(self._dirty), {}
            try:
                failures = await self.stock.state(await self.stock.latest(skus))
            except BaseException:
                self._dirty = {**dict.fromkeys(skus), **self._dirty}
                raise
        later = {sku: each for sku, each in failures.items() if isinstance(each, RetryLater)}
        self._dirty |= dict.fromkeys(later)
        return min((each.after_s or RESTATE_S for each in later.values()), default=math.inf)

    async def _reconcile(self) -> float:
        """Compares a page, if it is time to; gives after how many seconds the next one is due."""
        if self._reconciliation is None:
            return math.inf
        if self._reconciliation.due_in_s() <= 0:
            await self._reconciliation.step()
            if self._dirty:
                return 0.0  # What was found is corrected first.
        return self._reconciliation.due_in_s()

    async def _compare(self, skus: Collection[str]) -> list[Drift]:
        async with self._lock:
            drifts = await self.stock.compare(skus, self._reconcile_threshold)
        self._dirty |= {drift.sku: None for drift in drifts}
        return drifts

    async def _take_in(self, being_stated: Collection[Place]) -> None:
        heard, self._heard = self._heard, {}
        self._being_stated = being_stated
        try:
            if heard:
                await self.intake.take(list(heard))
            await self.intake.poll()
        except (PushError, *ENGINE_BUSY) as error:
            self._heard = {**heard, **self._heard}
            if isinstance(error, PushError):
                raise
            raise RetryLater(str(error), whole_channel=True, reason="engine") from None
        finally:
            self._being_stated = ()


def _moment(text: str) -> datetime:
    """The time of `--orders-since`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--orders-since is {text!r}: it must be ISO 8601.") from None
    if moment.tzinfo is None:
        raise ValueError("--orders-since needs an offset from UTC, such as Z.")
    return moment


def heard_order(request: Request) -> str | None:
    """The order that a webhook is about; None: it is about something else. ValueError if that
    cannot be read."""
    try:
        body = json.loads(request.body)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    topic = request.headers.get("x-shopify-topic", "")
    if not isinstance(body, dict):
        raise ValueError("the body is not an object")
    if topic.startswith("orders/"):
        order_id = body.get("admin_graphql_api_id")
    elif topic.startswith("refunds/"):
        order_id = f"gid://shopify/Order/{body.get('order_id')}"
    else:
        return None
    if not isinstance(order_id, str):
        raise ValueError("the body names no order")
    return order_id
