"""What is no message, and what cannot even be explained: the caller hears a reason in any case."""

import asyncio
from typing import Any

import grpc
import pytest
import structlog
from holdfast.v1 import inventory_pb2 as pb

from engine.core.rejections import HoldHasExpired, UnknownReservation
from engine.feed.hub import Hub
from engine.rpc.feed import SERVICE, add_feed_service
from engine.rpc.server import INVENTORY, RpcServer, Service
from engine.shard.local import LocalShards
from engine.shard.messages import Refused as RefusedResult
from engine.shard.messages import Request, Result
from tests.rpc.serving import GatedShards, Node, Refused, refused, run_batch, serving

MALFORMED = [
    pytest.param(b"\xff\xff\xff", id="no protobuf"),
    pytest.param(b"\x0a\x05", id="cut off"),
    pytest.param(b"\x0a\x05\x12\x03\xed\xa0\x80", id="half a character"),
]


def assert_no_message(refusal: Refused, data: bytes) -> None:
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "INVALID_FIELD"
    assert refusal.metadata["field"] == "request"
    assert refusal.metadata["value"] == f"{len(data)} bytes"
    assert "message" in refusal.metadata["limit"]


@pytest.mark.parametrize("data", MALFORMED)
@pytest.mark.parametrize("method", ["GetStock", "Sell"])
async def test_a_request_that_is_no_message_is_refused(
    node: Node, method: str, data: bytes
) -> None:
    call = node.channel.unary_unary(f"/{INVENTORY}/{method}")
    assert_no_message(await refused(call(data)), data)
    assert await node.until_called(1) == (method, "INVALID_ARGUMENT")
    assert node.shards.submitted == 0


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x12\x05"])
async def test_a_batch_that_is_no_message_ends_the_stream_after_the_answers_before_it(
    node: Node, data: bytes
) -> None:
    stream: Any = node.channel.stream_stream(f"/{INVENTORY}/Execute")()
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=[pb.Command()]).SerializeToString())
    await stream.write(data)
    answered = pb.ExecuteResponse.FromString(await stream.read())
    assert (answered.batch_id, answered.complete) == (1, True)
    assert_no_message(await refused(stream.read()), data)


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\x03\xed\xa0\x80"])
async def test_a_watch_that_is_no_message_is_refused(data: bytes) -> None:
    shards = LocalShards()
    hub = Hub(shards)
    service = Service(SERVICE, lambda server: add_feed_service(hub, server))
    server = RpcServer(shards, services=lambda _: [service])
    port = await server.start()
    opened: Any = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    async with opened as channel:
        call = channel.unary_stream(f"/{SERVICE}/Watch")
        assert_no_message(await refused(call(data).read()), data)
    await server.stop(0)
    shards.close()


INEXPLICABLE = [
    pytest.param(HoldHasExpired("336-1-2", 10**18), id="a time beyond the calendar"),
    pytest.param(UnknownReservation("\ud800"), id="half a character"),
]


class StrangeShards(GatedShards):
    """Refuses for a reason that cannot be put into words."""

    def __init__(self, rejection: Any) -> None:
        super().__init__()
        self._rejection = rejection

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        future.set_result(RefusedResult(self._rejection))
        return future


@pytest.mark.parametrize("rejection", INEXPLICABLE)
async def test_a_problem_that_cannot_be_explained_is_a_fault(rejection: Any) -> None:
    async with serving(StrangeShards(rejection)) as node:
        with structlog.testing.capture_logs() as logs:
            refusal = await refused(node.stub.Reserve(node.reservation()))
            commands = [pb.Command(reserve=node.reservation()), pb.Command()]
            fault, other = await run_batch(node, *commands)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert fault.failure.code == grpc.StatusCode.INTERNAL.value[0]
        assert other.failure.metadata["field"] == "command"
        ids = [refusal.metadata["correlation_id"], fault.failure.metadata["correlation_id"]]
        assert [entry["correlation_id"] for entry in logs] == ids
        assert await node.until_called(1) == ("Reserve", "INTERNAL")
