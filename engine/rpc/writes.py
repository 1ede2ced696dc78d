"""One command of a unary call: converted, submitted, converted back."""

from functools import partial
from typing import Any, TypeVar

from engine.rpc.calls import CURRENT, ask, problem_of
from engine.rpc.convert_answers import Filler, Place
from engine.rpc.convert_commands import Converter
from engine.rpc.convert_parts import AtPosition, ByReference, Caller
from engine.rpc.settle import settle
from engine.rpc.subjects import check_subject
from engine.shard.messages import Accepted
from engine.shard.port import Shards

M = TypeVar("M")


async def write(
    shards: Shards, converter: Converter, filler: Filler, request: Any, response: M
) -> M:
    """Run the command that `request` asks for, and fill its response."""
    call = CURRENT.get()
    caller = Caller(shards, call.correlation_id, call.principal)
    converted = converter(request, caller)
    if isinstance(converted, (ByReference, AtPosition)):
        slot, submitted = await settle(shards, converted, partial(ask, shards))
    else:
        slot, submitted = converted
    if (visit := call.visit) is not None:
        read = partial(ask, shards, slot)
        about = submitted.command
        shard = shards.shard_of(slot)
        await check_subject(visit, call.method, visit.asked, about, shard=shard, read=read)
    result = await ask(shards, slot, submitted)
    shard = shards.shard_of(slot)
    if not isinstance(result, Accepted):
        raise problem_of(result, submitted, shard)
    filler(response, result.answer, result, Place(shards.history, shards.epoch, shard))
    return response
