"""Bad input for commands on stock, transfers and configuration, and for queries: the field, its
value and the limit are named, and nothing changes."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import configuration_pb2 as config
from holdfast.v1 import history_pb2 as history
from holdfast.v1 import inventory_pb2 as pb

from tests.rpc.serving import TEA, Node, refused
from tests.rpc.spoiling import Row, numbers, put, row, texts

ID = "336-1-2"
HERE = "1-10ca1000-1-0.1"

WELL_FORMED: dict[str, Callable[[], Any]] = {
    "Receive": lambda: pb.ReceiveRequest(key=TEA, quantity=1),
    "Adjust": lambda: pb.AdjustRequest(key=TEA, delta=1, reason="R", reference="n"),
    "SetOnHand": lambda: pb.SetOnHandRequest(key=TEA, on_hand=1),
    "Configure": lambda: pb.ConfigureRequest(key=TEA, backorder_limit=1),
    "Expect": lambda: pb.ExpectRequest(key=TEA, reference="PO-7", quantity=1),
    "TakeBack": lambda: pb.TakeBackRequest(key=TEA, quantity=1, reason="R"),
    "Move": lambda: pb.MoveRequest(key=TEA, quantity=1, to_cause="damaged"),
    "SendTransfer": lambda: pb.SendTransferRequest(
        sku="TEA", from_location="LONDON", to_location="PARIS", quantity=1
    ),
    "ReceiveTransfer": lambda: pb.ReceiveTransferRequest(transfer_id=ID, quantity=1),
    "GetTransfer": lambda: pb.GetTransferRequest(transfer_id=ID),
    "GetStock": lambda: pb.GetStockRequest(key=TEA),
    "ConfigureLocations": lambda: config.ConfigureLocationsRequest(
        locations=[config.Location(name="LONDON", groups=["uk"])]
    ),
    "DefineKit": lambda: config.DefineKitRequest(
        sku="SET", components=[config.Component(sku="TEA", quantity=1)]
    ),
    "LimitCustomers": lambda: config.LimitCustomersRequest(sku="TEA", units=1),
    "ConfigureHolds": lambda: config.ConfigureHoldsRequest(
        hold_times=config.HoldTimes(cart=Duration(seconds=1))
    ),
    "GetConfiguration": config.GetConfigurationRequest,
    "ListEvents": lambda: history.ListEventsRequest(key=TEA),
    "ExplainStock": lambda: history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_HELD),
}
READS = {"GetTransfer", "GetStock", "GetConfiguration", "ListEvents", "ExplainStock"}
WRITES = [method for method in WELL_FORMED if method not in READS]
ON_KEYS = ["Expect", "TakeBack", "Move", "ExplainStock", "ListEvents"]
ON_NODE = ["ConfigureLocations", "DefineKit", "LimitCustomers", "ConfigureHolds"]
PAGED = ["GetConfiguration", "ListEvents", "ExplainStock"]
AS_OF = ["GetStock", "ExplainStock"]
TTLS = "1 to 7776000 seconds"
TIMES = "after 1970-01-01T00:00:00Z"
CURSORS = "a cursor that this server gave"
MANY_GROUPS = [f"g{n}" for n in range(17)]


def locations(*messages: config.Location) -> Callable[[Any], object]:
    return put("locations", messages)


def components(*messages: config.Component) -> Callable[[Any], object]:
    return put("components", messages)


def both_observations(request: Any) -> None:
    request.observed_at.seconds = 5
    request.observed_cursor = HERE


ROWS: list[Row] = [
    Row(WRITES, "context.request_id", lambda r: r.ClearField("context"), "", "1 to 128 bytes"),
    *texts(WRITES, "context.source"),
    row(WRITES, "context.source_sequence", 7, "7", "0 without a source"),
    *texts(["SendTransfer", "ReceiveTransfer", "GetTransfer", *ON_NODE], "tenant"),
    *texts(["GetConfiguration", "ListEvents"], "tenant"),
    *texts(ON_KEYS, "key.tenant"),
    *texts(ON_KEYS, "key.sku", required=True),
    *texts(ON_KEYS, "key.location", required=True),
    *numbers(["TakeBack", "Move", "SendTransfer"], "quantity", 1, 10**12),
    *numbers(["Expect"], "quantity", 0, 10**12),
    *texts(["Expect"], "reference", required=True),
    *texts(["TakeBack"], "reason", required=True),
    *texts(["TakeBack", "Move", "SendTransfer", "ReceiveTransfer"], "reference"),
    *texts(["Receive"], "incoming_reference"),
    *texts(["Receive", "Adjust", "TakeBack", "ReceiveTransfer"], "unavailable_cause"),
    *texts(["Move"], "from_cause"),
    *texts(["Move"], "to_cause")[:-1],
    *texts(["Move"], "reason"),
    Row(["Move"], "to_cause", lambda r: r.ClearField("to_cause"), "", "another cause"),
    Row(["Move"], "to_cause", put("from_cause", "damaged"), "damaged", "another cause"),
    row(["Move", "SendTransfer"], "if_short", 9, "9", "REFUSE, RECORD"),
    row(["Expect", "SendTransfer"], "expected_at", Timestamp(seconds=-1), "-1 seconds", TIMES),
    *texts(["SendTransfer"], "sku", required=True),
    *texts(["SendTransfer"], "from_location", required=True),
    *texts(["SendTransfer"], "to_location", required=True),
    row(["SendTransfer"], "to_location", "LONDON", "LONDON", "another location"),
    *texts(["ReceiveTransfer", "GetTransfer"], "transfer_id", required=True),
    *numbers(["ReceiveTransfer"], "lost", 0, 10**12),
    row(["ReceiveTransfer"], "quantity", -1, "-1", "0 to 10"),
    row(["ReceiveTransfer"], "quantity", 0, "0", "or 0 if units are lost"),
    *numbers(["Configure"], "backorder_limit", 0, 10**12),
    row(["SetOnHand"], "observed_at", Timestamp(seconds=-1), "-1 seconds", TIMES),
    row(["SetOnHand"], "observed_cursor", "x", "x", CURSORS),
    row(["SetOnHand"], "observed_cursor", "1-10ca1000-1-0.0", "0.0", "after the first event"),
    Row(["SetOnHand"], "observed_cursor", both_observations, HERE, "empty where observed_at"),
    row(AS_OF, "as_of_cursor", "x", "x", CURSORS),
    row(AS_OF, "as_of_time", Timestamp(seconds=0), "0 seconds", TIMES),
    Row(["ConfigureLocations"], "locations", locations(), "0 locations", "1 to 1000 locations"),
    Row(
        ["ConfigureLocations"],
        "locations",
        locations(*(config.Location(name=f"L{n}") for n in range(1_001))),
        "1001 locations",
        "1 to 1000 locations",
    ),
    Row(
        ["ConfigureLocations"],
        "locations[1].name",
        locations(config.Location(name="A"), config.Location(name="A")),
        "A",
        "locations[0] has it",
    ),
    *texts(["ConfigureLocations"], "locations[0].name", required=True),
    *texts(["ConfigureLocations"], "locations[0].region"),
    *numbers(["ConfigureLocations"], "locations[0].priority", -(10**9), 10**9),
    row(["ConfigureLocations"], "locations[0].groups", MANY_GROUPS, "17 groups", "0 to 16 groups"),
    Row(
        ["ConfigureLocations"],
        "locations[0].groups[1]",
        put("locations[0].groups", ["a", "a"]),
        "a",
        "locations[0].groups[0] has it",
    ),
    Row(
        ["ConfigureLocations"],
        "locations[0].groups[0]",
        put("locations[0].groups", [""]),
        "",
        "1 to 128 bytes",
    ),
    *texts(["DefineKit", "LimitCustomers"], "sku", required=True),
    *texts(["DefineKit"], "components[0].sku", required=True),
    *numbers(["DefineKit"], "components[0].quantity", 1, 10**12),
    Row(
        ["DefineKit"],
        "components[1].sku",
        components(*[config.Component(sku="TEA", quantity=1)] * 2),
        "TEA",
        "components[0] has it",
    ),
    Row(
        ["DefineKit"],
        "components",
        components(*(config.Component(sku=f"S{n}", quantity=1) for n in range(101))),
        "101 components",
        "0 to 100 components",
    ),
    *numbers(["LimitCustomers"], "units", 0, 10**12),
    row(
        ["LimitCustomers"],
        "window",
        Duration(seconds=31_622_401),
        "31622401",
        "0 to 31622400 seconds",
    ),
    Row(["ConfigureHolds"], "hold_times", lambda r: r.ClearField("hold_times"), "", "at least one"),
    row(["ConfigureHolds"], "hold_times.cart", Duration(seconds=0), "0 seconds", TTLS),
    row(["ConfigureHolds"], "hold_times.order", Duration(seconds=-1), "-1 seconds", TTLS),
    *numbers(PAGED, "page_size", 0, 1_000)[:2],
    row(PAGED, "page_token", "nonsense", "nonsense", "of this very query"),
    Row(["ListEvents"], "key", lambda r: r.ClearField("key"), "", "one of key, reservation_id"),
    row(["ListEvents"], "reservation_id", "a\n", "a\\n", "control characters"),
    row(["ListEvents"], "from_version", 2**63, str(2**63), "0 to"),
    row(["ListEvents"], "to_version", 2**63, str(2**63), "0 to"),
    Row(
        ["ListEvents"],
        "from_version",
        lambda r: (put("reservation_id", ID)(r), put("from_version", 1)(r)),
        "1",
        "unset for a reservation",
    ),
    row(["ListEvents"], "from_time", Timestamp(seconds=0), "0 seconds", TIMES),
    row(["ListEvents"], "to_time", Timestamp(seconds=2**62), str(2**62), TIMES),
    row(["ExplainStock"], "field", 0, "0", "ON_HAND, HELD, ALLOCATED, AVAILABLE"),
    row(["ExplainStock"], "field", 99, "99", "ON_HAND, HELD, ALLOCATED, AVAILABLE"),
    row(["GetTransfer", "GetStock"], "read_at_least", "x", "x", CURSORS),
]


def call(node: Node, method: str, request: Any) -> Any:
    stubs = (node.stub, node.configuration, node.history)
    stub = next(stub for stub in stubs if hasattr(stub, method))
    return getattr(stub, method)(request)


def request_of(node: Node, method: str, wrong: Row | None = None) -> Any:
    request = WELL_FORMED[method]()
    if method not in READS:
        request.context.CopyFrom(node.context())
    if wrong is not None:
        wrong.spoil(request)
    return request


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_what_is_wrong_is_named_and_changes_nothing(node: Node, method: str) -> None:
    for wrong in ROWS:
        if method not in wrong.methods:
            continue
        refusal = await refused(call(node, method, request_of(node, method, wrong)))
        where = f"{method} {wrong.field}: {refusal.message}"
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT, where
        assert refusal.metadata["field"] == wrong.field, where
        assert wrong.value in refusal.metadata["value"], where
        assert wrong.limit in refusal.metadata["limit"], where
    assert node.shards.submitted == 0


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_the_well_formed_request_reaches_the_shard(node: Node, method: str) -> None:
    """The control of the table."""
    code = await call(node, method, request_of(node, method)).code()
    assert code is not grpc.StatusCode.INVALID_ARGUMENT
    assert node.shards.submitted == 1


@pytest.mark.parametrize("field", ["as_of_cursor", "read_at_least"])
async def test_a_cursor_of_another_history_is_foreign(node: Node, field: str) -> None:
    request = pb.GetStockRequest(key=TEA)
    setattr(request, field, "1-ffffffff-1-0.1")
    refusal = await refused(node.stub.GetStock(request))
    assert refusal.reason == "CURSOR_FOREIGN"
