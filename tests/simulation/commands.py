"""What callers of a simulated node ask for: all that `tests.model.commands` knows within one shard,
and baskets over several."""

from collections.abc import Callable, Sequence

from engine.core.channels import Channel
from engine.core.commands import (
    Allocate,
    BasketLine,
    Command,
    Commit,
    Configure,
    ConfigureChannel,
    ConfigureLocations,
    Extend,
    LimitCustomers,
    Receive,
    Release,
    Reserve,
    SendTransfer,
    Ship,
)
from engine.core.configuration import Location
from engine.core.model import Key, Selling
from engine.shard.slots import shard_of, slot_of, slot_of_reservation
from tests.model import commands as one_shard
from tests.model.commands import LOCATIONS, SECONDS, Choose
from tests.model.warehouse import ALLOCATED, HELD, LOST, WAITING, Basket
from tests.simulation.predictor import Predictor

NAMES = [f"{name}-{number}" for number in range(40) for name in ("TEA", "MUG", "JAR")]
PLACES = LOCATIONS[:2]
WEB = ("SOUTH", "NORTH")
"""Where channel "web" sells from, best first."""


def skus_of(shard: int, shards: int) -> list[str]:
    """Two SKUs of a shard."""
    return [sku for sku in NAMES if shard_of(slot_of("", sku), shards) == shard][:2]


class ShardChoose(Choose):
    """Makes choices about the SKUs and baskets of one shard."""

    def __init__(self, predictor: Predictor, shards: int, one_of: Callable[..., object]) -> None:
        super().__init__(predictor.model, one_of)
        self.predictor = predictor
        self.shards = shards
        self.skus = skus_of(predictor.shard, shards)
        self.keys = [Key("", sku, place) for sku in self.skus for place in PLACES]

    def key(self) -> Key:
        return self.of([*self.keys, *self.keys[:1] * 3])

    def basket(self, *states: str) -> str:
        return self._basket(states, wide=False)

    def wide_basket(self, *states: str) -> str:
        """The id of a basket over several shards."""
        return self._basket(states, wide=True)

    def _basket(self, states: Sequence[str], *, wide: bool) -> str:
        own = [one for one in self.model.baskets.values() if self.is_own(one)]
        own = [one for one in own if self.is_wide(one) is wide]
        ids = [one.reservation_id for one in own if one.having(*states)][-4:]
        others = [one.reservation_id for one in own[-2:]]
        return self.of([*ids, *ids, *ids, *(others or ["nobody"])])

    def is_own(self, basket: Basket) -> bool:
        """Whether this shard is its home."""
        slot = slot_of_reservation(basket.reservation_id)
        is_attempt = "/" in basket.reservation_id
        return (
            not is_attempt
            and slot is not None
            and (shard_of(slot, self.shards) == self.predictor.shard)
        )

    def is_wide(self, basket: Basket) -> bool:
        return not all(self.predictor.is_own(key.sku) for _, key in basket.places)

    def line(self, line_id: str) -> BasketLine:
        sku = self.of([*self.skus, self.skus[0]])
        here, several, group = self.of(
            [("NORTH", (), ""), ("NORTH", (), ""), ("SOUTH", (), ""), ("", ("SOUTH", "NORTH"), "")]
        )
        return BasketLine(
            line_id,
            Key("", sku, here),
            self.of(one_shard.UNITS),
            minimum=self.of([0, 0, 1]),
            locations=several,
            group=group,
            allow_backorder=self.of([False, True, False]),
            customer_limit=self.of([0, 0, 0, 0, 0, 4]),
        )


def wide_lines(choose: ShardChoose) -> tuple[BasketLine, ...]:
    """Lines of several shards, the first of this one."""
    others = [shard for shard in range(choose.shards) if shard != choose.predictor.shard]
    first = choose.of(others)
    named = [choose.predictor.shard, first, *choose.of([[], [], others])]
    return tuple(
        BasketLine(
            str(number),
            Key("", choose.of(skus_of(shard, choose.shards)), choose.of(["NORTH", *PLACES])),
            choose.of([1, 1, 2, 3]),
        )
        for number, shard in enumerate(dict.fromkeys(named), 1)
    )


def wide_reserve(choose: ShardChoose) -> Command:
    return Reserve(
        "",
        wide_lines(choose),
        ttl_ms=choose.of(SECONDS),
        channel=choose.of(["", "web"]),
        customer=choose.of(["ann", "bob", ""]),
    )


def wide_allocate(choose: ShardChoose) -> Command:
    return Allocate("", wide_lines(choose), customer=choose.of(["ann", "bob", ""]))


def wide_commit(choose: ShardChoose) -> Command:
    return Commit("", choose.wide_basket(HELD, LOST))


def wide_release(choose: ShardChoose) -> Command:
    return Release("", choose.wide_basket(HELD, ALLOCATED))


def wide_extend(choose: ShardChoose) -> Command:
    return Extend("", choose.wide_basket(HELD, WAITING), ttl_ms=choose.of(SECONDS))


def wide_ship(choose: ShardChoose) -> Command:
    return Ship("", choose.wide_basket(ALLOCATED))


def send_transfer(choose: ShardChoose) -> Command:
    here, there = choose.of([PLACES, PLACES[::-1]])
    return SendTransfer("", choose.of(choose.skus), here, there, choose.of([1, 2, 3]))


def stop_or_go_on(choose: ShardChoose) -> Command:
    return Configure(choose.keys[0], selling=choose.of([Selling.OPEN, Selling.STOPPED]))


NARROW: list[Callable[[ShardChoose], Command]] = [
    *[one_shard.reserve] * 8,
    *[one_shard.allocate] * 3,
    one_shard.extend,
    *[one_shard.commit] * 4,
    one_shard.confirm,
    *[one_shard.release] * 2,
    one_shard.pick,
    *[one_shard.ship] * 2,
    one_shard.return_,
    one_shard.sell,
    *[one_shard.receive] * 4,
    one_shard.take_back,
    one_shard.adjust,
    one_shard.set_on_hand,
    send_transfer,
    one_shard.receive_transfer,
    stop_or_go_on,
]
WIDE: list[Callable[[ShardChoose], Command]] = [
    *[wide_reserve] * 8,
    *[wide_allocate] * 2,
    *[wide_commit] * 4,
    *[wide_release] * 2,
    wide_extend,
    *[wide_ship] * 2,
]


def limit(choose: ShardChoose) -> Command:
    """Told by the first shard to all others."""
    shard = choose.of(range(choose.shards))
    return LimitCustomers("", skus_of(shard, choose.shards)[0], choose.of([0, 6, 9]), 60_000)


def beginning(shards: int) -> list[Command]:
    """What every simulation begins with."""
    made: list[Command] = [
        ConfigureLocations("", tuple(Location(name, 0, "", True, ("all",)) for name in PLACES)),
        ConfigureChannel("", Channel("web", WEB)),
        ConfigureChannel("", Channel("shop", ("NORTH",))),
        LimitCustomers("", skus_of(shards - 1, shards)[0], 9, 60_000),
    ]
    for shard in range(shards):
        for number, sku in enumerate(skus_of(shard, shards)):
            north, south = (Key("", sku, place) for place in PLACES)
            made += [Receive(north, 9 - 4 * number), Receive(south, 4)]
            made.append(Configure(north, backorder_limit=2))
    return made


def slot_for(command: object) -> int:
    """The slot that a command is sent to."""
    named: object = getattr(command, "reservation_id", "") or getattr(command, "transfer_id", "")
    if isinstance(named, str) and named:
        return slot_of_reservation(named) or 0
    if isinstance(command, SendTransfer):
        return slot_of("", command.sku)
    if hasattr(command, "key"):
        return slot_of("", command.key.sku)
    if isinstance(command, Reserve | Allocate):
        return slot_of("", command.lines[0].key.sku)
    return 0
