"""Complaints about locks: everybody wants the same SKU, and who waits for a lock gives up.

What is counted are answers, not seconds: each call gets one, and none is an error.
"""

import asyncio
from collections import Counter

from holdfast import Client

from tests.complaints.storefront import Storefront, at_once, check_rows_add_up

BUYERS = 3_000
STOCK = 1_000


async def test_erpnext_36825_deadlocks_while_stock_entries_are_made(any_shop: Storefront) -> None:
    """A few hundred documents into a synchronisation that moves stock, deadlocks and lock timeouts
    begin, and stay. Here baskets that name the same SKUs in opposite order, in both directions at
    once, are all answered: nothing waits for a lock while it has another."""
    client = any_shop.client
    skus = ["TEA", "MUG", "CUP"]
    for sku in skus:
        await client.receive(sku, "L", 500)
    orders = [[(sku, "L", 1) for sku in skus], [(sku, "L", 1) for sku in reversed(skus)]]
    served, short = await at_once([client.allocate(orders[n % 2]) for n in range(400)])
    assert (len(served), short) == (400, 0)
    await at_once([client.release(each.reservation_id) for each in served[::2]])
    for sku in skus:
        balances = (await client.stock(sku, "L")).balances
        assert (balances.held, balances.allocated, balances.available) == (0, 200, 300)
        await check_rows_add_up(client, sku, "L")


async def test_woocommerce_65325_reserving_blocks_other_orders_of_the_product(
    shop: Storefront,
) -> None:
    """The lock for a reservation reaches from the stock to all orders with the product: new drafts
    and changes of status wait behind it. Here orders of the product are made, extended, committed
    and given back while it is being reserved, and each of these calls is answered."""
    client = shop.client
    await client.receive("TEA", "L", 400)
    orders = [await client.reserve([("TEA", "L", 1)]) for _ in range(90)]
    thirds = [[each.reservation_id for each in orders[n::3]] for n in range(3)]
    calls = [
        *[client.reserve([("TEA", "L", 1)]) for _ in range(300)],
        *[client.extend(each, ttl_s=60) for each in thirds[0]],
        *[client.commit(each) for each in thirds[1]],
        *[client.release(each) for each in thirds[2]],
    ]
    answered = Counter(type(each).__name__ for each in await asyncio.gather(*calls))
    assert answered == {"Reserved": 300, "Extended": 30, "Committed": 30, "Released": 30}
    balances = (await client.stock("TEA", "L")).balances
    assert (balances.held, balances.allocated, balances.available) == (330, 30, 40)


async def test_saleor_11069_stock_rows_stay_locked_during_payment(shop: Storefront) -> None:
    """The rows of a product are locked until the payment provider has answered; a second customer
    of the same product fails. Here a payment that takes its time has a hold and no lock: thousands
    of others reserve the same SKU meanwhile, each gets a unit or hears that none is left, and the
    slow payer's unit is there."""
    client = shop.client
    await client.receive("TEA", "L", STOCK)
    paying = await client.reserve([("TEA", "L", 1)])
    async with Client(shop.address, timeout_s=100) as crowd:
        served, short = await at_once([crowd.reserve([("TEA", "L", 1)]) for _ in range(BUYERS)])
    assert (len(served), short) == (STOCK - 1, BUYERS - STOCK + 1)
    assert len({each.reservation_id for each in served}) == STOCK - 1
    paid = await client.commit(paying.reservation_id)
    assert paid.lines[0].quantity == 1
    balances = (await client.stock("TEA", "L")).balances
    assert (balances.held, balances.allocated, balances.available) == (STOCK - 1, 1, 0)
