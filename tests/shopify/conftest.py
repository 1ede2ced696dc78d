"""A real node for what is told to the engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.config import Configuration
from engine.node import Node


@pytest.fixture
async def node_address(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a real node of two shards on an empty data directory."""
    configuration = Configuration(
        data_dir=str(tmp_path / "data"), shards=2, listen="127.0.0.1:0", metrics_listen=""
    )
    node = Node(configuration)
    addresses = await node.start()
    yield addresses.rpc
    await node.stop()
