"""How a stream sends to a client that may not read."""

import asyncio
from typing import Any

import structlog

from engine.rpc.problems import SubscriberStalled

_log = structlog.get_logger(__name__)


async def send(context: Any, message: bytes, stall_s: float) -> None:
    """Write a message. SubscriberStalled if the client does not take it within this time; the
    status that follows reaches it after the message, whenever it reads on.
    grpc.aio.InternalError if it goes away in the middle of the message."""
    try:
        async with asyncio.timeout(stall_s):
            await context.write(message)
    except TimeoutError as late:
        raise SubscriberStalled(stall_s) from late


def log_stalled(stalled: SubscriberStalled, tenant: str, name: str) -> None:
    """Say who is let go, for whoever runs the node: the client hears of it only once it reads
    on."""
    _log.warning("a subscriber is let go", tenant=tenant, name=name, reason=str(stalled))
