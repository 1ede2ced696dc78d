"""Each call gives its own typed answer, whichever way it travels."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from holdfast import Client, Line, Location, PickedLine, SyncClient, commands
from holdfast.types import (
    Allocated,
    Amended,
    Availabilities,
    Availability,
    Balances,
    ChannelBuffer,
    Committed,
    Configured,
    Confirmed,
    Counted,
    Extended,
    HoldTimes,
    Incoming,
    LineResult,
    LocationAvailability,
    Node,
    NodeConfigured,
    OnOverdue,
    Picked,
    Released,
    Reservation,
    ReservationLine,
    ReservationStatus,
    ReservationTransferred,
    Reserved,
    Returned,
    Selling,
    Shipment,
    Shipped,
    ShippedLine,
    SourceMark,
    Stock,
    StockChanged,
    Transfer,
    TransferReceived,
    TransferSent,
    UnavailableUnits,
    Unpicked,
)

from tests.client.scripted_server import ScriptedServer

RECORDED_AT = datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
EXPIRES_AT = datetime(2023, 11, 14, 22, 18, 20, tzinfo=UTC)
LINE = LineResult("1", "TEA", "LONDON", 2)
TEN = Balances(10, 0, 0, 0, 10)
RECEIPT = ("c-1", False, RECORDED_AT)
TEA = Stock("TEA", "LONDON", Balances(0, 0, 0, 0, 0), True, Selling.OPEN, 0, (), "acme")
BOTH = [Line("TEA", "LONDON", 2, line_id="1")]
AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONFIGURED = NodeConfigured(*RECEIPT)

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
    ("set_on_hand", ("TEA", "LONDON", 1), {}, Counted("TEA", "LONDON", 7, TEN, 0, *RECEIPT, -1)),
    ("configure", ("TEA", "LONDON"), {"tracked": True}, Configured(TEA, *RECEIPT)),
    (
        "amend",
        ("r",),
        {"set_lines": BOTH, "drop_lines": ["2"]},
        Amended("r", (LINE,), (LineResult("2", "", "", 1),), *RECEIPT, None),
    ),
    ("confirm", ("r",), {}, Confirmed("r", *RECEIPT, None)),
    (
        "pick",
        ("r",),
        {"lines": [PickedLine("1", 2, missing=1)]},
        Picked("r", (LINE,), (LineResult("1", "", "", 1),), *RECEIPT, None),
    ),
    ("unpick", ("r",), {"lines": {"1": 2}}, Unpicked("r", (LINE,), *RECEIPT, None)),
    ("return_units", ("r",), {"lines": {"1": 2}}, Returned("r", (LINE,), *RECEIPT, None)),
    (
        "transfer_reservation",
        ("r",),
        {"to_location": "PARIS", "lines": {"1": 2}},
        ReservationTransferred("r", (LINE,), (), *RECEIPT, None),
    ),
    (
        "expect",
        ("TEA", "LONDON", 5),
        {"reference": "PO-7", "expected_at": AT},
        StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT),
    ),
    (
        "take_back",
        ("TEA", "LONDON", 1),
        {"reason": "UNWANTED"},
        StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT),
    ),
    (
        "move",
        ("TEA", "LONDON", 1),
        {"to_cause": "damaged"},
        StockChanged("TEA", "LONDON", 7, TEN, *RECEIPT),
    ),
    (
        "send_transfer",
        ("TEA", "LONDON", "PARIS", 3),
        {"expected_at": AT},
        TransferSent("t-id", "TEA", "LONDON", 7, TEN, *RECEIPT),
    ),
    (
        "receive_transfer",
        ("t", 3),
        {"lost": 1},
        TransferReceived("t", "TEA", "PARIS", 7, TEN, *RECEIPT),
    ),
    ("configure_locations", ([Location("LONDON", groups=["uk"])],), {}, CONFIGURED),
    ("define_kit", ("SET", {"CUP": 6, "POT": 1}), {}, CONFIGURED),
    ("limit_customers", ("TEA", 3), {"window": HOUR}, CONFIGURED),
    ("configure_holds", (), {"cart": HOUR}, CONFIGURED),
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


async def test_a_basket_that_waits_says_so(any_client: Client) -> None:
    waits = await any_client.reserve([("TEA", "LONDON", 2)], wait=HOUR)
    does_not = await any_client.reserve([("TEA", "LONDON", 2)])
    assert (waits.waiting, does_not.waiting) == (True, False)


async def test_a_reservation_is_found_by_its_reference(any_client: Client) -> None:
    committed = await any_client.commit(reservation_reference="cart-7", reference="order-1")
    assert committed.reservation_id == "r-" + committed.reservation_id.removeprefix("r-")
    found = await any_client.reservation(reservation_reference="cart-7")
    assert (found.reservation_id, found.reference) == ("r-found", "cart-7")


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
            Balances(10, 0, 0, 0, 0, (UnavailableUnits("damaged", 2),), 1, 5, 3, 4),
            False,
            Selling.STOPPED,
            3,
            (ChannelBuffer("web", 2),),
            "acme",
            "c-read",
            6,
            (Incoming("PO-7", 5, AT), Incoming("T-1", 1, None, "t")),
            (SourceMark("till", 8, None),),
        ),
    ),
    (
        "reservation",
        ("r",),
        Reservation(
            "r",
            ReservationStatus.WAITING,
            (
                ReservationLine("1", "TEA", "LONDON", 2, 0, 0),
                ReservationLine("2", "CUP", "LONDON", 0, 5, 3, 8, 1, 2, 4, 1, 6, 12),
            ),
            "",
            "",
            "",
            None,
            AT,
            "acme",
            "c-read",
            timedelta(minutes=5),
            EXPIRES_AT,
            OnOverdue.RELEASE,
            (Shipment("parcel-1", EXPIRES_AT, (ShippedLine("2", "CUP", "LONDON", 3, 1),)),),
        ),
    ),
    (
        "transfer",
        ("t",),
        Transfer("t", "TEA", "LONDON", "PARIS", 9, 4, 2, 3, "", AT, None, "acme", "c-read"),
    ),
    (
        "node",
        (),
        Node(
            *("1.2.3", "0badcafe", 1, 4, None),
            HoldTimes(timedelta(minutes=5), None, None),
            "c-old",
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
