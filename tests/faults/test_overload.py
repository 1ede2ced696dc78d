"""A node that is asked for more than it can do: what it takes is bounded, the rest is refused at
once, nothing is done after its deadline, nothing is lost, and then it serves as before.

The short form needs no load: the shard's process is stopped, so that its queue is full for certain.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from holdfast import Client

from benchmarks import messages
from benchmarks.node import Node, running_node
from benchmarks.overload import overload
from benchmarks.overload_audit import audit
from benchmarks.overload_load import EXPIRED, GRANTED, REFUSED, Generator, Template
from tests.faults.test_basket_kills import plant

QUEUE_COMMANDS = 200
SKUS = ["TEA"] * 100
HASTY_S = 0.1
REFUSED_S_MAX = 60.0
UNANSWERED_S = 1.0
"""How long the control waits for a refusal that does not come."""

SOAK_S = 30.0 * int(os.environ.get("LENGTH", "10"))
"""`make soak` gives the length."""

CONTROL_S = 10.0


@asynccontextmanager
async def loaded(node: Node) -> AsyncIterator[Generator]:
    """One stream of batches to a node that has stock of what they take."""
    async with Client(node.address) as client:
        await client.receive("TEA", messages.LOCATION, 1_000_000)
    async with messages.channel(node.address) as channel:
        generator = Generator(channel.stream_stream(f"{messages.SERVICE}/Execute"), streams=1)
        try:
            yield generator
        finally:
            await generator.close()


@asynccontextmanager
async def stopped(process_id: int) -> AsyncIterator[None]:
    """The process does nothing inside the block."""
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


async def stand_still(directory: Path, refused_s_max: float = REFUSED_S_MAX) -> list[str]:
    """Ask for more than a shard that stands still can queue; gives the promises that are broken."""
    hasty, patient = Template(SKUS, HASTY_S), Template(SKUS)
    settings = ("--queue-commands-max", str(QUEUE_COMMANDS))
    refusals = []
    async with running_node(directory, 1, *settings) as node, loaded(node) as generator:
        async with stopped(node.shard_process_ids[0]):
            taken = [asyncio.create_task(generator.ask(each)) for each in (hasty, patient)]
            try:
                # One stream: when a later batch is refused, the node has read those before.
                refusals.append(await asyncio.wait_for(generator.ask(patient), refused_s_max))
                hasty_until = time.monotonic() + HASTY_S
                while len(refusals) < 20 or time.monotonic() <= hasty_until:
                    refusals.append(await asyncio.wait_for(generator.ask(patient), refused_s_max))
            except TimeoutError:
                refusals = []
        too_late, in_time = await asyncio.gather(*taken)
        again = await generator.ask(patient)
        await generator.until_all_answered(REFUSED_S_MAX)
    checked = audit(node.data_dir / "shard-000", generator.sent, delivery_s=0.0)
    promises = {
        "refuses": bool(refusals) and all(set(each.outcomes) == {REFUSED} for each in refusals),
        "says when to try again": generator.without_retry == 0,
        "bounded queue": generator.queued_most == QUEUE_COMMANDS,
        "tells what is too late": set(too_late.outcomes) == {EXPIRED},
        "does what it took": set(in_time.outcomes) == {GRANTED},
        "serves again": set(again.outcomes) == {GRANTED},
        "expired commands are not executed": checked.executed_late == 0,
        "the log agrees": not (checked.lost or checked.doubled or checked.refused_with_effect),
        "verify": node.verify().well,
    }
    return [name for name, holds in promises.items() if not holds]


async def test_what_has_no_room_is_refused_and_what_is_too_late_not_done(tmp_path: Path) -> None:
    assert await stand_still(tmp_path) == []


async def test_control_a_queue_without_bound_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("endless_queue", monkeypatch)
    assert "refuses" in await stand_still(tmp_path, UNANSWERED_S)


async def test_control_late_execution_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("ignored_deadlines", monkeypatch)
    broken = await stand_still(tmp_path)
    assert "expired commands are not executed" in broken
    assert "tells what is too late" in broken


@pytest.mark.soak
async def test_three_times_the_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = await overload(tmp_path, seconds=SOAK_S)
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert figures["broken"] == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("endless_queue", "refuses"),
        ("ignored_deadlines", "expired commands are not executed"),
    ],
)
async def test_control_the_load_notices_what_is_planted(
    fault: str, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(fault, monkeypatch)
    figures = await overload(tmp_path, seconds=CONTROL_S)
    assert broken in figures["broken"]
