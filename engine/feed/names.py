"""Named subscribers, and whoever waits until one of them has been sent something."""

from collections.abc import Callable, Mapping
from typing import Protocol

from engine.feed.followers import Follower, Followers
from engine.feed.steps import FeedStopping

LOOK_S = 3_600.0
"""Whoever waits looks again after this time even if nothing has happened."""


class Named(Protocol):
    """Somebody whom others wait for."""

    on_sent: Callable[[], None] | None
    """Is to be called when `sent` has changed."""

    @property
    def sent(self) -> Mapping[int, int]:
        """By shard, the position up to which everything has reached it."""

    def cursor_of(self, positions: Mapping[int, int]) -> str:
        """The cursor of positions by shard."""


class _Name:
    """A name: its newest subscriber, if it is there, and what wakes those who wait for it."""

    def __init__(self) -> None:
        self.subscriber: Named | None = None
        self.is_kept = False
        self.waiters = 0
        # Whatever is told may be all that somebody waits for, also what passes no filter.
        self.follower = Follower()
        self.wake = self.follower.wake


class Names:
    """The subscribers of a node by tenant and name. The newest of a name counts; one that comes
    later takes the place of one that is there, unless that is a durable subscription. A name
    without subscriber and waiters takes no memory."""

    def __init__(self, followers: Followers) -> None:
        self._followers = followers
        self._names: dict[tuple[str, str], _Name] = {}
        self._closed = False

    def join(self, tenant: str, name: str, subscriber: Named, *, is_kept: bool = False) -> None:
        """A subscriber of this name has come; `is_kept`: a durable subscription, which counts until
        it leaves."""
        entry = self._names.setdefault((tenant, name), _Name())
        if entry.is_kept and not is_kept:
            return
        entry.is_kept = is_kept
        entry.subscriber = subscriber
        subscriber.on_sent = entry.wake.wake
        entry.wake.wake()

    def leave(self, tenant: str, name: str, subscriber: Named) -> None:
        """A subscriber of this name has gone."""
        entry = self._names.get((tenant, name))
        if entry is not None and entry.subscriber is subscriber:
            entry.subscriber = None
            entry.is_kept = False
            self._forget(tenant, name, entry)

    async def wait(self, tenant: str, name: str, positions: Mapping[int, int]) -> str:
        """Wait until the subscriber of this name has been sent everything up to these positions,
        however long that takes; its cursor then. FeedStopping when the feed ends."""
        entry = self._names.setdefault((tenant, name), _Name())
        entry.waiters += 1
        self._followers.join(entry.follower, None)
        try:
            while True:
                if self._closed:
                    raise FeedStopping
                count_seen = entry.wake.count
                subscriber = entry.subscriber
                if subscriber is not None and _covers(subscriber.sent, positions):
                    return subscriber.cursor_of(subscriber.sent)
                await entry.wake.wait(count_seen, LOOK_S)
        finally:
            entry.waiters -= 1
            self._forget(tenant, name, entry)

    def close(self) -> None:
        """End every wait with FeedStopping."""
        self._closed = True
        for entry in self._names.values():
            entry.wake.close()

    def _forget(self, tenant: str, name: str, entry: _Name) -> None:
        if not entry.waiters:
            self._followers.leave(entry.follower)
        if entry.subscriber is None and not entry.waiters:
            self._names.pop((tenant, name), None)


def _covers(sent: Mapping[int, int], positions: Mapping[int, int]) -> bool:
    # A subscription that begins with a snapshot has no position yet.
    return all(sent.get(shard, -1) >= position for shard, position in positions.items())
