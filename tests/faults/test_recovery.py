"""Promise 8: a node with a long history is back soon after SIGKILL, and is what it was."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.recovery import recovery
from tests.faults.test_basket_kills import plant

SOAK_LOCATIONS = 10_000 * int(os.environ.get("LENGTH", "10"))
SOAK_EVENTS = 10 * SOAK_LOCATIONS
READY_S_MAX = 10.0


async def test_a_killed_node_is_what_it_was(tmp_path: Path) -> None:
    figures = await recovery(tmp_path, locations=300, events=2_000, shards=2)
    assert figures["well"], figures
    assert figures["events"] >= 2_000
    assert figures["held"] == figures["granted"] > 0


@pytest.mark.soak
async def test_a_killed_node_is_back_soon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await recovery(tmp_path, locations=SOAK_LOCATIONS, events=SOAK_EVENTS)
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert figures["well"], figures
    assert figures["first answer s"] < READY_S_MAX


async def test_control_a_state_that_is_not_that_of_the_log_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard whose store misses a balance now and then."""
    plant("stale_state", monkeypatch)
    figures = await recovery(tmp_path, locations=300, events=2_000)
    assert not figures["well"]
    assert figures["verify"].startswith("NOT OK")
