"""The keys: each with unit, default and limits."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from engine.core.limits import HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN
from engine.core.model import Settings
from engine.shard.retention import REQUEST_RETENTION_MS
from engine.shard.slots import SHARDS_MAX

ENVIRONMENT_PREFIX = "HOLDFAST_"

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


def _file(description: str) -> Meta:
    """The description of a file that need not be."""
    return Meta(description=description, extra={"unit": "file", "may_be_empty": True})


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
    tls_certificate: Annotated[
        str, _file("PEM file of the certificate that the node shows, its chain after it.")
    ] = ""
    tls_key: Annotated[str, _file("PEM file of that certificate's private key.")] = ""
    tls_client_ca: Annotated[
        str, _file("PEM file of the authorities; callers must show a certificate of one.")
    ] = ""
    principals: Annotated[
        str, _file("TOML file that says who may do what; empty: everybody may do everything.")
    ] = ""
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
        if self.unit == "file":
            return "the path of a file, or empty"
        if self.kind is str:
            return "text that is not empty"
        number = "a whole number" if self.kind is int else "a number"
        return f"{number} from {self.least:,} to {self.most:,} {self.unit}"


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
