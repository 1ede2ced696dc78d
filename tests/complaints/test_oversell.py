"""Complaints about the same unit being sold to more than one customer."""

import pytest
from holdfast import Client, errors

from engine.core.decide.filler import Filler
from engine.core.model import Stock
from engine.core.rejections import CustomerRequired
from engine.core.view import Filled, Wish
from tests.complaints.storefront import (
    Storefront,
    at_once,
    check_rows_add_up,
    events_of,
    quantities,
    storefront,
)


def _blind_to_promises(stock: Stock, _channel: str) -> int:
    """The planted fault: what is promised already is not looked at."""
    return stock.on_hand


def _plant_blindness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core.decide.filler.available_to", _blind_to_promises)


async def _one_of_ten_gets_the_last_unit(shop: Storefront) -> None:
    await shop.client.receive("TEA", "L", 1)
    shoppers = [Client(shop.address, coalesce=False) for _ in range(10)]
    served, short = await at_once([each.allocate([("TEA", "L", 1)]) for each in shoppers])
    for each in shoppers:
        await each.close()
    assert (len(served), short) == (1, 9)
    balances = (await shop.client.stock("TEA", "L")).balances
    assert (balances.on_hand, balances.allocated, balances.available) == (1, 1, 0)


async def test_magento_3072_concurrent_oversell(any_shop: Storefront) -> None:
    """Ten people press the order button for the last unit in the same moment; several orders are
    made and the saleable quantity goes below zero. Here one gets it, and nine are told that they
    do not."""
    await _one_of_ten_gets_the_last_unit(any_shop)


async def test_control_magento_3072_stock_is_read_past_the_promises(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plant_blindness(monkeypatch)
    with pytest.raises(AssertionError):
        await _one_of_ten_gets_the_last_unit(shop)


async def _fifty_reserve_twenty(shop: Storefront) -> None:
    client = shop.client
    await client.receive("TEA", "L", 20)
    held, short = await at_once([client.reserve([("TEA", "L", 1)]) for _ in range(50)])
    assert (len(held), short) == (20, 30)
    await check_rows_add_up(client, "TEA", "L")
    assert (await client.stock("TEA", "L")).balances.held == 20
    await at_once([client.release(each.reservation_id) for each in held])
    balances = (await client.stock("TEA", "L")).balances
    assert (balances.held, balances.available) == (0, 20)


async def test_medusa_16569_reservations_made_without_a_lock(shop: Storefront) -> None:
    """Whoever creates reservations directly, without taking the lock that the shipped workflows
    take, gets more of them than there is stock, and the counter forgets some. Here no caller has a
    lock to forget: a SKU has one writer, and the counter is moved by the same events as the
    rows."""
    await _fifty_reserve_twenty(shop)


async def test_control_medusa_16569_without_the_check(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plant_blindness(monkeypatch)
    with pytest.raises(AssertionError):
        await _fifty_reserve_twenty(shop)


async def _nobody_comes_between_check_and_order(shop: Storefront) -> None:
    client = shop.client
    await client.receive("TEA", "L", 10)
    paying = [await client.reserve([("TEA", "L", 2)]) for _ in range(5)]
    rivals, short = await at_once([client.reserve([("TEA", "L", 1)]) for _ in range(20)])
    assert (len(rivals), short) == (0, 20)
    with pytest.raises(errors.BelowPromised):
        await client.adjust("TEA", "L", -1, reason="damaged", reference="D-1")
    orders, _ = await at_once([client.commit(each.reservation_id) for each in paying])
    assert [quantities(order.lines) for order in orders] == [{("TEA", "L"): 2}] * 5
    await check_rows_add_up(client, "TEA", "L")


async def test_vendure_4930_stock_is_gone_between_check_and_payment(shop: Storefront) -> None:
    """Stock is checked when payment is arranged and allocated when it is settled; in between it
    goes to others, and a paid order is oversold or gets less than was paid for. Here the check is
    the hold, and a commit in time gets every held unit."""
    await _nobody_comes_between_check_and_order(shop)


async def test_control_vendure_4930_holds_do_not_count(
    shop: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plant_blindness(monkeypatch)
    with pytest.raises(AssertionError):
        await _nobody_comes_between_check_and_order(shop)


async def test_saleor_543_two_baskets_together_exceed_the_stock(any_shop: Storefront) -> None:
    """Each of two baskets fits the stock, both together do not, and checked out at the same time
    both go through. Here at most what is there is promised, also where the baskets name the same
    SKUs in opposite order, and whoever is refused leaves nothing behind."""
    client = any_shop.client
    for sku in ("TEA", "MUG", "CUP"):
        await client.receive(sku, "L", 10)
    served, short = await at_once([client.allocate([("CUP", "L", 6)]) for _ in range(2)])
    assert (len(served), short) == (1, 1)
    there = [("TEA", "L", 6), ("MUG", "L", 6)]
    served, short = await at_once([client.allocate(basket) for basket in (there, there[::-1])])
    assert len(served) + short == 2
    assert len(served) <= 1
    for sku in ("TEA", "MUG"):
        balances = (await client.stock(sku, "L")).balances
        assert (balances.held, balances.allocated) == (0, 6 * len(served))


async def test_woocommerce_12467_negative_stock_without_backorders(any_shop: Storefront) -> None:
    """Concurrent checkouts drive a product below zero although backorders are off. Here no event
    of its history shows a negative number, and nothing is backordered that was not allowed."""
    client = any_shop.client
    await client.receive("TEA", "L", 50)
    served, short = await at_once(
        [client.sell("TEA", "L", 3) for _ in range(20)]  # The till,
        + [client.allocate([("TEA", "L", 3)]) for _ in range(20)]  # and the shop.
    )
    assert (len(served), short) == (16, 24)
    history = [event.balances for event in await events_of(client, "TEA", "L")]
    assert all(balances and min(balances[:5]) >= 0 for balances in history)
    assert all(balances and balances.backordered == 0 for balances in history)


async def _kits_share_a_component(shop: Storefront) -> None:
    client = shop.client
    await client.define_kit("BREAKFAST", {"MUG": 2, "TEA": 1})
    await client.define_kit("PAIR", {"MUG": 2})
    await client.receive("TEA", "L", 10)
    await client.receive("MUG", "L", 3)
    each = [[("BREAKFAST", "L", 1)], [("PAIR", "L", 1)]]
    for basket in each:
        assert (await client.reserve(basket, validate_only=True)).lines
    both = [line for basket in each for line in basket]
    with pytest.raises(errors.InsufficientStock):
        await client.reserve(both)
    assert (await client.stock("MUG", "L")).balances.held == 0
    served, short = await at_once([client.reserve(basket) for basket in each * 5])
    assert (len(served), short) == (1, 9)
    await check_rows_add_up(client, "MUG", "L")
    await check_rows_add_up(client, "TEA", "L")


async def test_medusa_16502_kits_that_share_a_component(any_shop: Storefront) -> None:
    """Two lines of one basket need the same component; each is checked against all of it, both
    pass, and the location is reserved beyond its stock. Here each line sees what the lines before
    it have taken."""
    await _kits_share_a_component(any_shop)


async def test_control_medusa_16502_each_line_sees_all_of_the_stock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill = Filler.fill

    def forgetful(self: Filler, wish: Wish) -> Filled | CustomerRequired:
        self.taken = {}
        return fill(self, wish)

    monkeypatch.setattr(Filler, "fill", forgetful)
    async with storefront(1) as shop:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            await _kits_share_a_component(shop)
