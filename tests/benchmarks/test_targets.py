"""Targets are judged by what was found, and name what sections measure."""

import pytest

from benchmarks import bench
from benchmarks.sections import Found, Setting
from benchmarks.targets import By, Figure, Judged, Target, judge, tables, targets

FOUND = {
    "some": Found(
        {
            "ours": {"per_second": 300.0, "p50_ms": 2.5},
            "theirs": {"per_second": 100.0},
            "limit": {"per_second": 150.0},
        },
        {"start s": 2.0},
    )
}
OURS, THEIRS = Figure("some", "ours"), Figure("some", "theirs")
LATENCY = Figure("some", "ours", "p50_ms")
START = Figure("some", "start s", "")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("", OURS, THEIRS, By.RATIO, 3), (300, 100, 3.0, ">= 3 x", True)),
        (Target("", OURS, THEIRS, By.RATIO, 3.1), (300, 100, 3.0, ">= 3.1 x", False)),
        (Target("", OURS, 200.0, By.RATIO, 1.2), (300, 200, 1.5, ">= 1.2 x", True)),
        (Target("", LATENCY, 2.0, By.DIFFERENCE, 0.6, True), (2.5, 2, 0.5, "<= 0.6 more", True)),
        (Target("", LATENCY, 2.0, By.DIFFERENCE, 0.4, True), (2.5, 2, 0.5, "<= 0.4 more", False)),
        (
            Target("", THEIRS, OURS, By.RATIO, 0.4, limit=Figure("some", "limit")),
            (100, 300, 0.333, ">= 0.4 x", False, 0.5),
        ),
        (
            Target("", THEIRS, None, By.ITSELF, 400, limit=Figure("some", "limit")),
            (100, None, None, ">= 400", False, 150),
        ),
        (Target("", START, None, By.ITSELF, 3, True), (2, None, None, "<= 3", True)),
        (Target("", START, None, By.ITSELF, 3), (2, None, None, ">= 3", False)),
        (
            Target("", OURS, Figure("some", "gone"), By.RATIO, 3),
            (300, None, None, ">= 3 x", None),
        ),
        (
            Target("", Figure("gone", "ours"), THEIRS, By.RATIO, 3),
            (None, 100, None, ">= 3 x", None),
        ),
        (
            Target("", OURS, Figure("some", "ours", "gone"), By.DIFFERENCE, 3),
            (300, None, None, ">= 3 more", None),
        ),
    ],
)
def test_a_target_is_judged(target: Target, expected: tuple[object, ...]) -> None:
    assert judge(target, FOUND) == Judged("", *expected)  # type: ignore[arg-type]


def test_the_table_holds_what_was_measured() -> None:
    rows = [judge(each, FOUND) for each in targets(Setting())]
    assert tables(rows, Setting()) == []
    rows.append(judge(Target("", OURS, THEIRS, By.RATIO, 3), FOUND))
    assert [each.row_count for each in tables(rows, Setting())] == [1]
    assert len(tables(rows, Setting(quick=True))) == 2


def test_targets_name_sections_that_are_there() -> None:
    names = {section.name for section in bench.SECTIONS}
    asked = targets(Setting())
    figures = [each for target in asked for each in (target.ours, target.theirs, target.limit)]
    assert {each.section for each in figures if isinstance(each, Figure)} <= names
    assert len({target.name for target in asked}) == len(asked)


def test_what_is_smaller_than_a_target_is_about_is_not_judged() -> None:
    names = {target.name for target in targets(Setting())}
    slow = {name for name in names if "slow disk" in name}
    million = {name for name in names if "1,000,000" in name}
    long = {name for name in names if name.startswith("after 10,000,000 events")}
    assert (len(slow), len(million), len(long)) == (4, 4, 1)

    def missing(setting: Setting) -> set[str]:
        return names - {target.name for target in targets(setting)}

    assert missing(Setting(flush_delay_ms=10)) == slow
    assert missing(Setting(locations=100_000)) == million
    assert missing(Setting(events=100_000)) == long
    assert slow | million | long <= missing(Setting(quick=True, flush_delay_ms=1))


def test_sections_are_chosen_by_name() -> None:
    chosen = bench.parser().parse_args(["--only", "peers,one-node", "--quick"])
    assert [section.name for section in chosen.only] == ["one-node", "peers"]
    assert bench.setting_of(chosen).rounds == 1
    everything = bench.parser().parse_args(["--rounds", "7"])
    assert list(everything.only) == list(bench.SECTIONS)
    assert bench.setting_of(everything) == Setting(rounds=7)
    with pytest.raises(SystemExit):
        bench.parser().parse_args(["--only", "peers,nothing"])
