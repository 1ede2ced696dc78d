"""What reads bytes from outside raises what it says and nothing else, whatever they are, and reads
what it has written. In the soak a fuzzer that looks for new ways through the code does the same."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.feed import cursor
from tests.fuzzing.corpus import kept_inputs, path_of
from tests.fuzzing.fuzz import how_to_repeat
from tests.fuzzing.mutations import mutated
from tests.fuzzing.targets import TARGETS, Target

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 120
FUZZING_S = 6 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1, 1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""

every_target = pytest.mark.parametrize("name", TARGETS)


@every_target
def test_what_is_kept_finds_no_fault(name: str) -> None:
    try_what_is_kept(name)


def try_what_is_kept(name: str) -> None:
    """Try each input that is kept for a target."""
    for data in kept_inputs(name):
        try:
            TARGETS[name].one_input(data)
        except Exception as fault:
            raise AssertionError(how_to_repeat(name, data)) from fault


@every_target
def test_all_examples_are_kept(name: str) -> None:
    assert len(kept_inputs(name)) >= len(TARGETS[name].examples()) > 0, path_of(name)


@every_target
def test_whatever_comes_finds_no_fault(name: str) -> None:
    search(TARGETS[name], kept_inputs(name))


def search(target: Target, corpus: list[bytes]) -> None:
    """Try inputs near to those of a corpus, and any others."""

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(st.one_of(mutated(corpus), mutated(corpus), st.binary(max_size=200)))
    @example(b"")
    def try_one(data: bytes) -> None:
        target.one_input(data)

    try_one()


def test_control_a_decoder_that_reads_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors that are read although they are written otherwise."""
    loose = re.compile(cursor._TEXT.pattern.replace("[1-9][0-9]{0,18}", "[0-9]{1,19}"))
    monkeypatch.setattr(cursor, "_TEXT", loose)
    with pytest.raises(AssertionError, match=r"python -m tests\.fuzzing\.fuzz cursors"):
        try_what_is_kept("cursors")


def test_control_a_decoder_that_raises_something_else_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursor, "MalformedCursor", ValueError)
    with pytest.raises((ValueError, ExceptionGroup)):
        search(TARGETS["cursors"], kept_inputs("cursors"))


def fuzz(name: str, corpus: Path, seconds: int, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run atheris on a target in a process of its own."""
    corpus.mkdir()
    for number, data in enumerate(kept_inputs(name)):
        (corpus / f"{number:03d}").write_bytes(data)
    flags = [f"-max_total_time={seconds}", f"-seed={SEED}", "-timeout=30", "-max_len=20000"]
    flags += [f"-artifact_prefix={corpus}-", "-rss_limit_mb=3000", "-print_final_stats=1"]
    found = [*map(str, paths), str(ROOT), str(ROOT / "clients/python")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [*found, os.environ.get("PYTHONPATH", "")])),
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzzing.fuzz", name, str(corpus), *flags],
        cwd=corpus.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


@pytest.mark.soak
@every_target
def test_the_fuzzer_finds_no_fault(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = fuzz(name, tmp_path / name, FUZZING_S)
    assert ended.returncode == 0, ended.stdout[-6_000:]
    executed = [line for line in ended.stdout.splitlines() if "number_of_executed_units" in line]
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {name}: {executed[0].split()[-1]} inputs\n")


@pytest.mark.soak
def test_control_the_fuzzer_finds_a_fault(tmp_path: Path) -> None:
    ended = fuzz("cursors", tmp_path / "cursors", 60, Path(__file__).with_name("loose_cursors"))
    assert ended.returncode != 0
    assert "python -m tests.fuzzing.fuzz cursors --input" in ended.stdout
