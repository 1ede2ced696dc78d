"""Python loads this at its start when this folder is on its path: a Holdfast whose shards at times
answer a read with what they had answered some reads of that SKU-location before, as a replica that
is behind would, to show that it is noticed."""

from collections import defaultdict, deque
from itertools import count
from typing import Any

from engine.shard import shard_actor
from engine.shard.queries import Query, ReadStock
from engine.shard.reader import read
from engine.shard.turn import Turn

_EVERY, _BEHIND = 5, 20
_numbers = count(1)
_before: defaultdict[object, deque[Any]] = defaultdict(lambda: deque(maxlen=_BEHIND))


def _read_stale(turn: Turn, query: Query) -> Any:
    answer = read(turn, query)
    if not isinstance(query, ReadStock):
        return answer
    before = _before[query.key]
    before.append(answer)
    return before[0] if next(_numbers) % _EVERY == 0 else answer


shard_actor.read = _read_stale  # type: ignore[assignment,attr-defined]
