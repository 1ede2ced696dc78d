"""Commands by choice, over few SKUs, few locations and small numbers, so that they meet each other
often. Whoever chooses decides: a seeded random number generator, or hypothesis, which shrinks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    BasketLine,
    Command,
    Commit,
    Configure,
    ConfigureHolds,
    ConfigureLocations,
    Confirm,
    DefineKit,
    Expect,
    Extend,
    LimitCustomers,
    LineQuantity,
    Move,
    Pick,
    PickedLine,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Return,
    Sell,
    SendTransfer,
    SetOnHand,
    Ship,
    TakeBack,
    TransferReservation,
    Unpick,
)
from engine.core.configuration import Component, Location
from engine.core.model import (
    Fill,
    IfShort,
    Key,
    OnExpired,
    OnOverdue,
    Remainder,
    Selling,
    Strategy,
)
from tests.model.model import Model
from tests.model.warehouse import ALLOCATED, HELD, LOST, OPEN, RETURNED, SHIPPED, WAITING

Chosen = TypeVar("Chosen")

SKUS = ["TEA", "MUG", "JAR"]
SET = "SET"
LOCATIONS = ["NORTH", "SOUTH", "SHOP"]
KEYS = [Key("", sku, location) for sku in SKUS for location in LOCATIONS[:2]]
UNITS = [1, 2, 3, 1, 5]
SECONDS = [1_000, 2_000, 5_000, 60_000]


class Choose:
    """Makes choices by one function: it is given the options, and gives one of them."""

    def __init__(self, model: Model, one_of: Callable[[Sequence[object]], object]) -> None:
        self.model = model
        self.kits_alone = False
        """Whether a kit is the only line of its basket."""
        self._one_of = one_of

    def of(self, options: Sequence[Chosen]) -> Chosen:
        return self._one_of(options)  # type: ignore[return-value]

    def key(self) -> Key:
        """One of few, the first ones more often; all of them are there from the beginning."""
        return self.of([*KEYS, *KEYS[:2] * 3, *KEYS[:1] * 3, Key("", "TEA", "SHOP")])

    def told(self) -> IfShort:
        return self.of([IfShort.REFUSE, IfShort.REFUSE, IfShort.RECORD])

    def basket(self, *states: str) -> str:
        """The id of a basket, mostly of one of the last that have units in these states."""
        baskets = list(self.model.baskets.values())
        ids = [basket.reservation_id for basket in baskets if basket.having(*states)][-4:]
        others = [one.reservation_id for one in baskets[-2:]]
        return self.of([*ids, *ids, *ids, *(others or ["nobody"])])

    def parts(self, reservation_id: str) -> tuple[LineQuantity, ...]:
        basket = self.model.baskets.get(reservation_id)
        line_ids = list(dict.fromkeys(line_id for line_id, _ in basket.places)) if basket else []
        named = self.of([[], [], line_ids[:1], line_ids[-1:], line_ids[:2], ["none"]])
        return tuple(LineQuantity(line_id, self.of([0, 1, 1, 2])) for line_id in named)

    def line(self, line_id: str) -> BasketLine:
        kits = [SET] if self.model.kits else SKUS[1:2]
        sku = self.of([*SKUS, *SKUS[:1] * 4, *kits])
        here, several = self.of(["NORTH", "NORTH", "SOUTH"]), ("", ("SOUTH", "NORTH"), "")
        location, locations, group = self.of(
            [(here, (), ""), (here, (), ""), (here, (), ""), several, ("", (), "all")]
        )
        return BasketLine(
            line_id,
            Key("", sku, location),
            self.of(UNITS),
            minimum=self.of([0, 0, 1]),
            locations=locations,
            group=group,
            allow_backorder=self.of([False, True, False]),
            customer_limit=self.of([0, 0, 0, 0, 0, 4]),
        )

    def lines(self) -> tuple[BasketLine, ...]:
        line_ids = self.of(["1", "1", "12", "123"])
        lines = tuple(self.line(line_id) for line_id in line_ids)
        is_alone = len(lines) == 1 or not self.kits_alone
        return lines if is_alone else tuple(one for one in lines if one.key.sku != SET) or lines[:1]


def reserve(choose: Choose) -> Command:
    lines = choose.lines()
    has_kit = any(line.key.sku == SET for line in lines)
    return Reserve(
        "",
        lines,
        fill=(fill := choose.of(list(Fill)[: 1 if choose.kits_alone and has_kit else 2])),
        ttl_ms=choose.of([0, *SECONDS]),
        channel=choose.of(["", "web", "shop"]),
        customer=choose.of(["ann", "ann", "bob", ""]),
        strategy=choose.of(list(Strategy)),
        split=choose.of([True, True, False]),
        wait_ms=0 if has_kit and fill is Fill.BEST_EFFORT else choose.of([0, 60_000, 60_000]),
    )


def allocate(choose: Choose) -> Command:
    return Allocate(
        "",
        choose.lines(),
        choose.told(),
        channel=choose.of(["", "web", "shop"]),
        customer=choose.of(["ann", "bob", ""]),
        confirm_within_ms=choose.of([0, *SECONDS[:2]]),
        on_overdue=choose.of(list(OnOverdue)),
    )


def amend(choose: Choose) -> Command:
    reservation_id = choose.basket(*OPEN)
    basket = choose.model.baskets.get(reservation_id)
    line_ids = list(dict.fromkeys(line_id for line_id, _ in basket.places)) if basket else []
    names = list(dict.fromkeys([*line_ids, "new"]))
    # What a line has lost to the deadline may be taken again, so it stays what it is.
    lost = {unit.line_id for unit in basket.having(LOST)} if basket else set()
    names = [name for name in names if name not in lost]
    changed = choose.of([names[:1], names[-1:], names[:2], []])
    dropped = [one for one in choose.of([[], names[1:2], names[:1], []]) if one not in changed]
    return Amend(
        "",
        reservation_id,
        tuple(choose.line(line_id) for line_id in changed),
        tuple(dropped),
        split=choose.of([True, True, False]),
    )


def extend(choose: Choose) -> Command:
    return Extend("", choose.basket(HELD, WAITING), ttl_ms=choose.of([0, *SECONDS]))


def commit(choose: Choose) -> Command:
    reservation_id = choose.basket(HELD, LOST)
    return Commit(
        "",
        reservation_id,
        choose.parts(reservation_id),
        choose.of(list(Remainder)),
        choose.of(["", "order"]),
        choose.of(list(OnExpired)),
        choose.of([0, 0, *SECONDS[:2]]),
        choose.of(list(OnOverdue)),
    )


def confirm(choose: Choose) -> Command:
    return Confirm("", choose.basket(ALLOCATED))


def release(choose: Choose) -> Command:
    reservation_id = choose.basket(*OPEN)
    return Release("", reservation_id, choose.parts(reservation_id))


def pick(choose: Choose) -> Command:
    reservation_id = choose.basket(ALLOCATED)
    parts = [
        PickedLine(part.line_id, part.quantity, choose.of([0, 0, 1]))
        for part in choose.parts(reservation_id)
    ]
    return Pick("", reservation_id, tuple(parts))


def unpick(choose: Choose) -> Command:
    reservation_id = choose.basket(ALLOCATED)
    return Unpick("", reservation_id, choose.parts(reservation_id))


def ship(choose: Choose) -> Command:
    reservation_id = choose.basket(ALLOCATED, HELD)
    told = choose.told()
    away = ["", "", *LOCATIONS[:2]] if told is IfShort.RECORD else [""]
    parts = [
        LineQuantity(part.line_id, part.quantity, choose.of(away))
        for part in choose.parts(reservation_id)
    ]
    return Ship("", reservation_id, tuple(parts), if_unexpected=told)


def return_(choose: Choose) -> Command:
    reservation_id = choose.basket(SHIPPED, RETURNED)
    return Return(
        "",
        reservation_id,
        choose.parts(reservation_id),
        shipment_id=choose.of(["", "", "1", "2"]),
        unavailable_cause=choose.of(["", "damaged"]),
    )


def transfer_reservation(choose: Choose) -> Command:
    reservation_id = choose.basket(HELD, ALLOCATED)
    to_location = choose.of(LOCATIONS[:2])
    return TransferReservation("", reservation_id, to_location, choose.parts(reservation_id))


def sell(choose: Choose) -> Command:
    channel = choose.of(["", "web", "shop"])
    return Sell(choose.key(), choose.of(UNITS), choose.told(), channel=channel)


def receive(choose: Choose) -> Command:
    return Receive(
        choose.key(),
        choose.of([*UNITS, 8]),
        incoming_reference=choose.of(["", "", "", "PO-1"]),
        unavailable_cause=choose.of(["", "", "quality"]),
    )


def expect(choose: Choose) -> Command:
    return Expect(choose.key(), choose.of(["PO-1", "PO-2"]), choose.of([0, 2, 6]))


def take_back(choose: Choose) -> Command:
    return TakeBack(
        choose.key(), choose.of(UNITS), "CHANGED_MIND", unavailable_cause=choose.of(["", "damaged"])
    )


def adjust(choose: Choose) -> Command:
    cause = choose.of(["", "", "damaged", "missing"])
    delta = choose.of([-3, -1, 1, 2])
    return Adjust(choose.key(), delta, "FOUND", "note", choose.told(), unavailable_cause=cause)


def move(choose: Choose) -> Command:
    causes = choose.of([("", "damaged"), ("damaged", ""), ("missing", ""), ("damaged", "quality")])
    return Move(choose.key(), choose.of(UNITS), *causes, if_short=choose.told())


def set_on_hand(choose: Choose) -> Command:
    key = choose.key()
    shelf = choose.model.shelves.get(key)
    version = shelf.version if shelf else 0
    now_ms = choose.model.now_ms
    # A count of the time of an earlier one, or of before it, comes too late.
    last_ms = max(shelf.counted_ms.values(), default=now_ms) if shelf else now_ms
    return SetOnHand(
        key,
        choose.of([0, 2, 6, 12]),
        if_version=choose.of([None, None, version, 1]),
        if_on_hand=choose.of([None, None, None, 2]),
        if_short=choose.told(),
        observed_at_ms=choose.of([0, 0, last_ms, last_ms - 1, now_ms - 2_000, now_ms + 1]),
    )


def send_transfer(choose: Choose) -> Command:
    here, there = choose.of([LOCATIONS[:2], LOCATIONS[1::-1], LOCATIONS[::2]])
    return SendTransfer("", choose.of(SKUS), here, there, choose.of(UNITS), if_short=choose.told())


def receive_transfer(choose: Choose) -> Command:
    under_way = [name for name, (_, units) in choose.model.transfers.items() if units]
    return ReceiveTransfer(
        "",
        choose.of([*under_way, *under_way, "nobody"]),
        choose.of([0, 1, 2]),
        choose.of([1, 0, 0]),
        unavailable_cause=choose.of(["", "damaged"]),
    )


def configure(choose: Choose) -> Command:
    key = choose.key()
    # A SKU that is part of no kit while it is swapped for one: see Line.counted.
    tracked = [None, True, False] if key.sku == SKUS[2] else [None]
    return Configure(
        key,
        safety_stock=choose.of([None, 0, 1]),
        tracked=choose.of(tracked),
        selling=choose.of([None, None, Selling.OPEN, Selling.STOPPED]),
        channel_buffers=choose.of([(), (), (("web", 2),), (("web", 0), ("shop", 1))]),
        backorder_limit=choose.of([None, 0, 2, 5]),
    )


def stop_or_go_on(choose: Choose) -> Command:
    return Configure(KEYS[0], selling=choose.of([Selling.OPEN, Selling.STOPPED]))


def configure_locations(choose: Choose) -> Command:
    name = choose.of(LOCATIONS[:2])
    groups = choose.of([("all",), ("all",), ("all",), ()])
    enabled, priority = choose.of([True, True, True, False]), choose.of([0, 1])
    return ConfigureLocations("", (Location(name, priority, "", enabled, groups),))


def define_kit(choose: Choose) -> Command:
    components = choose.of(
        [
            (Component("TEA", 1), Component("MUG", 2)),
            (Component("JAR", 2),),
            (),
            (Component(SET, 1),),
        ]
    )
    return DefineKit("", SET, components)


def limit_customers(choose: Choose) -> Command:
    return LimitCustomers(
        "", choose.of(["TEA", SET]), choose.of([0, 6, 9]), choose.of([0, 2_000, 60_000])
    )


def configure_holds(choose: Choose) -> Command:
    return ConfigureHolds("", cart_ms=choose.of([1_000, 300_000]), order_ms=choose.of([0, 1_000]))


def configuration(choose: Choose) -> Command:
    makers = [configure_locations, define_kit, limit_customers, configure_holds]
    return choose.of(makers)(choose)


MAKERS: list[Callable[[Choose], Command]] = [
    *[reserve] * 10,
    *[allocate] * 4,
    *[amend] * 3,
    extend,
    *[commit] * 5,
    confirm,
    *[release] * 2,
    *[pick] * 2,
    unpick,
    *[ship] * 4,
    *[return_] * 2,
    *[transfer_reservation] * 2,
    sell,
    *[receive] * 3,
    expect,
    take_back,
    adjust,
    *[move] * 2,
    *[set_on_hand] * 2,
    send_transfer,
    receive_transfer,
    *[configure] * 2,
    *[stop_or_go_on] * 2,
    *[configuration] * 3,
]
"""What is asked for, about as often as it stands here."""

BEGINNING: list[Command] = [
    *[Receive(key, units) for key, units in zip(KEYS, [6, 3, 9, 3, 9, 4], strict=True)],
    *[Configure(key, backorder_limit=2) for key in KEYS[:4]],
    Configure(KEYS[0], channel_buffers=(("web", 1),)),
    LimitCustomers("", "TEA", 9, 60_000),
    *[ConfigureLocations("", (Location(name, 0, "", True, ("all",)),)) for name in LOCATIONS[:2]],
    DefineKit("", SET, (Component("TEA", 1), Component("MUG", 2))),
]
"""What every trial begins with."""

STEPS_MS = [*[0, 1] * 15, 200, 499, 999, 1_000, 2_001, 2_001, 10_000, 60_000, 86_400_000]
"""How far the clock goes on between two steps; often not at all."""
