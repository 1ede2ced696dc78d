"""Complaints about what others tell: a request that comes twice, a count that knows nothing of open
orders, and a number that nobody can explain."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from holdfast import EventKind, errors

from engine.shard.messages import Result, Write
from engine.shard.turn import Turn
from engine.shard.writer import Writer
from tests.complaints.storefront import START_MS, Storefront, events_of


async def _a_key_counts_once(shop: Storefront) -> None:
    client = shop.client
    call: dict[str, Any] = {"reference": "delivery-7", "request_id": "key-1"}
    answers = await asyncio.gather(*[client.receive("TEA", "L", 5, **call) for _ in range(20)])
    assert sum(not answer.replayed for answer in answers) == 1
    assert {answer.balances.on_hand for answer in answers} == {5}
    orders = [
        await client.allocate([("TEA", "L", 2), ("MUG", "L", 1)], if_short="record", request_id="o")
        for _ in range(3)
    ]
    assert len({order.reservation_id for order in orders}) == 1
    assert [order.replayed for order in orders] == [False, True, True]
    shop.shards.crash()
    shop.shards.start()
    assert (await client.receive("TEA", "L", 5, **call)).replayed
    with pytest.raises(errors.RequestIdReused):
        await client.receive("TEA", "L", 6, **call)
    balances = (await client.stock("TEA", "L")).balances
    assert (balances.on_hand, balances.allocated) == (5, 2)
    assert len(await events_of(client, "TEA", "L")) == 2


async def test_square_135_the_same_key_is_applied_twice(any_shop: Storefront) -> None:
    """A request that is repeated with the same idempotency key has its effect a second time. Here
    the key, a hash of the content and the effect are recorded together: repeats get the first
    answer, at once, later and after a crash, and the same key with another content is refused."""
    await any_shop.client.receive("MUG", "L", 9)
    await _a_key_counts_once(any_shop)


async def test_control_square_135_the_record_of_the_key_is_not_looked_at(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(self: Writer, turn: Turn, slot: int, write: Write, kind: str) -> Result:
        turn.enter(slot, write.tenant, write)
        return self._decide(turn, write, kind, f"{turn.next_position}".encode())

    await shop.client.receive("MUG", "L", 9)
    monkeypatch.setattr(Writer, "_once", again)
    with pytest.raises(AssertionError):
        await _a_key_counts_once(shop)


async def _zero_respects_or_tells(shop: Storefront) -> None:
    client = shop.client
    await client.receive("TEA", "L", 2)
    order = await client.allocate([("TEA", "L", 1)], reference="order-1")
    cart = await client.reserve([("TEA", "L", 1)], reference="cart-2")
    with pytest.raises(errors.BelowPromised) as refused:
        await client.set_on_hand("TEA", "L", 0)
    assert (refused.value.on_hand, refused.value.promised) == (0, 2)
    assert (await client.stock("TEA", "L")).balances.on_hand == 2
    await client.set_on_hand("TEA", "L", 0, if_short="record", source="ERP", reference="sync-9")
    history = await events_of(client, "TEA", "L")
    told = [event for event in history if event.kind is EventKind.SHORTFALL_DETECTED]
    assert [(one.reservation_id, one.units) for event in told for one in event.at_risk] == [
        (cart.reservation_id, 1),
        (order.reservation_id, 1),
    ]
    at_risk = [each.reference async for each in client.list_reservations("TEA", "L", at_risk=True)]
    assert sorted(at_risk) == ["cart-2", "order-1"]
    with pytest.raises(errors.InsufficientStock):
        await client.reserve([("TEA", "L", 1)])


async def test_magento_2725_set_to_zero_over_open_orders(any_shop: Storefront) -> None:
    """The warehouse's system sets a product to zero because its only unit was sold, and then the
    order that it was sold to cannot be shipped. Here such a zero is refused, or recorded together
    with an event that names whose units are in question."""
    await _zero_respects_or_tells(any_shop)


async def test_magento_2725_the_order_is_shipped_all_the_same(shop: Storefront) -> None:
    """The same complaint to its end: what has physically left is a fact, so the shipment of the
    order is recorded after the zero as well, and a count that says when it was made is brought up
    to date by what has left since."""
    client = shop.client
    await client.receive("TEA", "L", 1)
    order = await client.allocate([("TEA", "L", 1)])
    await client.set_on_hand("TEA", "L", 0, if_short="record")
    await client.ship(order.reservation_id)
    balances = (await client.stock("TEA", "L")).balances
    # One more has left than was counted: the next count settles it.
    assert (balances.on_hand, balances.allocated) == (-1, 0)
    await client.set_on_hand("TEA", "L", 4)
    shop.pass_time(60)
    looked_at = datetime.fromtimestamp(START_MS / 1_000 + 30, UTC)
    await client.sell("TEA", "L", 1)
    counted = await client.set_on_hand("TEA", "L", 4, observed_at=looked_at)
    assert (counted.moved_since, counted.balances.on_hand) == (-1, 3)


async def test_control_magento_2725_the_zero_is_silent(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.core.decide.count.shortfall", lambda *_: ())
    with pytest.raises(AssertionError):
        await _zero_respects_or_tells(shop)


async def test_nopcommerce_1310_who_changed_the_stock(any_shop: Storefront) -> None:
    """There is no history of stock movements by warehouse: the number is there, and nobody can say
    how it came about. Here each event says which command made it, from which system, for what
    reason, under which reference and ticket, and the number is explained by just those events."""
    client = any_shop.client
    await client.receive("TEA", "L", 10, reference="PO-1", source="ERP")
    await client.adjust(
        "TEA", "L", -2, reason="damaged", reference="D-1", ticket="HELP-7", correlation_id="c-1"
    )
    await client.sell("TEA", "L", 1, reference="till-3")
    await client.set_on_hand("TEA", "L", 6, reason="stocktake", reference="ST-1")
    await client.receive("TEA", "M", 99, reference="PO-2")
    steps = [step async for step in client.explain_stock("TEA", "L", "on_hand")]
    assert [(step.event.cause.command, step.change, step.value) for step in steps] == [
        ("SetOnHand", -1, 6),
        ("Sell", -1, 7),
        ("Adjust", -2, 8),
        ("Receive", 10, 10),
    ]
    assert await client.explain_stock("TEA", "L", "on_hand").value() == 6
    causes = [step.event.cause for step in steps]
    assert [cause.reference for cause in causes] == ["ST-1", "till-3", "D-1", "PO-1"]
    assert [cause.reason for cause in causes] == ["stocktake", "", "damaged", ""]
    assert (causes[2].ticket, causes[2].correlation_id) == ("HELP-7", "c-1")
    assert causes[3].source == "ERP"
    assert all(cause.request_id for cause in causes)
    assert [event.version for event in await events_of(client, "TEA", "L")] == [1, 2, 3, 4]
