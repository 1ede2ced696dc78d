"""How events look, in the feed and in the history."""

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from engine.cli.output import as_plain, shown_length

if TYPE_CHECKING:
    from holdfast import Event

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def as_record(event: "Event") -> dict[str, Any]:
    """An event with everything that the server said about it."""
    return {
        "kind": event.kind,
        "shard": event.shard,
        "position": event.position,
        "recorded_at": event.recorded_at,
        "tenant": event.tenant,
        "sku": event.sku,
        "location": event.location,
        "version": event.version,
        "balances": event.balances,
        "details": _message(event.details) if event.details is not None else {},
        "cause": event.cause,
    }


def described(details: dict[str, Any]) -> str:
    """What an event says besides its kind, in one line."""
    return ", ".join(
        f"{name.removesuffix('_id').replace('_', ' ')} {_shown(value)}"
        for name, value in details.items()
        if value and not (name == "counted" and value is True)
    )


def _shown(value: Any) -> str:
    """A value of an event's details in a line of text."""
    if isinstance(value, dict):
        said = [(name, item) for name, item in value.items() if item]
        return " ".join(name if item is True else _shown(item) for name, item in said)
    if isinstance(value, list):
        return "; ".join(_shown(item) for item in value)
    if isinstance(value, timedelta):
        return shown_length(value)
    return f"{value:,}" if type(value) is int else str(as_plain(value))


def _message(message: Any) -> dict[str, Any]:
    """The fields of a protobuf message by name, with those that have their default."""
    return {
        field.name: _field(field, getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if field.is_repeated or not field.has_presence or message.HasField(field.name)
    }


def _field(field: Any, value: Any) -> Any:
    """The value of a protobuf field."""
    return [_item(field, item) for item in value] if field.is_repeated else _item(field, value)


def _item(field: Any, value: Any) -> Any:
    """One value of a field: enums by the short name that the SDK gives them."""
    if field.message_type is not None:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return value.ToDatetime(UTC)
        if field.message_type.full_name == "google.protobuf.Duration":
            return value.ToTimedelta()
        return _message(value)
    if field.enum_type is not None:
        prefix = _WORD.sub("_", field.enum_type.name).upper() + "_"
        name = str(field.enum_type.values_by_number[value].name)
        return name.removeprefix(prefix).lower()
    return value
