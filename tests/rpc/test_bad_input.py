"""Bad input: whatever is wrong, the field, its value and the limit are named, and nothing
changes."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from tests.rpc.serving import TEA, Node, refused, run_batch
from tests.rpc.spoiling import Row, numbers, put, row, texts

OVER = 10**12 + 1


def line(line_id: str = "1", quantity: int = 1, **fields: Any) -> pb.BasketLine:
    fields = {"sku": "TEA", "location": "LONDON"} | fields
    return pb.BasketLine(line_id=line_id, quantity=quantity, **fields)


WELL_FORMED: dict[str, Callable[[], Any]] = {
    "Reserve": lambda: pb.ReserveRequest(lines=[line()]),
    "Extend": lambda: pb.ExtendRequest(reservation_id="336-1-2"),
    "Commit": lambda: pb.CommitRequest(reservation_id="336-1-2"),
    "Release": lambda: pb.ReleaseRequest(reservation_id="336-1-2"),
    "Allocate": lambda: pb.AllocateRequest(lines=[line()]),
    "Ship": lambda: pb.ShipRequest(reservation_id="336-1-2"),
    "Sell": lambda: pb.SellRequest(key=TEA, quantity=1),
    "Receive": lambda: pb.ReceiveRequest(key=TEA, quantity=1),
    "Adjust": lambda: pb.AdjustRequest(key=TEA, delta=1, reason="FOUND", reference="note-1"),
    "SetOnHand": lambda: pb.SetOnHandRequest(key=TEA, on_hand=1),
    "Configure": lambda: pb.ConfigureRequest(key=TEA, safety_stock=1),
    "GetStock": lambda: pb.GetStockRequest(key=TEA),
    "GetReservation": lambda: pb.GetReservationRequest(reservation_id="336-1-2"),
    "BatchGetAvailability": lambda: pb.BatchGetAvailabilityRequest(
        keys=[pb.AvailabilityKey(sku="TEA")]
    ),
}
READS = {"GetStock", "GetReservation", "BatchGetAvailability"}
WRITES = [method for method in WELL_FORMED if method not in READS]
ON_BASKETS = ["Reserve", "Allocate"]
ON_RESERVATIONS = ["Extend", "Commit", "Release", "Ship"]
ON_STOCK = ["Sell", "Receive", "Adjust", "SetOnHand", "Configure"]
COMMAND_NAMES = {"SetOnHand": "set_on_hand"}


def lines_of(*lines: Any) -> Callable[[Any], object]:
    return put("lines", lines)


TTLS = "1 to 7776000 seconds"
TIMES = "after 1970-01-01T00:00:00Z and before the year 10000"
ROWS: list[Row] = [
    Row(WRITES, "context.request_id", lambda r: r.ClearField("context"), "", "1 to 128 bytes"),
    *texts(WRITES, "context.request_id", required=True),
    *texts(WRITES, "context.correlation_id"),
    *texts(WRITES, "context.ticket"),
    row(WRITES, "context.occurred_at", Timestamp(seconds=-1), "-1 seconds", TIMES),
    row(WRITES, "context.occurred_at", Timestamp(seconds=5, nanos=-1), "-1 nanos", TIMES),
    row(WRITES, "context.occurred_at", Timestamp(seconds=2**62), str(2**62), TIMES),
    *texts([*ON_BASKETS, *ON_RESERVATIONS, "GetReservation", "BatchGetAvailability"], "tenant"),
    *texts([*ON_BASKETS, "Commit", "Ship", "Sell", "Receive", "SetOnHand"], "reference"),
    *texts([*ON_BASKETS, "Sell", "BatchGetAvailability"], "channel"),
    *texts(ON_BASKETS, "customer"),
    *texts(["SetOnHand"], "reason"),
    *texts(["Adjust"], "reason", required=True),
    *texts(["Adjust"], "reference", required=True),
    *texts([*ON_RESERVATIONS, "GetReservation"], "reservation_id", required=True),
    *texts(["BatchGetAvailability"], "excluding_reservation"),
    *texts([*ON_STOCK, "GetStock"], "key.tenant"),
    *texts([*ON_STOCK, "GetStock"], "key.sku", required=True),
    *texts([*ON_STOCK, "GetStock"], "key.location", required=True),
    Row([*ON_STOCK, "GetStock"], "key.sku", lambda r: r.ClearField("key"), "", "1 to 128 bytes"),
    *texts(ON_BASKETS, "lines[0].line_id", required=True),
    *texts(ON_BASKETS, "lines[0].sku", required=True),
    *texts(ON_BASKETS, "lines[0].location", required=True),
    *numbers(ON_BASKETS, "lines[0].quantity", 1, 10**12),
    row(ON_BASKETS, "lines[0].minimum_quantity", 2, "2", "0 to the line's quantity, 1"),
    row(ON_BASKETS, "lines[0].minimum_quantity", -1, "-1", "0 to the line's quantity, 1"),
    Row(ON_BASKETS, "lines", lines_of(), "0 lines", "1 to 2000 lines"),
    Row(
        ON_BASKETS,
        "lines",
        lines_of(*(line(str(n)) for n in range(2_001))),
        "2001 lines",
        "1 to 2000 lines",
    ),
    Row(
        ON_BASKETS,
        "lines[2].line_id",
        lines_of(line("a"), line("b"), line("a")),
        "a",
        "unique in the list, and lines[0] has it",
    ),
    Row(ON_BASKETS, "lines[1].quantity", lines_of(line("a"), line("b", 0)), "0", "1 to 10"),
    row(["Reserve"], "fill", 9, "9", "ALL_OR_NOTHING, BEST_EFFORT"),
    row(["Reserve", "Extend"], "hold_class", 77, "77", "CART, CHECKOUT, ORDER"),
    row(["Reserve", "Extend"], "ttl", Duration(), "0 seconds", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(nanos=999_999_999), "999999999 nanos", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(seconds=-60), "-60 seconds", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(seconds=60, nanos=-1), "-1 nanos", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(seconds=60, nanos=2**31 - 1), "nanos", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(seconds=7_776_001), "7776001 seconds", TTLS),
    row(["Reserve", "Extend"], "ttl", Duration(seconds=2**63 - 1), str(2**63 - 1), TTLS),
    row(["Commit"], "remainder", 3, "3", "FREE, KEEP_HELD"),
    row(["Release"], "reason", -4, "-4", "UNSPECIFIED, CUSTOMER_CANCELLED"),
    row(["Allocate", "Sell", "Adjust", "SetOnHand"], "if_short", 5, "5", "REFUSE, RECORD"),
    *(
        wrong
        for parts, field, value, limit in [
            ([pb.LineQuantity()], "lines[0].line_id", "", "1 to 128 bytes"),
            ([pb.LineQuantity(line_id="a", quantity=-1)], "lines[0].quantity", "-1", "0 to 10"),
            ([pb.LineQuantity(line_id="a", quantity=OVER)], "lines[0].quantity", "1000", "0 to"),
            ([pb.LineQuantity(line_id="a")] * 2, "lines[1].line_id", "a", "lines[0] has it"),
            ([pb.LineQuantity(line_id="a")] * 2_001, "lines", "2001 lines", "0 to 2000 lines"),
        ]
        for wrong in [Row(["Commit", "Release", "Ship"], field, lines_of(*parts), value, limit)]
    ),
    *numbers(["Sell", "Receive"], "quantity", 1, 10**12),
    row(["Adjust"], "delta", 0, "0", "not 0"),
    row(["Adjust"], "delta", OVER, str(OVER), f"-{10**12} to {10**12}"),
    row(["Adjust"], "delta", -OVER, str(-OVER), f"-{10**12} to {10**12}"),
    *numbers(["SetOnHand"], "on_hand", 0, 10**15),
    *numbers(["SetOnHand"], "if_on_hand", -(10**15), 10**15),
    row(["SetOnHand"], "if_version", 2**64 - 1, str(2**64 - 1), f"0 to {2**63 - 1}"),
    *numbers(["Configure"], "safety_stock", 0, 10**12),
    row(["Configure"], "selling", 3, "3", "OPEN, STOPPED"),
    Row(
        ["Configure"],
        "safety_stock",
        lambda r: r.ClearField("safety_stock"),
        "",
        "at least one of safety_stock, tracked, selling, channel_buffers",
    ),
    *(
        Row(["Configure"], field, put("channel_buffers", buffers), value, limit)
        for buffers, field, value, limit in [
            (
                [stock_pb2.ChannelBuffer(units=1)],
                "channel_buffers[0].channel",
                "",
                "1 to 128 bytes",
            ),
            (
                [stock_pb2.ChannelBuffer(channel="web", units=-1)],
                "channel_buffers[0].units",
                "-1",
                "0 to 10",
            ),
            (
                [stock_pb2.ChannelBuffer(channel="web", units=1)] * 2,
                "channel_buffers[1].channel",
                "web",
                "channel_buffers[0] has it",
            ),
            (
                [stock_pb2.ChannelBuffer(channel=f"c{n}") for n in range(65)],
                "channel_buffers",
                "65 buffers",
                "0 to 64 buffers",
            ),
        ]
    ),
    Row(["BatchGetAvailability"], "keys", put("keys", []), "0 keys", "1 to 1000 keys"),
    Row(
        ["BatchGetAvailability"],
        "keys",
        put("keys", [pb.AvailabilityKey(sku="TEA")] * 1_001),
        "1001 keys",
        "1 to 1000 keys",
    ),
    *texts(["BatchGetAvailability"], "keys[0].sku", required=True),
    *texts(["BatchGetAvailability"], "keys[0].location"),
    *(
        row(sorted(READS), "read_at_least", cursor, cursor[:9], "a cursor that this server gave")
        for cursor in ["x", "1-10ca1000-1-", "1-10ca1000-1-0.01", "2-10ca1000-1-0.1", "1" * 3_000]
    ),
]


def spoiled(node: Node, method: str, wrong: Row) -> Any:
    request = WELL_FORMED[method]()
    if method not in READS:
        request.context.CopyFrom(node.context())
    wrong.spoil(request)
    return request


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_bad_input_names_field_value_and_limit_and_changes_nothing(
    node: Node, method: str
) -> None:
    rows = [wrong for wrong in ROWS if method in wrong.methods]
    assert rows
    for wrong in rows:
        refusal = await refused(getattr(node.stub, method)(spoiled(node, method, wrong)))
        where = f"{method} {wrong.field}: {refusal.message}"
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT, where
        assert refusal.reason == "INVALID_FIELD", where
        assert refusal.metadata["field"] == wrong.field, where
        assert wrong.value in refusal.metadata["value"], where
        assert wrong.limit in refusal.metadata["limit"], where
        (violation,) = refusal.violations.field_violations
        assert violation.field == wrong.field, where
        assert wrong.limit in refusal.message, where
    assert node.shards.submitted == 0
    assert node.shards.events() == 0


@pytest.mark.parametrize("method", WRITES)
async def test_bad_input_in_a_batch_fails_alone(node: Node, method: str) -> None:
    name = COMMAND_NAMES.get(method, method.lower())
    rows = [wrong for wrong in ROWS if method in wrong.methods]
    commands = [pb.Command(**{name: spoiled(node, method, wrong)}) for wrong in rows]
    good = pb.ReceiveRequest(context=node.context(), key=TEA, quantity=7)
    outcomes = await run_batch(node, *commands, pb.Command(receive=good))
    for wrong, outcome in zip(rows, outcomes, strict=False):
        failure = outcome.failure
        assert failure.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert failure.metadata["field"] == wrong.field
        assert wrong.value in failure.metadata["value"]
        assert wrong.limit in failure.metadata["limit"]
    assert outcomes[-1].receive.level.balances.on_hand == 7
    assert node.shards.submitted == 1


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_the_well_formed_request_of_the_table_reaches_the_shard(
    node: Node, method: str
) -> None:
    """The control: without the spoiled field none of the table's requests is malformed."""
    request = WELL_FORMED[method]()
    if method not in READS:
        request.context.CopyFrom(node.context())
    call = getattr(node.stub, method)(request)
    assert await call.code() is not grpc.StatusCode.INVALID_ARGUMENT
    assert node.shards.submitted == 1


@pytest.mark.parametrize(
    "sku",
    [
        "x" * 128,
        "\u00e9" * 64,
        "\U0001f375" * 32,
        "inner  spaces are fine",
        "\u200bzero width",
        'it\'s "quoted"\\',
        "tea",
        "0",
    ],
)
async def test_unusual_ids_are_kept_as_they_are(node: Node, sku: str) -> None:
    key = stock_pb2.StockKey(tenant="\u5e97", sku=sku, location=sku)
    response = await node.receive(3, key)
    assert response.level.key == key
    assert (await node.stock(key)).key == key


async def test_fields_of_a_newer_client_are_ignored(node: Node) -> None:
    await node.receive(5)
    newer = node.reservation(2).SerializeToString() + b"\xf2\x7f\x03new"
    request = pb.ReserveRequest.FromString(newer)
    response = await node.stub.Reserve(request)
    assert response.lines[0].quantity == 2
