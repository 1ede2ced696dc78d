"""A data directory is ours and whole, or it is refused with the reason."""

import json
import re
from pathlib import Path

import pytest

from engine.log.layout import NODE_FILE, Layout, open_layout, read_layout, shard_directory
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from tests.log.ledger import write_history


def test_a_missing_directory_is_made_and_found_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "deep" / "data"
    layout = open_layout(data_dir, 2)
    assert re.fullmatch(r"[0-9a-f]{8}", layout.history)
    assert layout == Layout(layout.history, epoch=1, shards=2, schema=2)
    assert open_layout(data_dir, 2) == layout
    assert read_layout(data_dir) == layout
    assert {path.name for path in data_dir.iterdir()} == {NODE_FILE, "shard-000", "shard-001"}
    node = json.loads((data_dir / NODE_FILE).read_text())
    assert {name: node[name] for name in ("schema", "epoch", "shards")} == {
        "schema": 2,
        "epoch": 1,
        "shards": 2,
    }


def test_two_directories_have_two_histories(tmp_path: Path) -> None:
    histories = {open_layout(tmp_path / str(index), 1).history for index in range(8)}
    assert len(histories) == 8


def test_its_shards_can_be_opened_without_leave_to_make_a_log(tmp_path: Path) -> None:
    open_layout(tmp_path, 2)
    for shard in range(2):
        log = RocksLog(shard_directory(tmp_path, shard), create=False)
        write_history(log, turns=2)
        log.close()
    assert open_layout(tmp_path, 2).shards == 2


def _node(**changes: object) -> str:
    node = {"schema": 2, "history": "0123abcd", "epoch": 1, "shards": 1, "checksum": "x"}
    return json.dumps(node | changes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            _node(schema=3),
            "was written by a newer Holdfast (schema 3, this one reads up to 2)",
        ),
        (
            '{"schema": 3, "quorum": ["a", "b"]}',
            "was written by a newer Holdfast (schema 3, this one reads up to 2)",
        ),
        (_node(), "is damaged: its checksum is not that of its content"),
        (_node(shards="one"), "is damaged or not of Holdfast"),
        (_node(owner="someone"), "is damaged or not of Holdfast"),
        (_node(schema=1), "was written by a Holdfast from before its first release"),
        ('{"schema": 2}', "is damaged or not of Holdfast"),
        ('{"name": "a package of JavaScript"}', "is damaged or not of Holdfast"),
        ("[1]", "is damaged or not of Holdfast"),
        ("null", "is damaged or not of Holdfast"),
        ("{", "is damaged or not of Holdfast"),
        ("", "is damaged or not of Holdfast"),
        ("\ufffe", "is damaged or not of Holdfast"),
    ],
)
def test_a_node_file_that_is_not_ours_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / NODE_FILE).write_text(content)
    for refuse in (read_layout, lambda path: open_layout(path, 1)):
        with pytest.raises(LogError, match=re.escape(f"{tmp_path / NODE_FILE} {message}")):
            refuse(tmp_path)
    assert (tmp_path / NODE_FILE).read_text() == content


def test_no_flipped_bit_in_the_node_file_goes_unseen(tmp_path: Path) -> None:
    layout = open_layout(tmp_path, 1)
    path = tmp_path / NODE_FILE
    data = path.read_bytes()
    for index in range(len(data)):
        for bit in range(8):
            path.write_bytes(data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :])
            try:
                assert read_layout(tmp_path) == layout
            except LogError as error:
                assert str(path) in str(error)


@pytest.mark.parametrize(("had", "asked"), [(4, 2), (1, 2)])
def test_another_number_of_shards_is_refused(tmp_path: Path, had: int, asked: int) -> None:
    open_layout(tmp_path, had)
    message = f"{tmp_path} has {had} shards, {asked} asked for: resharding is an explicit offline"
    with pytest.raises(LogError, match=re.escape(message)):
        open_layout(tmp_path, asked)


@pytest.mark.parametrize("shards", [0, -1, 1_000])
def test_an_impossible_number_of_shards_is_a_fault_of_the_caller(
    tmp_path: Path, shards: int
) -> None:
    with pytest.raises(ValueError, match=f"shards is {shards}, the limit is 1 to 999"):
        open_layout(tmp_path / "data", shards)
    assert not (tmp_path / "data").exists()


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("chapter 1")
    with pytest.raises(LogError, match=r"is not empty and has no node\.json: it holds thesis\.txt"):
        open_layout(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_directory_that_lost_its_node_file_is_not_made_anew(tmp_path: Path) -> None:
    open_layout(tmp_path, 1)
    log = RocksLog(shard_directory(tmp_path, 0))
    write_history(log, turns=1)
    log.close()
    (tmp_path / NODE_FILE).unlink()
    with pytest.raises(LogError, match=r"has no node\.json: it holds shard-000"):
        open_layout(tmp_path, 1)


def test_a_directory_that_a_crash_left_unfinished_is_finished(tmp_path: Path) -> None:
    (tmp_path / "node.json.new").write_text("{")
    (tmp_path / "shard-000").mkdir()
    (tmp_path / "shard-000" / "mark").write_bytes(b"torn")
    (tmp_path / "shard-000" / "mark.new").write_bytes(b"")
    (tmp_path / "shard-001").mkdir()
    assert open_layout(tmp_path, 3) == read_layout(tmp_path)
    for shard in range(3):
        RocksLog(shard_directory(tmp_path, shard), create=False).close()


@pytest.mark.parametrize("lost", ["", "mark"])
def test_a_shard_that_is_gone_is_missed(tmp_path: Path, lost: str) -> None:
    open_layout(tmp_path, 2)
    path = shard_directory(tmp_path, 1)
    (path / "mark").unlink()
    if not lost:
        path.rmdir()
    with pytest.raises(LogError, match=f"{path} has no high-water mark although .* names 2 shards"):
        open_layout(tmp_path, 2)


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(LogError, match=f"the data directory {path} cannot be made"):
        open_layout(path, 1)
    with pytest.raises(LogError, match="is no Holdfast data directory"):
        read_layout(tmp_path / "nothing")
    with pytest.raises(LogError, match="cannot be read"):
        read_layout(path)
