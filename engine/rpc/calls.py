"""What a handler knows of the call it answers, and the one way from a handler to the shards."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec
import structlog

from engine.rpc.faults import new_correlation_id
from engine.rpc.patience import Patience
from engine.rpc.problems import DeadlineExpired, DecisionFailed, Rejected
from engine.rpc.visits import Visit
from engine.shard.messages import Failed, Refused, Request, Result, TooLate, Write
from engine.shard.port import Shards
from engine.shard.queries import NotThere, PastNotKept, Query, QueryResult, Question

Q = TypeVar("Q", bound=QueryResult)

_log = structlog.get_logger(__name__)

WAIT_NS_MAX = 24 * 60 * 60 * 1_000_000_000
"""Nothing that was submitted waits longer to be decided: a day. Whoever states a later deadline, or
none, still gets an answer within this time, and every deadline fits the frames to the shards."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """A call on its way through a handler.

    `deadline_ns` is of CLOCK_MONOTONIC, 0 if there is none. `patience` ends waits at a deadline of
    the server's own; None: there is none, or the client has set it, so that gRPC ends the call.
    `visit` judges what the caller may do; None: everything.
    """

    method: str
    correlation_id: str = ""
    principal: str = ""
    deadline_ns: int = 0
    patience: Patience | None = None
    visit: Visit | None = None


def deadline_ns_in(remaining_s: float, now_ns: int) -> int:
    """The deadline of what has `remaining_s` seconds left at `now_ns`; never 0, which means
    none."""
    return max(1, now_ns + int(max(0.0, remaining_s) * 1e9))


def earliest_ns(now_ns: int, call_ns: int, own_ns: int = 0) -> int:
    """The deadline of a request that is submitted at `now_ns`: that of its call or its own,
    whichever is earlier (0: none), and no later than WAIT_NS_MAX from now."""
    deadline_ns = now_ns + WAIT_NS_MAX
    if call_ns and call_ns < deadline_ns:
        deadline_ns = call_ns
    if own_ns and own_ns < deadline_ns:
        deadline_ns = own_ns
    return deadline_ns


CURRENT: ContextVar[Call] = ContextVar("holdfast_call")
"""The call that the running handler answers; `Methods` sets it."""


def ask(shards: Shards, slot: int, request: Request) -> asyncio.Future[Result]:
    """Submit a request of the current call; its durable result is to be waited for, within the
    call's deadline.

    When the client goes away or its deadline passes, this wait ends and the request goes on: a
    write is never torn. Raises Overloaded or ShardUnavailable, and the wait the latter also if the
    server's own deadline passes without an answer, since the outcome is unknown then.
    """
    call = CURRENT.get()
    deadline_ns = earliest_ns(time.monotonic_ns(), call.deadline_ns)
    future = shards.submit(slot, request, deadline_ns)
    if call.patience is not None:
        call.patience.limit(future, call.deadline_ns, shards.shard_of(slot))
    return future


async def look_up(
    shards: Shards,
    shard: int,
    question: Question,
    kind: type[Q],
    *,
    not_kept: Callable[[PastNotKept], Exception] | None = None,
    missing: Exception | None = None,
) -> Q:
    """Ask a shard a question of the current call that it answers beside its writer, and expect an
    answer of this kind. Raises as `ask` does, DeadlineExpired or DecisionFailed; what `not_kept`
    makes of a past that is not kept; and `missing` if what was asked about does not exist."""
    call = CURRENT.get()
    deadline_ns = earliest_ns(time.monotonic_ns(), call.deadline_ns)
    future = shards.look_up(shard, question, deadline_ns)
    if call.patience is not None:
        call.patience.limit(future, call.deadline_ns, shard)
    result = await future
    if isinstance(result, kind):
        return result
    if isinstance(result, PastNotKept) and not_kept is not None:
        raise not_kept(result)
    if isinstance(result, NotThere) and missing is not None:
        raise missing
    raise unanswered(result, shard, question)


def unanswered(result: Result, shard: int, question: Query | Question) -> Exception:
    """Why a query or question has no answer of the kind that was expected."""
    if isinstance(result, TooLate):
        return DeadlineExpired(shard)
    if isinstance(result, Failed):
        return failed(shard, type(question).__name__, CURRENT.get().correlation_id)
    return TypeError(f"a read was answered with {type(result).__name__}")


def abandon(future: asyncio.Future[Any]) -> None:
    """Let a future finish without anyone waiting; an exception of it is of no interest any more."""
    future.add_done_callback(_ignore)


def _ignore(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


def problem_of(result: Result, write: Write, shard: int) -> Exception:
    """Why a write was not accepted."""
    if type(result) is Refused:
        return Rejected(result.rejection, write.command)
    if type(result) is TooLate:
        return DeadlineExpired(shard)
    if type(result) is Failed:
        context = write.context
        return failed(
            shard, type(write.command).__name__, context.correlation_id, context.request_id
        )
    return TypeError(f"a write was answered with {type(result).__name__}")


def failed(shard: int, asked: str, correlation_id: str, request_id: str = "") -> DecisionFailed:
    """A failed decision, logged with what finds it in the shard's log. Where the caller gave no
    correlation id, the request id serves as one, or else one is made."""
    correlation_id = correlation_id or request_id or new_correlation_id()
    _log.error(
        "a shard failed to answer",
        shard=shard,
        asked=asked,
        request_id=request_id,
        correlation_id=correlation_id,
    )
    return DecisionFailed(shard, correlation_id)
