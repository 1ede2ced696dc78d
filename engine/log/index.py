"""What leads from a SKU-location, a reference or a customer to reservations.

An entry is a key without a value. The store holds exactly the union of the entries of all its
reservations, so that a turn writes only what is different after it. Ids may contain any character
but NUL, which therefore ends each of them; times are 8 bytes, big-endian, so that entries sort by
time.

| entry | for |
| --- | --- |
| `h` tenant 0 SKU 0 location 0 created (8) reservation | units held at the SKU-location |
| `a` the same | units allocated there |
| `q` tenant 0 SKU 0 location 0 queued (8) created (8) reservation 0 line | units that wait there |
| `r` tenant 0 reference 0 created (8) reservation | a reference |
| `c` tenant 0 SKU 0 customer 0 created (8) reservation | a customer's units of a SKU |
| `o` reservation 0 created (8) attempt | units set aside for waiting lines of a reservation |
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from engine.core.model import Key, Reservation
from engine.log.codec import encode_key
from engine.log.port import LogError


def entries(reservation: Reservation) -> frozenset[bytes]:
    """The entries of a reservation. ValueError if an id of it contains a zero byte.

    Parts and attempts have no entry for their reference, lines without any unit none at all.
    """
    reservation_id = reservation.reservation_id.encode()
    created = reservation.created_at_ms.to_bytes(8, "big") + reservation_id
    found = []
    customer = reservation.customer
    for line in reservation.lines:
        held, allocated = line.held, line.allocated
        if held or allocated or line.waiting:
            place = encode_key(line.key) + b"\0"
            if held:
                found.append(b"h" + place + created)
            if allocated:
                found.append(b"a" + place + created)
            if line.queued_at_ms and line.queued:
                queued = line.queued_at_ms.to_bytes(8, "big") + created
                found.append(b"q" + place + queued + b"\0" + line.line_id.encode())
        elif not line.shipped:
            continue
        if customer:
            found.append(customer_prefix(reservation.tenant, line.key.sku, customer) + created)
    if reservation.preparing:
        if reservation.prepared_for:
            found.append(offers_prefix(reservation.prepared_for) + created)
    elif reservation.reference and reservation.home_shard is None:
        found.append(reference_prefix(reservation.tenant, reservation.reference) + created)
    return frozenset(found)


def promised_prefix(key: Key, *, allocated: bool) -> bytes:
    """What the entries of reservations with units held (or, if so asked, allocated) at a
    SKU-location begin with: in order, the oldest reservation comes first. See
    `reservation_of`."""
    return (b"a" if allocated else b"h") + encode_key(key) + b"\0"


def queue_prefix(key: Key) -> bytes:
    """What the entries of lines that wait for stock of a SKU-location begin with: by when they
    began to wait. See `first_come` and `queued_line_of`."""
    return b"q" + encode_key(key) + b"\0"


def reference_prefix(tenant: str, reference: str) -> bytes:
    """What the entries of reservations with a reference begin with: the oldest reservation comes
    first. See `reservation_of`."""
    return b"r" + f"{tenant}\0{reference}\0".encode()


def customer_prefix(tenant: str, sku: str, customer: str) -> bytes:
    """What the entries of reservations in which a customer has, or was shipped, units of a SKU
    begin with: the oldest reservation comes first. See `reservation_of`."""
    return b"c" + f"{tenant}\0{sku}\0{customer}\0".encode()


def offers_prefix(reservation_id: str) -> bytes:
    """What the entries of attempts begin with that set units aside for waiting lines of a
    reservation: the oldest attempt comes first. See `reservation_of`."""
    return b"o" + f"{reservation_id}\0".encode()


def reservation_of(entry: bytes, prefix: bytes) -> str:
    """The reservation id of an entry found under one of these prefixes but the queue's. LogError if
    it is no entry."""
    try:
        return entry[len(prefix) + 8 :].decode()
    except UnicodeDecodeError as error:
        raise LogError(f"the index entry {entry!r} names no reservation: {error}") from error


def queued_line_of(entry: bytes, prefix: bytes) -> tuple[str, str]:
    """Reservation and line id of an entry found under a queue's prefix. LogError if it is no
    entry."""
    try:
        reservation_id, line_id = entry[len(prefix) + 16 :].decode().split("\0")
    except ValueError as error:
        raise LogError(f"the index entry {entry!r} names no line: {error}") from error
    return reservation_id, line_id


def first_come(entries: Iterable[bytes], prefix: bytes) -> Iterator[bytes]:
    """The entries found under a queue's prefix, first come first.

    Those of one millisecond are stored in the order of their reservation ids as text, which is no
    order of coming: it goes by slot, and `10` sorts before `f`. They came in the order of the
    positions that their ids end with.
    """
    begin = len(prefix)
    for _, of_one_time in groupby(entries, lambda entry: entry[begin : begin + 16]):
        alike = list(of_one_time)
        if len(alike) > 1:
            alike.sort(key=lambda entry: _coming(*queued_line_of(entry, prefix)))
        yield from alike


def _coming(reservation_id: str, line_id: str) -> tuple[int, int, str, str]:
    """Epoch and position of an id of ours. Any other id keeps its order as text."""
    try:
        epoch, position = (int(part, 16) for part in reservation_id.split("-")[1:])
    except ValueError:
        epoch = position = 0
    return epoch, position, reservation_id, line_id
