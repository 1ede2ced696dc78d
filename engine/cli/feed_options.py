"""Options of the commands that follow the feed: what is followed, how, and when it ends."""

from enum import StrEnum
from typing import Annotated

import typer


class Start(StrEnum):
    """Where a feed begins."""

    NOW = "now"
    BEGINNING = "beginning"
    SNAPSHOT = "snapshot"


class Mode(StrEnum):
    """How much a feed tells."""

    EVERY_EVENT = "every_event"
    LATEST = "latest"


SkusOption = Annotated[
    list[str] | None, typer.Option("--sku", help="Only this SKU. May be repeated.")
]
SkuPrefixesOption = Annotated[
    list[str] | None,
    typer.Option("--sku-prefix", help="Only SKUs that begin so. May be repeated."),
]
LocationsOption = Annotated[
    list[str] | None, typer.Option("--location", help="Only this location. May be repeated.")
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option("--group", help="Only locations of this group. May be repeated."),
]
FollowedChannelOption = Annotated[
    str, typer.Option("--channel", help="Only where this channel sells from.")
]
KindsOption = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only events of this kind, such as stock_sold. May be repeated."),
]
ModeOption = Annotated[
    Mode,
    typer.Option(
        "--mode",
        help="latest: only the last event of each SKU-location; with --channel, what it may sell.",
    ),
]
EndAfterOption = Annotated[
    int, typer.Option("--limit", min=0, help="End after so many events, states or updates.")
]
UntilCaughtUpOption = Annotated[
    bool, typer.Option("--until-caught-up", help="End when the past is told.")
]
