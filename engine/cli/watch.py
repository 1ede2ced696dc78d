"""`holdfast watch`: follows the change feed, as lines for a person or as JSON lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.failures import ExitCode, fail
from engine.cli.feed_lines import Line, lines_of, print_line
from engine.cli.feed_options import (
    EndAfterOption,
    FollowedChannelOption,
    GroupsOption,
    KindsOption,
    LocationsOption,
    Mode,
    ModeOption,
    SkuPrefixesOption,
    SkusOption,
    Start,
    UntilCaughtUpOption,
)
from engine.cli.output import print_json
from engine.cli.session import Call, client_command

if TYPE_CHECKING:
    from holdfast.sync import SyncFeed

app = typer.Typer()

_COUNTED = frozenset({"event", "state", "channel_update"})
"""Lines that --limit counts."""


@client_command(app)
def watch(
    call: Call,
    skus: SkusOption = None,
    sku_prefixes: SkuPrefixesOption = None,
    locations: LocationsOption = None,
    groups: GroupsOption = None,
    channel: FollowedChannelOption = "",
    kinds: KindsOption = None,
    mode: ModeOption = Mode.EVERY_EVENT,
    start: Annotated[
        Start,
        typer.Option("--from", help="Where to begin; snapshot: with what is so now."),
    ] = Start.NOW,
    after: Annotated[str, typer.Option("--after", help="Begin right after this cursor.")] = "",
    name: Annotated[
        str, typer.Option("--name", help="A name, by which programs wait for this feed.")
    ] = "",
    limit: EndAfterOption = 0,
    until_caught_up: UntilCaughtUpOption = False,
) -> None:
    """Follow every change, in order, until Ctrl-C; what was missed is told first.

    --timeout is for the beginning. Later the feed waits for a node that is away, and goes on where
    it was.

    With --json each line is an object whose "type" is event, state, channel_update,
    snapshot_complete, caught_up, fell_behind or checkpoint. A "cursor" that is not null is a place
    to go on from with --after.

    Example: holdfast watch --sku-prefix TEA --from beginning --until-caught-up

    Example: holdfast watch --channel web --mode latest --from snapshot
    """
    if after and start is not Start.NOW:
        raise fail(ExitCode.USAGE, "--after and --from each say where to begin: give one of them")
    with (
        call.client() as client,
        client.watch(
            skus=skus or (),
            sku_prefixes=sku_prefixes or (),
            locations=locations or (),
            groups=groups or (),
            channel=channel,
            kinds=kinds or (),
            mode=mode.value,
            start=after or start.value,
            name=name,
        ) as feed,
    ):
        printed = 0
        try:
            for line in _lines(feed):
                print_json(line) if call.json else print_line(line)
                printed += line["type"] in _COUNTED
                if limit and printed >= limit:
                    return
                if until_caught_up and line["type"] == "caught_up":
                    return
        except KeyboardInterrupt:
            # Ending a feed by hand is how it is meant to end.
            return


def _lines(feed: "SyncFeed") -> Iterator[Line]:
    """What the feed says, line by line."""
    for said in feed.batches():
        yield from lines_of(said)
