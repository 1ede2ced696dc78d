"""Commands and reads that name a reservation by the caller's own reference."""

from collections.abc import AsyncIterator

import grpc
import pytest
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.shard.slots import slot_of
from tests.rpc.serving import Node, line, refused, run_batch, serving

SHARDS = 3
TEA_SKUS = {
    shard: next(
        f"TEA-{n}" for n in range(10_000) if slot_of("", f"TEA-{n}") * SHARDS // 4_096 == shard
    )
    for shard in range(SHARDS)
}
HELD, COMMITTED = stock_pb2.RESERVATION_STATUS_HELD, stock_pb2.RESERVATION_STATUS_COMMITTED


@pytest.fixture
async def market() -> AsyncIterator[Node]:
    """A node of three shards with ten units of a SKU in each."""
    async with serving(count=SHARDS) as served:
        for sku in TEA_SKUS.values():
            await served.receive(10, stock_pb2.StockKey(sku=sku, location="LONDON"))
        yield served


async def reserve(node: Node, reference: str, shard: int = 1, quantity: int = 1) -> str:
    request = pb.ReserveRequest(
        context=node.context(), lines=[line("1", quantity, TEA_SKUS[shard])], reference=reference
    )
    held: pb.ReserveResponse = await node.stub.Reserve(request)
    return held.reservation_id


async def read(node: Node, **named: str) -> stock_pb2.Reservation:
    request = pb.GetReservationRequest(**named)
    found: pb.GetReservationResponse = await node.stub.GetReservation(request)
    return found.reservation


def commit(node: Node, reference: str, order: str = "") -> pb.CommitRequest:
    return pb.CommitRequest(
        context=node.context(), reservation_reference=reference, reference=order
    )


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_the_one_open_reservation_is_found_in_whichever_shard(
    market: Node, shard: int
) -> None:
    mine = await reserve(market, "cart-7", shard)
    await reserve(market, "cart-8", (shard + 1) % SHARDS)
    committed = await market.stub.Commit(commit(market, "cart-7"))
    assert committed.reservation_id == mine
    assert (await read(market, reservation_reference="cart-7")).status == COMMITTED
    assert (await read(market, reservation_reference="cart-8")).status == HELD


async def test_a_retry_finds_its_answer_although_the_reference_has_gone(market: Node) -> None:
    mine = await reserve(market, "cart-7", 2)
    request = commit(market, "cart-7", "order-9")
    first = await market.stub.Commit(request)
    assert first.reservation_id == mine
    await reserve(market, "cart-7", 0)
    again = await market.stub.Commit(request)
    assert again.receipt.replayed
    assert again.receipt.cursor == first.receipt.cursor
    assert again.reservation_id == mine
    request.remainder = pb.REMAINDER_KEEP_HELD
    refusal = await refused(market.stub.Commit(request))
    assert refusal.reason == "REQUEST_ID_REUSED"


async def test_of_closed_reservations_the_newest_is_meant(market: Node) -> None:
    for shard in (2, 0):
        last = await reserve(market, "cart-7", shard)
        await market.stub.Release(pb.ReleaseRequest(context=market.context(), reservation_id=last))
    released = await market.stub.Release(
        pb.ReleaseRequest(context=market.context(), reservation_reference="cart-7")
    )
    found = await read(market, reservation_reference="cart-7")
    assert released.receipt.replayed
    assert released.reservation_id == found.reservation_id
    mine = await reserve(market, "cart-7", 1)
    assert (await read(market, reservation_reference="cart-7")).reservation_id == mine


async def test_several_open_ones_are_named(market: Node) -> None:
    ids = {await reserve(market, "cart-7", shard) for shard in (0, 1, 2)}
    for call in (
        market.stub.Commit(commit(market, "cart-7")),
        market.stub.GetReservation(pb.GetReservationRequest(reservation_reference="cart-7")),
    ):
        refusal = await refused(call)
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
        assert refusal.reason == "AMBIGUOUS_REFERENCE"
        assert refusal.metadata["reference"] == "cart-7"
        assert refusal.metadata["reservations"] == "3"
        assert set(refusal.metadata["reservation_ids"].split(", ")) == ids


async def test_no_more_than_twenty_are_named(market: Node) -> None:
    for _ in range(3):
        for shard in range(SHARDS):
            for _ in range(3):
                await reserve(market, "cart-7", shard)
    refusal = await refused(market.stub.Commit(commit(market, "cart-7")))
    assert refusal.metadata["reservations"] == "more than 20"
    assert len(refusal.metadata["reservation_ids"].split(", ")) == 20


async def test_an_unknown_reference_is_named(market: Node) -> None:
    request = commit(market, "cart-7")
    refusal = await refused(market.stub.Commit(request))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.NOT_FOUND,
        "UNKNOWN_RESERVATION",
    )
    assert refusal.metadata == {"reference": "cart-7"}
    await reserve(market, "cart-7")
    stranger = commit(market, "cart-7")
    stranger.tenant = "another"
    assert (await refused(market.stub.Commit(stranger))).reason == "UNKNOWN_RESERVATION"
    assert not (await market.stub.Commit(request)).receipt.replayed


async def test_in_a_batch_each_is_found_and_fails_alone(market: Node) -> None:
    mine = await reserve(market, "cart-1", 0, 2)
    held = pb.ReserveRequest(
        context=market.context(), lines=[line("1", 1, TEA_SKUS[2])], reference="cart-2"
    )
    outcomes = await run_batch(
        market,
        pb.Command(reserve=held),
        pb.Command(commit=commit(market, "cart-1")),
        pb.Command(commit=commit(market, "cart-2")),
        pb.Command(commit=commit(market, "cart-3")),
    )
    assert outcomes[1].commit.reservation_id == mine
    # What was sent before it in the batch is found as well.
    assert outcomes[2].commit.reservation_id == outcomes[0].reserve.reservation_id
    assert outcomes[3].failure.metadata == {"reference": "cart-3"}
    again = await run_batch(market, pb.Command(commit=commit(market, "cart-1")))
    assert again[0].commit.receipt.replayed


async def test_a_shard_that_is_away_could_have_it(market: Node) -> None:
    await reserve(market, "cart-7", 0)
    market.shards.shards[1].crash()
    refusal = await refused(market.stub.Commit(commit(market, "cart-7")))
    assert refusal.reason == "SHARD_UNAVAILABLE"
    (outcome,) = await run_batch(market, pb.Command(commit=commit(market, "cart-7")))
    assert outcome.failure.code == grpc.StatusCode.UNAVAILABLE.value[0]
