"""What is fenced for a channel, as callers meet it."""

import grpc
import pytest
from holdfast.v1 import channels_pb2, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from tests.rpc.serving import Node, serving
from tests.rpc.test_channel_service import configure


async def available(node: Node, channel: str) -> int:
    key = pb.AvailabilityKey(sku="TEA")
    request = pb.BatchGetAvailabilityRequest(channel=channel, keys=[key])
    response = await node.stub.BatchGetAvailability(request)
    return sum(one.available for one in response.availabilities[0].locations)


@pytest.mark.parametrize("count", [1, 3])
async def test_an_allocation_is_there_for_its_channel_alone(count: int) -> None:
    async with serving(count=count) as node:
        await node.receive(10)
        terms = channels_pb2.ChannelTerms(allocation_units=6)
        await configure(node, channels_pb2.Channel(name="web", terms=terms))
        assert [await available(node, channel) for channel in ("", "web", "pos")] == [4, 6, 4]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await node.stub.Reserve(node.reservation(5))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "for this channel" in (refused.value.details() or "")
        await node.stub.Reserve(node.reservation(5, channel="web"))
        assert [await available(node, channel) for channel in ("", "web", "pos")] == [4, 1, 4]
        stock = await node.stock()
        assert list(stock.channel_uses) == [stock_pb2.ChannelUse(channel="web", units=5)]
