"""What a shard tells of its past: pages of events, and which of them made a number."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.core.limits import PAGE_BYTES_MAX, PAGE_EVENTS_READ_MAX
from engine.core.model import Key, Stock
from engine.log.codec import decode_group
from engine.log.past_events import PastEvent, key_events, reservation_events
from engine.log.port import Log, LogError
from engine.log.time_travel import NotKept, stock_as_of
from engine.shard.queries import (
    EventRead,
    EventsRead,
    ExplainStock,
    ExplanationRead,
    ExplanationsRead,
    NotThere,
    PastNotKept,
    QueryResult,
    ReadEvents,
)


def not_kept(log: Log) -> PastNotKept:
    """How far back the log goes."""
    oldest_position = log.oldest_position
    groups = log.read(oldest_position, 0, log.head.position)
    oldest_ms = decode_group(groups[0]).recorded_at_ms if groups else log.head.recorded_at_ms
    return PastNotKept(oldest_position, oldest_ms)


def read_events(log: Log, question: ReadEvents, durable: int) -> QueryResult:
    """A page of events of a SKU-location or of a reservation."""
    if question.key is not None:
        return _of_key(log, question, question.key, durable)
    reservation = log.reservation(question.reservation_id)
    if reservation is None or reservation.tenant != question.tenant:
        return NotThere(durable)
    return _page(_of_reservation(log, question, durable), question.limit, durable)


def _of_key(log: Log, question: ReadEvents, key: Key, durable: int) -> EventsRead:
    first, last = question.from_version, question.to_version
    if question.from_ms:
        before = log.history_at(key, log.position_at(question.from_ms - 1))
        first = max(first, before.version + 1 if before else 1)
    last_position = durable
    if question.to_ms:
        last_position = min(durable, log.position_at(question.to_ms))
    newest = log.history_at(key, last_position)
    last = min(last, newest.version if newest else 0)
    if question.after and question.newest_first:
        last = min(last, question.after - 1)
    elif question.after:
        first = max(first, question.after + 1)
    found = (
        _Numbered(past, _version_of(past))
        for past in key_events(log, key, first, last, newest_first=question.newest_first)
    )
    return _page(found, question.limit, durable)


def _of_reservation(log: Log, question: ReadEvents, durable: int) -> Iterator["_Numbered"]:
    last = durable
    if question.to_ms:
        last = min(last, log.position_at(question.to_ms))
    after = question.after
    if question.newest_first:
        after = min(after, last + 1) if after else last + 1
    elif question.from_ms:
        after = max(after, log.position_at(question.from_ms - 1))
    found = reservation_events(
        log, question.reservation_id, newest_first=question.newest_first, after=after
    )
    for past in found:
        is_past_the_end = past.recorded_at_ms < question.from_ms or past.position > last
        if is_past_the_end:
            return
        yield _Numbered(past, past.position)


class _Numbered(NamedTuple):
    """An event with the number by which a page goes on after it."""

    past: PastEvent
    number: int


def _page(found: Iterator[_Numbered], limit: int, durable: int) -> EventsRead:
    """As many events as a page may have; one more is looked at to know whether it is the last."""
    events: list[EventRead] = []
    size_bytes = 0
    number = 0
    for past, number_of_next in found:
        if len(events) == limit or size_bytes >= PAGE_BYTES_MAX:
            return EventsRead(tuple(events), number, durable)
        events.append(_event_read(past))
        size_bytes += len(past.encoded)
        number = number_of_next
    return EventsRead(tuple(events), 0, durable)


def explain(log: Log, question: ExplainStock, durable: int) -> QueryResult:
    """The number as of then, and a page of the events that changed it, newest first."""
    key, as_of = question.key, durable
    if question.position is not None:
        as_of = min(question.position, durable)
    elif question.time_ms is not None:
        as_of = min(log.position_at(question.time_ms), durable)
    stock = stock_as_of(log, key, as_of)
    if isinstance(stock, NotKept):
        return not_kept(log)
    if stock is None:
        if log.stock(key) is None:
            return NotThere(durable)
        return ExplanationsRead(0, (), 0, as_of, durable)
    last = question.before_version - 1 if question.before_version else stock.version
    explanations, next_before = _explanations(log, question, last)
    return ExplanationsRead(
        _number(stock, question.number), tuple(explanations), next_before, as_of, durable
    )


def _explanations(log: Log, question: ExplainStock, last: int) -> tuple[list[ExplanationRead], int]:
    """A page from version `last` downwards, and the version it ends at; 0: there is no more."""
    explanations: list[ExplanationRead] = []
    size_bytes = 0
    later: PastEvent | None = None
    for looked_at, past in enumerate(key_events(log, question.key, 1, last, newest_first=True)):
        if later is not None:
            change = _changed(later, _stock_after(past), question.number)
            if change is not None:
                explanations.append(change)
                size_bytes += len(change.event.encoded)
            is_full = len(explanations) == question.limit or size_bytes >= PAGE_BYTES_MAX
            if is_full or looked_at == PAGE_EVENTS_READ_MAX:
                return explanations, _version_of(later)
        later = past
    if later is not None:
        before = _before_oldest(log, question.key, _version_of(later))
        change = _changed(later, before, question.number)
        if change is not None:
            explanations.append(change)
    return explanations, 0


def _before_oldest(log: Log, key: Key, version: int) -> Stock:
    """The SKU-location before the oldest event of it that is kept."""
    if version == 1:
        return Stock()
    entry = log.history(key, version - 1)
    return entry.stock if entry is not None and entry.version == version - 1 else Stock()


def _changed(past: PastEvent, before: Stock, number: str) -> ExplanationRead | None:
    """How an event changed a number; None if it did not."""
    value = _number(_stock_after(past), number)
    change = value - _number(before, number)
    return ExplanationRead(_event_read(past), change, value) if change else None


def _number(stock: Stock, number: str) -> int:
    value: int = getattr(stock, number)
    return value


def _stock_after(past: PastEvent) -> Stock:
    stock = past.recorded.stock
    if stock is None:
        raise LogError(f"the event at position {past.position} has no stock")
    return stock


def _version_of(past: PastEvent) -> int:
    return _stock_after(past).version


def _event_read(past: PastEvent) -> EventRead:
    return EventRead(past.position, past.recorded_at_ms, past.cause, past.encoded)
