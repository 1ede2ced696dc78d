"""Commands on what is configured for a tenant, on the whole node."""

from typing import Annotated, Any

import typer
from holdfast.types import HoldTimes, Location

from engine.cli.answers import replayed
from engine.cli.arguments import component, length
from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_facts, print_json, print_table
from engine.cli.session import Call, client_command

app = typer.Typer()
locations = typer.Typer(no_args_is_help=True)
kits = typer.Typer(no_args_is_help=True)


def _length_option(name: str, text: str) -> Any:
    return typer.Option(name, parser=length, metavar="TIME", help=text)


def print_configured(call: Call, title: str, answer: Any) -> None:
    """Print that every shard goes by it now."""
    if call.json:
        print_json(answer)
        return
    if call.write_options.get("validate_only"):
        title = f"Would be accepted: {title}"
    print_facts(title, [("replayed", replayed(answer)), ("cursor", answer.cursor)])


@client_command(locations, writes=True)
def configure(
    call: Call,
    names: Annotated[list[str], typer.Argument(metavar="LOCATION", help="One or several.")],
    priority: Annotated[
        int | None, typer.Option("--priority", help="Its place in a group; lower ones come first.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="Where it is, as the caller names it.")
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Whether new promises are made.")
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", help="A group that it is in; all are stated. May be repeated."),
    ] = None,
    no_group: Annotated[bool, typer.Option("--no-group", help="In no group any more.")] = False,
) -> None:
    """State how locations are; what is not given stays as it is.

    Example: holdfast locations configure LONDON --priority 1 --group shops --group web
    """
    if groups and no_group:
        raise fail(ExitCode.USAGE, "--group and --no-group say both: give one of them")
    stated: dict[str, Any] = {"priority": priority, "region": region, "enabled": enabled}
    stated["groups"] = () if no_group else groups or None
    changes = {name: value for name, value in stated.items() if value is not None}
    with call.client() as client:
        known = {each.name: each for each in client.configuration().locations}
        wanted = [known.get(name, Location(name))._replace(**changes) for name in names]
        answer = client.configure_locations(wanted, **call.write_options)
    print_configured(call, f"Configured {', '.join(names)}", answer)


@client_command(locations, name="list")
def list_locations(call: Call) -> None:
    """List the locations that were configured.

    Example: holdfast locations list
    """
    with call.client() as client:
        answer = client.configuration()
    if call.json:
        print_json({"locations": answer.locations, "cursor": answer.cursor})
    else:
        _print_locations("", answer.locations)


def _print_locations(title: str, rows: tuple[Location, ...]) -> None:
    print_table(title, ("location", "priority", "region", "enabled", "groups"), rows)


@client_command(kits, writes=True)
def define(
    call: Call,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="The kit.")],
    components: Annotated[
        list[Any] | None,
        typer.Argument(parser=component, metavar="[SKU=UNITS]...", help="What is in one kit."),
    ] = None,
    no_kit: Annotated[bool, typer.Option("--no-kit", help="It is no kit any more.")] = False,
) -> None:
    """State what a kit consists of.

    Example: holdfast kit define TEA-SET POT=1 CUP=6
    """
    if bool(components) is no_kit:
        raise fail(
            ExitCode.USAGE,
            "say what is in one kit as SKU=UNITS, or --no-kit if it is none any more",
        )
    with call.client() as client:
        answer = client.define_kit(sku, dict(components or ()), **call.write_options)
    print_configured(call, f"{sku} is {'no kit any more' if no_kit else 'a kit'}", answer)


@client_command(app, writes=True, name="limit-customers")
def limit_customers(
    call: Call,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="The SKU, at all locations.")],
    units: Annotated[int, typer.Argument(metavar="UNITS", help="Units; 0: any number.")],
    window: Annotated[
        Any, _length_option("--window", "How long shipped units count: 30d. Default: they do not.")
    ] = None,
) -> None:
    """State how many units of a SKU one customer may have.

    Example: holdfast limit-customers TEA 3 --window 30d
    """
    with call.client() as client:
        answer = client.limit_customers(sku, units, window=window, **call.write_options)
    number = f"{units:,}" if units else "any number"
    print_configured(call, f"A customer may have {number} of {sku}", answer)


@client_command(app, writes=True, name="hold-times")
def hold_times(
    call: Call,
    cart: Annotated[Any, _length_option("--cart", "How long a cart is held.")] = None,
    checkout: Annotated[Any, _length_option("--checkout", "How long a checkout is held.")] = None,
    order: Annotated[Any, _length_option("--order", "How long an order is held.")] = None,
) -> None:
    """State how long holds of the tenant last from now on; what is not given stays as it is.

    Example: holdfast hold-times --cart 4m --checkout 20m
    """
    if cart is None and checkout is None and order is None:
        raise fail(ExitCode.USAGE, "give at least one of --cart, --checkout and --order")
    with call.client() as client:
        answer = client.configure_holds(
            cart=cart, checkout=checkout, order=order, **call.write_options
        )
    print_configured(call, "Hold times are configured", answer)


@client_command(app)
def configuration(call: Call) -> None:
    """Show what is configured for the tenant: locations, kits, customer limits, hold times.

    Example: holdfast configuration --json
    """
    with call.client() as client:
        answer = client.configuration()
    if call.json:
        print_json(answer)
        return
    times = zip(HoldTimes._fields, answer.hold_times, strict=True)
    print_facts("Hold times", times)
    if answer.locations:
        _print_locations("Locations", answer.locations)
    if answer.kits:
        print_table("Kits", ("kit", "one consists of"), answer.kits)
    if answer.customer_limits:
        columns = ("sku", "units for a customer", "counted after shipping for")
        print_table("Customer limits", columns, answer.customer_limits)
