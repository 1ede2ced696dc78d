"""Each call gives its own typed answer, whichever way it travels."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from holdfast import Client, SyncClient, commands
from holdfast.types import (
    Allocated,
    Availabilities,
    Availability,
    Balances,
    ChannelBuffer,
    Committed,
    Configured,
    Counted,
    Extended,
    LineResult,
    LocationAvailability,
    Released,
    Reservation,
    ReservationLine,
    ReservationStatus,
    Reserved,
    Selling,
    Shipped,
    Stock,
    StockChanged,
)

from tests.client.scripted_server import ScriptedServer

RECORDED_AT = datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
EXPIRES_AT = datetime(2023, 11, 14, 22, 18, 20, tzinfo=UTC)
LINE = LineResult("1", "TEA", "LONDON", 2)
TEN = Balances(10, 0, 0, 0, 10)
RECEIPT = ("c-1", False, RECORDED_AT)
TEA = Stock("TEA", "LONDON", Balances(0, 0, 0, 0, 0), True, Selling.OPEN, 0, (), "acme")

WRITES: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    (
        "reserve",
        ([("TEA", "LONDON", 2)],),
        {"ttl_s": 300},
        Reserved("r-id", (LINE,), (), EXPIRES_AT, *RECEIPT, None),
    ),
    ("extend", ("r",), {"ttl_s": 300}, Extended("r", EXPIRES_AT, *RECEIPT, None)),
    ("commit", ("r",), {"lines": {"1": 2}}, Committed("r", (LINE,), (), *RECEIPT, None)),
    (
        "release",
        ("r",),
        {"lines": {"1": 2}},
        Released("r", (LINE,), ReservationStatus.SHIPPED, *RECEIPT, None),
    ),
    ("allocate", ([("TEA", "LONDON", 2)],), {}, Allocated("r-id", (LINE,), *RECEIPT, None)),
    (
        "ship",
        ("r",),
        {"lines": {"1": 2}},
        Shipped("r", (LINE,), ReservationStatus.SHIPPED, *RECEIPT, None),
    ),
    ("sell", ("TEA", "LONDON", 1), {}, StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT)),
    ("receive", ("TEA", "LONDON", 1), {}, StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT)),
    (
        "adjust",
        ("TEA", "LONDON", 1),
        {"reason": "FOUND", "reference": "d"},
        StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT),
    ),
    ("set_on_hand", ("TEA", "LONDON", 1), {}, Counted("TEA", "LONDON", 7, TEN, 0, *RECEIPT)),
    ("configure", ("TEA", "LONDON"), {"tracked": True}, Configured(TEA, *RECEIPT)),
]
NAMES = [row[0] for row in WRITES]


@pytest.fixture(params=[True, False], ids=["Execute", "unary"])
async def any_client(
    server: ScriptedServer, request: pytest.FixtureRequest
) -> AsyncIterator[Client]:
    async with Client(server.address, tenant="acme", coalesce=request.param) as client:
        yield client


@pytest.mark.parametrize(("name", "arguments", "options", "answer"), WRITES, ids=NAMES)
async def test_a_write_gives_its_answer(
    any_client: Client, name: str, arguments: Any, options: dict[str, Any], answer: Any
) -> None:
    given = await getattr(any_client, name)(*arguments, **options, request_id="id")
    assert given == answer
    assert type(given) is type(answer)


@pytest.mark.parametrize(("name", "arguments", "options", "answer"), WRITES, ids=NAMES)
async def test_a_thread_gets_the_same_answer(
    server: ScriptedServer, name: str, arguments: Any, options: dict[str, Any], answer: Any
) -> None:
    def write() -> Any:
        with SyncClient(server.address, tenant="acme") as client:
            return getattr(client, name)(*arguments, **options, request_id="id")

    assert await asyncio.to_thread(write) == answer


async def test_a_repeated_request_id_says_that_it_is_a_replay(any_client: Client) -> None:
    first = await any_client.receive("TEA", "LONDON", 1, request_id="id")
    second = await any_client.receive("TEA", "LONDON", 1, request_id="id")
    assert (first.replayed, second.replayed) == (False, True)
    assert first.cursor == second.cursor


READS: list[tuple[str, tuple[Any, ...], Any]] = [
    (
        "stock",
        ("TEA", "LONDON"),
        Stock(
            "TEA",
            "LONDON",
            Balances(10, 0, 0, 0, 0),
            False,
            Selling.STOPPED,
            3,
            (ChannelBuffer("web", 2),),
            "acme",
            "c-read",
        ),
    ),
    (
        "reservation",
        ("r",),
        Reservation(
            "r",
            ReservationStatus.HELD,
            (ReservationLine("1", "TEA", "LONDON", 2, 0, 0),),
            "",
            "",
            "",
            None,
            datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            "acme",
            "c-read",
        ),
    ),
    (
        "availability",
        (["TEA", ("CUP", "PARIS")],),
        Availabilities(
            (
                Availability("TEA", 5, False, (LocationAvailability("LONDON", 5, False, 1),)),
                Availability("CUP", 5, False, (LocationAvailability("PARIS", 5, False, 1),)),
            ),
            "c-read",
        ),
    ),
]


@pytest.mark.parametrize(("name", "arguments", "answer"), READS, ids=[row[0] for row in READS])
async def test_a_read_gives_its_answer(
    server: ScriptedServer, name: str, arguments: Any, answer: Any
) -> None:
    def read() -> Any:
        with SyncClient(server.address, tenant="acme") as client:
            return getattr(client, name)(*arguments)

    async with Client(server.address, tenant="acme") as client:
        assert await getattr(client, name)(*arguments) == answer
    assert await asyncio.to_thread(read) == answer


async def test_the_client_s_tenant_goes_with_every_call_that_names_none(
    any_client: Client, server: ScriptedServer
) -> None:
    await any_client.reserve([("TEA", "LONDON", 1)])
    await any_client.receive("TEA", "LONDON", 1)
    await any_client.receive("TEA", "LONDON", 1, tenant="other")
    await any_client.receive("TEA", "LONDON", 1, tenant="")
    sent = [
        getattr(command, command.WhichOneof("command") or "")
        for batch in server.batches
        for command in batch
    ]
    requests = sent or server.unary
    assert requests[0].tenant == "acme"
    assert [request.key.tenant for request in requests[1:]] == ["acme", "other", ""]


async def test_a_command_is_of_the_tenant_of_the_client_that_sends_it(
    server: ScriptedServer,
) -> None:
    command = commands.receive("TEA", "LONDON", 1)
    for tenant in ("one", "two"):
        async with Client(server.address, tenant=tenant) as client:
            await client.execute([command])
    tenants = [batch[0].receive.key.tenant for batch in server.batches]
    assert tenants == ["one", "two"]


async def test_metadata_goes_with_every_call(server: ScriptedServer) -> None:
    metadata = [("authorization", "Bearer x")]
    async with Client(server.address, metadata=metadata) as client:
        await client.receive("TEA", "LONDON", 1)
        await client.stock("TEA", "LONDON")
        async with client.watch():
            pass
    assert [each["authorization"] for each in server.metadata] == ["Bearer x"] * 3
