"""Engine time under every kind of step of the machine's clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.shard.clock import SLEW_PPM, EngineClock

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000


class FakeClocks:
    """Clocks that a test moves by hand."""

    def __init__(self, wall: int = START_MS, boottime: int = 5_000, boot: str = "boot-1") -> None:
        self.wall = wall
        self.boottime = boottime
        self.boot = boot

    def boottime_ms(self) -> int:
        return self.boottime

    def wall_ms(self) -> int:
        return self.wall

    def boot_id(self) -> str:
        return self.boot

    def pass_by(self, elapsed_ms: int) -> None:
        self.wall += elapsed_ms
        self.boottime += elapsed_ms


def test_a_new_log_starts_at_the_wall_clock() -> None:
    assert EngineClock(FakeClocks()).now_ms() == START_MS


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS, 5, -5])
def test_a_step_of_the_wall_clock_moves_engine_time_by_no_more_than_the_slew(step_ms: int) -> None:
    clocks = FakeClocks()
    clock = EngineClock(clocks)
    clock.now_ms()
    clocks.wall += step_ms
    clocks.pass_by(60_000)
    elapsed = clock.now_ms() - START_MS
    assert abs(elapsed - 60_000) <= 60_000 * SLEW_PPM // 1_000_000
    assert (elapsed - 60_000) * step_ms > 0


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_an_hour_in_step_with_the_wall_clock_saves_up_no_slew(step_ms: int) -> None:
    clocks = FakeClocks()
    clock = EngineClock(clocks)
    for _ in range(3_600):
        clocks.pass_by(1_000)
        before = clock.now_ms()
    clocks.wall += step_ms
    clocks.pass_by(1_000)
    assert abs(clock.now_ms() - before - 1_000) <= 1, "a hold of a second would lose all of it"


def test_the_slew_ends_when_engine_time_has_met_the_wall_clock() -> None:
    clocks = FakeClocks()
    clock = EngineClock(clocks)
    clock.now_ms()
    clocks.wall += 100
    for _ in range(300):
        clocks.pass_by(1_000)
        clock.now_ms()
    assert clock.drift_ms() == 0


@pytest.mark.parametrize(
    ("case", "boot", "wall_step_ms", "down_ms", "expected_ms"),
    [
        ("same boot: the boot-time clock counts the pause", "boot-1", 0, 7_000, 7_000),
        ("same boot: a step forward while down is no time", "boot-1", HOUR_MS, 7_000, 7_000),
        ("same boot: a step back while down is no time", "boot-1", -HOUR_MS, 7_000, 7_000),
        ("other boot: the wall clock counts the pause", "boot-2", 0, 7_000, 7_000),
        ("other boot: never behind what was recorded", "boot-2", -HOUR_MS, 7_000, 0),
    ],
)
def test_a_restart_continues(
    case: str, boot: str, wall_step_ms: int, down_ms: int, expected_ms: int
) -> None:
    clocks = FakeClocks()
    first = EngineClock(clocks)
    recorded_ms = first.now_ms()
    clocks.pass_by(down_ms)
    clocks.wall += wall_step_ms
    clocks.boot = boot
    second = EngineClock(clocks, recorded_ms, first.anchor())
    assert second.now_ms() - recorded_ms == expected_ms, case


@pytest.mark.parametrize("anchor", ["", "x", "boot-1 a b", "boot-1 5", "\0\0\0"])
def test_a_foreign_anchor_only_costs_the_boottime_clock(anchor: str) -> None:
    clocks = FakeClocks()
    assert EngineClock(clocks, START_MS - 500, anchor).now_ms() == START_MS


@given(st.data())
def test_a_damaged_anchor_only_costs_the_boottime_clock(data: st.DataObject) -> None:
    clocks = FakeClocks()
    anchor = EngineClock(clocks).anchor()
    place = data.draw(st.integers(0, len(anchor) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda c: c != anchor[place]))
    damaged = anchor[:place] + character + anchor[place + 1 :]
    assert EngineClock(clocks, START_MS - 500, damaged).now_ms() == START_MS


@given(
    st.lists(
        st.tuples(st.integers(0, 100_000), st.integers(-2 * HOUR_MS, 2 * HOUR_MS)), max_size=50
    )
)
def test_time_never_goes_back_and_never_runs_faster_than_the_slew(
    steps: list[tuple[int, int]],
) -> None:
    clocks = FakeClocks()
    clock = EngineClock(clocks)
    before = clock.now_ms()
    boottime = clocks.boottime
    for elapsed_ms, wall_step_ms in steps:
        clocks.pass_by(elapsed_ms)
        clocks.wall += wall_step_ms
        now = clock.now_ms()
        assert now >= before
        before = now
    elapsed_total = clocks.boottime - boottime
    slew = elapsed_total * SLEW_PPM // 1_000_000
    assert abs(before - START_MS - elapsed_total) <= slew + 1
