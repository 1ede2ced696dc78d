"""Whole nodes in one process, from a seed: what they answer, store and tell is held against what an
auditor predicts, at every step and at every prefix of every log.

A seed that fails is printed with the shortest run of steps that leads to it.
"""

import os
import random
import sys

import pytest

from tests.simulation.world import simulate

STEPS = 200
SEEDS_EACH = 30
SHORT = [range(first, first + SEEDS_EACH) for first in range(1, 301, SEEDS_EACH)]
SOAK_SEEDS = 1_000 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; the seeds from SEED on are taken."""

MINUTE_S = 60


@pytest.mark.timeout(10 * MINUTE_S)
@pytest.mark.parametrize("seeds", SHORT, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_a_node_is_as_its_auditor_says(seeds: range) -> None:
    done = [simulate(seed, STEPS) for seed in seeds]
    assert sum(each.crashes for each in done) > 10 * len(done), "hardly anything died"
    assert sum(each.turns for each in done) > 50 * len(done), "hardly anything was decided"
    assert sum(each.callers.answers for each in done) > 50 * len(done), "hardly any answers"


@pytest.mark.soak
def test_a_node_is_as_its_auditor_says_for_long(capsys: pytest.CaptureFixture[str]) -> None:
    crashes = turns = answers = 0
    for seed in range(SEED, SEED + SOAK_SEEDS):
        done = simulate(seed, STEPS)
        crashes += done.crashes
        turns += done.turns
        answers += done.callers.answers
    with capsys.disabled():
        sys.stdout.write(
            f"\nseeds {SEED} to {SEED + SOAK_SEEDS - 1}: {crashes} crashes, {turns} turns, "
            f"{answers} answers\n"
        )


@pytest.mark.parametrize("seed", [7, 118, 226])
def test_a_seed_gives_the_same_run_each_time(seed: int) -> None:
    first, second = simulate(seed, STEPS), simulate(seed, STEPS)
    assert first.steps == second.steps
    assert first.trace == second.trace
    assert simulate(seed + 1, STEPS).trace != first.trace
