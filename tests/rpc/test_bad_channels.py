"""Bad input about channels: the field, its value and the limit are named, and nothing changes."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from holdfast.v1 import channels_pb2 as pb

from tests.rpc.serving import Node, refused
from tests.rpc.spoiling import Row, numbers, put, row, texts

POLICY = pb.ChannelPolicy(sku="TEA", terms=pb.ChannelTerms())
WELL_FORMED: dict[str, Callable[[], Any]] = {
    "ConfigureChannel": lambda: pb.ConfigureChannelRequest(channel=pb.Channel(name="web")),
    "SetChannelPolicies": lambda: pb.SetChannelPoliciesRequest(channel="web", policies=[POLICY]),
    "DefineSkuGroup": lambda: pb.DefineSkuGroupRequest(name="shirts", skus=["TEA"]),
    "MapListings": lambda: pb.MapListingsRequest(
        channel="web", listings=[pb.Listing(sku="TEA", location="LONDON", item="1")]
    ),
    "ComputeBuffers": lambda: pb.ComputeBuffersRequest(channel="web", skus=["TEA"]),
    "ListListings": lambda: pb.ListListingsRequest(channel="web"),
    "FindListings": lambda: pb.FindListingsRequest(channel="web", names=[pb.ListingName(item="1")]),
    "ListChannels": pb.ListChannelsRequest,
    "GetChannelAvailability": lambda: pb.GetChannelAvailabilityRequest(channel="web", sku="TEA"),
}
METHODS = list(WELL_FORMED)
WRITES = METHODS[:5]
READS = METHODS[5:]
OF_A_CHANNEL = [name for name in METHODS if hasattr(WELL_FORMED[name](), "channel")]
OF_A_CHANNEL = [name for name in OF_A_CHANNEL if name not in ("ConfigureChannel", "ListChannels")]
PAGED = ["ListListings", "ListChannels"]
TERMS = [("ConfigureChannel", "channel.terms"), ("SetChannelPolicies", "policies[0].terms")]


def many(count: int) -> list[str]:
    return [f"n{number}" for number in range(count)]


def dynamic(**fields: Any) -> pb.Buffer:
    return pb.Buffer(dynamic=pb.DynamicBuffer(**{"service_factor": 1.65} | fields))


def buffers(method: str, path: str) -> list[Row]:
    """The ways in which a buffer can be wrong."""
    field = f"{path}.buffer"

    def wrong(buffer: pb.Buffer, named: str, value: str, limit: str) -> Row:
        return Row([method], f"{field}{named}", put(field, buffer), value, limit)

    days = ".dynamic.lead_time_days"
    return [
        wrong(pb.Buffer(), "", "", "one of units, percent, dynamic"),
        wrong(pb.Buffer(units=-1), ".units", "-1", "0 to 1000000000000"),
        wrong(pb.Buffer(units=10**12 + 1), ".units", str(10**12 + 1), "0 to 1000000000000"),
        wrong(pb.Buffer(percent=-1), ".percent", "-1", "0 to 100"),
        wrong(pb.Buffer(percent=101), ".percent", "101", "0 to 100"),
        wrong(dynamic(service_factor=0), ".dynamic.service_factor", "0.0", "above 0, to 10"),
        wrong(dynamic(service_factor=10.1), ".dynamic.service_factor", "10.1", "above 0, to 10"),
        wrong(dynamic(service_factor=float("nan")), ".dynamic.service_factor", "nan", "above 0"),
        wrong(dynamic(lead_time_days=-1), days, "-1.0", "0 to 366 days"),
        wrong(dynamic(lead_time_days=367), days, "367.0", "0 to 366 days"),
        wrong(dynamic(lead_time_days=float("inf")), days, "inf", "0 to 366 days"),
        wrong(
            dynamic(lead_time_deviation_days=float("nan")),
            ".dynamic.lead_time_deviation_days",
            "nan",
            "0 to 366 days",
        ),
        wrong(dynamic(window_days=1), ".dynamic.window_days", "1", "2 to 366"),
        wrong(dynamic(window_days=367), ".dynamic.window_days", "367", "2 to 366"),
    ]


def listed(*listings: pb.Listing) -> Callable[[Any], object]:
    return put("listings", listings)


LISTING = pb.Listing(sku="TEA", location="LONDON", item="1")
ROWS: list[Row] = [
    Row(WRITES, "context.request_id", lambda r: r.ClearField("context"), "", "1 to 128 bytes"),
    *texts(METHODS, "tenant"),
    *texts(OF_A_CHANNEL, "channel", required=True),
    *texts(["ListChannels"], "channel"),
    *texts(["ConfigureChannel"], "channel.name", required=True),
    row(["ConfigureChannel"], "channel.locations", many(101), "101 names", "0 to 100 names"),
    row(["ConfigureChannel"], "channel.location_groups", many(17), "17 names", "0 to 16 names"),
    *[
        Row(["ConfigureChannel"], field, put(path, value), shown, limit)
        for path in ("channel.locations", "channel.location_groups")
        for field, value, shown, limit in [
            (f"{path}[1]", ["A", ""], "", "1 to 128 bytes"),
            (f"{path}[1]", ["A", "A"], "A", f"unique in the list, and {path}[0] has it"),
        ]
    ],
    *[each for method, path in TERMS for each in buffers(method, path)],
    *[
        each
        for method, path in TERMS
        for field in ("cap_units", "allocation_units")
        for each in numbers([method], f"{path}.{field}", 0, 10**12)
    ],
    row(["SetChannelPolicies"], "policies", [], "0 policies", "1 to 1000 policies"),
    row(["SetChannelPolicies"], "policies", [POLICY] * 1_001, "1001", "1 to 1000 policies"),
    Row(
        ["SetChannelPolicies"],
        "policies[0]",
        put("policies", [pb.ChannelPolicy()]),
        "",
        "one of sku, sku_group",
    ),
    *texts(["SetChannelPolicies"], "policies[0].sku", required=True),
    *texts(["SetChannelPolicies"], "policies[0].sku_group", required=True),
    Row(
        ["SetChannelPolicies"],
        "policies[1].sku",
        put("policies", [POLICY, POLICY]),
        "TEA",
        "unique in the list, and policies[0] has it",
    ),
    *texts(["DefineSkuGroup"], "name", required=True),
    row(["DefineSkuGroup"], "skus", many(10_001), "10001 names", "0 to 10000 names"),
    row(["DefineSkuGroup"], "sku_prefixes", many(101), "101 names", "0 to 100 names"),
    Row(["DefineSkuGroup"], "skus[0]", put("skus", [""]), "", "1 to 128 bytes"),
    Row(["DefineSkuGroup"], "skus[1]", put("skus", ["A", "A"]), "A", "unique in the list"),
    row(["MapListings"], "listings", [], "0 listings", "1 to 1000 listings"),
    row(["MapListings"], "listings", [LISTING] * 1_001, "1001", "1 to 1000 listings"),
    *texts(["MapListings"], "listings[0].sku", required=True),
    *[
        each
        for field in ("location", "shop", "item", "external_location")
        for each in texts(["MapListings"], f"listings[0].{field}")
    ],
    Row(["MapListings"], "listings[1].sku", listed(LISTING, LISTING), "TEA", "listings[0] has it"),
    row(["ComputeBuffers"], "skus", [], "0 SKUs", "1 to 100 SKUs"),
    row(["ComputeBuffers"], "skus", many(101), "101 SKUs", "1 to 100 SKUs"),
    Row(["ComputeBuffers"], "skus[0]", put("skus", [" A"]), '" A"', "without spaces"),
    Row(["ComputeBuffers"], "skus[1]", put("skus", ["A", "A"]), "A", "unique in the list"),
    *texts(["ListListings"], "sku"),
    row(["FindListings"], "names", [], "0 names", "1 to 1000 names"),
    row(["FindListings"], "names", [pb.ListingName(item="1")] * 1_001, "1001", "1 to 1000 names"),
    *texts(["FindListings"], "names[0].item", required=True),
    *texts(["FindListings"], "names[0].shop"),
    *texts(["FindListings"], "names[0].external_location"),
    *texts(["GetChannelAvailability"], "sku", required=True),
    *numbers(PAGED, "page_size", 0, 1_000)[:2],
    row(PAGED, "page_token", "?", "?", "next_page_token of a page of this very query"),
    row(PAGED, "page_token", "x" * 5_000, "xxx", "next_page_token of a page of this very query"),
    row(READS, "read_at_least", "?", "?", "a cursor that this server gave"),
]


@pytest.mark.parametrize("method", METHODS)
async def test_bad_input_names_field_value_and_limit_and_changes_nothing(
    node: Node, method: str
) -> None:
    configured = WELL_FORMED["ConfigureChannel"]()
    configured.context.CopyFrom(node.context())
    await node.channels.ConfigureChannel(configured)
    events = node.shards.events()
    for wrong in (each for each in ROWS if method in each.methods):
        request = WELL_FORMED[method]()
        if method in WRITES:
            request.context.CopyFrom(node.context())
        wrong.spoil(request)
        refusal = await refused(getattr(node.channels, method)(request))
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ), wrong
        assert refusal.metadata["field"] == wrong.field
        assert wrong.value in refusal.metadata["value"], wrong
        assert wrong.limit in refusal.metadata["limit"], wrong
    assert node.shards.events() == events
