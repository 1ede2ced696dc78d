"""Who may tell an adapter something: only who knows the secret, and lately."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from holdfast.adapters.http import HttpServer, Request
from holdfast.adapters.inbound_webhooks import (
    ShopifySignature,
    StandardSignature,
    Verifier,
    webhook_handler,
)
from standardwebhooks import Webhook

from tests.shopify.server import SECRET, loopback_client, signed

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
BODY = b'{"order_id": 1}'
KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(32)).decode()


def shopify_headers(**changed: str) -> dict[str, str]:
    made = {name.lower(): value for name, value in signed("orders/create", "w-1", "", BODY).items()}
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


def standard_headers(
    *, key: str = KEY, late: timedelta = timedelta(), body: bytes = BODY, **changed: str
) -> dict[str, str]:
    at = NOW - late
    made = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign("msg_1", at, body.decode()),
    }
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (shopify_headers(), BODY, True),
        (shopify_headers(), BODY + b" ", False),
        (shopify_headers(x_shopify_hmac_sha256=""), BODY, False),
        (shopify_headers(x_shopify_hmac_sha256="not base64!"), BODY, False),
        ({}, BODY, False),
    ],
)
def test_shopifys_signature(headers: dict[str, str], body: bytes, expected: bool) -> None:
    assert ShopifySignature(SECRET).is_genuine(headers, body, NOW) is expected
    assert ShopifySignature("new secret", SECRET).is_genuine(headers, body, NOW) is expected
    assert not ShopifySignature("another secret").is_genuine(headers, body, NOW)


def test_there_is_no_signature_without_a_secret() -> None:
    for kind in (ShopifySignature, StandardSignature):
        for secrets in ((), ("",)):
            with pytest.raises(ValueError, match="secret"):
                kind(*secrets)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (standard_headers(), True),
        (standard_headers(late=timedelta(minutes=4)), True),
        (standard_headers(late=timedelta(minutes=6)), False),
        (standard_headers(late=timedelta(minutes=-6)), False),
        (standard_headers(key=OTHER), False),
        (standard_headers(body=b"{}"), False),
        (standard_headers(webhook_id="msg_2"), False),
        (standard_headers(webhook_id=""), False),
        (standard_headers(webhook_timestamp="yesterday"), False),
        (standard_headers(webhook_timestamp="9" * 400), False),
        (standard_headers(webhook_signature=""), False),
        (standard_headers(webhook_signature="v1a," + "A" * 43 + "="), False),
    ],
)
def test_the_standard_signature(headers: dict[str, str], expected: bool) -> None:
    assert StandardSignature(KEY).is_genuine(headers, BODY, NOW) is expected


def test_one_of_several_standard_signatures_is_enough() -> None:
    old, new = (standard_headers(key=key)["webhook-signature"] for key in (OTHER, KEY))
    headers = standard_headers(webhook_signature=f"{old} {new} v2,x")
    assert StandardSignature(KEY).is_genuine(headers, BODY, NOW)
    assert StandardSignature(OTHER).is_genuine(headers, BODY, NOW)


@pytest.mark.parametrize(
    ("verifier", "headers"),
    [
        (ShopifySignature(SECRET), shopify_headers()),
        (StandardSignature(KEY), standard_headers()),
    ],
)
async def test_the_endpoint_listens_to_nobody_else(
    verifier: Verifier, headers: dict[str, str]
) -> None:
    heard: list[bytes] = []

    async def take(request: Request) -> None:
        heard.append(request.body)
        if len(heard) > 1:
            raise ValueError("that is no order")

    failures: list[Exception] = []
    handler = webhook_handler(verifier, lambda: NOW, take)
    server = HttpServer({("POST", "/hook"): handler}, on_error=failures.append)
    url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/hook"
    async with loopback_client() as http:
        statuses = [
            (await http.post(url, content=body, headers=given)).status_code
            for body, given in ((BODY, {}), (BODY, headers), (b"x", headers), (BODY, headers))
        ]
    await server.close()
    assert statuses == [401, 200, 401, 400]
    assert heard == [BODY, BODY]
    assert failures == []
