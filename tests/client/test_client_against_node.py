"""The client against the real server: what both must agree on."""

import asyncio

import pytest
from holdfast import Client, EventKind, HoldfastError, Line, commands
from holdfast.errors import (
    BelowPromised,
    InsufficientStock,
    InvalidField,
    LineQuantityExceeded,
    RequestIdReused,
    ReservationNotCommitted,
    ReservationReleased,
    UnknownLine,
    UnknownReservation,
    UnknownStock,
    VersionMismatch,
)
from holdfast.types import Balances, ReservationStatus, Reserved, ShortCause, ShortLine

EITHER_WAY = pytest.mark.parametrize("coalesce", [True, False], ids=["Execute", "unary"])


@EITHER_WAY
async def test_a_basket_through_its_whole_life(node_address: str, coalesce: bool) -> None:
    async with Client(node_address, coalesce=coalesce, tenant="acme") as client:
        left = await client.receive("TEA", "LONDON", 10)
        assert (left.version, left.balances) == (1, Balances(10, 0, 0, 0, 10))
        hold = await client.reserve([("TEA", "LONDON", 4)], ttl_s=60, reference="cart")
        assert hold.expires_at is not None
        extended = await client.extend(hold.reservation_id, ttl_s=600)
        assert extended.expires_at is not None
        assert extended.expires_at > hold.expires_at
        committed = await client.commit(
            hold.reservation_id, lines={"1": 3}, remainder="keep_held", reference="order"
        )
        assert [line.quantity for line in committed.lines] == [3]
        shipped = await client.ship(hold.reservation_id, lines={"1": 2})
        assert shipped.status is not ReservationStatus.SHIPPED
        released = await client.release(hold.reservation_id, reason="exchanged")
        assert sum(line.quantity for line in released.lines) == 2
        reservation = await client.reservation(hold.reservation_id)
        assert (reservation.status, reservation.reference) == (ReservationStatus.SHIPPED, "order")
        assert [line.shipped for line in reservation.lines] == [2]
        stock = await client.stock("TEA", "LONDON")
        assert (stock.tenant, stock.balances) == ("acme", Balances(8, 0, 0, 0, 8))


@EITHER_WAY
async def test_a_repeated_write_has_one_effect(node_address: str, coalesce: bool) -> None:
    async with Client(node_address, coalesce=coalesce) as client:
        await client.receive("TEA", "LONDON", 10)
        first = await client.reserve([("TEA", "LONDON", 4)], request_id="id")
        again = await client.reserve([("TEA", "LONDON", 4)], request_id="id")
        assert (again.replayed, again.reservation_id) == (True, first.reservation_id)
        assert again.current is not None
        with pytest.raises(RequestIdReused) as raised:
            await client.reserve([("TEA", "LONDON", 5)], request_id="id")
        assert raised.value.first_used_at
        assert (await client.stock("TEA", "LONDON")).balances.held == 4


@EITHER_WAY
async def test_refusals_carry_their_facts(node_address: str, coalesce: bool) -> None:
    async with Client(node_address, coalesce=coalesce) as client:
        await client.receive("TEA", "LONDON", 3)
        hold = await client.reserve([("TEA", "LONDON", 2)])
        with pytest.raises(InsufficientStock) as short:
            await client.reserve([Line("TEA", "LONDON", 5, line_id="a")])
        assert short.value.short_lines == (ShortLine("a", "TEA", "LONDON", ShortCause.STOCK, 5, 1),)
        with pytest.raises(UnknownStock) as unknown:
            await client.sell("CUP", "LONDON", 1)
        assert (unknown.value.sku, unknown.value.location) == ("CUP", "LONDON")
        with pytest.raises(BelowPromised) as below:
            await client.set_on_hand("TEA", "LONDON", 1)
        assert (below.value.on_hand, below.value.promised) == (1, 2)
        with pytest.raises(VersionMismatch) as mismatch:
            await client.set_on_hand("TEA", "LONDON", 5, if_version=1)
        assert (mismatch.value.expected, mismatch.value.actual) == (1, 2)
        with pytest.raises(LineQuantityExceeded) as exceeded:
            await client.commit(hold.reservation_id, lines={"1": 3})
        assert (exceeded.value.asked, exceeded.value.limit) == (3, 2)
        with pytest.raises(UnknownLine):
            await client.commit(hold.reservation_id, lines=["7"])
        with pytest.raises(ReservationNotCommitted):
            await client.ship(hold.reservation_id)
        await client.release(hold.reservation_id)
        with pytest.raises(ReservationReleased):
            await client.commit(hold.reservation_id)
        with pytest.raises(UnknownReservation):
            await client.extend("no such reservation", ttl_s=60)
        with pytest.raises(InvalidField) as invalid:
            await client.reserve([("TEA", "LONDON", 0)])
        assert (invalid.value.field, invalid.value.value) == ("lines[0].quantity", "0")


async def test_nothing_is_oversold_by_concurrent_callers(node_address: str) -> None:
    async with Client(node_address) as client:
        await client.receive("TEA", "LONDON", 100)
        outcomes = await asyncio.gather(
            *(client.reserve([("TEA", "LONDON", 1)]) for _ in range(300)), return_exceptions=True
        )
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds.count(Reserved) == 100
        assert kinds.count(InsufficientStock) == 200


async def test_a_bulk_load_lists_what_is_wrong(node_address: str) -> None:
    async with Client(node_address) as client:
        batch = [commands.receive(f"SKU-{number}", "LONDON", number) for number in range(1_500)]
        outcomes = await client.execute(batch)
        wrong = [number for number, each in enumerate(outcomes) if isinstance(each, HoldfastError)]
        assert wrong == [0]


async def test_the_feed_tells_what_the_client_did(node_address: str) -> None:
    async with Client(node_address) as client:
        async with client.watch(sku_prefixes=["T"]) as feed:
            await client.receive("CUP", "LONDON", 1)
            first = await client.receive("TEA", "LONDON", 10, reference="d-1")
            hold = await client.reserve([("TEA", "LONDON", 4)], correlation_id="trace")
            received, held = await anext(feed), await anext(feed)
        assert (received.kind, received.cause.reference) == (EventKind.STOCK_RECEIVED, "d-1")
        assert (held.kind, held.quantity) == (EventKind.STOCK_HELD, 4)
        assert (held.reservation_id, held.line_id) == (hold.reservation_id, "1")
        assert (held.balances, held.version) == (Balances(10, 4, 0, 0, 6), 2)
        assert held.cause.correlation_id == "trace"
        # The cursor of a write is a place to go on from, too.
        async with client.watch(sku_prefixes=["T"], start=first.cursor) as feed:
            assert (await anext(feed)).kind is EventKind.STOCK_HELD
