"""Commands by choice where channels are configured: how they are, and what they may sell."""

from collections.abc import Callable

from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms
from engine.core.commands import Command, ConfigureChannel, SetChannelPolicies
from tests.model.commands import LOCATIONS, SET, SKUS, Choose


def terms(choose: Choose) -> ChannelTerms:
    buffer = choose.of([None, Buffer(units=0), Buffer(units=1), Buffer(percent=25)])
    is_fenced = choose.of([False, False, True])
    return ChannelTerms(
        buffer,
        choose.of([None, None, None, 2, 5]),
        choose.of([2, 4, 8]) if is_fenced else None,
    )


def configure_channel(choose: Choose) -> Command:
    locations = choose.of([(), LOCATIONS[:1], LOCATIONS[:2], LOCATIONS[1::-1], LOCATIONS[1:]])
    channel = Channel(choose.of(["web", "shop"]), tuple(locations), terms=terms(choose))
    return ConfigureChannel("", channel, remove=choose.of([False] * 9 + [True]))


def set_channel_policies(choose: Choose) -> Command:
    sku = choose.of([*SKUS[:2], *SKUS, SET, SET])
    stated = choose.of([terms(choose), terms(choose), None])
    policy = ChannelPolicy(sku, terms=stated)
    return SetChannelPolicies("", choose.of(["web", "shop"]), (policy,))


OF_CHANNELS: list[Callable[[Choose], Command]] = [configure_channel, set_channel_policies]
"""What is asked for besides where channels are configured, as often as all configuration above."""

CHANNELS: list[Command] = [
    ConfigureChannel("", Channel("web", ("SOUTH", "NORTH"))),
    ConfigureChannel("", Channel("shop", ("NORTH",), terms=ChannelTerms(None, None, 3))),
]
"""What a trial with channels begins with besides."""
