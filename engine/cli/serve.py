"""`holdfast serve`: runs a node in the foreground until it is told to stop."""

import asyncio
import inspect
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.failures import ExitCode, fail
from engine.cli.output import print_table
from engine.config import (
    SETTINGS,
    Configuration,
    ConfigurationError,
    Setting,
    effective,
    load,
)

app = typer.Typer()


def _flag(setting: Setting) -> inspect.Parameter:
    """The flag of a key. It takes any text: `load` refuses a bad one, and says what is allowed."""
    option = typer.Option(
        setting.flag,
        help=f"{setting.description} {setting.limit.capitalize()}.",
        metavar=(setting.unit or "text").upper(),
        show_default=str(setting.default),
    )
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(
        setting.key, keyword, default=None, annotation=Annotated[str | None, option]
    )


def serve(**flags: Any) -> None:
    """Run a node until SIGTERM or SIGINT, which let open calls end first.

    Flags come before HOLDFAST_* environment variables, these before the TOML file, and that
    before the defaults. The effective configuration is printed first, with its sources.

    Example: holdfast serve --data-dir /var/lib/holdfast --shards 2
    """
    file: Path | None = flags.pop("config")
    check_only: bool = flags.pop("check_only")
    try:
        configuration = load(flags, os.environ, file)
    except ConfigurationError as error:
        problems = [f"  {problem}" for problem in error.problems]
        raise fail(ExitCode.USAGE, "the configuration is refused", *problems) from None
    print_table("Configuration", ("key", "value", "source"), effective(configuration))
    if not check_only:
        _run(configuration)


def _run(configuration: Configuration) -> None:
    """Run the node. It is loaded only here, so that the commands of a client start fast."""
    import uvloop

    from engine import logs, node

    logs.configure(configuration.log_level, configuration.log_format)

    def ready(addresses: node.Addresses) -> None:
        scheme = "https" if configuration.tls_certificate else "http"
        where = f"{scheme}://{addresses.metrics}/metrics"
        metrics = f", metrics at {where}" if addresses.metrics else ""
        print(f"ready at {addresses.rpc}{metrics}", flush=True)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(node.run(configuration, ready))
    except node.NodeRefused as refusal:
        raise fail(ExitCode.USAGE, "the node cannot start", str(refusal)) from None


serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter(
            "config",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                Path | None,
                typer.Option(
                    "--config", help="TOML file.", show_default="what HOLDFAST_CONFIG names"
                ),
            ],
        ),
        *(_flag(setting) for setting in SETTINGS.values()),
        inspect.Parameter(
            "check_only",
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[
                bool, typer.Option("--check-only", help="Print the configuration and end.")
            ],
        ),
    ]
)
serve.__annotations__ = {}
app.command()(serve)
