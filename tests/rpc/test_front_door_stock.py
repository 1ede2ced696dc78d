"""Whoever is limited to some stock: what they may do with it, and what a command leads to that does
not name it itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from holdfast.v1 import (
    configuration_pb2,
    errors_pb2,
    feed_pb2,
    history_pb2,
    stock_pb2,
    subscriptions_pb2,
)
from holdfast.v1 import inventory_pb2 as pb

from tests.access.house import PRINCIPALS
from tests.rpc.front_door import BEGINNING, TEA, Door, command_of, front_door
from tests.rpc.serving import Refused, line

CLERK = """
[[principals]]
name = "clerk"
subjects = ["clerk"]
[[principals.rules]]
commands = ["*"]
tenants = [""]
skus = ["TEA", "MUG-*"]
locations = ["LONDON"]
channels = ["", "web"]
[[principals]]
name = "web"
subjects = ["web"]
[[principals.rules]]
commands = ["@follow", "@read", "@operate"]
channels = ["web"]
"""
DENIED = errors_pb2.ERROR_REASON_PERMISSION_DENIED
LATEST = feed_pb2.WATCH_MODE_LATEST


@pytest.fixture(params=[1, 2], ids=["one shard", "two shards"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    async with front_door(tmp_path, PRINCIPALS + CLERK, request.param) as opened:
        yield opened


async def basket(door: Door, *lines: pb.BasketLine, **fields: Any) -> str:
    """The id of a new reservation."""
    for one in lines:
        key = stock_pb2.StockKey(sku=one.sku, location=one.location)
        receive = pb.ReceiveRequest(context=door.context(), key=key, quantity=100)
        await door.as_root("Receive", receive)
    request = pb.ReserveRequest(context=door.context(), lines=lines, **fields)
    return str((await door.as_root("Reserve", request)).reservation_id)


INSIDE = (line("1", 1), line("2", 1, "MUG-1"))
OUTSIDE = {
    "another location": ((line("1", 1), line("2", 1, "TEA", "PARIS")), {}),
    "another SKU": ((line("1", 1), line("2", 1, "POT")), {}),
    "another channel": ((line("1", 1),), {"channel": "ebay"}),
}


def on_reservation(door: Door, **subject: Any) -> dict[str, Message]:
    """Every command and query about one reservation."""
    made: dict[str, Message] = {
        "Commit": pb.CommitRequest(**subject),
        "Extend": pb.ExtendRequest(**subject),
        "Amend": pb.AmendRequest(set_lines=[line("1", 2)], **subject),
        "Pick": pb.PickRequest(**subject),
        "Unpick": pb.UnpickRequest(**subject),
        "Confirm": pb.ConfirmRequest(**subject),
        "Ship": pb.ShipRequest(if_unexpected=pb.IF_SHORT_RECORD, **subject),
        "Return": pb.ReturnRequest(**subject),
        "TransferReservation": pb.TransferReservationRequest(to_location="LONDON", **subject),
        "Release": pb.ReleaseRequest(**subject),
    }
    for request in made.values():
        request.context.CopyFrom(door.context())  # type: ignore[attr-defined]
    made["GetReservation"] = pb.GetReservationRequest(**subject)
    if "reservation_id" in subject:
        made["ListEvents"] = history_pb2.ListEventsRequest(**subject)
    return made


def field_of(name: str) -> str:
    """The field of a command in Execute."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


async def reasons(door: Door, requests: dict[str, Message], subject: str) -> dict[str, str]:
    """How each request is refused, alone and, where it is a command, in Execute; empty: it is
    not refused by the door."""
    found: dict[str, str] = {}
    metadata = door.metadata(subject)
    for name, request in requests.items():
        answer = await door.call(name, request, metadata)
        given = answer.message if isinstance(answer, Refused) else ""
        found[name] = given if isinstance(answer, Refused) and is_denial(answer) else ""
        if field_of(name) in pb.Command.DESCRIPTOR.fields_by_name:
            command = command_of(field_of(name), request)
            failure = (await door.outcome(command, metadata)).failure
            found[f"{name} in Execute"] = failure.message if failure.reason == DENIED else ""
    return found


def is_denial(refused: Refused) -> bool:
    return refused.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("by", ["id", "reference"])
async def test_a_reservation_within_the_stock_is_for_the_clerk(door: Door, by: str) -> None:
    reservation_id = await basket(door, *INSIDE, reference="mine", channel="web")
    if by == "id":
        requests = on_reservation(door, reservation_id=reservation_id)
    else:
        requests = on_reservation(door, reservation_reference="mine")
    found = await reasons(door, requests, "clerk")
    # What happened to a reservation is told by its events, which are of this channel alone.
    assert {name for name, reason in found.items() if reason} == set()


@pytest.mark.parametrize("by", ["id", "reference"])
@pytest.mark.parametrize("outside", OUTSIDE)
async def test_a_reservation_with_any_other_stock_is_not(door: Door, outside: str, by: str) -> None:
    lines, fields = OUTSIDE[outside]
    reservation_id = await basket(door, *lines, reference="theirs", **fields)
    if by == "id":
        requests = on_reservation(door, reservation_id=reservation_id)
    else:
        requests = on_reservation(door, reservation_reference="theirs")
    before = await door.state()
    found = await reasons(door, requests, "clerk")
    assert {name for name, reason in found.items() if not reason} == set()
    # Nothing of what it is about is told.
    expected = f"all that reservation {reservation_id} is about"
    assert {reason.partition(": ")[2] for reason in found.values()} == {expected}
    assert await door.state() == before


async def test_what_is_not_there_is_refused_as_that(door: Door) -> None:
    for requests in (
        on_reservation(door, reservation_id="000-1-1"),
        on_reservation(door, reservation_id="nonsense"),
        on_reservation(door, reservation_reference="nobody's"),
    ):
        for name, request in requests.items():
            answer = await door.call(name, request, door.metadata("clerk"))
            assert isinstance(answer, Refused)
            assert answer.reason == "UNKNOWN_RESERVATION", name


async def test_a_command_may_not_lead_out_of_the_stock(door: Door) -> None:
    """The reservation is within it, and what the command names is not."""
    reservation_id = await basket(door, *INSIDE)
    context = door.context()
    found = {}
    for name, request in {
        "Amend": pb.AmendRequest(
            context=context, reservation_id=reservation_id, set_lines=[line("3", 1, "POT")]
        ),
        "TransferReservation": pb.TransferReservationRequest(
            context=context, reservation_id=reservation_id, to_location="PARIS"
        ),
        "Ship": pb.ShipRequest(
            context=context,
            reservation_id=reservation_id,
            lines=[pb.LineQuantity(line_id="1", quantity=1, location="PARIS")],
        ),
    }.items():
        answer = await door.call(name, request, door.metadata("clerk"))
        assert isinstance(answer, Refused)
        found[name] = answer.metadata["not_covered"]
    assert found == {
        "Amend": "SKU POT",
        "TransferReservation": "location PARIS",
        "Ship": "location PARIS",
    }


async def test_a_transfer_is_for_whoever_may_both_ends(door: Door) -> None:
    get = pb.GetTransferRequest(transfer_id=door.transfer_id)
    take = pb.ReceiveTransferRequest(
        context=door.context(), transfer_id=door.transfer_id, quantity=1
    )
    found = await reasons(door, {"GetTransfer": get, "ReceiveTransfer": take}, "clerk")
    expected = f"all that transfer {door.transfer_id} is about"
    assert {reason.partition(": ")[2] for reason in found.values()} == {expected}
    await door.as_root("ReceiveTransfer", take)


async def test_commands_of_a_batch_are_judged_one_by_one_and_keep_their_order(door: Door) -> None:
    first, other = await basket(door, *INSIDE), await basket(door, line("1", 1, "POT"))
    sell = pb.SellRequest(context=door.context(), key=TEA, quantity=1)
    far = pb.SellRequest(context=door.context(), quantity=1)
    far.key.CopyFrom(stock_pb2.StockKey(sku="TEA", location="PARIS"))
    commands = [
        pb.Command(commit=pb.CommitRequest(context=door.context(), reservation_id=first)),
        pb.Command(sell=far),
        pb.Command(commit=pb.CommitRequest(context=door.context(), reservation_id=other)),
        pb.Command(sell=sell),
        pb.Command(),
        pb.Command(ship=pb.ShipRequest(context=door.context(), reservation_id=first)),
        pb.Command(ship=pb.ShipRequest(context=door.context(), reservation_id=other)),
    ]
    stream = door.node.stub.Execute(metadata=door.metadata("clerk"))
    await stream.write(pb.ExecuteRequest(batch_id=1, commands=commands))
    outcomes = (await stream.read()).outcomes
    found = [outcome.failure.reason for outcome in outcomes]
    invalid = errors_pb2.ERROR_REASON_INVALID_FIELD
    assert found == [0, DENIED, DENIED, 0, invalid, 0, DENIED]
    stream.cancel()


async def test_the_principal_is_recorded_as_who(door: Door) -> None:
    receive = pb.ReceiveRequest(context=door.context(), key=TEA, quantity=1)
    for subject in ("clerk", "root"):
        receive.context.CopyFrom(door.context())
        answer = await door.call("Receive", receive, door.metadata(subject))
        assert not isinstance(answer, Refused)
    command = pb.Command(receive=receive)
    command.receive.context.CopyFrom(door.context())
    assert not (await door.outcome(command, door.metadata("clerk"))).HasField("failure")
    listed = await door.as_root(
        "ListEvents", history_pb2.ListEventsRequest(key=TEA, newest_first=True)
    )
    who = [event.cause.principal for event in listed.events[:3]]
    assert who == ["clerk", "everything", "clerk"]


def opening(name: str, **fields: Any) -> subscriptions_pb2.SubscribeRequest:
    return subscriptions_pb2.SubscribeRequest(
        open=subscriptions_pb2.OpenSubscription(name=name, start_from=BEGINNING, **fields)
    )


WEB: dict[str, Any] = {"filter": feed_pb2.EventFilter(channel="web"), "mode": LATEST}


async def test_a_feed_of_a_channel_is_for_whoever_may_the_channel(door: Door) -> None:
    metadata = door.metadata("web")
    granted = feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_SNAPSHOT, **WEB)
    assert isinstance(await door.call("Watch", granted, metadata), feed_pb2.WatchResponse)
    for request in (
        feed_pb2.WatchRequest(),
        feed_pb2.WatchRequest(filter=feed_pb2.EventFilter(channel="web")),
        feed_pb2.WatchRequest(filter=feed_pb2.EventFilter(channel="ebay"), mode=LATEST),
    ):
        answer = await door.call("Watch", request, metadata)
        assert isinstance(answer, Refused)
        assert is_denial(answer)


async def test_a_subscription_is_for_whoever_may_all_that_it_follows(door: Door) -> None:
    metadata = door.metadata("web")
    assert not isinstance(await door.call("Subscribe", opening("web", **WEB), metadata), Refused)
    denied = await door.call("Subscribe", opening("all"), metadata)
    assert isinstance(denied, Refused)
    assert is_denial(denied)
    await door.as_root("Subscribe", opening("all"))
    found: dict[str, list[str]] = {"web": [], "all": [], "gone": []}
    for name, reasons_of in found.items():
        for command, request in {
            "SetMark": subscriptions_pb2.SetMarkRequest(name=name, mark="m", value="v"),
            "ListParkedMessages": subscriptions_pb2.ListParkedMessagesRequest(name=name),
            "ReplayParkedMessages": subscriptions_pb2.ReplayParkedMessagesRequest(name=name),
            "ListSubscriptions": subscriptions_pb2.ListSubscriptionsRequest(name=name),
            "ResetSubscription": subscriptions_pb2.ResetSubscriptionRequest(
                name=name, start_from=BEGINNING
            ),
            "DeleteSubscription": subscriptions_pb2.DeleteSubscriptionRequest(name=name),
        }.items():
            answer = await door.call(command, request, metadata)
            reasons_of.append(answer.reason if isinstance(answer, Refused) else "")
    unknown = "UNKNOWN_SUBSCRIPTION"
    assert found == {
        "web": [""] * 6,
        "all": ["PERMISSION_DENIED"] * 6,
        "gone": [unknown, unknown, unknown, "", unknown, unknown],
    }
    every = await door.call(
        "ListSubscriptions", subscriptions_pb2.ListSubscriptionsRequest(), metadata
    )
    assert isinstance(every, Refused)
    assert every.metadata["not_covered"] == "all that every subscription is about"


async def test_a_kit_is_reserved_by_its_name_and_committed_by_its_components(door: Door) -> None:
    component = stock_pb2.StockKey(sku="POT", location="LONDON")
    receive = pb.ReceiveRequest(context=door.context(), key=component, quantity=10)
    await door.as_root("Receive", receive)
    kit = configuration_pb2.DefineKitRequest(
        context=door.context(),
        sku="MUG-SET",
        components=[configuration_pb2.Component(sku="POT", quantity=1)],
    )
    await door.as_root("DefineKit", kit)
    reserve = pb.ReserveRequest(context=door.context(), lines=[line("1", 1, "MUG-SET")])
    answer: Any = await door.call("Reserve", reserve, door.metadata("clerk"))
    assert not isinstance(answer, Refused), answer.message
    commit = pb.CommitRequest(context=door.context(), reservation_id=answer.reservation_id)
    found = await reasons(door, {"Commit": commit}, "clerk")
    assert all(found.values())
    await door.as_root("Commit", commit)


async def test_what_is_read_for_a_command_has_the_time_of_the_command(door: Door) -> None:
    commit = pb.CommitRequest(
        context=door.context(), reservation_id=await basket(door, line("1", 1, "POT"))
    )
    late = pb.Command(commit=commit)
    late.timeout.nanos = 1
    malformed = pb.Command(commit=commit)
    malformed.timeout.seconds = -1
    found = [
        (await door.outcome(command, door.metadata("clerk"))).failure.reason
        for command in (late, malformed, pb.Command(commit=commit))
    ]
    # The reservation is not the clerk's; whether it is cannot be said in no time.
    expired = errors_pb2.ERROR_REASON_DEADLINE_EXPIRED
    assert found == [expired, errors_pb2.ERROR_REASON_INVALID_FIELD, DENIED]
