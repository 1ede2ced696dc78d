"""Events as short lines of text, so that a row of a table can be read."""

from collections.abc import Iterable
from typing import Any

from engine.core.events import AtRisk, Event
from engine.core.model import Key

_PLAIN = frozenset({"reason", "channel"})
"""Optional fields that are told without their name."""
_LEFT_OUT = frozenset({"reservation_id", "tenant"})
_USUAL = frozenset({"LONDON", "NOWHERE"})
"""Locations of the SKUs that most rows are about: they are not told."""


def told(events: Iterable[Event]) -> list[str]:
    """Events as text, such as "StockHeld 1 TEA 3"; "uncounted" where no balance moves. Optional
    fields are told by name where they say anything: "StockHeld 1 TEA 3 backordered=2"."""
    return [_tell(event) for event in events]


def _tell(event: Event) -> str:
    words = [type(event).__name__]
    fields = event.__struct_fields__
    first_optional = len(fields) - len(event.__struct_defaults__)
    for index, name in enumerate(fields):
        value: Any = getattr(event, name)
        if name == "key":
            words.append(_place(value))
        elif name == "line_id":
            words.insert(1, value)
        elif name == "counted":
            words += [] if value else ["uncounted"]
        elif name in _LEFT_OUT or value == "":
            continue
        elif index < first_optional or name in _PLAIN:
            words.append(_text(value))
        elif value != event.__struct_defaults__[index - first_optional]:
            words.append(f"{name}={_text(value)}")
    return " ".join(words)


def _text(value: Any) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], AtRisk):
        return ",".join(
            f"{one.reservation_id}:{one.units}{'' if one.allocated else ' held'}" for one in value
        )
    if isinstance(value, tuple) and value and hasattr(value[0], "__struct_fields__"):
        return f"[{', '.join(_tell(one) for one in value)}]"
    return str(getattr(value, "name", value))


def _place(key: Key) -> str:
    return key.sku if key.location in _USUAL else f"{key.sku}@{key.location}"
