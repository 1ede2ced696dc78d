"""Events, stock and reservations as files for other programs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from holdfast.v1 import feed_pb2

from engine.archive.export import PARTIAL_SUFFIX, Export, events_of
from engine.archive.source import opened
from tests.archive.histories import TEA, Past
from tests.cli.conftest import ServedNode, run_process


@pytest.fixture
def past(tmp_path: Path) -> Past:
    past = Past(tmp_path / "data")
    past.live(4)
    past.log.close()
    return past


def export(past: Past, file: Path, *more: str) -> dict[str, Any]:
    """What the command says about the file that it has written."""
    code, out, err = run_process(
        "export", "--data-dir", str(past.data_dir), "--to", str(file), "--json", *more
    )
    assert (code, err) == (0, "")
    said: dict[str, Any] = json.loads(out)
    return said


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_event_is_a_line_with_the_names_of_the_contract(past: Past, tmp_path: Path) -> None:
    said = export(past, tmp_path / "events.jsonl")
    found = lines(tmp_path / "events.jsonl")
    assert said["rows"] == len(found) == past.ledger.next_position - 1
    assert [int(event["position"]) for event in found] == list(range(1, len(found) + 1))
    first = found[0]
    assert first["recorded_at"] == "2023-11-14T22:13:20Z"
    assert first["stock_received"] == {"quantity": "10"}
    assert first["key"] == {"sku": "TEA", "location": "LONDON"}
    assert first["cause"]["command"] == "Receive"


def test_the_next_file_goes_on_at_the_cursor_of_the_last(past: Past, tmp_path: Path) -> None:
    whole = export(past, tmp_path / "whole.jsonl")
    middle = whole["cursor"].rsplit(".", 1)[0] + ".7"
    export(past, tmp_path / "rest.jsonl", "--from", middle)
    assert lines(tmp_path / "rest.jsonl") == lines(tmp_path / "whole.jsonl")[7:]
    none = export(past, tmp_path / "none.jsonl", "--from", whole["cursor"])
    assert (none["rows"], none["cursor"]) == (0, whole["cursor"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--from", "1-01234567-1-0.1"), 2, "is not of history"),
        (("--from", "yesterday"), 2, "not a cursor"),
        (("--what", "stock", "--from", "x"), 2, "are for events"),
    ],
)
def test_what_cannot_be_exported_leaves_no_file(
    past: Past, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    file = tmp_path / "events.jsonl"
    arguments = ("export", "--data-dir", str(past.data_dir), "--to", str(file), *arguments)
    ended, _, err = run_process(*arguments)
    assert (ended, file.exists()) == (code, False)
    assert message in err


def test_a_file_that_is_there_is_not_written_over(past: Past, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("mine")
    ended, _, err = run_process("export", "--data-dir", str(past.data_dir), "--to", str(file))
    assert (ended, file.read_text()) == (2, "mine")
    assert "is there already" in err


def interrupted(file: Path, form: str) -> None:
    """Begin a file and be interrupted."""
    with Export(file, "events", form) as started:
        started.write(feed_pb2.Event(position=1))
        assert not file.exists()
        assert file.with_name(file.name + PARTIAL_SUFFIX).exists()
        raise KeyboardInterrupt


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_file_that_is_not_whole_has_not_its_name(tmp_path: Path, form: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "events", form)
    assert list(tmp_path.iterdir()) == []


def test_columns_of_a_parquet_file_have_types(past: Past, tmp_path: Path) -> None:
    said = export(past, tmp_path / "events.parquet", "--format", "parquet")
    table = pyarrow.parquet.read_table(tmp_path / "events.parquet")
    assert table.num_rows == said["rows"]
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["position"], types["on_hand"], types["kind"]) == ("int64", "int64", "string")
    assert types["recorded_at"] == "timestamp[ms, tz=UTC]"
    rows = table.to_pylist()
    assert rows[0]["recorded_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (rows[0]["sku"], rows[0]["kind"], rows[0]["quantity"], rows[0]["on_hand"]) == (
        *("TEA", "stock_received"),
        *(10, 10),
    )
    held = next(row for row in rows if row["kind"] == "stock_held")
    assert held["reservation_id"] == json.loads(held["message"])["stock_held"]["reservation_id"]
    assert [json.loads(row["message"])["position"] for row in rows] == [
        str(row["position"]) for row in rows
    ]


def test_stock_and_reservations_are_as_of_one_moment(past: Past, tmp_path: Path) -> None:
    export(past, tmp_path / "stock.jsonl", "--what", "stock")
    tea = past.ledger.stock[TEA]
    found = {one["key"]["sku"]: one for one in lines(tmp_path / "stock.jsonl")}
    assert int(found["TEA"]["balances"]["on_hand"]) == tea.on_hand
    assert int(found["TEA"]["version"]) == tea.version
    file = tmp_path / "reservations.parquet"
    export(past, file, "--what", "reservations", "--format", "parquet")
    rows = pyarrow.parquet.read_table(file).to_pylist()
    assert {row["reservation_id"] for row in rows} == set(past.ledger.reservations)
    assert {row["status"] for row in rows} == {"RESERVATION_STATUS_HELD"}


def test_a_running_node_is_exported_beside_and_through_its_feed(tmp_path: Path) -> None:
    node = ServedNode(tmp_path / "data", "--shards", "2")
    try:
        for sku in ("TEA", "CUP", "POT"):
            node.ask("receive", f"{sku}@LONDON", "5")
        beside, through = tmp_path / "beside.jsonl", tmp_path / "through.jsonl"
        arguments = ("--data-dir", str(node.data_dir), "--to", str(beside))
        said = node.ask("export", *arguments)
        assert node.ask("export", "--address", node.address, "--to", str(through))["rows"] == 3
        assert said["rows"] == 3
        node.ask("receive", "TEA@LONDON", "1")
        rest = tmp_path / "rest.jsonl"
        node.ask("export", "--address", node.address, "--to", str(rest), "--from", said["cursor"])
    finally:
        node.stop()
    by_place = {(one.get("shard"), one["position"]): one for one in lines(beside)}
    assert by_place == {(one.get("shard"), one["position"]): one for one in lines(through)}
    assert [one["stock_received"]["quantity"] for one in lines(rest)] == ["1"]


def test_a_position_within_a_group_is_a_place_to_start(past: Past) -> None:
    with opened(past.data_dir) as source:
        (shard,) = source.shards
        for after in range(shard.head.position + 1):
            first = next(events_of(shard, after), None)
            assert (first.position if first else after + 1) == after + 1
