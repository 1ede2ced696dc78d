"""The heap of deadlines against a plain set."""

from hypothesis import given
from hypothesis import strategies as st

from engine.shard import timers
from engine.shard.timers import Timers

TIMER = st.tuples(st.integers(0, 50), st.sampled_from("abcdefgh"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), TIMER),
        st.tuples(st.just("clear"), TIMER),
        st.tuples(st.just("due"), st.tuples(st.integers(0, 60), st.just(""))),
    )
)


@given(STEPS, st.integers(0, 5))
def test_timers_do_what_a_plain_set_does(
    steps: list[tuple[str, tuple[int, str]]], stale_max: int
) -> None:
    model: set[tuple[int, str]] = set()
    subject = Timers([])
    before, timers.STALE_MAX = timers.STALE_MAX, stale_max
    try:
        for action, timer in steps:
            if action == "set":
                if timer not in model:
                    model.add(timer)
                    subject.set(timer)
            elif action == "clear":
                model.discard(timer)
                subject.clear(timer)
            else:
                due = min((each for each in model if each[0] <= timer[0]), default=None)
                assert subject.pop_due(timer[0]) == (due[1] if due else None)
                model.discard(due or timer)
            assert len(subject) == len(model)
            assert subject.next_ms() == min((each[0] for each in model), default=None)
    finally:
        timers.STALE_MAX = before


def test_cleared_timers_do_not_pile_up() -> None:
    subject = Timers([])
    for number in range(100_000):
        subject.set((number, str(number)))
        subject.clear((number, str(number)))
    assert len(subject._heap) <= timers.STALE_MAX + 1
