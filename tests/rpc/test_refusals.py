"""What InventoryService refuses over a real connection, and how it says so."""

import grpc
import pytest
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from tests.rpc.serving import Node, line, refused, run_batch


async def test_short_lines_are_named(node: Node) -> None:
    await node.receive(1)
    request = pb.ReserveRequest(
        context=node.context(), lines=[line(str(n), 1) for n in range(1, 31)]
    )
    refusal = await refused(node.stub.Reserve(request))
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "INSUFFICIENT_STOCK"
    assert refusal.info.domain == "holdfast"
    assert refusal.metadata == {"short_lines": "29", "omitted_lines": "9"}
    assert [entry.line_id for entry in refusal.short_lines.lines] == [str(n) for n in range(2, 22)]
    assert refusal.short_lines.omitted == 9
    (outcome,) = await run_batch(node, pb.Command(reserve=request))
    assert len(outcome.failure.short_lines) == 29


async def test_the_longest_refusal_arrives_whole(node: Node) -> None:
    """gRPC drops headers above 8 KiB; the longest ids in the costliest script must stay below."""
    name = "\U0001f375" * 32
    key = stock_pb2.StockKey(tenant=name, sku=name, location=name)
    await node.receive(1, key)
    lines = [line(f"{n}{name}"[:32], 10**12, name, name) for n in range(2_000)]
    request = pb.ReserveRequest(context=node.context(), tenant=name, lines=lines)
    refusal = await refused(node.stub.Reserve(request))
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert len(refusal.short_lines.lines) + refusal.short_lines.omitted == 2_000
    (outcome,) = await run_batch(node, pb.Command(reserve=request))
    assert len(outcome.failure.short_lines) == 2_000


@pytest.mark.parametrize("reservation_id", ["336-1-2", "nonsense", "zzz-1-1", "336"])
async def test_unknown_reservations_are_not_found(node: Node, reservation_id: str) -> None:
    for call in (
        node.stub.GetReservation(pb.GetReservationRequest(reservation_id=reservation_id)),
        node.stub.Commit(pb.CommitRequest(context=node.context(), reservation_id=reservation_id)),
    ):
        refusal = await refused(call)
        assert refusal.code is grpc.StatusCode.NOT_FOUND
        assert refusal.reason == "UNKNOWN_RESERVATION"
        assert refusal.metadata == {"reservation_id": reservation_id}
