"""What hostile clients do. Each is given the port of a node and a number that says how much of it;
it gives the connections that it leaves open, and is called in a thread."""

import itertools
import random
import socket
import struct
from collections.abc import Callable

from tests.faults.http2 import (
    CANCEL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    NEWEST,
    PING,
    PREFACE,
    RST_STREAM,
    WINDOW_UPDATE,
    begin_call,
    call_headers,
    connect,
    frame,
    greet,
    hear,
    literal,
    message,
    push,
    settings,
)

Attack = Callable[[int, int], list[socket.socket]]

FRAME_BYTES_MAX = 16_384
WINDOW_MAX = (1 << 31) - 1
CONNECTIONS_MAX = 2_000
"""Where more of it on one connection is what hurts, so many connections share it."""

CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(500)
SEED = 8


def silence(port: int, number: int) -> list[socket.socket]:
    """Connections on which nothing is said."""
    return [connect(port) for _ in range(number)]


def half_a_preface(port: int, number: int) -> list[socket.socket]:
    """Connections that begin to greet and go no further."""
    return [_saying(port, PREFACE[: 1 + turn % (len(PREFACE) - 1)]) for turn in range(number)]


def half_a_frame(port: int, number: int) -> list[socket.socket]:
    """Frames that announce more than ever comes."""
    beginnings = [
        settings()[:5],
        settings() + begin_call(1)[:40],
        settings() + begin_call(1) + frame(DATA, 0, 1, message(bytes(1_000)))[:500],
        settings() + frame(HEADERS, 0, 1, call_headers("Reserve")),
    ]
    return [_saying(port, PREFACE + beginnings[turn % len(beginnings)]) for turn in range(number)]


def idle_calls(port: int, number: int) -> list[socket.socket]:
    """As many streams as the server lets there be, and more, none of which goes on."""
    made = greet(port)
    push(made, (begin_call(1 + 2 * turn) for turn in range(number)))
    return [made]


def garbage(port: int, number: int) -> list[socket.socket]:
    """What is no HTTP/2: noise, HTTP/1.1, TLS."""
    chance = random.Random(SEED)
    kinds = [chance.randbytes(1_000), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", CLIENT_HELLO]
    for turn in range(number):
        with _saying(port, kinds[turn % len(kinds)]) as made:
            hear(made)
    return []


def garbage_after_the_preface(port: int, number: int) -> list[socket.socket]:
    """A greeting, and then noise; also noise in the form of frames."""
    chance = random.Random(SEED)
    for turn in range(number):
        with greet(port) as made:
            noise = chance.randbytes(2_000)
            if turn % 2:
                kind, flags = chance.randrange(16), chance.randrange(256)
                noise = frame(kind, flags, chance.randrange(5), noise[: chance.randrange(64)])
            push(made, [noise, frame(PING, payload=noise[:3])])
            hear(made)
    return []


def oversized_frames(port: int, number: int) -> list[socket.socket]:
    """Frames larger than the server has said it takes."""
    for _ in range(min(number, CONNECTIONS_MAX)):
        with greet(port) as made:
            push(made, [begin_call(1) + struct.pack(">I", (1 << 24) - 1)[1:] + bytes([DATA, 0])])
            push(made, [struct.pack(">I", 1), *[bytes(1 << 16)] * 32])
            hear(made)
    return []


def oversized_messages(port: int, number: int) -> list[socket.socket]:
    """Messages that announce 4 GiB, and some of them."""
    left = []
    for _ in range(min(number, CONNECTIONS_MAX)):
        made = greet(port)
        part = frame(DATA, 0, 1, bytes(FRAME_BYTES_MAX))
        head = frame(DATA, 0, 1, message(bytes(100), announced=(1 << 32) - 1))
        push(made, [begin_call(1), head, *[part] * 64])
        left.append(made)
    return left


def messages_that_do_not_end(port: int, number: int) -> list[socket.socket]:
    """Many calls, each with as much of a large message as the server's windows take."""
    left = []
    streams = 50
    for _ in range(max(1, number // streams)):
        made = greet(port)
        part = bytes(FRAME_BYTES_MAX)
        for stream in range(1, 2 * streams, 2):
            head = frame(DATA, 0, stream, message(b"", announced=15_000_000))
            push(made, [begin_call(stream) + head, frame(DATA, 0, stream, part)], stall_s=0.05)
        left.append(made)
    return left


def header_bombs(port: int, number: int) -> list[socket.socket]:
    """A large field that the server remembers, and which is then named by one byte, often. Half of
    them do not wait for the answer."""
    for turn in range(min(number, CONNECTIONS_MAX)):
        with greet(port) as made:
            bomb = literal("x-bomb", bytes(b"x" * 3_900), remembered=True)
            block = call_headers("Reserve", [bomb]) + NEWEST * 8_000
            push(made, [frame(HEADERS, END_HEADERS | END_STREAM, 1, block)])
            push(made, [frame(HEADERS, END_HEADERS, 3, call_headers("Reserve", [NEWEST * 15_000]))])
            if turn % 2:
                hear(made)
    return []


def endless_metadata(port: int, number: int) -> list[socket.socket]:
    """Header blocks that go on and on."""
    made = greet(port)
    field = literal("x-more", b"m" * 8_000)
    block = frame(HEADERS, 0, 1, call_headers("Reserve"))
    push(made, itertools.chain([block], (frame(CONTINUATION, 0, 1, field) for _ in range(number))))
    return [made]


def many_fields(port: int, number: int) -> list[socket.socket]:
    """Calls with more metadata than is of use."""
    made = greet(port)
    fields = [literal(f"x-{index}", b"m" * 100) for index in range(140)]
    block = call_headers("Reserve", fields)
    push(made, (frame(HEADERS, END_HEADERS, 1 + 2 * turn, block) for turn in range(number)))
    return [made]


def rapid_resets(port: int, number: int) -> list[socket.socket]:
    """Calls that are taken back as soon as they are made."""
    made = greet(port)
    cancel = struct.pack(">I", CANCEL)
    push(
        made,
        (
            begin_call(stream) + frame(RST_STREAM, 0, stream, cancel)
            for stream in range(1, 2 * 10 * number, 2)
        ),
    )
    return [made]


def _flood(port: int, parts: bytes, number: int, greeting: bytes | None = None) -> socket.socket:
    made = greet(port, greeting)
    push(made, (parts for _ in range(number)))
    return made


def pings(port: int, number: int) -> list[socket.socket]:
    """Pings whose answers are not read."""
    return [_flood(port, frame(PING, payload=bytes(8)) * 100, number)]


def settings_again(port: int, number: int) -> list[socket.socket]:
    """Settings whose answers are not read."""
    return [_flood(port, settings(id_4=1, id_3=1) * 100, number)]


def empty_frames(port: int, number: int) -> list[socket.socket]:
    """Frames that say nothing, on a call that does not end."""
    parts = frame(DATA, 0, 1) * 100
    return [_flood(port, parts, number, settings() + begin_call(1))]


def unknown_frames(port: int, number: int) -> list[socket.socket]:
    """Frames of no known kind, which are to be passed over."""
    return [_flood(port, frame(0xCA, 0xFF, 1, bytes(100)) * 100, number)]


def windows(port: int, number: int) -> list[socket.socket]:
    """Windows that are opened by nothing, beyond what there is, and byte by byte."""
    most, nothing, one = (struct.pack(">I", each) for each in (WINDOW_MAX, 0, 1))
    left = []
    for stream, size in itertools.product((0, 1), (most, nothing, one)):
        greeting = settings(id_4=0) + begin_call(1)
        parts = frame(WINDOW_UPDATE, 0, stream, size) * 100
        left.append(_flood(port, parts, max(1, number // 6), greeting))
    return left


def answers_without_room(port: int, number: int) -> list[socket.socket]:
    """Calls whose answers the client leaves no room for, or never reads."""
    left = []
    ask = message(b"")
    for greeting in (settings(id_4=0), settings()):
        made = greet(port, greeting)
        calls = (
            begin_call(stream, "ListLocations") + frame(DATA, END_STREAM, stream, ask)
            for stream in range(1, 2 * number, 2)
        )
        push(made, calls)
        left.append(made)
    return left


def _saying(port: int, words: bytes) -> socket.socket:
    made = connect(port)
    made.sendall(words)
    return made


CONNECTIONS: list[Attack] = [silence, half_a_preface, half_a_frame]
"""Those of which the number is that of their connections."""

FLOODS: list[Attack] = [
    idle_calls,
    garbage,
    garbage_after_the_preface,
    oversized_frames,
    oversized_messages,
    messages_that_do_not_end,
    header_bombs,
    endless_metadata,
    many_fields,
    rapid_resets,
    pings,
    settings_again,
    empty_frames,
    unknown_frames,
    windows,
    answers_without_room,
]
