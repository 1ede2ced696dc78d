from collections.abc import AsyncIterator

import pytest

from tests.rpc.serving import Node, serving


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """A node of one shard."""
    async with serving() as served:
        yield served
