"""The control: bugs are planted in the engine, and the trial against the model must find each.

A check that cannot fail proves nothing. Without a bug the same walks pass. Bugs of the rules are
looked for in the core alone, where a walk is fast; those of turns and logs in a shard.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core import channel_rules
from engine.core.decide import (
    count,
    customers,
    drawn,
    filler,
    fulfil,
    queue,
    returns,
    sources,
    stock,
    transfer,
    unexpected,
    wishes,
)
from engine.core.decide.portions import Portion
from engine.core.events import (
    AllocationReleased,
    HoldCommitted,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    StockHeld,
    StockMoved,
    StockReturned,
    StockShipped,
    TransferExpected,
    TransferReceived,
)
from engine.core.evolve import reservation as evolve_reservation
from engine.core.evolve import stock as evolve_stock
from engine.core.model import SourceMark, Stock
from engine.shard import writer
from tests.model.core_engine import CoreEngine
from tests.model.shard_engine import ShardEngine
from tests.model.steps import walk

# The package gives functions of these names.
commit: Any = import_module("engine.core.decide.commit")
due: Any = import_module("engine.core.decide.due")
release: Any = import_module("engine.core.decide.release")

Patch = pytest.MonkeyPatch
SEEDS = range(160)
WITH_CHANNELS = range(38, 56)
"""Seeds of walks in which channels are configured."""
STEPS = 150


def wrap(patch: Patch, module: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Let a function of a module do what it does, changed."""
    patch.setattr(module, name, change(getattr(module, name)))


def the_channels_buffer_is_forgotten(patch: Patch) -> None:
    patch.setattr(filler, "available_to", lambda at, _channel: at.available)


def the_channels_buffer_is_forgotten_in_the_queue(patch: Patch) -> None:
    patch.setattr(queue, "available_to", lambda at, _channel: at.available)


def who_came_last_is_served_first(patch: Patch) -> None:
    wrap(patch, queue, "_queue", lambda old: lambda *args: reversed(list(old(*args))))


def waiting_lines_are_served_while_selling_is_stopped(patch: Patch) -> None:
    patch.setattr(queue, "Selling", SimpleNamespace(STOPPED=None))


def who_waits_is_not_served_after_a_release(patch: Patch) -> None:
    patch.setattr(queue, "FREEING", queue.FREEING - {HoldReleased})


def who_waits_is_not_served_after_a_move(patch: Patch) -> None:
    patch.setattr(queue, "FREEING", queue.FREEING - {StockMoved})


def a_complete_basket_keeps_the_end_of_its_patience(patch: Patch) -> None:
    patch.setattr(queue, "completed", lambda *_: [])


def one_unit_too_many_is_granted(patch: Patch) -> None:
    wrap(patch, filler, "available_to", lambda old: lambda *args: old(*args) + 1)


def held_backorders_do_not_count(patch: Patch) -> None:
    patch.setitem(evolve_stock.BACKORDER_MOVES, StockHeld, 0)


def a_commit_loses_what_is_backordered(patch: Patch) -> None:
    patch.setitem(evolve_reservation.BACKORDER_LINE_MOVES, HoldCommitted, (-1, 0))


def committed_units_stay_held_too(patch: Patch) -> None:
    patch.setitem(evolve_stock.PROMISE_MOVES, HoldCommitted, (0, +1))


def expired_units_do_not_come_back(patch: Patch) -> None:
    patch.setitem(evolve_stock.PROMISE_MOVES, HoldExpired, (0, 0))


def a_filled_hold_stays_backordered(patch: Patch) -> None:
    patch.setitem(evolve_stock.MOVES, HoldFilled, {"held": +1})


def holds_expire_a_moment_early(patch: Patch) -> None:
    for module in (commit, release, fulfil, returns):
        wrap(patch, module, "find", lambda old: lambda v, c, now_ms: old(v, c, now_ms + 1))


def a_hold_never_ends(patch: Patch) -> None:
    patch.setattr(due, "_expire", lambda *_: [])


def overdue_allocations_are_kept_for_ever(patch: Patch) -> None:
    patch.setattr(due, "_overdue", lambda *_: [])


def a_limit_ignores_what_was_shipped(patch: Patch) -> None:
    wrap(patch, customers, "units_of", lambda old: lambda ones, sku, _since: old(ones, sku, None))


def a_limit_ignores_the_window(patch: Patch) -> None:
    wrap(
        patch,
        customers,
        "units_of",
        lambda old: lambda ones, sku, since: old(ones, sku, None if since is None else 0),
    )


def more_may_come_back_than_was_shipped(patch: Patch) -> None:
    patch.setitem(evolve_reservation._EVOLVE, StockReturned, lambda one, _e, _now: one)


def a_transfer_makes_units(patch: Patch) -> None:
    def arrive_twice(at: Stock, event: TransferReceived) -> Stock:
        after = evolve_stock._receive_transfer(at, event)
        return replace(after, on_hand=after.on_hand + 1)

    patch.setitem(evolve_stock._EVOLVE, TransferReceived, arrive_twice)


def a_transfer_is_not_expected(patch: Patch) -> None:
    patch.setitem(evolve_stock._EVOLVE, TransferExpected, evolve_stock._only_version)


def a_shortfall_is_not_told(patch: Patch) -> None:
    patch.setattr(stock, "shortfall", lambda *_: ())


def a_short_pick_is_not_told(patch: Patch) -> None:
    patch.setattr(fulfil, "shortfall", lambda *_: ())


def an_unexpected_shipment_is_not_told(patch: Patch) -> None:
    patch.setattr(unexpected, "shortfall", lambda *_, **__: ())


def backordered_units_are_shipped(patch: Patch) -> None:
    def all_allocated(line: Any) -> int:
        return line.allocated - line.picked  # type: ignore[no-any-return]

    patch.setattr(fulfil, "unpicked", all_allocated)


def picked_units_stay_in_their_box_when_shipped(patch: Patch) -> None:
    def unpacked(at: Stock, event: StockShipped) -> Stock:
        return evolve_stock._ship(at, replace(event, picked=0))

    patch.setitem(evolve_stock._EVOLVE, StockShipped, unpacked)


def lost_units_are_taken_again_without_asking(patch: Patch) -> None:
    def blindly(view: Any, reservation: Any, lost: Sequence[Portion], now_ms: int) -> list[object]:
        return [
            HoldReacquired(line.key, reservation.reservation_id, line.line_id, units, line.counted)
            for line, units in lost
            if units
        ]

    patch.setattr(commit, "reacquire", blindly)


def a_kit_takes_each_component_once(patch: Patch) -> None:
    wrap(
        patch,
        wishes,
        "_of_kit",
        lambda old: (
            lambda *args: [
                replace(one, quantity=one.quantity // one.units_each) for one in old(*args)
            ]
        ),
    )


def a_limit_is_ignored_on_a_kit(patch: Patch) -> None:
    def unlimited(old: Any) -> Any:
        return lambda v, who, wish, *rest: None if wish.counting else old(v, who, wish, *rest)

    wrap(patch, filler, "allowed_to_customer", unlimited)


def released_units_are_freed_twice(patch: Patch) -> None:
    patch.setitem(evolve_stock.PROMISE_MOVES, AllocationReleased, (0, -2))


def units_go_to_who_waits_only_if_it_is_all(patch: Patch) -> None:
    def all_or_nothing(old: Any) -> Any:
        return lambda one, line, units: old(one, line, units) if units >= line.queued else []

    wrap(patch, queue, "fills", all_or_nothing)


def a_disabled_location_still_sells(patch: Patch) -> None:
    patch.setattr(filler.Filler, "_is_open", lambda *_: True)


def a_count_that_came_too_late_is_taken(patch: Patch) -> None:
    patch.setattr(count, "mark_of", lambda *_: SourceMark(""))


def a_late_count_forgets_what_has_moved(patch: Patch) -> None:
    patch.setattr(count, "_moved_since", lambda *_: 0)


def a_source_may_tell_twice(patch: Patch) -> None:
    wrap(patch, sources, "_advanced", lambda _old: lambda _v, _k, _m, decision, _now: decision)


def units_leave_although_they_are_promised(patch: Patch) -> None:
    for module in (stock, count):
        patch.setattr(module, "below_promised", lambda *_: None)


def a_transfer_takes_what_is_promised(patch: Patch) -> None:
    patch.setattr(transfer, "short_line", lambda *_: None)


def a_repeated_request_is_done_again(patch: Patch) -> None:
    numbers = iter(range(1_000_000))
    wrap(patch, writer, "request_key", lambda old: lambda *args: old(*args) + b"%d" % next(numbers))


def previews_take_effect(patch: Patch) -> None:
    def for_real(old: Any) -> Any:
        def write(self: Any, turn: Any, slot: int, one: Any) -> object:
            context = replace(one.context, validate_only=False)
            return old(self, turn, slot, replace(one, context=context))

        return write

    wrap(patch, writer.Writer, "write", for_real)


OF_RULES: list[Callable[[Patch], None]] = [
    the_channels_buffer_is_forgotten,
    the_channels_buffer_is_forgotten_in_the_queue,
    who_came_last_is_served_first,
    waiting_lines_are_served_while_selling_is_stopped,
    who_waits_is_not_served_after_a_release,
    who_waits_is_not_served_after_a_move,
    a_complete_basket_keeps_the_end_of_its_patience,
    one_unit_too_many_is_granted,
    held_backorders_do_not_count,
    a_commit_loses_what_is_backordered,
    committed_units_stay_held_too,
    expired_units_do_not_come_back,
    a_filled_hold_stays_backordered,
    holds_expire_a_moment_early,
    a_hold_never_ends,
    overdue_allocations_are_kept_for_ever,
    a_limit_ignores_what_was_shipped,
    a_limit_ignores_the_window,
    more_may_come_back_than_was_shipped,
    a_transfer_makes_units,
    a_transfer_is_not_expected,
    a_shortfall_is_not_told,
    a_short_pick_is_not_told,
    an_unexpected_shipment_is_not_told,
    backordered_units_are_shipped,
    picked_units_stay_in_their_box_when_shipped,
    lost_units_are_taken_again_without_asking,
    a_kit_takes_each_component_once,
    a_limit_is_ignored_on_a_kit,
    released_units_are_freed_twice,
    units_go_to_who_waits_only_if_it_is_all,
    a_disabled_location_still_sells,
    a_count_that_came_too_late_is_taken,
    a_late_count_forgets_what_has_moved,
    a_source_may_tell_twice,
    units_leave_although_they_are_promised,
    a_transfer_takes_what_is_promised,
]


def a_channels_buffer_is_rounded_down(patch: Patch) -> None:
    def rounded_down(buffer: Any, units: int) -> int:
        percent = 10 if buffer.percent is None else buffer.percent
        return int(units * percent // 100 if buffer.units is None else buffer.units)

    patch.setattr(channel_rules, "_units_of", rounded_down)


def who_names_no_channel_may_have_what_is_fenced(patch: Patch) -> None:
    def unfenced(old: Any) -> Any:
        return lambda v, at, tenant, channel, sku: (
            old(v, at, tenant, channel, sku) if channel else None
        )

    for module in (filler, stock, queue):
        wrap(patch, module, "share_of", unfenced)


def a_release_does_not_give_the_allocation_back(patch: Patch) -> None:
    for kind in (HoldReleased, AllocationReleased):
        patch.delitem(drawn.DRAWS, kind)


def a_transfer_takes_what_is_fenced(patch: Patch) -> None:
    patch.setattr(transfer, "_fenced", lambda *_: None)


def a_channels_terms_for_a_kit_are_forgotten(patch: Patch) -> None:
    patch.setattr(filler, "room_for_kits", lambda *_: None)


OF_CHANNELS: list[Callable[[Patch], None]] = [
    a_channels_buffer_is_rounded_down,
    who_names_no_channel_may_have_what_is_fenced,
    a_release_does_not_give_the_allocation_back,
    a_transfer_takes_what_is_fenced,
    a_channels_terms_for_a_kit_are_forgotten,
]

OF_TURNS: list[Callable[[Patch], None]] = [
    a_repeated_request_is_done_again,
    previews_take_effect,
]


def walks(
    engine: type[CoreEngine] | type[ShardEngine],
    seeds: range = SEEDS,
    *,
    channels: bool = False,
) -> None:
    for seed in seeds:
        walk(engine(), seed, STEPS, channels=channels)


def test_without_a_bug_the_walks_pass() -> None:
    walks(CoreEngine)


def test_without_a_bug_the_walks_through_channels_pass() -> None:
    walks(CoreEngine, WITH_CHANNELS, channels=True)


@pytest.mark.parametrize("bug", OF_CHANNELS, ids=lambda bug: bug.__name__)
def test_a_bug_of_channels_is_found(bug: Callable[[Patch], None], monkeypatch: Patch) -> None:
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        walks(CoreEngine, WITH_CHANNELS, channels=True)


@pytest.mark.parametrize("bug", OF_RULES, ids=lambda bug: bug.__name__)
def test_a_bug_of_the_rules_is_found(bug: Callable[[Patch], None], monkeypatch: Patch) -> None:
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        walks(CoreEngine)


@pytest.mark.parametrize("bug", OF_TURNS, ids=lambda bug: bug.__name__)
def test_a_bug_of_turns_is_found(bug: Callable[[Patch], None], monkeypatch: Patch) -> None:
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        walks(ShardEngine)
