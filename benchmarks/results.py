"""Keeps what `make bench` finds: a line of JSON for each row of each section, appended to one file
for each day and commit. Every line says when, on what machine, and how the run was asked for, so
that lines of many files can be read together; figures have the names of their columns. A section's
`facts` are one more line, and so is each target. `calibration_ms` is how long a fixed piece of
plain Python took before and after the section: lines compare as far as that does.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.echo import ROOT
from benchmarks.sections import Found, Setting

DIRECTORY = ROOT / "benchmarks/results"
SUFFIX = ".jsonl"
UNKNOWN = "unknown"
TARGETS = "targets"


class Results:
    """The file of one run."""

    def __init__(self, directory: Path, setting: Setting) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        commit = _commit()
        self.path = directory / f"{datetime.now(UTC):%Y-%m-%d}-{commit}{SUFFIX}"
        self._head = {"commit": commit, "machine": report.machine(), "setting": _asked(setting)}

    def keep(self, document: Mapping[str, Any]) -> None:
        """Append a section, as `sections.document` gives it, with its calibration."""
        section, calibration_ms = document["section"], document["calibration_ms"]
        rest = {name: document[name] for name in ("facts", "left_out", "wrong")}
        self._append(
            [
                {"section": section, "calibration_ms": calibration_ms, **each}
                for each in (*document["rows"], rest)
            ]
        )

    def keep_targets(self, judged: Sequence[Mapping[str, Any]]) -> None:
        """Append what the run was held against."""
        self._append([{"section": TARGETS, **each} for each in judged])

    def _append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        with self.path.open("a", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps({"at": at, **self._head, **line}, ensure_ascii=False) + "\n")


def read(path: Path) -> dict[str, Found]:
    """The rows of each section in a file; where a section was measured again, its last ones."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {section: Found(rows) for section, rows in _sections(lines)}


def _sections(lines: Sequence[dict[str, Any]]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Each section when its last line, that of its facts, is there."""
    said = {"at", "commit", "machine", "setting", "calibration_ms", "section", "name"}
    rows: dict[str, dict[str, Any]] = {}
    for line in lines:
        if "facts" in line:
            yield line["section"], rows
            rows = {}
        elif line["section"] != TARGETS:
            rows[line["name"]] = {name: line[name] for name in line if name not in said}


def _asked(setting: Setting) -> dict[str, Any]:
    """How the run was asked for; of files their names alone."""
    asked = setting._asdict() | {"orders": setting.orders and setting.orders.name}
    del asked["results"]
    return asked


def _commit() -> str:
    """The commit that is measured, with a word if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return said.stdout.strip() or UNKNOWN
