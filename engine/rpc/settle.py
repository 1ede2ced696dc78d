"""What a shard has to be asked before a command can be submitted."""

from collections.abc import Awaitable, Callable

from engine.rpc.calls import unanswered
from engine.rpc.convert_parts import AtPosition, ByReference, Submission, Unsettled
from engine.rpc.cursors import covering
from engine.rpc.references import resolve
from engine.shard.messages import Result
from engine.shard.port import Shards
from engine.shard.queries import FindReservation, ReadStock, StockRead

Ask = Callable[[int, FindReservation | ReadStock], Awaitable[Result]]
"""Asks the shard of a slot, with the deadline of the command."""


async def settle(shards: Shards, unsettled: Unsettled, ask: Ask) -> Submission:
    """The command as it can be submitted. Raises as `resolve` does, or CursorOutOfRange if it
    builds on what has not happened yet."""
    if isinstance(unsettled, ByReference):
        return await resolve(shards, unsettled, ask)
    await _check_reached(shards, unsettled, ask)
    return unsettled.submission


async def _check_reached(shards: Shards, at: AtPosition, ask: Ask) -> None:
    slot, question = at.submission[0], ReadStock(at.key)
    shard = shards.shard_of(slot)
    result = await ask(slot, question)
    if not isinstance(result, StockRead):
        raise unanswered(result, shard, question)
    covering({shard: at.position}, {shard: result.position}, shards)
