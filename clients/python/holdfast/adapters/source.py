"""What an adapter follows: the messages of a durable subscription, and the little that an adapter
asks of one. A subscription of the SDK is a `Source`; a test may script one."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from holdfast.parked import ExternalMessage, ParkedMessage
from holdfast.subscription import Replayed, RetentionWarning

__all__ = [
    "ChannelLocation",
    "ChannelUpdate",
    "ChannelUpdateBatch",
    "ExternalMessage",
    "FellBehind",
    "Listing",
    "ParkedMessage",
    "Replayed",
    "RetentionWarning",
    "Source",
]


class Listing(NamedTuple):
    """Under which identifiers a channel knows a SKU at a location; without a location, at all that
    the channel sells from."""

    sku: str
    location: str = ""
    shop: str = ""
    item: str = ""
    external_location: str = ""


class ChannelLocation(NamedTuple):
    """What a channel may sell of a SKU at one location."""

    location: str
    units: int
    unlimited: bool = False
    listing: Listing | None = None


class ChannelUpdate(NamedTuple):
    """What a channel may sell of a SKU now. Of two updates of a SKU the one with the higher epoch,
    or else the higher version, is the newer. `recorded_at` is None in a snapshot."""

    sku: str
    units: int
    unlimited: bool = False
    locations: tuple[ChannelLocation, ...] = ()
    listing: Listing | None = None
    epoch: int = 0
    version: int = 0
    recorded_at: datetime | None = None


class ChannelUpdateBatch(NamedTuple):
    """Updates that came together; `cursor` is right after them, empty while a snapshot lasts."""

    updates: tuple[ChannelUpdate, ...]
    snapshot_complete: bool
    cursor: str


class FellBehind(NamedTuple):
    """So many events of the log are not told yet; CaughtUp says when they are."""

    time: datetime
    lag_events: int
    cursor: str


class Source(Protocol):
    """A durable subscription of a channel's updates in mode LATEST, as far as an adapter needs one.

    Iterating gives its messages and ends when it was closed. It reconnects by itself, and raises
    what makes going on impossible.
    """

    @property
    def marks(self) -> Mapping[str, str]:
        """What was remembered with the subscription, by name."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """The messages, from the acknowledged cursor on."""

    async def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        """Everything up to the cursor is done, and so are these parked messages. One of both is
        given."""

    async def park(self, message: Any, reason: str) -> ParkedMessage:
        """Puts a message aside, durably when this returns. A ParkedMessage stays parked."""

    async def latest(self, sku: str) -> ChannelUpdate | None:
        """What the channel may sell of the SKU at this moment; None if it does not sell it."""
