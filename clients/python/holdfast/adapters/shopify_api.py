"""Speaks Shopify's GraphQL Admin API: pays what a request costs before it is made, waits as long as
the throttle says, and tries again what was lost on the way."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from holdfast.adapters.clock import Clock
from holdfast.adapters.outcomes import PermanentError, RetryLater
from holdfast.adapters.pacing import backoff_s

API_VERSION = "2026-04"
REQUEST_S_MAX = 20.0
TRIES_MAX = 5
"""How often a request is made before the channel counts as unreachable. A throttled one waits as
often as it has to."""
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 5.0


class Throttle(NamedTuple):
    """The bucket that requests are paid from, as it was when Shopify told."""

    maximum: float
    available: float
    restore_rate: float
    at: float

    def wait_s(self, cost: float, now: float) -> float:
        """How long until it holds so many points, and one more, since Shopify tells whole ones;
        what it never holds is asked for when it is full."""
        wanted = min(cost + 1.0, self.maximum)
        has = min(self.maximum, self.available + (now - self.at) * self.restore_rate)
        if has >= wanted or self.restore_rate <= 0:
            return 0.0
        return (wanted - has) / self.restore_rate


class ShopifyApi:
    """The API of one shop. Requests that change something carry an idempotency key in their
    variables, so that one that is made again has one effect."""

    def __init__(
        self,
        url: str,
        access_token: str,
        clock: Clock,
        random: Callable[[], float],
        *,
        version: str = API_VERSION,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """`url` is the shop's: ``https://example.myshopify.com``."""
        self._url = f"{url.rstrip('/')}/admin/api/{version}/graphql.json"
        self._headers = {"X-Shopify-Access-Token": access_token}
        self._clock = clock
        self._random = random
        self._http = http or httpx.AsyncClient(timeout=REQUEST_S_MAX)
        self._throttle: Throttle | None = None
        self._costs: dict[str, float] = {}
        self.waited = 0
        """How often a request has waited for points."""
        self.time: datetime | None = None
        """What time it was at Shopify when it answered last, in whole seconds."""

    async def close(self) -> None:
        """Ends what is open."""
        await self._http.aclose()

    async def ask(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of the answer. RetryLater when Shopify cannot be reached or does not let this
        app in, PermanentError when it does not understand the request."""
        failures = 0
        while True:
            await self._pay(document)
            try:
                response = await self._http.post(
                    self._url,
                    json={"query": document, "variables": dict(variables)},
                    headers=self._headers,
                )
            except httpx.TransportError as error:
                failures = await self._again(failures, f"{type(error).__name__}: {error}", None)
                continue
            self.time = _date(response) or self.time
            if response.status_code == 429 or response.status_code >= 500:
                after = _retry_after_s(response)
                failures = await self._again(failures, f"HTTP {response.status_code}", after)
                continue
            if response.status_code != 200:
                text = f"Shopify answers with HTTP {response.status_code}: {response.text[:200]}"
                raise _locked_out(text, f"http_{response.status_code}")
            answer: dict[str, Any] = response.json()
            self._learn(document, answer)
            errors = answer.get("errors")
            if not errors:
                data: dict[str, Any] = answer["data"]
                return data
            if _code(errors) == "THROTTLED":
                continue  # What it costs and what there is are known now.
            if _code(errors) in {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
                failures = await self._again(failures, str(errors)[:200], None)
                continue
            text = f"Shopify refuses: {str(errors)[:500]}"
            if _code(errors) in {"ACCESS_DENIED", "SHOP_INACTIVE"}:
                raise _locked_out(text, _code(errors).lower())
            raise PermanentError(text, reason="graphql")

    async def _pay(self, document: str) -> None:
        """Waits until the bucket holds what the request cost last time."""
        if self._throttle is None:
            return
        seconds = self._throttle.wait_s(self._costs.get(document, 0.0), self._clock.monotonic())
        if seconds > 0:
            self.waited += 1
            await self._wait(seconds)

    def _learn(self, document: str, answer: Mapping[str, Any]) -> None:
        cost = (answer.get("extensions") or {}).get("cost")
        if not cost:
            return
        status = cost["throttleStatus"]
        self._costs[document] = float(cost["requestedQueryCost"])
        self._throttle = Throttle(
            float(status["maximumAvailable"]),
            float(status["currentlyAvailable"]),
            float(status["restoreRate"]),
            self._clock.monotonic(),
        )

    async def _again(self, failures: int, why: str, after_s: float | None) -> int:
        """Waits before the next try; RetryLater if there were enough."""
        failures += 1
        if failures >= TRIES_MAX:
            raise RetryLater(
                f"Shopify cannot be reached: {why}",
                after_s=after_s,
                whole_channel=True,
                reason="unreachable",
            )
        await self._wait(
            after_s
            if after_s is not None
            else backoff_s(failures, BACKOFF_FIRST_S, BACKOFF_MAX_S, self._random())
        )
        return failures

    async def _wait(self, seconds: float) -> None:
        await self._clock.wait(asyncio.Event(), seconds)


def _locked_out(text: str, reason: str) -> RetryLater:
    """A token that does not open the shop, a scope that is missing, a shop that is closed: somebody
    has to mend that, and nothing is wrong with what was to be pushed."""
    return RetryLater(text, whole_channel=True, reason=reason)


def _code(errors: Any) -> str:
    """The code of the first error; Shopify writes some errors as a mere text."""
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return str((errors[0].get("extensions") or {}).get("code", ""))
    return ""


def _date(response: httpx.Response) -> datetime | None:
    """The time of an answer."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None


def _retry_after_s(response: httpx.Response) -> float | None:
    written = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(written))
    except ValueError:
        return None
