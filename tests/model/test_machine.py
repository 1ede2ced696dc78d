"""The engine against an independent model, step by step: whatever callers do, in whatever order and
at whatever time, both say the same and have become the same.

A failing case is shrunk, and printed as the steps that lead to it. `make soak` tries many more;
SEED and LENGTH are as for every soak.
"""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.model.core_engine import CoreEngine
from tests.model.shard_engine import ShardEngine
from tests.model.steps import Steps, walk

SEED = int(os.environ.get("SEED") or 0)
LENGTH = int(os.environ.get("LENGTH") or 1)
"""Some fifty thousand steps each."""
STEPS = 50
ONCE_DIFFERENT = [20_030, 30_283, 30_309, 40_075, 40_694, 40_822]
"""Seeds of walks through the rules alone that found faults, all of rare baskets."""

ONCE_DIFFERENT_WITH_CHANNELS = [1, 9, 19, 257, 1_079]
"""The same, where channels are configured."""


class Machine(RuleBasedStateMachine):
    """One shard, or several; with channels, or without."""

    shards = 1
    channels = False

    def __init__(self) -> None:
        super().__init__()
        self._data: Any = None
        self.steps = Steps(ShardEngine(self.shards), self._one_of, channels=self.channels)

    def _one_of(self, options: Any) -> object:
        return self._data.draw(st.sampled_from(list(options)))

    def _take(self, data: Any, step: str) -> None:
        self._data = data
        getattr(self.steps, step)()

    @rule(data=st.data())
    def wait(self, data: Any) -> None:
        self._take(data, "wait")

    @rule(data=st.data())
    def command(self, data: Any) -> None:
        self._take(data, "command")

    @rule(data=st.data())
    def another_command(self, data: Any) -> None:
        self._take(data, "command")

    @rule(data=st.data())
    def repeat(self, data: Any) -> None:
        self._take(data, "repeat")

    @rule(data=st.data())
    def preview(self, data: Any) -> None:
        self._take(data, "preview")

    @rule()
    def crash(self) -> None:
        self.steps.crash()

    def teardown(self) -> None:
        try:
            self.steps.engine.check_log()
        finally:
            self.steps.engine.close()


class Machine3(Machine):
    """Three shards."""

    shards = 3


class MachineOfChannels(Machine):
    """One shard, and channels."""

    channels = True


def run(machine: type[Machine], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=not SEED and LENGTH == 1,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def walks(shards: int, seeds: Iterable[int], steps: int, *, channels: bool = False) -> None:
    """Random walks of a node with so many shards; 0: of the rules alone."""
    for seed in seeds:
        try:
            walk(ShardEngine(shards) if shards else CoreEngine(), seed, steps, channels=channels)
        except AssertionError as error:
            raise AssertionError(f"{shards} shards, seed {seed}, {steps} steps") from error


@pytest.mark.parametrize(
    ("machine", "examples"), [(Machine, 60), (Machine3, 20), (MachineOfChannels, 15)]
)
def test_every_step_is_as_the_model_says(machine: type[Machine], examples: int) -> None:
    run(machine, examples)


@pytest.mark.parametrize(("shards", "steps"), [(1, 250), (2, 120), (3, 120)])
def test_long_walks_are_as_the_model_says(shards: int, steps: int) -> None:
    """Far from the beginning more has happened to each basket than in short cases."""
    walks(shards, range(8), steps)


@pytest.mark.parametrize("seed", ONCE_DIFFERENT)
def test_walks_that_differed_once_are_as_the_model_says(seed: int) -> None:
    walks(0, [seed], 250)


def test_walks_through_channels_are_as_the_model_says() -> None:
    walks(1, range(3), 150, channels=True)


@pytest.mark.parametrize("seed", ONCE_DIFFERENT_WITH_CHANNELS)
def test_walks_through_channels_that_differed_once_are_as_the_model_says(seed: int) -> None:
    walks(0, [seed], 200, channels=True)


@pytest.mark.soak
@pytest.mark.parametrize("machine", [Machine, Machine3, MachineOfChannels])
def test_every_step_is_as_the_model_says_for_long(machine: type[Machine]) -> None:
    run(machine, 200 * LENGTH)


@pytest.mark.soak
@pytest.mark.parametrize(("shards", "seeds"), [(0, 100), (1, 20), (2, 20), (3, 20)])
def test_walks_are_as_the_model_says_for_long(shards: int, seeds: int) -> None:
    first = SEED or 1_000
    walks(shards, range(first, first + seeds * LENGTH), 500)


@pytest.mark.soak
@pytest.mark.parametrize(("shards", "seeds"), [(0, 100), (1, 20)])
def test_walks_through_channels_are_as_the_model_says_for_long(shards: int, seeds: int) -> None:
    first = SEED or 1_000
    walks(shards, range(first, first + seeds * LENGTH), 500, channels=True)
