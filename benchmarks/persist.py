"""Asks until the outcome is known: what a careful client does when a shard dies in between.

The SDK retries by itself until a call's timeout. What still has no answer then is asked again here,
with the same request id, so that it takes effect once.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from holdfast.errors import AttemptDecided, DeadlineExpired, Overloaded, Unavailable

ATTEMPTS_MAX = 10

Answer = TypeVar("Answer")


async def until_known(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer. `ask` must name the same request id each time.

    Raises what the server refuses, and the last failure if there is no answer in `ATTEMPTS_MAX`
    attempts.
    """
    for _ in range(ATTEMPTS_MAX - 1):
        try:
            return await ask()
        except (AttemptDecided, DeadlineExpired, Overloaded, Unavailable):
            continue
    return await ask()
