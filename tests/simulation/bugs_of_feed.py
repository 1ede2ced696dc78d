"""Bugs of the feed, of subscriptions and of adapters, to be planted."""

from typing import Any

from holdfast.adapters.guard import MemoryGuard
from holdfast.adapters.pending import Pending

from engine.feed.channel_feed import ChannelFeed
from engine.feed.consumer import Consumer
from engine.feed.followers import Follower
from engine.feed.group import FeedGroup
from engine.feed.latest import Latest
from engine.feed.reader import ShardReader
from engine.feed.snapshot import SnapshotFirst, StockPages
from engine.feed.subscriptions import Subscriptions
from tests.simulation.bugs_of_shards import Patch, wrap


def a_cursor_lies_inside_a_commit(patch: Patch) -> None:
    patch.setattr(FeedGroup, "end_of_commit", lambda _self, position: position)


def a_snapshot_passes_over_what_no_page_has_shown(patch: Patch) -> None:
    def has_shown(self: Any, position: int, _place: Any) -> bool:
        return bool(position <= self.position)

    patch.setattr(StockPages, "has_shown", has_shown)


def a_snapshot_tells_again_what_a_page_has_shown(patch: Patch) -> None:
    patch.setattr(SnapshotFirst, "_has_shown", lambda *_: False)


def conflation_keeps_the_older(patch: Patch) -> None:
    def take(old: Any) -> Any:
        def changed(self: Any, reader: Any, group: Any) -> None:
            waiting = self._waiting[reader.feed.shard]
            before = dict(waiting)
            old(self, reader, group)
            waiting.update(before)

        return changed

    wrap(patch, Latest, "take", take)


def a_cursor_is_past_what_still_waits(patch: Patch) -> None:
    patch.setattr(Latest, "covered", property(lambda self: self._readers.positions))


def who_follows_few_is_not_woken(patch: Patch) -> None:
    patch.setattr(Follower, "concern", lambda *_: None)


def who_is_left_behind_goes_on_with_the_tail(patch: Patch) -> None:
    def load(old: Any) -> Any:
        async def changed(self: Any) -> bool:
            if self.was_left_behind:
                self.position = self._tail.dropped_position
                return False
            return bool(await old(self))

        return changed

    wrap(patch, ShardReader, "load", load)


def what_was_sent_is_taken_for_acknowledged(patch: Patch) -> None:
    def note_sent(old: Any) -> Any:
        def changed(self: Any, cursor: str) -> None:
            old(self, cursor)
            if self._sent:
                self.subscription.acknowledge(self._sent)

        return changed

    wrap(patch, Consumer, "note_sent", note_sent)


def a_consumer_goes_on_after_the_newest(patch: Patch) -> None:
    def start(old: Any) -> Any:
        def changed(self: Any, subscription: Any, resumed: Any) -> Any:
            where, sent = old(self, subscription, resumed)
            if resumed is None and sent:
                sent = {shard: at + (at > 0) for shard, at in sent.items()}
                where = subscription.cursor_of(sent)
            return where, sent

        return changed

    wrap(patch, Subscriptions, "_start", start)


def a_number_that_cannot_be_asked_for_is_forgotten(patch: Patch) -> None:
    def numbers(old: Any) -> Any:
        async def changed(self: Any, skus: Any) -> Any:
            for waiting in self._changed.values():
                for sku in skus:
                    waiting.pop(sku, None)
            return await old(self, skus)

        return changed

    wrap(patch, ChannelFeed, "_numbers", numbers)


def an_adapter_takes_news_for_old(patch: Patch) -> None:
    patch.setattr(MemoryGuard, "is_stale", lambda self, update: update.sku in self._pushed)


def an_adapter_pushes_the_older_of_two(patch: Patch) -> None:
    def add(old: Any) -> Any:
        def changed(self: Any, update: Any, message: Any, now: float) -> Any:
            waiting = self._ready.get(update.sku) or self._delayed.get(update.sku)
            before = None if waiting is None else waiting.update
            item = old(self, update, message, now)
            if item is not None and before is not None:
                item.update = before
            return item

        return changed

    wrap(patch, Pending, "_add", add)


def an_adapter_tries_the_older_of_two_again(patch: Patch) -> None:
    def again(old: Any) -> Any:
        def changed(self: Any, item: Any, not_before: float) -> None:
            failed = item.update
            old(self, item, not_before)
            item.update = failed

        return changed

    wrap(patch, Pending, "again", again)


def an_adapter_takes_what_has_failed_for_pushed(patch: Patch) -> None:
    patch.setattr(Pending, "again", lambda self, item, _not_before: self.done(item))


def an_adapter_acknowledges_what_it_has_not_pushed(patch: Patch) -> None:
    def acknowledgeable(self: Any) -> str:
        cursors = [message.cursor for message in self._messages if message.cursor]
        self._messages.clear()
        return cursors[-1] if cursors else ""

    patch.setattr(Pending, "acknowledgeable", acknowledgeable)
