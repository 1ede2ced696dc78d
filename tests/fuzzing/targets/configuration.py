"""The configuration: a TOML file, environment and flags."""

from engine.config import SETTINGS, Configuration, ConfigurationError, effective, load
from tests.fuzzing.targets.scratch import scratch


def one_input(data: bytes) -> None:
    """The first byte says whether it is a file, or the value of a key. All that is wrong is told as
    problems with keys; what is not, can be stated again as text and means the same."""
    if not data:
        return
    keys = list(SETTINGS)
    flags: dict[str, str | None] = {}
    environment: dict[str, str] = {}
    path = None
    text = data[1:].decode("utf-8", "surrogateescape")
    if data[0] == 0:
        path = scratch("holdfast.toml", data[1:])
    elif data[0] % 2:
        flags[keys[data[0] // 2 % len(keys)]] = text
    else:
        environment[SETTINGS[keys[data[0] // 2 % len(keys)]].variable] = text
    try:
        configuration = load(flags, environment, path)
    except ConfigurationError as error:
        assert error.problems
        assert str(error)
        return
    stated = {key: value for key, value, source in effective(configuration) if source != "default"}
    assert load(stated, {}, None).settings == configuration.settings
    assert isinstance(configuration, Configuration)


def examples() -> list[bytes]:
    """A whole file, wrong ones, and single values."""
    whole = "\n".join(
        f'{key} = "{setting.default}"' if setting.kind is str else f"{key} = {setting.default}"
        for key, setting in SETTINGS.items()
    )
    files = (
        whole,
        "shards = -1",
        "shards = 1e400",
        "shards = " + "9" * 400,
        "x = [",
        "listen = 5",
        "a = " + "[" * 2_000,
    )
    long = ("shards = 0x" + "f" * 5_000, "drain_s = " + "9" * 400)
    values = ("", "1", "-1", "nan", "127.0.0.1:0", "9" * 5_000, "\u0661", "[::1]:5", "a:b:c")
    return [
        *(b"\0" + each.encode() for each in (*files, *long)),
        *(bytes([number + 1]) + values[number % len(values)].encode() for number in range(60)),
    ]
