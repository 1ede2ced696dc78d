"""A server and clients of it, and backoffs short enough that no test waits for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from holdfast import Client, _retry

from engine.config import Configuration
from engine.node import Node
from tests.client.scripted_server import ScriptedServer


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_retry, "BACKOFF_S_FIRST", 0.0005)
    monkeypatch.setattr(_retry, "BACKOFF_S_MAX", 0.002)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.address) as client:
        yield client


@pytest.fixture
async def node_address(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a real node of one shard on an empty data directory."""
    configuration = Configuration(
        data_dir=str(tmp_path / "data"), listen="127.0.0.1:0", metrics_listen=""
    )
    node = Node(configuration)
    addresses = await node.start()
    yield addresses.rpc
    await node.stop()
