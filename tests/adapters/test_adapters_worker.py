"""What an adapter's worker does with what it is told, push by push."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from holdfast.adapters import (
    ChannelUpdate,
    ExternalMessage,
    Failures,
    ParkedMessage,
    PermanentError,
    RetryLater,
)
from holdfast.adapters.source import Replayed
from holdfast.errors import Overloaded, SubscriptionTakenOver

from tests.adapters.scripted import (
    START,
    ManualClock,
    Recorder,
    ScriptedSource,
    batch,
    turns,
    update,
    worker_of,
)


async def test_what_is_told_is_pushed_and_then_acknowledged() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 2, 1)))
    adapter = Recorder()
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 5), ("B", 2)]]
    assert source.acknowledged == ["c1"]


async def test_only_the_newest_of_a_sku_is_pushed() -> None:
    told = [batch(f"c{version}", update("A", 9 - version, version)) for version in (1, 2, 3)]
    source = ScriptedSource(*told)
    adapter = Recorder()
    worker = worker_of(adapter, source)
    await worker.run()
    assert adapter.told == [[("A", 6)]]
    assert source.acknowledged == ["c3"]
    assert worker.pending.conflated == 2


async def test_what_comes_while_a_push_is_in_flight_makes_the_next_batch() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)), keep_open=True)

    class Slow(Recorder):
        async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
            if not self.pushes:
                source.tell(batch("c2", update("A", 4, 2)), batch("c3", update("B", 7, 1)))
                source.tell(batch("c4", update("A", 3, 3)))
                source.end()
                await turns(10)
                assert source.acknowledged == []
            return await super().push(updates)

    adapter = Slow()
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 5)], [("A", 3), ("B", 7)]]
    assert source.acknowledged == ["c1", "c4"]


async def test_a_newer_number_takes_the_place_of_one_that_backs_off() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)), keep_open=True)

    def fail(updates: Sequence[ChannelUpdate]) -> Failures:
        source.tell(batch("c2", update("A", 4, 2)))
        source.end()
        return {"A": RetryLater("busy")}

    adapter = Recorder(fail)
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 5)], [("A", 4)]]
    assert source.acknowledged == ["c2"]


async def test_one_that_backs_off_holds_up_no_other_and_no_cursor_passes_it() -> None:
    source = ScriptedSource(
        batch("c1", update("A", 5, 1)), batch("c2", update("B", 1, 1)), batch("c3")
    )
    adapter = Recorder({"A": RetryLater("busy")})
    adapter.batch_max = 1  # type: ignore[misc]
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 5)], [("B", 1)], [("A", 5)]]
    assert source.acknowledged == ["c3"]


@pytest.mark.parametrize(
    ("older", "pushes"),
    [
        (update("A", 9, 2), 1),
        (update("A", 5, 3), 1),
        (update("A", 9, 3), 2),
        (update("A", 9, 1, epoch=2), 2),
        (update("A", 9, 9, epoch=0), 1),
    ],
    ids=["older", "the same", "other terms", "a newer epoch", "an older epoch"],
)
async def test_nothing_older_is_pushed_after_something_newer(
    older: ChannelUpdate, pushes: int
) -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 3)), keep_open=True)

    def tell_older(updates: Sequence[ChannelUpdate]) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(source.tell, batch("c2", older), batch("c3"))
        loop.call_soon(source.end)

    adapter = Recorder(tell_older)
    await worker_of(adapter, source).run()
    assert len(adapter.pushes) == pushes
    assert source.acknowledged == ["c1", "c3"]


async def test_no_cursor_is_acknowledged_within_a_snapshot() -> None:
    source = ScriptedSource(
        batch("", update("A", 5, 1)), batch("", update("B", 5, 1)), batch("c1", complete=True)
    )
    await worker_of(Recorder(), source).run()
    assert source.acknowledged == ["c1"]


async def test_it_backs_off_with_jitter_or_as_asked() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    adapter = Recorder(RetryLater("busy"), RetryLater("busy", after_s=7), RetryLater("busy"))
    clock = ManualClock()
    await worker_of(adapter, source, clock, chance=0.5).run()
    assert adapter.told == [[("A", 5)]] * 4
    assert clock.waits == pytest.approx([0.5 * 0.75, 7.0 * 1.05, 2.0 * 0.75])


async def test_when_the_channel_takes_nothing_everything_waits_and_nothing_is_parked() -> None:
    down = RetryLater("down", whole_channel=True)
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 5, 1)))
    adapter = Recorder(*[down] * 20)
    adapter.batch_max = 1  # type: ignore[misc]
    clock = ManualClock()
    await worker_of(adapter, source, clock).run()
    assert len(adapter.pushes) == 22
    assert clock.waits[:3] == pytest.approx([0.5, 1.0, 2.0])
    assert max(clock.waits) == 60.0
    assert source.parked == {}


async def test_what_cannot_be_pushed_is_parked_with_its_reason() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 2, 1)))
    adapter = Recorder({"A": PermanentError("No such item.")})
    await worker_of(adapter, source).run()
    [parked] = source.parked.values()
    assert (parked.content.sku, parked.reason) == ("A", "No such item.")
    assert source.acknowledged == ["c1"]


async def test_a_failure_of_a_batch_is_traced_to_its_cause() -> None:
    def refuse_b(updates: Sequence[ChannelUpdate]) -> None:
        if any(each.sku == "B" for each in updates):
            raise PermanentError("One of these is unknown.")

    source = ScriptedSource(batch("c1", *(update(sku, 1, 1) for sku in "ABC")))
    adapter = Recorder(*[refuse_b] * 4)
    await worker_of(adapter, source).run()
    assert adapter.told[1:] == [[("A", 1)], [("B", 1)], [("C", 1)]]
    assert [each.content.sku for each in source.parked.values()] == ["B"]


async def test_a_lone_one_is_not_parked_before_it_was_tried_for_a_day() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    adapter = Recorder(*[{"A": RetryLater("busy")}] * 3_000)
    clock = ManualClock()
    await worker_of(adapter, source, clock).run()
    assert clock.seconds - 1_000 == pytest.approx(86_400, abs=120)
    [parked] = source.parked.values()
    assert parked.reason.startswith("busy (after 1")


async def test_a_bug_in_the_adapter_is_logged_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    adapter = Recorder(ZeroDivisionError("oops"))
    await worker_of(adapter, source).run()
    assert len(adapter.pushes) == 2
    assert "ZeroDivisionError: oops" in caplog.text


async def test_a_newer_push_makes_needless_what_was_parked() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)), keep_open=True)

    def refuse(updates: Sequence[ChannelUpdate]) -> Failures:
        asyncio.get_running_loop().call_soon(source.tell, batch("c2", update("A", 4, 2)))
        asyncio.get_running_loop().call_soon(source.end)
        return {"A": PermanentError("not mapped")}

    await worker_of(Recorder(refuse), source).run()
    assert source.parked == {}
    assert source.done_ids == [1]
    assert source.acknowledged == ["c1", "c2"]


async def test_a_newer_push_makes_needless_what_an_earlier_run_has_parked() -> None:
    source = ScriptedSource(batch("c1", update("A", 4, 2)), batch("c2", update("B", 4, 2)))
    source.parked = {
        number: ParkedMessage(number, update(sku, 9, version), "no", START, 0, False)
        for number, sku, version in ((1, "A", 1), (2, "A", 2), (3, "B", 3))
    }
    adapter = Recorder()
    worker = worker_of(adapter, source)
    for parked in source.parked.values():
        worker.parked_before(parked)
    await worker.run()
    assert adapter.told == [[("A", 4)]]
    assert list(source.parked) == [3]


async def test_a_replay_pushes_what_holds_now() -> None:
    old = ParkedMessage(4, update("A", 5, 1), "not mapped", START, 1, True)
    source = ScriptedSource(Replayed(old))
    source.parked[4] = old
    source.now["A"] = update("A", 3, 8)
    adapter = Recorder()
    await worker_of(adapter, source).run()
    assert adapter.told == [[("A", 3)]]
    assert source.done_ids == [4]


async def test_a_replay_that_fails_again_stays_parked_once() -> None:
    old = ParkedMessage(4, update("A", 5, 1), "not mapped", START, 1, True)
    source = ScriptedSource(Replayed(old))
    source.parked[4] = old
    source.now["A"] = update("A", 5, 1)
    await worker_of(Recorder({"A": PermanentError("still not")}), source).run()
    assert source.parked == {4: old._replace(reason="still not", replaying=False)}


async def test_what_else_was_parked_is_given_to_the_adapter() -> None:
    order = ParkedMessage(7, ExternalMessage("o-1", "application/json", b"{}"), "?", START, 1, True)
    source = ScriptedSource(Replayed(order))
    source.parked[7] = order
    await worker_of(Recorder(), source).run()
    assert source.parked[7].reason == "The adapter recorder has no use for message 7."


async def test_what_cannot_be_parked_is_not_lost() -> None:
    class Full(ScriptedSource):
        refusals = 3

        async def park(self, message: object, reason: str) -> ParkedMessage:
            self.refusals -= 1
            if self.refusals >= 0:
                raise Overloaded("no")
            return await super().park(message, reason)

    source = Full(batch("c1", update("A", 5, 1)))
    await worker_of(Recorder(*[{"A": PermanentError("never")}] * 4), source).run()
    assert len(source.parked) == 1
    assert source.acknowledged == ["c1"]


async def test_the_rate_is_kept() -> None:
    source = ScriptedSource(batch("c1", *(update(f"S{n}", n, 1) for n in range(10))))
    adapter = Recorder()
    adapter.batch_max, adapter.rate_per_s, adapter.burst = 1, 2.0, 4.0  # type: ignore[misc]
    clock = ManualClock()
    await worker_of(adapter, source, clock).run()
    assert len(adapter.pushes) == 10
    assert clock.seconds - 1_000 == pytest.approx(3.0)


async def test_a_batch_waits_for_more_if_it_is_told_to() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)))
    adapter = Recorder()
    adapter.batch_wait_s = 2.0  # type: ignore[misc]
    clock = ManualClock()
    await worker_of(adapter, source, clock).run()
    assert clock.waits == [2.0]


async def test_a_stop_finishes_the_push_in_flight() -> None:
    source = ScriptedSource(
        batch("c1", update("A", 5, 1)), batch("c2", update("B", 5, 1)), keep_open=True
    )

    class Stopping(Recorder):
        batch_max = 1

        async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
            worker.stop()
            await turns(5)
            return await super().push(updates)

    adapter = Stopping()
    worker = worker_of(adapter, source)
    await worker.run()
    assert adapter.told == [[("A", 5)]]
    assert source.acknowledged == ["c1"]


async def test_who_is_taken_over_pushes_no_more() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1)), keep_open=True)

    class Slow(Recorder):
        async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
            await super().push(updates)
            source.end(SubscriptionTakenOver("by another"))
            await asyncio.get_running_loop().create_future()
            return None

    adapter = Slow()
    with pytest.raises(SubscriptionTakenOver):
        await worker_of(adapter, source).run()
    assert len(adapter.pushes) == 1
    assert source.acknowledged == []


async def test_what_runs_beside_the_pushes_ends_them_when_it_fails() -> None:
    class Beside(Recorder):
        async def background(self) -> None:
            raise ValueError("the poll failed")

    with pytest.raises(ValueError, match="the poll failed"):
        await worker_of(Beside(), ScriptedSource(keep_open=True)).run()


async def test_the_figures_say_what_has_happened() -> None:
    source = ScriptedSource(batch("c1", update("A", 5, 1), update("B", 5, 1), update("C", 5, 1)))
    adapter = Recorder({}, {"B": PermanentError("no", reason="unmapped"), "C": RetryLater("busy")})
    worker = worker_of(adapter, source)
    text = worker.metrics.text().decode()
    assert 'holdfast_adapter_lag_events{adapter="recorder",channel="shop"} 0.0' in text
    worker.pending.tell((update("D", 1, 1), update("D", 2, 2)), "c0", 990.0)
    lagging = worker.metrics.text().decode()
    assert 'holdfast_adapter_lag_events{adapter="recorder",channel="shop"} 2.0' in lagging
    assert 'holdfast_adapter_lag_seconds{adapter="recorder",channel="shop"} 10.0' in lagging
    await worker.run()
    text = worker.metrics.text().decode()
    for line in (
        'pushed_updates_total{adapter="recorder",channel="shop"} 3.0',
        'told_updates_total{adapter="recorder",channel="shop"} 3.0',
        'push_failures_total{adapter="recorder",channel="shop",reason="unmapped"} 1.0',
        'push_failures_total{adapter="recorder",channel="shop",reason="retry"} 1.0',
        'parked_updates_total{adapter="recorder",channel="shop",reason="unmapped"} 1.0',
        'lag_seconds{adapter="recorder",channel="shop"} 0.0',
        'conflated_updates{adapter="recorder",channel="shop"} 1.0',
        'batch_updates_count{adapter="recorder",channel="shop"} 3.0',
    ):
        assert f"holdfast_adapter_{line}" in text


@pytest.fixture(autouse=True)
def quiet_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tests.adapters")


async def test_a_channel_that_fails_is_logged_now_and_then_and_when_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = [RetryLater("It is away.", whole_channel=True, reason="connect")] * 6
    adapter = Recorder(*away, RetryLater("It is busy.", after_s=0.1, reason="busy"))
    source = ScriptedSource(batch("1", update("TEA", 1, 1)))
    with caplog.at_level("INFO", "tests.adapters"):
        await worker_of(adapter, source).run()
    said = [(each.message, vars(each).get("why")) for each in caplog.records]
    assert said[0] == ("Updates were not taken.", "It is away.")
    assert 2 <= sum(why == "It is away." for _, why in said) < len(away)
    assert said[-2:] == [
        ("Updates were not taken.", "It is busy."),
        ("The channel takes updates again.", None),
    ]
