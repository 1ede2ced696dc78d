"""What a shard does between two turns when an operator asks for it."""

from pathlib import Path
from typing import Any

import pytest

from engine.log.base import base_positions
from engine.log.keeping import take_base
from engine.log.rocks import RocksLog
from engine.log.verify import verify
from engine.shard.control import FROZEN_S_MAX, Controller
from engine.shard.frames import Control, Controlled
from tests.archive.histories import TEA, Past


class Shard:
    """A controller on a log with a past, and its clock."""

    def __init__(self, tmp_path: Path) -> None:
        self.now_s = 1_000.0
        self.past = Past(tmp_path / "data")
        self.past.live(6)
        self.published: list[bytes] = []
        self.controller = Controller(
            self.past.log,
            self.past.directory,
            lambda encoded, _now_ms: self.published.append(encoded),
            lambda: self.now_s,
        )

    def asked(self, action: str, **details: Any) -> Controlled:
        controlled = self.controller.obey(Control(7, action, **details), self.past.ledger.now_ms)
        assert controlled.control_id == 7
        return controlled

    def do(self, action: str, **details: Any) -> int:
        controlled = self.asked(action, **details)
        assert controlled.refusal == ""
        return controlled.position


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    return Shard(tmp_path)


@pytest.mark.parametrize("let_go", [True, False])
def test_it_is_held_still_until_it_is_let_go_or_time_is_up(shard: Shard, let_go: bool) -> None:
    seen = [shard.controller.is_frozen]
    shard.do("freeze")
    seen.append(shard.controller.is_frozen)
    if let_go:
        shard.do("thaw")
    else:
        shard.now_s += FROZEN_S_MAX
    assert [*seen, shard.controller.is_frozen] == [False, True, False]


def test_a_checkpoint_of_a_moment_needs_that_the_moment_lasts(shard: Shard, tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    assert "went on before" in shard.asked("checkpoint", path=path, frozen=True).refusal
    shard.do("freeze")
    position = shard.do("checkpoint", path=path, frozen=True)
    shard.past.live(1)
    log = RocksLog(tmp_path / "checkpoint", create=False)
    assert log.head.position == position < shard.past.log.head.position
    assert log.stock(TEA) != shard.past.log.stock(TEA)
    log.close()
    assert "cannot be" in shard.asked("checkpoint", path=path).refusal


def test_what_it_cannot_do_it_refuses(shard: Shard) -> None:
    assert shard.asked("dance").refusal == "a shard cannot dance"
    assert "still needed" in shard.asked("drop", position=3).refusal


def test_it_forgets_its_past_step_by_step(shard: Shard, tmp_path: Path) -> None:
    past, keep = shard.past, {"keep_events": 5}
    past.forget()
    assert shard.do("base-to-use", **keep) == 0
    assert shard.do("needs-base", **keep) == 1
    position = shard.do("checkpoint", path=str(tmp_path / "checkpoint"))
    mark = take_base(tmp_path / "checkpoint", past.directory, 0)
    shard.do("record-base", position=position, digest=mark.digest, chain_hash=mark.chain_hash)
    assert len(shard.published) == 1
    past.ledger.next_position = past.log.head.position + 1
    assert shard.do("needs-base", **keep) == 0
    past.live(2)
    assert shard.do("base-to-use", **keep) == position
    shard.do("drop", position=position)
    while shard.controller.is_pruning:
        shard.controller.prune()
    shard.controller.close()
    assert past.log.oldest_position == position + 1
    assert base_positions(past.directory) == [position]
    past.log.close()
    assert verify(past.data_dir).differences == []
