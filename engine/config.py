"""What an operator may set: each key with unit, default and limits, and where a value came from."""

import difflib
import ipaddress
import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from engine.core.limits import HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN
from engine.core.model import Settings
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.slots import SHARDS_MAX

ENVIRONMENT_PREFIX = "HOLDFAST_"
CONFIG_VARIABLE = "HOLDFAST_CONFIG"
CLIENT_VARIABLES = ("HOLDFAST_ADDRESS", "HOLDFAST_TENANT")
"""Variables of the client commands, which a node's environment may hold as well."""

KIB = 1024
MIB = 1024 * KIB


def _range(least: float, most: float, unit: str, description: str) -> Meta:
    """The description of a number."""
    return Meta(ge=least, le=most, description=description, extra={"unit": unit})


def _hold(hold_class: str) -> Meta:
    """The description of the time of a hold class."""
    least, most = HOLD_TTL_MS_MIN // 1_000, HOLD_TTL_MS_MAX // 1_000
    return _range(least, most, "seconds", f"How long a hold of class {hold_class} lasts.")


def _address(description: str, *, may_be_empty: bool = False) -> Meta:
    """The description of an address to listen at."""
    return Meta(description=description, extra={"unit": "host:port", "may_be_empty": may_be_empty})


def _choice(description: str, *choices: str) -> Meta:
    """The description of a choice among words."""
    return Meta(description=description, extra={"choices": choices})


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a node: each key with its limits, unit, meaning and default."""

    data_dir: Annotated[str, Meta(description="Directory of the history and its state.")] = "data"
    listen: Annotated[str, _address("Address that answers gRPC; port 0 takes any free one.")] = (
        "127.0.0.1:7411"
    )
    metrics_listen: Annotated[
        str, _address("Address that Prometheus scrapes; empty: none.", may_be_empty=True)
    ] = "127.0.0.1:9464"
    shards: Annotated[
        int,
        _range(1, SHARDS_MAX, "processes", "Shards; fixed once the data directory exists."),
    ] = 1
    hold_cart_s: Annotated[int, _hold("CART")] = 300
    hold_checkout_s: Annotated[int, _hold("CHECKOUT")] = 1_800
    hold_order_s: Annotated[int, _hold("ORDER")] = 86_400
    request_retention_s: Annotated[
        int,
        _range(3_600, 366 * 86_400, "seconds", "How long a repeated request id is recognised."),
    ] = REQUEST_RETENTION_MS // 1_000
    retention_days: Annotated[
        int, _range(0, 36_500, "days", "How old events are kept at least; 0: for ever.")
    ] = 0
    retention_events: Annotated[
        int,
        _range(0, 10**15, "events", "How many events each shard keeps at least; 0: all."),
    ] = 0
    subscription_grace_days: Annotated[
        int,
        _range(
            0, 36_500, "days", "How much longer what a subscription has not acknowledged is kept."
        ),
    ] = 7
    subscriptions_max: Annotated[
        int, _range(0, 100_000, "subscriptions", "Durable subscriptions that the node keeps.")
    ] = 1_000
    buffer_interval_s: Annotated[
        int,
        _range(
            60, 30 * 86_400, "seconds", "How old a dynamic buffer may become before it is computed."
        ),
    ] = 86_400
    active_actors_max: Annotated[
        int, _range(1, 100_000_000, "actors", "SKU-locations that each shard keeps in memory.")
    ] = 100_000
    queue_commands_max: Annotated[
        int, _range(1, 10_000_000, "commands", "May wait for each shard; more are refused.")
    ] = 16_384
    message_bytes_max: Annotated[
        int, _range(64 * KIB, 256 * MIB, "bytes", "Size of one gRPC message.")
    ] = 16 * MIB
    streams_max: Annotated[
        int, _range(1, 1_000_000, "calls", "May be open at once on one connection.")
    ] = 1_000
    watch_subscribers_max: Annotated[
        int, _range(0, 1_000_000, "feeds", "May be open at once on the node.")
    ] = 1_000
    checkpoint_interval_s: Annotated[
        float, _range(0.01, 3_600, "seconds", "How often an idle feed gets a checkpoint.")
    ] = 5.0
    watch_stall_s: Annotated[
        float,
        _range(0.1, 86_400, "seconds", "How long a subscriber may leave a message untaken."),
    ] = 60.0
    tail_bytes_max: Annotated[
        int, _range(64 * KIB, 4_096 * MIB, "bytes", "Recent history in memory, for each shard.")
    ] = 16 * MIB
    drain_s: Annotated[
        float, _range(0, 3_600, "seconds", "How long open calls may take to end at a stop.")
    ] = 10.0
    default_deadline_s: Annotated[
        float, _range(0.001, 3_600, "seconds", "Deadline of a call that brings none.")
    ] = 30.0
    log_level: Annotated[
        str, _choice("Least severity that is logged.", "debug", "info", "warning", "error")
    ] = "info"
    log_format: Annotated[str, _choice("How log lines look.", "console", "json")] = "console"
    sources: dict[str, str] = {}
    """For each key that is not the default: which flag, variable or file set it."""

    @property
    def settings(self) -> Settings:
        """The part that decisions depend on."""
        return Settings(
            hold_cart_ms=self.hold_cart_s * 1_000,
            hold_checkout_ms=self.hold_checkout_s * 1_000,
            hold_order_ms=self.hold_order_s * 1_000,
        )


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the configuration as a person sees it."""

    key: str
    kind: type
    default: str | int | float
    description: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    may_be_empty: bool = False

    @property
    def flag(self) -> str:
        """Its flag of `holdfast serve`."""
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return ENVIRONMENT_PREFIX + self.key.upper()

    @property
    def limit(self) -> str:
        """What is allowed, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.unit == "host:port":
            suffix = ", or empty" if self.may_be_empty else ""
            return f"host:port with a port from 0 to 65535{suffix}"
        if self.kind is str:
            return "text that is not empty"
        number = "a whole number" if self.kind is int else "a number"
        return f"{number} from {self.least:,} to {self.most:,} {self.unit}"


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


def _settings() -> dict[str, Setting]:
    """Read every key's description from the fields of Configuration."""
    hints = get_type_hints(Configuration, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(Configuration):
        annotation = hints[field.name]
        if get_origin(annotation) is not Annotated:
            continue
        kind, *metas = get_args(annotation)
        extra: dict[str, Any] = {}
        for meta in metas:
            extra |= meta.extra or {}
        found[field.name] = Setting(
            key=field.name,
            kind=kind,
            default=field.default,
            description=next(meta.description for meta in metas if meta.description),
            unit=extra.get("unit", ""),
            least=next((meta.ge for meta in metas if meta.ge is not None), None),
            most=next((meta.le for meta in metas if meta.le is not None), None),
            choices=extra.get("choices", ()),
            may_be_empty=extra.get("may_be_empty", False),
        )
    return found


SETTINGS = _settings()
"""Every key that can be set, in the order in which it is printed."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host:port", or ValueError. An IPv6 host is written in brackets, which are
    taken off."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"{address!r} is not host:port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        ipaddress.IPv6Address(host)
    elif ":" in host or any(character.isspace() for character in host):
        raise ValueError(f"{address!r} is not host:port")
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach "host:port". Of names, only localhost is sure."""
    host, _ = split_address(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    number: int | float = setting.kind(value)
    if not math.isfinite(number) or setting.least is None or setting.most is None:
        raise ValueError(value)
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
    except ValueError as error:
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
    text = repr(value)
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
    listen, metrics_listen = configuration.listen, configuration.metrics_listen
    if listen != metrics_listen or split_address(listen)[1] == 0:
        return []
    source = configuration.sources.get("metrics_listen", "default")
    limit = f"must differ from listen, which is {_shown(listen)} too"
    return [Problem("metrics_listen", _shown(metrics_listen), limit, source)]


def effective(configuration: Configuration) -> list[tuple[str, str, str]]:
    """Every key with its value and where the value came from, for printing."""
    return [
        (key, str(getattr(configuration, key)), configuration.sources.get(key, "default"))
        for key in SETTINGS
    ]
