"""A node with a front door, one right request for every RPC of the contract, and ways to ask."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from holdfast.v1 import (
    channels_pb2,
    configuration_pb2,
    feed_pb2,
    history_pb2,
    operations_pb2,
    stock_pb2,
    subscriptions_pb2,
)
from holdfast.v1 import inventory_pb2 as pb

from engine.access.commands import COMMANDS
from engine.access.gate import Gate
from tests.access.house import PRINCIPALS, House
from tests.feed.subscribing import SubscribedNode, subscribing
from tests.rpc.serving import GatedShards, Refused, line

FILES = ("inventory", "channels", "configuration", "feed", "history", "operations", "subscriptions")

Metadata = tuple[tuple[str, str], ...]

RPCS: dict[str, MethodDescriptor] = {
    method.name: method
    for file in FILES
    for service in importlib.import_module(
        f"holdfast.v1.{file}_pb2"
    ).DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""Every RPC of the contract by its name; no two services have one of the same name."""

OTHER_STOCK = """
[[principals]]
name = "elsewhere"
subjects = ["elsewhere"]
[[principals.rules]]
commands = ["*"]
tenants = ["other"]
[[principals.rules]]
commands = ["*"]
skus = ["OTHER-*"]
[[principals.rules]]
commands = ["*"]
locations = ["NOWHERE"]
[[principals.rules]]
commands = ["*"]
channels = ["other"]
tenants = ["other"]
"""
"""Somebody who may do everything, but not with the stock that is asked for."""

ALL_BUT_ONE = "".join(
    f"""
[[principals]]
name = "all but {command}"
subjects = ["all but {command}"]
[[principals.rules]]
commands = {sorted(COMMANDS - {command})}
"""
    for command in sorted(COMMANDS)
)
"""For each command somebody who may do everything else."""

DOOR = PRINCIPALS + OTHER_STOCK + ALL_BUT_ONE
BEGINNING = feed_pb2.START_FROM_BEGINNING
TEA = stock_pb2.StockKey(sku="TEA", location="LONDON")


class Door:
    """A node behind a front door, with stock, a reservation, a transfer and a subscription."""

    def __init__(self, node: SubscribedNode, house: House, gate: Gate) -> None:
        self.node = node
        self.house = house
        self.gate = gate
        self.reservation_id = ""
        self.transfer_id = ""
        self._contexts = 0

    def context(self) -> pb.WriteContext:
        """A write context with a new request id."""
        self._contexts += 1
        return pb.WriteContext(request_id=f"door-{self._contexts}")

    def metadata(self, subject: str, **changes: Any) -> Metadata:
        """What a caller of this subject sends along."""
        return bearer(self.house.token(subject, **changes))

    async def call(
        self, name: str, request: Message, metadata: Metadata
    ) -> Refused | Message | None:
        """What an RPC answers first: why it refuses, a response, or nothing."""
        try:
            return await unbroken(lambda: self._call(name, request, metadata))
        except grpc.aio.AioRpcError as error:
            return Refused(error)

    async def _call(self, name: str, request: Message, metadata: Metadata) -> Message | None:
        method = RPCS[name]
        path = f"/{method.containing_service.full_name}/{name}"
        streams = [
            "stream" if it else "unary" for it in (method.client_streaming, method.server_streaming)
        ]
        make = getattr(self.node.channel, "_".join(streams))(
            path, type(request).SerializeToString, GetMessageClass(method.output_type).FromString
        )
        if not method.server_streaming:
            answer: Message = await make(request, metadata=metadata)
            return answer
        call = make(iter([request]) if method.client_streaming else request, metadata=metadata)
        first = await call.read()
        call.cancel()
        return None if first is grpc.aio.EOF else first  # type: ignore[attr-defined]

    async def as_root(self, name: str, request: Message) -> Any:
        """What whoever may do everything is answered; AssertionError if that is a refusal."""
        answer = await self.call(name, request, self.metadata("root"))
        if isinstance(answer, Refused):
            raise AssertionError(f"{name} was refused: {answer.code} {answer.message}")
        return answer

    async def outcome(self, command: pb.Command, metadata: Metadata) -> pb.Outcome:
        """What becomes of one command in Execute."""
        batch = pb.ExecuteRequest(batch_id=1, commands=[command])

        async def ask() -> pb.ExecuteResponse:
            stream = self.node.stub.Execute(iter([batch]), metadata=metadata)
            response = await stream.read()
            assert isinstance(response, pb.ExecuteResponse), await stream
            return response

        return (await unbroken(ask)).outcomes[0]

    async def furnish(self) -> None:
        """Make what requests are about."""
        receive = pb.ReceiveRequest(context=self.context(), key=TEA, quantity=1_000)
        await self.as_root("Receive", receive)
        basket = pb.ReserveRequest(
            context=self.context(), lines=[line("1", 10)], reference="cart", channel="web"
        )
        self.reservation_id = (await self.as_root("Reserve", basket)).reservation_id
        send = pb.SendTransferRequest(
            context=self.context(),
            sku="TEA",
            from_location="LONDON",
            to_location="PARIS",
            quantity=2,
        )
        self.transfer_id = (await self.as_root("SendTransfer", send)).transfer_id
        channel = channels_pb2.Channel(name="web", locations=["LONDON"])
        dynamic = channels_pb2.DynamicBuffer(service_factor=1.0, lead_time_days=1.0, window_days=28)
        channel.terms.buffer.dynamic.CopyFrom(dynamic)
        configure = channels_pb2.ConfigureChannelRequest(context=self.context(), channel=channel)
        await self.as_root("ConfigureChannel", configure)
        opening = subscriptions_pb2.OpenSubscription(name="feed", start_from=BEGINNING)
        await self.as_root("Subscribe", subscriptions_pb2.SubscribeRequest(open=opening))

    async def state(self) -> list[object]:
        """All that a call could have changed: the logs, and the subscriptions with what is parked
        for them."""
        shards: Any = self.node.shards
        listed = await self.as_root(
            "ListSubscriptions", subscriptions_pb2.ListSubscriptionsRequest()
        )
        kept = [
            (one.name, dict(one.marks), one.parked_messages, one.created_at.seconds, one.cursor)
            for one in listed.subscriptions
        ]
        return [shards.events(), kept]

    def requests(self) -> dict[str, Message]:
        """For each RPC but Execute a request that is right."""
        made = {name: build(self) for name, build in REQUESTS.items()}
        for request in made.values():
            if "context" in request.DESCRIPTOR.fields_by_name:
                request.context.CopyFrom(self.context())  # type: ignore[attr-defined]
        return made


def command_of(field: str, request: Message) -> pb.Command:
    """The command in Execute that has a request in this field."""
    fields: dict[str, Any] = {field: request}
    return pb.Command(**fields)


BROKEN = "Internal error from Core"
"""What gRPC's client says, rather than the status, when a stream ends while it writes."""
TRIES_MAX = 100

T = TypeVar("T")


async def unbroken(ask: Callable[[], Awaitable[T]]) -> T:
    """What an ask gives that gRPC's client does not break off by itself; as the SDK does, it asks
    again until then."""
    for _ in range(TRIES_MAX):
        try:
            return await ask()
        except grpc.aio.AioRpcError as error:
            if BROKEN not in (error.details() or ""):
                raise
    raise AssertionError(f"broken off {TRIES_MAX} times")


def bearer(token: str) -> Metadata:
    """The metadata of a token."""
    return (("authorization", f"Bearer {token}"),)


@asynccontextmanager
async def front_door(folder: Path, principals: str = DOOR, count: int = 1) -> AsyncIterator[Door]:
    """A furnished node behind a front door."""
    house = House(folder, principals)
    gate = house.gate()
    shards = GatedShards(count)
    async with subscribing(shards, gate=gate) as node:
        door = Door(node, house, gate)
        await door.furnish()
        yield door


def _on(kind: Any, **fields: Any) -> Callable[[Door], Message]:
    """A request on the reservation."""
    return lambda door: kind(reservation_id=door.reservation_id, **fields)


def _made(request: Message) -> Callable[[Door], Message]:
    """A request that is the same for every door."""

    def copy(_: Door) -> Message:
        copied = type(request)()
        copied.CopyFrom(request)
        return copied

    return copy


NAME: dict[str, Any] = {"name": "feed"}
PARKED = subscriptions_pb2.ParkedMessage(
    external=subscriptions_pb2.ExternalMessage(id="1", content_type="text/plain", body=b"x")
)
LISTING = channels_pb2.Listing(sku="TEA", location="LONDON", shop="s", item="i")

REQUESTS: dict[str, Callable[[Door], Message]] = {
    "Reserve": _made(pb.ReserveRequest(lines=[line("1", 1)])),
    "Extend": _on(pb.ExtendRequest),
    "Commit": _on(pb.CommitRequest),
    "Release": _on(pb.ReleaseRequest),
    "Allocate": _made(pb.AllocateRequest(lines=[line("1", 1)])),
    "Ship": _on(pb.ShipRequest, if_unexpected=pb.IF_SHORT_RECORD),
    "Sell": _made(pb.SellRequest(key=TEA, quantity=1)),
    "Receive": _made(pb.ReceiveRequest(key=TEA, quantity=1)),
    "Adjust": _made(pb.AdjustRequest(key=TEA, delta=1, reason="FOUND", reference="n")),
    "SetOnHand": _made(pb.SetOnHandRequest(key=TEA, on_hand=5_000)),
    "Configure": _made(pb.ConfigureRequest(key=TEA, safety_stock=1)),
    "Amend": _on(pb.AmendRequest, set_lines=[line("1", 2)]),
    "Confirm": _on(pb.ConfirmRequest),
    "Pick": _on(pb.PickRequest),
    "Unpick": _on(pb.UnpickRequest),
    "Return": _on(pb.ReturnRequest),
    "TransferReservation": _on(pb.TransferReservationRequest, to_location="PARIS"),
    "Expect": _made(pb.ExpectRequest(key=TEA, reference="PO-1", quantity=1)),
    "TakeBack": _made(pb.TakeBackRequest(key=TEA, quantity=1, reason="UNUSED")),
    "Move": _made(pb.MoveRequest(key=TEA, quantity=1, to_cause="DAMAGED")),
    "SendTransfer": _made(
        pb.SendTransferRequest(sku="TEA", from_location="LONDON", to_location="PARIS", quantity=1)
    ),
    "ReceiveTransfer": lambda door: pb.ReceiveTransferRequest(
        transfer_id=door.transfer_id, quantity=1
    ),
    "GetStock": _made(pb.GetStockRequest(key=TEA)),
    "GetReservation": _on(pb.GetReservationRequest),
    "GetTransfer": lambda door: pb.GetTransferRequest(transfer_id=door.transfer_id),
    "BatchGetAvailability": _made(
        pb.BatchGetAvailabilityRequest(keys=[pb.AvailabilityKey(sku="TEA", location="LONDON")])
    ),
    "ConfigureChannel": _made(
        channels_pb2.ConfigureChannelRequest(
            channel=channels_pb2.Channel(name="web", locations=["LONDON"])
        )
    ),
    "SetChannelPolicies": _made(
        channels_pb2.SetChannelPoliciesRequest(
            channel="web", policies=[channels_pb2.ChannelPolicy(sku="TEA")]
        )
    ),
    "DefineSkuGroup": _made(channels_pb2.DefineSkuGroupRequest(name="g", skus=["TEA"])),
    "MapListings": _made(channels_pb2.MapListingsRequest(channel="web", listings=[LISTING])),
    "ListListings": _made(channels_pb2.ListListingsRequest(channel="web")),
    "FindListings": _made(
        channels_pb2.FindListingsRequest(
            channel="web", names=[channels_pb2.ListingName(shop="s", item="i")]
        )
    ),
    "ComputeBuffers": _made(channels_pb2.ComputeBuffersRequest(channel="web", skus=["TEA"])),
    "ListChannels": _made(channels_pb2.ListChannelsRequest()),
    "GetChannelAvailability": _made(
        channels_pb2.GetChannelAvailabilityRequest(channel="web", sku="TEA")
    ),
    "ConfigureLocations": _made(
        configuration_pb2.ConfigureLocationsRequest(
            locations=[configuration_pb2.Location(name="LONDON", enabled=True)]
        )
    ),
    "DefineKit": _made(
        configuration_pb2.DefineKitRequest(
            sku="SET", components=[configuration_pb2.Component(sku="TEA", quantity=1)]
        )
    ),
    "LimitCustomers": _made(configuration_pb2.LimitCustomersRequest(sku="TEA", units=5)),
    "ConfigureHolds": _made(
        configuration_pb2.ConfigureHoldsRequest(
            hold_times=configuration_pb2.HoldTimes(cart=Duration(seconds=7))
        )
    ),
    "GetConfiguration": _made(configuration_pb2.GetConfigurationRequest()),
    "Watch": _made(feed_pb2.WatchRequest(start_from=feed_pb2.START_FROM_BEGINNING)),
    "WaitForSubscriber": lambda door: feed_pb2.WaitForSubscriberRequest(
        name="feed", cursor=f"1-{door.node.shards.history}-1-0.0"
    ),
    "ListEvents": _made(history_pb2.ListEventsRequest(key=TEA)),
    "ExplainStock": _made(
        history_pb2.ExplainStockRequest(key=TEA, field=history_pb2.BALANCE_FIELD_ON_HAND)
    ),
    "ListReservations": _made(history_pb2.ListReservationsRequest(key=TEA)),
    "GetNode": _made(operations_pb2.GetNodeRequest()),
    "Subscribe": _made(
        subscriptions_pb2.SubscribeRequest(
            open=subscriptions_pb2.OpenSubscription(name="new", start_from=BEGINNING)
        )
    ),
    "ListSubscriptions": _made(subscriptions_pb2.ListSubscriptionsRequest()),
    "ResetSubscription": _made(
        subscriptions_pb2.ResetSubscriptionRequest(**NAME, start_from=BEGINNING)
    ),
    "DeleteSubscription": _made(subscriptions_pb2.DeleteSubscriptionRequest(**NAME)),
    "SetMark": _made(subscriptions_pb2.SetMarkRequest(**NAME, mark="m", value="v")),
    "ParkMessage": _made(subscriptions_pb2.ParkMessageRequest(**NAME, message=PARKED)),
    "ListParkedMessages": _made(subscriptions_pb2.ListParkedMessagesRequest(**NAME)),
    "ReplayParkedMessages": _made(subscriptions_pb2.ReplayParkedMessagesRequest(**NAME)),
    "DropParkedMessages": _made(subscriptions_pb2.DropParkedMessagesRequest(**NAME, ids=[1])),
}
"""For each RPC but Execute how a request is made; a test says when one is missing."""

COMMANDS_OF_EXECUTE: dict[str, str] = {
    field.name: str(getattr(field.message_type, "name", "")).removesuffix("Request")
    for field in pb.Command.DESCRIPTOR.oneofs_by_name["command"].fields
}
"""The field of each command in Execute, and the RPC that does the same."""
