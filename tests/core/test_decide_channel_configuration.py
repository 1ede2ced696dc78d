"""Configuring channels: what is so already makes no event, and what may not be is refused."""

import pytest

from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.commands import (
    Command,
    ComputeBuffer,
    ConfigureChannel,
    DefineSkuGroup,
    SetChannelPolicies,
)
from engine.core.events import (
    BufferComputed,
    ChannelConfigured,
    ChannelPoliciesSet,
    SkuGroupDefined,
)
from engine.core.limits import ALLOCATIONS_PER_SKU_MAX
from engine.core.rejections import (
    NoDynamicBuffer,
    TooManyAllocations,
    UnknownChannel,
    UnknownSkuGroup,
)
from engine.core.view import Decision
from tests.core.world import START_MS, World

ALL = ChannelTerms(Buffer(units=0))
WEB = Channel("web")
DYNAMIC = ChannelTerms(Buffer(dynamic=DynamicBuffer(2.0, 4.0, 1.0)))


def decided(world: World, command: Command) -> object:
    """The events, or the rejection."""
    result = world.try_to(command)
    return world.decision.events if world.decision != Decision() else result


def test_a_channel_is_configured_once() -> None:
    world = World()
    command = ConfigureChannel("", Channel("web", ("A",)))
    assert decided(world, command) == (ChannelConfigured("", Channel("web", ("A",))),)
    world.do(command)
    assert world.decision.events == ()
    removed = ConfigureChannel("", Channel("web", ("B",)), remove=True)
    assert decided(world, removed) == (ChannelConfigured("", WEB, removed=True),)
    assert world.do(removed) == UnknownChannel("web")
    assert world.do(SetChannelPolicies("", "web", ())) == UnknownChannel("web")


def test_an_allocation_is_dated_by_its_statement_each_time() -> None:
    world = World()
    command = ConfigureChannel("", Channel("web", terms=ChannelTerms(None, None, 6, 77)))
    stated = []
    for _ in range(2):
        world.do(command)
        terms = world.channels.channels["", "web"].terms
        stated.append(terms.allocation_since_ms)
    assert stated == [START_MS, START_MS + 1]


def test_policies_and_groups() -> None:
    world = World()
    world.do(ConfigureChannel("", WEB))
    policies = (ChannelPolicy("TEA", "", ALL), ChannelPolicy("", "hot", ALL))
    assert world.do(SetChannelPolicies("", "web", policies)) == UnknownSkuGroup("hot")
    group = SkuGroup("hot", ("CUP",), ("T",))
    defined = DefineSkuGroup("", "hot", ("CUP",), ("T",))
    assert decided(world, defined) == (SkuGroupDefined("", group),)
    command = SetChannelPolicies("", "web", policies)
    assert decided(world, command) == (ChannelPoliciesSet("", "web", policies),)
    world.do(command)
    world.do(defined)
    assert world.decision.events == ()
    gone = (ChannelPolicy("TEA"), ChannelPolicy("NONE"))
    assert decided(world, SetChannelPolicies("", "web", gone)) == (
        ChannelPoliciesSet("", "web", gone[:1]),
    )
    assert decided(world, DefineSkuGroup("", "hot")) == (SkuGroupDefined("", SkuGroup("hot")),)


def test_so_many_channels_may_have_an_allocation_of_a_sku() -> None:
    world = World()
    for number in range(ALLOCATIONS_PER_SKU_MAX):
        world.do(ConfigureChannel("", Channel(f"c{number}")))
        policy = ChannelPolicy("TEA", "", ChannelTerms(None, None, 1))
        world.do(SetChannelPolicies("", f"c{number}", (policy,)))
    too_many = TooManyAllocations(ALLOCATIONS_PER_SKU_MAX + 1, ALLOCATIONS_PER_SKU_MAX)
    widely = ConfigureChannel("", Channel("more", terms=ChannelTerms(None, None, 1)))
    assert world.do(widely) == too_many
    world.do(ConfigureChannel("", Channel("more")))
    assert world.do(SetChannelPolicies("", "more", (policy,))) == too_many
    other = ChannelPolicy("CUP", "", ChannelTerms(None, None, 1))
    assert decided(world, SetChannelPolicies("", "more", (other,))) != too_many
    assert world.do(SetChannelPolicies("", "c0", (policy,))) != too_many


@pytest.mark.parametrize(
    ("sales", "mean", "deviation", "units"),
    [
        # Twice the root of four times the squared deviation and the squared mean.
        ((), 0.0, 0.0, 0),
        ((0, 0, 0), 0.0, 0.0, 0),
        ((3, 3, 3), 3.0, 0.0, 6),
        ((1, 3), 2.0, 1.0, 6),
        ((0, 4, 0, 4), 2.0, 2.0, 9),
    ],
)
def test_a_buffer_follows_from_sales(
    sales: tuple[int, ...], mean: float, deviation: float, units: int
) -> None:
    world = World()
    world.do(ConfigureChannel("", Channel("web", terms=DYNAMIC)))
    parameters = DynamicBuffer(2.0, 4.0, 1.0)
    computed = ComputedBuffer("web", "TEA", parameters, mean, deviation, units, START_MS)
    command = ComputeBuffer("", "web", "TEA", sales)
    assert decided(world, command) == (BufferComputed("", computed),)
    assert world.channels.computed_buffer("", "web", "TEA") == computed


def test_only_a_dynamic_buffer_is_computed() -> None:
    world = World()
    assert world.do(ComputeBuffer("", "web", "TEA", ())) == UnknownChannel("web")
    world.do(ConfigureChannel("", WEB))
    assert world.do(ComputeBuffer("", "web", "TEA", ())) == NoDynamicBuffer("web", "TEA")
