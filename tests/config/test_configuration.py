"""The configuration: where values come from, and what a bad one is answered with."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import (
    SETTINGS,
    Configuration,
    ConfigurationError,
    effective,
    load,
    split_address,
)

PRECEDENCE = [
    # flag, environment, file -> value and source
    (None, None, None, 1, "default"),
    (None, None, 2, 2, "file {file}"),
    (None, "3", 2, 3, "environment HOLDFAST_SHARDS"),
    (None, "3", None, 3, "environment HOLDFAST_SHARDS"),
    ("4", "3", 2, 4, "flag --shards"),
    ("4", None, 2, 4, "flag --shards"),
    ("4", None, None, 4, "flag --shards"),
]


@pytest.mark.parametrize(("flag", "variable", "in_file", "value", "source"), PRECEDENCE)
def test_flags_over_environment_over_file_over_defaults(
    tmp_path: Path,
    flag: str | None,
    variable: str | None,
    in_file: int | None,
    value: int,
    source: str,
) -> None:
    file = tmp_path / "holdfast.toml"
    file.write_text("" if in_file is None else f"shards = {in_file}\n")
    environment = {} if variable is None else {"HOLDFAST_SHARDS": variable}
    configuration = load({"shards": flag}, environment, file)
    assert configuration.shards == value
    rows = {row[0]: row[1:] for row in effective(configuration)}
    assert rows["shards"] == (str(value), source.format(file=file))


def test_defaults_are_what_the_documentation_says() -> None:
    configuration = load({}, {}, None)
    assert configuration == Configuration()
    assert [(key, source) for key, _, source in effective(configuration)] == [
        (key, "default") for key in SETTINGS
    ]
    assert configuration.listen == "127.0.0.1:7411"
    assert configuration.metrics_listen == "127.0.0.1:9464"
    assert configuration.queue_commands_max == 16_384


def test_the_environment_may_name_the_file_and_a_flag_names_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("hold_cart_s = 60\n")
    other.write_text("hold_cart_s = 90\n")
    environment = {"HOLDFAST_CONFIG": str(one)}
    assert load({}, environment, None).hold_cart_s == 60
    assert load({}, environment, other).hold_cart_s == 90


def test_every_key_can_be_set_in_every_source(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "data_dir": "elsewhere",
        "listen": "127.0.0.1:1",
        "metrics_listen": "",
        "tls_certificate": "node.pem",
        "tls_key": "node.key",
        "tls_client_ca": "ca.pem",
        "principals": "principals.toml",
        "log_level": "debug",
        "log_format": "json",
    }
    for key, setting in SETTINGS.items():
        if setting.kind is not str:
            assert setting.most is not None
            values[key] = setting.kind(setting.most)
    text = {key: str(value) for key, value in values.items()}
    file = tmp_path / "all.toml"
    lines = [
        f"{key} = {value!r}" if isinstance(value, str) else f"{key} = {value}"
        for key, value in values.items()
    ]
    file.write_text("\n".join(lines))
    for configuration in (
        load(text, {}, None),
        load({}, {SETTINGS[key].variable: value for key, value in text.items()}, None),
        load({}, {}, file),
    ):
        assert {key: getattr(configuration, key) for key in SETTINGS} == values
        assert set(configuration.sources) == set(SETTINGS)


def test_the_settings_of_decisions_are_in_milliseconds() -> None:
    settings = load({"hold_cart_s": "2", "hold_order_s": "7"}, {}, None).settings
    assert (settings.hold_cart_ms, settings.hold_checkout_ms, settings.hold_order_ms) == (
        2_000,
        1_800_000,
        7_000,
    )


BAD_FLAGS = [
    ("shards", "0", "shards = '0' (from flag --shards): must be a whole number from 1 to 64"),
    ("shards", "65", "from 1 to 64 processes"),
    ("shards", "two", "must be a whole number"),
    ("shards", "1.5", "must be a whole number"),
    ("hold_cart_s", "0", "from 1 to 7,776,000 seconds"),
    ("drain_s", "nan", "must be a number from 0 to 3,600 seconds"),
    ("drain_s", "inf", "must be a number from 0 to 3,600 seconds"),
    ("listen", "7411", "must be host:port with a port from 0 to 65535"),
    ("listen", "localhost:65536", "must be host:port"),
    ("listen", "::1:7411", "must be host:port"),
    ("listen", "[nonsense]:7411", "must be host:port"),
    ("listen", "", "must be host:port"),
    ("metrics_listen", "x", "host:port with a port from 0 to 65535, or empty"),
    ("data_dir", "", "must be text that is not empty"),
    ("log_level", "loud", "must be one of debug, info, warning, error"),
]


@pytest.mark.parametrize(("key", "value", "expected"), BAD_FLAGS)
def test_a_bad_value_is_named_with_its_limit_and_source(
    key: str, value: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as from_flag:
        load({key: value}, {}, None)
    assert expected in str(from_flag.value)
    variable = SETTINGS[key].variable
    with pytest.raises(ConfigurationError) as from_environment:
        load({}, {variable: value}, None)
    (problem,) = from_environment.value.problems
    assert (problem.key, problem.source) == (key, f"environment {variable}")


BAD_FILES = [
    ("shard = 2", "shard = 2 (from file {file}): unknown, did you mean shards?"),
    ("shards = '2'", "must be a whole number from 1 to 64 processes, without quotes"),
    ("shards = true", "shards = True (from file {file}): must be a whole number"),
    ("shards = 2.0", "shards = 2.0 (from file {file}): must be a whole number"),
    ("listen = 7411", "listen = 7411 (from file {file}): must be host:port"),
    ("[server]\nshards = 2", "server = {{'shards': 2}} (from file {file}): unknown"),
    ("shards = ", "(from {file}): is not TOML"),
]


@pytest.mark.parametrize(("text", "expected"), BAD_FILES)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load({}, {}, file)
    assert expected.format(file=file) in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load({}, {}, tmp_path / "absent.toml")


def test_an_unknown_variable_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({}, {"HOLDFAST_SHARD": "2", "PATH": "/bin"}, None)
    assert str(refused.value) == (
        "HOLDFAST_SHARD = '2' (from environment): unknown, did you mean HOLDFAST_SHARDS?"
    )


def test_variables_of_the_client_commands_are_known() -> None:
    environment = {"HOLDFAST_ADDRESS": "127.0.0.1:7411", "HOLDFAST_TENANT": "shop"}
    environment |= {"HOLDFAST_CA": "ca.pem", "HOLDFAST_TOKEN_FILE": "token"}
    assert load({}, environment, None) == Configuration()


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({"shards": "0", "colour": "red"}, {"HOLDFAST_DRAIN_S": "-1"}, None)
    assert {problem.key for problem in refused.value.problems} == {"shards", "colour", "drain_s"}


def test_a_bad_value_is_refused_even_where_a_better_source_hides_it() -> None:
    with pytest.raises(ConfigurationError, match="HOLDFAST_SHARDS"):
        load({"shards": "2"}, {"HOLDFAST_SHARDS": "none"}, None)


def test_both_ports_cannot_be_one() -> None:
    with pytest.raises(ConfigurationError, match=r"metrics_listen .* must differ from listen"):
        load({"metrics_listen": "127.0.0.1:7411"}, {}, None)
    free = "127.0.0.1:0"
    assert load({"listen": free, "metrics_listen": free}, {}, None).listen == free


TLS = {"tls_certificate": "node.pem", "tls_key": "node.key"}
WHO = {"principals": "principals.toml"}
ELSEWHERE = "may be reached from elsewhere: needs "

DOORS = [
    # flags -> the keys that are refused, with why
    ({}, {}),
    ({"listen": "127.0.0.1:1"}, {}),
    ({"listen": "[::1]:1"}, {}),
    ({"listen": "localhost:1", "metrics_listen": "127.9.9.9:1"}, {}),
    (TLS, {}),
    (WHO, {}),
    ({"listen": "0.0.0.0:1"}, {"listen": "needs tls_certificate and tls_key and principals, or"}),
    ({"listen": "[::]:1"}, {"listen": ELSEWHERE}),
    ({"listen": "10.0.0.7:1"}, {"listen": ELSEWHERE}),
    ({"listen": "stock.example:1"}, {"listen": ELSEWHERE}),
    ({"listen": "localhost.example:1"}, {"listen": ELSEWHERE}),
    ({"listen": "0.0.0.0:1", **TLS}, {"listen": ELSEWHERE + "principals, or loopback"}),
    ({"listen": "0.0.0.0:1", **WHO}, {"listen": ELSEWHERE + "tls_certificate and tls_key, or"}),
    ({"listen": "0.0.0.0:1", **TLS, **WHO}, {}),
    ({"metrics_listen": "0.0.0.0:1"}, {"metrics_listen": ELSEWHERE + "tls_certificate and tls_k"}),
    ({"metrics_listen": "0.0.0.0:1", **TLS}, {}),
    ({"metrics_listen": ""}, {}),
    (
        {"listen": "0.0.0.0:1", "metrics_listen": "0.0.0.0:2"},
        {"listen": ELSEWHERE, "metrics_listen": ELSEWHERE},
    ),
    ({"tls_certificate": "node.pem"}, {"tls_key": "must be given too where tls_certificate is"}),
    ({"tls_key": "node.key"}, {"tls_certificate": "must be given too where tls_key is"}),
    ({"tls_client_ca": "ca.pem"}, {"tls_client_ca": "needs tls_certificate and tls_key"}),
    ({"tls_client_ca": "ca.pem", **TLS}, {}),
]


@pytest.mark.parametrize(("flags", "refused"), DOORS)
def test_what_others_may_reach_needs_tls_and_principals(
    flags: dict[str, str], refused: dict[str, str]
) -> None:
    try:
        load(flags, {}, None)
        problems = []
    except ConfigurationError as error:
        problems = error.problems
    assert [problem.key for problem in problems] == list(refused)
    for problem in problems:
        assert refused[problem.key] in problem.limit
        given = flags.get(problem.key)
        source = f"flag {SETTINGS[problem.key].flag}" if given else "default"
        assert (problem.value, problem.source) == (repr(given or ""), source)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:7411", ("127.0.0.1", 7411)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_an_address_is_split(address: str, expected: tuple[str, int]) -> None:
    assert split_address(address) == expected
