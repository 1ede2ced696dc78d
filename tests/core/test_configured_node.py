"""What is configured for the node, as its events leave it."""

import pytest

from engine.core import events
from engine.core.configuration import Component, Configuration, CustomerLimit, Kit, Location
from engine.core.evolve.configuration import evolve_configuration
from engine.core.model import Settings

SET = Kit("SET", (Component("MUG", 2),))


def _after(*happened: events.ConfigurationEvent) -> Configuration:
    configuration = Configuration()
    for event in happened:
        evolve_configuration(configuration, event)
    return configuration


def _located(*locations: Location, tenant: str = "t") -> events.LocationsConfigured:
    return events.LocationsConfigured(tenant, locations)


ZOO = Location("ZOO", 1, groups=("UK", "NORTH"))
ACE = Location("ACE", 2, groups=("UK",))
BEE = Location("BEE", 2, groups=("UK",))
SHUT = Location("SHUT", 0, enabled=False, groups=("UK",))

GROUPS: list[tuple[str, tuple[events.ConfigurationEvent, ...], tuple[str, ...]]] = [
    ("by priority, then name", (_located(BEE, ZOO, ACE),), ("ZOO", "ACE", "BEE")),
    ("without disabled ones", (_located(SHUT, ACE),), ("ACE",)),
    (
        "one that is disabled later",
        (_located(ACE, BEE), _located(Location("ACE", enabled=False, groups=("UK",)))),
        ("BEE",),
    ),
    ("one that has left the group", (_located(ACE, BEE), _located(Location("ACE"))), ("BEE",)),
    (
        "one whose priority changes",
        (_located(ACE, BEE), _located(Location("BEE", 1, groups=("UK",)))),
        ("BEE", "ACE"),
    ),
    ("another tenant's", (_located(ACE, tenant="u"),), ()),
    ("none at all", (), ()),
]


@pytest.mark.parametrize(
    ("happened", "names"),
    [(happened, names) for _, happened, names in GROUPS],
    ids=[name for name, _, _ in GROUPS],
)
def test_a_group_lists_its_locations(
    happened: tuple[events.ConfigurationEvent, ...], names: tuple[str, ...]
) -> None:
    configuration = Configuration()
    for event in happened:
        # Asked for in between, so that an answer that is kept would show.
        configuration.group("t", "UK")
        evolve_configuration(configuration, event)
    assert configuration.group("t", "UK") == names
    assert configuration.group("t", "UK") == names
    assert configuration.group("t", "SOUTH") == ()


def test_locations_that_are_not_stated_stay_as_they_are() -> None:
    configuration = _after(_located(ACE, BEE), _located(Location("ACE", 9)))
    assert configuration.location("t", "ACE") == Location("ACE", 9)
    assert configuration.location("t", "BEE") == BEE
    assert configuration.location("t", "ZOO") is None


def test_a_kit_without_components_and_a_limit_of_nothing_are_gone() -> None:
    defined = events.KitDefined("t", SET), events.CustomersLimited("t", "MUG", 3, 60_000)
    configuration = _after(*defined)
    assert configuration.kit("t", "SET") == SET
    assert configuration.customer_limit("t", "MUG") == CustomerLimit("MUG", 3, 60_000)
    configuration = _after(
        *defined, events.KitDefined("t", Kit("SET")), events.CustomersLimited("t", "MUG", 0)
    )
    assert configuration.kit("t", "SET") is None
    assert configuration.customer_limit("t", "MUG") is None


def test_hold_times_are_those_configured_last_for_the_tenant() -> None:
    default = Settings()
    configuration = _after(
        events.HoldsConfigured("t", 1_000, 2_000, 3_000),
        events.HoldsConfigured("t", 1_000, 2_000, 4_000),
    )
    assert configuration.settings("t", default) == Settings(1_000, 2_000, 4_000)
    assert configuration.settings("u", default) is default
    assert _after().settings("t", default) is default
