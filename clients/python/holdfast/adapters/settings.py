"""What a person sets: flags and environment variables, made of the parameters of an adapter.

A keyword parameter ``url: Annotated[str, "Where to post."]`` of an adapter's `__init__` is the flag
``--url`` and the variable ``HOLDFAST_ADAPTER_URL``; the flag goes first. A parameter of the type
`Secret` is never a flag: it comes from ``HOLDFAST_ADAPTER_NAME``, or from the file that
``HOLDFAST_ADAPTER_NAME_FILE`` or ``--name-file`` names.
"""

import argparse
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from holdfast._shown import Shown
from holdfast.access import Tls, Token, current, token_file
from holdfast.adapters.adapter import Adapter

PREFIX = "HOLDFAST_ADAPTER_"
TUNING = {
    "batch_max": (int, "Updates of one push, at most."),
    "batch_wait_s": (float, "How long a batch that is not full waits for more."),
    "rate_per_s": (float, "Pushes in a second, on average; 0: no limit."),
    "burst": (float, "Pushes at once after a rest."),
    "attempts_max": (int, "Failed attempts after which an update is parked."),
    "push_timeout_s": (float, "How long a push may take."),
}
"""Attributes of an adapter's class that may be set for one process."""

LEAST = {
    "batch_max": 1,
    "batch_wait_s": 0,
    "rate_per_s": 0,
    "burst": 1,
    "attempts_max": 1,
    "push_timeout_s": 0.001,
    "stop_s": 0,
}
"""The least that a number may be."""

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


class SettingsError(Exception):
    """What was set cannot be used; the message says what to do."""


class Secret:
    """A value that nobody shows: neither in a log nor in a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"


class Settings(NamedTuple):
    """Settings that every adapter has."""

    address: str
    tenant: str
    channel: str
    subscription: str
    listen: str
    log_level: str
    stop_s: float
    ca: str = ""
    certificate: str = ""
    key: str = ""
    token_file: str = ""
    secret: Secret | None = None

    @property
    def tls(self) -> Tls | None:
        """How the node is reached over TLS; None if it is in clear."""
        if not (self.ca or self.certificate or self.key):
            return None
        return Tls(self.ca or None, self.certificate or None, self.key or None)

    @property
    def token(self) -> Token | None:
        """What is shown to the node. A file goes first: it can be renewed."""
        if self.token_file:
            return token_file(self.token_file)
        return None if self.secret is None else self.secret.reveal()


class _Option(NamedTuple):
    """One thing to set."""

    name: str
    kind: Any
    default: Any
    text: str
    variable: str

    @property
    def flag(self) -> str:
        """The flag; of a secret, the flag that names its file."""
        dashed = self.name.replace("_", "-")
        return f"--{dashed}-file" if self.kind is Secret else f"--{dashed}"


_REQUIRED = inspect.Parameter.empty
COMMON = (
    _Option("address", str, "127.0.0.1:7411", "The node: host:port.", "HOLDFAST_ADDRESS"),
    _Option("tenant", str, "", "Whose stock it is.", "HOLDFAST_TENANT"),
    _Option("channel", str, _REQUIRED, "The channel, as it is configured.", f"{PREFIX}CHANNEL"),
    _Option(
        "subscription",
        str,
        "",
        "Name of the durable subscription; empty: of adapter and channel.",
        f"{PREFIX}SUBSCRIPTION",
    ),
    _Option(
        "listen",
        str,
        "127.0.0.1:9465",
        "host:port for /metrics, /healthz, /readyz; empty: none.",
        f"{PREFIX}LISTEN",
    ),
    _Option("log_level", str, "info", "debug, info, warning or error.", f"{PREFIX}LOG_LEVEL"),
    _Option("stop_s", float, 20.0, "How long a push may take at a stop.", f"{PREFIX}STOP_S"),
    _Option("ca", str, "", "PEM file of who signs the node's certificate: TLS.", "HOLDFAST_CA"),
    _Option("certificate", str, "", "PEM file shown to the node.", "HOLDFAST_CERTIFICATE"),
    _Option("key", str, "", "PEM file of its private key.", "HOLDFAST_KEY"),
    _Option("token_file", str, "", "File with the node's token.", "HOLDFAST_TOKEN_FILE"),
)
_TOKEN_VARIABLE = "HOLDFAST_TOKEN"  # noqa: S105 - its name
"""A token for the node, where no file has one. It is no flag: others can read those."""

_YIELDING = frozenset({"ca", "certificate", "key", "token_file"})
"""Flags of the engine that an adapter's own may take the place of; the variables stay."""


def read(
    adapter: type[Adapter], arguments: Sequence[str], environment: Mapping[str, str], program: str
) -> tuple[Settings, Adapter]:
    """The settings, and the adapter as it is set. SettingsError if something is missing or wrong;
    SystemExit for ``--help`` and unknown flags, as `argparse` has it."""
    own = _options_of(adapter)
    tuning = [
        _Option(name, kind, getattr(adapter, name), text, PREFIX + name.upper())
        for name, (kind, text) in TUNING.items()
    ]
    parser = argparse.ArgumentParser(
        prog=program, description=inspect.cleandoc(adapter.__doc__ or ""), allow_abbrev=False
    )
    flags: set[str] = set()
    for title, options in (("adapter", own), ("engine", COMMON), ("pace", tuning)):
        group = parser.add_argument_group(title)
        for option in options:
            if option.flag in flags and option.name in _YIELDING:
                continue
            flags.add(option.flag)
            alone: dict[str, Any] = {"nargs": "?", "const": "true"} if option.kind is bool else {}
            text = _help(option)
            place = f"{title} {option.name}"
            group.add_argument(option.flag, dest=place, help=text, metavar="VALUE", **alone)
    given = vars(parser.parse_args(arguments))

    def values(title: str, options: Sequence[_Option]) -> dict[str, Any]:
        return {
            each.name: _value(each, given.get(f"{title} {each.name}"), environment)
            for each in options
        }

    made = adapter(**values("adapter", own))
    for name, value in values("pace", tuning).items():
        setattr(made, name, value)
    settings = Settings(**values("engine", COMMON))
    if secret := environment.get(_TOKEN_VARIABLE, "").strip():
        settings = settings._replace(secret=Secret(secret))
    _check_door(settings)
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        raise SettingsError(f"--log-level is {settings.log_level!r}: debug, info, warning, error.")
    if not settings.subscription:
        settings = settings._replace(subscription=f"{adapter.name}-{settings.channel}")
    return settings, made


def _check_door(settings: Settings) -> None:
    """Refuse at once what a client would refuse when it connects."""
    try:
        Shown(settings.address, settings.tls, settings.token, None, ())
        if settings.token is not None:
            current(settings.token)
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"The node cannot be reached so: {error}.") from None


def address_of(text: str, flag: str) -> tuple[str, int]:
    """Host and port of ``host:port``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise SettingsError(f"{flag} is {text!r}: it must be host:port.")
    return host.strip("[]"), int(port)


def _options_of(adapter: type[Adapter]) -> list[_Option]:
    """The options that an adapter's parameters make."""
    hints = typing.get_type_hints(adapter.__init__, include_extras=True)
    options = []
    for name, parameter in list(inspect.signature(adapter.__init__).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        kind, text = hints.get(name, str), ""
        if get_origin(kind) is Annotated:
            kind, text = get_args(kind)[:2]
        if get_origin(kind) in (types.UnionType, typing.Union):
            kind = next(each for each in get_args(kind) if each is not type(None))
        if kind not in (str, int, float, bool, Path, Secret):
            raise TypeError(f"{adapter.__name__}: {name} is {kind}; no flag can give that")
        options.append(_Option(name, kind, parameter.default, text, PREFIX + name.upper()))
    return options


def _help(option: _Option) -> str:
    variable = f"{option.variable}_FILE" if option.kind is Secret else option.variable
    default = ""
    if option.default is not _REQUIRED and option.default not in ("", None):
        default = f" Default: {option.default}."
    return f"{option.text}{default} [{variable}]".replace("%", "%%").strip()


def _value(option: _Option, given: str | None, environment: Mapping[str, str]) -> Any:
    """The value of an option: by flag, or by variable, or its default."""
    if option.kind is Secret:
        value = _secret(option, given, environment)
    else:
        text = environment.get(option.variable) if given is None else given
        where = option.variable if given is None else option.flag
        value = option.default if text is None else _convert(option, text, where)
    if value is _REQUIRED:
        is_secret = option.kind is Secret
        ways = (option.variable, f"{option.variable}_FILE") if is_secret else (option.variable,)
        raise SettingsError(f"{' or '.join((*ways, option.flag))} is missing. {option.text}")
    return value


def _secret(option: _Option, file: str | None, environment: Mapping[str, str]) -> Any:
    path = file or environment.get(f"{option.variable}_FILE")
    if path:
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The file of {option.variable} cannot be read: {error}") from None
    else:
        text = environment.get(option.variable, "").strip()
    return Secret(text) if text else option.default


def _convert(option: _Option, text: str, where: str) -> Any:
    if option.kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise SettingsError(f"{where} is {text!r}: it must be true or false.")
        return text.lower() in _TRUE
    try:
        value = option.kind(text)
    except ValueError:
        raise SettingsError(f"{where} is {text!r}: it must be a number.") from None
    least = LEAST.get(option.name)
    if least is not None and not value >= least:
        raise SettingsError(f"{where} is {text}: it must be {least} at least.")
    return value
