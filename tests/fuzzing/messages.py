"""Messages made from their descriptors: any field any value within protobuf's types, drawn partly
from what the node has told, so that some of them mean something."""

import base64
import time
from collections import defaultdict, deque
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from engine.feed import wire

KNOWN_MAX = 64
"""Values of one field that are remembered, the newest."""
DEPTH_MAX = 5
"""How deep messages lie in messages; below that fields stay unset."""
ITEMS_MAX = 3
"""Entries of a repeated field, but for a rare long one."""

STRANGE_TEXTS = (
    "",
    " ",
    " a",
    "\n",
    "a\x00b",
    "\x7f",
    "\u00a0",
    "\u202eTEA",
    "\U0001f9c9",
    "e\u0301",
    "\ufeff",
    "x" * 128,
    "x" * 129,
    "\u00e9" * 65,
    "x" * 10_000,
    "*",
    "%s{}",
    "../mark",
    "1-00000000-1-0.1",
    "1-0123abcd-1-0.9223372036854775808",
    "1-0123abcd-1-64.1",
    "0a3-1-1",
    "fff-999-ffffffffffffffff",
    "AAAA",
    "9" * 30,
)
BOUNDS = (0, 1, 2**7, 2**15, 2**31, 2**32, 2**53, 10**6, 10**9, 10**12, 10**15, 2**62, 2**63, 2**64)
FLOATS = (0.0, -0.0, 0.5, 1.0, 1.65, -1.0, 1e308, 5e-324, float("inf"), float("-inf"), float("nan"))

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
_SAME_AS = {
    "page_token": "next_page_token",
    "excluding_reservation": "reservation_id",
    "prepared_for": "reservation_id",
    "reservation_reference": "reference",
    "incoming_reference": "reference",
    "drop_line_ids": "line_id",
    "ids": "id",
    "parked_ids": "id",
    "group": "groups",
    "location_groups": "groups",
    "sku_group": "name",
    "skus": "sku",
    "sku_prefixes": "sku",
    "from_cause": "unavailable_cause",
    "to_cause": "unavailable_cause",
    "cause": "unavailable_cause",
    "if_version": "version",
    "from_version": "version",
    "to_version": "version",
}
"""Fields that mean what another one says."""


def kind_of(field: FieldDescriptor) -> Descriptor:
    """The kind of message that a field holds."""
    kind = field.message_type
    assert kind is not None, field.full_name
    return kind


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map, which is set by key."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def inner_messages(message: Message) -> list[Message]:
    """The messages that lie in a message, one level deep."""
    return [
        each
        for field, value in message.ListFields()
        if field.type == FieldDescriptor.TYPE_MESSAGE and not is_map(field)
        for each in (value if field.is_repeated else (value,))
    ]


def meaning(name: str) -> str:
    """The name under which values of a field are remembered."""
    if name.endswith(("cursor", "read_at_least")):
        return "cursor"
    if name.endswith(("location", "locations")) and name != "external_location":
        return "location"
    return _SAME_AS.get(name, name)


class Known:
    """What was seen in messages, by the meaning of its field, and requests that were granted."""

    def __init__(self) -> None:
        self.values: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=KNOWN_MAX))
        self.granted: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=8))
        """Encoded requests, by the full name of their message."""

    def learn(self, message: Message) -> None:
        """Remember the texts and numbers of a message."""
        for inner in inner_messages(message):
            self.learn(inner)
        for field, value in message.ListFields():
            if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_UINT64):
                known = self.values[meaning(field.name)]
                for each in value if field.is_repeated else (value,):
                    if each and each not in known:
                        known.append(each)

    def grant(self, request: Message) -> None:
        """Remember a request that was answered OK: others are made by changing it."""
        self.granted[request.DESCRIPTOR.full_name].append(request.SerializeToString())


class Maker:
    """Makes messages. Everything follows from the random numbers and from what is known."""

    def __init__(self, random: Random, known: Known) -> None:
        self._random = random
        self._known = known
        self._serial = f"{random.getrandbits(48):x}"
        self._made = 0

    def request(self, kind: Descriptor) -> bytes:
        """An encoded request: one that was granted, changed a little or not at all; or anything; or
        what is no message."""
        chance = self._random.random()
        granted = self._known.granted.get(kind.full_name)
        if granted and chance < 0.6:
            message = GetMessageClass(kind).FromString(self._random.choice(granted))
            for _ in range(self._random.choice((0, 0, 1, 1, 2, 4))):
                self._change(message)
        else:
            message = self.any(kind)
        self._rename(message)
        if getattr(message, "page_token", "") and self._random.random() < 0.3:
            self._forge(message)
        data: bytes = message.SerializeToString()
        return self._spoilt(data) if chance > 0.9 else data

    def headers(self) -> list[tuple[str, str | bytes]]:
        """Mostly none; at times those that mean something, with anything that HTTP lets through."""
        random = self._random
        if random.random() < 0.9:
            return []
        text = "".join(chr(random.randint(32, 126)) for _ in range(random.choice((0, 1, 40, 200))))
        some: list[list[tuple[str, str | bytes]]] = [
            [("x-correlation-id", text)],
            [("x-correlation-id", text), ("x-correlation-id", "b")],
            [("authorization", f"Bearer {text}")],
            [("x-anything-bin", random.randbytes(30))],
        ]
        return random.choice(some)

    def any(self, kind: Descriptor, depth: int = 0) -> Message:
        """A message with any of its fields set to anything."""
        random = self._random
        message = GetMessageClass(kind)()
        if kind.full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration"):
            self._put_time(message, kind.name == "Timestamp")
            return message
        share = random.choice((0.3, 0.6, 0.9))
        for field in kind.fields:
            if random.random() < share:
                self._put(message, field, depth)
        return message

    def _put(self, message: Message, field: FieldDescriptor, depth: int) -> None:
        """Set a field anew."""
        message.ClearField(field.name)
        target = getattr(message, field.name)
        if is_map(field):
            for _ in range(self._random.randrange(3)):
                target[self._text("mark")] = self._text("value")
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth >= DEPTH_MAX:
                return
            for _ in range(self._count() if field.is_repeated else 1):
                made = self.any(kind_of(field), depth + 1)
                (target.add() if field.is_repeated else target).CopyFrom(made)
        elif field.is_repeated:
            target.extend(self._value(field) for _ in range(self._count()))
        else:
            setattr(message, field.name, self._value(field))

    def _change(self, message: Message, depth: int = 0) -> None:
        """Change one field of it, or of a message in it."""
        inner = inner_messages(message)
        if inner and self._random.random() < 0.5:
            self._change(self._random.choice(inner), depth + 1)
        elif message.DESCRIPTOR.fields:
            field = self._random.choice([*message.DESCRIPTOR.fields])
            if self._random.random() < 0.2:
                message.ClearField(field.name)
            else:
                self._put(message, field, depth)

    def _rename(self, message: Message) -> None:
        """Mostly give a write an id of its own: a repeated one would only be answered again."""
        if message.DESCRIPTOR.name == "WriteContext" and self._random.random() < 0.9:
            self._made += 1
            context: Any = message
            context.request_id = f"{self._serial}-{self._made}"
        for inner in inner_messages(message):
            self._rename(inner)

    def _forge(self, request: Any) -> None:
        """Another place in a page token that is otherwise that of this query."""
        random = self._random
        place: list[Any] = [
            random.choice((0, 2**63, 2**64 - 1, -1, True, None, b"", b"\xff" * 200, [], {}))
            if random.random() < 0.3
            else random.choice((self._text("sku"), self._number(0, 2**64 - 1), random.randbytes(9)))
            for _ in range(random.randint(0, 3))
        ]
        with suppress(ValueError):
            query = base64.b64decode(request.page_token, altchars=b"-_")[:8]
            forged = query + msgspec.msgpack.encode(place)
            request.page_token = base64.b64encode(forged, altchars=b"-_").decode()

    def _count(self) -> int:
        if self._random.random() < 0.005:
            return self._random.choice((101, 1_001, 2_001))
        return self._random.randint(0, ITEMS_MAX)

    def _value(self, field: FieldDescriptor) -> Any:
        random = self._random
        kind = field.type
        if kind == FieldDescriptor.TYPE_STRING:
            return self._text(meaning(field.name))
        if kind == FieldDescriptor.TYPE_BYTES:
            return random.randbytes(random.choice((0, 1, 30, 3_000)))
        if kind == FieldDescriptor.TYPE_BOOL:
            return random.random() < 0.5
        if kind == FieldDescriptor.TYPE_ENUM:
            members = field.enum_type.values if field.enum_type is not None else ()
            numbers = [each.number for each in members]
            return random.choice((*numbers, *numbers, -1, len(numbers), 2**31 - 1, -(2**31)))
        if kind == FieldDescriptor.TYPE_DOUBLE:
            return random.choice((*FLOATS, random.uniform(0, 10)))
        low, high = _INTEGERS[kind]
        known = self._known.values.get(meaning(field.name))
        if known and random.random() < 0.5:
            number = random.choice(known)
            if isinstance(number, int) and low <= number <= high:
                return number
        return self._number(low, high)

    def _number(self, low: int, high: int) -> int:
        random = self._random
        if random.random() < 0.7:
            return random.randint(0, 9)
        number = random.choice((1, -1)) * random.choice(BOUNDS) + random.randint(-1, 1)
        return min(max(number, low), high)

    def _text(self, name: str) -> str:
        random = self._random
        chance = random.random()
        known = self._known.values.get(name)
        if known and chance < 0.75:
            value = random.choice(known)
        elif chance < 0.85 and self._known.values:
            value = random.choice(self._known.values[random.choice([*self._known.values])] or ("",))
        elif chance < 0.95:
            value = random.choice(STRANGE_TEXTS)
        else:
            letters = [random.choice(("a", "\u00df", "\U0001f375", "\x01", "-", ".", "0"))]
            value = "".join(letters * random.randint(1, 40))
        return str(value)

    def _put_time(self, message: Any, is_moment: bool) -> None:
        random = self._random
        seconds = random.choice((0, 1, 5, 60, 300, 86_400, -1, random.randint(0, 10**6)))
        if is_moment:
            seconds += int(time.time())
        if random.random() < 0.2:
            seconds = self._number(-(2**63), 2**63 - 1)
        message.seconds = seconds
        message.nanos = random.choice((0, 0, 0, 1, 999_999_999, 10**9, -1, -(2**31), 2**31 - 1))

    def _spoilt(self, data: bytes) -> bytes:
        """Bytes that are a message no more, or one with more in it than is known."""
        random = self._random
        how = random.randrange(5)
        if how == 0:
            return random.randbytes(random.choice((1, 3, 20, 300)))
        if how == 1:
            return data[: random.randint(0, len(data))]
        if how == 2 and data:
            spoilt = bytearray(data)
            for _ in range(random.randint(1, 4)):
                spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
            return bytes(spoilt)
        if how == 3:
            return data + wire.tag(random.randint(100, 2**29 - 1), 2) + b"\x03new"
        # Half a character as the text of a field.
        return data + wire.tag(random.randint(1, 12), 2) + b"\x03\xed\xa0\x80"
