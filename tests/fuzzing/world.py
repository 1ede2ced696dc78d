"""A world that the requests meet: stock, reservations in every stage of their life, kits, channels,
listings and subscriptions, made by one valid call of every RPC."""

import copy
from typing import Any, NamedTuple

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.fuzzing.calls import METHODS, Caller
from tests.fuzzing.messages import Known, inner_messages

FOLLOWER = "follower"
"""The name of a subscriber that is always there, for those who wait for one."""
TEA = {"sku": "TEA", "location": "LONDON"}
POT = {"sku": "POT", "location": "LONDON"}


class Step(NamedTuple):
    """One call: its method, the fields of its request, or of each where it takes a stream, and the
    name under which the id in its answer is remembered. "@name" stands for one of those."""

    method: str
    fields: Any
    remember: str = ""


def _lines(*skus: str, quantity: int = 5) -> list[dict[str, Any]]:
    return [
        {"line_id": str(number), "sku": sku, "location": "LONDON", "quantity": quantity}
        for number, sku in enumerate(skus, 1)
    ]


def _reserve(name: str) -> Step:
    fields = {"lines": _lines("TEA", "CUP"), "reference": f"cart-{name}", "customer": "ann"}
    return Step("Reserve", {**fields, "channel": "web"}, name)


WHY = {"reason": "wet", "reference": "m-1"}
PART = [{"line_id": "1", "quantity": 2}]
LISTING = {"shop": "s1", "item": "i1", "external_location": "e1"}
OPEN = {"name": "sub", "filter": {"skus": ["TEA"]}, "start_from": "START_FROM_BEGINNING"}
PARKED = {"external": {"id": "m1", "content_type": "text/plain", "body": "eA=="}, "reason": "odd"}

STEPS = (
    Step(
        "ConfigureLocations",
        {
            "locations": [
                {"name": "LONDON", "priority": 2, "enabled": True, "groups": ["EU"]},
                {"name": "PARIS", "priority": 1, "enabled": True, "groups": ["EU"]},
            ]
        },
    ),
    *[
        Step("Receive", {"key": {"sku": sku, "location": location}, "quantity": 100_000})
        for sku in ("TEA", "CUP")
        for location in ("LONDON", "PARIS")
    ],
    Step("Receive", {"key": POT, "quantity": 400}),
    Step(
        "DefineKit",
        {
            "sku": "SET",
            "components": [{"sku": "TEA", "quantity": 1}, {"sku": "CUP", "quantity": 2}],
        },
    ),
    Step("LimitCustomers", {"sku": "CUP", "units": 90_000, "window": "86400s"}),
    Step("ConfigureHolds", {"hold_times": {"cart": "600s", "checkout": "900s", "order": "3600s"}}),
    Step("Configure", {"key": POT, "safety_stock": 1, "backorder_limit": 10, "tracked": True}),
    Step("Expect", {"key": TEA, "reference": "po-1", "quantity": 50}),
    Step("Receive", {"key": TEA, "quantity": 10, "incoming_reference": "po-1"}),
    Step(
        "ConfigureChannel",
        {
            "channel": {
                "name": "web",
                "locations": ["LONDON"],
                "location_groups": ["EU"],
                "terms": {"buffer": {"units": 2}},
            }
        },
    ),
    Step(
        "ConfigureChannel",
        {
            "channel": {
                "name": "till",
                "locations": ["LONDON"],
                "terms": {
                    "buffer": {"dynamic": {"service_factor": 1.65, "lead_time_days": 3.0}},
                    "allocation_units": 100,
                },
            }
        },
    ),
    Step("DefineSkuGroup", {"name": "drinks", "skus": ["TEA"], "sku_prefixes": ["CU"]}),
    Step(
        "SetChannelPolicies",
        {"channel": "web", "policies": [{"sku_group": "drinks", "terms": {"cap_units": 90_000}}]},
    ),
    Step("MapListings", {"channel": "web", "listings": [{**TEA, **LISTING}]}),
    Step("ComputeBuffers", {"channel": "till", "skus": ["TEA"]}),
    _reserve("held"),
    Step("Extend", {"reservation_id": "@held", "ttl": "1200s"}),
    Step("Amend", {"reservation_id": "@held", "set_lines": _lines("TEA", quantity=7)}),
    Step("TransferReservation", {"reservation_id": "@held", "to_location": "PARIS"}),
    _reserve("gone"),
    Step("Release", {"reservation_id": "@gone", "reason": "RELEASE_REASON_FRAUD"}),
    _reserve("sold"),
    Step("Commit", {"reservation_id": "@sold", "confirm_within": "3600s"}),
    Step("Confirm", {"reservation_id": "@sold"}),
    Step("Pick", {"reservation_id": "@sold", "lines": PART}),
    Step("Unpick", {"reservation_id": "@sold", "lines": [{"line_id": "1", "quantity": 1}]}),
    Step("Ship", {"reservation_id": "@sold", "lines": PART}),
    Step("Return", {"reservation_id": "@sold", "lines": [{"line_id": "1", "quantity": 1}]}),
    Step("Allocate", {"lines": _lines("TEA", "POT", quantity=2), "reference": "order-1"}),
    Step("Reserve", {"lines": _lines("SET"), "customer": "bob"}),
    Step("Reserve", {"lines": _lines("POT", quantity=900), "wait": "3600s"}),
    Step(
        "Reserve",
        {
            "lines": [{"line_id": "1", "sku": "TEA", "group": "EU", "quantity": 3}],
            "strategy": "STRATEGY_MOST_STOCK",
            "split": True,
        },
    ),
    Step("Sell", {"key": TEA, "quantity": 1, "channel": "web"}),
    Step("Adjust", {"key": TEA, "delta": -3, "reason": "lost", "reference": "a-1"}),
    Step("SetOnHand", {"key": TEA, "on_hand": 99_000, "reference": "c-1"}),
    Step(
        "TakeBack",
        {
            "key": TEA,
            "quantity": 1,
            "reason": "back",
            "reference": "b-1",
            "unavailable_cause": "damaged",
        },
    ),
    Step(
        "Move",
        {"key": TEA, "quantity": 2, "to_cause": "damaged", "reason": "wet", "reference": "m-1"},
    ),
    Step(
        "SendTransfer",
        {"sku": "TEA", "from_location": "LONDON", "to_location": "PARIS", "quantity": 5},
        "moved",
    ),
    Step("ReceiveTransfer", {"transfer_id": "@moved", "quantity": 2}),
    Step(
        "Execute",
        [
            {"batch_id": 1, "commands": [{"sell": {"key": TEA, "quantity": 1}}]},
            {"batch_id": 2, "commands": [{"receive": {"key": TEA, "quantity": 1}}, {}]},
        ],
    ),
    Step("GetStock", {"key": TEA}),
    Step("GetReservation", {"reservation_id": "@held"}),
    Step("GetTransfer", {"transfer_id": "@moved"}),
    Step("BatchGetAvailability", {"keys": [TEA, {"sku": "SET"}, {"sku": "CUP"}]}),
    Step("BatchGetAvailability", {"keys": [{"sku": "TEA"}], "channel": "web"}),
    Step("ListListings", {"channel": "web", "page_size": 1}),
    Step("FindListings", {"channel": "web", "names": [LISTING]}),
    Step("ListChannels", {"page_size": 1}),
    Step("GetChannelAvailability", {"channel": "web", "sku": "TEA"}),
    Step("GetConfiguration", {"page_size": 1}),
    Step("ListEvents", {"key": TEA, "page_size": 2}),
    Step("ListEvents", {"reservation_id": "@sold"}),
    Step("ExplainStock", {"key": TEA, "field": "BALANCE_FIELD_AVAILABLE", "page_size": 2}),
    Step("ListReservations", {"key": TEA, "page_size": 2}),
    Step("ListReservations", {"customer": {"sku": "TEA", "customer": "ann"}}),
    Step("GetNode", {}, "node"),
    Step("Subscribe", [{"open": OPEN}, {"park": {"message": PARKED}}]),
    Step("SetMark", {"name": "sub", "mark": "orders", "value": "7"}),
    Step("ParkMessage", {"name": "sub", "message": PARKED}),
    Step("ListParkedMessages", {"name": "sub"}),
    Step("ReplayParkedMessages", {"name": "sub"}),
    Step("DropParkedMessages", {"name": "sub", "ids": [1]}),
    Step("ListSubscriptions", {"page_size": 1}),
    Step("ResetSubscription", {"name": "sub", "start_from": "START_FROM_BEGINNING"}),
    Step("Watch", {"start_from": "START_FROM_SNAPSHOT", "mode": "WATCH_MODE_LATEST"}),
    Step("Watch", {"filter": {"channel": "web"}, "start_from": "START_FROM_SNAPSHOT"}),
    Step("Subscribe", [{"open": {"name": "gone", "start_from": "START_FROM_NOW"}}]),
    Step("DeleteSubscription", {"name": "gone"}),
    Step("WaitForSubscriber", {"name": FOLLOWER, "cursor": "@node"}),
)


class NotGranted(Exception):
    """A valid call was refused: the message says which, and how."""


class World:
    """Makes the world, in one tenant after another: what random requests have spoilt for those who
    come later, such as a location that is closed, is well again in the next."""

    def __init__(self, caller: Caller, known: Known, name: str = "") -> None:
        """`name` is that of the first tenant, and part of the others' and of every request id."""
        self._caller = caller
        self._name = name
        self._known = known
        self._made = 0
        self._serial = 0

    async def make(self) -> None:
        """Make it once more. NotGranted if one of its calls is refused."""
        tenant = f"{self._name}{self._made}" if self._made else self._name
        self._made += 1
        ids: dict[str, str] = {}
        for step in STEPS:
            method = METHODS[step.method]
            kind = GetMessageClass(method.input_type)
            many = step.fields if isinstance(step.fields, list) else [step.fields]
            requests: list[Any] = [ParseDict(_named(each, ids), kind()) for each in many]
            for request in requests:
                self._complete(request, "" if step.method == "WaitForSubscriber" else tenant)
            payloads = [request.SerializeToString() for request in requests]
            answer = await self._caller.call(method, payloads)
            if (answer.code, answer.wrong) != ("OK", ""):
                raise NotGranted(f"{step}: {answer}")
            for request in requests:
                self._known.grant(request)
                # Nobody else may take the follower's name: who is waited for is the newest of it.
                if step.method != "WaitForSubscriber":
                    self._known.learn(request)
            for response in answer.responses:
                self._known.learn(response)
            if step.remember:
                ids[step.remember] = _id_in(answer.responses[0])

    def _complete(self, message: Message, tenant: str) -> None:
        """Give a request and all in it the tenant and, to a write, an id."""
        fields = message.DESCRIPTOR.fields_by_name
        target: Any = message
        if "tenant" in fields:
            target.tenant = tenant
        if "context" in fields:
            self._serial += 1
            target.context.request_id = f"world{self._name}-{self._serial}"
        for inner in inner_messages(message):
            self._complete(inner, tenant)


def _id_in(response: Any) -> str:
    """The id that an answer gives, or the cursor."""
    names = ("reservation_id", "transfer_id", "oldest_cursor")
    return next(str(getattr(response, name)) for name in names if hasattr(response, name))


def _named(fields: Any, ids: dict[str, str]) -> Any:
    """The fields with ids in place of their names."""
    if isinstance(fields, dict):
        return {name: _named(value, ids) for name, value in fields.items()}
    if isinstance(fields, list):
        return [_named(each, ids) for each in fields]
    if isinstance(fields, str) and fields.startswith("@"):
        return ids[fields[1:]]
    return copy.copy(fields)
