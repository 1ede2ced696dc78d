"""What an adapter's worker does with what it is told, push by push."""

import pytest
from holdfast.adapters import PermanentError, RetryLater

from tests.adapters.scripted import ManualClock, Recorder, ScriptedSource, batch, update, worker_of


async def test_what_is_told_is_pushed_and_then_acknowledged() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 2, 1)))
    adapter = Recorder()
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 5), ("B", 2)]]
    assert source.acknowledged == ["c1"]


async def test_only_the_newest_of_a_sku_is_pushed() -> None:
    source = ScriptedSource(
        batch("c1", update("A", 5, 1)),
        batch("c2", update("A", 4, 2)),
        batch("c3", update("A", 3, 3)),
    )
    adapter = Recorder()
    await worker_of(adapter, source).run()
    assert adapter.told[-1] == [("A", 3)]
    assert source.acknowledged[-1] == "c3"


async def test_it_backs_off_and_asks_again() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    adapter = Recorder(RetryLater("busy"), RetryLater("busy", after_s=7), RetryLater("busy"))
    clock = ManualClock()
    await worker_of(adapter, source, clock).run()
    assert adapter.told == [[("A", 5)]] * 4
    assert clock.waits == pytest.approx([0.5, 7.0, 2.0])


async def test_what_cannot_be_pushed_is_parked_with_its_reason() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 2, 1)))
    adapter = Recorder({"A": PermanentError("No such item.")})
    await worker_of(adapter, source).run()
    assert [(each.content.sku, each.reason) for each in source.parked.values()] == [
        ("A", "No such item.")
    ]
    assert source.acknowledged == ["c1"]
