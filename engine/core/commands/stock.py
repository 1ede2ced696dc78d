"""Commands on the stock of one SKU: at one location, or from one to another."""

from engine.core.model import IfShort, Key, Selling, Struct


class Sell(Struct, frozen=True, tag=True):
    """Units were sold at a till."""

    key: Key
    quantity: int
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    channel: str = ""


class Receive(Struct, frozen=True, tag=True):
    """Units have arrived. `incoming_reference` names what was expected, and is expected no longer;
    `unavailable_cause` empty: they may be sold."""

    key: Key
    quantity: int
    reference: str = ""
    incoming_reference: str = ""
    unavailable_cause: str = ""


class Expect(Struct, frozen=True, tag=True):
    """So many units are on their way under this reference; 0: no longer. `expected_at_ms` 0: not
    known."""

    key: Key
    reference: str
    quantity: int
    expected_at_ms: int = 0


class TakeBack(Struct, frozen=True, tag=True):
    """Units have come back of which no shipment is known. `unavailable_cause` empty: they may be
    sold again."""

    key: Key
    quantity: int
    reason: str
    reference: str = ""
    unavailable_cause: str = ""


class Adjust(Struct, frozen=True, tag=True):
    """The units on hand differ from the books by `delta`: those that may be sold, or those of
    `unavailable_cause`."""

    key: Key
    delta: int
    reason: str
    reference: str
    if_short: IfShort = IfShort.REFUSE
    unavailable_cause: str = ""


class SetOnHand(Struct, frozen=True, tag=True):
    """The units on hand were counted: now, or at `observed_at_ms`, or when the shard was at
    `observed_position`; 0: not stated."""

    key: Key
    on_hand: int
    if_version: int | None = None
    if_on_hand: int | None = None
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    reason: str = ""
    observed_at_ms: int = 0
    observed_position: int = 0


class Move(Struct, frozen=True, tag=True):
    """Units may no longer be sold, may be sold again, or are unavailable for another cause. An
    empty cause stands for what may be sold."""

    key: Key
    quantity: int
    from_cause: str
    to_cause: str
    reason: str = ""
    reference: str = ""
    if_short: IfShort = IfShort.REFUSE


class SendTransfer(Struct, frozen=True, tag=True):
    """Units have left one location for another. `expected_at_ms` 0: not known."""

    tenant: str
    sku: str
    from_location: str
    to_location: str
    quantity: int
    expected_at_ms: int = 0
    reference: str = ""
    if_short: IfShort = IfShort.REFUSE


class ReceiveTransfer(Struct, frozen=True, tag=True):
    """Units of a transfer have arrived, `lost` ones never will. `unavailable_cause` empty: what
    arrived may be sold."""

    tenant: str
    transfer_id: str
    quantity: int
    lost: int = 0
    unavailable_cause: str = ""
    reference: str = ""


class Configure(Struct, frozen=True, tag=True):
    """Change settings; None leaves one as it is, a buffer of 0 removes it."""

    key: Key
    safety_stock: int | None = None
    tracked: bool | None = None
    selling: Selling | None = None
    channel_buffers: tuple[tuple[str, int], ...] = ()
    backorder_limit: int | None = None
