"""What may be asked of stock. A command has been checked for shape; whether it may happen is
decided in `decide`."""

from engine.core.commands.baskets import (
    Allocate,
    Amend,
    BasketLine,
    Commit,
    Confirm,
    Extend,
    LineQuantity,
    Pick,
    PickedLine,
    Release,
    Reserve,
    Return,
    Ship,
    TransferReservation,
    Unpick,
)
from engine.core.commands.channels import (
    ComputeBuffer,
    ConfigureChannel,
    DefineSkuGroup,
    SetChannelPolicies,
)
from engine.core.commands.configuration import (
    ConfigureHolds,
    ConfigureLocations,
    DefineKit,
    LimitCustomers,
)
from engine.core.commands.listings import MapListings
from engine.core.commands.stock import (
    Adjust,
    Configure,
    Expect,
    Move,
    Receive,
    ReceiveTransfer,
    Sell,
    SendTransfer,
    SetOnHand,
    TakeBack,
)
from engine.core.model import Struct

__all__ = [
    "Adjust",
    "Allocate",
    "Amend",
    "BasketLine",
    "Command",
    "Commit",
    "ComputeBuffer",
    "Configure",
    "ConfigureChannel",
    "ConfigureHolds",
    "ConfigureLocations",
    "Confirm",
    "Context",
    "DefineKit",
    "DefineSkuGroup",
    "Expect",
    "Extend",
    "LimitCustomers",
    "LineQuantity",
    "MapListings",
    "Move",
    "OnBasket",
    "OnConfiguration",
    "OnReservation",
    "OnStock",
    "OnTransfer",
    "Pick",
    "PickedLine",
    "Receive",
    "ReceiveTransfer",
    "Release",
    "Reserve",
    "Return",
    "Sell",
    "SendTransfer",
    "SetChannelPolicies",
    "SetOnHand",
    "Ship",
    "TakeBack",
    "TransferReservation",
    "Unpick",
]

OnReservation = (
    Amend
    | Extend
    | Commit
    | Confirm
    | Release
    | Pick
    | Unpick
    | Ship
    | Return
    | TransferReservation
)
"""Commands on an existing reservation."""

OnBasket = Reserve | Allocate
"""Commands that make a reservation."""

OnStock = Sell | Receive | Expect | TakeBack | Adjust | SetOnHand | Move | Configure
"""Commands on one SKU-location."""

OnTransfer = SendTransfer | ReceiveTransfer
"""Commands on units that go from one location to another."""

OnConfiguration = (
    ConfigureLocations
    | DefineKit
    | LimitCustomers
    | ConfigureHolds
    | ConfigureChannel
    | SetChannelPolicies
    | DefineSkuGroup
)
"""Commands that configure the node."""

Command = (
    OnBasket | OnReservation | OnStock | OnTransfer | OnConfiguration | MapListings | ComputeBuffer
)


class Context(Struct, frozen=True):
    """What every write carries besides its content. `occurred_at_ms` 0: not stated. A write on
    stock may name its `source`, with a number that grows with each of its writes on that
    SKU-location; 0: it does not number them."""

    request_id: str
    correlation_id: str = ""
    occurred_at_ms: int = 0
    ticket: str = ""
    validate_only: bool = False
    principal: str = ""
    source: str = ""
    source_sequence: int = 0
