"""A durable subscription as the front end has it in memory."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from engine.feed.consumer import Consumer, Warned
from engine.feed.cursor import Cursor, CursorError, Lineage, own
from engine.feed.subscription_store import Acknowledged, Key, StoredSubscription


class Subscription:
    """One subscription. Its cursor is ahead of the stored one by what was acknowledged last;
    everything else is as it is stored."""

    def __init__(
        self,
        stored: StoredSubscription,
        parked: int,
        lineage: Lineage,
        now_ms: Callable[[], int],
        on_acknowledged: Callable[["Subscription"], None],
    ) -> None:
        self.parked = parked
        """How many messages are parked."""
        self.consumer: Consumer | None = None
        """Who follows it now."""
        self._warning: Warned | None = None
        self.on_sent: Callable[[], None] | None = None
        self.busy = asyncio.Lock()
        """Whoever makes something of it durable has it: one at a time."""
        self.is_gone = False
        """It was deleted."""
        self._lineage = lineage
        self._now_ms = now_ms
        self._on_acknowledged = on_acknowledged
        self.stored = stored

    @property
    def stored(self) -> StoredSubscription:
        """What is remembered of it, with the cursor that it has now."""
        return self._stored

    @stored.setter
    def stored(self, stored: StoredSubscription) -> None:
        self._stored = stored
        self._positions = _positions(stored.cursor, self._lineage)
        self._since = _positions(stored.since, self._lineage)
        if self.on_sent is not None:
            self.on_sent()

    @property
    def key(self) -> Key:
        """Tenant and name."""
        return self._stored.key

    @property
    def name(self) -> str:
        """Its name."""
        return self._stored.name

    @property
    def positions(self) -> Mapping[int, int] | None:
        """By shard, the position up to which everything was acknowledged. None: nothing yet, or
        what was belongs to an epoch that is lost."""
        return self._positions

    @property
    def is_lost(self) -> bool:
        """Whether its cursor belongs to another epoch than the one that is served."""
        return bool(self._stored.cursor) and self._positions is None

    @property
    def warning(self) -> Warned | None:
        """That it holds up retention, as long as it does. Any thread may ask."""
        warning = self._warning
        at = (self._positions or {}).get(warning.shard) if warning is not None else None
        return warning if warning is not None and at is not None and at < warning.up_to else None

    def warn(self, warning: Warned) -> None:
        """Note that it holds up retention, and tell its consumer."""
        self._warning = warning
        if self.consumer is not None:
            self.consumer.warn(warning)

    def hold_nothing(self) -> None:
        """Note that what it needs is forgotten, so that it holds up retention no more."""
        self._warning = None

    @property
    def cursor(self) -> str:
        """Everything up to here was acknowledged; empty: nothing yet."""
        positions = self._positions
        return self._stored.cursor if positions is None else self.cursor_of(positions)

    @property
    def sent(self) -> Mapping[int, int]:
        """For who waits for it: what was acknowledged."""
        return self._positions or {}

    def cursor_of(self, positions: Mapping[int, int]) -> str:
        """The cursor of positions by shard."""
        return Cursor(self._lineage.history, self._lineage.epoch, positions).encode()

    def acknowledge(self, positions: Mapping[int, int]) -> None:
        """Everything up to these positions is done; what was done before stays so."""
        before = self._positions or {}
        moved = {shard: at for shard, at in positions.items() if at > before.get(shard, -1)}
        if not moved:
            return
        self._positions = {**before, **moved}
        self._stored = replace(
            self._stored, cursor=self.cursor_of(self._positions), acknowledged_ms=self._now_ms()
        )
        self._on_acknowledged(self)
        if self.on_sent is not None:
            self.on_sent()

    @property
    def acknowledged(self) -> Acknowledged:
        """How far it is, for the store."""
        return Acknowledged(self.key, self._stored.cursor, self._stored.acknowledged_ms)

    def unacknowledged(self, heads: Mapping[int, int]) -> dict[int, int]:
        """By shard, the first position that was not acknowledged, where there is one up to the
        heads. Before anything was, it counts from when it was made or reset."""
        positions = self._positions or self._since or {}
        return {
            shard: positions.get(shard, 0) + 1
            for shard, head in heads.items()
            if head > positions.get(shard, 0)
        }

    def lag_events(self, heads: Mapping[int, int]) -> int:
        """Events of all shards that were not acknowledged."""
        unacknowledged = self.unacknowledged(heads)
        return sum(heads[shard] - first + 1 for shard, first in unacknowledged.items())


def _positions(text: str, lineage: Lineage) -> Mapping[int, int] | None:
    """The positions of a stored cursor; None if it is empty or of a lost epoch."""
    try:
        return own(Cursor.parse(text), text, lineage).positions if text else None
    except CursorError:
        return None
