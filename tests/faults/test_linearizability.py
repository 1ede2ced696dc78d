"""What many clients are answered at once is what they would have been one after the other, while
shards and the node are killed; and a node of which that is not true is found out."""

import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.linear_check import Findings, Written, check
from benchmarks.linear_stock import Answer, Operation
from benchmarks.linearizability import linearizability
from tests.faults.test_basket_kills import plant

OPERATIONS, KILLS = 5_000, 2
SOAK_OPERATIONS = 100_000 * int(os.environ.get("LENGTH", "10"))
SOAK_KILLS = 3 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""

CONTROL_OPERATIONS = 600


async def test_every_history_is_linearizable(tmp_path: Path) -> None:
    figures = await linearizability(tmp_path, operations=OPERATIONS, kills=KILLS, seed=SEED)
    assert figures["well"], (SEED, figures)
    assert figures["operations"] >= OPERATIONS
    assert figures["unknown"] > 0, "no kill has left anything unknown"
    assert all(figures["kills"].values()), "not every kind of kill was tried"


@pytest.mark.soak
async def test_every_history_is_linearizable_for_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await linearizability(
        tmp_path, operations=SOAK_OPERATIONS, kills=SOAK_KILLS, seed=SEED
    )
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {figures}\n")
    assert figures["well"], figures
    assert figures["resolved"] > 0, "no outcome had to be read off the log"
    assert figures["answered by a replay"] > 0, "no kill came between an effect and its answer"


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        ("stale_reads", "stale"),
        ("early_answers", "answered otherwise"),
        ("blind_counts", "balances"),
    ],
)
async def test_control_a_node_that_is_not_linearizable_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, finding: str
) -> None:
    plant(fault, monkeypatch)
    figures = await linearizability(
        tmp_path, operations=CONTROL_OPERATIONS, clients=4, skus=5, kills=0, shards=1
    )
    assert not figures["well"]
    assert figures[finding] > 0, figures


def _operation(
    kind: str, asked: tuple[object, ...], between: tuple[float, float], answer: Answer | None
) -> Operation:
    """One on the only SKU; its request id tells what it asks."""
    operation = Operation(kind, 0, asked, "" if kind == "read" else f"{kind} {asked}")
    operation.invoked, operation.answered = between
    operation.answer = answer
    return operation


RECEIVED = _operation("receive", (5,), (0, 1), ("level", 1, 5, 0, 0, 5))
SOLD_OUT = _operation("reserve", (9,), (4, 5), ("refused", 2, 9, 5))
HELD = _operation("reserve", (2,), (6, 9), ("held", "a", 2))
LOG = [
    Written("receive (5,)", 0, 1, 1, (5, 0, 0)),
    Written("reserve (2,)", 0, 2, 2, (5, 2, 0), "a"),
]


def _check(*others: Operation, log: list[Written] = LOG) -> Findings:
    return check([RECEIVED, SOLD_OUT, HELD, *others], log)


@pytest.mark.parametrize("version", [1, 2])
def test_a_read_beside_a_write_may_come_before_it_or_after_it(version: int) -> None:
    held = 2 * (version - 1)
    read = _operation("read", (), (7, 8), ("read", version, 5, held, 0, 5 - held))
    assert not _check(read).counts


def test_an_outcome_that_nobody_knows_is_read_off_the_log() -> None:
    unknown = _operation("adjust", (-1,), (7, float("inf")), None)
    assert not _check(unknown).counts
    logged = [*LOG, Written("adjust (-1,)", 0, 3, 3, (4, 2, 0))]
    assert _check(unknown, log=logged).resolved == 1
    assert not _check(unknown, log=logged).counts


@pytest.mark.parametrize(
    ("finding", "operation"),
    [
        ("stale", _operation("read", (), (10, 11), ("read", 1, 5, 0, 0, 5))),
        ("stale", _operation("read", (), (2, 3), ("read", 2, 5, 2, 0, 3))),
        ("answered otherwise", _operation("read", (), (7, 8), ("read", 1, 4, 0, 0, 4))),
        ("answered otherwise", _operation("read", (), (7, 8), ("read", 3, 5, 2, 0, 3))),
        ("lost", _operation("receive", (3,), (10, 11), ("level", 3, 8, 2, 0, 6))),
        ("no place", _operation("reserve", (7,), (10, 11), ("refused", 2, 7, 5))),
        ("no place", _operation("reserve", (7,), (2, 3), ("refused", 2, 7, 3))),
    ],
)
def test_control_the_checker_finds_what_cannot_be(finding: str, operation: Operation) -> None:
    assert _check(operation).counts[finding] > 0


@pytest.mark.parametrize(
    ("finding", "log"),
    [
        ("doubled", [*LOG, Written("reserve (2,)", 0, 3, 3, (5, 4, 0), "b")]),
        ("unasked", [*LOG, Written("nobody's", 0, 3, 3, (9, 2, 0))]),
        ("balances", [LOG[0], Written("reserve (2,)", 0, 2, 2, (5, 3, 0), "a")]),
        ("balances", [LOG[0], Written("reserve (2,)", 0, 3, 3, (5, 2, 0), "a")]),
        ("answered otherwise", [LOG[0], Written("reserve (2,)", 0, 2, 2, (5, 2, 0), "b")]),
        ("lost", LOG[:1]),
    ],
)
def test_control_the_checker_finds_what_the_log_cannot_say(
    finding: str, log: list[Written]
) -> None:
    assert _check(log=log).counts[finding] == 1


def test_control_two_refusals_must_come_in_their_order() -> None:
    """Each of them was true at some version of its time, but not both in the order of their
    answers."""
    later = _operation("reserve", (8,), (7, 7.5), ("refused", 2, 8, 3))
    latest = _operation("reserve", (6,), (7.6, 8), ("refused", 2, 6, 5))
    assert not _check(later).counts
    assert not _check(latest).counts
    assert _check(later, latest).counts["no place"] == 1
