"""Each reason of the contract is an exception with its facts, whichever way it comes."""

import pickle
from typing import Any

import grpc
import pytest
from holdfast import Client, HoldfastError, InsufficientStock, _convert_answers, errors
from holdfast.errors import ERROR_BY_REASON, Code
from holdfast.types import ShortCause, ShortLine
from holdfast.v1 import errors_pb2

from tests.client.scripted_server import ScriptedServer, failure

REASONS = [
    name.removeprefix("ERROR_REASON_") for name, number in errors_pb2.ErrorReason.items() if number
]


def test_every_reason_of_the_contract_has_an_exception() -> None:
    assert sorted(ERROR_BY_REASON) == sorted(REASONS)


# Code, and the facts that errors.proto promises, as attributes.
FACTS: dict[str, tuple[grpc.StatusCode, dict[str, Any]]] = {
    "INVALID_FIELD": (
        grpc.StatusCode.INVALID_ARGUMENT,
        {"field": "lines[0].quantity", "value": "0", "limit": "1 to 10"},
    ),
    "INSUFFICIENT_STOCK": (grpc.StatusCode.FAILED_PRECONDITION, {"omitted_lines": 0}),
    "UNKNOWN_STOCK": (
        grpc.StatusCode.NOT_FOUND,
        {"tenant": "", "sku": "TEA", "location": "LONDON"},
    ),
    "UNKNOWN_RESERVATION": (grpc.StatusCode.NOT_FOUND, {"reservation_id": "r"}),
    "UNKNOWN_LINE": (grpc.StatusCode.NOT_FOUND, {"reservation_id": "r", "line_id": "7"}),
    "RESERVATION_EXPIRED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"reservation_id": "r", "expired_at": "2026-11-20T10:00:00Z"},
    ),
    "RESERVATION_RELEASED": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "RESERVATION_COMMITTED": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "RESERVATION_SHIPPED": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "RESERVATION_NOT_COMMITTED": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "LINE_QUANTITY_EXCEEDED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"reservation_id": "r", "line_id": "1", "asked": 3, "limit": 2},
    ),
    "BELOW_PROMISED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"sku": "TEA", "on_hand": 3, "promised": 5},
    ),
    "BALANCE_OUT_OF_RANGE": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"field": "on_hand", "value": "9", "limit": "8"},
    ),
    "VERSION_MISMATCH": (grpc.StatusCode.ABORTED, {"expected": 7, "actual": 9}),
    "ON_HAND_MISMATCH": (grpc.StatusCode.ABORTED, {"expected": 10, "actual": -8}),
    "REQUEST_ID_REUSED": (grpc.StatusCode.FAILED_PRECONDITION, {"first_used_at": "2026"}),
    "BASKET_SPANS_SHARDS": (grpc.StatusCode.UNIMPLEMENTED, {"shards": 2}),
    "OVERLOADED": (grpc.StatusCode.RESOURCE_EXHAUSTED, {}),
    "SHARD_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, {}),
    "DEADLINE_EXPIRED": (grpc.StatusCode.DEADLINE_EXCEEDED, {}),
    "CURSOR_OUT_OF_RANGE": (grpc.StatusCode.OUT_OF_RANGE, {"cursor": "c", "oldest": "o"}),
    "CURSOR_FOREIGN": (grpc.StatusCode.DATA_LOSS, {"cursor": "c", "history": "h"}),
    "INTERNAL": (grpc.StatusCode.INTERNAL, {"correlation_id": "x"}),
    "HISTORY_DAMAGED": (grpc.StatusCode.DATA_LOSS, {"shard": 3}),
    "STILL_WAITING": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "PICKED_UNITS": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"reservation_id": "r", "line_id": "7", "picked": 2},
    ),
    "NOT_BACKED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"reservation_id": "r", "line_id": "7", "asked": 3, "backed": 1},
    ),
    "NOT_SHIPPED": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r"}),
    "UNKNOWN_SHIPMENT": (grpc.StatusCode.NOT_FOUND, {"reservation_id": "r", "shipment_id": "1"}),
    "LINE_EXISTS": (grpc.StatusCode.FAILED_PRECONDITION, {"reservation_id": "r", "line_id": "7"}),
    "TOO_MANY_LINES": (grpc.StatusCode.FAILED_PRECONDITION, {"lines": 4100, "limit": 4000}),
    "UNKNOWN_GROUP": (grpc.StatusCode.NOT_FOUND, {"line_id": "7", "group": "shops"}),
    "CUSTOMER_REQUIRED": (grpc.StatusCode.FAILED_PRECONDITION, {"line_id": "7", "sku": "TEA"}),
    "KIT_HAS_NO_STOCK": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"tenant": "", "sku": "SET", "location": "LONDON"},
    ),
    "KIT_IN_KIT": (grpc.StatusCode.FAILED_PRECONDITION, {"sku": "TEA-SET", "component": "CUPS"}),
    "UNKNOWN_TRANSFER": (grpc.StatusCode.NOT_FOUND, {"transfer_id": "t"}),
    "TRANSFER_QUANTITY_EXCEEDED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"transfer_id": "t", "asked": 3, "limit": 2},
    ),
    "UNAVAILABLE_QUANTITY_EXCEEDED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"sku": "TEA", "unavailable_cause": "damaged", "asked": 3, "limit": 2},
    ),
    "UNKNOWN_INCOMING": (grpc.StatusCode.NOT_FOUND, {"sku": "TEA", "reference": "PO-7"}),
    "SOURCE_STALE": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"sku": "TEA", "source": "till", "source_sequence": 8, "last": 9},
    ),
    "COUNT_STALE": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"sku": "TEA", "source": "wms", "observed_at": "2026-11-20", "last": "2026-11-21"},
    ),
    "OBSERVATION_TOO_OLD": (
        grpc.StatusCode.OUT_OF_RANGE,
        {"sku": "TEA", "observed_at": "2026-11-20"},
    ),
    "ATTEMPT_DECIDED": (grpc.StatusCode.ABORTED, {"attempt_id": "a-1"}),
    "AMBIGUOUS_REFERENCE": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"reference": "cart-7", "reservations": 2},
    ),
    "UNKNOWN_CHANNEL": (grpc.StatusCode.NOT_FOUND, {"channel": "web"}),
    "UNKNOWN_SKU_GROUP": (grpc.StatusCode.NOT_FOUND, {"sku_group": "shirts"}),
    "LISTINGS_REFUSED": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"problems": 2, "sku": "TEA", "location": "LONDON", "problem": "DUPLICATE"},
    ),
    "BUFFER_NOT_DYNAMIC": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"channel": "web", "sku": "TEA"},
    ),
    "SUBSCRIBER_STALLED": (grpc.StatusCode.RESOURCE_EXHAUSTED, {"seconds": 60.0}),
    "UNKNOWN_SUBSCRIPTION": (grpc.StatusCode.NOT_FOUND, {"name": "web"}),
    "SUBSCRIPTION_DIFFERS": (
        grpc.StatusCode.FAILED_PRECONDITION,
        {"name": "web", "field": "filter.skus"},
    ),
    "SUBSCRIPTION_TAKEN_OVER": (grpc.StatusCode.ABORTED, {"name": "web"}),
    "UNKNOWN_PARKED_MESSAGE": (grpc.StatusCode.NOT_FOUND, {"name": "web", "id": 7}),
    "TOO_MANY_PARKED": (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        {"name": "web", "parked": 9, "limit": 9},
    ),
    "TOO_MANY_SUBSCRIPTIONS": (grpc.StatusCode.RESOURCE_EXHAUSTED, {"limit": 9}),
    "UNAUTHENTICATED": (grpc.StatusCode.UNAUTHENTICATED, {"cause": "the token has expired"}),
    "PERMISSION_DENIED": (
        grpc.StatusCode.PERMISSION_DENIED,
        {"principal": "checkout", "command": "Reserve", "not_covered": "location PARIS"},
    ),
    "RATE_LIMITED": (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        {"principal": "checkout", "limit": "commands_per_s", "value": 500},
    ),
    "READ_NOT_KEPT": (
        grpc.StatusCode.OUT_OF_RANGE,
        {"as_of": "2026-11-20", "oldest": "2026-11-21"},
    ),
}


DELAYED = ("OVERLOADED", "SHARD_UNAVAILABLE", "RATE_LIMITED")
"""Those with which the server says when to try again."""


@pytest.mark.parametrize("coalesce", [True, False], ids=["Execute", "unary"])
@pytest.mark.parametrize("reason", REASONS)
async def test_a_refusal_arrives_with_its_facts(
    server: ScriptedServer, reason: str, coalesce: bool
) -> None:
    code, facts = FACTS[reason]
    refusal = failure(reason, code, **{name: str(value) for name, value in facts.items()})
    if reason in DELAYED:
        # Longer than the call may take, so that it is not tried again.
        refusal.retry_after.seconds = 3_600
    # An attempt that was given up, say, is tried again at once, until the time is over.
    is_retried = reason in ("ATTEMPT_DECIDED", "SUBSCRIBER_STALLED")
    server.refusals["id"] = [refusal] * (10_000 if is_retried else 1)
    timeout_s = 0.5 if is_retried else 10.0
    async with Client(server.address, coalesce=coalesce) as client:
        with pytest.raises(HoldfastError) as raised:
            await client.reserve([("TEA", "LONDON", 1)], request_id="id", timeout_s=timeout_s)
    error = raised.value
    assert type(error) is ERROR_BY_REASON[reason]
    assert (error.reason, error.code, error.request_id) == (reason, Code[code.name], "id")
    assert error.message == f"{reason} happened."
    assert {name: getattr(error, name) for name in facts} == facts
    if not is_retried:
        # Of those the end of the time may cut off a try, of which nothing is known.
        assert error.outcome_unknown is (reason == "SHARD_UNAVAILABLE")
    if reason in DELAYED:
        assert getattr(error, "retry_after_s", None) == 3_600


@pytest.mark.parametrize("coalesce", [True, False], ids=["Execute", "unary"])
async def test_short_lines_are_named(server: ScriptedServer, coalesce: bool) -> None:
    async with Client(server.address, coalesce=coalesce) as client:
        with pytest.raises(InsufficientStock) as raised:
            await client.reserve([("TEA", "LONDON", 1_000_000)])
    assert raised.value.short_lines == (
        ShortLine("1", "TEA", "LONDON", ShortCause.STOCK, 1_000_000, 3),
    )


def test_a_reason_of_a_newer_server_is_still_an_error() -> None:
    refusal = errors_pb2.Failure(code=9, message="Something new.", metadata={"a": "b"})
    refusal.ParseFromString(refusal.SerializeToString() + b"\x10\xe7\x07")
    error = _convert_answers.failure(refusal)
    assert type(error) is HoldfastError
    assert (error.reason, error.code) == ("REASON_999", Code.FAILED_PRECONDITION)
    assert (error.message, dict(error.metadata)) == ("Something new.", {"a": "b"})


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [
        ("BRAND_NEW", 9, HoldfastError),
        ("BRAND_NEW", 14, HoldfastError),
        ("", 14, errors.Unavailable),
        ("", 4, errors.DeadlineExpired),
        ("", 13, errors.Internal),
        ("", 12, HoldfastError),
        ("", 99, HoldfastError),
    ],
)
def test_without_a_known_reason_the_code_decides(
    reason: str, code: int, kind: type[HoldfastError]
) -> None:
    assert type(errors.make_error(reason, code, "", {})) is kind


def test_an_error_is_of_the_module_that_callers_import() -> None:
    kinds: list[type[HoldfastError]] = [HoldfastError, *ERROR_BY_REASON.values()]
    assert {f"{kind.__module__}.{kind.__name__}" for kind in kinds} == {
        f"holdfast.errors.{kind.__name__}" for kind in kinds
    }
    assert all(getattr(errors, kind.__name__) is kind for kind in kinds)
    assert {kind.__name__ for kind in kinds} <= set(errors.__all__)


def test_an_error_survives_pickling() -> None:
    error = errors.VersionMismatch("Changed.", reason="VERSION_MISMATCH", metadata={"actual": "9"})
    error.request_id = "id"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.actual, again.request_id) == (errors.VersionMismatch, 9, "id")
    assert str(again) == "Changed."


def test_a_missing_fact_is_empty() -> None:
    error = errors.VersionMismatch()
    assert (error.sku, error.actual) == ("", 0)
