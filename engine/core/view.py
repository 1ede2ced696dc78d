"""What a decision is made from, and what it comes to."""

from typing import Protocol

from engine.core.events import Event
from engine.core.model import Key, Reservation, Settings, ShortLine, Stock, Struct


class View(Protocol):
    """The state that a decision may look at. The shard assembles it; it sees the commands decided
    before."""

    settings: Settings

    def stock(self, key: Key) -> Stock | None:
        """The SKU-location's state, None if it does not exist."""

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation, of whatever tenant; None if it does not exist."""

    def new_reservation_id(self) -> str:
        """An id that no reservation has had; asked for at most once in a decision."""


class Decision(Struct, frozen=True):
    """What an accepted command makes happen. No events: it asked for what is so already."""

    events: tuple[Event, ...] = ()
    short_lines: tuple[ShortLine, ...] = ()
