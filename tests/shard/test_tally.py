"""What a shard says about itself fits into a frame, however much stock it has."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.limits import BALANCE_MAX
from engine.log.port import Totals
from engine.shard.frames import decode_statistics, encode
from engine.shard.messages import StockFigures
from engine.shard.tally import ShardState, Tally

KEYS_MAX = 10**9
_SUMS = st.integers(-BALANCE_MAX * KEYS_MAX, BALANCE_MAX * KEYS_MAX)


def _told(totals: Totals) -> StockFigures:
    """What the front end sees of these sums."""
    statistics = Tally().statistics(ShardState(totals, 7, 5, 0, 0), 1, 1, 1, 1)
    return decode_statistics(encode(statistics)).stock


@given(st.builds(Totals, st.integers(0, KEYS_MAX), _SUMS, _SUMS, _SUMS, st.integers(0, 2**53)))
def test_sums_of_any_size_are_told(totals: Totals) -> None:
    told = _told(totals)
    assert (told.stock_keys, told.reservations) == (totals.stock_keys, totals.reservations)
    units = (told.on_hand_units, told.held_units, told.allocated_units)
    assert units == (float(totals.on_hand), float(totals.held), float(totals.allocated))


def test_the_sum_of_very_many_full_balances_is_told() -> None:
    told = _told(Totals(stock_keys=20_000, on_hand=20_000 * BALANCE_MAX))
    assert told == StockFigures(20_000, 0, 2e19, 0.0, 0.0)
