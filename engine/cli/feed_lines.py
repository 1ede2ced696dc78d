"""What a feed says, line by line: objects for a program, text for a person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.cli.events import as_record, described
from engine.cli.output import as_plain, console

if TYPE_CHECKING:
    from holdfast.feed_messages import FeedMessage

Line = dict[str, Any]
"""What is said, with its "type", and with a "cursor" if one may go on after it, else None."""

_MOMENTS = {"CaughtUp": "caught_up", "FellBehind": "fell_behind", "Checkpoint": "checkpoint"}


def lines_of(said: "FeedMessage") -> Iterator[Line]:
    """A message of a feed, line by line. Only its last line has a cursor."""
    from holdfast import ChannelUpdateBatch, EventBatch, SnapshotBatch

    if isinstance(said, EventBatch):
        lines = [{"type": "event", **as_record(event)} for event in said.events]
    elif isinstance(said, SnapshotBatch):
        lines = [{"type": "state", **stock._asdict()} for stock in said.stocks]
        if said.complete:
            lines.append({"type": "snapshot_complete"})
    elif isinstance(said, ChannelUpdateBatch):
        lines = [{"type": "channel_update", **update._asdict()} for update in said.updates]
        if said.snapshot_complete:
            lines.append({"type": "snapshot_complete"})
    else:
        lines = [{"type": _MOMENTS[type(said).__name__], **said._asdict()}]
    for line in lines[:-1]:
        yield {**line, "cursor": None}
    for line in lines[-1:]:
        yield {**line, "cursor": said.cursor or None}


def print_line(line: Line) -> None:
    """Print one line for a person, at once."""
    say = _TEXTS.get(line["type"])
    if say is None:
        kind = line["type"].replace("_", " ")
        behind = f", {line['lag_events']:,} events" if "lag_events" in line else ""
        time = f"{as_plain(line['time'])}  " if "time" in line else ""
        console().print(Text(f"{time}{kind}{behind}", style="dim"))
        return
    console().print(Text(say(line)), soft_wrap=True)


def _event(line: Line) -> str:
    where = f"{line['sku']}@{line['location']}" if line["sku"] else ""
    left = f"  {_left(line['balances'])}" if line["balances"] else ""
    details = described(line["details"])
    return f"{as_plain(line['recorded_at'])}  {line['kind']:<20} {where}  {details}{left}"


def _state(line: Line) -> str:
    version = f"version {line['version']:,}"
    return f"{line['sku']}@{line['location']}  {_left(line['balances'])}  {version}"


def _left(balances: Any) -> str:
    return f"[on hand {balances.on_hand:,}, available {balances.available:,}]"


def _update(line: Line) -> str:
    time = f"{as_plain(line['recorded_at'])}  " if line["recorded_at"] else ""
    where = ", ".join(
        f"{each.location} {_units(each)}{_named(each.listing)}" for each in line["locations"]
    )
    there = f"  ({where})" if where else ""
    units = "unlimited" if line["unlimited"] else f"{line['units']:,}"
    return f"{time}{line['sku']}{_named(line['listing'])}  may sell {units}{there}"


def _units(update: Any) -> str:
    return "unlimited" if update.unlimited else f"{update.units:,}"


def _named(listing: Any) -> str:
    """Under which identifiers the channel knows it."""
    if listing is None:
        return ""
    named = (listing.shop, listing.item, listing.external_location)
    return f" as {'/'.join(each for each in named if each)}"


_TEXTS = {"event": _event, "state": _state, "channel_update": _update}
