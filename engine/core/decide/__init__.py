"""What may happen: each command against the state of the moment, to events or to a rejection.

A decision reads no clock and changes nothing; `evolve` does, and only with what was decided here.
Whatever a decision frees goes to those who wait for it in the same turn.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    Command,
    Commit,
    ComputeBuffer,
    Configure,
    ConfigureChannel,
    ConfigureHolds,
    ConfigureLocations,
    Confirm,
    DefineKit,
    DefineSkuGroup,
    Expect,
    Extend,
    LimitCustomers,
    MapListings,
    Move,
    Pick,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Return,
    Sell,
    SendTransfer,
    SetChannelPolicies,
    SetOnHand,
    Ship,
    TakeBack,
    TransferReservation,
    Unpick,
)
from engine.core.decide.amend import amend
from engine.core.decide.channels import (
    compute_buffer,
    configure_channel,
    define_sku_group,
    set_channel_policies,
)
from engine.core.decide.commit import commit
from engine.core.decide.configuration import (
    configure_holds,
    configure_locations,
    define_kit,
    limit_customers,
)
from engine.core.decide.count import set_on_hand
from engine.core.decide.due import due as due_by_itself
from engine.core.decide.fulfil import pick, ship, unpick
from engine.core.decide.listings import map_listings
from engine.core.decide.promise import allocate, reserve
from engine.core.decide.queue import consequences
from engine.core.decide.release import confirm, extend, release
from engine.core.decide.relocate import transfer_reservation
from engine.core.decide.returns import return_
from engine.core.decide.stock import adjust, configure, expect, move, receive, sell, take_back
from engine.core.decide.transfer import receive_transfer, send_transfer
from engine.core.model import Reservation
from engine.core.rejections import Rejection
from engine.core.view import Decision, Elsewhere, View

__all__ = ["decide", "due"]

Outcome = Decision | Elsewhere | Rejection

_DECIDE: dict[type, Callable[[View, Any, int], Outcome]] = {
    Reserve: reserve,
    Allocate: allocate,
    Amend: amend,
    Extend: extend,
    Commit: commit,
    Confirm: confirm,
    Release: release,
    Pick: pick,
    Unpick: unpick,
    Ship: ship,
    Return: return_,
    TransferReservation: transfer_reservation,
    Sell: sell,
    Receive: receive,
    Expect: expect,
    TakeBack: take_back,
    Adjust: adjust,
    SetOnHand: set_on_hand,
    Move: move,
    SendTransfer: send_transfer,
    ReceiveTransfer: receive_transfer,
    Configure: configure,
    ConfigureLocations: configure_locations,
    DefineKit: define_kit,
    LimitCustomers: limit_customers,
    ConfigureHolds: configure_holds,
    ConfigureChannel: configure_channel,
    SetChannelPolicies: set_channel_policies,
    DefineSkuGroup: define_sku_group,
    ComputeBuffer: compute_buffer,
    MapListings: map_listings,
}


def decide(view: View, command: Command, now_ms: int) -> Outcome:
    """Decide one command at engine time `now_ms`. The command has been checked for shape."""
    outcome = _DECIDE[type(command)](view, command, now_ms)
    return _whole(view, outcome, now_ms) if type(outcome) is Decision else outcome


def due(view: View, reservation: Reservation, now_ms: int) -> Decision:
    """What happens to a reservation by itself because its time has come."""
    return _whole(view, due_by_itself(view, reservation, now_ms), now_ms)


def _whole(view: View, decision: Decision, now_ms: int) -> Decision:
    """The decision with all that follows from it."""
    follows = consequences(view, decision.events, now_ms)
    return replace(decision, events=(*decision.events, *follows)) if follows else decision
