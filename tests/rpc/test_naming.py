"""What requests name and touch: each field of the contract is in one class, and each command says
what it touches."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
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
from engine.access.named import EVERY, Named, Names, only, patterns
from engine.rpc.naming import COMMAND_NAMES, FIELDS, TOUCHES, field_class, is_inside, named_by
from tests.rpc.front_door import COMMANDS_OF_EXECUTE, FILES, RPCS

LATEST = feed_pb2.WATCH_MODE_LATEST
DEFAULT = only("")
TEA = stock_pb2.StockKey(sku="TEA", location="LONDON")
SHOP_TEA = stock_pb2.StockKey(tenant="shop", sku="TEA", location="LONDON")


def fields_of(descriptor: Descriptor, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Message and name of each field that has to be in a class, however deep."""
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        kind = field.message_type
        if is_inside(descriptor.name, field) and kind is not None:
            yield from fields_of(kind, seen)
        else:
            yield descriptor.name, field.name


def unclassed(*descriptors: Descriptor) -> list[tuple[str, str]]:
    """The fields of requests that are in no class."""
    seen: set[str] = set()
    listed = [field for descriptor in descriptors for field in fields_of(descriptor, seen)]
    return [field for field in listed if field_class(*field) is None]


def requests() -> list[Descriptor]:
    return [method.input_type for method in RPCS.values()]


def test_every_field_of_every_request_is_in_a_class() -> None:
    assert unclassed(*requests()) == []


def test_no_class_is_of_a_field_that_there_is_not() -> None:
    seen: set[str] = set()
    there = {field for descriptor in requests() for field in fields_of(descriptor, seen)}
    names = {name for _, name in there} | {f"{message}.{name}" for message, name in there}
    assert sorted(FIELDS.keys() - names) == []


def test_a_new_field_is_found() -> None:
    """The control: a request with a field that nobody has thought of."""
    file = descriptor_pb2.FileDescriptorProto(name="new.proto", package="holdfast.new")
    message = file.message_type.add(name="NewRequest")
    for number, name in enumerate(("tenant", "warehouse"), 1):
        message.field.add(name=name, number=number, type="TYPE_STRING", label="LABEL_OPTIONAL")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    assert unclassed(pool.FindMessageTypeByName("holdfast.new.NewRequest")) == [
        ("NewRequest", "warehouse")
    ]


def test_rules_know_every_rpc_and_no_other() -> None:
    assert set(RPCS) - {"Execute"} == COMMANDS == set(TOUCHES)
    assert COMMAND_NAMES == COMMANDS_OF_EXECUTE
    services = [importlib.import_module(f"holdfast.v1.{file}_pb2") for file in FILES]
    count = sum(
        len(service.methods)
        for module in services
        for service in module.DESCRIPTOR.services_by_name.values()
    )
    assert count == len(RPCS)


def basket(*lines: pb.BasketLine, **fields: Any) -> pb.ReserveRequest:
    return pb.ReserveRequest(lines=lines, **fields)


def at(sku: str, *locations: str, group: str = "") -> pb.BasketLine:
    if group:
        return pb.BasketLine(sku=sku, group=group)
    if len(locations) == 1:
        return pb.BasketLine(sku=sku, location=locations[0])
    return pb.BasketLine(sku=sku, locations=pb.LocationList(locations=locations))


def watch(mode: Any = 0, **fields: Any) -> feed_pb2.WatchRequest:
    return feed_pb2.WatchRequest(mode=mode, filter=feed_pb2.EventFilter(**fields))


ROWS: list[tuple[str, Message, Named]] = [
    (
        "Reserve",
        basket(at("TEA", "LONDON"), at("MUG", "PARIS")),
        Named(DEFAULT, only("TEA", "MUG"), only("LONDON", "PARIS"), only("")),
    ),
    (
        "Reserve",
        basket(at("TEA", "LONDON", "PARIS"), tenant="shop", channel="web"),
        Named(only("shop"), only("TEA"), only("LONDON", "PARIS"), only("web")),
    ),
    ("Reserve", basket(at("TEA", group="uk")), Named(DEFAULT, only("TEA"), EVERY, only(""))),
    (
        "Reserve",
        basket(at("TEA", "LONDON"), at("MUG", group="uk")),
        Named(DEFAULT, only("TEA", "MUG"), Names(frozenset({"LONDON"}), frozenset({""})), only("")),
    ),
    ("Reserve", basket(), Named(DEFAULT, EVERY, EVERY, only(""))),
    ("Receive", pb.ReceiveRequest(key=TEA), Named(DEFAULT, only("TEA"), only("LONDON"))),
    ("Receive", pb.ReceiveRequest(key=SHOP_TEA), Named(only("shop"), only("TEA"), only("LONDON"))),
    ("Receive", pb.ReceiveRequest(), Named(DEFAULT, EVERY, EVERY)),
    (
        "Receive",
        pb.ReceiveRequest(key=stock_pb2.StockKey(sku="TEA")),
        Named(DEFAULT, only("TEA"), EVERY),
    ),
    (
        "Configure",
        pb.ConfigureRequest(
            key=TEA, channel_buffers=[stock_pb2.ChannelBuffer(channel="web", units=1)]
        ),
        Named(DEFAULT, only("TEA"), only("LONDON"), only("web")),
    ),
    ("Configure", pb.ConfigureRequest(key=TEA), Named(DEFAULT, only("TEA"), only("LONDON"))),
    (
        "SendTransfer",
        pb.SendTransferRequest(sku="TEA", from_location="LONDON", to_location="PARIS"),
        Named(DEFAULT, only("TEA"), only("LONDON", "PARIS")),
    ),
    ("Commit", pb.CommitRequest(tenant="shop", reservation_id="1"), Named(only("shop"))),
    (
        "Ship",
        pb.ShipRequest(
            lines=[pb.LineQuantity(line_id="1", location="PARIS"), pb.LineQuantity(line_id="2")]
        ),
        Named(DEFAULT, locations=only("PARIS")),
    ),
    (
        "Amend",
        pb.AmendRequest(set_lines=[at("MUG", "PARIS")]),
        Named(DEFAULT, only("MUG"), only("PARIS")),
    ),
    (
        "BatchGetAvailability",
        pb.BatchGetAvailabilityRequest(keys=[pb.AvailabilityKey(sku="TEA")]),
        Named(DEFAULT, only("TEA"), EVERY, only("")),
    ),
    # The tenant of a key is the one beside it, where it names none.
    (
        "ListEvents",
        history_pb2.ListEventsRequest(tenant="shop", key=TEA),
        Named(only("shop"), only("TEA"), only("LONDON"), EVERY),
    ),
    (
        "ListEvents",
        history_pb2.ListEventsRequest(key=SHOP_TEA),
        Named(only("shop"), only("TEA"), only("LONDON"), EVERY),
    ),
    (
        "ListEvents",
        history_pb2.ListEventsRequest(tenant="other", key=SHOP_TEA),
        Named(only("shop", "other"), only("TEA"), only("LONDON"), EVERY),
    ),
    ("ListEvents", history_pb2.ListEventsRequest(reservation_id="1"), Named(DEFAULT)),
    ("ListEvents", history_pb2.ListEventsRequest(), Named(DEFAULT, EVERY, EVERY, EVERY)),
    (
        "ListReservations",
        history_pb2.ListReservationsRequest(key=TEA),
        Named(DEFAULT, EVERY, EVERY, EVERY),
    ),
    (
        "SetChannelPolicies",
        channels_pb2.SetChannelPoliciesRequest(
            channel="web", policies=[channels_pb2.ChannelPolicy(sku="TEA")]
        ),
        Named(DEFAULT, only("TEA"), EVERY, only("web")),
    ),
    (
        "SetChannelPolicies",
        channels_pb2.SetChannelPoliciesRequest(
            channel="web", policies=[channels_pb2.ChannelPolicy(sku_group="g")]
        ),
        Named(DEFAULT, EVERY, EVERY, only("web")),
    ),
    (
        "ConfigureChannel",
        channels_pb2.ConfigureChannelRequest(
            channel=channels_pb2.Channel(name="web", locations=["LONDON"])
        ),
        Named(DEFAULT, EVERY, EVERY, only("web")),
    ),
    (
        "MapListings",
        channels_pb2.MapListingsRequest(
            channel="web", listings=[channels_pb2.Listing(sku="TEA", location="LONDON", item="i")]
        ),
        Named(DEFAULT, only("TEA"), only("LONDON"), only("web")),
    ),
    (
        "ListListings",
        channels_pb2.ListListingsRequest(channel="web"),
        Named(DEFAULT, EVERY, EVERY, only("web")),
    ),
    ("ListChannels", channels_pb2.ListChannelsRequest(), Named(DEFAULT, EVERY, EVERY, EVERY)),
    (
        "ConfigureLocations",
        configuration_pb2.ConfigureLocationsRequest(
            locations=[configuration_pb2.Location(name="LONDON")]
        ),
        Named(DEFAULT, EVERY, only("LONDON"), EVERY),
    ),
    (
        "DefineKit",
        configuration_pb2.DefineKitRequest(
            sku="SET", components=[configuration_pb2.Component(sku="TEA")]
        ),
        Named(DEFAULT, only("SET", "TEA"), EVERY, EVERY),
    ),
    ("Watch", watch(), Named(DEFAULT, EVERY, EVERY, EVERY)),
    (
        "Watch",
        watch(skus=["TEA"], sku_prefixes=["MUG-"], locations=["LONDON"]),
        Named(DEFAULT, patterns(["TEA", "MUG-*"]), only("LONDON"), EVERY),
    ),
    (
        "Watch",
        watch(locations=["LONDON"], groups=["uk"]),
        Named(DEFAULT, EVERY, EVERY, EVERY),
    ),
    # Every event at the channel's locations: of other channels too.
    ("Watch", watch(channel="web"), Named(DEFAULT, EVERY, EVERY, EVERY)),
    (
        "Watch",
        watch(LATEST, channel="web", skus=["TEA"]),
        Named(DEFAULT, only("TEA"), EVERY, only("web")),
    ),
    ("SetMark", subscriptions_pb2.SetMarkRequest(name="feed"), Named(DEFAULT)),
]


@pytest.mark.parametrize(("command", "request_", "expected"), ROWS)
def test_a_request_names_what_it_says_and_what_it_touches(
    command: str, request_: Message, expected: Named
) -> None:
    assert named_by(command, request_) == expected


def test_what_asks_about_the_node_names_nothing() -> None:
    waiting = feed_pb2.WaitForSubscriberRequest(name="feed", cursor="c")
    assert named_by("GetNode", operations_pb2.GetNodeRequest()) == Named()
    assert named_by("WaitForSubscriber", waiting) == Named(DEFAULT)
