"""A node, the adapter and a shop that sells by itself: at the end both sides agree to the unit."""

import asyncio
from pathlib import Path

import pytest
from holdfast import Client

from benchmarks.node import Node, running_node
from engine.log.verify import verify
from tests.shopify.faults import Faults
from tests.shopify.running import AdapterProcess
from tests.shopify.server import shopify_server
from tests.shopify.trade import CHANNEL, Trade

ACTIONS = 60
KINDS = {
    *("buy", "buy_at_till", "send", "cancel", "write_off", "take_off", "send_back", "move"),
    *("edit", "in the engine"),
}


@pytest.mark.parametrize("seed", [1])
async def test_both_sides_agree_after_faults_and_kills(tmp_path: Path, seed: int) -> None:
    faults = Faults(
        seed,
        refused=0.04,
        lost_answer=0.08,
        late_answer=0.08,
        too_many=0.02,
        webhook_lost=0.2,
        webhook_twice=0.2,
        webhook_late=0.3,
    )
    async with (
        running_node(tmp_path, 2) as node,
        Client(node.address, timeout_s=30) as client,
        shopify_server(faults, points=20_000, points_per_s=10_000) as shopify,
    ):
        trade = Trade(shopify, client, seed)
        await trade.open()
        adapter = AdapterProcess(node, shopify)
        await adapter.start()
        try:
            async with asyncio.timeout(120):
                await trade_on(trade, node, adapter)
                await trade_until_all_has_happened(trade)
                faults.cease()
                await trade.until_agreed()
                for _ in range(2):
                    await shopify.asked("query Changed")
        except TimeoutError:
            raise AssertionError([await trade.differences(), adapter.log[-20:]]) from None
        finally:
            code = await adapter.stop()
        assert await trade.differences() == [], "it stays so"
        assert [each async for each in client.parked_messages(f"shopify-{CHANNEL}")] == []
        assert code == 0
        assert set(trade.did) == KINDS
        assert shopify.delivered > 0
    assert verify(node.data_dir).differences == []


async def trade_on(trade: Trade, node: Node, adapter: AdapterProcess) -> None:
    """Everybody sells, while the adapter, a shard and the node are killed."""
    await trade.until_agreed()
    for number in range(ACTIONS):
        adapter_is_down, node_is_down = 20 < number < 24, 40 < number < 43
        trade.act()
        if number % 4 == 0 and not node_is_down:
            await trade.act_in_engine()
        if number == 20:
            await adapter.kill()
        elif number == 24:
            await adapter.start()
        elif number == 30:
            node.kill_shard(trade.seed % 2)
        elif number == 40:
            node.kill()
        elif number == 43:
            await node.start()
        elif adapter_is_down or node_is_down:
            continue
        elif number % 20 == 15:
            await trade.until_agreed()
        else:
            await trade.shopify.asked()


async def trade_until_all_has_happened(trade: Trade) -> None:
    """What happens in so many steps depends on who is faster. So they go on until all has: also
    that a shopper was faster than a push, and that the answer of one was lost."""
    done = trade.shopify.api.set_quantities
    while not (set(trade.did) == KINDS and done.stale > 0 and done.replayed > 0):
        trade.act()
        await trade.act_in_engine()
        await trade.shopify.asked("mutation Set")
