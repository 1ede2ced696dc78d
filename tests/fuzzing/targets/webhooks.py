"""Webhooks as channels send them: who is genuine, and what those say."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

from holdfast.adapters.http import Request
from holdfast.adapters.inbound_webhooks import ShopifySignature, StandardSignature, webhook_handler
from holdfast.adapters.shopify import heard_order

from tests.fuzzing.targets.scratch import kept

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = base64.b64encode(b"s" * 24).decode()
NAMES = ("x-shopify-hmac-sha256", "webhook-id", "webhook-timestamp", "webhook-signature")


class Genuine:
    """Believes everybody, so that what genuine senders say is read as well."""

    def is_genuine(self, headers: Any, body: bytes, now: datetime) -> bool:
        del headers, body, now
        return True


def one_input(data: bytes) -> None:
    """Lines of headers and a body, as latin-1, which HTTP has. Nobody who does not know the secret
    is genuine; what genuine senders send is taken or answered with 400."""
    head, _, body = data.partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    headers = dict(zip(NAMES, lines, strict=False)) | {"x-shopify-topic": lines[-1]}
    for verifier in (ShopifySignature(SECRET), StandardSignature(SECRET)):
        assert not verifier.is_genuine(headers, body, NOW)
    loop = kept("loop", asyncio.new_event_loop)
    handler = webhook_handler(Genuine(), lambda: NOW, _take)
    answer = loop.run_until_complete(handler(Request("POST", "/webhooks", "", headers, body)))
    assert answer.status in (200, 400)


async def _take(request: Request) -> None:
    order_id = heard_order(request)
    assert order_id is None or isinstance(order_id, str)


def examples() -> list[bytes]:
    """Webhooks of orders and refunds, and signatures that are none."""
    order = b'{"admin_graphql_api_id": "gid://shopify/Order/5"}'
    signed = b"QUJD\nmsg_1\n1767225600\nv1,QUJD v1a,x v1,\xff=\n"
    return [
        *(signed + b"orders/updated\n\n" + each for each in (order, b"[]", b"{", b"\xff", b"5")),
        signed + b'refunds/create\n\n{"order_id": 7}',
        b"\n\n\n\nshop/update\n\n{}",
        b"\n\n999999999999\n\norders/updated\n\n" + b"[" * 5_000,
    ]
