"""The server around the services: health, reflection, faults, deadlines, identity of calls, limits,
stopping."""

import asyncio
from typing import Any

import grpc
import pytest
import structlog
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import inventory_pb2_grpc

from engine.log.codec import decode_group
from engine.rpc.server import INVENTORY, RpcServer, ServerOptions
from engine.shard.messages import Failed, Request, Result
from tests.rpc.serving import TEA, GatedShards, Node, Refused, refused, run_batch, serving

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health_of(node: Node, service: str) -> Any:
    stub = health_pb2_grpc.HealthStub(node.channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status


@pytest.mark.parametrize("service", ["", INVENTORY])
async def test_health_follows_the_shards(node: Node, service: str) -> None:
    assert await health_of(node, service) == SERVING
    await node.server.set_serving(False)
    assert await health_of(node, service) == NOT_SERVING
    await node.server.set_serving(True)
    assert await health_of(node, service) == SERVING


async def test_health_is_not_serving_until_it_is_said() -> None:
    shards = GatedShards()
    server = RpcServer(shards)
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
    await server.stop(0)
    shards.close()


async def test_health_of_an_unknown_service_is_not_found(node: Node) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await health_of(node, "holdfast.v1.Nonsense")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_describes_the_services(node: Node) -> None:
    def describe() -> tuple[set[str], set[str]]:
        with grpc.insecure_channel(f"127.0.0.1:{node.port}") as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            services = set(database.get_services())
            service = DescriptorPool(database).FindServiceByName(INVENTORY)
            return services, {method.name for method in service.methods}

    services, methods = await asyncio.to_thread(describe)
    assert {INVENTORY, "grpc.health.v1.Health"} <= services
    assert {"Reserve", "Execute", "BatchGetAvailability"} <= methods


class FaultyShards(GatedShards):
    """Raises what nobody foresees."""

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        raise KeyError("a secret of the implementation")


@pytest.mark.parametrize("given", ["", "trace-7"])
async def test_a_fault_is_internal_with_a_correlation_id_and_without_a_traceback(
    given: str,
) -> None:
    metadata = [("x-correlation-id", given)] if given else None
    async with serving(FaultyShards()) as node:
        with structlog.testing.capture_logs() as logs:
            refusal = await refused(node.stub.Reserve(node.reservation(), metadata=metadata))
        assert refusal.code is grpc.StatusCode.INTERNAL
        assert refusal.reason == "INTERNAL"
        assert "secret" not in refusal.message
        assert "Traceback" not in refusal.message
        correlation_id = refusal.metadata["correlation_id"]
        assert correlation_id == given or not given
        assert correlation_id in refusal.message
        (entry,) = [entry for entry in logs if entry["log_level"] == "error"]
        assert entry["correlation_id"] == correlation_id
        assert entry["method"] == "Reserve"
        assert isinstance(entry["exc_info"], KeyError)
        assert await node.until_called(1) == ("Reserve", "INTERNAL")


class UndecidingShards(GatedShards):
    """Answers as a shard does whose decision has raised."""

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        future.set_result(Failed())
        return future


async def test_a_failed_decision_is_internal_and_found_by_its_request() -> None:
    async with serving(UndecidingShards()) as node:
        request = node.reservation()
        with structlog.testing.capture_logs() as logs:
            refusal = await refused(node.stub.Reserve(request))
            (outcome,) = await run_batch(node, pb.Command(reserve=request))
        assert refusal.code is grpc.StatusCode.INTERNAL
        assert outcome.failure.code == grpc.StatusCode.INTERNAL.value[0]
        request_id = request.context.request_id
        assert refusal.metadata == {"correlation_id": request_id}
        assert [entry["request_id"] for entry in logs] == [request_id] * 2


async def test_a_failed_read_is_internal_with_a_correlation_id() -> None:
    async with serving(UndecidingShards()) as node:
        with structlog.testing.capture_logs() as logs:
            refusal = await refused(node.stub.GetStock(pb.GetStockRequest(key=TEA)))
        assert refusal.code is grpc.StatusCode.INTERNAL
        assert [entry["correlation_id"] for entry in logs] == [refusal.metadata["correlation_id"]]
        assert refusal.metadata["correlation_id"]


async def test_a_cancelled_call_tears_nothing(node: Node) -> None:
    await node.receive(5)
    node.shards.close_gate()
    request = node.reservation(2)
    call = node.stub.Reserve(request)
    await node.shards.until_submitted(2)
    call.cancel()
    assert await node.until_called(2) == ("Reserve", "CANCELLED")
    node.shards.open_gate()
    again = await node.stub.Reserve(request)
    assert again.receipt.replayed
    assert (await node.stock()).balances.held == 2


async def test_a_call_past_its_deadline_tears_nothing(node: Node) -> None:
    await node.receive(5)
    node.shards.close_gate()
    request = node.reservation(2)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await node.stub.Reserve(request, timeout=1.0)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await node.until_called(2) == ("Reserve", "DEADLINE_EXCEEDED")
    node.shards.open_gate()
    assert (await node.stub.Reserve(request)).receipt.replayed


async def test_a_call_without_deadline_ends_at_the_server_s(node: Node) -> None:
    async with serving(options=ServerOptions(unary_deadline_s=0.5)) as own:
        await own.receive(5)
        own.shards.close_gate()
        request = own.reservation(2)
        refusal = await refused(own.stub.Reserve(request))
        assert refusal.code is grpc.StatusCode.UNAVAILABLE
        assert refusal.reason == "SHARD_UNAVAILABLE"
        own.shards.open_gate()
        assert (await own.stub.Reserve(request)).receipt.replayed


class LateShards(GatedShards):
    """Receives everything after its deadline, as after a long queue."""

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        assert deadline_ns > 0
        return super().submit(slot, request, 1)


async def test_a_command_that_is_late_for_its_decision_changes_nothing() -> None:
    async with serving(LateShards()) as node:
        for timeout in (None, 30):
            call = node.stub.Receive(
                pb.ReceiveRequest(context=node.context(), key=TEA, quantity=1), timeout=timeout
            )
            refusal = await refused(call)
            assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
            assert refusal.reason == "DEADLINE_EXPIRED"
            assert refusal.metadata == {"shard": "0"}
        assert node.shards.events() == 0


@pytest.mark.parametrize(
    ("in_header", "in_context", "recorded"),
    [("", "", ""), ("header", "", "header"), ("", "own", "own"), ("header", "own", "own")],
)
async def test_the_correlation_id_is_recorded(
    node: Node, in_header: str, in_context: str, recorded: str
) -> None:
    metadata = [("x-correlation-id", in_header)] if in_header else None
    context = node.context(correlation_id=in_context)
    request = pb.ReceiveRequest(context=context, key=TEA, quantity=1)
    await node.stub.Receive(request, metadata=metadata)
    stream = node.stub.Execute(metadata=metadata)
    request.context.request_id = "other"
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=[pb.Command(receive=request)]))
    await stream.read()
    groups = node.shards.shards[0].log.read(1, 1 << 20, 2)
    commits = [commit for group in groups for commit in decode_group(group).commits]
    assert [commit.cause.correlation_id for commit in commits] == [recorded] * 2
    await stream.done_writing()


async def test_a_malformed_correlation_id_is_refused(node: Node) -> None:
    call = node.stub.Reserve(node.reservation(), metadata=[("x-correlation-id", "x" * 129)])
    refusal = await refused(call)
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.metadata["field"] == "x-correlation-id"


async def test_every_call_is_observed(node: Node) -> None:
    await node.receive(1)
    await refused(node.stub.Reserve(node.reservation(2)))
    await refused(node.stub.Reserve(pb.ReserveRequest()))
    await run_batch(node, pb.Command())
    await node.until_called(4)
    assert [call[:2] for call in node.calls.finished] == [
        ("Receive", "OK"),
        ("Reserve", "FAILED_PRECONDITION"),
        ("Reserve", "INVALID_ARGUMENT"),
        ("Execute", "OK"),
    ]
    assert all(duration_s > 0 for _, _, duration_s in node.calls.finished)


async def test_unknown_methods_are_unimplemented(node: Node) -> None:
    call: Any = node.channel.unary_unary("/holdfast.v1.InventoryService/Nonsense")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_messages_above_the_limit_are_refused() -> None:
    async with serving(options=ServerOptions(message_bytes_max=10_000)) as node:
        request = node.reservation(reference="x" * 10_000)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await node.stub.Reserve(request)
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert rpc_status.from_call(raised.value) is None  # type: ignore[arg-type]
        assert node.shards.submitted == 0


async def test_a_connection_has_so_many_calls_open_and_the_next_one_waits() -> None:
    async with serving(options=ServerOptions(streams_max=1)) as node:
        first = node.stub.Execute()
        await first.write(pb.ExecuteRequest(batch_id=1, commands=[pb.Command()]))
        assert (await first.read()).complete
        second = asyncio.ensure_future(node.receive(1))
        await asyncio.wait((second,), timeout=0.1)
        assert not second.done()
        assert node.shards.submitted == 0
        await first.done_writing()
        await asyncio.wait_for(second, 10)
        assert node.shards.submitted == 1


async def test_pings_beyond_measure_end_the_connection() -> None:
    """The server's own limits on pings are in force: a client that pings all the time is told to
    go away, and connects anew for its next call."""
    options = [
        ("grpc.keepalive_time_ms", 20),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    async with (
        serving(options=ServerOptions(ping_interval_s_min=60.0)) as node,
        grpc.aio.insecure_channel(f"127.0.0.1:{node.port}", options=options) as channel,
    ):
        call: Any = inventory_pb2_grpc.InventoryServiceStub(channel).Execute()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await asyncio.wait_for(call.read(), 30)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        assert raised.value.details() == "Too many pings"


async def test_bytes_that_are_no_message_do_not_hurt(node: Node) -> None:
    call: Any = node.channel.unary_unary("/holdfast.v1.InventoryService/Reserve")
    with pytest.raises(grpc.aio.AioRpcError):
        await call(b"\xff\xff\xff")
    await node.receive(1)
    assert node.shards.submitted == 1


async def test_a_port_in_use_is_said_so(node: Node) -> None:
    shards = GatedShards()
    second = RpcServer(shards, ServerOptions(port=node.port))
    with pytest.raises(OSError, match=str(node.port)):
        await second.start()
    await second.stop(0)
    shards.close()


async def test_stop_refuses_new_calls_and_finishes_those_that_run(node: Node) -> None:
    await node.receive(5)
    node.shards.close_gate()
    running = asyncio.ensure_future(node.stub.Reserve(node.reservation(2)))
    await node.shards.until_submitted(2)
    watch = health_pb2_grpc.HealthStub(node.channel).Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == SERVING
    stopping = asyncio.create_task(node.server.stop(20))
    assert (await watch.read()).status == NOT_SERVING
    watch.cancel()
    late: Any = grpc.aio.insecure_channel(f"127.0.0.1:{node.port}")
    async with late:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await late.unary_unary(f"/{INVENTORY}/Reserve")(b"")
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    node.shards.open_gate()
    assert (await running).lines[0].quantity == 2
    await stopping
    await node.server.wait()


def test_the_helper_for_refusals_is_strict() -> None:
    """The control of these tests: an error without rich status does not pass as one."""
    none = grpc.aio.Metadata()
    error = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, none, none, "plain", "")
    with pytest.raises(AssertionError, match="no rich status"):
        Refused(error)
