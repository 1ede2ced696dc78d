"""Corruption is never silent: whatever is damaged in whatever file, a node has the right data, or
it refuses and names the file, or what it does not know any more is refused when it is asked for,
and `holdfast verify` says so."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from benchmarks.node import Node, NodeFailed
from engine.archive.backup import back_up_stopped
from tests.archive.histories import Past
from tests.faults.damage import BACKUP_KINDS, EVERY_HOW, NODE_KINDS, PAST_KINDS, Case, damage
from tests.fuzzing.calls import Caller
from tests.fuzzing.messages import Known
from tests.fuzzing.world import FOLLOWER, World

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"node": NODE_KINDS, "past": PAST_KINDS, "backup": BACKUP_KINDS}
SOAK_CASES = 50 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""
FLIPS_MAX = 200
"""After so many flips one of them has hit what means something, wherever they go."""
TABLE = [
    Case(image, kind, how, seed)
    for image, kinds in KINDS.items()
    for seed, kind in enumerate(kinds)
    for how in EVERY_HOW
]
"""Each kind of file damaged in each way."""


async def make_images(directory: Path) -> None:
    """A node that was killed with a past in its tables and in its write-ahead logs, a backup of it,
    and a directory whose log goes on from a base."""
    node = Node(directory / "made", 2)
    (directory / "made").mkdir()
    for name in ("", "later"):
        await node.start()
        async with grpc.aio.insecure_channel(node.address) as channel:
            caller = Caller(channel)
            world = World(caller, Known(), name)
            async with caller.following(FOLLOWER):
                await world.make()
        if not name:
            await node.stop()
    node.kill()
    shutil.copytree(node.data_dir, directory / "node", ignore=shutil.ignore_patterns("*.sock"))
    # To back up puts right what is copied: what was killed stays as it is.
    back_up_stopped(node.data_dir, directory / "backup")
    past = Past(directory / "past")
    past.live(5)
    past.forget()
    position = past.take_base()
    past.live(3)
    past.forget()
    assert past.log.drop(position)
    past.log.reclaim()
    past.copy(directory / "past-image")
    past.log.close()
    shutil.rmtree(directory / "past")
    (directory / "past-image").rename(directory / "past")
    (directory / "past/shard-000/log/LOCK").touch()


class Matrix:
    """Tries cases, each on a copy."""

    def __init__(self, images: Path, work: Path, *planted: Path) -> None:
        """`planted`: faults that the process that looks loads; it looks at the node alone then,
        which begins at the beginning."""
        self._images = images
        self._which = ("node",) if planted else tuple(KINDS)
        self._work = work
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        paths = [*map(str, planted), str(ROOT), str(ROOT / "clients/python")]
        self._checker = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.first_touch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            text=True,
        )

    def __enter__(self) -> "Matrix":
        """See that every image is well, and what it knows."""
        with ExitStack() as stack:
            stack.callback(self._checker.communicate)
            for image in self._which:
                said = self._look(image, self._copied(image))
                assert (said["refused"], said["verdict"]) == ("", "CLEAN"), f"{image}: {said}"
                assert said["facts"] > 30, said
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that looks."""
        self._checker.communicate()

    def _copied(self, image: str) -> Path:
        for name in ("copy", "restored"):
            shutil.rmtree(self._work / name, ignore_errors=True)
        return Path(shutil.copytree(self._images / image, self._work / "copy"))

    def _look(self, image: str, copy: Path) -> dict[str, Any]:
        task = {"image": image, "directory": str(copy)}
        if image == "backup":
            task |= {"backup": str(copy), "directory": str(self._work / "restored")}
        assert self._checker.stdin is not None
        assert self._checker.stdout is not None
        self._checker.stdin.write(json.dumps(task) + "\n")
        self._checker.stdin.flush()
        said: dict[str, Any] = json.loads(self._checker.stdout.readline())
        return said

    def attempt(self, case: Case) -> None:
        """Damage a copy, see what is said of it, and note how it ended and what is wrong with
        that."""
        copy = self._copied(case.image)
        chosen = random.Random(f"{case.seed} {case.kind} {case.how}")
        damaged = damage(copy, KINDS[case.image][case.kind], case.how, chosen)
        if not damaged:
            return
        outcome, wrong = _judge(self._look(case.image, copy), damaged)
        self.outcomes[outcome] += 1
        if wrong:
            names = ", ".join(str(each.relative_to(copy)) for each in damaged)
            self.wrong.append(f"{case} ({names}): {wrong}")


def _judge(said: dict[str, Any], damaged: list[Path]) -> tuple[str, str]:
    """How a case has ended, and what is wrong with that; empty: nothing."""
    if "died" in said:
        return "died", f"the process died: {said['died']}"
    refused = said["refused"]
    if refused:
        is_named = any(_is_named(path, refused.replace("/restored", "/copy")) for path in damaged)
        return "refused", "" if is_named else f"nothing is named in: {refused}"
    if said["wrong"]:
        return "silent", f"told wrong: {said['wrong']}, verdict {said['verdict']}"
    if said["untold"]:
        is_silent = said["verdict"] == "CLEAN"
        return "refused when asked", f"verify is silent on {said['untold']}" if is_silent else ""
    if damaged[0].parent.name == "base":
        # It is not read before it is needed.
        is_silent = said["verdict"] == "CLEAN"
        return "right, and verify tells", "verify is silent" if is_silent else ""
    return "right", ""


def _is_named(path: Path, refused: str) -> bool:
    """Whether a refusal names a file: by its path, or by its directory and name. RocksDB's own, and
    what testifies against them, are named as their directory with what RocksDB says."""
    if str(path) in refused or (str(path.parent) in refused and path.name in refused):
        return True
    logs = {path.parent, path.parent / "log"} if path.parent.name != "copy" else set()
    return any(each.name == "log" and str(each) in refused for each in logs)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("images")
    asyncio.run(make_images(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def matrix(images: Path, tmp_path: Path) -> Iterator[Matrix]:
    with Matrix(images, tmp_path) as made:
        yield made


def test_no_damage_is_silent(matrix: Matrix) -> None:
    for case in TABLE:
        matrix.attempt(case)
    assert matrix.wrong == []
    assert matrix.outcomes["right"] > 10
    assert matrix.outcomes["refused"] > 40
    assert matrix.outcomes["right, and verify tells"] > 0


@pytest.mark.parametrize(
    "lost", ["shard-001/log/*.log", "subscriptions.db", "subscriptions.db-wal", "shard-000/mark"]
)
async def test_a_node_says_which_file_it_misses(images: Path, tmp_path: Path, lost: str) -> None:
    node = Node(tmp_path, 2)
    shutil.copytree(images / "node", node.data_dir)
    [path] = node.data_dir.glob(lost)
    path.unlink()
    with pytest.raises(NodeFailed) as failed:
        await node.start()
    assert _is_named(path, str(failed.value))


@pytest.mark.soak
def test_no_damage_is_silent_for_long(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    number = 0
    while matrix.outcomes.total() < SOAK_CASES:
        image, kind, how, _ = TABLE[number % len(TABLE)]
        matrix.attempt(Case(image, kind, how, SEED + number))
        number += 1
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {dict(matrix.outcomes)}\n")
    assert matrix.wrong == [], f"seed {SEED}"


def test_control_damage_that_is_not_seen_by_the_mark_is_noticed(
    images: Path, tmp_path: Path
) -> None:
    with Matrix(images, tmp_path, Path(__file__).with_name("ignored_mark")) as matrix:
        for how in ("delete", "truncate", "zero"):
            matrix.attempt(Case("node", "write-ahead log", how, 0))
    assert matrix.outcomes["silent"]
    assert matrix.wrong


def test_control_damage_that_is_not_seen_by_checksums_is_noticed(
    images: Path, tmp_path: Path
) -> None:
    with Matrix(images, tmp_path, Path(__file__).with_name("ignored_checksums")) as matrix:
        for seed in range(FLIPS_MAX):
            for kind in ("node.json", "subscriptions", "table"):
                matrix.attempt(Case("node", kind, "flip", seed))
            if matrix.outcomes["silent"]:
                break
    assert matrix.outcomes["silent"]
    assert matrix.wrong
