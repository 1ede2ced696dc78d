"""What may be asked of the feed: filters and starts, of a Watch as of a subscription."""

from collections.abc import Sequence
from typing import Any

from holdfast.v1 import feed_pb2

from engine.core.limits import FILTER_IDS_MAX, FILTER_PREFIXES_MAX
from engine.feed.filter import Filter
from engine.feed.hub import Start
from engine.rpc.checks import InvalidField, check_required, check_text

_STARTS: dict[int, Start] = {
    feed_pb2.START_FROM_UNSPECIFIED: Start.NOW,
    feed_pb2.START_FROM_NOW: Start.NOW,
    feed_pb2.START_FROM_BEGINNING: Start.BEGINNING,
}


def checked_filter(tenant: str, asked: feed_pb2.EventFilter) -> Filter:
    """The filter that is asked for; InvalidField if there cannot be such a one."""
    check_text(tenant, "tenant")
    _check_ids(asked.skus, FILTER_IDS_MAX, "filter.skus")
    # A prefix is sound if something can follow it: other than a whole id, it may end with a space.
    followed = [f"{prefix}." if prefix[-1:] == " " else prefix for prefix in asked.sku_prefixes]
    _check_ids(followed, FILTER_PREFIXES_MAX, "filter.sku_prefixes")
    _check_ids(asked.locations, FILTER_IDS_MAX, "filter.locations")
    return Filter(
        tenant,
        frozenset(asked.skus),
        tuple(asked.sku_prefixes),
        frozenset(asked.locations),
    )


def checked_start(request: Any) -> Start | str:
    """The start of a request with that oneof: a named place, or a cursor, which the hub checks."""
    if request.WhichOneof("start") == "after_cursor":
        cursor: str = request.after_cursor
        return cursor
    start = _STARTS.get(request.start_from)
    if start is None:
        raise InvalidField("start_from", request.start_from, "NOW, BEGINNING")
    return start


def _check_ids(ids: Sequence[str], count_max: int, field: str) -> None:
    if len(ids) > count_max:
        raise InvalidField(field, f"{len(ids)} entries", f"0 to {count_max} entries")
    for index, value in enumerate(ids):
        check_required(value, f"{field}[{index}]")
