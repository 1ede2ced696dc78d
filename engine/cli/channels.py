"""Commands on channels: how they are configured, and what they may sell."""

from typing import Annotated, Any

import typer
from holdfast.channels import (
    Channel,
    ChannelAvailability,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
)

from engine.cli.channel_terms import (
    AllocationOption,
    BufferOption,
    CapOption,
    DeviationOption,
    FactorOption,
    LeadTimeOption,
    StatedTerms,
    WindowOption,
    buffer_text,
)
from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_facts, print_json, print_table
from engine.cli.session import Call, client_command
from engine.cli.settings import print_configured

app = typer.Typer(no_args_is_help=True)

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel.")]


@client_command(app, writes=True)
def configure(
    call: Call,
    name: ChannelArgument,
    locations: Annotated[
        list[str] | None,
        typer.Option("--location", help="It sells from here; in order of preference."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", help="It sells from this group, after those locations."),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="It sells from all locations.")
    ] = False,
    listed_only: Annotated[
        bool | None,
        typer.Option("--listed-only/--all", help="Its feed tells of what has a listing only."),
    ] = None,
    buffer: BufferOption = None,
    service_factor: FactorOption = None,
    lead_time: LeadTimeOption = None,
    lead_time_deviation: DeviationOption = None,
    window: WindowOption = None,
    cap: CapOption = None,
    allocation: AllocationOption = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="It is no channel any more; its policies are gone.")
    ] = False,
) -> None:
    """State from where a channel sells, and on what terms; what is not given stays as it is.

    Example: holdfast channel configure web --location LONDON --group shops --buffer 10%
    """
    if everywhere and (locations or groups):
        raise fail(ExitCode.USAGE, "--everywhere excludes --location and --group")
    stated = StatedTerms(
        buffer, service_factor, lead_time, lead_time_deviation, window, cap, allocation
    )
    with call.client() as client:
        if remove:
            answer = client.configure_channel(name, remove=True, **call.write_options)
        else:
            known = client.channels(name).channels
            before = known[0] if known else Channel(name)
            changes: dict[str, Any] = {"terms": stated.applied_to(before.terms)}
            if everywhere or locations or groups:
                changes |= {"locations": locations or (), "location_groups": groups or ()}
            if listed_only is not None:
                changes["listed_only"] = listed_only
            answer = client.configure_channel(before._replace(**changes), **call.write_options)
    print_configured(call, f"{name} is {'no channel any more' if remove else 'a channel'}", answer)


@client_command(app, writes=True)
def policy(
    call: Call,
    name: ChannelArgument,
    skus: Annotated[
        list[str] | None, typer.Option("--sku", help="For this SKU. May be repeated.")
    ] = None,
    sku_groups: Annotated[
        list[str] | None,
        typer.Option("--sku-group", help="For each SKU of this group. May be repeated."),
    ] = None,
    buffer: BufferOption = None,
    service_factor: FactorOption = None,
    lead_time: LeadTimeOption = None,
    lead_time_deviation: DeviationOption = None,
    window: WindowOption = None,
    cap: CapOption = None,
    allocation: AllocationOption = None,
    no_policy: Annotated[
        bool, typer.Option("--no-policy", help="The channel's own terms hold again.")
    ] = False,
) -> None:
    """State what a channel may sell of SKUs, in place of what was stated of them before.

    Example: holdfast channel policy web --sku TEA --buffer 3 --cap 20
    """
    stated = StatedTerms(
        buffer, service_factor, lead_time, lead_time_deviation, window, cap, allocation
    )
    terms = None if no_policy else stated.applied_to(ChannelTerms())
    policies = [ChannelPolicy(sku=sku, terms=terms) for sku in skus or ()]
    policies += [ChannelPolicy(sku_group=group, terms=terms) for group in sku_groups or ()]
    if not policies:
        raise fail(ExitCode.USAGE, "name what the terms are for: --sku or --sku-group")
    with call.client() as client:
        answer = client.set_channel_policies(name, policies, **call.write_options)
    scopes = ", ".join([*(skus or ()), *(sku_groups or ())])
    print_configured(call, f"{name} sells {scopes} {'as usual' if no_policy else 'so'}", answer)


@client_command(app, writes=True, name="sku-group")
def sku_group(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="GROUP", help="The group.")],
    skus: Annotated[
        list[str] | None, typer.Argument(metavar="[SKU]...", help="SKUs that belong to it.")
    ] = None,
    prefixes: Annotated[
        list[str] | None,
        typer.Option("--prefix", help="SKUs that begin so belong to it. May be repeated."),
    ] = None,
    no_group: Annotated[
        bool, typer.Option("--no-group", help="There is no such group any more.")
    ] = False,
) -> None:
    """State which SKUs belong to a group, for which policies may be given.

    Example: holdfast channel sku-group tea TEA-GREEN --prefix TEA-BLACK-
    """
    if bool(skus or prefixes) is no_group:
        raise fail(
            ExitCode.USAGE,
            "name its SKUs, or --prefix, or --no-group if there is no such group any more",
        )
    with call.client() as client:
        answer = client.define_sku_group(
            name, skus or (), sku_prefixes=prefixes or (), **call.write_options
        )
    print_configured(call, f"{name} is {'no group any more' if no_group else 'a group'}", answer)


@client_command(app, name="list")
def list_channels(
    call: Call,
    name: Annotated[
        str, typer.Argument(metavar="[CHANNEL]", help="Only this one; by default all.")
    ] = "",
) -> None:
    """List channels with their policies, and groups of SKUs.

    Example: holdfast channel list
    """
    with call.client() as client:
        answer = client.channels(name)
    if call.json:
        print_json(answer)
        return
    columns = ("channel", "locations", "groups", *_TERMS, "listed only")
    rows = [
        (one.name, one.locations, one.location_groups, *_terms(one.terms), one.listed_only)
        for one in answer.channels
    ]
    print_table("Channels", columns, rows)
    if answer.policies:
        policies = [
            (one.channel, one.policy.sku, one.policy.sku_group, *_terms(one.policy.terms))
            for one in answer.policies
        ]
        print_table("Policies", ("channel", "sku", "sku group", *_TERMS), policies)
    if answer.sku_groups:
        print_table("Groups of SKUs", ("group", "skus", "beginnings"), answer.sku_groups)


_TERMS = ("buffer", "cap", "allocation")


def _terms(terms: ChannelTerms | None) -> tuple[Any, ...]:
    stated = terms or ChannelTerms()
    return buffer_text(stated), stated.cap_units, stated.allocation_units


@client_command(app)
def show(
    call: Call,
    name: ChannelArgument,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="The SKU.")],
) -> None:
    """Show what a channel may sell of a SKU now, and how that comes about.

    Example: holdfast channel show web TEA
    """
    with call.client() as client:
        answer = client.channel_availability(name, sku)
    if call.json:
        print_json(answer)
        return
    update = answer.update
    units = "any number" if update.unlimited else f"{update.units:,}"
    print_facts(f"{name} may sell {units} of {sku}", _facts(answer))
    rows = [
        (at.location, None if at.unlimited else at.units, at.unlimited, *_names(at.listing))
        for at in update.locations
    ]
    print_table("", ("location", "units", "unlimited", "shop", "item", "there"), rows)


def _facts(answer: ChannelAvailability) -> list[tuple[str, Any]]:
    terms, policy = answer.terms, answer.policy
    by = "the channel"
    if policy is not None:
        by = policy.sku or f"group {policy.sku_group}"
    listing = answer.update.listing
    computed = answer.computed_buffer
    return [
        ("available", answer.available_units),
        ("allocated to others", answer.allocated_to_others_units or None),
        ("buffer", f"{answer.buffer_units:,} ({buffer_text(terms)})"),
        ("computed at", computed.computed_at if computed else None),
        ("cap", terms.cap_units),
        ("allocation", terms.allocation_units),
        ("of which taken", answer.allocation_used_units or None),
        ("terms of", by),
        ("item", " ".join(filter(None, listing[2:])) if listing else None),
        ("cursor", answer.cursor),
    ]


def _names(listing: Any) -> tuple[str, str, str]:
    return (listing.shop, listing.item, listing.external_location) if listing else ("", "", "")


@client_command(app, writes=True, timeout="60s")
def buffers(
    call: Call,
    name: ChannelArgument,
    skus: Annotated[list[str], typer.Argument(metavar="SKU...", help="With a dynamic buffer.")],
) -> None:
    """Compute dynamic buffers anew from what was sold; the node does so once a day.

    Example: holdfast channel buffers web TEA MUG
    """
    with call.client() as client:
        answer = client.compute_buffers(name, skus, **call.write_options)
    if call.json:
        print_json(answer)
        return
    columns = ("sku", "buffer", "sold a day", "deviation", "computed at")
    print_table(f"Dynamic buffers of {name}", columns, map(_buffer_row, answer.buffers))


def _buffer_row(buffer: ComputedBuffer) -> tuple[Any, ...]:
    mean, deviation = round(buffer.daily_sales_mean, 3), round(buffer.daily_sales_deviation, 3)
    return buffer.sku, buffer.units, mean, deviation, buffer.computed_at
