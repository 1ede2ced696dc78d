"""A verified endpoint for the webhooks of a channel. Who cannot sign is not listened to; what is
signed is answered at once and worked on afterwards, since senders are impatient, and since what a
crash loses the next poll finds."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from holdfast.adapters.http import Handler, Request, Response

TOLERANCE_S = 300.0
"""How far the time of a Standard Webhook may be from now: an old one may have been recorded."""


class Verifier(Protocol):
    """Knows who has sent a request."""

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the sender knew the secret; names of headers are lower-case."""


class ShopifySignature:
    """Shopify's: the base64 of HMAC-SHA256 over the body, by the app's client secret. Several
    secrets are for the hour in which a new one replaces an old one."""

    def __init__(self, *secrets: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a secret is needed to verify webhooks")
        self._secrets = [secret.encode() for secret in secrets]

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether one of the secrets signs the body so."""
        del now
        given = _from_base64(headers.get("x-shopify-hmac-sha256", ""))
        return _is_one_of(given, (hmac.digest(key, body, hashlib.sha256) for key in self._secrets))


class StandardSignature:
    """That of Standard Webhooks: ``v1,`` and the base64 of HMAC-SHA256 over id, time and body. One
    of several signatures is enough."""

    def __init__(self, *secrets: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a secret is needed to verify webhooks")
        self._secrets = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether one of the secrets signs the message so, and its time is about now."""
        identity, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not identity or not time.isascii() or not time.isdecimal() or len(time) > 12:
            return False
        if abs(now.timestamp() - int(time)) > TOLERANCE_S:
            return False
        signed = f"{identity}.{time}.".encode("latin-1") + body
        expected = [hmac.digest(key, signed, hashlib.sha256) for key in self._secrets]
        versions = (each.partition(",") for each in headers.get("webhook-signature", "").split())
        return any(
            _is_one_of(_from_base64(signature), expected)
            for version, _, signature in versions
            if version == "v1"
        )


def webhook_handler(
    verifier: Verifier,
    now: Callable[[], datetime],
    take: Callable[[Request], Awaitable[None]],
) -> Handler:
    """Answers webhooks: 401 to who is not genuine, 400 to a ValueError of `take`, and 200."""

    async def handle(request: Request) -> Response:
        if not verifier.is_genuine(request.headers, request.body, now()):
            return Response(401)
        try:
            await take(request)
        except ValueError:
            return Response(400)
        return Response(200)

    return handle


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_one_of(given: bytes, expected: Iterable[bytes]) -> bool:
    """Compares with all of them, each in constant time."""
    return sum([hmac.compare_digest(given, each) for each in expected]) > 0
