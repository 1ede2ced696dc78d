"""Where values come from, and what is wrong with them."""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.config.addresses import is_loopback, split_address
from engine.config.keys import ENVIRONMENT_PREFIX, SETTINGS, Configuration, Setting

CONFIG_VARIABLE = "HOLDFAST_CONFIG"
CLIENT_VARIABLES = (
    *("HOLDFAST_ADDRESS", "HOLDFAST_TENANT", "HOLDFAST_CA", "HOLDFAST_CERTIFICATE"),
    *("HOLDFAST_KEY", "HOLDFAST_TOKEN", "HOLDFAST_TOKEN_FILE"),
)
"""Variables of the client commands, which a node's environment may hold as well."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with what was configured."""

    key: str
    value: str
    limit: str
    source: str

    def __str__(self) -> str:
        shown = f"{self.key} = {self.value}" if self.value else self.key
        return f"{shown} (from {self.source}): {self.limit}"


class ConfigurationError(Exception):
    """The configuration is refused; each problem is listed with key, value, limit and source."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def _text(setting: Setting, value: Any) -> str:
    """A checked text; ValueError if it is not allowed."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    if setting.choices and value not in setting.choices:
        raise ValueError(value)
    if value == "" and not setting.may_be_empty:
        raise ValueError(value)
    if setting.unit == "host:port" and value:
        split_address(value)
    return value


def _number(setting: Setting, value: Any) -> int | float:
    """A checked number, given as one or as text; ValueError if it is not allowed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    if setting.kind is int and isinstance(value, float):
        raise ValueError(value)
    try:
        number: int | float = setting.kind(value)
    except OverflowError as error:
        raise ValueError("it is too large for any number of that kind") from error
    if setting.least is None or setting.most is None:
        raise ValueError(value)
    # Neither what is no number nor infinity lies between two numbers.
    if not setting.least <= number <= setting.most:
        raise ValueError(value)
    return number


_Layer = tuple[dict[str, Any], Callable[[Setting], str]]
"""The values of one source by key, and how to name where a key's value stands."""


def _nearest(name: str, known: list[str]) -> str:
    """What an unknown name is answered with."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"unknown, did you mean {near[0]}?" if near else "unknown"


def _file_layer(file: Path, problems: list[Problem]) -> _Layer:
    """The values of a TOML file. Numbers must be written as numbers there."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        limit = f"cannot be read: {error.strerror}"
        problems.append(Problem("config", str(file), limit, "--config or " + CONFIG_VARIABLE))
        table = {}
    except (ValueError, RecursionError) as error:
        problems.append(Problem("config", str(file), f"is not TOML: {error}", str(file)))
        table = {}
    for key, value in table.items():
        if key not in SETTINGS:
            hint = _nearest(key, list(SETTINGS))
            problems.append(Problem(key, _shown(value), hint, f"file {file}"))
        elif SETTINGS[key].kind is not str and isinstance(value, str):
            limit = f"must be {SETTINGS[key].limit}, without quotes"
            problems.append(Problem(key, repr(value), limit, f"file {file}"))
    usable = {
        key: value
        for key, value in table.items()
        if key in SETTINGS and not (SETTINGS[key].kind is not str and isinstance(value, str))
    }
    return usable, lambda setting: f"file {file}"


def _environment_layer(environment: Mapping[str, str], problems: list[Problem]) -> _Layer:
    """The values of HOLDFAST_* variables."""
    known = {setting.variable: setting.key for setting in SETTINGS.values()}
    names = [*known, CONFIG_VARIABLE, *CLIENT_VARIABLES]
    values = {}
    for name, value in environment.items():
        if name in known:
            values[known[name]] = value
        elif name.startswith(ENVIRONMENT_PREFIX) and name not in names:
            problems.append(Problem(name, _shown(value), _nearest(name, names), "environment"))
    return values, lambda setting: f"environment {setting.variable}"


def _flag_layer(flags: Mapping[str, str | None], problems: list[Problem]) -> _Layer:
    """The values of flags; None is one that was not given."""
    problems.extend(
        Problem(key, "", _nearest(key, list(SETTINGS)), "flags")
        for key in flags
        if key not in SETTINGS
    )
    values = {key: value for key, value in flags.items() if key in SETTINGS and value is not None}
    return values, lambda setting: f"flag {setting.flag}"


def _shown(value: Any) -> str:
    """A value in a message: in quotes where it is text, and never longer than a line."""
    try:
        text = repr(value)
    except ValueError:
        # Python writes no number of thousands of digits.
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


def load(
    flags: Mapping[str, str | None], environment: Mapping[str, str], file: Path | None
) -> Configuration:
    """Flags over environment over file over defaults. `flags` maps keys to text; `file` None means
    the one that HOLDFAST_CONFIG names, if any. Nothing but the file is read. ConfigurationError
    lists everything that is wrong."""
    problems: list[Problem] = []
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE])
    layers = [_flag_layer(flags, problems), _environment_layer(environment, problems)]
    if file is not None:
        layers.append(_file_layer(file, problems))
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer, source in reversed(layers):
        for key, value in layer.items():
            setting = SETTINGS[key]
            try:
                values[key] = (_text if setting.kind is str else _number)(setting, value)
            except ValueError:
                limit = f"must be {setting.limit}"
                problems.append(Problem(key, _shown(value), limit, source(setting)))
            sources[key] = source(setting)
    configuration = Configuration(**values, sources=sources)
    problems.extend(_conflicts(configuration))
    if problems:
        raise ConfigurationError(problems)
    return configuration


def _conflicts(configuration: Configuration) -> list[Problem]:
    """What is wrong only in combination."""
    sources = configuration.sources
    return [
        Problem(key, _shown(getattr(configuration, key)), limit, sources.get(key, "default"))
        for key, limit in (*_port_conflicts(configuration), *_door_conflicts(configuration))
    ]


def _port_conflicts(configuration: Configuration) -> list[tuple[str, str]]:
    """Keys that want the same port, with what they would have to be."""
    listen, metrics_listen = configuration.listen, configuration.metrics_listen
    if listen != metrics_listen or split_address(listen)[1] == 0:
        return []
    return [("metrics_listen", f"must differ from listen, which is {_shown(listen)} too")]


def _door_conflicts(configuration: Configuration) -> list[tuple[str, str]]:
    """Keys that would let in whom nobody knows, or what others can read on the way."""
    found = []
    if configuration.tls_key and not configuration.tls_certificate:
        found.append(("tls_certificate", "must be given too where tls_key is"))
    if configuration.tls_certificate and not configuration.tls_key:
        found.append(("tls_key", "must be given too where tls_certificate is"))
    if configuration.tls_client_ca and not configuration.tls_certificate:
        found.append(("tls_client_ca", "needs tls_certificate and tls_key"))
    needs = {
        "tls_certificate and tls_key": configuration.tls_certificate and configuration.tls_key,
        "principals": configuration.principals,
    }
    for key, wanted in (("listen", tuple(needs)), ("metrics_listen", tuple(needs)[:1])):
        address = getattr(configuration, key)
        missing = [name for name in wanted if not needs[name]]
        if address and missing and not is_loopback(address):
            limit = f"may be reached from elsewhere: needs {' and '.join(missing)}, or loopback"
            found.append((key, limit))
    return found


def effective(configuration: Configuration) -> list[tuple[str, str, str]]:
    """Every key with its value and where the value came from, for printing."""
    return [
        (key, str(getattr(configuration, key)), configuration.sources.get(key, "default"))
        for key in SETTINGS
    ]
