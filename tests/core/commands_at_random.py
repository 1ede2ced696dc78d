"""Commands at random over few keys and small numbers, so that they meet each other often."""

from collections.abc import Callable
from random import Random

from engine.core.commands import (
    Adjust,
    Allocate,
    BasketLine,
    Command,
    Commit,
    Configure,
    Extend,
    LineQuantity,
    Receive,
    Release,
    Reserve,
    Sell,
    SetOnHand,
    Ship,
)
from engine.core.model import Fill, IfShort, Key, Remainder, Selling
from tests.core.auditor import Auditor

KEYS = [Key("", sku, "LONDON") for sku in ("TEA", "tea", "MUG")]
CHANNELS = ["", "web", "shop"]
UNITS = [1, 1, 2, 3, 5, 8]


def walk(random: Random, steps: int, *, told: bool) -> Auditor:
    """Take so many steps under audit. `told`: facts may be recorded that could not be asked for."""
    auditor = Auditor()
    for key in KEYS:
        auditor.do(Receive(key, random.choice([3, 10, 30])))
    for _ in range(steps):
        make = random.choice(_MAKERS)
        if make is None:
            _pass_time(random, auditor)
        else:
            auditor.do(make(random, auditor, told))
    auditor.check_replay()
    return auditor


def _pass_time(random: Random, auditor: Auditor) -> None:
    auditor.wait(random.choice([1, 999, 1_000, 2_000]))
    if random.random() < 0.5:
        auditor.sweep()


def _if_short(random: Random, told: bool) -> IfShort:
    return IfShort.RECORD if told and random.random() < 0.4 else IfShort.REFUSE


def _basket(random: Random) -> tuple[BasketLine, ...]:
    return tuple(
        BasketLine(str(number), random.choice(KEYS), random.choice(UNITS), random.choice([0, 0, 1]))
        for number in range(random.choice([1, 1, 2, 4]))
    )


def _reservation_id(random: Random, auditor: Auditor) -> str:
    # Recent ones are alive more often; one id is never there.
    return random.choice([*list(auditor.world.reservations)[-4:], "r0"])


def _parts(random: Random) -> tuple[LineQuantity, ...]:
    line_ids = random.sample("0123", random.choice([0, 0, 1, 2]))
    return tuple(LineQuantity(line_id, random.choice([0, 0, 1, 2])) for line_id in line_ids)


def _reserve(random: Random, _auditor: Auditor, _told: bool) -> Command:
    return Reserve(
        "",
        _basket(random),
        fill=random.choice(list(Fill)),
        ttl_ms=random.choice([1_000, 3_000]),
        channel=random.choice(CHANNELS),
    )


def _allocate(random: Random, _auditor: Auditor, told: bool) -> Command:
    return Allocate("", _basket(random), _if_short(random, told), channel=random.choice(CHANNELS))


def _extend(random: Random, auditor: Auditor, _told: bool) -> Command:
    return Extend("", _reservation_id(random, auditor), ttl_ms=random.choice([1_000, 3_000]))


def _commit(random: Random, auditor: Auditor, _told: bool) -> Command:
    reference = random.choice(["", "", "order"])
    remainder = random.choice(list(Remainder))
    return Commit("", _reservation_id(random, auditor), _parts(random), remainder, reference)


def _release(random: Random, auditor: Auditor, _told: bool) -> Command:
    return Release("", _reservation_id(random, auditor), _parts(random))


def _ship(random: Random, auditor: Auditor, _told: bool) -> Command:
    return Ship("", _reservation_id(random, auditor), _parts(random))


def _sell(random: Random, _auditor: Auditor, told: bool) -> Command:
    return Sell(
        random.choice(KEYS),
        random.choice(UNITS),
        _if_short(random, told),
        channel=random.choice(CHANNELS),
    )


def _receive(random: Random, _auditor: Auditor, _told: bool) -> Command:
    return Receive(random.choice(KEYS), random.choice(UNITS))


def _adjust(random: Random, _auditor: Auditor, told: bool) -> Command:
    delta = random.choice([-5, -2, -1, 1, 3])
    return Adjust(random.choice(KEYS), delta, "COUNT", "note", _if_short(random, told))


def _count(random: Random, _auditor: Auditor, told: bool) -> Command:
    return SetOnHand(
        random.choice(KEYS),
        random.choice([0, 2, 9, 20]),
        if_version=random.choice([None, None, 1]),
        if_short=_if_short(random, told),
    )


def _configure(random: Random, _auditor: Auditor, _told: bool) -> Command:
    return Configure(
        random.choice(KEYS),
        safety_stock=random.choice([None, 0, 1]),
        tracked=random.choice([None, True, True, False]),
        selling=random.choice([None, Selling.OPEN, Selling.OPEN, Selling.STOPPED]),
        channel_buffers=random.choice([(), (("web", 2),), (("web", 0), ("shop", 4))]),
    )


_MAKERS: list[Callable[[Random, Auditor, bool], Command] | None] = [
    None,  # Time passes.
    _reserve,
    _reserve,
    _reserve,
    _allocate,
    _extend,
    _commit,
    _commit,
    _release,
    _ship,
    _sell,
    _receive,
    _adjust,
    _count,
    _configure,
]
