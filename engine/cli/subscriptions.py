"""`holdfast subscribe`, `subscriptions` and `parked`: followers whose place the node keeps."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.arguments import moment
from engine.cli.events import as_record
from engine.cli.failures import ExitCode, fail, warn
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
from engine.cli.listing import first_of, warn_of_more
from engine.cli.options import LimitOption
from engine.cli.output import print_facts, print_json, print_table
from engine.cli.session import Call, client_command

if TYPE_CHECKING:
    from holdfast import ParkedMessage, SubscriptionState

app = typer.Typer()
subscriptions = typer.Typer(no_args_is_help=True)
parked = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The subscription.")]
IdsArgument = Annotated[list[int], typer.Argument(metavar="ID...", min=1, help="Which of them.")]

_COUNTED = frozenset({"event", "state", "channel_update", "replayed"})
"""Lines that --limit counts."""


@client_command(app)
def subscribe(
    call: Call,
    name: NameArgument,
    skus: SkusOption = None,
    sku_prefixes: SkuPrefixesOption = None,
    locations: LocationsOption = None,
    groups: GroupsOption = None,
    channel: FollowedChannelOption = "",
    kinds: KindsOption = None,
    mode: ModeOption = Mode.EVERY_EVENT,
    start: Annotated[
        Start, typer.Option("--from", help="Where it begins, if there is none of this name yet.")
    ] = Start.BEGINNING,
    limit: EndAfterOption = 0,
    until_caught_up: UntilCaughtUpOption = False,
) -> None:
    """Follow changes under a name, and acknowledge what was printed: next time it goes on there.

    The subscription is made if there is none of this name. Whoever follows it now is told that it
    was taken over. With --json each line is an object, as of watch, or of "type" replayed or
    retention_warning. --limit ends after the message in which so many were told.

    Example: holdfast subscribe search-index --until-caught-up --json
    """
    with (
        call.client() as client,
        client.subscribe(
            name,
            skus=skus or (),
            sku_prefixes=sku_prefixes or (),
            locations=locations or (),
            groups=groups or (),
            channel=channel,
            kinds=kinds or (),
            mode=mode.value,
            start=start.value,
        ) as subscription,
    ):
        printed = 0
        try:
            for said in subscription:
                ended = False
                for line in _lines(said):
                    _print(call, line)
                    printed += line["type"] in _COUNTED
                    ended |= until_caught_up and line["type"] == "caught_up"
                is_parked = hasattr(said, "parked")
                parked_ids = [said.parked.id] if is_parked else []
                subscription.acknowledge(said.cursor, parked_ids=parked_ids)
                if ended or (limit and printed >= limit):
                    return
        except KeyboardInterrupt:
            # Ending it by hand is how it is meant to end.
            return


def _lines(said: Any) -> Iterator[Line]:
    """What a subscription says, line by line."""
    from holdfast import Replayed, RetentionWarning

    if isinstance(said, Replayed):
        yield {"type": "replayed", **_parked_record(said.parked), "cursor": None}
    elif isinstance(said, RetentionWarning):
        yield {"type": "retention_warning", **said._asdict(), "cursor": None}
    else:
        yield from lines_of(said)


def _print(call: Call, line: Line) -> None:
    """Print one line, at once."""
    if call.json:
        print_json(line)
    elif line["type"] == "replayed":
        print_facts(f"Parked message {line['id']}, given again", _described(line))
    elif line["type"] == "retention_warning":
        warn(f"the node forgets what is not acknowledged from {line['drops_at']} on")
    else:
        print_line(line)


@client_command(subscriptions, name="list")
def list_subscriptions(call: Call, limit: LimitOption = 100) -> None:
    """Show all subscriptions, with how far each is behind and what is parked for it.

    Example: holdfast subscriptions list
    """
    with call.client() as client:
        found, more = first_of(client.subscriptions(), limit)
    if call.json:
        print_json({"subscriptions": found, "more": more})
        return
    columns = ("name", "mode", "followed", "events behind", "seconds behind", "parked", "last told")
    rows = [
        (
            each.name,
            each.mode,
            each.active,
            each.lag_events,
            math.ceil(each.lag_seconds),
            each.parked_messages,
            each.acknowledged_at,
        )
        for each in found
    ]
    print_table("", columns, rows)
    warn_of_more(more, limit)


@client_command(subscriptions)
def show(call: Call, name: NameArgument) -> None:
    """Show one subscription: what it follows, how far it is, and its marks.

    Example: holdfast subscriptions show search-index
    """
    with call.client() as client:
        found = list(client.subscriptions(name=name))
    if not found:
        raise fail(ExitCode.REFUSED, f"there is no subscription {name}")
    state = found[0]
    if call.json:
        print_json(state)
        return
    print_facts(f"Subscription {name}", _facts(state))


def _facts(state: "SubscriptionState") -> list[tuple[str, Any]]:
    """What is said of a subscription to a person."""
    asked = [(field.replace("_", " "), value) for field, value in state.filter._asdict().items()]
    return [
        ("mode", state.mode),
        *asked,
        ("followed", state.active),
        ("made at", state.created_at),
        ("acknowledged at", state.acknowledged_at),
        ("cursor", state.cursor),
        ("events behind", state.lag_events),
        ("seconds behind", state.lag_seconds),
        ("parked", state.parked_messages),
        *((f"mark {mark}", value) for mark, value in state.marks.items()),
    ]


@client_command(subscriptions)
def reset(
    call: Call,
    name: NameArgument,
    to: Annotated[Start | None, typer.Option("--to", help="To a named place.")] = None,
    after: Annotated[str, typer.Option("--after", help="To right after this cursor.")] = "",
    time: Annotated[
        Any,
        typer.Option(
            "--time", parser=moment, metavar="TIME", help="To before the first event from then on."
        ),
    ] = None,
) -> None:
    """Move a subscription; whoever follows it is told, and may open it again at the new place.

    Example: holdfast subscriptions reset search-index --time 2026-11-20T10:00:00Z
    """
    places = [place for place in (to and to.value, after, time) if place]
    if len(places) != 1:
        raise fail(ExitCode.USAGE, "say where to: one of --to, --after and --time")
    with call.client() as client:
        cursor = client.reset_subscription(name, places[0])
    if call.json:
        print_json({"name": name, "cursor": cursor})
        return
    print_facts(f"Moved {name}", [("cursor", cursor or "none yet: it begins with a snapshot")])


@client_command(subscriptions)
def delete(call: Call, name: NameArgument) -> None:
    """Delete a subscription, with its place, its marks and all that is parked for it.

    Example: holdfast subscriptions delete search-index
    """
    with call.client() as client:
        client.delete_subscription(name)
    print_json({"name": name}) if call.json else print_facts(f"Deleted {name}", [])


@client_command(parked, name="list")
def list_parked(call: Call, name: NameArgument, limit: LimitOption = 100) -> None:
    """Show what a consumer could not process, oldest first.

    Example: holdfast parked list search-index
    """
    with call.client() as client:
        found, more = first_of(client.parked_messages(name), limit)
    records = [_parked_record(each) for each in found]
    if call.json:
        print_json({"messages": records, "more": more})
        return
    columns = ("id", "what", "why", "parked at", "given again", "waits to be")
    rows = [
        (
            each["id"],
            each["content"]["what"],
            each["reason"],
            each["parked_at"],
            each["replays"],
            each["replaying"],
        )
        for each in records
    ]
    print_table("", columns, rows)
    warn_of_more(more, limit)


@client_command(parked)
def replay(
    call: Call,
    name: NameArgument,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID...]", min=1, help="Which; without any, all.")
    ] = None,
) -> None:
    """Give parked messages to the consumer again, or to the next one.

    Example: holdfast parked replay search-index 7 9
    """
    with call.client() as client:
        count = client.replay_parked(name, ids or ())
    print_json({"messages": count}) if call.json else print_facts(f"{count} are given again", [])


@client_command(parked)
def drop(call: Call, name: NameArgument, ids: IdsArgument) -> None:
    """Forget parked messages.

    Example: holdfast parked drop search-index 7 9
    """
    with call.client() as client:
        count = client.drop_parked(name, ids)
    print_json({"messages": count}) if call.json else print_facts(f"{count} are forgotten", [])


def _parked_record(message: "ParkedMessage") -> dict[str, Any]:
    """A parked message with its content, and `what` it is in a few words."""
    from holdfast import Event, ExternalMessage

    content = message.content
    if isinstance(content, Event):
        record = as_record(content)
        what = f"{content.kind} {content.sku}@{content.location}"
    elif isinstance(content, ExternalMessage):
        body = content.body.decode(errors="replace")
        record = {"id": content.id, "content_type": content.content_type, "body": body}
        what = content.id
    else:
        record = content._asdict()
        what = f"{content.units} of {content.sku}"
    return {**message._asdict(), "content": {"what": what, **record}}


def _described(line: Line) -> list[tuple[str, Any]]:
    """What is said of a parked message to a person."""
    return [
        ("what", line["content"]["what"]),
        ("why", line["reason"]),
        ("parked at", line["parked_at"]),
        ("given again", line["replays"]),
    ]
