"""How a stream sends to a client that may not read."""

import asyncio
from typing import Any

from engine.rpc.problems import SubscriberStalled


async def send(context: Any, message: bytes, stall_s: float) -> None:
    """Write a message. SubscriberStalled if the client does not take it within this time; the
    status that follows reaches it after the message, whenever it reads on.
    grpc.aio.InternalError if it goes away in the middle of the message."""
    try:
        async with asyncio.timeout(stall_s):
            await context.write(message)
    except TimeoutError as late:
        raise SubscriberStalled(stall_s) from late
