"""Requests to commands, one converter each, for unary calls and for Execute alike.

A converter takes the request and the caller, and returns the home slot with the Write to submit
there; or, for a command that names its reservation by reference or builds on a position that is not
known here, what is to be asked first. It raises InvalidField, CursorForeign, or Rejected (an id
that is none of ours), all before anything is submitted.
"""

from collections.abc import Callable
from typing import Any

from engine.rpc import convert_baskets as baskets
from engine.rpc import convert_channels as channels
from engine.rpc import convert_configuration as configuration
from engine.rpc import convert_stock as stock
from engine.rpc.convert_parts import Caller, Submission, Unsettled

Converter = Callable[[Any, Caller], Submission | Unsettled]
"""A checked conversion of one kind of request."""

CONVERTERS: dict[str, Converter] = {
    "reserve": baskets.reserve,
    "extend": baskets.extend,
    "commit": baskets.commit,
    "release": baskets.release,
    "allocate": baskets.allocate,
    "ship": baskets.ship,
    "sell": stock.sell,
    "receive": stock.receive,
    "adjust": stock.adjust,
    "set_on_hand": stock.set_on_hand,
    "configure": stock.configure,
    "amend": baskets.amend,
    "confirm": baskets.confirm,
    "pick": baskets.pick,
    "unpick": baskets.unpick,
    "return": baskets.return_,
    "transfer_reservation": baskets.transfer_reservation,
    "expect": stock.expect,
    "take_back": stock.take_back,
    "move": stock.move,
    "send_transfer": stock.send_transfer,
    "receive_transfer": stock.receive_transfer,
}
"""The converter of each command, by its name in the oneof of `Command`."""

CONFIGURATION_CONVERTERS: dict[str, Converter] = {
    "configure_locations": configuration.configure_locations,
    "define_kit": configuration.define_kit,
    "limit_customers": configuration.limit_customers,
    "configure_holds": configuration.configure_holds,
}
"""The converters of the commands of ConfigurationService."""

CHANNEL_CONVERTERS: dict[str, Converter] = {
    "configure_channel": channels.configure_channel,
    "set_channel_policies": channels.set_channel_policies,
    "define_sku_group": channels.define_sku_group,
}
"""The converters of those commands of ChannelService that ask for nothing before."""
