"""Bad input for what baskets can ask beyond the plain: the field, its value and the limit are
named, and nothing changes."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from holdfast.v1 import inventory_pb2 as pb

from tests.rpc.serving import Node, refused, run_batch
from tests.rpc.spoiling import Row, numbers, put, row, texts

ID = "336-1-2"


def line(line_id: str = "1", **fields: Any) -> pb.BasketLine:
    plain: dict[str, Any] = {"sku": "TEA", "location": "LONDON", "quantity": 1}
    return pb.BasketLine(line_id=line_id, **(plain | fields))


WELL_FORMED: dict[str, Callable[[], Any]] = {
    "Reserve": lambda: pb.ReserveRequest(lines=[line()]),
    "Allocate": lambda: pb.AllocateRequest(lines=[line()]),
    "Amend": lambda: pb.AmendRequest(reservation_id=ID, set_lines=[line()], drop_line_ids=["2"]),
    "Extend": lambda: pb.ExtendRequest(reservation_id=ID),
    "Commit": lambda: pb.CommitRequest(reservation_id=ID, lines=[pb.LineQuantity(line_id="1")]),
    "Confirm": lambda: pb.ConfirmRequest(reservation_id=ID),
    "Release": lambda: pb.ReleaseRequest(reservation_id=ID, lines=[pb.LineQuantity(line_id="1")]),
    "Pick": lambda: pb.PickRequest(reservation_id=ID, lines=[pb.PickedLine(line_id="1")]),
    "Unpick": lambda: pb.UnpickRequest(reservation_id=ID, lines=[pb.LineQuantity(line_id="1")]),
    "Ship": lambda: pb.ShipRequest(reservation_id=ID, lines=[pb.LineQuantity(line_id="1")]),
    "Return": lambda: pb.ReturnRequest(reservation_id=ID, lines=[pb.LineQuantity(line_id="1")]),
    "TransferReservation": lambda: pb.TransferReservationRequest(
        reservation_id=ID, to_location="PARIS", lines=[pb.LineQuantity(line_id="1")]
    ),
}
COMMAND_NAMES = {"TransferReservation": "transfer_reservation"}
EVERY = list(WELL_FORMED)
ON_BASKETS = ["Reserve", "Allocate"]
ON_RESERVATIONS = [method for method in EVERY if method not in ON_BASKETS]
WITH_PARTS = ["Commit", "Release", "Unpick", "Ship", "Return", "TransferReservation"]
NEW_WITH_PARTS = ["Unpick", "Return", "TransferReservation"]
SOURCED = ["Reserve", "Allocate", "Amend"]
TTLS, CONFIRMS = "1 to 7776000 seconds", "1 to 31622400 seconds"


def of(method: str) -> str:
    """Where a basket's lines are."""
    return "set_lines" if method == "Amend" else "lines"


def from_locations(*names: str) -> Callable[[Any], object]:
    def spoil(request: Any) -> None:
        lines = getattr(request, "set_lines", None) or request.lines
        lines[0].locations.locations.extend(names)

    return spoil


def from_group(group: str) -> Callable[[Any], object]:
    def spoil(request: Any) -> None:
        lines = getattr(request, "set_lines", None) or request.lines
        lines[0].group = group

    return spoil


def sourced() -> list[Row]:
    rows = []
    for method in SOURCED:
        path = f"{of(method)}[0]"
        at = f"{path}.locations.locations"
        many = [f"L{n}" for n in range(101)]
        rows += [
            Row([method], at, from_locations(*many), "101 locations", "1 to 100 locations"),
            Row([method], f"{at}[0]", from_locations(""), "", "1 to 128 bytes"),
            Row([method], f"{at}[1]", from_locations("A", " B"), '" B"', "without spaces"),
            Row([method], f"{at}[2]", from_locations("A", "B", "A"), "A", f"{at}[0] has it"),
            Row([method], f"{path}.group", from_group(""), "", "1 to 128 bytes"),
            Row([method], f"{path}.group", from_group("a\n"), "a\\n", "control characters"),
            *numbers([method], f"{path}.customer_limit", 0, 10**12),
            row([method], "strategy", 9, "9", "PRIORITY, FEWEST_SPLITS, MOST_STOCK"),
        ]
    return rows


def both_named(request: Any) -> None:
    request.reservation_reference = "cart-7"


def by_reference(text: str) -> Callable[[Any], object]:
    def spoil(request: Any) -> None:
        request.reservation_id = ""
        request.reservation_reference = text

    return spoil


def clear_id(request: Any) -> None:
    request.reservation_id = ""


ROWS: list[Row] = [
    *texts(EVERY, "context.source"),
    row(EVERY, "context.source_sequence", 1, "1", "0 without a source"),
    Row(
        EVERY,
        "context.source_sequence",
        lambda r: (put("context.source", "till")(r), put("context.source_sequence", -1)(r)),
        "-1",
        "0 to 9223372036854775807",
    ),
    *texts(EVERY, "tenant"),
    *sourced(),
    row(["Reserve"], "wait", Duration(seconds=0), "0 seconds", TTLS),
    row(["Reserve"], "wait", Duration(seconds=7_776_001), "7776001 seconds", TTLS),
    row(["Reserve"], "wait", Duration(seconds=5, nanos=-1), "-1 nanos", TTLS),
    *(
        row(["Allocate", "Commit"], "confirm_within", wrong, shown, CONFIRMS)
        for wrong, shown in [
            (Duration(seconds=0), "0 seconds"),
            (Duration(seconds=31_622_401), "31622401 seconds"),
            (Duration(seconds=-1), "-1 seconds"),
        ]
    ),
    row(["Allocate", "Commit"], "on_overdue", 9, "9", "KEEP, RELEASE"),
    row(["Commit"], "on_expired", 9, "9", "REFUSE, REACQUIRE"),
    row(["Ship"], "if_unexpected", 9, "9", "REFUSE, RECORD"),
    Row(ON_RESERVATIONS, "reservation_id", clear_id, "", "1 to 128 bytes"),
    Row(ON_RESERVATIONS, "reservation_reference", both_named, "cart-7", "empty where"),
    Row(ON_RESERVATIONS, "reservation_reference", by_reference("a\x00"), "a\\x00", "control"),
    Row(ON_RESERVATIONS, "reservation_reference", by_reference(" a"), '" a"', "without spaces"),
    *texts(["Pick", "Unpick", "Return"], "reference"),
    *texts(["Return"], "shipment_id"),
    *texts(["Return"], "unavailable_cause"),
    *texts(["Return"], "reason"),
    *texts(["TransferReservation"], "to_location", required=True),
    *texts([*NEW_WITH_PARTS, "Pick"], "lines[0].line_id", required=True),
    *numbers([*NEW_WITH_PARTS, "Pick"], "lines[0].quantity", 0, 10**12),
    *numbers(["Pick"], "lines[0].missing", 0, 10**12),
    *texts(["Ship"], "lines[0].location"),
    *(
        row([method], "lines[0].location", "PARIS", "PARIS", "only Ship")
        for method in WITH_PARTS
        if method != "Ship"
    ),
    Row(
        ["Pick"],
        "lines[1].line_id",
        put("lines", [pb.PickedLine(line_id="1")] * 2),
        "1",
        "lines[0] has it",
    ),
    Row(
        ["Pick"],
        "lines",
        put("lines", [pb.PickedLine(line_id=str(n)) for n in range(2_001)]),
        "2001 lines",
        "0 to 2000 lines",
    ),
    Row(
        ["Amend"],
        "set_lines",
        lambda r: (r.ClearField("set_lines"), r.ClearField("drop_line_ids")),
        "0 lines",
        "at least one of set_lines, drop_line_ids",
    ),
    Row(
        ["Amend"],
        "set_lines",
        put("set_lines", [line(str(n)) for n in range(2_001)]),
        "2001 lines",
        "1 to 2000 lines",
    ),
    Row(
        ["Amend"],
        "set_lines[1].line_id",
        put("set_lines", [line("a"), line("a")]),
        "a",
        "set_lines[0] has it",
    ),
    *numbers(["Amend"], "set_lines[0].quantity", 1, 10**12),
    Row(["Amend"], "drop_line_ids[0]", put("drop_line_ids", ["1"]), "1", "not one of set_lines"),
    Row(["Amend"], "drop_line_ids[1]", put("drop_line_ids", ["2", ""]), "", "1 to 128 bytes"),
    Row(["Amend"], "drop_line_ids[1]", put("drop_line_ids", ["2", "2"]), "2", "[0] has it"),
    Row(
        ["Amend"],
        "drop_line_ids",
        put("drop_line_ids", [f"x{n}" for n in range(2_001)]),
        "2001 lines",
        "0 to 2000 lines",
    ),
]


def request_of(node: Node, method: str, wrong: Row | None = None) -> Any:
    request = WELL_FORMED[method]()
    request.context.CopyFrom(node.context())
    if wrong is not None:
        wrong.spoil(request)
    return request


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_what_is_wrong_is_named_and_changes_nothing(node: Node, method: str) -> None:
    rows = [wrong for wrong in ROWS if method in wrong.methods]
    for wrong in rows:
        refusal = await refused(getattr(node.stub, method)(request_of(node, method, wrong)))
        where = f"{method} {wrong.field}: {refusal.message}"
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT, where
        assert refusal.metadata["field"] == wrong.field, where
        assert wrong.value in refusal.metadata["value"], where
        assert wrong.limit in refusal.metadata["limit"], where
    name = COMMAND_NAMES.get(method, method.lower())
    batch = [pb.Command(**{name: request_of(node, method, wrong)}) for wrong in rows]
    outcomes = await run_batch(node, *batch)
    for wrong, outcome in zip(rows, outcomes, strict=True):
        assert outcome.failure.metadata["field"] == wrong.field
    assert node.shards.submitted == 0


@pytest.mark.parametrize("method", WELL_FORMED)
async def test_the_well_formed_request_reaches_the_shard(node: Node, method: str) -> None:
    """The control of the table."""
    call = getattr(node.stub, method)(request_of(node, method))
    assert await call.code() is not grpc.StatusCode.INVALID_ARGUMENT
    assert node.shards.submitted == 1
