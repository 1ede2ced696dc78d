"""The `holdfast` command, put together from its families."""

import re
from typing import Any

import typer
from typer.core import TyperGroup

from engine.cli import (
    auth,
    auth_explain,
    backup,
    baskets,
    bench,
    channel_listings,
    channels,
    export,
    fulfilment,
    health,
    history,
    load,
    movements,
    reservations,
    reshard,
    serve,
    settings,
    stock,
    stock_reads,
    subscriptions,
    verify,
    watch,
)
from engine.cli.failures import end_with

SIGNED_OPTION = "--by"
"""The option whose number may be below 0."""


def _explain_number(error: Any) -> None:
    """Say how a number below 0 is given, where one was taken for an option: an error of Typer's,
    which has no public type."""
    if not re.fullmatch(r"-\d+", getattr(error, "option_name", "")) or error.ctx is None:
        return
    takes_one = any(SIGNED_OPTION in each.opts for each in error.ctx.command.params)
    how = f"given as {SIGNED_OPTION}={error.option_name}" if takes_one else "no number of units"
    error.message += f"; a number below 0 is {how}"


class Explaining(TyperGroup):
    """Explains on stderr whatever a command did not handle, and turns it into an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            _explain_number(error)
            raise
        except (typer.Exit, typer.Abort, BrokenPipeError):
            # Whoever read the output has read enough, as `head` does: Typer ends without a word.
            raise
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except Exception as error:
            raise end_with(error) from None


app = typer.Typer(
    cls=Explaining,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Holdfast: an inventory engine that never promises the same unit twice.\n\n"
    "Exit codes: 0 ok, 1 refused by a rule, 2 bad input, 3 unavailable, 4 a fault of Holdfast.",
)
for family in (
    *(serve, health, baskets, fulfilment, reservations, stock, stock_reads, movements),
    *(history, settings, watch, subscriptions, verify, backup, reshard, export, load, bench),
):
    app.registered_commands.extend(family.app.registered_commands)
app.add_typer(movements.transfers, name="transfer", help="Units between locations.")
channels.app.registered_commands.extend(channel_listings.app.registered_commands)
app.add_typer(channels.app, name="channel", help="Where stock is sold.")
app.add_typer(
    subscriptions.subscriptions, name="subscriptions", help="Followers whose place is kept."
)
app.add_typer(subscriptions.parked, name="parked", help="What a follower could not process.")
app.add_typer(settings.locations, name="locations", help="Where stock is sourced from.")
app.add_typer(settings.kits, name="kit", help="SKUs that consist of others.")
auth.app.registered_commands.extend(auth_explain.app.registered_commands)
app.add_typer(auth.app, name="auth", help="Who may come in, and what they may do.")


def app_main() -> None:
    """The entry point of the console script."""
    app(prog_name="holdfast")


if __name__ == "__main__":
    app_main()
