"""Answers in pages, reads of the past, events of every kind, and waiting for a subscriber."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import grpc
import pytest
from holdfast import Client, Event, EventKind, SyncClient
from holdfast.errors import DeadlineExpired, ReadNotKept
from holdfast.event import AtRisk, Cause
from holdfast.types import Component, CustomerLimit, HoldTimes, Kit, Location, NodeConfiguration
from holdfast.v1 import configuration_pb2, feed_pb2, history_pb2, stock_pb2

from tests.client.scripted_server import BREAK_BEFORE, ScriptedServer, failure

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOT_KEPT = failure("READ_NOT_KEPT", grpc.StatusCode.OUT_OF_RANGE, as_of="x", oldest="y")


def event_pages(*positions: list[int]) -> list[history_pb2.ListEventsResponse]:
    return [
        history_pb2.ListEventsResponse(events=[feed_pb2.Event(position=each) for each in page])
        for page in positions
    ]


PAGES = pytest.mark.parametrize(
    "pages",
    [[[]], [[1]], [[1, 2], [3]], [[1], [], [2, 3]], [[], []], [[1, 2], []]],
    ids=str,
)


@PAGES
async def test_a_listing_gives_the_items_of_all_pages(
    client: Client, server: ScriptedServer, pages: list[list[int]]
) -> None:
    server.pages = event_pages(*pages)
    listing = client.list_events("TEA", "LONDON")
    assert server.unary == []
    assert [event.position async for event in listing] == list(chain(*pages))
    assert (listing.next_page_token, listing.cursor) == ("", f"c-{len(pages) - 1}")
    assert len(server.unary) == len(pages)


@PAGES
async def test_a_thread_lists_the_same(server: ScriptedServer, pages: list[list[int]]) -> None:
    server.pages = event_pages(*pages)

    def read() -> tuple[list[int], str]:
        with SyncClient(server.address) as client:
            listing = client.list_events(reservation_id="r")
            return [event.position for event in listing], listing.cursor

    assert await asyncio.to_thread(read) == (list(chain(*pages)), f"c-{len(pages) - 1}")


@PAGES
async def test_a_listing_gives_page_by_page_and_goes_on_elsewhere(
    client: Client, server: ScriptedServer, pages: list[list[int]]
) -> None:
    server.pages = event_pages(*pages)
    told: list[list[int]] = []
    token = ""
    while not told or token:
        listing = client.list_events("TEA", "LONDON", page_token=token)
        page = await listing.page()
        told.append([event.position for event in page or ()])
        token = listing.next_page_token
    assert told == pages
    assert await listing.page() is None


async def test_a_page_that_was_begun_is_given_to_its_end(
    client: Client, server: ScriptedServer
) -> None:
    server.pages = event_pages([1, 2, 3], [4])
    listing = client.list_events("TEA", "LONDON")
    assert (await anext(listing)).position == 1
    assert [event.position for event in await listing.page() or ()] == [2, 3]
    assert [event.position async for event in listing] == [4]


async def test_a_page_is_asked_again_when_the_connection_breaks(
    client: Client, server: ScriptedServer
) -> None:
    server.pages = event_pages([1], [2])
    server.steps = [BREAK_BEFORE, BREAK_BEFORE]
    assert [event.position async for event in client.list_events("T", "L")] == [1, 2]


async def test_what_is_listed_is_asked_for(client: Client, server: ScriptedServer) -> None:
    server.pages = event_pages([])
    listing = client.list_events(
        *("TEA", "LONDON"),
        from_version=0,
        to_version=9,
        from_time=AT,
        to_time=AT + timedelta(hours=1),
        newest_first=True,
        page_size=50,
        tenant="acme",
    )
    assert await listing.page() == ()
    request = history_pb2.ListEventsRequest(
        tenant="acme",
        key=stock_pb2.StockKey(tenant="acme", sku="TEA", location="LONDON"),
        from_version=0,
        to_version=9,
        newest_first=True,
        page_size=50,
    )
    request.from_time.FromDatetime(AT)
    request.to_time.FromDatetime(AT + timedelta(hours=1))
    assert server.unary == [request]


async def test_an_explanation_has_the_number_and_its_steps(
    client: Client, server: ScriptedServer
) -> None:
    server.pages = [
        history_pb2.ExplainStockResponse(
            value=8, explanations=[{"event": {"position": 5}, "change": -2, "value": 8}]
        ),
        history_pb2.ExplainStockResponse(
            value=8, explanations=[{"event": {"position": 2}, "change": 10, "value": 10}]
        ),
    ]
    why = client.explain_stock("TEA", "LONDON", "on_hand", as_of="c-9")
    assert await why.value() == 8
    assert len(server.unary) == 1
    assert server.unary[0].as_of_cursor == "c-9"
    assert server.unary[0].field == history_pb2.BALANCE_FIELD_ON_HAND
    assert [(step.event.position, step.change, step.value) async for step in why] == [
        (5, -2, 8),
        (2, 10, 10),
    ]

    def read() -> tuple[list[int], int]:
        with SyncClient(server.address) as other:
            again = other.explain_stock("TEA", "LONDON", "on_hand", as_of=AT)
            return [step.change for step in again], again.value()

    assert await asyncio.to_thread(read) == ([-2, 10], 8)
    assert server.unary[-1].as_of_time.ToDatetime(UTC) == AT


RESERVATIONS: list[tuple[tuple[str, ...], dict[str, Any], str, Any]] = [
    (("TEA", "L"), {}, "key", ("TEA", "L")),
    (("TEA", "L"), {"state": "allocated"}, "key", ("TEA", "L")),
    (("TEA", "L"), {"at_risk": True}, "at_risk", ("TEA", "L")),
    ((), {"reference": "cart-7"}, "reference", "cart-7"),
    (("TEA",), {"customer": "c-1"}, "customer", ("TEA", "c-1")),
]


@pytest.mark.parametrize(("arguments", "options", "name", "subject"), RESERVATIONS)
async def test_reservations_are_listed_by_what_is_named(
    client: Client,
    server: ScriptedServer,
    arguments: tuple[str, ...],
    options: dict[str, Any],
    name: str,
    subject: Any,
) -> None:
    server.pages = [history_pb2.ListReservationsResponse(reservations=[{"reservation_id": "r"}])]
    found = [each.reservation_id async for each in client.list_reservations(*arguments, **options)]
    assert found == ["r"]
    [request] = server.unary
    assert request.WhichOneof("filter") == name
    asked = getattr(request, name)
    if name != "reference":
        asked = (asked.sku, asked.customer if name == "customer" else asked.location)
    assert asked == subject
    assert (request.state == history_pb2.PROMISE_STATE_ALLOCATED) is ("state" in options)


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("list_events", (), {}, "name either sku and location, or a reservation_id"),
    ("list_events", ("TEA",), {}, "name either sku and location"),
    ("list_events", ("TEA",), {"reservation_id": "r"}, "name either sku and location"),
    ("list_events", ("TEA", "L"), {"reservation_id": "r"}, "name either sku and location"),
    ("explain_stock", ("TEA", "L", "price"), {}, "field is 'price'; it must be one of on_hand,"),
    ("list_reservations", (), {}, "name either sku and location, or a reference"),
    ("list_reservations", ("TEA",), {}, "name either sku and location, or a reference"),
    ("list_reservations", ("TEA", "L"), {"reference": "r"}, "name either sku and location"),
    ("list_reservations", (), {"customer": "c"}, "name either sku and location"),
    ("list_reservations", (), {"reference": "r", "at_risk": True}, "state and at_risk each narrow"),
    ("list_reservations", (), {"reference": "r", "state": "held"}, "state and at_risk each"),
    (
        *("list_reservations", ("TEA", "L")),
        *({"at_risk": True, "state": "held"}, "state and at_risk each narrow"),
    ),
]


@pytest.mark.parametrize(("name", "arguments", "options", "message"), REFUSED)
async def test_questions_that_make_no_sense_raise_at_once(
    client: Client,
    server: ScriptedServer,
    name: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        getattr(client, name)(*arguments, **options)
    assert server.unary == []


async def test_the_past_of_a_stock_is_asked_for(client: Client, server: ScriptedServer) -> None:
    await client.stock("TEA", "LONDON", as_of=AT)
    await client.stock("TEA", "LONDON", as_of="c-9")
    await client.stock("TEA", "LONDON")
    asked = [request.WhichOneof("as_of") for request in server.unary]
    assert asked == ["as_of_time", "as_of_cursor", None]
    server.steps = [NOT_KEPT]
    with pytest.raises(ReadNotKept) as raised:
        await client.stock("TEA", "LONDON", as_of=AT)
    assert (raised.value.as_of, raised.value.oldest) == ("x", "y")


async def test_a_configuration_of_several_pages_is_read_whole(
    client: Client, server: ScriptedServer
) -> None:
    first = configuration_pb2.GetConfigurationResponse(
        locations=[{"name": "L", "priority": 2, "enabled": True, "groups": ["shops"]}]
    )
    second = configuration_pb2.GetConfigurationResponse(
        kits=[{"sku": "SET", "components": [{"sku": "CUP", "quantity": 6}]}],
        customer_limits=[{"sku": "TEA", "units": 3, "window": timedelta(days=30)}],
        hold_times={"cart": timedelta(minutes=5)},
    )
    server.pages = [first, second]
    assert await client.configuration() == NodeConfiguration(
        (Location("L", 2, "", True, ("shops",)),),
        (Kit("SET", (Component("CUP", 6),)),),
        (CustomerLimit("TEA", 3, timedelta(days=30)),),
        HoldTimes(timedelta(minutes=5), None, None),
        "c-0",
    )


async def test_a_named_subscriber_is_waited_for(client: Client, server: ScriptedServer) -> None:
    with pytest.raises(DeadlineExpired):
        await client.wait_for_subscriber("adapter", "c-9", timeout_s=0.2)
    async with client.watch(name="adapter"):
        assert server.watches[-1].name == "adapter"
        assert await client.wait_for_subscriber("adapter", "c-9") == "c-9"


EVENTS: list[tuple[dict[str, Any], str, Any]] = [
    ({"stock_held": {"quantity": 5, "backordered": 2}}, "backordered", 2),
    ({"wait_joined": {"quantity": 5, "place": 3}}, "quantity", 5),
    ({"stock_shipped": {"shipment_id": "parcel"}}, "shipment_id", "parcel"),
    ({"transfer_sent": {"transfer_id": "t", "reference": "T-1"}}, "transfer_id", "t"),
    ({"transfer_sent": {"transfer_id": "t", "reference": "T-1"}}, "reference", "T-1"),
    ({"stock_returned": {"unavailable_cause": "damaged"}}, "unavailable_cause", "damaged"),
    ({"reservation_promoted": {"expires_at": AT}}, "expires_at", AT),
    ({"confirmation_asked": {"confirm_by": AT}}, "confirm_by", AT),
    ({"stock_sold": {"quantity": 1}}, "expires_at", None),
    (
        {"shortfall_detected": {"at_risk": [{"reservation_id": "r", "units": 2}]}},
        *("at_risk", (AtRisk("r", 2, False),)),
    ),
    ({"stock_sold": {}}, "at_risk", ()),
    ({"stock_sold": {}}, "lines", ()),
    ({"kit_defined": {"tenant": "acme"}}, "tenant", "acme"),
    ({"base_taken": {"position": 4}}, "kind", EventKind.BASE_TAKEN),
]


@pytest.mark.parametrize(("fields", "name", "value"), EVENTS)
def test_an_event_reads_what_its_kind_says(fields: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(Event(feed_pb2.Event(**fields)), name) == value


def test_lines_told_to_another_shard_are_events() -> None:
    line = feed_pb2.Event(key={"sku": "TEA"}, hold_committed={"quantity": 2})
    told = Event(feed_pb2.Event(lines_told={"reservation_id": "r", "lines": [line]}))
    assert [(each.kind, each.sku, each.quantity) for each in told.lines] == [
        (EventKind.HOLD_COMMITTED, "TEA", 2)
    ]


def test_a_cause_names_its_source() -> None:
    event = Event(feed_pb2.Event(cause={"command": "Sell", "source": "till", "source_sequence": 8}))
    assert event.cause == Cause("Sell", "", "", "", "", "", "", None, "till", 8)
