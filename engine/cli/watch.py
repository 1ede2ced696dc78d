"""`holdfast watch`: follows the change feed, as lines for a person or as JSON lines."""

import re
from collections.abc import Iterator
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from engine.cli.failures import ExitCode, fail
from engine.cli.output import as_plain, console, print_json
from engine.cli.session import Call, client_command

if TYPE_CHECKING:
    from holdfast import Event
    from holdfast.sync import SyncFeed

app = typer.Typer()


class Start(StrEnum):
    """Where a feed begins."""

    NOW = "now"
    BEGINNING = "beginning"


@client_command(app)
def watch(
    call: Call,
    skus: Annotated[
        list[str] | None, typer.Option("--sku", help="Only this SKU. May be repeated.")
    ] = None,
    sku_prefixes: Annotated[
        list[str] | None,
        typer.Option("--sku-prefix", help="Only SKUs that begin so. May be repeated."),
    ] = None,
    locations: Annotated[
        list[str] | None, typer.Option("--location", help="Only this location. May be repeated.")
    ] = None,
    start: Annotated[Start, typer.Option("--from", help="Where to begin.")] = Start.NOW,
    after: Annotated[str, typer.Option("--after", help="Begin right after this cursor.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="End after so many events.")] = 0,
    until_caught_up: Annotated[
        bool, typer.Option("--until-caught-up", help="End when the past is told.")
    ] = False,
) -> None:
    """Follow every change, in order, until Ctrl-C; what was missed is told first.

    --timeout is for the beginning. Later the feed waits for a node that is away, and goes on where
    it was.

    With --json each line is an object whose "type" is event, caught_up or checkpoint. A "cursor"
    that is not null is a place to go on from with --after.

    Example: holdfast watch --sku-prefix TEA --from beginning --until-caught-up
    """
    if after and start is not Start.NOW:
        raise fail(ExitCode.USAGE, "--after and --from each say where to begin: give one of them")
    with (
        call.client() as client,
        client.watch(
            skus=skus or (),
            sku_prefixes=sku_prefixes or (),
            locations=locations or (),
            start=after or start.value,
        ) as feed,
    ):
        printed = 0
        try:
            for line in _lines(feed):
                _print_line(call, line)
                printed += line["type"] == "event"
                if limit and printed >= limit:
                    return
                if until_caught_up and line["type"] == "caught_up":
                    return
        except KeyboardInterrupt:
            # Ending a feed by hand is how it is meant to end.
            return


def _lines(feed: "SyncFeed") -> Iterator[dict[str, Any]]:
    """What the feed says, line by line. Only the last event of a batch has a cursor."""
    from holdfast import CaughtUp, EventBatch

    for said in feed.batches():
        if isinstance(said, EventBatch):
            last = len(said.events) - 1
            for index, event in enumerate(said.events):
                yield _event(event, said.cursor if index == last else None)
        else:
            kind = "caught_up" if isinstance(said, CaughtUp) else "checkpoint"
            yield {"type": kind, "time": said.time, "cursor": said.cursor}


def _event(event: "Event", cursor: str | None) -> dict[str, Any]:
    """An event with everything that the server said about it."""
    return {
        "type": "event",
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
        "cursor": cursor,
    }


def _message(message: Any) -> dict[str, Any]:
    """The fields of a protobuf message by name, with those that have their default."""
    return {
        field.name: _field(field, getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if field.is_repeated or not field.has_presence or message.HasField(field.name)
    }


def _field(field: Any, value: Any) -> Any:
    """The value of a protobuf field: enums by the short name that the SDK gives them."""
    if field.is_repeated:
        return [_message(item) for item in value]
    if field.message_type is not None:
        return value.ToDatetime(UTC)
    if field.enum_type is not None:
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", field.enum_type.name).upper() + "_"
        name = str(field.enum_type.values_by_number[value].name)
        return name.removeprefix(prefix).lower()
    return value


def _print_line(call: Call, line: dict[str, Any]) -> None:
    """Print one line, at once."""
    if call.json:
        print_json(line)
        return
    screen = console()
    if line["type"] != "event":
        time = as_plain(line["time"])
        screen.print(Text(f"{time}  {line['type'].replace('_', ' ')}", style="dim"))
        return
    where = f"{line['sku']}@{line['location']}" if line["sku"] else ""
    details = ", ".join(
        f"{name} {as_plain(value)}" for name, value in line["details"].items() if value
    )
    balances = line["balances"]
    left = f"  [on hand {balances.on_hand:,}, available {balances.available:,}]" if balances else ""
    text = f"{as_plain(line['recorded_at'])}  {line['kind']:<20} {where}  {details}{left}"
    screen.print(Text(text), soft_wrap=True)
