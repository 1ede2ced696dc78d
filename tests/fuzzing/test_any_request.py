"""Whatever is sent to any RPC, no caller sees INTERNAL or UNKNOWN, nothing crashes or hangs, and
the history verifies afterwards."""

import os
import random
import sys
from pathlib import Path

import grpc.aio
import pytest

from benchmarks.node import Node, running_node
from tests.fuzzing.calls import METHODS, Caller
from tests.fuzzing.storm import Storm

ROUNDS = 50
SOAK_ROUNDS = 500 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""


def processes_of(node: Node) -> list[int]:
    """The processes of a node."""
    return [node.process_id, *(number for _, number in sorted(node.shard_process_ids.items()))]


async def blow(directory: Path, seed: int, rounds: int) -> tuple[Storm, list[str]]:
    """Send random requests to every RPC of a new node. Give what was answered, and what else is
    wrong with the node after them."""
    async with (
        running_node(directory, 2) as node,
        grpc.aio.insecure_channel(node.address) as channel,
    ):
        before = processes_of(node)
        storm = Storm(Caller(channel), seed)
        await storm.blow(rounds)
        wrong = [] if processes_of(node) == before else ["a process of the node has ended"]
    log = node.log_path.read_text()
    wrong += [line for line in log.splitlines() if "[error" in line or "Traceback" in line]
    verdict = node.verify()
    return storm, wrong if verdict.well else [*wrong, verdict.summary]


async def test_whatever_is_sent_finds_no_fault(tmp_path: Path) -> None:
    storm, wrong = await blow(tmp_path, seed=1, rounds=ROUNDS)
    assert (storm.wrong, wrong) == ([], [])
    assert storm.requests >= ROUNDS * len(METHODS)
    assert storm.missed == [], storm.reach()


@pytest.mark.soak
async def test_whatever_is_sent_finds_no_fault_for_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storm, wrong = await blow(tmp_path, SEED, SOAK_ROUNDS)
    with capsys.disabled():
        sys.stdout.write(
            f"\nseed {SEED}, {storm.requests:,} requests, OK of all: {storm.reach()}\n"
        )
    assert (storm.wrong, wrong) == ([], []), f"seed {SEED}"
    assert storm.missed == []


async def test_control_a_handler_with_a_fault_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("unguarded_pages", monkeypatch)
    storm, wrong = await blow(tmp_path, seed=1, rounds=ROUNDS)
    assert any("INTERNAL" in each for each in storm.wrong)
    assert any("unexpected exception" in each for each in wrong)


async def test_control_a_shard_that_dies_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("fragile_shard", monkeypatch)
    storm, wrong = await blow(tmp_path, seed=1, rounds=ROUNDS)
    assert any("UNAVAILABLE" in each for each in storm.wrong)
    assert "a process of the node has ended" in wrong


def plant(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process of a node load a fault at its start."""
    folder = Path(__file__).with_name(fault)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
