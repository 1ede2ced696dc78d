"""Complaints about holds that never end, and about holds that stand in their owner's way."""

from datetime import timedelta

import pytest
from holdfast import EventKind, Line, errors
from holdfast.types import ReservationStatus

from engine.core.model import Settings
from tests.complaints.storefront import Storefront, check_rows_add_up, events_of, quantities

HALF_AN_HOUR = timedelta(minutes=30)
YEAR_MS = 365 * 86_400_000


async def _unpaid_orders_end(shop: Storefront) -> None:
    client = shop.client
    await client.configure_holds(checkout=HALF_AN_HOUR)
    for sku in ("TEA", "MUG"):
        await client.receive(sku, "L", 5)
    basket = [("TEA", "L", 5), ("MUG", "L", 5)]
    abandoned = await client.reserve(basket, hold_class="checkout")
    with pytest.raises(errors.InsufficientStock):
        await client.reserve(basket)
    async with client.watch() as feed:
        shop.pass_time(30 * 60)
        ended = await client.reservation(abandoned.reservation_id)
        assert ended.status is ReservationStatus.EXPIRED
        freed: dict[str, int] = {}
        # With several shards, one of them learns of the end a moment later than the other.
        while sum(freed.values()) < 10:
            event = await anext(feed)
            if event.kind is EventKind.HOLD_EXPIRED:
                freed[event.sku] = event.quantity
    assert freed == {"TEA": 5, "MUG": 5}
    with pytest.raises(errors.ReservationExpired):
        await client.commit(abandoned.reservation_id)
    assert sum(quantities((await client.reserve(basket)).lines).values()) == 10


async def test_vendure_3509_unpaid_orders_block_stock_for_ever(any_shop: Storefront) -> None:
    """Orders that are never paid keep their stock, as nothing ends them: merchants write scripts
    that look for them. Here each hold has a deadline from the start, its end is an event, and no
    script is needed."""
    await _unpaid_orders_end(any_shop)


async def test_control_vendure_3509_holds_without_an_end(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "hold_ms", lambda *_: YEAR_MS)
    with pytest.raises(AssertionError):
        await _unpaid_orders_end(shop)


async def test_vendure_3509_an_order_that_nobody_confirms_is_given_back(shop: Storefront) -> None:
    """The same for orders that are placed before they are paid: an allocation that is to be
    confirmed within a time, and is not, gives its units back by itself."""
    client = shop.client
    await client.receive("TEA", "L", 2)
    order = await client.allocate(
        [("TEA", "L", 2)], confirm_within=HALF_AN_HOUR, on_overdue="release"
    )
    shop.pass_time(30 * 60)
    balances = (await client.stock("TEA", "L")).balances
    assert (balances.allocated, balances.available) == (0, 2)
    ended = await client.reservation(order.reservation_id)
    assert ended.status is ReservationStatus.RELEASED


async def test_woocommerce_55396_a_failed_payment_keeps_its_units(any_shop: Storefront) -> None:
    """When a payment fails, the reservation stays until it runs out, and others are told that
    nothing is there. Here whoever learns of the failure gives the units back at once, with the
    reason on record; whoever means to try again keeps the hold until its deadline, and no longer
    than that."""
    client = any_shop.client
    await client.receive("TEA", "L", 1)
    failed = await client.reserve([("TEA", "L", 1)], reference="order-1", ttl_s=600)
    await client.release(reservation_reference="order-1", reason="payment_failed")
    assert (await client.stock("TEA", "L")).balances.available == 1
    freed = (await events_of(client, "TEA", "L"))[-1]
    assert freed.reservation_id == failed.reservation_id
    assert (freed.kind, freed.cause.reason) == (EventKind.HOLD_RELEASED, "PAYMENT_FAILED")
    retried = await client.reserve([("TEA", "L", 1)], ttl_s=600)
    with pytest.raises(errors.InsufficientStock):
        await client.reserve([("TEA", "L", 1)])
    any_shop.pass_time(600)
    assert (await client.reservation(retried.reservation_id)).status is ReservationStatus.EXPIRED
    assert (await client.reserve([("TEA", "L", 1)])).lines[0].quantity == 1
    await check_rows_add_up(client, "TEA", "L")


async def _own_hold_counts_as_free(shop: Storefront) -> None:
    client = shop.client
    await client.receive("TEA", "L", 3)
    own = await client.reserve([("TEA", "L", 3)], reference="cart-7")
    # The shop's session is lost: what is known is the name of the cart.
    found = await client.reservation(reservation_reference="cart-7")
    assert found.reservation_id == own.reservation_id
    for excluded, available in (("", 0), (found.reservation_id, 3)):
        seen = await client.availability("TEA", excluding_reservation=excluded)
        assert seen.items[0].total_available == available
    for quantity in (2, 3):
        again = [Line("TEA", "L", quantity, line_id="1")]
        await client.amend(reservation_reference="cart-7", set_lines=again)
        assert (await client.stock("TEA", "L")).balances.held == quantity
    with pytest.raises(errors.InsufficientStock):
        await client.amend(
            reservation_reference="cart-7", set_lines=[Line("TEA", "L", 4, line_id="1")]
        )
    with pytest.raises(errors.InsufficientStock):
        await client.reserve([("TEA", "L", 1)], reference="cart-8")
    assert quantities((await client.commit(reservation_reference="cart-7")).lines) == {
        ("TEA", "L"): 3
    }


async def test_woocommerce_67354_a_shopper_is_blocked_by_their_own_hold(
    any_shop: Storefront,
) -> None:
    """The session moves on to a new draft order, and the shopper's own reservation of the last
    unit now counts against them. Here a basket is found by the shop's own name for it, what it
    holds counts as free when it is looked at or changed, and for nobody else."""
    await _own_hold_counts_as_free(any_shop)


async def test_control_woocommerce_67354_the_own_hold_is_anybodys(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.shard.reader._own_units", lambda *_: {})
    with pytest.raises(AssertionError):
        await _own_hold_counts_as_free(shop)
