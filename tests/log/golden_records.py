"""Records as released versions of Holdfast wrote them, in tests/log/golden: what was written once
is read for ever.

A file is never changed. After a new kind of event, or a new field, `python -m
tests.log.golden_records` writes one more file for each kind that no file says everything about;
it is named by the kind and the number of its set of fields.
"""

import json
import sys
from enum import IntEnum
from itertools import count
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
from google.protobuf import json_format
from holdfast.v1 import stock_pb2

from engine.core import events
from engine.core.channels import Buffer, ChannelPolicy
from engine.core.model import Cause, Key, Stock
from engine.log import codec
from engine.log.port import Commit, Group
from engine.log.v1.record_pb2 import CommitGroup

FOLDER = Path(__file__).parent / "golden"
ENVELOPE = "CommitGroup"
"""The name of the records that say all that a commit can beside its events."""
NAMES = (*(kind.__name__ for kind in get_args(events.Event)), ENVELOPE)
CHOICES: dict[type, tuple[str, ...]] = {
    ChannelPolicy: ("sku", "sku_group"),
    Buffer: ("dynamic", "units", "percent"),
}
"""Structs of which exactly one of these fields says something: a choice of the contract."""
CARRIED = {field.name for field in stock_pb2.Balances.DESCRIPTOR.fields} | {"version"}
"""What a record says of stock beside an event, and of that more than the event does itself."""


def readable(value: Any) -> Any:
    """A value as JSON: structs as objects, with their type's name around them where several types
    are possible."""
    if isinstance(value, msgspec.Struct):
        fields = {name: readable(getattr(value, name)) for name in value.__struct_fields__}
        return {type(value).__name__: fields} if value.__struct_config__.tag else fields
    if isinstance(value, tuple):
        return [readable(item) for item in value]
    if isinstance(value, IntEnum):
        return value.name
    return value.hex() if isinstance(value, bytes) else value


def differences(said: Any, value: Any, where: str = "") -> list[str]:
    """Where a value is not as it was said to be. What the readable form does not name yet has to
    have its default."""
    if isinstance(value, msgspec.Struct):
        if value.__struct_config__.tag:
            where, said = f"{where}{type(value).__name__}.", said.get(type(value).__name__, {})
        fields = {field.name: field for field in msgspec.structs.fields(type(value))}
        found = [f"{where}{name} is gone" for name in said if name not in fields]
        for name, field in fields.items():
            now = getattr(value, name)
            if name in said:
                found += differences(said[name], now, f"{where}{name}.")
            elif now != field.default:
                found.append(f"{where}{name} is {now}, not its default")
        return found
    if isinstance(value, tuple) and len(value) == len(said):
        pairs = enumerate(zip(said, value, strict=True))
        return [line for i, (one, now) in pairs for line in differences(one, now, f"{where}{i}.")]
    return [] if readable(value) == said else [f"{where} is {readable(value)}, was {said}"]


def unsaid(said: Any, value: Any, where: str = "") -> list[str]:
    """Fields of a value, and of all in it, of which the readable form says nothing, or only the
    default."""
    if isinstance(value, tuple):
        return [name for one, item in zip(said, value, strict=True) for name in unsaid(one, item)]
    if not isinstance(value, msgspec.Struct):
        return []
    if value.__struct_config__.tag:
        said = said[type(value).__name__]
    missing = []
    choices = CHOICES.get(type(value), ())
    for field in msgspec.structs.fields(type(value)):
        if isinstance(value, Stock) and field.name not in CARRIED:
            continue
        now = getattr(value, field.name)
        if field.name in choices and now == field.default:
            continue
        if field.name not in said or now == field.default:
            missing.append(f"{type(value).__name__}.{field.name}")
        elif not isinstance(value, Stock):  # Of what is expected a record carries the sum alone.
            missing += unsaid(said[field.name], now)
    return missing


def files(name: str) -> list[Path]:
    """The golden records of a name, oldest first."""
    return sorted(FOLDER.glob(f"{name}.*.json"), key=lambda path: int(path.suffixes[0][1:]))


def load(path: Path) -> dict[str, Any]:
    """What a file says: `record`, `message` and `decoded`."""
    golden: dict[str, Any] = json.loads(path.read_text())
    return golden


def incomplete(name: str) -> list[str]:
    """What the newest golden record of a name does not say; all of it if there is none."""
    if not (paths := files(name)):
        return [name]
    golden = load(paths[-1])
    group = codec.decode_group(bytes.fromhex(golden["record"]))
    commit, said = group.commits[0], golden["decoded"]["commits"][0]
    if name == ENVELOPE:
        return unsaid(said, commit)
    return unsaid(said["recorded"][0]["event"], commit.recorded[0].event)


def example(name: str) -> Group:
    """A group that says, of its event or of its commit, all that there is to say."""
    numbers = count(2)
    kinds = {kind.__name__: kind for kind in get_args(events.Event)}
    event = _filled(kinds.get(name, events.StockReceived), numbers)
    stock = _filled(Stock, numbers) if hasattr(event, "key") else None
    recorded = (events.Recorded(event, stock),)
    commit = Commit(Cause("Golden", "request-1"), b"key", b"hash", (), recorded)
    if name == ENVELOPE:
        fields = [field for field in msgspec.structs.fields(Commit) if field.name != "recorded"]
        stated = {field.name: _value(field, numbers) for field in fields}
        commit = Commit(recorded=recorded, **stated)
    return Group(41, 1_700_000_000_123, (commit,))


def _filled(kind: Any, numbers: Any) -> Any:
    """A struct none of whose fields has its default; of a choice, the first."""
    if kind in CHOICES:
        return _choices(kind, numbers)[0]
    fields = msgspec.structs.fields(kind)
    return kind(**{field.name: _value(field, numbers) for field in fields})


def _choices(kind: Any, numbers: Any) -> list[Any]:
    """The values of a choice, one for each thing that it may be."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    chosen = [fields.pop(name) for name in CHOICES[kind]]
    others = {name: _value(field, numbers) for name, field in fields.items()}
    return [kind(**others, **{field.name: _value(field, numbers)}) for field in chosen]


def _value(field: Any, numbers: Any) -> Any:
    number = next(numbers)
    if field.name.endswith("_ms"):
        return 1_700_000_000_000 + number * 1_001
    if field.name in ("delta", "moved_since"):
        return -number
    if field.type is bool:
        return field.default is not True
    return _of_type(field.type, field.name, numbers)


def _of_type(kind: Any, name: str, numbers: Any) -> Any:
    number = next(numbers)
    if kind in (str, bytes):
        text = f"{name.replace('_', '-')}-{number}"
        return text if kind is str else text.encode()
    if kind in (int, float):
        return number if kind is int else number + 0.5
    if kind is Key:
        return Key("acme", f"TEA-{number}", "LONDON")
    if isinstance(kind, UnionType):
        return _of_type(get_args(kind)[0], name, numbers)
    if get_origin(kind) is tuple and get_args(kind)[0] in CHOICES:
        return tuple(_choices(get_args(kind)[0], numbers))
    if get_origin(kind) is tuple:
        items = [item for item in get_args(kind) if item is not ...]
        return tuple(_of_type(item, name, numbers) for item in items)
    return list(kind)[-1] if issubclass(kind, IntEnum) else _filled(kind, numbers)


def write(name: str) -> Path:
    """Write the next golden record of a name."""
    record = codec.encode_group(example(name))
    message = json_format.MessageToDict(
        CommitGroup.FromString(record), preserving_proto_field_name=True
    )
    decoded = readable(codec.decode_group(record))
    path = FOLDER / f"{name}.{len(files(name)) + 1}.json"
    golden = {"record": record.hex(), "message": message, "decoded": decoded}
    path.write_text(json.dumps(golden, indent=1) + "\n")
    return path


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for missing in NAMES:
        if incomplete(missing):
            sys.stdout.write(f"written: {write(missing).relative_to(FOLDER.parent)}\n")
