"""The control: bugs are planted in the core, and the audit of random histories must catch each.

A check that cannot fail proves nothing. Without a bug the same histories pass.
"""

from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from engine.core import evolve
from engine.core.availability import available_to
from engine.core.commands import LineQuantity, OnReservation
from engine.core.decide import bounds, promise, resolve, stock
from engine.core.events import (
    HoldCommitted,
    HoldExpired,
    ShortfallDetected,
    StockHeld,
    StockShipped,
)
from engine.core.model import Key, Reservation, ShortLine, Stock
from engine.core.view import View
from tests.core.commands_at_random import walk

Patch = pytest.MonkeyPatch
SEEDS = range(12)
STEPS = 250

_find = resolve._find
_take = resolve._take
_short_line = bounds.short_line


def one_unit_too_many_is_granted(patch: Patch) -> None:
    def generous(
        at: Stock, channel: str, taken: int, line_id: str, key: Key, asked: int
    ) -> ShortLine | None:
        return _short_line(at, channel, taken - 1, line_id, key, asked)

    patch.setattr(promise, "short_line", generous)


def lines_do_not_see_the_lines_before(patch: Patch) -> None:
    def forgetful(
        at: Stock, channel: str, _taken: int, line_id: str, key: Key, asked: int
    ) -> ShortLine | None:
        return _short_line(at, channel, 0, line_id, key, asked)

    patch.setattr(promise, "short_line", forgetful)


def buffers_are_ignored(patch: Patch) -> None:
    patch.setattr(bounds, "available_to", lambda at, _channel: at.available)


def a_stop_of_selling_is_ignored(patch: Patch) -> None:
    patch.setattr(bounds, "_STOPPED", None)


def a_till_sells_what_is_held(patch: Patch) -> None:
    patch.setattr(stock, "short_line", lambda *_: None)


def untracked_units_are_counted(patch: Patch) -> None:
    def counting(*what: object) -> StockHeld:
        return replace(StockHeld(*what), counted=True)  # type: ignore[arg-type]

    patch.setattr(promise, "StockHeld", counting)


def a_shortfall_is_not_named(patch: Patch) -> None:
    patch.setattr(promise, "shortfall", lambda *_: ())
    patch.setattr(stock, "shortfall", lambda *_: ())


def a_shortfall_has_no_version(patch: Patch) -> None:
    patch.setitem(evolve._EVOLVE_STOCK, ShortfallDetected, lambda at, _event: at)


def expired_units_do_not_come_back(patch: Patch) -> None:
    patch.setitem(evolve.BALANCE_MOVES, HoldExpired, (0, 0, 0))


def committed_units_stay_held_too(patch: Patch) -> None:
    patch.setitem(evolve.BALANCE_MOVES, HoldCommitted, (0, 0, +1))


def a_shipped_line_can_be_shipped_again(patch: Patch) -> None:
    patch.setitem(evolve.LINE_MOVES, StockShipped, (0, 0, +1, 0))


def freeing_the_rest_frees_all(patch: Patch) -> None:
    patch.setattr(resolve, "_rest", lambda portions, _taken: portions)


def holds_expire_a_moment_early(patch: Patch) -> None:
    def hasty(view: View, command: OnReservation, now_ms: int) -> Reservation | None:
        return _find(view, command, now_ms + 1)

    patch.setattr(resolve, "_find", hasty)


def holds_live_until_they_are_swept(patch: Patch) -> None:
    def lenient(view: View, command: OnReservation, _now_ms: int) -> Reservation | None:
        return _find(view, command, 0)

    patch.setattr(resolve, "_find", lenient)


def the_last_line_is_left_out(patch: Patch) -> None:
    def careless(
        reservation_id: str, portions: list[resolve.Portion], named: tuple[LineQuantity, ...]
    ) -> object:
        taken = _take(reservation_id, portions, named)
        return [*taken[:-1], (taken[-1][0], 0)] if isinstance(taken, list) else taken

    patch.setattr(resolve, "_take", careless)


def a_buffer_is_counted_twice(patch: Patch) -> None:
    def stingy(at: Stock, channel: str) -> int:
        return 2 * available_to(at, channel) - at.available

    patch.setattr(bounds, "available_to", stingy)


def a_count_forgets_what_is_held(patch: Patch) -> None:
    patch.setattr(stock, "_may_become", lambda *_: None)


BUGS: list[Callable[[Patch], None]] = [
    one_unit_too_many_is_granted,
    lines_do_not_see_the_lines_before,
    buffers_are_ignored,
    a_stop_of_selling_is_ignored,
    a_till_sells_what_is_held,
    untracked_units_are_counted,
    a_shortfall_is_not_named,
    a_shortfall_has_no_version,
    expired_units_do_not_come_back,
    committed_units_stay_held_too,
    a_shipped_line_can_be_shipped_again,
    freeing_the_rest_frees_all,
    holds_expire_a_moment_early,
    holds_live_until_they_are_swept,
    the_last_line_is_left_out,
    a_buffer_is_counted_twice,
    a_count_forgets_what_is_held,
]


def audit() -> None:
    """Histories enough that every planted bug shows in one of them."""
    for seed in SEEDS:
        walk(Random(seed), STEPS, told=bool(seed % 2))


def test_without_a_bug_the_audit_passes() -> None:
    audit()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(bug: Callable[[Patch], None], monkeypatch: Patch) -> None:
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        audit()
