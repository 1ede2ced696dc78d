"""ConfigureLocations, DefineKit, LimitCustomers and ConfigureHolds: what is recorded, what is so
already, and what is refused."""

import pytest

from engine.core.commands import (
    Command,
    ConfigureHolds,
    ConfigureLocations,
    DefineKit,
    LimitCustomers,
)
from engine.core.configuration import Component, Kit, Location
from engine.core.events import (
    CustomersLimited,
    Event,
    HoldsConfigured,
    KitDefined,
    LocationsConfigured,
)
from engine.core.limits import PREFERENCES_MAX
from engine.core.model import Key, Settings
from engine.core.rejections import KitInKit, Rejection, TooMany
from tests.core.world import World

LONDON = Location("LONDON", 1, groups=("shops",))
PARIS = Location("PARIS", 2, groups=("shops",))
SET = Kit("SET", (Component("CUP", 2), Component("POT", 1)))
CONFIGURED: tuple[Event, ...] = (
    LocationsConfigured("", (LONDON, PARIS)),
    KitDefined("", SET),
    CustomersLimited("", "TEA", 3, 9_000),
)
USUAL = Settings()
USUAL_CHECKOUT_MS, USUAL_ORDER_MS = USUAL.hold_checkout_ms, USUAL.hold_order_ms


def in_shops(first: int, last: int, *, enabled: bool = True) -> tuple[Location, ...]:
    return tuple(
        Location(f"SHOP {number}", groups=("shops",), enabled=enabled)
        for number in range(first, last + 1)
    )


ROWS: list[tuple[str, Command, object]] = [
    (
        "locations: new ones",
        ConfigureLocations("", (Location("ROME"), Location("OSLO", enabled=False))),
        LocationsConfigured("", (Location("ROME"), Location("OSLO", enabled=False))),
    ),
    (
        "locations: only what is not so already",
        ConfigureLocations("", (LONDON, Location("PARIS", 3), Location("ROME"))),
        LocationsConfigured("", (Location("PARIS", 3), Location("ROME"))),
    ),
    ("locations: all of it is so", ConfigureLocations("", (PARIS, LONDON)), None),
    (
        "locations: of another tenant",
        ConfigureLocations("acme", (LONDON,)),
        LocationsConfigured("acme", (LONDON,)),
    ),
    (
        "locations: as many of one group as there may be",
        ConfigureLocations("", in_shops(3, PREFERENCES_MAX)),
        LocationsConfigured("", in_shops(3, PREFERENCES_MAX)),
    ),
    (
        "locations: one too many of a group",
        ConfigureLocations("", (Location("ROME"), *in_shops(2, PREFERENCES_MAX))),
        TooMany(Key("", "", "SHOP 2"), "groups", PREFERENCES_MAX + 1, PREFERENCES_MAX),
    ),
    (
        "locations: disabled ones do not count",
        ConfigureLocations("", in_shops(2, PREFERENCES_MAX, enabled=False)),
        LocationsConfigured("", in_shops(2, PREFERENCES_MAX, enabled=False)),
    ),
    (
        "locations: one leaves the group for another",
        ConfigureLocations("", (Location("PARIS", 2), *in_shops(2, PREFERENCES_MAX))),
        LocationsConfigured("", (Location("PARIS", 2), *in_shops(2, PREFERENCES_MAX))),
    ),
    (
        "kit: a new one",
        DefineKit("", "BOX", (Component("TEA", 9),)),
        KitDefined("", Kit("BOX", (Component("TEA", 9),))),
    ),
    (
        "kit: other components",
        DefineKit("", "SET", (Component("CUP", 3),)),
        KitDefined("", Kit("SET", (Component("CUP", 3),))),
    ),
    ("kit: as it is", DefineKit("", "SET", SET.components), None),
    ("kit: no longer", DefineKit("", "SET", ()), KitDefined("", Kit("SET"))),
    ("kit: no longer what never was", DefineKit("", "TEA", ()), None),
    ("kit: no longer what is a component", DefineKit("", "CUP", ()), None),
    (
        "kit: with a kit in it",
        DefineKit("", "BOX", (Component("TEA", 9), Component("SET", 1))),
        KitInKit("BOX", "SET"),
    ),
    (
        "kit: of what is a component",
        DefineKit("", "CUP", (Component("CLAY", 1),)),
        KitInKit("SET", "CUP"),
    ),
    ("kit: of itself", DefineKit("", "BOX", (Component("BOX", 1),)), KitInKit("BOX", "BOX")),
    (
        "kit: of another tenant's component",
        DefineKit("acme", "CUP", (Component("SET", 1),)),
        KitDefined("acme", Kit("CUP", (Component("SET", 1),))),
    ),
    (
        "limit: a new one",
        LimitCustomers("", "MUG", 2),
        CustomersLimited("", "MUG", 2),
    ),
    (
        "limit: another window",
        LimitCustomers("", "TEA", 3, 8_000),
        CustomersLimited("", "TEA", 3, 8_000),
    ),
    ("limit: as it is", LimitCustomers("", "TEA", 3, 9_000), None),
    ("limit: no longer", LimitCustomers("", "TEA", 0), CustomersLimited("", "TEA", 0)),
    ("limit: no longer what never was", LimitCustomers("", "MUG", 0, 5_000), None),
    (
        "holds: one class",
        ConfigureHolds("", cart_ms=7_000),
        HoldsConfigured("", 7_000, USUAL_CHECKOUT_MS, USUAL_ORDER_MS),
    ),
    (
        "holds: all classes",
        ConfigureHolds("", 7_000, 8_000, 9_000),
        HoldsConfigured("", 7_000, 8_000, 9_000),
    ),
    ("holds: as they are", ConfigureHolds("", order_ms=USUAL_ORDER_MS), None),
]


@pytest.mark.parametrize(("command", "then"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_configuration(command: Command, then: object) -> None:
    world = World(configured=CONFIGURED)
    result = world.do(command)
    if isinstance(then, Rejection):
        assert result == then
    else:
        assert not isinstance(result, Rejection)
        assert world.decision.events == (() if then is None else (then,))
    if world.decision.events:
        world.do(command)
        assert not world.decision.events, "a second time it is so already"


def test_a_kit_that_is_none_any_more_may_be_a_component() -> None:
    world = World(configured=CONFIGURED)
    world.do(DefineKit("", "SET", ()))
    world.do(DefineKit("", "CUP", (Component("CLAY", 1),)))
    world.do(DefineKit("", "BOX", (Component("SET", 1),)))
    assert world.kit("", "CUP") == Kit("CUP", (Component("CLAY", 1),))
    assert world.part_of("", "SET") == "BOX"
    assert world.part_of("", "POT") is None


def test_a_component_of_two_kits_is_freed_by_neither_alone() -> None:
    world = World(configured=(*CONFIGURED, KitDefined("", Kit("BOX", (Component("CUP", 1),)))))
    of_clay = DefineKit("", "CUP", (Component("CLAY", 1),))
    assert world.do(of_clay) == KitInKit("BOX", "CUP")
    world.do(DefineKit("", "BOX", (Component("TEA", 1),)))
    assert world.do(of_clay) == KitInKit("SET", "CUP")
    world.do(DefineKit("", "SET", ()))
    assert not isinstance(world.do(of_clay), Rejection)


def test_components_may_change_places() -> None:
    world = World(configured=CONFIGURED)
    world.do(DefineKit("", "SET", (Component("POT", 2), Component("CUP", 1))))
    assert world.kit("", "SET") == Kit("SET", (Component("POT", 2), Component("CUP", 1)))
