"""Whatever the core decides, verification finds nothing wrong in it; but it finds out when the core
forgets those who wait."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import commands, decide
from engine.core.commands import BasketLine, Command
from engine.core.configuration import Location
from engine.core.events import Event
from engine.core.model import Fill, IfShort, Key, OnExpired, Selling
from engine.core.view import Decision
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import RocksLog
from engine.log.verify import Report, verify
from tests.core.world import World
from tests.log.effort import per_hundred_examples
from tests.log.ledger import Ledger

PLACES = ["LONDON", "PARIS"]
KEYS = [Key("", sku, place) for sku in ("TEA", "MUG") for place in PLACES]
STEPS = 100

Maker = Callable[[Random, str, Key], Command]
"""Makes a command at random, about a reservation or a SKU-location."""


def _units(random: Random) -> int:
    return random.choice([1, 1, 2, 3, 5])


def _basket(random: Random) -> tuple[BasketLine, ...]:
    return tuple(
        BasketLine(
            str(number),
            random.choice(KEYS),
            _units(random),
            allow_backorder=random.random() < 0.4,
        )
        for number in range(random.choice([1, 1, 2]))
    )


def _reserve(random: Random, _reservation_id: str, _key: Key) -> Command:
    return commands.Reserve(
        "",
        _basket(random),
        fill=random.choice(list(Fill)),
        ttl_ms=random.choice([1_000, 4_000]),
        channel=random.choice(["", "web"]),
        reference=random.choice(["", "order"]),
        customer=random.choice(["", "Ann"]),
        wait_ms=random.choice([0, 3_000]),
    )


def _allocate(random: Random, _reservation_id: str, _key: Key) -> Command:
    if_short = random.choice(list(IfShort))
    return commands.Allocate("", _basket(random), if_short=if_short, channel="web")


def _commit(random: Random, reservation_id: str, _key: Key) -> Command:
    return commands.Commit("", reservation_id, on_expired=random.choice(list(OnExpired)))


def _configure(random: Random, _reservation_id: str, key: Key) -> Command:
    return commands.Configure(
        key,
        safety_stock=random.choice([None, 0, 1]),
        selling=random.choice([None, Selling.OPEN, Selling.STOPPED]),
        backorder_limit=random.choice([None, 0, 3, 6]),
    )


def _configure_location(random: Random, _reservation_id: str, key: Key) -> Command:
    location = Location(key.location, enabled=random.random() < 0.7)
    return commands.ConfigureLocations("", (location,))


MAKERS: list[Maker] = [
    _reserve,
    _reserve,
    _reserve,
    _allocate,
    _commit,
    lambda _random, reservation_id, _key: commands.Release("", reservation_id),
    lambda _random, reservation_id, _key: commands.Ship("", reservation_id),
    lambda random, reservation_id, _key: commands.TransferReservation(
        "", reservation_id, random.choice(PLACES)
    ),
    lambda random, _reservation_id, key: commands.Receive(key, _units(random)),
    lambda random, _reservation_id, key: commands.Receive(key, 3 + _units(random)),
    lambda random, _reservation_id, key: commands.Sell(
        key, _units(random), if_short=random.choice(list(IfShort))
    ),
    _configure,
    _configure_location,
]


def _live(random: Random, world: World, ledger: Ledger, log: RocksLog) -> None:
    """Let commands come and time pass, several in one turn, and log what happens."""
    happen = world.happen

    def happen_and_log(decision: Decision) -> None:
        happen(decision)
        if decision.events:
            ledger.commit(*decision.events, command="Decided")

    world.happen = happen_and_log  # type: ignore[method-assign]
    ledger.now_ms = world.now_ms
    for key in KEYS:
        world.do(commands.Receive(key, 6))
    for _ in range(STEPS):
        if random.random() < 0.5:
            _end_turn(ledger, log)
            world.wait(random.choice([1, 1, 1_000, 2_000]))
            ledger.now_ms = world.now_ms
            world.sweep()
        reservation_id = random.choice([*list(world.reservations)[-6:], "none"])
        world.do(random.choice(MAKERS)(random, reservation_id, random.choice(KEYS)))
    _end_turn(ledger, log)


def _end_turn(ledger: Ledger, log: RocksLog) -> None:
    if ledger.commits:
        ledger.append(log)


def _verify_life(directory: Path, random: Random) -> Report:
    open_layout(directory, 1)
    log = RocksLog(shard_directory(directory, 0))
    _live(random, World(), Ledger(), log)
    log.close()
    return verify(directory)


@given(seed=st.integers(0, 2**32))
@per_hundred_examples(20)
def test_what_is_decided_at_random_is_clean(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    report = _verify_life(tmp_path_factory.mktemp("life") / "data", Random(seed))
    assert report.differences == []


def test_who_is_forgotten_in_the_queue_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> Sequence[Event]:
        return []

    monkeypatch.setattr(decide, "consequences", nobody)
    found = [
        difference
        for seed in range(6)
        for difference in _verify_life(tmp_path / str(seed), Random(seed)).differences
    ]
    assert any(" waits for " in difference for difference in found)
