"""What a released Holdfast has written is read for ever, and says what it said then."""

from pathlib import Path

import pytest
from google.protobuf import json_format

from engine.core import events
from engine.core.model import Key
from engine.log import codec
from engine.log.v1.record_pb2 import CommitGroup
from tests.log import golden_records
from tests.log.golden_records import NAMES, differences, incomplete, readable, unsaid

FILES = sorted(golden_records.FOLDER.iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_record_is_decoded_to_what_it_said(path: Path) -> None:
    golden = golden_records.load(path)
    group = codec.decode_group(bytes.fromhex(golden["record"]))
    assert differences(golden["decoded"], group) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_contract_still_names_all_of_an_old_record(path: Path) -> None:
    golden = golden_records.load(path)
    message = CommitGroup.FromString(bytes.fromhex(golden["record"]))
    said = json_format.MessageToDict(message, preserving_proto_field_name=True)
    assert said == golden["message"]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_and_field_has_a_golden_record(name: str) -> None:
    assert incomplete(name) == [], "run `python -m tests.log.golden_records`, and commit the file"


def test_no_golden_record_is_of_a_kind_that_is_gone() -> None:
    assert {path.name.partition(".")[0] for path in FILES} == set(NAMES)


LEFT = events.WaitLeft(Key("", "TEA", "LONDON"), "r-1", "1", 2, True)


def test_a_field_that_is_decoded_otherwise_or_gone_is_found() -> None:
    said = readable(LEFT)
    assert differences(said, LEFT) == []
    said["WaitLeft"] |= {"quantity": 3, "patience": 9}
    found = differences(said, LEFT)
    assert found == ["WaitLeft.patience is gone", "WaitLeft.quantity. is 2, was 3"]


def test_a_newer_field_without_its_default_is_found() -> None:
    said = readable(LEFT)
    del said["WaitLeft"]["expired"]
    assert differences(said, LEFT) == []
    del said["WaitLeft"]["quantity"]
    assert differences(said, LEFT) == ["WaitLeft.quantity is 2, not its default"]


def test_a_field_that_no_record_states_is_found() -> None:
    said = readable(LEFT)
    assert unsaid(said, LEFT) == ["WaitLeft.counted", "WaitLeft.reason", "WaitLeft.expired"]


def test_a_kind_without_a_record_is_found() -> None:
    assert incomplete("StockVanished") == ["StockVanished"]
