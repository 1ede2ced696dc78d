"""What an adapter is: a class with a method that pushes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from holdfast.adapters.clock import Clock
from holdfast.adapters.http import Handler
from holdfast.adapters.outcomes import Failures, PermanentError
from holdfast.adapters.source import ChannelUpdate, ParkedMessage, Source


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds an adapter while it runs."""

    source: Source
    """Its subscription: marks, and parking of what it cannot process."""
    clock: Clock
    random: Callable[[], float]
    """Chance: numbers from 0 to 1."""
    log: logging.LoggerAdapter[logging.Logger]
    """Writes JSON lines to standard error; keywords of `extra` become their fields."""
    channel: str = ""
    """The channel whose updates are pushed."""
    tenant: str = ""
    """Whose stock it is; empty: the default tenant's."""
    subscription: str = ""
    """The name of the subscription."""
    client: Any = None
    """The `holdfast.Client` that the subscription is of; None where a test scripts the source."""
    count: Callable[[str, str], None] = lambda _event, _reason: None
    """Counts something of the adapter's own in the metric `holdfast_adapter_events_total`."""
    reconciled: Callable[[int, int], None] = lambda _places, _units: None
    """Says how many places of the channel a comparison with the engine has found different, and by
    how many units."""


class Adapter:
    """Keeps one channel up to date: override `push`. All else has an answer already: only the
    newest number of each SKU is pushed and never an older one after a newer; failures are tried
    again with backoff, or parked; the subscription is acknowledged after success only.

    The keyword parameters of `__init__` are the adapter's options: `holdfast-adapter` makes a flag
    and an environment variable of each (see `holdfast.adapters.settings`).
    """

    name: ClassVar[str] = "adapter"
    """Names it in logs and metrics."""
    batch_max: ClassVar[int] = 100
    """Updates of one push, at most. What comes while a push is in flight makes the next batch."""
    batch_wait_s: ClassVar[float] = 0.0
    """How long a batch that is not full waits for more; 0: it goes as soon as the one before it is
    done."""
    rate_per_s: ClassVar[float] = 0.0
    """What `cost` may add up to in a second, on average; 0: no limit."""
    burst: ClassVar[float] = 1.0
    """What `cost` may add up to at once, after a rest."""
    attempts_max: ClassVar[int] = 10
    """After so many failed attempts an update is parked, if the channel has taken another one since
    its first failure: otherwise it is the channel that fails, and parking helps nobody."""
    give_up_s: ClassVar[float] = 86_400.0
    """After so long it is parked all the same."""
    backoff_first_s: ClassVar[float] = 0.5
    """The delay after the first failure; it doubles with each."""
    backoff_max_s: ClassVar[float] = 60.0
    """The longest delay, unless the channel asks for more."""
    push_timeout_s: ClassVar[float] = 60.0
    """A push that takes longer is given up and tried again."""

    context: Context

    async def push(self, updates: Sequence[ChannelUpdate]) -> Failures | None:
        """Tells the channel these numbers, one for each SKU, so that pushing them again does no
        harm.

        Return None, or an empty mapping, when all are there. Return the failures by SKU when some
        are not, or raise one that holds for all: `RetryLater`, `PermanentError` or `ChannelGone`.
        Anything else that is raised is tried again and logged. Pushes do not overlap.

        A class without it is not run: `holdfast-adapter` and `run` refuse it at the start.
        """
        raise TypeError(f"{type(self).__name__} has no method push")

    def cost(self, updates: Sequence[ChannelUpdate]) -> float:
        """What a push counts for `rate_per_s`."""
        del updates
        return 1.0

    async def start(self) -> None:
        """Runs before the first push; `context` is set."""

    async def background(self) -> None:
        """Runs beside the pushes, such as for what comes from the channel; it may return. If it
        raises, the adapter ends. It is cancelled at the end."""

    async def stop(self) -> None:
        """Runs after the last push, also after a failure."""

    async def replay(self, parked: ParkedMessage) -> None:
        """Takes a parked message again that is not a ChannelUpdate: one that this adapter has
        parked by itself. PermanentError: it stays parked, with this reason."""
        raise PermanentError(f"The adapter {self.name} has no use for message {parked.id}.")

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What the adapter answers on its port, by method and path, beside metrics and health."""
        return {}
