"""Pushes updates as webhooks: CloudEvents 1.0 in JSON, signed as Standard Webhooks has it."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlsplit

import httpx
from standardwebhooks import Webhook

from holdfast.adapters.adapter import Adapter
from holdfast.adapters.outcomes import ChannelGone, Failures, PermanentError, PushError, RetryLater
from holdfast.adapters.settings import Secret
from holdfast.adapters.source import ChannelUpdate, Listing

EVENT_TYPE = "holdfast.channel.availability.changed"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
RETRY_AFTER_S_MAX = 86_400.0
REFUSALS = frozenset({400, 413, 415, 422})
"""Answers of a receiver that has read the message and will never take it. Others, such as 404, may
be a mistake in its set-up, and are tried again."""
SECRET_BYTES = (24, 64)
"""Shortest and longest secret that the scheme allows."""
OVERLOADED = frozenset({429, 503})
ANSWER_CHARACTERS_MAX = 200
"""How much of an answer goes into the reason of a failure."""


class Webhooks(Adapter):
    """Posts each update to a URL, signed by the Standard Webhooks scheme, as a CloudEvent in JSON.

    The id of a message stays the same however often it is sent, so that receivers can drop
    duplicates; `sequence` grows with each update of a SKU, so that they can drop what is late. 2xx
    is success; 410 parks the update and stops the adapter.
    """

    name = "webhooks"
    push_timeout_s: ClassVar[float] = 300.0

    def __init__(
        self,
        *,
        url: Annotated[str, "Where to post; https, or http to this machine."],
        secret: Annotated[Secret, "What signs; two, with a space between, while one is replaced."],
        source: Annotated[str, "CloudEvents source; empty: of tenant and channel."] = "",
        concurrency: Annotated[int, "Requests at once."] = 8,
        timeout_s: Annotated[float, "How long one request may take."] = 15.0,
    ) -> None:
        address = urlsplit(url)
        if address.scheme != "https" and (address.scheme, address.hostname in LOOPBACK) != (
            "http",
            True,
        ):
            raise ValueError("--url must be https, or http to this machine.")
        self._keys = [_key(each) for each in secret.reveal().split()]
        if not self._keys:
            raise ValueError("The secret is empty.")
        self._url = url
        self._source = source
        self._concurrency = max(1, concurrency)
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Opens the connections' pool."""
        self._client = httpx.AsyncClient(
            timeout=self._timeout_s,
            limits=httpx.Limits(max_connections=self._concurrency),
            headers={"User-Agent": "holdfast-webhooks/1"},
        )

    async def stop(self) -> None:
        """Closes it."""
        if self._client is not None:
            await self._client.aclose()

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures:
        """Posts each, several at once, until the receiver takes no more."""
        waiting = list(reversed(updates))
        failures: dict[str, PushError] = {}
        halt: list[PushError] = []

        async def post_some() -> None:
            while waiting:
                update = waiting.pop()
                try:
                    if halt:
                        # Not sent: the receiver has said enough.
                        raise RetryLater(str(halt[0]), whole_channel=True, reason=halt[0].reason)
                    await self._post(update)
                except PushError as error:
                    failures[update.sku] = error
                    if isinstance(error, ChannelGone) or (
                        isinstance(error, RetryLater) and error.whole_channel
                    ):
                        halt.append(error)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._concurrency, len(updates))):
                group.create_task(post_some())
        return failures

    async def _post(self, update: ChannelUpdate) -> None:
        if self._client is None:
            raise RetryLater("The adapter is not started.")
        now = self.context.clock.now()
        message_id, body = self.message(update)
        signatures = [key.sign(message_id, now, body) for key in self._keys]
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            response = await self._client.post(self._url, content=body.encode(), headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            text = f"The receiver cannot be reached: {type(error).__name__}"
            raise RetryLater(text, whole_channel=True, reason="connect") from None
        except httpx.TimeoutException:
            # It may have taken effect; the same id tells the receiver.
            raise RetryLater("The receiver did not answer in time.", reason="timeout") from None
        except httpx.HTTPError as error:
            text = f"The request failed: {type(error).__name__}"
            raise RetryLater(text, reason="transport") from None
        _check(response, now)

    def message(self, update: ChannelUpdate) -> tuple[str, str]:
        """The id and the body of an update's message, both always the same for the same update."""
        tenant = self.context.tenant
        data = {
            "tenant": tenant,
            "channel": self.context.channel,
            "sku": update.sku,
            "units": update.units,
            "unlimited": update.unlimited,
            "locations": [
                {
                    "location": each.location,
                    "units": each.units,
                    "unlimited": each.unlimited,
                    "listing": _listing(each.listing),
                }
                for each in update.locations
            ],
            "listing": _listing(update.listing),
            "epoch": update.epoch,
            "version": update.version,
        }
        path = [each for each in ("holdfast", tenant, "channels", self.context.channel) if each]
        source = self._source or "/" + "/".join(quote(each, safe="") for each in path)
        content = json.dumps([source, data], sort_keys=True, ensure_ascii=False)
        message_id = f"msg_{hashlib.sha256(content.encode()).hexdigest()[:32]}"
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": message_id,
            "source": source,
            "type": EVENT_TYPE,
            "subject": update.sku,
            "sequence": f"{update.epoch:020d}.{update.version:020d}",
            "datacontenttype": "application/json",
            "data": data,
        }
        if update.recorded_at is not None:
            event["time"] = update.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return message_id, json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _key(secret: str) -> Webhook:
    """What signs with a secret. ValueError if it is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ValueError("The secret must be whsec_ and base64 of 24 to 64 random bytes.")
    return Webhook(key)


def _listing(listing: Listing | None) -> dict[str, str] | None:
    if listing is None:
        return None
    return {
        "shop": listing.shop,
        "item": listing.item,
        "external_location": listing.external_location,
    }


def _check(response: httpx.Response, now: datetime) -> None:
    """Raises what an answer means, unless it is success."""
    status = response.status_code
    if 200 <= status < 300:
        return
    answer = " ".join(response.text[:ANSWER_CHARACTERS_MAX].split())
    text = f"The receiver answered {status}{': ' if answer else ''}{answer}"
    reason = f"http_{status}"
    if status == 410:
        raise ChannelGone(text, reason=reason)
    if status in REFUSALS:
        raise PermanentError(text, reason=reason)
    after_s = retry_after_s(response.headers.get("Retry-After", ""), now)
    raise RetryLater(text, after_s=after_s, whole_channel=status in OVERLOADED, reason=reason)


def retry_after_s(header: str, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, which gives them or a date; None: nothing that can
    be read."""
    text = header.strip()
    if text.isdecimal():
        return min(float(text), RETRY_AFTER_S_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), RETRY_AFTER_S_MAX)
