"""Python loads this at its start when this folder is on its path: a Holdfast whose feed at times
leaves out the last event of a message, to show that the audit of feeds notices."""

from collections.abc import Iterable
from itertools import count

from engine.feed import wire

_EVERY = 20
_numbers = count(1)
_whole = wire.events_response


def _without_the_last(cursor: str, entries: Iterable[bytes]) -> bytes:
    told = list(entries)
    if next(_numbers) % _EVERY == 0:
        told.pop()
    return _whole(cursor, told)


wire.events_response = _without_the_last
