"""Holdfast's client for Python: holds stock, follows every change, and survives whatever the
network does.

``from holdfast import Client`` for asyncio, ``from holdfast import SyncClient`` for everything
else. Names are imported when they are first used (PEP 562), so that a process that only needs
``holdfast.v1`` never loads gRPC.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast import channels as channels
    from holdfast import commands as commands
    from holdfast import errors as errors
    from holdfast import types as types
    from holdfast.access import Tls as Tls
    from holdfast.access import token_file as token_file
    from holdfast.client import Client as Client
    from holdfast.commands import Command as Command
    from holdfast.errors import HoldfastError as HoldfastError
    from holdfast.errors import InsufficientStock as InsufficientStock
    from holdfast.event import Event as Event
    from holdfast.event import EventKind as EventKind
    from holdfast.feed import Feed as Feed
    from holdfast.feed_messages import CaughtUp as CaughtUp
    from holdfast.feed_messages import ChannelUpdateBatch as ChannelUpdateBatch
    from holdfast.feed_messages import Checkpoint as Checkpoint
    from holdfast.feed_messages import EventBatch as EventBatch
    from holdfast.feed_messages import FellBehind as FellBehind
    from holdfast.feed_messages import SnapshotBatch as SnapshotBatch
    from holdfast.listing import Explanations as Explanations
    from holdfast.listing import Listing as Listing
    from holdfast.parked import ExternalMessage as ExternalMessage
    from holdfast.parked import ParkedMessage as ParkedMessage
    from holdfast.subscription import Replayed as Replayed
    from holdfast.subscription import RetentionWarning as RetentionWarning
    from holdfast.subscription import Subscription as Subscription
    from holdfast.subscription import SubscriptionState as SubscriptionState
    from holdfast.sync import SyncClient as SyncClient
    from holdfast.sync import SyncFeed as SyncFeed
    from holdfast.types import Line as Line
    from holdfast.types import LinePart as LinePart
    from holdfast.types import Location as Location
    from holdfast.types import PickedLine as PickedLine

_HOME = {
    "CaughtUp": "holdfast.feed_messages",
    "ChannelUpdateBatch": "holdfast.feed_messages",
    "Checkpoint": "holdfast.feed_messages",
    "Client": "holdfast.client",
    "Command": "holdfast.commands",
    "Event": "holdfast.event",
    "EventBatch": "holdfast.feed_messages",
    "EventKind": "holdfast.event",
    "Explanations": "holdfast.listing",
    "ExternalMessage": "holdfast.parked",
    "Feed": "holdfast.feed",
    "FellBehind": "holdfast.feed_messages",
    "HoldfastError": "holdfast.errors",
    "InsufficientStock": "holdfast.errors",
    "Line": "holdfast.types",
    "LinePart": "holdfast.types",
    "Listing": "holdfast.listing",
    "Location": "holdfast.types",
    "ParkedMessage": "holdfast.parked",
    "PickedLine": "holdfast.types",
    "Replayed": "holdfast.subscription",
    "RetentionWarning": "holdfast.subscription",
    "SnapshotBatch": "holdfast.feed_messages",
    "Subscription": "holdfast.subscription",
    "SubscriptionState": "holdfast.subscription",
    "SyncClient": "holdfast.sync",
    "SyncFeed": "holdfast.sync",
    "Tls": "holdfast.access",
    "token_file": "holdfast.access",
}
"""Where each public name lives."""

_MODULES = frozenset({"channels", "commands", "errors", "types"})

__all__ = [
    "CaughtUp",
    "ChannelUpdateBatch",
    "Checkpoint",
    "Client",
    "Command",
    "Event",
    "EventBatch",
    "EventKind",
    "Explanations",
    "ExternalMessage",
    "Feed",
    "FellBehind",
    "HoldfastError",
    "InsufficientStock",
    "Line",
    "LinePart",
    "Listing",
    "Location",
    "ParkedMessage",
    "PickedLine",
    "Replayed",
    "RetentionWarning",
    "SnapshotBatch",
    "Subscription",
    "SubscriptionState",
    "SyncClient",
    "SyncFeed",
    "Tls",
    "channels",
    "commands",
    "errors",
    "token_file",
    "types",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"holdfast.{name}")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'holdfast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
