"""A server and clients of it, and backoffs short enough that no test waits for them."""

from collections.abc import AsyncIterator

import pytest
from holdfast import Client, _retry

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
def server_address(server: ScriptedServer) -> str:
    """The address of a server for tests that do not care which one it is."""
    return server.address
