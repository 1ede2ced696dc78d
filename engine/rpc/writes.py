"""One command of a unary call: converted, submitted, converted back."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from engine.rpc.calls import CURRENT, ask, problem_of
from engine.rpc.convert_answers import FILLERS, Filler, Place
from engine.rpc.convert_commands import Converter
from engine.rpc.convert_parts import AtPosition, ByReference, Caller
from engine.rpc.settle import settle
from engine.rpc.subjects import check_subject
from engine.shard.messages import Accepted
from engine.shard.port import Shards


def method(converters: Mapping[str, Converter], name: str, response: Callable[[], Any]) -> Any:
    """The method of a service that runs the command of this name. It has no coroutine of its own
    around that of the command."""
    converter, filler = converters[name], FILLERS[name]

    def run(service: Any, request: Any, context: object) -> Awaitable[Any]:
        return _write(service.shards, converter, filler, request, response())

    return run


async def _write(
    shards: Shards, converter: Converter, filler: Filler, request: Any, response: Any
) -> Any:
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
