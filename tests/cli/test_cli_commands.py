"""The command line without a node: help, bad input, and nobody at the other end."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli.main import app

COMMANDS = [
    *("serve", "health", "verify", "load", "bench", "watch"),
    *("reserve", "allocate", "extend", "commit", "release", "ship", "reservation"),
    *("sell", "receive", "adjust", "count", "configure", "stock", "availability"),
    *("amend", "confirm", "pick", "unpick", "return", "move-reservation", "reservations"),
    *("expect", "take-back", "move", "history", "explain"),
    *("limit-customers", "hold-times", "configuration", "backup", "restore", "retain"),
    *("export", "reshard", "subscribe"),
    *("subscriptions list", "subscriptions show", "subscriptions reset", "subscriptions delete"),
    *("parked list", "parked replay", "parked drop"),
    *("transfer send", "transfer receive", "transfer show"),
    *("locations configure", "locations list", "kit define"),
    *("channel configure", "channel policy", "channel sku-group", "channel list", "channel show"),
    *("channel buffers", "channel map", "channel listings", "channel find"),
    *("auth keys", "auth certificates", "auth token", "auth explain"),
]


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command."""
    wide = {"COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", **(env or {})}
    done = CliRunner(env=wide).invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    code, out, err = run(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"Example: holdfast {command}" in out


def test_there_is_no_other_command() -> None:
    names = [
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    ]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names += [f"{group.name} {each.name}" for each in group.typer_instance.registered_commands]
    assert sorted(names) == sorted(COMMANDS)


BAD_INPUT = [
    (("reserve", "TEA@LONDON"), "'TEA@LONDON' must be SKU@LOCATION=QUANTITY"),
    (("reserve",), "Missing argument"),
    (("reserve", "TEA@LONDON=1", "--ttl", "soon"), "'soon' must be a time such as 90s"),
    (("reserve", "TEA@LONDON=1", "--fill", "half"), "--fill"),
    (("stock", "TEA"), "'TEA' must be SKU@LOCATION"),
    (("commit", "0a3-1-1", "--line", "1=x"), "must be a whole number"),
    (("commit", "0a3-1-1", "--line", "1=0"), "quantity is 0"),
    (("release", "0a3-1-1", "--reason", "unknown"), "not one of 'customer_cancelled'"),
    (("configure", "TEA@LONDON", "--selling", "unknown"), "not one of 'open', 'stopped'"),
    (("receive", "TEA@LONDON", "1", "--occurred-at", "today"), "must be a time such as 2026"),
    (("adjust", "TEA@LONDON", "--by=1", "--reason", "FOUND"), "--reference"),
    (("configure", "TEA@LONDON", "--channel-buffer", "shop"), "must be CHANNEL=UNITS"),
    (("watch", "--after", "c", "--from", "beginning"), "--after and --from"),
    (("stock", "TEA@LONDON", "--ca", "absent.pem"), "absent.pem cannot be read: No such file"),
    (("stock", "TEA@LONDON", "--token-file", "absent"), "absent cannot be read: No such file"),
    (("stock", "TEA@LONDON", "--key", __file__), "certificate and key must be given together"),
    (("health", "--certificate", __file__), "certificate and key must be given together"),
    (("health", "--ca", "absent.pem"), "absent.pem cannot be read: No such file"),
    (
        ("stock", "TEA@LONDON", "--address", "stock.example:1", "--token-file", __file__),
        "a token is not sent to stock.example:1 in clear: use TLS",
    ),
    (("load", "absent.csv"), "does not exist"),
    (("verify", "absent"), "absent"),
    (("bench", "--seconds", "3600"), "--seconds"),
    (("stock", "TEA@LONDON", "--timeout", "0"), "timeout_s is 0.0; it must be above 0"),
    (("reserve", "TEA=2"), "names no location: write TEA@LOCATION=2, or say --from"),
    (("reserve", "TEA=2", "--from", "A", "--group", "g"), "--from and --group each say where"),
    (("reserve", "TEA@L=2", "--group", "g"), "are for lines without a location"),
    (("amend", "r", "--drop", "1", "--from", "A"), "are for lines without a location"),
    (("reserve", "TEA@L=2", "--strategy", "best"), "--strategy"),
    (("reserve", "TEA@L=2", "--wait", "soon"), "'soon' must be a time such as 90s"),
    (("commit",), "name the reservation by its id or with --of REFERENCE; none of them was given"),
    (("commit", "r", "--of", "cart-7"), "with --of REFERENCE; both were given"),
    (("commit", "r", "--on-overdue", "unknown"), "not one of 'keep', 'release'"),
    (("amend", "r"), "set_lines and drop_lines are empty"),
    (("amend", "r", "--set", "TEA@L=1"), "must be LINE=SKU@LOCATION=QUANTITY"),
    (("ship", "r", "--location", "L"), "--location is about lines: name them with --line"),
    (("move-reservation", "r"), "say with --to LOCATION where"),
    (("expect", "TEA@L", "5"), "--reference"),
    (("take-back", "TEA@L", "5"), "--reason"),
    (("move", "TEA@L", "5"), "say with --from-cause and --to-cause"),
    (
        ("count", "T@L", "5", "--observed-at", "2026-11-20T10:00:00Z", "--observed-cursor", "c"),
        "--observed-at and --observed-cursor both say when",
    ),
    (("history",), "say of what: SKU@LOCATION, --reservation ID, or --of REFERENCE"),
    (("history", "--of", "cart-7", "--reservation", "r"), "say of what"),
    (("history", "--of", "cart-7", "--to-version", "1"), "a reservation has none"),
    (("history", "TEA@L", "--reservation", "r"), "say of what"),
    (("history", "--reservation", "r", "--from-version", "1"), "a reservation has none"),
    (("explain", "price", "TEA@L"), "not one of 'on_hand'"),
    (("reservations",), "say which: SKU@LOCATION, --reference REFERENCE, or --customer"),
    (("reservations", "--customer", "c"), "--customer CUSTOMER with --sku SKU"),
    (("reservations", "TEA@L", "--sku", "TEA"), "say which"),
    (("reservations", "--reference", "c", "--at-risk"), "are about a SKU@LOCATION"),
    (("reservations", "TEA@L", "--at-risk", "--state", "held"), "leave --state out"),
    (("kit", "define", "SET"), "say what is in one kit as SKU=UNITS, or --no-kit"),
    (("kit", "define", "SET", "CUP=1", "--no-kit"), "say what is in one kit"),
    (("kit", "define", "SET", "CUP"), "must be SKU=UNITS"),
    (("locations", "configure"), "Missing argument"),
    (("locations", "configure", "L", "--group", "g", "--no-group"), "say both: give one"),
    (("hold-times",), "give at least one of --cart, --checkout and --order"),
    (("stock", "TEA@L", "--as-of", "2026-11-20"), "must be a time such as 2026"),
    (("stock", "TEA@L", "--as-of", "now"), "'--as-of'"),
    (("adjust", "TEA@L", "-1"), "a number below 0 is given as --by=-1"),
    (("receive", "TEA@L", "-1"), "a number below 0 is no number of units"),
    (("transfer", "receive", "t", "-1"), "a number below 0 is no number of units"),
    (("transfer", "receive", "t", "1", "--lost", "-1"), "--lost"),
    (("colour",), "No such command"),
    (("serve", "--shards", "0", "--check-only"), "from 1 to 64 processes"),
    (("serve", "--config", "absent.toml", "--check-only"), "cannot be read"),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD_INPUT)
def test_bad_input_ends_with_2_and_says_what_is_allowed(
    arguments: tuple[str, ...], expected: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert expected in " ".join(err.split())


NOBODY = "127.0.0.1:1"
"""A port that nobody may listen at without privileges, and nobody does."""

CALLS = [
    ("stock", "TEA@LONDON"),
    ("reserve", "TEA@LONDON=1", "--request-id", "mine"),
    ("watch",),
    ("availability", "TEA"),
    ("bench", "--seconds", "0.1"),
]


@pytest.mark.parametrize("arguments", CALLS)
def test_nobody_at_the_other_end_ends_with_3(arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments, "--timeout", "0.2s", env={"HOLDFAST_ADDRESS": NOBODY})
    assert (code, out) == (3, "")
    assert f"error: no answer from {NOBODY} within 0.2 s" in err
    assert ("--request-id mine" in err) == ("mine" in arguments)


def test_load_without_a_node_says_how_far_it_came(tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("sku,location,on_hand\nTEA,LONDON,1\nMUG,LONDON,2\n")
    code, out, err = run("load", str(file), "--timeout", "0.2s", "--address", NOBODY)
    assert (code, out) == (3, "")
    assert "0 of 2 rows were loaded; the same command goes on from there" in err
    assert f"error: no answer from {NOBODY} within 0.2 s" in err


def test_health_of_nobody() -> None:
    code, out, err = run("health", "--address", NOBODY, "--json")
    assert code == 3
    assert json.loads(out) == {"address": NOBODY, "service": "", "status": "UNREACHABLE"}
    assert f"error: {NOBODY} is UNREACHABLE" in err


def test_serve_prints_the_effective_configuration_with_sources(tmp_path: Path) -> None:
    file = tmp_path / "holdfast.toml"
    file.write_text("hold_cart_s = 60\nshards = 2\n")
    env = {"HOLDFAST_SHARDS": "3", "HOLDFAST_LOG_LEVEL": "debug"}
    arguments = ("serve", "--config", str(file), "--log-level", "error", "--check-only")
    code, out, _ = run(*arguments, env=env)
    rows = {
        cells[0]: cells[1:] for line in out.splitlines() if (cells := line.strip("│").split("│"))
    }
    shown = {key.strip(): [cell.strip() for cell in cells] for key, cells in rows.items()}
    assert code == 0
    assert shown["shards"] == ["3", "environment HOLDFAST_SHARDS"]
    assert shown["log_level"] == ["error", "flag --log-level"]
    assert shown["drain_s"] == ["10.0", "default"]
    assert shown["hold_cart_s"][0] == "60"


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("127.0.0.1:7411", False),
        ("[::1]:7411", False),
        ("localhost:7411", False),
        ("0.0.0.0:7411", True),
        ("stock.example:7411", True),
    ],
)
def test_serve_refuses_an_address_that_others_may_reach_without_a_door(
    address: str, refused: bool
) -> None:
    code, _, err = run("serve", "--check-only", "--listen", address)
    assert code == (2 if refused else 0)
    assert (f"listen = '{address}' (from flag --listen): may be reached" in err) == refused


def test_serve_refuses_an_unknown_variable() -> None:
    code, out, err = run("serve", "--check-only", env={"HOLDFAST_SHARD": "3"})
    assert (code, out) == (2, "")
    assert "HOLDFAST_SHARD = '3' (from environment): unknown, did you mean HOLDFAST_SHARDS?" in err


def test_load_refuses_a_file_without_the_right_columns(tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("sku,place,on_hand\n")
    code, out, err = run("load", str(file))
    assert (code, out) == (2, "")
    assert "unknown column 'place'" in err
