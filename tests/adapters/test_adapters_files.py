"""Updates as lines of JSON: durable, rotated, never torn."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from holdfast.adapters import ChannelLocation, Listing
from holdfast.adapters.files import MIB, Files, Stdout

from tests.adapters.scripted import ManualClock, ScriptedSource, batch, update, worker_of


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_an_update_is_a_line(tmp_path: Path) -> None:
    listing = Listing("A", "LONDON", "s", "i", "l")
    told = update("A", 5, 7)._replace(locations=(ChannelLocation("LONDON", 5, False, listing),))
    path = tmp_path / "out.jsonl"
    await worker_of(Files(path=path), ScriptedSource(batch("c1", told))).run()
    [line] = lines(path)
    assert line == {
        "channel": "shop",
        "sku": "A",
        "units": 5,
        "unlimited": False,
        "locations": [
            {"location": "LONDON", "units": 5, "unlimited": False, "listing": listing._asdict()}
        ],
        "listing": None,
        "epoch": 1,
        "version": 7,
        "recorded_at": "2026-11-02T12:00:00+00:00",
    }


async def test_it_is_on_disk_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.jsonl"
    seen: list[tuple[int, list[str]]] = []
    sync = os.fsync
    source = ScriptedSource(batch("c1", update("A", 5, 1)))

    def watched(descriptor: int) -> None:
        seen.append((path.stat().st_size, list(source.acknowledged)))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    await worker_of(Files(path=path), source).run()
    assert seen[-1] == (path.stat().st_size, [])
    assert source.acknowledged == ["c1"]


async def test_files_are_rotated_and_the_oldest_go(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    source = ScriptedSource(*(batch(f"c{n}", update(f"S{n}", n, 1)) for n in range(6)))
    adapter = Files(path=path, rotate_mib=1 / MIB, keep=2)
    adapter.batch_max = 1  # type: ignore[misc]
    await worker_of(adapter, source).run()
    assert sorted(os.listdir(tmp_path)) == ["out.jsonl", "out.jsonl.000004", "out.jsonl.000005"]
    assert [line["sku"] for line in lines(path)] == ["S5"]
    assert [line["sku"] for line in lines(tmp_path / "out.jsonl.000005")] == ["S4"]


@pytest.mark.parametrize("torn", [b'{"sku":"B","un', b"x" * 200_000])
async def test_what_a_crash_has_torn_is_cut_away(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'{"sku":"0"}\n' + torn)
    await worker_of(Files(path=path), ScriptedSource(batch("c1", update("A", 5, 1)))).run()
    assert [line["sku"] for line in lines(path)] == ["0", "A"]


async def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.jsonl"
    sync = os.fsync
    failures = iter([False, True, False, True, False, False])

    def full_at_times(descriptor: int) -> None:
        if next(failures, False):
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_times)
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    clock = ManualClock()
    await worker_of(Files(path=path), source, clock).run()
    assert len(clock.waits) == 2
    assert {line["sku"] for line in lines(path)} == {"A"}
    assert source.acknowledged == ["c1"]
    assert source.parked == {}


async def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    await worker_of(Stdout(), ScriptedSource(batch("c1", update("A", 5, 1)))).run()
    assert json.loads(capfdbinary.readouterr().out)["units"] == 5
