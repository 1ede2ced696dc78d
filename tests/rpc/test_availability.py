"""BatchGetAvailability at its limits: repeated keys, many locations, sums beyond a number."""

import asyncio
from collections.abc import Sequence

import grpc
import pytest
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core.limits import AVAILABILITY_LOCATIONS_MAX, BALANCE_MAX
from engine.rpc.convert_state import TOTAL_MAX, put_availability
from engine.shard.channel_queries import LocationAvailable
from engine.shard.messages import Request, Result
from engine.shard.queries import (
    AvailabilityRead,
    ReadAvailability,
    TooLarge,
)
from engine.shard.slots import slot_of
from tests.rpc.serving import GatedShards, Node, Refused, refused, serving


def locations(count: int, available: int = 1) -> tuple[LocationAvailable, ...]:
    return tuple(LocationAvailable(f"L{n}", available, False, 1) for n in range(count))


class WideShards(GatedShards):
    """Shards in which every SKU has `locations` locations; a question beyond the limit is refused
    as shards do."""

    def __init__(self, locations: int, count: int = 1) -> None:
        super().__init__(count)
        self.asked: list[tuple[tuple[str, str], ...]] = []
        self._locations = locations

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        assert isinstance(request, ReadAvailability)
        self.asked.append(request.keys)
        total = self._locations * len(request.keys)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if total > AVAILABILITY_LOCATIONS_MAX:
            future.set_result(TooLarge("keys", total, AVAILABILITY_LOCATIONS_MAX))
        else:
            answer = tuple(locations(self._locations) for _ in request.keys)
            future.set_result(AvailabilityRead(answer, 1))
        return future


def asking(skus: Sequence[str]) -> pb.BatchGetAvailabilityRequest:
    return pb.BatchGetAvailabilityRequest(keys=[pb.AvailabilityKey(sku=sku) for sku in skus])


async def test_a_repeated_key_is_asked_once_and_answered_each_time(node: Node) -> None:
    shards = WideShards(locations=3)
    async with serving(shards) as wide:
        answer = await wide.stub.BatchGetAvailability(asking(["A", "B", "A", "C", "B", "A"]))
    assert shards.asked == [(("A", ""), ("B", ""), ("C", ""))]
    assert [each.sku for each in answer.availabilities] == ["A", "B", "A", "C", "B", "A"]
    assert [len(each.locations) for each in answer.availabilities] == [3] * 6
    await node.receive(4, stock_pb2.StockKey(sku="A", location="X"))
    await node.receive(5, stock_pb2.StockKey(sku="A", location="Y"))
    keys = [("A", "X"), ("A", ""), ("A", "Y"), ("A", ""), ("A", "X")]
    request = pb.BatchGetAvailabilityRequest(
        keys=[pb.AvailabilityKey(sku=sku, location=location) for sku, location in keys]
    )
    answer = await node.stub.BatchGetAvailability(request)
    assert [each.total_available for each in answer.availabilities] == [4, 9, 5, 9, 4]


def assert_too_large(refusal: Refused, value: str) -> None:
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "INVALID_FIELD"
    limit = "keys with at most 10000 locations in one answer"
    assert refusal.metadata == {"field": "keys", "value": value, "limit": limit}


async def test_too_many_locations_in_one_shard_are_refused_by_it() -> None:
    async with serving(WideShards(locations=2_500)) as node:
        answer = await node.stub.BatchGetAvailability(asking("ABCD"))
        assert sum(len(each.locations) for each in answer.availabilities) == 10_000
        refusal = await refused(node.stub.BatchGetAvailability(asking("ABCDE")))
        assert_too_large(refusal, "12500 locations")


@pytest.mark.parametrize("count", [5, 1_000])
async def test_too_many_locations_of_repeated_keys_are_refused(count: int) -> None:
    async with serving(WideShards(locations=2_500)) as node:
        refusal = await refused(node.stub.BatchGetAvailability(asking(["A"] * count)))
        assert_too_large(refusal, f"{count * 2_500} locations")


async def test_too_many_locations_of_several_shards_are_refused() -> None:
    low = next(sku for sku in map(str, range(100)) if slot_of("", sku) < 2_048)
    high = next(sku for sku in map(str, range(100)) if slot_of("", sku) >= 2_048)
    async with serving(WideShards(locations=5_001, count=2)) as node:
        await node.stub.BatchGetAvailability(asking([low]))
        refusal = await refused(node.stub.BatchGetAvailability(asking([low, high])))
        assert_too_large(refusal, "10002 locations")


async def test_the_largest_answer_fits_a_default_client() -> None:
    message = pb.BatchGetAvailabilityResponse()
    entries = [LocationAvailable("l" * 128, BALANCE_MAX, False, 2**62)] * 10
    for _ in range(1_000):
        put_availability(message.availabilities.add(), "s" * 128, entries)
    assert message.ByteSize() < 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("count", "total"),
    [(0, 0), (9_223, 9_223 * BALANCE_MAX), (9_224, TOTAL_MAX), (10_000, TOTAL_MAX)],
)
def test_a_sum_beyond_what_can_be_stated_is_stated_as_the_highest(count: int, total: int) -> None:
    message = pb.Availability()
    put_availability(message, "TEA", locations(count, BALANCE_MAX))
    assert message.total_available == total
    assert len(message.locations) == count
