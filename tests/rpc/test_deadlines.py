"""Deadlines, however far away, reach the shards as numbers that they can keep."""

import asyncio
import time

import pytest
from google.protobuf.duration_pb2 import Duration
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.calls import WAIT_NS_MAX, deadline_ns_in, earliest_ns
from engine.rpc.patience import Patience
from engine.shard.messages import Noted, Request, Result
from engine.shard.port import ShardUnavailable
from tests.rpc.serving import TEA, GatedShards, Node, serving


class RecordingShards(GatedShards):
    """Notes the deadline of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.deadlines_ns: list[int] = []

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        self.deadlines_ns.append(deadline_ns)
        return super().submit(slot, request, deadline_ns)


def receive(node: Node) -> pb.ReceiveRequest:
    return pb.ReceiveRequest(context=node.context(), key=TEA, quantity=1)


async def test_nothing_waits_longer_than_a_day() -> None:
    shards = RecordingShards()
    earliest = earliest_ns(time.monotonic_ns(), 0)
    async with serving(shards) as node:
        # A client's own limit is 292 years. Timeouts of commands go up to 10 000.
        for timeout_s, own_s in [(1e6, 10**6), (1e9, 10**10), (5e9, 3 * 10**11), (None, 10**11)]:
            await node.stub.Receive(receive(node), timeout=timeout_s or 1e9)
            stream = node.stub.Execute(timeout=timeout_s)
            commands = [
                pb.Command(timeout=Duration(seconds=own_s), receive=receive(node)),
                pb.Command(receive=receive(node)),
            ]
            await stream.write(pb.ExecuteRequest(batch_id=1, commands=commands))
            outcomes = (await stream.read()).outcomes
            assert [outcome.WhichOneof("result") for outcome in outcomes] == ["receive"] * 2
            await stream.done_writing()
    latest = earliest_ns(time.monotonic_ns(), 0)
    assert len(shards.deadlines_ns) == 12
    assert all(earliest <= deadline_ns <= latest for deadline_ns in shards.deadlines_ns)


@pytest.mark.parametrize(
    ("remaining_s", "now_ns", "deadline_ns"),
    [(0.0, 0, 1), (-1.0, 0, 1), (0.0, 7, 7), (-1.0, 7, 7), (2.5, 7, 2_500_000_007)],
)
def test_a_deadline_that_is_now_is_not_none(
    remaining_s: float, now_ns: int, deadline_ns: int
) -> None:
    assert deadline_ns_in(remaining_s, now_ns) == deadline_ns


@pytest.mark.parametrize(
    ("call_ns", "own_ns", "deadline_ns"),
    [
        (0, 0, 10 + WAIT_NS_MAX),
        (50, 0, 50),
        (0, 40, 40),
        (50, 40, 40),
        (50, 60, 50),
        (2**70, 2**71, 10 + WAIT_NS_MAX),
        (2**70, 1, 1),
    ],
)
def test_the_earliest_deadline_counts(call_ns: int, own_ns: int, deadline_ns: int) -> None:
    assert earliest_ns(10, call_ns, own_ns) == deadline_ns


async def test_each_wait_ends_at_its_own_deadline_by_whatever_timer() -> None:
    loop, patience = asyncio.get_running_loop(), Patience(30.0)

    def wait(number: int, seconds: float) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = loop.create_future()
        patience.limit(future, deadline_ns_in(seconds, time.monotonic_ns()), number)
        return future

    # The timer is set for the first, then for one that is due before, and again for what is left.
    answered, *late = [wait(0, 60), wait(1, 0.03), wait(2, 0.01), wait(3, 0.02), wait(4, 0)]
    for number, future in enumerate(late, start=1):
        with pytest.raises(ShardUnavailable) as unavailable:
            await future
        assert unavailable.value.shard == number
    # Whoever goes away is not missed when the timer comes.
    gone, last = wait(5, 0.01), wait(6, 0.01)
    gone.cancel()
    with pytest.raises(ShardUnavailable):
        await last
    assert gone.cancelled()
    assert not answered.done()
    answered.set_result(Noted())
    assert await answered == Noted()
