"""Runs an adapter: takes in what the source tells while pushing, and acknowledges after success."""

import asyncio
import math
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from holdfast.adapters.adapter import Adapter
from holdfast.adapters.guard import Guard, MemoryGuard
from holdfast.adapters.metrics import Metrics
from holdfast.adapters.outcomes import (
    ChannelGone,
    PermanentError,
    PushError,
    RetryLater,
    reason_to_park,
)
from holdfast.adapters.pacing import TokenBucket, delay_s
from holdfast.adapters.pending import Item, Pending, order_of
from holdfast.adapters.source import (
    CaughtUp,
    ChannelUpdate,
    ChannelUpdateBatch,
    FellBehind,
    ParkedMessage,
    Replayed,
    RetentionWarning,
)
from holdfast.errors import HoldfastError

COMPLAIN_EVERY_S = 10.0
"""A channel that goes on failing for the same reason is logged so often."""


class Worker:
    """One run of an adapter over its `context`'s source. Two tasks: one reads, so that what is
    pushed next is always the newest; one pushes, so that pushes never overlap."""

    def __init__(
        self, adapter: Adapter, *, metrics: Metrics | None = None, guard: Guard | None = None
    ) -> None:
        self._adapter = adapter
        self._source = adapter.context.source
        self._clock = adapter.context.clock
        self._random = adapter.context.random
        self._log = adapter.context.log
        self.pending = Pending(guard or MemoryGuard())
        """What was told and is not pushed yet."""
        self.metrics = metrics or Metrics(adapter.name, adapter.context.channel)
        self.metrics.pending(self.pending, self._clock)
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._is_told_all = False
        self._failure: BaseException | None = None
        self._in_flight: asyncio.Timeout | None = None
        self._channel_attempts = 0
        self._complaint: tuple[str, float] | None = None
        self._taken_at = -math.inf
        self._paused_until = 0.0
        self._parked: dict[str, tuple[int, ...]] = {}
        self._replayed: dict[str, ParkedMessage] = {}
        self._bucket = (
            TokenBucket(adapter.rate_per_s, adapter.burst, self._clock.monotonic())
            if adapter.rate_per_s > 0
            else None
        )

    def parked_before(self, parked: ParkedMessage) -> None:
        """Takes what earlier runs have parked: it is needless once something newer is pushed."""
        if isinstance(parked.content, ChannelUpdate):
            sku = parked.content.sku
            self._parked[sku] = (*self._parked.get(sku, ()), parked.id)
            self.pending.parked_before(parked.content)

    @property
    def is_ready(self) -> bool:
        """Whether the channel takes what is pushed, as far as is known."""
        return self._failure is None and self._channel_attempts == 0

    def stop(self) -> None:
        """Ends `run` after the push that is in flight."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Pushes until `stop`, or until the source has ended and all is pushed. Raises what makes
        going on impossible."""
        await self._adapter.start()
        beside = [
            asyncio.create_task(self._guarded(self._read())),
            asyncio.create_task(self._guarded(self._adapter.background())),
        ]
        try:
            await self._push_all()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._adapter.stop()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Does what runs beside the pushes; its failure ends them."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # Whatever it is, it must not leave the pushes waiting for more: `run` raises it.
            self._failure = error
            if self._in_flight is not None:
                # Someone else may follow from now on: what is in flight must not come after what
                # they push.
                self._in_flight.reschedule(asyncio.get_running_loop().time())
        self._wake.set()

    async def _read(self) -> None:
        async for message in self._source:
            await self._take_in(message)
            self._wake.set()
        self._is_told_all = True

    async def _take_in(self, message: object) -> None:
        now = self._clock.monotonic()
        if isinstance(message, ChannelUpdateBatch):
            self.metrics.told(len(message.updates))
            self.pending.tell(message.updates, message.cursor, now)
            for update in message.updates:
                # A push of what is newer makes needless what was parked of the SKU.
                parked_ids = self._parked.get(update.sku)
                if parked_ids and self.pending.covers_parked(update.sku, parked_ids):
                    del self._parked[update.sku]
        elif isinstance(message, Replayed):
            await self._replay(message.parked)
        elif isinstance(message, RetentionWarning):
            self._log.warning(
                "The log will forget what is not pushed yet.",
                extra={"drops_at": str(message.drops_at), "lag_events": message.lag_events},
            )
        else:
            if isinstance(message, FellBehind):
                self.metrics.fell_behind(message.lag_events)
            elif isinstance(message, CaughtUp):
                self.metrics.fell_behind(0)
            self.pending.tell((), getattr(message, "cursor", ""), now)

    async def _replay(self, parked: ParkedMessage) -> None:
        """Takes a parked message again. Of a SKU, what holds now is pushed, not what held then."""
        if isinstance(parked.content, ChannelUpdate):
            latest = await self._source.latest(parked.content.sku)
            now = self._clock.monotonic()
            if self.pending.replay(latest, parked.id, now):
                self._replayed[latest.sku] = parked
                others = self._parked.pop(latest.sku, ())
                self.pending.covers_parked(latest.sku, set(others) - {parked.id})
                return
        else:
            try:
                await self._adapter.replay(parked)
            except PermanentError as error:
                await self._source.park(parked, reason_to_park(error, 1))
                return
        await self._source.acknowledge(parked_ids=(parked.id,))

    async def _push_all(self) -> None:
        while True:
            self._wake.clear()
            await self._acknowledge(())
            if self._failure is not None:
                raise self._failure
            if self._is_stopping:
                return
            due_at = self._due_at()
            now = self._clock.monotonic()
            if due_at is None:
                if self._is_told_all:
                    return
                await self._clock.wait(self._wake, None)
            elif due_at > now:
                await self._clock.wait(self._wake, due_at - now)
            else:
                await self._push(self.pending.take(self._adapter.batch_max, now))

    def _due_at(self) -> float | None:
        """When to push next; None: there is nothing to push."""
        due_at = self.pending.due_at(self._adapter.batch_max, self._adapter.batch_wait_s)
        if due_at is None:
            return None
        paid_at = 0.0 if self._bucket is None else self._bucket.ready_at()
        return max(due_at, self._paused_until, paid_at)

    async def _push(self, items: Sequence[Item]) -> None:
        updates = [item.update for item in items]
        began = self._clock.monotonic()
        if self._bucket is not None:
            self._bucket.take(self._adapter.cost(updates), began)
        failures = await self._outcome(updates)
        self.metrics.push_took(len(updates), self._clock.monotonic() - began)
        await self._settle(items, failures)

    async def _outcome(self, updates: Sequence[ChannelUpdate]) -> Mapping[str, PushError]:
        """Pushes; gives the failures by SKU."""
        try:
            async with asyncio.timeout(self._adapter.push_timeout_s) as self._in_flight:
                return await self._adapter.push(updates) or {}
        except TimeoutError:
            error: PushError = RetryLater(
                f"The push took longer than {self._adapter.push_timeout_s} s.", reason="timeout"
            )
        except PushError as raised:
            error = raised
        except Exception as raised:
            self._log.exception("The push failed in a way that the adapter does not know.")
            error = RetryLater(f"{type(raised).__name__}: {raised}", reason="error")
        finally:
            self._in_flight = None
        if len(updates) > 1 and not isinstance(error, ChannelGone):
            error = _OfBatchError(error)
        return {update.sku: error for update in updates}

    async def _settle(self, items: Sequence[Item], failures: Mapping[str, PushError]) -> None:
        """Gives each update of a push what becomes of it, then acknowledges."""
        self._see_channel([failures.get(item.update.sku) for item in items])
        self._complain(failures)
        done_ids: list[int] = []
        gone: ChannelGone | None = None
        for item in items:
            error = failures.get(item.update.sku)
            if error is None:
                self.pending.done(item)
                self._replayed.pop(item.update.sku, None)
                self.metrics.pushed(1)
                done_ids += sorted(item.parked_ids)
                continue
            self.metrics.failed(error)
            if isinstance(error, _OfBatchError):
                self._again_after_batch(item, error.error)
            elif isinstance(error, RetryLater) and not self._has_failed_enough(item, error):
                self._delay(item, error)
            else:
                await self._park(item, error)
                gone = error if isinstance(error, ChannelGone) else gone
        await self._acknowledge(done_ids)
        if gone is not None:
            raise gone

    def _see_channel(self, errors: Sequence[PushError | None]) -> None:
        """Takes from a push whether the channel as a whole works."""
        if None in errors:
            self._taken_at = self._clock.monotonic()
        if any(_is_of_channel(error) for error in errors):
            self._channel_attempts += 1
        else:
            self._channel_attempts = 0

    def _complain(self, failures: Mapping[str, PushError]) -> None:
        """Logs that something is to be tried again, and that all is well again."""
        now = self._clock.monotonic()
        if not failures:
            if self._complaint is not None:
                self._log.info("The channel takes updates again.")
            self._complaint = None
            return
        sku, error = next(iter(failures.items()))
        if self._complaint is not None:
            reason, at = self._complaint
            if reason == error.reason and now - at < COMPLAIN_EVERY_S:
                return
        self._complaint = error.reason, now
        self._log.warning(
            "Updates were not taken.",
            extra={"updates": len(failures), "sku": sku, "reason": error.reason, "why": str(error)},
        )

    def _has_failed_enough(self, item: Item, error: RetryLater) -> bool:
        """Whether an update is parked with this failure rather than tried again."""
        if error.whole_channel or item.failed_at is None:
            return not error.whole_channel and self._adapter.attempts_max <= 1
        if item.attempts + 1 >= self._adapter.attempts_max and self._taken_at >= item.failed_at:
            return True
        return self._clock.monotonic() - item.failed_at >= self._adapter.give_up_s

    def _again_after_batch(self, item: Item, error: PushError) -> None:
        """A failure that was raised for several updates: it is not known which of them it is. Each
        is tried alone, at once or when none of the common tries has helped."""
        if not isinstance(error, RetryLater):
            item.alone = True
            self.pending.again(item, self._clock.monotonic())
            return
        if not error.whole_channel and item.attempts + 1 >= self._adapter.attempts_max:
            item.alone = True
        self._delay(item, error)

    def _delay(self, item: Item, error: RetryLater) -> None:
        adapter = self._adapter
        now = self._clock.monotonic()
        if error.whole_channel:
            attempt = self._channel_attempts
        else:
            attempt = item.attempts = item.attempts + 1
            item.failed_at = now if item.failed_at is None else item.failed_at
        until = now + delay_s(
            attempt, error.after_s, adapter.backoff_first_s, adapter.backoff_max_s, self._random
        )
        if error.whole_channel:
            # The items are ready again at once: the pause holds for everything.
            self._paused_until = max(self._paused_until, until)
            until = now
        self.pending.again(item, until)

    async def _park(self, item: Item, error: PushError) -> None:
        """Puts an update aside, durably, before anything after it is acknowledged. If that is
        impossible, it is tried again."""
        update = item.update
        reason = reason_to_park(error, item.attempts + 1)
        again = self._replayed.get(update.sku)
        stays = again is not None and order_of(again.content) == order_of(update)
        try:
            parked = await self._source.park(again if stays else update, reason)
        except HoldfastError as refusal:
            self._log.error("An update cannot be parked: %s", refusal, extra={"sku": update.sku})
            self._delay(item, RetryLater(str(refusal), reason="parking"))
            return
        # What was parked of the SKU before is the same trouble with an older number.
        older = sorted(item.parked_ids - {parked.id})
        if older:
            await self._source.acknowledge(parked_ids=older)
        self._replayed.pop(update.sku, None)
        self._parked[update.sku] = (parked.id,)
        self.pending.parked(item)
        self.metrics.parked(error)
        self._log.warning(
            "An update was parked.",
            extra={"sku": update.sku, "version": update.version, "reason": reason},
        )

    async def _acknowledge(self, parked_ids: Sequence[int]) -> None:
        cursor = self.pending.acknowledgeable()
        if cursor or parked_ids:
            await self._source.acknowledge(cursor, parked_ids=tuple(parked_ids))


class _OfBatchError(PushError):
    """What was raised for several updates at once."""

    def __init__(self, error: PushError) -> None:
        super().__init__(str(error), reason=error.reason)
        self.error = error


def _is_of_channel(error: PushError | None) -> bool:
    inner = error.error if isinstance(error, _OfBatchError) else error
    return isinstance(inner, RetryLater) and inner.whole_channel
