"""The table of errors: complete, small enough for a header, and good to read."""

from pathlib import Path
from typing import get_args

import grpc
import pytest
from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.core.model import Key, ShortCause, ShortLine
from engine.feed.cursor import CursorForeign, CursorOutOfRange, MalformedCursor
from engine.feed.hub import TooManySubscribers
from engine.feed.watch import FeedStopping
from engine.rpc.checks import InvalidField
from engine.rpc.errors import CODES, EXPLANATIONS, Refusal, explain
from engine.rpc.problems import (
    BasketSpansShards,
    DeadlineExpired,
    DecisionFailed,
    Rejected,
    ServerStopping,
)
from engine.rpc.statuses import STATUS_BYTES_MAX, put_failure, to_status
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable

TEA = Key("", "TEA", "LONDON")
MUG = Key("shop", "MUG", "PARIS")
AT_MS = 1_795_229_008_019
ID = "336-1-2"
STOCK, CHANNEL, STOPPED = ShortCause.STOCK, ShortCause.CHANNEL, ShortCause.STOPPED

ROWS: list[tuple[object, str, str]] = [
    (
        InvalidField("lines[3].quantity", 0, "1 to 9"),
        "INVALID_FIELD",
        "lines[3].quantity is 0; allowed: 1 to 9",
    ),
    (
        InvalidField("tenant", "x" * 70, "short"),
        "INVALID_FIELD",
        f"tenant is {'x' * 64}...; allowed: short",
    ),
    (
        MalformedCursor("nonsense"),
        "INVALID_FIELD",
        "after_cursor is nonsense; allowed: a cursor that this server gave",
    ),
    (
        rejections.TooMany(TEA, "channel_buffers", 65, 64),
        "INVALID_FIELD",
        "channel_buffers is 65; allowed: at most 64 at TEA at LONDON",
    ),
    (
        rejections.InsufficientStock((ShortLine("2", TEA, STOCK, 3, 1),)),
        "INSUFFICIENT_STOCK",
        "line 2 asks for 3 of TEA at LONDON, 1 is available",
    ),
    (
        rejections.InsufficientStock(
            (ShortLine("1", MUG, CHANNEL, 3, 0), ShortLine("2", TEA, STOCK, 3, 1))
        ),
        "INSUFFICIENT_STOCK",
        (
            "line 1 asks for 3 of MUG at PARIS of tenant shop, 0 are available for this channel; "
            "1 more line is short"
        ),
    ),
    (
        rejections.InsufficientStock((ShortLine("1", TEA, STOPPED, 3, 0),) * 3),
        "INSUFFICIENT_STOCK",
        "line 1 asks for 3 of TEA at LONDON, where selling is stopped; 2 more lines are short",
    ),
    (
        rejections.InsufficientStock((ShortLine("", TEA, STOCK, 3, 2),)),
        "INSUFFICIENT_STOCK",
        "3 of TEA at LONDON asked for, 2 are available",
    ),
    (rejections.UnknownStock(TEA), "UNKNOWN_STOCK", "there is no TEA at LONDON"),
    (rejections.UnknownReservation(ID), "UNKNOWN_RESERVATION", "there is no reservation 336-1-2"),
    (rejections.UnknownLine(ID, "7"), "UNKNOWN_LINE", "reservation 336-1-2 has no line 7"),
    (
        rejections.HoldHasExpired(ID, AT_MS),
        "RESERVATION_EXPIRED",
        "the hold of reservation 336-1-2 expired at 2026-11-21T02:43:28.019Z",
    ),
    (rejections.AlreadyReleased(ID), "RESERVATION_RELEASED", "reservation 336-1-2 was released"),
    (
        rejections.AlreadyCommitted(ID),
        "RESERVATION_COMMITTED",
        "reservation 336-1-2 was committed with other content",
    ),
    (
        rejections.AlreadyShipped(ID),
        "RESERVATION_SHIPPED",
        "everything of reservation 336-1-2 was shipped",
    ),
    (
        rejections.NotCommitted(ID),
        "RESERVATION_NOT_COMMITTED",
        "nothing of reservation 336-1-2 is allocated: commit it first",
    ),
    (
        rejections.LineQuantityExceeded(ID, "1", 3, 1),
        "LINE_QUANTITY_EXCEEDED",
        "line 1 of reservation 336-1-2: 3 asked for, 1 is there",
    ),
    (
        rejections.BelowPromised(TEA, 3, 5),
        "BELOW_PROMISED",
        (
            "3 of TEA at LONDON would be on hand and 5 are promised; "
            "tell it with if_short RECORD if it has happened"
        ),
    ),
    (
        rejections.BalanceOutOfRange(TEA, "on_hand", 11, 10),
        "BALANCE_OUT_OF_RANGE",
        "on_hand of TEA at LONDON would be 11; allowed: -10 to 10",
    ),
    (
        rejections.VersionMismatch(TEA, 7, 9),
        "VERSION_MISMATCH",
        "TEA at LONDON has version 9, not 7",
    ),
    (
        rejections.OnHandMismatch(TEA, 10, 1),
        "ON_HAND_MISMATCH",
        "1 of TEA at LONDON is on hand, not 10",
    ),
    (
        rejections.RequestIdReused("r1", AT_MS),
        "REQUEST_ID_REUSED",
        "request id r1 was used at 2026-11-21T02:43:28.019Z with other content; use a new one",
    ),
    (BasketSpansShards(2), "BASKET_SPANS_SHARDS", "the basket's lines live on 2 shards"),
    (
        Overloaded(1, 16_384),
        "OVERLOADED",
        "shard 1 has 16384 commands queued and takes no more now",
    ),
    (
        ShardUnavailable(1),
        "SHARD_UNAVAILABLE",
        "shard 1 is not available; retry with the same request id",
    ),
    (
        ServerStopping(),
        "SHARD_UNAVAILABLE",
        "the server is stopping; retry with the same request ids",
    ),
    (
        DeadlineExpired(0),
        "DEADLINE_EXPIRED",
        "the deadline passed before the command was decided; nothing was changed",
    ),
    (
        DecisionFailed(0, "abc"),
        "INTERNAL",
        "the server has a fault; its log has it under correlation id abc",
    ),
    (
        CursorOutOfRange("1-10ca1000-1-0.9", "1-10ca1000-1-0.0"),
        "CURSOR_OUT_OF_RANGE",
        "the cursor 1-10ca1000-1-0.9 is older than the oldest kept event or ahead of the newest",
    ),
    (
        CursorForeign("1-10ca1000-1-0.9", "ffffffff", 2),
        "CURSOR_FOREIGN",
        "the cursor 1-10ca1000-1-0.9 belongs to another history; start again without it",
    ),
    (
        HistoryDamaged(1, "/data/shard-001/log: record 7 is damaged"),
        "HISTORY_DAMAGED",
        "a part of the history of shard 1 is damaged; the server's log says where",
    ),
    (TooManySubscribers(4), "OVERLOADED", ""),
    (FeedStopping(), "SHARD_UNAVAILABLE", ""),
]


def explained(problem: object) -> Refusal:
    refusal = explain(problem)
    assert refusal is not None
    return refusal


@pytest.mark.parametrize(("problem", "reason", "message"), ROWS)
def test_each_problem_has_its_reason_and_a_sentence(
    problem: object, reason: str, message: str
) -> None:
    refusal = explained(problem)
    assert pb.ErrorReason.Name(refusal.reason) == f"ERROR_REASON_{reason}"
    if message:
        assert refusal.message == message


def test_every_problem_of_the_table_is_in_these_rows() -> None:
    assert {type(problem) for problem, _, _ in ROWS} == set(EXPLANATIONS)


def test_every_rejection_of_the_core_is_explained() -> None:
    assert set(get_args(rejections.Rejection)) <= set(EXPLANATIONS)


def test_every_reason_has_one_code_and_is_reached_by_a_problem() -> None:
    named = set(pb.ErrorReason.values()) - {pb.ERROR_REASON_UNSPECIFIED}
    assert set(CODES) == named
    assert {explained(problem).reason for problem, _, _ in ROWS} == named


def test_codes_are_those_that_the_contract_states() -> None:
    """errors.proto says each reason's code in its comment; the table must agree."""
    proto = Path(__file__).parents[2] / "protos/holdfast/v1/errors.proto"
    lines = [line.strip() for line in proto.read_text(encoding="utf-8").splitlines()]
    stated: dict[str, str] = {}
    comment = ""
    for line in lines:
        if line.startswith("// "):
            comment += f"{line.removeprefix('// ')} "
        else:
            stated[line.partition(" =")[0]] = comment
            comment = ""
    for reason, code in CODES.items():
        name = pb.ErrorReason.Name(reason)
        assert stated[name].startswith(f"{code.name}: "), name


def test_what_nobody_foresaw_is_not_explained() -> None:
    assert explain(KeyError("secret")) is None


def test_a_raised_rejection_is_explained_as_the_rejection() -> None:
    rejection = rejections.UnknownStock(TEA)
    assert explain(Rejected(rejection)) == explain(rejection)


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f375"])
@pytest.mark.parametrize("count", [1, 20, 21, 2_000])
def test_a_status_fits_a_header_whatever_the_ids(character: str, count: int) -> None:
    name = character * (128 // len(character.encode()))
    line = ShortLine(name, Key(name, name, name), STOCK, 10**12, 10**12 - 1)
    refusal = explained(rejections.InsufficientStock((line,) * count))
    status = to_status(refusal)
    assert status.ByteSize() <= STATUS_BYTES_MAX
    lines = pb.ShortLines()
    assert status.details[1].Unpack(lines)
    assert lines.lines
    assert len(lines.lines) + lines.omitted == count
    failure = pb.Failure()
    put_failure(failure, refusal)
    assert len(failure.short_lines) == count


def test_short_ids_leave_room_for_twenty_lines() -> None:
    line = ShortLine("1", Key("", "SKU-00001", "LONDON"), STOCK, 3, 1)
    status = to_status(explained(rejections.InsufficientStock((line,) * 100)))
    lines = pb.ShortLines()
    status.details[1].Unpack(lines)
    assert (len(lines.lines), lines.omitted) == (20, 80)


def test_a_failure_of_execute_says_the_same_as_the_status() -> None:
    for problem, _, _ in ROWS:
        refusal = explained(problem)
        failure = pb.Failure()
        put_failure(failure, refusal)
        status = to_status(refusal)
        assert (failure.code, failure.message) == (status.code, status.message)
        assert failure.reason == refusal.reason
        assert failure.code == CODES[refusal.reason].value[0]
        assert dict(failure.metadata) == refusal.metadata
        retried = refusal.code in (
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
        )
        assert failure.HasField("retry_after") == retried
