"""Lets calls in: nobody's request is looked at before it is known whose it is and whether that
principal may ask so much, and none is served that the rules do not cover."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from engine.access.gate import Gate
from engine.rpc.calls import CURRENT
from engine.rpc.checks import check_parsed
from engine.rpc.naming import TOUCHES
from engine.rpc.visits import Visit, shown_by

JUDGES_ITSELF = frozenset({"Execute", "Subscribe"})
"""Methods whose first message is not their request: their handlers hold against the rules what
comes. Execute ends by itself, too, once it has answered what it took."""


def admitted(gate: Gate, behavior: Any, method: str, *, is_stream: bool) -> Any:
    """The behavior of a method for those who may call it."""

    async def serve(request: Any, context: Any) -> Any:
        with _begin(gate, method, context, is_stream=is_stream) as visit:
            check_parsed(request)
            if method not in JUDGES_ITSELF:
                visit.ask(method, request)
            if visit.ended is None or method == "Execute":
                return await behavior(request, context)
            return await _as_long_as(visit.ended, behavior(request, context))

    return serve


def admitted_generator(gate: Gate, behavior: Any, method: str) -> Any:
    """The behavior of a method that yields its responses. One that is no command, such as
    reflection, is for every principal."""

    async def serve(request: Any, context: Any) -> AsyncIterator[Any]:
        with _begin(gate, method, context, is_stream=False) as visit:
            check_parsed(request)
            if method in TOUCHES:
                visit.ask(method, request)
            async for response in behavior(request, context):
                visit.check_time()
                yield response

    return serve


def _begin(gate: Gate, method: str, context: Any, *, is_stream: bool) -> Visit:
    """Who calls. Unauthenticated or RateLimited if they are not let in."""
    visit = Visit(gate, shown_by(context))
    CURRENT.set(replace(CURRENT.get(), principal=visit.name, visit=visit))
    if method != "Execute":
        visit.spend()
    if is_stream:
        visit.watch()
    return visit


async def _as_long_as(ended: asyncio.Future[None], serving: Any) -> Any:
    """What a handler gives, unless its caller may go on no longer: then why."""
    task = asyncio.ensure_future(serving)
    try:
        await asyncio.wait((task, ended), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            ended.result()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
