"""A count that arrives late, whatever has happened since: the books are as if it had come in time,
and what moved since had followed."""

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from engine.core.commands import (
    Adjust,
    Allocate,
    BasketLine,
    Command,
    Move,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Sell,
    SendTransfer,
    SetOnHand,
    Ship,
    TakeBack,
)
from engine.core.events import StockCounted
from engine.core.model import IfShort, Key, Stock
from engine.core.view import Decision
from tests.core.world import TEA, Wait, World

PARIS = Key("", "TEA", "PARIS")
TOLD = IfShort.RECORD

_units = st.integers(1, 5)
_key = st.sampled_from([TEA, TEA, PARIS])
_basket = st.builds(lambda key, units: (BasketLine("1", key, units),), _key, _units)
_id = st.integers(1, 12).map(lambda number: f"r{number}")
MOVEMENTS: st.SearchStrategy[Command | Wait] = st.one_of(
    st.builds(Wait, st.integers(1, 200_000)),
    st.builds(Receive, _key, _units, unavailable_cause=st.sampled_from(["", "damaged"])),
    st.builds(TakeBack, _key, _units, st.just("GIFT")),
    st.builds(Sell, _key, _units, st.sampled_from(IfShort)),
    st.builds(Reserve, st.just(""), _basket),
    st.builds(Allocate, st.just(""), _basket, st.sampled_from(IfShort)),
    st.builds(Ship, st.just(""), _id),
    st.builds(Release, st.just(""), _id),
    st.builds(Move, _key, _units, st.sampled_from(["", "damaged"]), st.just("recall")),
    st.builds(
        SendTransfer,
        st.just(""),
        st.just("TEA"),
        st.just("LONDON"),
        st.just("PARIS"),
        _units,
        if_short=st.sampled_from(IfShort),
    ),
    st.builds(
        SendTransfer, st.just(""), st.just("TEA"), st.just("PARIS"), st.just("LONDON"), _units
    ),
    st.builds(ReceiveTransfer, st.just(""), _id, st.integers(0, 5), st.integers(0, 1)),
)
CORRECTIONS: st.SearchStrategy[Command] = st.one_of(
    st.builds(SetOnHand, _key, st.integers(0, 30), if_short=st.just(TOLD)),
    st.builds(Adjust, _key, st.integers(-5, 5), st.just("FOUND"), st.just("note"), st.just(TOLD)),
)


def world_after(*steps: Command | Wait) -> World:
    """A world in which these steps were tried; some may be refused."""
    world = World({TEA: Stock(on_hand=20, moved=77), PARIS: Stock(on_hand=8)})
    for step in steps:
        if isinstance(step, Wait):
            world.wait(step.milliseconds)
            world.sweep()
        else:
            world.try_to(step)
    return world


@settings(max_examples=200, deadline=None)
@drawn(
    st.lists(st.one_of(MOVEMENTS, CORRECTIONS), max_size=15),
    st.lists(MOVEMENTS, max_size=15),
    st.integers(0, 30),
    st.booleans(),
)
def test_a_late_count_is_as_good_as_one_in_time(
    before: list[Command | Wait],
    since: list[Command | Wait],
    counted: int,
    by_position: bool,
) -> None:
    late = world_after(*before)
    seen_at_ms, seen_at = late.now_ms, len(late.history)
    in_time = world_after(*before)
    in_time.do(SetOnHand(TEA, counted, if_short=TOLD))
    late.wait(1)
    # What is available depends on the count, and with it what is refused: only what was recorded
    # in the world without it is what has really moved. It is told to the other world.
    for step in since:
        if isinstance(step, Wait):
            late.wait(step.milliseconds)
            late.sweep()
        else:
            late.try_to(step)
    in_time.happen(Decision(tuple([event for _, event in late.history[seen_at:]])))
    if by_position and seen_at:
        command = SetOnHand(TEA, counted, if_short=TOLD, observed_position=seen_at)
    else:
        command = SetOnHand(TEA, counted, if_short=TOLD, observed_at_ms=seen_at_ms)
    late.do(command)
    assert late.stocks[TEA].on_hand == in_time.stocks[TEA].on_hand


@settings(max_examples=100, deadline=None)
@drawn(st.lists(MOVEMENTS, max_size=15), st.lists(CORRECTIONS, min_size=1, max_size=5))
def test_corrections_since_are_superseded(
    since: list[Command | Wait], corrections: list[Command]
) -> None:
    worlds = []
    for late_corrections in ([], corrections):
        world = world_after(Sell(TEA, 1))
        seen_at_ms = world.now_ms
        world.wait(1)
        for step in [*since, *late_corrections]:
            if isinstance(step, Wait):
                world.wait(step.milliseconds)
                world.sweep()
            else:
                world.try_to(step)
        world.do(SetOnHand(TEA, 9, if_short=TOLD, observed_at_ms=seen_at_ms))
        worlds.append(world)
    plain, corrected = worlds
    assert corrected.stocks[TEA].on_hand == plain.stocks[TEA].on_hand


def test_without_rebasing_the_books_would_be_wrong() -> None:
    """The control: the same count, told as one of now, forgets what was sold since."""
    world = world_after(Wait(1), Sell(TEA, 3))
    world.do(SetOnHand(TEA, 20, if_short=TOLD))
    assert world.stocks[TEA].on_hand == 20
    world = world_after()
    seen_at_ms = world.now_ms
    world.wait(1)
    world.do(Sell(TEA, 3))
    world.do(SetOnHand(TEA, 20, if_short=TOLD, observed_at_ms=seen_at_ms))
    assert world.stocks[TEA].on_hand == 17
    counted = world.decision.events[0]
    assert isinstance(counted, StockCounted)
    assert (counted.expected, counted.moved_since) == (17, -3)
