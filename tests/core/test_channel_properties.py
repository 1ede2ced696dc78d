"""Whatever callers do, in whatever order: nobody gets what is fenced for another channel, what is
shown may be had and no more, and what a channel has taken of its allocation is what it has.

The fences are those of the oracle of `fences`; what was taken is counted from the baskets. A
control plants faults in the rules.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core import channel_rules
from engine.core.channel_rules import Share, share_of
from engine.core.channels import Buffer, Channel, ChannelTerms
from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    LineQuantity,
    Receive,
    Release,
    Reserve,
    Sell,
    Ship,
    TransferReservation,
)
from engine.core.decide import decide
from engine.core.decide import drawn as drawing
from engine.core.events import ChannelConfigured, HoldReleased, StockSold, WaitFilled
from engine.core.model import Fill, IfShort, Key, OnExpired, Stock, Strategy
from engine.core.rejections import Rejection
from tests.core.fences import servable
from tests.core.world import START_MS, World

NAMES = ("A", "B", "C")
CALLERS = ("", "web", "app", "pos")
FENCED = {"app": (6, ("A", "B")), "web": (5, ("B", "C"))}
CONFIGURED = (
    *(
        ChannelConfigured("", Channel(name, at, terms=ChannelTerms(None, None, units, START_MS)))
        for name, (units, at) in FENCED.items()
    ),
    ChannelConfigured("", Channel("pos", ("C", "A"), terms=ChannelTerms(Buffer(percent=20), 6))),
)


class Walk:
    """A world in which a random caller does random things, and what he may see of it."""

    def __init__(self, random: Random) -> None:
        stocks = {self._key(name): Stock(random.randrange(9), backorder_limit=2) for name in NAMES}
        self.world = World(stocks, configured=CONFIGURED)
        self.random = random
        self.sold = dict.fromkeys(CALLERS, 0)

    @staticmethod
    def _key(name: str) -> Key:
        return Key("", "TEA", name)

    def share(self, channel: str) -> Share:
        world = self.world
        found = share_of(world, world.stock, "", channel, "TEA", all_locations=True)
        assert found is not None
        return found

    def taken(self, channel: str) -> int:
        """Units that a channel has, or has had and sold."""
        lines = [
            line
            for reservation in self.world.reservations.values()
            if reservation.channel == channel
            for line in reservation.lines
        ]
        promised = sum(line.held + line.allocated - line.backordered for line in lines)
        return promised + sum(line.shipped for line in lines) + self.sold[channel]

    def fences(self) -> dict[str, int]:
        """What is left of each fence and can be served."""
        available = {key.location: max(0, one.available) for key, one in self.world.stocks.items()}
        left = [
            (name, max(0, units - self.taken(name)), at)
            for name, (units, at) in sorted(FENCED.items())
        ]
        return {name: demand.units for name, demand in servable(left, available).items()}

    def line(self, units: int, *, anywhere: bool, backorder: bool = False) -> BasketLine:
        locations = tuple(self.random.sample(NAMES, 2)) if anywhere else ()
        key = Key("", "TEA", "" if anywhere else self.random.choice(NAMES))
        return BasketLine("1", key, units, locations=locations, allow_backorder=backorder)

    def command(self) -> Command:
        random, channel = self.random, self.random.choice(CALLERS)
        units, names = random.randrange(1, 5), list(self.world.reservations) or ["nobody"]
        name, key = random.choice(names), self._key(random.choice(NAMES))
        line = self.line(units, anywhere=random.random() < 0.5, backorder=random.random() < 0.2)
        makers: list[Callable[[], Command]] = [
            lambda: Reserve(
                "",
                (line, replace(line, line_id="2")),
                random.choice(list(Fill)),
                channel=channel,
                strategy=random.choice(list(Strategy)),
                split=random.random() < 0.7,
                wait_ms=random.choice([0, 10_000_000]),
            ),
            lambda: Allocate("", (line,), channel=channel),
            lambda: Sell(key, units, channel=channel),
            lambda: Amend("", name, (replace(line, line_id="3"),), ("1",)),
            lambda: Release("", name, (LineQuantity("1", 1),)),
            lambda: Release("", name),
            lambda: Commit("", name, on_expired=OnExpired.REACQUIRE),
            lambda: Ship("", name),
            lambda: TransferReservation("", name, key.location),
            lambda: Receive(key, units),
            lambda: Adjust(key, -units, "lost", "note", IfShort.RECORD),
        ]
        return random.choice([*makers, *makers[:3]])()

    def step(self) -> None:
        """One thing is done, and all that has to be so is."""
        if self.random.random() < 0.15:
            self.world.wait(200_000)
            self.world.sweep()
        before = {name: (self.fences()[name], self.taken(name)) for name in FENCED}
        lacking = any(stock.available < 0 for stock in self.world.stocks.values())
        command = self.command()
        result = self.world.do(command)
        if isinstance(command, Sell) and not isinstance(result, Rejection):
            self.sold[command.channel] += command.quantity
        self.check_uses()
        # Units that come free where some are missing are not there again.
        if not lacking and not isinstance(command, Adjust):
            left = {
                name: units - max(0, self.taken(name) - taken)
                for name, (units, taken) in before.items()
            }
            self.check_fences(left, command)
        self.check_shown()
        self.check_waiting()

    def check_fences(self, left: Mapping[str, int], command: Command) -> None:
        """What could be served of all fences together still can be: each set of channels finds it
        at its locations (Hall's theorem). Where stock cannot serve all, what comes free may be for
        another channel than before; that is no loss."""
        for names in (names for size in (1, 2) for names in combinations(left, size)):
            places = {place for name in names for place in FENCED[name][1]}
            there = sum(max(0, self.world.stocks[self._key(place)].available) for place in places)
            assert there >= sum(left[name] for name in names), (names, command)

    def check_uses(self) -> None:
        for name in FENCED:
            uses = [
                use.units
                for stock in self.world.stocks.values()
                for use in stock.channel_uses
                if use.channel == name
            ]
            assert sum(uses) == self.taken(name), name

    def check_shown(self) -> None:
        """A basket gets what is shown, from where it is shown, and not a unit more."""
        channel = self.random.choice(CALLERS)
        share = self.share(channel)
        by_location = share.by_location()
        shown = sum(by_location.values())
        assert share.limit is None or shown <= share.limit
        lines = [
            BasketLine(name, self._key(name), units) for name, units in by_location.items() if units
        ]
        if lines:
            assert isinstance(self._tried(channel, *lines), tuple), (channel, lines)
        key = Key("", "TEA", "")
        one_more = BasketLine("1", key, shown + 1, locations=tuple(by_location) or NAMES)
        assert isinstance(self._tried(channel, one_more), Rejection), (channel, shown)

    def _tried(self, channel: str, *lines: BasketLine) -> Any:
        """What a basket would come to."""
        decision: Any = decide(self.world, Reserve("", lines, channel=channel), self.world.now_ms)
        return decision if isinstance(decision, Rejection) else decision.events

    def check_waiting(self) -> None:
        """Nothing is free to a line that waits."""
        for reservation in self.world.reservations.values():
            if 0 < reservation.expires_at_ms <= self.world.now_ms:
                continue
            for line in reservation.lines:
                stock = self.world.stocks[line.key]
                share = self.share(reservation.channel)
                if line.queued and stock.available > 0:
                    free = share.at_most(line.key.location, stock.available)
                    assert free <= 0, (reservation, free)


def walk(random: Random, steps: int = 25) -> None:
    walked = Walk(random)
    for _ in range(steps):
        walked.step()


def walks(seeds: Iterable[int]) -> None:
    for seed in seeds:
        walk(Random(seed))


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_fences_hold_and_what_is_shown_may_be_had(random: Random) -> None:
    walk(random)


def _plant(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = dict(drawing.DRAWS)
    if fault == "a till sale draws nothing":
        del draws[StockSold]
    elif fault == "who was served draws nothing":
        del draws[WaitFilled]
    elif fault == "what is released stays drawn":
        del draws[HoldReleased]
    monkeypatch.setattr(drawing, "DRAWS", draws)
    if fault == "fences are looked at one by one":
        whole = channel_rules._fences
        monkeypatch.setattr(
            channel_rules,
            "_fences",
            lambda served, shelf: tuple(one for each in served for one in whole([each], shelf)),
        )
    elif fault == "the basket's earlier lines do not count":
        monkeypatch.setattr(Share, "free", _forgetful(Share.free))


def _forgetful(free: Callable[[Share, str, dict[str, int]], int]) -> Any:
    return lambda share, location, _taken: free(share, location, {})


FAULTS = (
    "a till sale draws nothing",
    "who was served draws nothing",
    "what is released stays drawn",
    "fences are looked at one by one",
    "the basket's earlier lines do not count",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(fault, monkeypatch)
    with pytest.raises(AssertionError):
        walks(range(40))
