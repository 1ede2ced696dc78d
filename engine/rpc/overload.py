"""How commands are refused while a shard's queue is full: for next to nothing.

A node that is asked for three times what it can do refuses two commands for each that it decides.
If a refusal cost as much as a decision, refusing would leave no time to decide: so a batch that
nobody has room for is not looked at command by command, and what is said of each is made once.
"""

from functools import lru_cache

from holdfast.v1 import errors_pb2 as pb_errors
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.errors import explain
from engine.rpc.statuses import put_failure
from engine.shard.port import Overloaded

OVERLOADED = pb_errors.ErrorReason.Name(pb_errors.ERROR_REASON_OVERLOADED)

ANSWERS_KEPT = 16
"""Whole answers that are kept to be given again: each has some hundred bytes for each command."""


def failure_of(problem: Overloaded) -> pb_errors.Failure:
    """What a command hears that was refused because of a full queue. It is shared: copy it."""
    return _failure(problem.shard, problem.queued)


def answer_to_all(batch_id: int, commands: int, problem: Overloaded) -> pb.ExecuteResponse:
    """The whole answer to a batch of which nothing was taken."""
    answer = pb.ExecuteResponse.FromString(_answer(problem.shard, problem.queued, commands))
    answer.batch_id = batch_id
    return answer


@lru_cache(maxsize=ANSWERS_KEPT)
def _failure(shard: int, queued: int) -> pb_errors.Failure:
    refusal = explain(Overloaded(shard, queued))
    if refusal is None:
        raise TypeError("a full queue is not explained")
    failure = pb_errors.Failure()
    put_failure(failure, refusal)
    return failure


@lru_cache(maxsize=ANSWERS_KEPT)
def _answer(shard: int, queued: int, commands: int) -> bytes:
    answer = pb.ExecuteResponse(complete=True)
    failure = _failure(shard, queued)
    for index in range(commands):
        answer.outcomes.add(index=index, failure=failure)
    return answer.SerializeToString()
