"""Python loads this at its start when this folder is on its path: a Holdfast whose shards at times
answer a receipt before it has taken effect, which it does after the next command, to show that it
is noticed."""

from itertools import count
from typing import Any

from msgspec.structs import replace

from engine.core.commands import Receive
from engine.shard.messages import Write
from engine.shard.turn import Turn
from engine.shard.writer import Writer

_EVERY = 3
_numbers = count(1)
_put_off: list[tuple[int, Write]] = []
_write = Writer.write


def _write_late(self: Writer, turn: Turn, slot: int, write: Write) -> Any:
    if isinstance(write.command, Receive) and next(_numbers) % _EVERY == 0:
        _put_off.append((slot, write))
        context = replace(write.context, validate_only=True)
        return _write(self, turn, slot, replace(write, context=context))
    answer = _write(self, turn, slot, write)
    while _put_off:
        _write(self, turn, *_put_off.pop())
    return answer


Writer.write = _write_late  # type: ignore[method-assign]
