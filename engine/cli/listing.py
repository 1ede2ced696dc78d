"""The first of what may be long."""

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from engine.cli.failures import warn

ItemT = TypeVar("ItemT")


def first_of(items: Iterator[ItemT], limit: int) -> tuple[list[ItemT], bool]:
    """At most `limit` items, all of them if that is 0, and whether there are more."""
    found = list(islice(items, limit or None))
    more = bool(limit) and len(found) == limit and next(items, None) is not None
    return found, more


def warn_of_more(more: bool, limit: int) -> None:
    """Tell a person that not all is shown."""
    if more:
        warn(f"there are more than {limit}: --limit 0 shows them all")
