"""Where the time goes is told by function, from what a profiler has seen."""

import sys
from pathlib import Path

import pytest

from benchmarks import hot_functions
from benchmarks.hot_functions import PY_SPY, Share, top

STACKS = ("main;serve;write 6", "main;serve 1", "main;read 3")
STAND_IN = f"""#!{sys.executable}
import os, sys
process_id, file = (sys.argv[sys.argv.index(name) + 1] for name in ("--pid", "--output"))
os.kill(int(process_id), 0)
open(file, "w").write("main;serve 3\\nmain 1\\n")
"""
"""It wants the process and says what py-spy might."""


def test_own_time_is_that_of_the_innermost_function() -> None:
    assert top(STACKS, 2) == [Share("write", 60, 60), Share("read", 30, 30)]
    assert top(STACKS, 10)[2:] == [Share("serve", 10, 70)]
    assert top([], 10) == []


async def test_both_processes_are_looked_at_under_both_loads(tmp_path: Path) -> None:
    program = tmp_path / PY_SPY
    program.write_text(STAND_IN)
    program.chmod(0o755)
    found = await hot_functions.hot_functions(str(program), 1, 10)
    assert len(found) == 4
    assert all(shares[0] == Share("serve", 75, 75) for shares in found.values())


async def test_without_a_profiler_it_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert await hot_functions.main(hot_functions.parser().parse_args([])) == 0
    assert f"no {PY_SPY}" in capsys.readouterr().out
