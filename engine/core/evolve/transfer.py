"""How events change a transfer between two locations."""

from msgspec.structs import replace

from engine.core.events import TransferEvent, TransferReceived, TransferSent
from engine.core.model import Transfer


def evolve_transfer(transfer: Transfer | None, event: TransferEvent, now_ms: int) -> Transfer:
    """The transfer after the event; `transfer` is None if it is sent by it, at engine time
    `now_ms`. Raises ValueError if there is neither a transfer nor an event that sends it."""
    if isinstance(event, TransferSent):
        return Transfer(
            transfer_id=event.transfer_id,
            tenant=event.key.tenant,
            sku=event.key.sku,
            from_location=event.key.location,
            to_location=event.to_location,
            created_at_ms=now_ms,
            sent=event.quantity,
            reference=event.reference,
            expected_at_ms=event.expected_at_ms,
        )
    if transfer is None:
        raise ValueError(f"the transfer was not sent before {event!r}")
    if isinstance(event, TransferReceived):
        return replace(
            transfer,
            received=transfer.received + event.quantity,
            lost=transfer.lost + event.lost,
        )
    return transfer
