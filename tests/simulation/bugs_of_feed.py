"""Bugs of the feed, of subscriptions and of adapters, to be planted."""

from typing import Any

from holdfast.adapters.guard import MemoryGuard

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


def an_adapter_takes_news_for_old(patch: Patch) -> None:
    patch.setattr(MemoryGuard, "is_stale", lambda self, update: update.sku in self._pushed)
