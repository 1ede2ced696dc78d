"""Answers that come in pages: read one item after the other, or page by page."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Self, TypeVar

from holdfast.event import Explanation, explanation

ItemT = TypeVar("ItemT")


class Listing(Generic[ItemT]):
    """Items that the server gives in pages: ``async for item in client.list_events(...)``.

    Nothing is asked before the first item is read, and the next page when all of one were. `page`
    gives them page by page; `next_page_token` is where another listing with the same arguments goes
    on, in another process too.
    """

    def __init__(
        self,
        fetch: Callable[[str], Coroutine[Any, Any, Any]],
        read: Callable[[Any], tuple[ItemT, ...]],
        page_token: str,
    ) -> None:
        self._fetch = fetch
        self._read = read
        self._token: str | None = page_token
        self._items: deque[ItemT] = deque()
        self._cursor = ""

    @property
    def cursor(self) -> str:
        """What the last page that was read covers; empty before the first, and where the list is
        not of stock."""
        return self._cursor

    @property
    def next_page_token(self) -> str:
        """Where the page after the last that was read begins; empty if there is none."""
        return self._token or ""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ItemT:
        while (item := self.take()) is None:
            if not await self.read_on():
                raise StopAsyncIteration
        return item

    def take(self) -> ItemT | None:
        """The next item of the pages that were read; None if there is none left."""
        return self._items.popleft() if self._items else None

    async def read_on(self) -> bool:
        """Reads the next page, which may be empty; False if there is none."""
        if self._token is None:
            return False
        await self._next_page()
        return True

    async def page(self) -> tuple[ItemT, ...] | None:
        """The next page, or what is left of one that was begun; None after the last. A page may be
        empty."""
        if not self._items and not await self.read_on():
            return None
        items = tuple(self._items)
        self._items.clear()
        return items

    async def _next_page(self) -> Any:
        response = await self._fetch(self._token or "")
        self._token = response.next_page_token or None
        # Lists of what is no stock have none.
        self._cursor = getattr(response, "cursor", "")
        self._items.extend(self._read(response))
        return response


class Explanations(Listing[Explanation]):
    """Why a number is what it is: the events that changed it, newest first, and the number itself.

    If older events are not kept, the last one's `value` less its `change` is what they had made.
    """

    def __init__(self, fetch: Callable[[str], Coroutine[Any, Any, Any]], page_token: str) -> None:
        super().__init__(fetch, _read_explanations, page_token)
        self._value: int | None = None

    async def value(self) -> int:
        """The number; it is read with the first page."""
        if self._value is None:
            await self._next_page()
        return self._value or 0

    async def _next_page(self) -> Any:
        response = await super()._next_page()
        self._value = response.value
        return response


def _read_explanations(response: Any) -> tuple[Explanation, ...]:
    return tuple([explanation(each) for each in response.explanations])
