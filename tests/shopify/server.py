"""Shopify on the loopback interface: its API with what goes wrong on the way, and its webhooks.

async with shopify_server(Faults(seed=7)) as shopify:
    item, location = shopify.shop.add_item("TEA"), shopify.shop.add_location("LONDON")
    ...                                   # shopify.url is the shop's address
"""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import httpx
from holdfast.adapters.http import HttpServer, Request, Response

from tests.shopify.admin_api import AdminApi
from tests.shopify.cost import Bucket
from tests.shopify.faults import Fate, Faults
from tests.shopify.schema import API_VERSION
from tests.shopify.shop import SHOP, Shop

TOKEN = "shpat_of_the_tests"
SECRET = "secret-of-the-tests"
PATH = f"/admin/api/{API_VERSION}/graphql.json"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
WEBHOOK_TRIES_MAX = 9
"""Shopify delivers once and then tries eight more times."""


class ShopifyServer:
    """One shop with its API and its webhooks."""

    def __init__(
        self,
        faults: Faults,
        *,
        points: float,
        points_per_s: float,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.faults = faults
        self.shop = Shop(wall, self._publish)
        self.bucket = Bucket(monotonic, points, points_per_s)
        self.api = AdminApi(self.shop, self.bucket, wall)
        self.webhook_url = ""
        """Where webhooks go; empty: nowhere."""
        self.delivered = 0
        self.given_up = 0
        self.requests: list[str] = []
        """The name of each operation that was asked for."""
        self.url = ""
        self._wall = wall
        self._asked = asyncio.Event()
        self._http = HttpServer({("POST", PATH): self._answer}, on_error=self._failed)
        self._errors: list[Exception] = []
        self._queue: list[tuple[str, str, str, bytes, int]] = []
        self._webhooks = 0
        self._wake = asyncio.Event()
        self._delivering: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.url = f"http://127.0.0.1:{await self._http.start('127.0.0.1', 0)}"
        self._delivering = asyncio.create_task(self._deliver())

    async def stop(self) -> None:
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.gather(self._delivering, return_exceptions=True)
        await self._http.close()
        if self._errors:
            raise self._errors[0]

    def undelivered(self) -> int:
        """Webhooks that are still to be delivered."""
        return len(self._queue)

    async def asked(self, name: str = "") -> None:
        """Returns when a request comes that is not there yet, or one with this operation."""
        before = len(self.requests)
        while True:
            self._asked.clear()
            await self._asked.wait()
            if not name or name in self.requests[before:]:
                return

    def _failed(self, error: Exception) -> None:
        self._errors.append(error)

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("x-shopify-access-token") != TOKEN:
            return _json(401, {"errors": "[API] Invalid API key or access token"})
        self._asked.set()
        fate = self.faults.fate()
        if fate is Fate.REFUSED:
            return Response(503)
        if fate is Fate.TOO_MANY:
            return Response(429, headers={"Retry-After": "0.1"})
        asked = json.loads(request.body)
        self.requests.append(asked["query"].split("(")[0].split("{")[0].strip())
        answer = self.api.answer(asked["query"], asked.get("variables") or {})
        if fate is Fate.LOST_ANSWER:
            raise asyncio.CancelledError  # The connection ends without an answer.
        if fate is Fate.LATE_ANSWER:
            return Response(502)
        return _json(200, answer, {"Date": formatdate(self._wall(), usegmt=True)})

    def _publish(self, topic: str, payload: dict[str, Any]) -> None:
        if self.faults.happens(self.faults.webhook_lost):
            return
        body = json.dumps(payload).encode()
        triggered_at = datetime.now(UTC).isoformat()
        for _ in range(2 if self.faults.happens(self.faults.webhook_twice) else 1):
            # Both deliveries of one webhook have its id.
            self._queue.append((f"webhook-{self._webhooks}", topic, triggered_at, body, 0))
        self._webhooks += 1
        self._wake.set()

    async def _deliver(self) -> None:
        async with loopback_client() as client:
            while True:
                self._wake.clear()
                while self._queue and self.webhook_url:
                    late = self.faults.happens(self.faults.webhook_late)
                    at = self.faults.random.randrange(len(self._queue)) if late else 0
                    identity, topic, triggered_at, body, tries = self._queue.pop(at)
                    headers = signed(topic, identity, triggered_at, body)
                    try:
                        answer = await client.post(self.webhook_url, content=body, headers=headers)
                        taken = answer.is_success
                    except httpx.HTTPError:
                        taken = False
                    self.delivered += taken
                    if not taken and tries + 1 < WEBHOOK_TRIES_MAX:
                        self._queue.append((identity, topic, triggered_at, body, tries + 1))
                    elif not taken:
                        self.given_up += 1
                await self._wake.wait()

    def deliver_to(self, url: str) -> None:
        """Webhooks go to this address from now on."""
        self.webhook_url = url
        self._wake.set()


def loopback_client() -> httpx.AsyncClient:
    """A client for this machine alone: reading the certificates of the world takes it long."""
    return httpx.AsyncClient(trust_env=False, timeout=10, verify=NO_CERTIFICATES)


def signed(
    topic: str, identity: str, triggered_at: str, body: bytes, secret: str = SECRET
) -> dict[str, str]:
    """The headers of a delivery."""
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": identity,
        "X-Shopify-Triggered-At": triggered_at,
    }


@asynccontextmanager
async def shopify_server(
    faults: Faults | None = None,
    *,
    points: float = 2_000,
    points_per_s: float = 100,
    monotonic: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[ShopifyServer]:
    """A shop that serves inside the block; by default with the limits of the standard plan."""
    server = ShopifyServer(
        faults or Faults(),
        points=points,
        points_per_s=points_per_s,
        monotonic=monotonic,
        wall=wall,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json", headers or {})
