"""Results are kept so that they can be read and drawn again."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import plots, results
from benchmarks.sections import Found, Section, Setting, document

SETTING = Setting(quick=True, orders=Path("/somewhere/orders.csv"))
LOADED = {"node resident_MiB": 30.0, "shard resident_MiB": 10.0, "front end resident_MiB": 20.0}
SCALING = {
    "1 callers": {"callers": 1, "size": 1, "per_second": 700.0},
    "64 callers": {"callers": 64, "size": 1, "per_second": 8_000.0},
    "batches of 1": {"callers": 4, "size": 1, "per_second": 900.0},
    "batches of 100": {"callers": 4, "size": 100, "per_second": 20_000.0},
}
MEMORY = {
    "idle": {"locations": 0, **LOADED},
    "loaded": {"locations": 8_000, **LOADED},
    "in use": {"locations": 8_000, **LOADED},
}
RATE: dict[str, float | None] = {
    "per_second": 1_000.0,
    "p50_ms": 2.0,
    "p99_ms": 8.0,
    "p999_ms": None,
}
OPEN_LOOP: dict[str, dict[str, float | None]] = {
    "singles, closed, 64 callers": {"per_second": 5_000.0},
    "singles, open, 20 %": RATE,
    "batches, closed, 4 callers": {"per_second": 9_000.0},
    "batches, open, 20 %": {**RATE, "p999_ms": 12.0},
}
FOUND = {
    "scaling": Found(SCALING, {"a fact": 1}),
    "memory": Found(MEMORY),
    "open-loop": Found(OPEN_LOOP),
}


async def nothing(_setting: Setting) -> Found:
    return Found({})


def keep(directory: Path) -> Path:
    kept = results.Results(directory, SETTING)
    for name, found in FOUND.items():
        said = document(Section(name, "", nothing), found)
        kept.keep(said | {"calibration_ms": [30.0, 31.0]})
    kept.keep_targets([{"name": "fast", "ours": 1.0, "met": True}])
    return kept.path


def test_every_line_says_where_it_is_from(tmp_path: Path) -> None:
    path = keep(tmp_path / "new")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == sum(len(each.rows) + 1 for each in FOUND.values()) + 1
    for line in lines:
        assert line["commit"] in path.name
        assert line["at"][:10] in path.name
        assert line["machine"]["processors"] > 0
        assert line["setting"]["orders"] == "orders.csv"
    assert lines[0]["calibration_ms"] == [30.0, 31.0]
    assert lines[len(SCALING)]["facts"] == {"a fact": 1}


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    keep(tmp_path)
    path = keep(tmp_path)
    read = results.read(path)
    assert {name: found.rows for name, found in read.items()} == {
        name: found.rows for name, found in FOUND.items()
    }


def test_pictures_show_what_was_found() -> None:
    latency, scaling, memory = plots.pictures(FOUND)
    assert [panel.upright for panel in latency.panels] == [5_000, 9_000]
    assert latency.panels[0].curves["p99"] == [(1_000, 8)]
    assert [panel.curves["p99.9"] for panel in latency.panels] == [[], [(1_000, 12)]]
    assert [panel.curves[""] for panel in scaling.panels] == [
        [(1, 700), (64, 8_000)],
        [(1, 900), (100, 20_000)],
    ]
    assert memory.panels[0].curves["node"] == [(0, 30), (8_000, 30)]
    for picture in (latency, scaling, memory):
        assert all(panel.x and panel.y for panel in picture.panels)


def test_what_was_not_measured_is_not_drawn() -> None:
    assert plots.pictures({"open-loop": Found({}, left_out={"open loop": "not there"})}) == []


def test_without_matplotlib_nothing_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plots.draw(FOUND, tmp_path / "stem") == []
    assert list(tmp_path.iterdir()) == []
