"""Asks shards beside their writers what the feed needs to know."""

from typing import TypeVar

from engine.channels.asking import Asking, Unanswered
from engine.shard.messages import Failed
from engine.shard.port import HistoryDamaged, Overloaded, Shards, ShardUnavailable
from engine.shard.queries import QueryResult, Question

Q = TypeVar("Q", bound=QueryResult)


async def look_up(shards: Shards, shard: int, question: Question, kind: type[Q]) -> Q:
    """The answer to a question. ShardUnavailable if there is none now, HistoryDamaged if what is
    stored there cannot be read."""
    try:
        return await Asking(shards).look_up(shard, question, kind)
    except Unanswered as unanswered:
        raise problem_of(unanswered) from unanswered
    except Overloaded as overloaded:
        raise ShardUnavailable(shard) from overloaded


def problem_of(unanswered: Unanswered) -> Exception:
    """What it means to the feed that a shard has not answered."""
    if isinstance(unanswered.result, Failed):
        return HistoryDamaged(unanswered.shard, str(unanswered))
    return ShardUnavailable(unanswered.shard)
