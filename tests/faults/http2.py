"""Frames of HTTP/2 by hand (RFC 9113, header blocks of RFC 7541): a client that keeps the rules
cannot break them."""

import socket
import struct
from collections.abc import Iterable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 0x1, 0x4
INITIAL_WINDOW_SIZE = 0x4
CANCEL = 0x8

ANSWER_S_MAX = 20.0


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """A frame; the stream 0 is the connection."""
    head = struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream)
    return head + payload


def settings(**values: int) -> bytes:
    """A SETTINGS frame; the keywords are `id_4=65535` and the like."""
    pairs = (struct.pack(">HI", int(name[3:]), value) for name, value in values.items())
    return frame(SETTINGS, payload=b"".join(pairs))


def _number(value: int, bits: int, flags: int) -> bytes:
    """An integer of RFC 7541 5.1 with a prefix of so many bits."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([flags | value])
    found = [flags | most]
    value -= most
    while value >= 128:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def literal(name: str, value: bytes, *, remembered: bool = False) -> bytes:
    """A header field in full; `remembered` puts it into the server's table, as the newest one."""
    encoded = name.encode()
    head = b"\x40" if remembered else b"\x00"
    return head + _number(len(encoded), 7, 0) + encoded + _number(len(value), 7, 0) + value


NEWEST = _number(62, 7, 0x80)
"""The newest field of the server's table, in one byte."""


def call_headers(method: str, extra: Iterable[bytes] = ()) -> bytes:
    """The header block of a call of InventoryService."""
    fields = {
        ":method": b"POST",
        ":scheme": b"http",
        ":path": f"/holdfast.v1.InventoryService/{method}".encode(),
        ":authority": b"localhost",
        "te": b"trailers",
        "content-type": b"application/grpc",
    }
    return b"".join([*(literal(name, value) for name, value in fields.items()), *extra])


def begin_call(stream: int, method: str = "Reserve") -> bytes:
    """A call whose request is yet to come."""
    return frame(HEADERS, END_HEADERS, stream, call_headers(method))


def message(body: bytes, announced: int | None = None) -> bytes:
    """What carries a gRPC message; it may announce another length."""
    return struct.pack(">BI", 0, len(body) if announced is None else announced) + body


def connect(port: int) -> socket.socket:
    """A connection to the node, on which nothing was said."""
    made = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def greet(port: int, greeting: bytes | None = None) -> socket.socket:
    """A connection of which the client has said what it must."""
    made = connect(port)
    made.sendall(PREFACE + (settings() if greeting is None else greeting))
    return made


def push(to: socket.socket, parts: Iterable[bytes], stall_s: float = 0.2) -> int:
    """Send as much as the server takes, without reading; gives how many bytes. It ends when the
    server has closed the connection, or takes nothing for `stall_s`."""
    sent = 0
    to.settimeout(stall_s)
    for part in parts:
        try:
            to.sendall(part)
        except OSError:
            break
        sent += len(part)
    return sent


def hear(made: socket.socket, until: bytes = b"", quiet_s: float = 0.02) -> bytes:
    """What the server says until it closes, has said what is waited for, or, where nothing is
    waited for, says nothing for so long."""
    made.settimeout(ANSWER_S_MAX if until else quiet_s)
    said = b""
    try:
        while more := made.recv(1 << 16):
            said += more
            if until and until in said:
                break
    except OSError:
        pass  # It has closed before everything was said, or is quiet.
    return said
