"""Who follows a durable subscription now: what it was sent, and what it is to be told beside the
feed."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.feed.cursor import Cursor, Lineage, own
from engine.feed.subscription_problems import NotSent

if TYPE_CHECKING:
    from engine.feed.subscriber import Subscriber
    from engine.feed.subscription import Subscription


class Warned(msgspec.Struct, frozen=True):
    """The subscription holds up retention: the log forgets what it needs from `drops_ms` on, by
    engine time."""

    drops_ms: int
    lag_events: int
    shard: int
    up_to: int
    """The position in the shard up to which it has to acknowledge to hold up nothing."""


class Consumer:
    """The one consumer of a subscription, from when it opens it until it goes or another one comes.
    `engine.feed.subscriptions.Subscriptions.open` makes it; whoever has asked closes it."""

    def __init__(
        self,
        subscription: "Subscription",
        number: int,
        feed: "Subscriber",
        sent: Mapping[int, int] | None,
        lineage: Lineage,
        on_close: Callable[["Consumer"], None],
    ) -> None:
        """`sent`: by shard, the positions up to which it may acknowledge from the beginning; None:
        nothing yet."""
        self.subscription = subscription
        self.number = number
        self.feed = feed
        self.created = False
        self._sent = sent
        self._lineage = lineage
        self._on_close = on_close
        self._end: Exception | None = None
        self._replays: deque[int] = deque()
        self._warning: Warned | None = None
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def news(self) -> asyncio.Future[None]:
        """Is done when there is something to tell beside the feed, or this consumer is to end. It
        is shared: wait for it with asyncio.wait, which does not cancel it."""
        return self._news

    def wake(self) -> None:
        """There is something to tell."""
        if not self._news.done():
            self._news.set_result(None)

    def rest(self) -> None:
        """All that there is will be told now; `news` is about what comes from here on."""
        if self._news.done():
            self._news = asyncio.get_running_loop().create_future()

    def check(self) -> None:
        """Raise why this consumer has to end, if it has to."""
        if self._end is not None:
            raise self._end

    def end(self, problem: Exception) -> None:
        """Have this consumer end: whatever it says from now on is not heard."""
        if self._end is None:
            self._end = problem
            self.wake()

    def warn(self, warning: Warned) -> None:
        """Tell this consumer that its subscription holds up retention."""
        self._warning = warning
        self.wake()

    def replay(self, parked_ids: list[int]) -> None:
        """Give this consumer parked messages again. Their number is that of what may be parked, at
        most."""
        waiting = set(self._replays)
        self._replays.extend(each for each in parked_ids if each not in waiting)
        if self._replays:
            self.wake()

    def take_warning(self) -> Warned | None:
        """The warning that was not told yet."""
        warning, self._warning = self._warning, None
        return warning

    def take_replays(self, limit: int) -> list[int]:
        """Some of the parked messages to be given again; there is news as long as there are
        more."""
        taken = [self._replays.popleft() for _ in range(min(limit, len(self._replays)))]
        if self._replays:
            self.wake()
        return taken

    def note_sent(self, cursor: str) -> None:
        """A message with this cursor is about to be sent. To be called before: the answer may be
        there before the sending has returned."""
        if cursor:
            self._sent = Cursor.parse(cursor).positions

    def acknowledge(self, text: str) -> None:
        """Everything up to a cursor is done. MalformedCursor or CursorForeign if it is none of this
        history; NotSent if it is ahead of what this consumer was sent. A consumer that has ended is
        not heard."""
        cursor = own(Cursor.parse(text), text, self._lineage)
        if self._end is not None:
            return
        sent, asked = self._sent, cursor.positions
        # Every cursor of a feed names all shards; one of a write does not.
        if (
            sent is None
            or asked.keys() != sent.keys()
            or any(at > sent[s] for s, at in asked.items())
        ):
            raise NotSent(text)
        self.subscription.acknowledge(cursor.positions)

    def close(self) -> None:
        """Leave the subscription to whoever comes next."""
        self.feed.close()
        self._on_close(self)
