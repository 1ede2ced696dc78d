from collections.abc import AsyncIterator

import pytest

from tests.complaints.storefront import Storefront, storefront


@pytest.fixture
async def shop() -> AsyncIterator[Storefront]:
    """A node of one shard, and a client of it."""
    async with storefront(1) as opened:
        yield opened


@pytest.fixture(params=[1, 4], ids=["one shard", "four shards"])
async def any_shop(request: pytest.FixtureRequest) -> AsyncIterator[Storefront]:
    """The same, with one shard and with four."""
    async with storefront(request.param) as opened:
        yield opened
