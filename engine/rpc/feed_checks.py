"""What may be asked of the feed: filters, modes and starts, of a Watch as of a subscription."""

from collections.abc import Sequence
from typing import Any

from holdfast.v1 import feed_pb2

from engine.core.limits import (
    FILTER_GROUPS_MAX,
    FILTER_IDS_MAX,
    FILTER_KINDS_MAX,
    FILTER_PREFIXES_MAX,
)
from engine.feed.filter import Filter
from engine.feed.hub import Mode, Start
from engine.feed.kinds import NUMBERS
from engine.rpc.checks import InvalidField, check_required, check_text

_STARTS: dict[int, Start] = {
    feed_pb2.START_FROM_UNSPECIFIED: Start.NOW,
    feed_pb2.START_FROM_NOW: Start.NOW,
    feed_pb2.START_FROM_BEGINNING: Start.BEGINNING,
    feed_pb2.START_FROM_SNAPSHOT: Start.SNAPSHOT,
}
_MODES: dict[int, Mode] = {
    feed_pb2.WATCH_MODE_UNSPECIFIED: Mode.EVERY_EVENT,
    feed_pb2.WATCH_MODE_EVERY_EVENT: Mode.EVERY_EVENT,
    feed_pb2.WATCH_MODE_LATEST: Mode.LATEST,
}


def checked_mode(mode: int) -> Mode:
    """The mode that is asked for; InvalidField if there is no such one."""
    checked = _MODES.get(mode)
    if checked is None:
        raise InvalidField("mode", mode, "EVERY_EVENT, LATEST")
    return checked


def checked_filter(tenant: str, asked: feed_pb2.EventFilter, mode: Mode) -> Filter:
    """The filter that is asked for; InvalidField if there cannot be such a one in this mode."""
    check_text(tenant, "tenant")
    _check_ids(asked.skus, FILTER_IDS_MAX, "filter.skus")
    # A prefix is sound if something can follow it: other than a whole id, it may end with a space.
    followed = [f"{prefix}." if prefix[-1:] == " " else prefix for prefix in asked.sku_prefixes]
    _check_ids(followed, FILTER_PREFIXES_MAX, "filter.sku_prefixes")
    _check_ids(asked.locations, FILTER_IDS_MAX, "filter.locations")
    _check_ids(asked.groups, FILTER_GROUPS_MAX, "filter.groups")
    _check_ids(asked.kinds, FILTER_KINDS_MAX, "filter.kinds")
    check_text(asked.channel, "filter.channel")
    for index, kind in enumerate(asked.kinds):
        if kind not in NUMBERS:
            allowed = "a field of Event.kind, such as stock_held"
            raise InvalidField(f"filter.kinds[{index}]", kind, allowed)
    if mode is Mode.LATEST:
        _check_latest(asked)
    return Filter(
        tenant,
        frozenset(asked.skus),
        tuple(asked.sku_prefixes),
        frozenset(asked.locations),
        frozenset(asked.groups),
        asked.channel,
        frozenset(NUMBERS[kind] for kind in asked.kinds),
    )


def _check_latest(asked: feed_pb2.EventFilter) -> None:
    """Mode LATEST tells of states, and of a channel what it may sell at all its locations."""
    if asked.kinds:
        raise InvalidField("filter.kinds", asked.kinds[0], "none in mode LATEST")
    for field in ("locations", "groups"):
        named = getattr(asked, field)
        if asked.channel and named:
            allowed = "none in mode LATEST with a channel"
            raise InvalidField(f"filter.{field}", named[0], allowed)


def checked_start(request: Any) -> Start | str:
    """The start of a request with that oneof: a named place, or a cursor, which the hub checks."""
    if request.WhichOneof("start") == "after_cursor":
        cursor: str = request.after_cursor
        return cursor
    start = _STARTS.get(request.start_from)
    if start is None:
        raise InvalidField("start_from", request.start_from, "NOW, BEGINNING, SNAPSHOT")
    return start


def _check_ids(ids: Sequence[str], count_max: int, field: str) -> None:
    if len(ids) > count_max:
        raise InvalidField(field, f"{len(ids)} entries", f"0 to {count_max} entries")
    for index, value in enumerate(ids):
        check_required(value, f"{field}[{index}]")
