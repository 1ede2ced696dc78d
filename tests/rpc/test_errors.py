"""The table of errors: complete, small enough for a header, and good to read."""

from pathlib import Path
from typing import get_args

import pytest
from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.core.commands import Command, Pick, Ship
from engine.core.model import Key, ShortLine
from engine.rpc.errors import CODES, EXPLANATIONS, Refusal, explain
from engine.rpc.problems import Rejected
from engine.rpc.statuses import STATUS_BYTES_MAX, put_failure, to_status
from tests.rpc.problem_rows import ID, ROWS, STOCK, TEA


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
    never_given = {pb.ERROR_REASON_UNSPECIFIED, pb.ERROR_REASON_BASKET_SPANS_SHARDS}
    named = set(pb.ErrorReason.values()) - never_given
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


RECORD = "; tell it with if_unexpected RECORD if they have left"
HINTS: list[tuple[rejections.Rejection, Command, str]] = [
    (rejections.LineQuantityExceeded(ID, "1", 3, 1), Ship("", ID), RECORD),
    (rejections.NotBacked(ID, "1", 3, 1), Ship("", ID), RECORD),
    (rejections.UnknownLine(ID, "1"), Ship("", ID), ""),
    (rejections.LineQuantityExceeded(ID, "1", 3, 1), Pick("", ID), ""),
]


@pytest.mark.parametrize(("rejection", "command", "hint"), HINTS)
def test_a_command_that_could_tell_what_it_asks_hears_so(
    rejection: rejections.Rejection, command: Command, hint: str
) -> None:
    alone = explained(rejection)
    assert explain(Rejected(rejection, command)) == alone._replace(message=alone.message + hint)


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
        retried = refusal.reason in (
            pb.ERROR_REASON_OVERLOADED,
            pb.ERROR_REASON_SHARD_UNAVAILABLE,
            pb.ERROR_REASON_RATE_LIMITED,
        )
        assert failure.HasField("retry_after") == retried
