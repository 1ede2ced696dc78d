"""The benchmark of verification makes a clean history of many kinds of events."""

from pathlib import Path

from benchmarks.verify_speed import figures_of, make_history
from engine.log.verify import verify


def test_the_history_is_clean(tmp_path: Path) -> None:
    seconds = make_history(tmp_path, 3_000)
    figures = figures_of(verify(tmp_path), seconds)
    assert figures["verdict"] == "CLEAN", figures
    assert figures["events"] >= 3_000
    assert {"COMMITTED", "RELEASED", "SHIPPED"} <= set(figures["reservations"])
