"""What is remembered of durable subscriptions, outside the log: the port, and its twin in memory.

`sqlite_subscriptions` is the real store. What a method has changed is durable when it returns, all
of it or nothing. A store is used by one thread at a time.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec


class StoreError(Exception):
    """The store cannot be read or written; the message names the file."""


class Unmarked(StoreError):
    """A change was made, and is what the store has from now on, but nobody may be told so: that it
    was could not be noted."""


class StoredSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription. Times in milliseconds since 1970, by engine time; 0: never."""

    tenant: str
    name: str
    filter: bytes
    """The encoded EventFilter, its lists in order."""
    mode: int
    """The WatchMode."""
    cursor: str
    """Everything up to here was acknowledged; empty: nothing yet, and a snapshot comes first."""
    since: str
    """The newest cursor when it was made or reset: from there lag is counted as long as `cursor` is
    empty."""
    created_ms: int
    acknowledged_ms: int = 0
    consumer: int = 0
    """The number of the consumer that has opened it last. A reset counts as one."""
    marks: dict[str, str] = {}

    @property
    def key(self) -> tuple[str, str]:
        """Tenant and name."""
        return self.tenant, self.name


class StoredParked(msgspec.Struct, frozen=True):
    """A message that could not be processed."""

    parked_id: int
    """Never used again in this store."""
    content: bytes
    """An encoded ParkedMessage with nothing but its content."""
    reason: str
    parked_ms: int
    replays: int = 0
    replaying: bool = False


class Acknowledged(NamedTuple):
    """How far a subscription is."""

    key: tuple[str, str]
    cursor: str
    acknowledged_ms: int


class ToPark(NamedTuple):
    """A message to park. Of one subscription each `identity` is parked once."""

    identity: bytes
    content: bytes
    reason: str
    now_ms: int


Key = tuple[str, str]
"""Tenant and name of a subscription."""


class SubscriptionStore(Protocol):
    """Where subscriptions are kept. What names one that is not there changes nothing. StoreError if
    the store fails: then nothing has changed, unless it is Unmarked."""

    def load(self) -> list[tuple[StoredSubscription, int]]:
        """All subscriptions, each with the number of its parked messages."""

    def put(self, subscription: StoredSubscription) -> StoredSubscription:
        """Make a subscription, or replace the one of its name and leave what is parked; it gets the
        number of a new consumer."""

    def delete(self, key: Key) -> None:
        """Forget a subscription with all that is parked for it."""

    def acknowledge(self, acknowledged: Sequence[Acknowledged]) -> None:
        """Move the cursors of subscriptions."""

    def take_over(self, key: Key) -> int:
        """Give a subscription a new consumer: its number, higher than all before in this store."""

    def set_mark(self, key: Key, mark: str, value: str) -> None:
        """Remember a mark; an empty value removes it."""

    def park(self, key: Key, message: ToPark, parked_max: int) -> StoredParked | None:
        """Park a message, or replace what is parked under its identity, which keeps its id and
        time and is not to be given again. None if `parked_max` are parked already."""

    def park_again(self, key: Key, parked_id: int, reason: str) -> StoredParked | None:
        """Leave a parked message for a new reason, not to be given again. None if it is not
        there."""

    def count(self, key: Key) -> int:
        """How many messages are parked."""

    def parked(self, key: Key, after: int, limit: int, bytes_max: int) -> list[StoredParked]:
        """Parked messages in order of their ids, those above `after`: at most `limit`, and no more
        after `bytes_max` of content."""

    def replay(self, key: Key, parked_ids: Collection[int] | None) -> list[int]:
        """Have messages, None: all, given again. The ids of those that are parked, in order; if any
        is not, nothing changes."""

    def replaying(self, key: Key) -> list[int]:
        """The ids of the messages that are to be given again, in order."""

    def give(self, key: Key, parked_ids: Collection[int]) -> list[StoredParked]:
        """Messages that are to be given again, each counted as given once more; those that are not
        to be are left out."""

    def drop(self, key: Key, parked_ids: Collection[int]) -> int:
        """Forget parked messages. How many there were."""

    def copy_to(self, path: Path) -> None:
        """Write all of it to a file that there is none of, as of one moment, durably."""

    def close(self) -> None:
        """Let go. The store cannot be used any more."""


class _Kept:
    """A subscription in memory, with what is parked for it."""

    def __init__(self, subscription: StoredSubscription) -> None:
        self.subscription = subscription
        self.parked: dict[int, StoredParked] = {}
        self.identities: dict[bytes, int] = {}


class MemorySubscriptions:
    """The twin in memory, for tests: it forgets with its process. See SubscriptionStore."""

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept] = {}
        self._consumers = 0
        self._parked_ids = 0

    def load(self) -> list[tuple[StoredSubscription, int]]:
        """See SubscriptionStore.load."""
        return [(kept.subscription, len(kept.parked)) for _, kept in sorted(self._kept.items())]

    def put(self, subscription: StoredSubscription) -> StoredSubscription:
        """See SubscriptionStore.put."""
        self._consumers += 1
        made = msgspec.structs.replace(subscription, consumer=self._consumers)
        kept = self._kept.setdefault(made.key, _Kept(made))
        kept.subscription = made
        return made

    def delete(self, key: Key) -> None:
        """See SubscriptionStore.delete."""
        self._kept.pop(key, None)

    def acknowledge(self, acknowledged: Sequence[Acknowledged]) -> None:
        """See SubscriptionStore.acknowledge."""
        for key, cursor, acknowledged_ms in acknowledged:
            self._change(key, cursor=cursor, acknowledged_ms=acknowledged_ms)

    def take_over(self, key: Key) -> int:
        """See SubscriptionStore.take_over."""
        self._consumers += 1
        self._change(key, consumer=self._consumers)
        return self._consumers

    def set_mark(self, key: Key, mark: str, value: str) -> None:
        """See SubscriptionStore.set_mark."""
        kept = self._kept.get(key)
        if kept is not None:
            marks = {name: text for name, text in kept.subscription.marks.items() if name != mark}
            self._change(key, marks=marks | ({mark: value} if value else {}))

    def _change(self, key: Key, **changes: object) -> None:
        kept = self._kept.get(key)
        if kept is not None:
            kept.subscription = msgspec.structs.replace(kept.subscription, **changes)

    def park(self, key: Key, message: ToPark, parked_max: int) -> StoredParked | None:
        """See SubscriptionStore.park."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        parked_id = kept.identities.get(message.identity)
        if parked_id is None:
            if len(kept.parked) >= parked_max:
                return None
            self._parked_ids += 1
            parked_id = kept.identities[message.identity] = self._parked_ids
            made = StoredParked(parked_id, message.content, message.reason, message.now_ms)
        else:
            made = msgspec.structs.replace(
                kept.parked[parked_id],
                content=message.content,
                reason=message.reason,
                replaying=False,
            )
        kept.parked[parked_id] = made
        return made

    def park_again(self, key: Key, parked_id: int, reason: str) -> StoredParked | None:
        """See SubscriptionStore.park_again."""
        parked = self._parked_of(key)
        if parked_id not in parked:
            return None
        parked[parked_id] = msgspec.structs.replace(
            parked[parked_id], reason=reason, replaying=False
        )
        return parked[parked_id]

    def count(self, key: Key) -> int:
        """See SubscriptionStore.count."""
        return len(self._parked_of(key))

    def parked(self, key: Key, after: int, limit: int, bytes_max: int) -> list[StoredParked]:
        """See SubscriptionStore.parked."""
        return first_of(
            (each for _, each in sorted(self._parked_of(key).items()) if each.parked_id > after),
            limit,
            bytes_max,
        )

    def replay(self, key: Key, parked_ids: Collection[int] | None) -> list[int]:
        """See SubscriptionStore.replay."""
        parked = self._parked_of(key)
        found = sorted(parked if parked_ids is None else parked.keys() & set(parked_ids))
        if parked_ids is None or len(found) == len(set(parked_ids)):
            for parked_id in found:
                parked[parked_id] = msgspec.structs.replace(parked[parked_id], replaying=True)
        return found

    def replaying(self, key: Key) -> list[int]:
        """See SubscriptionStore.replaying."""
        return sorted(each.parked_id for each in self._parked_of(key).values() if each.replaying)

    def give(self, key: Key, parked_ids: Collection[int]) -> list[StoredParked]:
        """See SubscriptionStore.give."""
        parked = self._parked_of(key)
        given = [
            msgspec.structs.replace(parked[parked_id], replays=parked[parked_id].replays + 1)
            for parked_id in sorted(parked_ids)
            if parked_id in parked and parked[parked_id].replaying
        ]
        parked.update((each.parked_id, each) for each in given)
        return given

    def drop(self, key: Key, parked_ids: Collection[int]) -> int:
        """See SubscriptionStore.drop."""
        kept = self._kept.get(key)
        dropped = set(parked_ids) & kept.parked.keys() if kept is not None else set()
        if kept is not None:
            kept.parked = {at: each for at, each in kept.parked.items() if at not in dropped}
            kept.identities = {
                identity: at for identity, at in kept.identities.items() if at not in dropped
            }
        return len(dropped)

    def _parked_of(self, key: Key) -> dict[int, StoredParked]:
        kept = self._kept.get(key)
        return kept.parked if kept is not None else {}

    def copy_to(self, path: Path) -> None:
        """See SubscriptionStore.copy_to: of nothing that lasts there is no copy."""
        raise StoreError(f"subscriptions in memory cannot be copied to {path}")

    def close(self) -> None:
        """See SubscriptionStore.close."""


def first_of(found: Iterable[StoredParked], limit: int, bytes_max: int) -> list[StoredParked]:
    """The first of what is found: at most `limit`, and no more after `bytes_max` of content."""
    page: list[StoredParked] = []
    size_bytes = 0
    for each in found:
        if len(page) >= limit or size_bytes >= bytes_max:
            break
        page.append(each)
        size_bytes += len(each.content)
    return page
