"""The control: bugs are planted in the engine, the SDK's adapter included, and the simulator must
find each of them with one of the seeds that follow the one that is known to.

A check that cannot fail proves nothing. Whatever changes how many messages there are, or who draws
from chance, makes other runs of all seeds: so a bug is looked for in a range of them. Without a bug
the same seeds are well.
"""

import logging

import pytest

from tests.simulation import bugs_of_feed as feed
from tests.simulation import bugs_of_shards as shards
from tests.simulation.bugs_of_shards import Bug
from tests.simulation.world import Simulation, Wrong

STEPS = 200
SEEDS = 60
"""So many are tried, until one finds the bug."""

FOUND_BY: dict[Bug, int] = {
    shards.answers_leave_before_the_flush: 12,
    shards.what_others_are_told_leaves_before_the_flush: 7,
    shards.the_feed_is_ahead_of_the_flush: 101,
    shards.timers_fire_early: 4,
    shards.the_clock_runs_fast: 6,
    shards.a_restart_goes_by_the_wall_clock: 2,
    shards.a_stepped_clock_moves_deadlines: 1,
    shards.a_request_id_is_forgotten: 1,
    shards.what_is_told_is_left_in_the_outbox: 1,
    shards.a_shard_that_starts_does_not_say_again_what_was_not_heard: 1,
    shards.an_early_acknowledgement_breaks_the_chain: 247,
    shards.what_is_told_twice_happens_twice: 1,
    shards.a_gap_in_what_is_told_is_not_noticed: 3,
    shards.what_is_carried_is_taken_for_heard: 1,
    shards.a_timer_resolves_what_is_set_aside: 1,
    shards.an_attempt_is_decided_twice: 1,
    shards.who_asks_is_told_that_nothing_came_of_it: 1,
    shards.nobody_is_told_that_nothing_came_of_it: 3,
    shards.a_basket_takes_what_others_do_not_have: 3,
    shards.who_waits_is_left_waiting_by_a_crash: 2,
    shards.a_frame_that_is_cut_is_dropped: 1,
    shards.one_unit_too_many_is_granted: 1,
    shards.limits_are_forgotten_where_units_are_set_aside: 1,
    shards.who_waits_is_served_in_the_order_of_ids: 139,
    feed.a_cursor_lies_inside_a_commit: 101,
    feed.a_snapshot_passes_over_what_no_page_has_shown: 101,
    feed.a_snapshot_tells_again_what_a_page_has_shown: 101,
    feed.conflation_keeps_the_older: 104,
    feed.a_cursor_is_past_what_still_waits: 6,
    feed.who_follows_few_is_not_woken: 101,
    feed.who_is_left_behind_goes_on_with_the_tail: 101,
    feed.what_was_sent_is_taken_for_acknowledged: 104,
    feed.a_consumer_goes_on_after_the_newest: 101,
    feed.a_number_that_cannot_be_asked_for_is_forgotten: 107,
    feed.an_adapter_takes_news_for_old: 102,
    feed.an_adapter_pushes_the_older_of_two: 107,
    feed.an_adapter_tries_the_older_of_two_again: 107,
    feed.an_adapter_takes_what_has_failed_for_pushed: 107,
    feed.an_adapter_acknowledges_what_it_has_not_pushed: 107,
}


@pytest.fixture(autouse=True)
def _unlogged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "simulated adapter")


@pytest.mark.parametrize("bug", FOUND_BY, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)
    first = FOUND_BY[bug]
    found = next(filter(None, map(_wrong, range(first, first + SEEDS))), None)
    assert found is not None, f"seeds {first} to {first + SEEDS - 1} are well"
    # A bug that does not fit the engine any more fails otherwise.
    assert isinstance(found.__cause__, AssertionError), repr(found.__cause__)


def _wrong(seed: int) -> Wrong | None:
    try:
        Simulation(seed).run(STEPS)
    except Wrong as wrong:
        return wrong
    return None


def test_without_a_bug_the_same_seeds_are_well() -> None:
    for seed in sorted(set(FOUND_BY.values())):
        Simulation(seed).run(STEPS)
