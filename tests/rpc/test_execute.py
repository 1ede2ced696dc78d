"""Execute: order, outcomes, limits, flow control, and what a cancelled stream leaves behind."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from holdfast.v1 import errors_pb2, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.execute import BATCHES_IN_FLIGHT_MAX
from engine.shard.messages import Request, Result
from engine.shard.port import Overloaded
from engine.shard.slots import slot_of
from tests.rpc.serving import TEA, GatedShards, Node, refused, run_batch, serving


def reserve(node: Node, quantity: int = 1, **fields: Any) -> pb.Command:
    return pb.Command(reserve=node.reservation(quantity), **fields)


def receive(node: Node, quantity: int, sku: str = "TEA") -> pb.Command:
    key = stock_pb2.StockKey(sku=sku, location="LONDON")
    return pb.Command(receive=pb.ReceiveRequest(context=node.context(), key=key, quantity=quantity))


def batch(batch_id: int, *commands: pb.Command) -> pb.ExecuteRequest:
    return pb.ExecuteRequest(batch_id=batch_id, commands=commands)


async def end_of(stream: Any) -> list[pb.ExecuteResponse]:
    return [response async for response in stream]


async def test_every_kind_of_command_is_answered_with_its_own_response(node: Node) -> None:
    (_outcome,) = await run_batch(node, receive(node, 50))
    held = await node.stub.Reserve(node.reservation(5))
    owner = {"reservation_id": held.reservation_id}
    lines = [pb.BasketLine(line_id="1", sku="TEA", location="LONDON", quantity=1)]
    commands = [
        reserve(node),
        pb.Command(extend=pb.ExtendRequest(context=node.context(), **owner)),
        pb.Command(commit=pb.CommitRequest(context=node.context(), **owner)),
        pb.Command(ship=pb.ShipRequest(context=node.context(), **owner)),
        pb.Command(release=pb.ReleaseRequest(context=node.context(), reservation_id="000-1-1")),
        pb.Command(allocate=pb.AllocateRequest(context=node.context(), lines=lines)),
        pb.Command(sell=pb.SellRequest(context=node.context(), key=TEA, quantity=1)),
        receive(node, 1),
        pb.Command(
            adjust=pb.AdjustRequest(
                context=node.context(), key=TEA, delta=1, reason="FOUND", reference="n"
            )
        ),
        pb.Command(set_on_hand=pb.SetOnHandRequest(context=node.context(), key=TEA, on_hand=40)),
        pb.Command(configure=pb.ConfigureRequest(context=node.context(), key=TEA, safety_stock=1)),
        pb.Command(),
    ]
    outcomes = await run_batch(node, *commands)
    kinds = [outcome.WhichOneof("result") for outcome in outcomes]
    expected = [command.WhichOneof("command") or "failure" for command in commands]
    expected[4] = "failure"
    assert kinds == expected
    assert outcomes[4].failure.metadata["reservation_id"] == "000-1-1"
    assert outcomes[11].failure.metadata["field"] == "command"
    assert outcomes[9].set_on_hand.expected == 46


async def test_commands_of_one_sku_take_effect_in_the_order_sent(node: Node) -> None:
    commands = []
    for _ in range(300):
        commands += [receive(node, 1), reserve(node), reserve(node)]
    outcomes = await run_batch(node, *commands)
    assert [outcome.index for outcome in outcomes] == list(range(900))
    kinds = [outcome.WhichOneof("result") for outcome in outcomes]
    assert kinds == ["receive", "reserve", "failure"] * 300


async def test_batches_follow_each_other_on_one_stream_in_order(node: Node) -> None:
    stream = node.stub.Execute()
    for batch_id in range(1, 41):
        await stream.write(batch(batch_id, receive(node, 1), reserve(node), reserve(node)))
    await stream.done_writing()
    responses = await end_of(stream)
    assert sorted(response.batch_id for response in responses) == list(range(1, 41))
    for response in responses:
        kinds = [outcome.WhichOneof("result") for outcome in response.outcomes]
        assert kinds == ["receive", "reserve", "failure"]
        assert response.complete


async def test_a_slow_shard_does_not_hold_up_the_batches_of_another() -> None:
    async with serving(count=2) as node:
        low = next(s for s in map(str, range(100)) if slot_of("", s) < 2_048)
        high = next(s for s in map(str, range(100)) if slot_of("", s) >= 2_048)
        node.shards.close_gate(0)
        stream = node.stub.Execute()
        await stream.write(batch(1, receive(node, 1, low), receive(node, 1, high)))
        await stream.write(batch(2, receive(node, 1, high)))
        assert (await stream.read()).batch_id == 2
        node.shards.open_gate()
        assert (await stream.read()).batch_id == 1
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF  # type: ignore[attr-defined]


async def test_a_command_that_waited_too_long_is_refused_alone(node: Node) -> None:
    await node.receive(5)
    late = reserve(node, timeout=Duration(nanos=1))
    outcomes = await run_batch(node, reserve(node, timeout=Duration(seconds=60)), late)
    assert outcomes[0].WhichOneof("result") == "reserve"
    assert outcomes[1].failure.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert outcomes[1].failure.metadata == {"shard": "0"}
    assert (await node.stock()).balances.held == 1


@pytest.mark.parametrize(
    "timeout",
    [Duration(), Duration(seconds=-1), Duration(seconds=1, nanos=-1), Duration(seconds=2**62)],
    ids=["zero", "negative", "mixed signs", "out of range"],
)
async def test_a_senseless_timeout_is_named(node: Node, timeout: Duration) -> None:
    (outcome,) = await run_batch(node, reserve(node, timeout=timeout))
    assert outcome.failure.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert outcome.failure.metadata["field"] == "timeout"
    assert node.shards.submitted == 0


def _too_many_lines(node: Node) -> list[pb.Command]:
    lines = [
        pb.BasketLine(line_id=str(n), sku="TEA", location="LONDON", quantity=1)
        for n in range(2_000)
    ]
    return [
        pb.Command(reserve=pb.ReserveRequest(context=node.context(), lines=lines))
        for _ in range(11)
    ]


@pytest.mark.parametrize(
    ("commands", "value", "limit"),
    [
        (lambda node: [], "0 commands", "1 to 4096 commands"),
        (lambda node: [pb.Command()] * 4_097, "4097 commands", "1 to 4096 commands"),
        (_too_many_lines, "22000 lines", "at most 20000 basket lines in one batch"),
    ],
    ids=["empty", "commands", "lines"],
)
async def test_a_batch_out_of_limits_ends_the_stream_after_the_answers_before_it(
    node: Node, commands: Any, value: str, limit: str
) -> None:
    node.shards.close_gate()
    stream = node.stub.Execute()
    await stream.write(batch(1, receive(node, 1)))
    await stream.write(batch(2, *commands(node)))
    await node.shards.until_submitted(1)
    node.shards.open_gate()
    assert (await stream.read()).outcomes[0].WhichOneof("result") == "receive"
    refusal = await refused(stream.read())
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.metadata == {"field": "commands", "value": value, "limit": limit}
    assert node.shards.submitted == 1


async def test_the_largest_batch_is_answered(node: Node) -> None:
    await node.receive(4_096)
    outcomes = await run_batch(node, *(reserve(node) for _ in range(4_096)))
    assert {outcome.WhichOneof("result") for outcome in outcomes} == {"reserve"}
    assert len({outcome.reserve.reservation_id for outcome in outcomes}) == 4_096


async def test_a_stream_has_a_bounded_number_of_batches_in_flight(node: Node) -> None:
    node.shards.close_gate()
    health = health_pb2_grpc.HealthStub(node.channel)
    stream = node.stub.Execute()
    count = BATCHES_IN_FLIGHT_MAX + 5
    for batch_id in range(count):
        await stream.write(batch(batch_id, receive(node, 1)))
    await stream.done_writing()
    await node.shards.until_submitted(BATCHES_IN_FLIGHT_MAX)
    for _ in range(10):
        # Round trips on the same connection: whatever the server wanted to read, it has read.
        await health.Check(health_pb2.HealthCheckRequest())
    assert node.shards.submitted == BATCHES_IN_FLIGHT_MAX
    node.shards.open_gate()
    assert len(await end_of(stream)) == count
    assert node.shards.submitted == count


async def test_a_cancelled_stream_tears_nothing(node: Node) -> None:
    await node.receive(10)
    node.shards.close_gate()
    stream = node.stub.Execute()
    commands = [reserve(node) for _ in range(5)]
    await stream.write(batch(1, *commands))
    await node.shards.until_submitted(6)
    stream.cancel()
    assert await node.until_called(2) == ("Execute", "CANCELLED")
    node.shards.open_gate()
    assert (await node.stock()).balances.held == 5
    outcomes = await run_batch(node, *commands)
    assert all(outcome.reserve.receipt.replayed for outcome in outcomes)
    assert (await node.stock()).balances.held == 5


async def test_a_stream_past_its_deadline_tears_nothing(node: Node) -> None:
    await node.receive(10)
    node.shards.close_gate()
    stream = node.stub.Execute(timeout=1.0)
    command = reserve(node)
    await stream.write(batch(1, command))
    await node.shards.until_submitted(2)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stream.read()
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await node.until_called(2) == ("Execute", "DEADLINE_EXCEEDED")
    node.shards.open_gate()
    (outcome,) = await run_batch(node, command)
    assert outcome.reserve.receipt.replayed


async def test_a_shard_that_goes_away_fails_what_it_has_not_answered(node: Node) -> None:
    await node.receive(10)
    node.shards.close_gate()
    stream = node.stub.Execute()
    command = reserve(node)
    await stream.write(batch(1, command))
    await node.shards.until_submitted(2)
    node.shards.fail_kept()
    (outcome,) = (await stream.read()).outcomes
    assert outcome.failure.code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert outcome.failure.metadata == {"shard": "0"}
    (again,) = await run_batch(node, command)
    assert again.reserve.receipt.replayed


class FaultyShards(GatedShards):
    """Raises what nobody foresees for one request id."""

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        if "faulty" in repr(request):
            raise KeyError("a secret of the implementation")
        return super().submit(slot, request, deadline_ns)


async def test_a_fault_is_the_outcome_of_its_command_alone() -> None:
    async with serving(FaultyShards()) as node:
        faulty = reserve(node)
        faulty.reserve.context.request_id = "faulty"
        faulty.reserve.context.correlation_id = "trace-1"
        outcomes = await run_batch(node, receive(node, 1), faulty, reserve(node))
        kinds = [outcome.WhichOneof("result") for outcome in outcomes]
        assert kinds == ["receive", "failure", "reserve"]
        failure = outcomes[1].failure
        assert failure.code == grpc.StatusCode.INTERNAL.value[0]
        assert "secret" not in str(failure)
        assert failure.metadata["correlation_id"]


async def test_a_draining_server_answers_what_it_took_and_ends_the_stream(node: Node) -> None:
    node.shards.close_gate()
    idle = node.stub.Execute()
    await idle.write(batch(9, pb.Command()))
    assert (await idle.read()).batch_id == 9
    busy = node.stub.Execute()
    await busy.write(batch(1, receive(node, 1)))
    await node.shards.until_submitted(1)
    stopping = asyncio.create_task(node.server.stop(20))
    refusal = await refused(idle.read())
    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    node.shards.open_gate()
    assert (await busy.read()).outcomes[0].WhichOneof("result") == "receive"
    assert (await refused(busy.read())).reason == "SHARD_UNAVAILABLE"
    await stopping


def assert_overloaded(outcome: pb.Outcome, queued: str) -> None:
    failure = outcome.failure
    assert failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert failure.reason == errors_pb2.ERROR_REASON_OVERLOADED
    assert failure.metadata == {"shard": "0", "queued": queued}
    assert failure.retry_after.ToMilliseconds() > 0


async def test_what_finds_no_room_in_the_middle_of_a_batch_is_refused_alone() -> None:
    async with serving(GatedShards(queue_commands_max=4)) as node:
        outcomes = await run_batch(node, *(receive(node, 1) for _ in range(10)))
        kinds = [outcome.WhichOneof("result") for outcome in outcomes]
        assert kinds == ["receive"] * 4 + ["failure"] * 6
        for outcome in outcomes[4:]:
            assert_overloaded(outcome, "4")
        assert (await node.stock()).balances.on_hand == 4


class FullShards(GatedShards):
    """Shards that have no room until they are told to have some."""

    is_full = True

    def overload(self) -> Overloaded | None:
        return Overloaded(0, 7) if self.is_full else super().overload()


async def test_a_batch_that_nobody_has_room_for_is_refused_as_a_whole() -> None:
    async with serving(FullShards()) as node:
        stream = node.stub.Execute()
        for batch_id in range(BATCHES_IN_FLIGHT_MAX + 5):
            senseless = pb.Command()
            await stream.write(batch(batch_id, receive(node, 1), senseless, reserve(node)))
            answer = await stream.read()
            assert (answer.batch_id, answer.complete) == (batch_id, True)
            assert [outcome.index for outcome in answer.outcomes] == [0, 1, 2]
            for outcome in answer.outcomes:
                assert_overloaded(outcome, "7")
        assert node.shards.submitted == 0
        node.shards.is_full = False
        await stream.write(batch(99, receive(node, 1)))
        assert (await stream.read()).outcomes[0].WhichOneof("result") == "receive"
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF  # type: ignore[attr-defined]
