"""Adapters: each keeps one channel's numbers as the engine has them. A new one is a class of a few
dozen lines, see docs/adapters.md.

They need the extra `adapters` (httpx, prometheus-client, standardwebhooks).
"""

from holdfast.adapters.adapter import Adapter, Context
from holdfast.adapters.clock import Clock, SystemClock
from holdfast.adapters.outcomes import (
    ChannelGone,
    Failures,
    PermanentError,
    PushError,
    RetryLater,
)
from holdfast.adapters.runner import run
from holdfast.adapters.settings import Secret
from holdfast.adapters.source import (
    ChannelLocation,
    ChannelUpdate,
    ChannelUpdateBatch,
    ExternalMessage,
    Listing,
    ParkedMessage,
    Source,
)

__all__ = [
    "Adapter",
    "ChannelGone",
    "ChannelLocation",
    "ChannelUpdate",
    "ChannelUpdateBatch",
    "Clock",
    "Context",
    "ExternalMessage",
    "Failures",
    "Listing",
    "ParkedMessage",
    "PermanentError",
    "PushError",
    "RetryLater",
    "Secret",
    "Source",
    "SystemClock",
    "run",
]
