"""Builds commands without sending them: for `Client.execute`, and shared by the methods of both
clients.

Every write takes the options of `WriteOptions` as keywords. Arguments that can never be right, such
as an unknown name of an enum or an empty list of lines, raise ValueError here; everything else is
checked by the server.
"""

from holdfast._basket_commands import (
    allocate,
    amend,
    commit,
    confirm,
    extend,
    release,
    reserve,
)
from holdfast._command import (
    Command,
    WriteOptions,
)
from holdfast._fields import (
    LineQuantities,
    Lines,
    PickedLines,
)
from holdfast._fulfilment_commands import (
    pick,
    return_units,
    ship,
    transfer_reservation,
    unpick,
)
from holdfast._movement_commands import (
    expect,
    move,
    receive_transfer,
    send_transfer,
    take_back,
)
from holdfast._stock_commands import (
    adjust,
    configure,
    receive,
    sell,
    set_on_hand,
)

__all__ = [
    "Command",
    "LineQuantities",
    "Lines",
    "PickedLines",
    "WriteOptions",
    "adjust",
    "allocate",
    "amend",
    "commit",
    "configure",
    "confirm",
    "expect",
    "extend",
    "move",
    "pick",
    "receive",
    "receive_transfer",
    "release",
    "reserve",
    "return_units",
    "sell",
    "send_transfer",
    "set_on_hand",
    "ship",
    "take_back",
    "transfer_reservation",
    "unpick",
]
