"""What the SDK shows a server: TLS and tokens, by which the server knows it, and what it refuses to
tell in clear."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from holdfast import Client, SyncClient, Tls, token_file
from holdfast.access import stays_here
from holdfast.errors import Unauthenticated
from holdfast.v1 import inventory_pb2, inventory_pb2_grpc, stock_pb2

from tests.doors import Door

HERE = [
    "127.0.0.1:7411",
    "127.9.9.9:7411",
    "[::1]:7411",
    "localhost:7411",
    "localhost",
    "dns:///localhost:7411",
    "dns:localhost:7411",
    "ipv4:127.0.0.1:7411",
    "ipv4:127.0.0.1:7411,127.0.0.2:7411",
    "ipv6:[::1]:7411",
    "unix:/run/holdfast.sock",
    "unix:///run/holdfast.sock",
]
ELSEWHERE = [
    "10.0.0.7:7411",
    "0.0.0.0:7411",
    "[::]:7411",
    "stock.example:7411",
    "localhost.example:7411",
    "localhost@stock.example:7411",
    "dns:///stock.example:7411",
    "dns://127.0.0.1/stock.example:7411",
    "ipv4:127.0.0.1:7411,10.0.0.7:7411",
    "ipv6:[2001:db8::1]:7411",
    "xds:///localhost:7411",
    "",
]


@pytest.mark.parametrize("target", HERE)
def test_a_token_may_go_in_clear_to_this_machine(target: str) -> None:
    assert stays_here(target)
    Client(target, token="secret")


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize(
    "shown",
    [{"token": "secret"}, {"token": lambda: "secret"}, {"metadata": [("Authorization", "secret")]}],
)
def test_a_token_is_never_sent_elsewhere_in_clear(
    target: str, shown: dict[str, Any], tmp_path: Path
) -> None:
    for kind in (Client, SyncClient):
        with pytest.raises(ValueError, match="in clear: use TLS") as refused:
            kind(target, **shown)
        assert "secret" not in str(refused.value)
    Client(target, tls=Tls(Door(tmp_path).ca), **shown)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve", "x" * 17_000])
def test_what_can_be_no_token_is_refused_without_being_told(token: str) -> None:
    with pytest.raises(ValueError, match="the token is none") as refused:
        Client("127.0.0.1:1", token=token)
    assert not token or token not in str(refused.value)


def test_what_cannot_be_used_for_tls_is_refused(tmp_path: Path) -> None:
    door = Door(tmp_path)
    with pytest.raises(FileNotFoundError):
        Client("localhost:1", tls=Tls(tmp_path / "absent.pem"))
    with pytest.raises(ValueError, match="certificate and key must be given together"):
        Client("localhost:1", tls=Tls(door.ca, door.server.certificate))
    with pytest.raises(ValueError, match="tls or credentials, not both"):
        Client("localhost:1", tls=Tls(), credentials=grpc.ssl_channel_credentials())


class Doorkeeper(inventory_pb2_grpc.InventoryServiceServicer):
    """A server that lets in who shows the token of the hour, and notes what it is shown."""

    def __init__(self) -> None:
        self.token = "first"
        self.shown: list[str] = []
        self.port = 0

    async def _let_in(self, context: Any) -> None:
        shown = dict(context.invocation_metadata()).get("authorization", "")
        self.shown.append(shown)
        if shown != f"Bearer {self.token}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token has expired")

    async def GetStock(self, request: Any, context: Any) -> inventory_pb2.GetStockResponse:
        """Nothing is there, for who may come in."""
        await self._let_in(context)
        return inventory_pb2.GetStockResponse(stock=stock_pb2.Stock(key=request.key))

    async def Execute(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Each command is refused by itself, until the token of the stream is too old."""
        await self._let_in(context)
        opened = self.token
        async for request in requests:
            if self.token != opened:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token has expired")
            outcome = inventory_pb2.Outcome(index=0)
            outcome.receive.receipt.cursor = opened
            yield inventory_pb2.ExecuteResponse(
                batch_id=request.batch_id, outcomes=[outcome], complete=True
            )


@pytest.fixture
async def doorkeeper() -> AsyncIterator[Doorkeeper]:
    keeper = Doorkeeper()
    server = grpc.aio.server()
    inventory_pb2_grpc.add_InventoryServiceServicer_to_server(keeper, server)
    keeper.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield keeper
    await server.stop(0)


async def test_a_token_goes_with_every_call(doorkeeper: Doorkeeper) -> None:
    async with Client(f"127.0.0.1:{doorkeeper.port}", token="first") as client:
        await client.stock("TEA", "LONDON")
        assert (await client.receive("TEA", "LONDON", 1)).cursor == "first"
    assert doorkeeper.shown == ["Bearer first"] * 2


async def test_a_token_that_is_not_renewed_is_refused_at_once(doorkeeper: Doorkeeper) -> None:
    async with Client(f"127.0.0.1:{doorkeeper.port}", token="old") as client:
        with pytest.raises(Unauthenticated, match="expired"):
            await client.stock("TEA", "LONDON")
        with pytest.raises(Unauthenticated, match="expired") as refused:
            await client.receive("TEA", "LONDON", 1)
        assert not refused.value.outcome_unknown
    assert len(doorkeeper.shown) == 2


async def test_a_file_is_asked_for_each_call(doorkeeper: Doorkeeper, tmp_path: Path) -> None:
    """Streams that the server ends for the old token are opened again with the new one, and what
    was on its way is sent again under its own id."""
    file = tmp_path / "token"
    file.write_text("first\n")
    async with Client(f"127.0.0.1:{doorkeeper.port}", token=token_file(file)) as client:
        await client.stock("TEA", "LONDON")
        assert (await client.receive("TEA", "LONDON", 1)).cursor == "first"
        doorkeeper.token = "second"
        file.write_text("second\n")
        assert (await client.receive("TEA", "LONDON", 1)).cursor == "second"
        await client.stock("TEA", "LONDON")
        # As long as the file has no better one, it is refused.
        doorkeeper.token = "third"
        with pytest.raises(Unauthenticated, match="expired"):
            await client.stock("TEA", "LONDON")
        with pytest.raises(Unauthenticated, match="expired"):
            await client.receive("TEA", "LONDON", 1)


async def test_a_call_that_comes_too_late_with_a_token_is_made_again(
    doorkeeper: Doorkeeper,
) -> None:
    tokens = iter(["first", "second", "second"])
    doorkeeper.token = "second"
    async with Client(f"127.0.0.1:{doorkeeper.port}", token=lambda: next(tokens)) as client:
        await client.stock("TEA", "LONDON")
    assert doorkeeper.shown == ["Bearer first", "Bearer second"]


async def test_a_file_that_is_gone_is_said_and_nothing_sent(
    doorkeeper: Doorkeeper, tmp_path: Path
) -> None:
    absent = token_file(tmp_path / "absent")
    async with Client(f"127.0.0.1:{doorkeeper.port}", token=absent) as client:
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: client.stock("TEA", "LONDON"),
            lambda: client.receive("TEA", "LONDON", 1),
            lambda: client.configure_holds(cart=timedelta(minutes=4)),
        ]
        for call in calls:
            with pytest.raises(Unauthenticated, match="absent cannot be read") as refused:
                await call()
            assert not refused.value.outcome_unknown
        with pytest.raises(Unauthenticated, match="absent cannot be read"):
            async for _ in client.watch():
                pass
        with pytest.raises(Unauthenticated, match="absent cannot be read"):
            async with client.subscribe("search"):
                pass
    assert doorkeeper.shown == []
