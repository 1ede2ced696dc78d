"""Durable subscriptions for programs without asyncio."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

from holdfast.parked import ParkedMessage
from holdfast.subscription import Subscription


class SyncSubscription:
    """A `Subscription` for plain loops: ``with client.subscribe("search-index") as subscription``,
    ``for message in subscription``."""

    def __init__(
        self, subscription: Subscription, wait: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        self._subscription = subscription
        self._wait = wait

    @property
    def name(self) -> str:
        """Its name."""
        return self._subscription.name

    @property
    def cursor(self) -> str:
        """As `Subscription.cursor`."""
        return self._subscription.cursor

    @property
    def received(self) -> str:
        """As `Subscription.received`."""
        return self._subscription.received

    @property
    def connected(self) -> bool:
        """As `Subscription.connected`."""
        return self._subscription.connected

    @property
    def created(self) -> bool:
        """As `Subscription.created`."""
        return self._subscription.created

    @property
    def marks(self) -> Mapping[str, str]:
        """As `Subscription.marks`."""
        return self._subscription.marks

    def __enter__(self) -> Self:
        self._wait(self._subscription.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        response = self._wait(self._subscription.next_response())
        if response is None:
            raise StopIteration
        return self._subscription.give(response)

    def acknowledge(self, cursor: str = "", *, parked_ids: Collection[int] = ()) -> None:
        """As `Subscription.acknowledge`."""
        self._wait(self._subscription.acknowledge(cursor, parked_ids=parked_ids))

    def park(self, message: Any, reason: str) -> ParkedMessage:
        """As `Subscription.park`."""
        parked: ParkedMessage = self._wait(self._subscription.park(message, reason))
        return parked

    def set_mark(self, mark: str, value: str) -> None:
        """As `Subscription.set_mark`."""
        self._wait(self._subscription.set_mark(mark, value))

    def close(self) -> None:
        """As `Subscription.close`, also from another thread."""
        self._wait(self._subscription.close())
