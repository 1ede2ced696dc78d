"""The materialised state beside the log: keys, values and history entries."""

from collections.abc import Callable
from typing import Any

from engine.core.listings import Listing
from engine.core.model import Key, Line, Reservation, Stock, Transfer
from engine.log import codec, history
from engine.log.base import BaseMark, decode_mark, encode_mark
from engine.log.listings import decode_listing, decode_place
from engine.log.port import HistoryEntry, LogError, RequestRecord, Totals

Reader = Callable[[bytes], Any]
Writer = Callable[[Any], bytes]

CODECS: tuple[tuple[Reader, Writer], ...] = (
    (codec.decode_stock, codec.encode_state),
    (codec.decode_reservation, codec.encode_state),
    (codec.decode_request, codec.encode_state),
    (codec.decode_transfer, codec.encode_state),
    (codec.decode_totals, codec.encode_totals),
    (codec.decode_key, codec.encode_key),
    (codec.decode_timer, lambda timer: codec.encode_timer(*timer)),
    (decode_mark, encode_mark),
    (decode_listing, codec.encode_state),
    (decode_place, lambda place: "\0".join(place).encode()),
    (
        lambda data: history.decode_entry(data[:20], data[20:]),
        lambda entry: (
            bytes(12)
            + history.encode_number(entry.version)
            + history.encode_number(entry.position)
            + codec.encode_state(entry.stock)
        ),
    ),
)


def one_input(data: bytes) -> None:
    """The first byte says what the others are read as: a refusal, or what reads the same when it is
    written again."""
    if not data:
        return
    read, write = CODECS[data[0] % len(CODECS)]
    try:
        value = read(data[1:])
    except LogError:
        return
    written = write(value)
    assert write(read(written)) == written


def examples() -> list[bytes]:
    """A value of each kind."""
    key = Key("acme", "TEA", "LONDON")
    reservation = Reservation("0a3-1-1", "acme", 5, lines=(Line("1", key, held=2),))
    values: tuple[Any, ...] = (
        *(Stock(on_hand=5, version=3, unavailable=(("damaged", 1),)), reservation),
        *(
            RequestRecord(b"h" * 16, 7, 9),
            Transfer("0a3-1-2", "acme", "TEA", "LONDON", "PARIS", 1, 5),
        ),
        *(Totals(on_hand=2**70), key, (99, "0a3-1-1"), BaseMark(5, b"d" * 32, b"c" * 16)),
        *(Listing("TEA", "LONDON", "s", "i", "e"), ("TEA", "LONDON")),
        HistoryEntry(3, 9, Stock(on_hand=5, version=3)),
    )
    return [
        bytes([number]) + write(value)
        for number, ((_, write), value) in enumerate(zip(CODECS, values, strict=True))
    ]
