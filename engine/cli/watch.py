"""`holdfast watch`: follows the change feed, as lines for a person or as JSON lines."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from engine.cli.events import as_record, described
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
    name: Annotated[
        str, typer.Option("--name", help="A name, by which programs wait for this feed.")
    ] = "",
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
            name=name,
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
    return {"type": "event", **as_record(event), "cursor": cursor}


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
    details = described(line["details"])
    balances = line["balances"]
    left = f"  [on hand {balances.on_hand:,}, available {balances.available:,}]" if balances else ""
    text = f"{as_plain(line['recorded_at'])}  {line['kind']:<20} {where}  {details}{left}"
    screen.print(Text(text), soft_wrap=True)
