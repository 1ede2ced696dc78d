"""Whatever fails, and whenever the process dies: the channel ends with the engine's numbers."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

import pytest
from holdfast.adapters.guard import MemoryGuard
from holdfast.adapters.pending import Item, Pending
from holdfast.adapters.source import ChannelUpdate
from holdfast.adapters.worker import Worker
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.model import Violation, run_model


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_channel_ends_with_the_engines_numbers(random: Random) -> None:
    asyncio.run(run_model(random))


def run_many(pasts: int) -> None:
    for seed in range(pasts):
        asyncio.run(run_model(Random(seed)))


def acknowledge_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def acknowledgeable(self: Pending) -> str:
        messages: deque[object] = self._messages  # type: ignore[assignment]
        cursor = messages[-1].cursor if messages else ""  # type: ignore[attr-defined]
        messages.clear()
        return str(cursor)

    monkeypatch.setattr(Pending, "acknowledgeable", acknowledgeable)


def forget_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_stale(self: MemoryGuard, update: ChannelUpdate) -> bool:
        return False

    monkeypatch.setattr(MemoryGuard, "is_stale", is_stale)


def keep_the_older(monkeypatch: pytest.MonkeyPatch) -> None:
    again = Pending.again

    def keep(self: Pending, item: Item, not_before: float) -> None:
        update = item.update
        again(self, item, not_before)
        item.update = update

    monkeypatch.setattr(Pending, "again", keep)


def close_at_the_first_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(self: Pending, item: Item, not_before: float) -> None:
        self.parked(item)

    monkeypatch.setattr(Pending, "again", again)


def replay_what_was_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = Pending.replay

    def replay_old(self: Pending, update: ChannelUpdate, parked_id: int, now: float) -> bool:
        return replay(self, update._replace(version=1), parked_id, now)

    monkeypatch.setattr(Pending, "replay", replay_old)


def drop_instead_of_parking(monkeypatch: pytest.MonkeyPatch) -> None:
    async def park(self: Worker, item: Item, error: object) -> None:
        self.pending.parked(item)

    monkeypatch.setattr(Worker, "_park", park)


@pytest.mark.parametrize(
    "plant",
    [
        acknowledge_what_was_told,
        forget_the_order,
        keep_the_older,
        close_at_the_first_failure,
        replay_what_was_parked,
        drop_instead_of_parking,
    ],
)
def test_control_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Violation):
        run_many(100)
