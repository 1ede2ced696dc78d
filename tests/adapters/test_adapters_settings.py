"""What can be set, how, and what is said when it is wrong."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from holdfast import Tls
from holdfast.adapters import Adapter, Secret
from holdfast.adapters.files import Stdout
from holdfast.adapters.runner import find, main, run
from holdfast.adapters.settings import SettingsError, address_of, read

from tests.doors import Door


class Shop(Adapter):
    """A shop."""

    name = "shop"

    def __init__(
        self,
        *,
        url: Annotated[str, "Where it is."],
        token: Annotated[Secret, "Opens it."],
        folder: Path = Path("/srv"),
        retries: int | None = None,
        polite: bool = True,
    ) -> None:
        self.options = (url, token.reveal(), folder, retries, polite)


BASE = {"HOLDFAST_ADAPTER_TOKEN": "t0k3n", "HOLDFAST_ADAPTER_CHANNEL": "web"}


def options(arguments: list[str], environment: dict[str, str]) -> Any:
    made = read(Shop, arguments, environment, "shop")[1]
    assert isinstance(made, Shop)
    return made.options


def test_flags_go_before_variables_and_variables_before_defaults() -> None:
    environment = BASE | {"HOLDFAST_ADAPTER_URL": "a", "HOLDFAST_ADAPTER_RETRIES": "3"}
    assert options([], environment) == ("a", "t0k3n", Path("/srv"), 3, True)
    impolite = BASE | {"HOLDFAST_ADAPTER_POLITE": "no"}
    assert options(["--url", "a", "--polite"], impolite)[-1] is True
    assert options(["--url", "b", "--polite", "no", "--folder", "/x"], environment) == (
        *("b", "t0k3n", Path("/x"), 3, False),
    )


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    by_variable = BASE | {"HOLDFAST_ADAPTER_TOKEN_FILE": str(file)}
    assert options(["--url", "a"], by_variable)[1] == "of-the-file"
    assert options(["--url", "a", "--token-file", str(file)], BASE)[1] == "of-the-file"


def test_a_secret_is_no_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(Shop, ["--token", "visible"], BASE, "shop")
    assert "unrecognized" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--batch-max", "0"), ("--rate-per-s", "-1"), ("--burst", "nan"), ("--attempts-max", "0")],
)
def test_a_pace_that_makes_no_sense_is_refused(flag: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{flag} is {value}: it must be . at least"):
        read(Shop, ["--url", "a", flag, value], BASE, "shop")


def test_the_pace_can_be_set_for_a_process() -> None:
    arguments = ["--url", "a", "--rate-per-s", "2.5", "--batch-max", "7"]
    _, made = read(Shop, arguments, BASE, "shop")
    assert (made.rate_per_s, made.batch_max, Shop.batch_max) == (2.5, 7, 100)


def test_the_subscription_has_a_name_of_its_own() -> None:
    settings, _ = read(Shop, ["--url", "a"], BASE, "shop")
    assert settings.subscription == "shop-web"
    settings, _ = read(Shop, ["--url", "a", "--subscription", "s"], BASE, "shop")
    assert settings.subscription == "s"


@pytest.mark.parametrize(
    ("arguments", "environment", "complaint"),
    [
        ([], BASE, "HOLDFAST_ADAPTER_URL or --url is missing. Where it is."),
        (
            ["--url", "a"],
            {"HOLDFAST_ADAPTER_CHANNEL": "web"},
            "HOLDFAST_ADAPTER_TOKEN or HOLDFAST_ADAPTER_TOKEN_FILE or --token-file is missing",
        ),
        (
            ["--url", "a"],
            {"HOLDFAST_ADAPTER_TOKEN": "t"},
            "HOLDFAST_ADAPTER_CHANNEL or --channel is missing",
        ),
        (["--url", "a", "--retries", "many"], BASE, "--retries is 'many'"),
        (["--url", "a", "--polite", "very"], BASE, "true or false"),
        (["--url", "a", "--token-file", "/nowhere"], BASE, "cannot be read"),
        (["--url", "a", "--log-level", "loud"], BASE, "--log-level is 'loud'"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], environment: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(Shop, arguments, environment, "shop")
    assert complaint in str(refusal.value)


def test_the_node_is_reached_over_tls_with_a_token(tmp_path: Path) -> None:
    door = Door(tmp_path)
    caller = door.client("adapter.shop")
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    arguments = ["--address", "stock.example:7411", "--channel", "web", "--ca", str(door.ca)]
    arguments += ["--certificate", str(caller.certificate), "--key", str(caller.key)]
    environment = {"HOLDFAST_TOKEN": "of-the-variable"}
    settings, _ = read(Stdout, arguments, environment, "stdout")
    assert settings.tls == Tls(str(door.ca), str(caller.certificate), str(caller.key))
    assert settings.token == "of-the-variable"
    assert "of-the-variable" not in repr(settings)
    settings, _ = read(Stdout, [*arguments, "--token-file", str(file)], environment, "stdout")
    assert callable(settings.token)
    assert settings.token() == "of-the-file"
    # An adapter's own flag takes the place of the engine's, whose variables stay.
    door_by_variables = {"HOLDFAST_CA": str(door.ca), "HOLDFAST_TOKEN_FILE": str(file)}
    settings, made = read(
        Shop, ["--url", "a", "--token-file", str(door.ca)], BASE | door_by_variables, "shop"
    )
    assert isinstance(made, Shop)
    assert made.options[1] == door.ca.read_text().strip()
    assert settings.token_file == str(file)
    assert settings.tls == Tls(str(door.ca))


@pytest.mark.parametrize(
    ("arguments", "environment", "complaint"),
    [
        (["--address", "stock.example:7411"], {"HOLDFAST_TOKEN": "t"}, "in clear: use TLS"),
        (["--token-file", "/nowhere"], {}, "of /nowhere cannot be read: No such file"),
        (["--ca", "/nowhere"], {}, "/nowhere cannot be read: No such file"),
        (["--certificate", __file__], {}, "certificate and key must be given together"),
        ([], {"HOLDFAST_TOKEN": "two words"}, "the token is none"),
    ],
)
def test_a_door_that_cannot_be_passed_is_said_at_once(
    arguments: list[str], environment: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(Stdout, ["--channel", "web", *arguments], environment, "stdout")
    assert complaint in str(refusal.value)


@pytest.mark.parametrize("text", ["", "host", "host:", "host:port", "host:70000", ":80"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(SettingsError):
        address_of(text, "--listen")


def test_an_address() -> None:
    assert address_of("[::1]:80", "--listen") == ("::1", 80)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nothing", "There is no adapter 'nothing'; there are files, shopify, "),
        ("holdfast.nowhere:Shop", "cannot be loaded"),
        ("holdfast.adapters:Nothing", "cannot be loaded"),
        ("holdfast.adapters:Secret", "not a subclass"),
        ("holdfast.adapters:Adapter", "has no method `push`"),
        (f"{__name__}:Shop", "has no method `push`"),
    ],
)
def test_what_is_no_adapter(name: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        find(name)


def test_a_program_of_its_own_is_told_too_that_its_adapter_has_no_push(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        run(Shop, ["--url", "a", "--token-file", "t", "--channel", "c"])
    assert end.value.code == 2
    assert "The adapter 'Shop' has no method `push`" in capsys.readouterr().err


def test_adapters_are_found_by_name_and_by_place() -> None:
    assert find("webhooks").name == "webhooks"
    assert find("holdfast.adapters.files:Stdout").name == "stdout"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "NAME is files"),
        (["--help"], 0, "NAME is files"),
        (["nothing"], 2, "There is no adapter"),
        (["stdout"], 2, "HOLDFAST_ADAPTER_CHANNEL or --channel is missing"),
        (["stdout", "--channel", "c", "--listen", "here"], 2, "--listen is 'here'"),
    ],
)
def test_the_command_says_what_is_wrong(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == code
    assert said in capsys.readouterr().err
