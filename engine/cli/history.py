"""Questions about the past: what has happened, and why a number is what it is."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from holdfast.types import BalanceField, Balances

from engine.cli.arguments import moment, stock_key
from engine.cli.events import as_record, described
from engine.cli.failures import ExitCode, fail
from engine.cli.listing import first_of, warn_of_more
from engine.cli.options import AsOfOption, KeyArgument, LimitOption, OfOption
from engine.cli.output import print_facts, print_json, print_table, shown
from engine.cli.session import Call, client_command

if TYPE_CHECKING:
    from holdfast import Event

app = typer.Typer()


@client_command(app)
def history(
    call: Call,
    key: Annotated[
        Any,
        typer.Argument(parser=stock_key, metavar="[SKU@LOCATION]", help="What happened here."),
    ] = None,
    reservation: Annotated[
        str, typer.Option("--reservation", metavar="ID", help="What happened to this one.")
    ] = "",
    of: OfOption = "",
    since: Annotated[
        Any, typer.Option("--since", parser=moment, metavar="TIME", help="Nothing earlier.")
    ] = None,
    until: Annotated[
        Any, typer.Option("--until", parser=moment, metavar="TIME", help="Nothing later.")
    ] = None,
    from_version: Annotated[
        int | None, typer.Option("--from-version", min=0, help="Nothing before this version.")
    ] = None,
    to_version: Annotated[
        int | None, typer.Option("--to-version", min=0, help="Nothing after this version.")
    ] = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Backwards.")] = False,
    limit: LimitOption = 100,
) -> None:
    """Tell what has happened to a SKU-location or a reservation, and who did it why.

    Example: holdfast history TEA@LONDON --since 2026-11-20T00:00:00Z --newest-first
    """
    if [bool(key), bool(reservation), bool(of)].count(True) != 1:
        raise fail(ExitCode.USAGE, "say of what: SKU@LOCATION, --reservation ID, or --of REFERENCE")
    if not key and (from_version is not None or to_version is not None):
        raise fail(ExitCode.USAGE, "versions are those of a SKU@LOCATION; a reservation has none")
    with call.client() as client:
        if of:
            reservation = client.reservation(reservation_reference=of).reservation_id
        listing = client.list_events(
            key.sku if key else "",
            key.location if key else "",
            reservation_id=reservation,
            from_version=from_version,
            to_version=to_version,
            from_time=since,
            to_time=until,
            newest_first=newest_first,
        )
        events, more = first_of(listing, limit)
    if call.json:
        records = [as_record(event) for event in events]
        print_json({"events": records, "more": more, "cursor": listing.cursor})
        return
    if not events:
        print_facts("Nothing has happened there, as far as is kept and was asked for", [])
        return
    columns = ("when", "what", "change", "balances", "who", "why")
    print_table("", columns, [_row(event, with_key=not key) for event in events])
    warn_of_more(more, limit)


@client_command(app)
def explain(
    call: Call,
    field: Annotated[BalanceField, typer.Argument(metavar="FIELD", help="The number.")],
    key: KeyArgument,
    as_of: AsOfOption = None,
    limit: LimitOption = 20,
) -> None:
    """Explain a number of a SKU-location: the events that changed it, newest first.

    FIELD is on_hand, held, allocated, available, unavailable, picked, incoming, backordered or
    waiting.

    Example: holdfast explain available TEA@LONDON
    """
    with call.client() as client:
        steps = client.explain_stock(key.sku, key.location, field, as_of=as_of)
        value = steps.value()
        told, more = first_of(steps, limit)
    if call.json:
        records = [
            {"event": as_record(step.event), "change": step.change, "value": step.value}
            for step in told
        ]
        answer = {"value": value, "explanations": records, "more": more, "cursor": steps.cursor}
        print_json(answer)
        return
    name = field.value.replace("_", " ")
    columns = ("when", "what", "change", name, "who", "why")
    rows = []
    for step in told:
        when, what, _, _, who, why = _row(step.event, with_key=False)
        rows.append((when, what, f"{step.change:+,}", step.value, who, why))
    print_table(f"{name} of {key.sku}@{key.location} is {value:,}", columns, rows)
    warn_of_more(more, limit)


def _row(event: "Event", *, with_key: bool) -> tuple[Any, ...]:
    """An event in one row."""
    what = event.kind.replace("_", " ")
    if with_key and event.sku:
        what += f" {event.sku}@{event.location}"
    change = described(as_record(event)["details"])
    left = _left(event.balances) if event.balances else ""
    return event.recorded_at, what, change, left, _who(event), _why(event)


def _left(balances: Balances) -> str:
    """The numbers after an event: those that matter always, and others that are not 0."""
    always = ("on_hand", "held", "allocated", "available")
    return ", ".join(
        f"{name.replace('_', ' ')} {shown(value)}"
        for name, value in balances._asdict().items()
        if name in always or value
    )


def _who(event: "Event") -> str:
    """Who made it: the source, the principal, the caller's correlation id; as far as is known."""
    cause = event.cause
    source = f"{cause.source} #{cause.source_sequence}" if cause.source_sequence else cause.source
    return ", ".join(part for part in (source, cause.principal, cause.correlation_id) if part)


def _why(event: "Event") -> str:
    """What made it: the command, and what it was given as reasons."""
    cause = event.cause
    return ", ".join(
        part for part in (cause.command, cause.reason, cause.reference, cause.ticket) if part
    )
