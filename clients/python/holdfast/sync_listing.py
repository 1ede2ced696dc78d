"""Answers that come in pages, for programs without asyncio."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Self, TypeVar

from holdfast.event import Explanation
from holdfast.listing import Explanations, Listing

ItemT = TypeVar("ItemT")


class SyncListing(Generic[ItemT]):
    """A `Listing` for plain loops: ``for item in client.list_events(...)``."""

    def __init__(
        self, listing: Listing[ItemT], wait: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        self._listing = listing
        self._wait = wait

    @property
    def cursor(self) -> str:
        """What the last page that was read covers; empty before the first."""
        return self._listing.cursor

    @property
    def next_page_token(self) -> str:
        """Where the page after the last that was read begins; empty if there is none."""
        return self._listing.next_page_token

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ItemT:
        item = self._listing.take()
        while item is None:
            if self._wait(self._listing.read_on()) is False:
                raise StopIteration
            item = self._listing.take()
        return item

    def page(self) -> tuple[ItemT, ...] | None:
        """As `Listing.page`."""
        items: tuple[ItemT, ...] | None = self._wait(self._listing.page())
        return items


class SyncExplanations(SyncListing[Explanation]):
    """`Explanations` for plain loops."""

    def __init__(
        self, explanations: Explanations, wait: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        super().__init__(explanations, wait)
        self._explanations = explanations

    def value(self) -> int:
        """The number; it is read with the first page."""
        value: int = self._wait(self._explanations.value())
        return value
