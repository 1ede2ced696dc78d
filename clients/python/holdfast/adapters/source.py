"""What an adapter follows: the messages of a durable subscription, and the little that an adapter
asks of one. A subscription of the SDK is a `Source`; a test may script one."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Protocol

from holdfast.channels import ChannelLocation, ChannelUpdate, Listing
from holdfast.feed_messages import CaughtUp, ChannelUpdateBatch, Checkpoint, FellBehind
from holdfast.parked import ExternalMessage, ParkedMessage
from holdfast.subscription import Replayed, RetentionWarning

__all__ = [
    "CaughtUp",
    "ChannelLocation",
    "ChannelUpdate",
    "ChannelUpdateBatch",
    "Checkpoint",
    "ExternalMessage",
    "FellBehind",
    "Listing",
    "ParkedMessage",
    "Replayed",
    "RetentionWarning",
    "Source",
]


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

    async def latest(self, sku: str) -> ChannelUpdate:
        """What the channel may sell of the SKU at this moment."""
