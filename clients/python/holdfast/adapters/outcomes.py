"""How a push may fail. Each failure is an exception that is raised for all updates of the push, or
returned for some of them."""

from collections.abc import Mapping

REASON_BYTES_MAX = 1_024
"""Longest reason that a parked message may have."""


class PushError(Exception):
    """A push failed. The message is for a person; `reason` is a short word for the metrics, of
    which an adapter has a handful: "http_503", "timeout"."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or type(self).reason_unless_stated

    reason_unless_stated = "failed"


class PermanentError(PushError):
    """Trying again is of no use: the update is parked at once, with this message as its reason. If
    it was raised for several updates, each is tried alone first."""

    reason_unless_stated = "permanent"


class ChannelGone(PermanentError):
    """The channel wants no more of this: the update is parked and the adapter stops."""

    reason_unless_stated = "gone"


class RetryLater(PushError):
    """Trying again may help: after `after_s` seconds, as a Retry-After says, or else after a delay
    that doubles with each attempt.

    With `whole_channel` the channel takes nothing at all at the moment (it throttles, it cannot be
    reached): everything waits, and no update comes nearer to being parked by it. Otherwise the
    update waits alone and is parked after `Adapter.attempts_max` attempts, if the channel takes
    others.
    """

    reason_unless_stated = "retry"

    def __init__(
        self,
        message: str,
        *,
        after_s: float | None = None,
        whole_channel: bool = False,
        reason: str = "",
    ) -> None:
        super().__init__(message, reason=reason)
        self.after_s = after_s
        self.whole_channel = whole_channel


Failures = Mapping[str, PushError]
"""The failure of each SKU whose update was not pushed."""


def reason_to_park(error: PushError, attempts: int) -> str:
    """What is remembered with a parked update."""
    tried = f" (after {attempts} attempts)" if attempts > 1 else ""
    text = f"{error}{tried}".encode()[:REASON_BYTES_MAX]
    return text.decode(errors="ignore")
