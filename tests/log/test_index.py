"""What a reservation is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.model import Key, Line, Reservation
from engine.log import index
from engine.log.port import LogError

TEA = Key("t", "TEA", "LONDON")
CART = Reservation("0a3-1-7", "t", created_at_ms=1_000, reference="cart-1", customer="Ann")
HELD = Line("1", TEA, held=2)
ALLOCATED = Line("1", TEA, allocated=2)
SHIPPED = Line("1", TEA, shipped=2)
OVER = Line("1", TEA, committed=2)
WAITING = Line("1", TEA, waiting=1, queued_at_ms=7)
BACKORDERED = Line("1", TEA, held=2, held_backordered=1, queued_at_ms=7)
PART = replace(CART, home_shard=2)
ATTEMPT = replace(PART, preparing=True, reference="")
OFFER = replace(ATTEMPT, prepared_for="0a3-1-1")

CASES: list[tuple[str, Reservation, str]] = [
    ("a hold", replace(CART, lines=(HELD,)), "held customer reference"),
    ("an allocation", replace(CART, lines=(ALLOCATED,)), "allocated customer reference"),
    (
        "both",
        replace(CART, lines=(replace(HELD, allocated=1),)),
        "held allocated customer reference",
    ),
    ("a line that waits", replace(CART, lines=(WAITING,)), "queue customer reference"),
    ("a backorder", replace(CART, lines=(BACKORDERED,)), "held queue customer reference"),
    ("what was shipped", replace(CART, lines=(SHIPPED,)), "customer reference"),
    ("what ended unshipped", replace(CART, lines=(OVER,)), "reference"),
    ("nobody's", replace(CART, lines=(HELD,), customer=""), "held reference"),
    ("without a reference", replace(CART, lines=(HELD,), reference=""), "held customer"),
    (
        "two lines at a place",
        replace(CART, lines=(HELD, replace(HELD, line_id="2"))),
        "held customer reference",
    ),
    ("a part", replace(PART, lines=(HELD,)), "held customer"),
    ("an attempt", replace(ATTEMPT, lines=(HELD,)), "held customer"),
    ("an offer", replace(OFFER, lines=(HELD,)), "held customer offers"),
    ("nothing", Reservation("0a3-1-7", "t", 1_000), ""),
]

PREFIXES = {
    "held": index.promised_prefix(TEA, allocated=False),
    "allocated": index.promised_prefix(TEA, allocated=True),
    "queue": index.queue_prefix(TEA),
    "reference": index.reference_prefix("t", "cart-1"),
    "customer": index.customer_prefix("t", "TEA", "Ann"),
    "offers": index.offers_prefix("0a3-1-1"),
}


@pytest.mark.parametrize(
    ("reservation", "found_by"),
    [(reservation, found_by) for _, reservation, found_by in CASES],
    ids=[name for name, _, _ in CASES],
)
def test_a_reservation_is_found_by(reservation: Reservation, found_by: str) -> None:
    entries = index.entries(reservation)
    found = [
        name
        for name, prefix in PREFIXES.items()
        if any(entry.startswith(prefix) for entry in entries)
    ]
    assert sorted(found) == sorted(found_by.split())
    assert len(entries) == len(found)


def test_an_entry_names_its_reservation_and_the_queue_its_line() -> None:
    cart = replace(CART, lines=(replace(BACKORDERED, line_id="lïne"),))
    names = {
        name: [entry for entry in index.entries(cart) if entry.startswith(prefix)]
        for name, prefix in PREFIXES.items()
    }
    for name in ("held", "reference", "customer"):
        (entry,) = names[name]
        assert index.reservation_of(entry, PREFIXES[name]) == "0a3-1-7"
    (entry,) = names["queue"]
    assert index.queued_line_of(entry, PREFIXES["queue"]) == ("0a3-1-7", "lïne")


def test_the_oldest_comes_first_and_the_queue_goes_by_when_waiting_began() -> None:
    def cart(name: str, created_at_ms: int, queued_at_ms: int) -> Reservation:
        line = Line("1", TEA, held=1, held_backordered=1, queued_at_ms=queued_at_ms)
        return Reservation(name, "t", created_at_ms, lines=(line,))

    carts = [cart("c", 1, 300), cart("b", 256, 255), cart("a", 256, 255), cart("d", 65_536, 1)]
    entries = sorted(entry for one in carts for entry in index.entries(one))
    held, queue = PREFIXES["held"], PREFIXES["queue"]
    by_creation = [index.reservation_of(e, held) for e in entries if e.startswith(held)]
    assert by_creation == ["c", "a", "b", "d"]
    in_queue = [index.queued_line_of(e, queue)[0] for e in entries if e.startswith(queue)]
    assert in_queue == ["d", "a", "b", "c"]


def test_who_began_to_wait_in_the_same_millisecond_is_served_in_the_order_of_coming() -> None:
    """Stored they are in the order of their ids as text, by slot and with 10 before f."""
    ids = ["d13-1-b", "3cd-1-e", "d13-1-10", "001-1-ff", "d13-1-100", "001-2-1"]
    queue = PREFIXES["queue"]

    def entry_of(name: str, queued_at_ms: int = 7) -> bytes:
        line = Line("1", TEA, waiting=1, queued_at_ms=queued_at_ms)
        (entry,) = (
            entry
            for entry in index.entries(Reservation(name, "t", 7, lines=(line,)))
            if entry.startswith(queue)
        )
        return entry

    stored = sorted([*map(entry_of, ids), entry_of("fff-1-fff", 6), entry_of("000-1-1", 8)])
    served = [index.queued_line_of(each, queue)[0] for each in index.first_come(stored, queue)]
    assert served == ["fff-1-fff", *ids, "000-1-1"]


IDS = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=4
)


@given(left=st.tuples(IDS, IDS, IDS), right=st.tuples(IDS, IDS, IDS), time_ms=st.integers(0, 2**40))
def test_names_that_begin_alike_are_never_taken_for_each_other(
    left: tuple[str, str, str], right: tuple[str, str, str], time_ms: int
) -> None:
    tenant, sku, other = left
    line = Line("1", Key(*left), held=1, allocated=1, waiting=1, queued_at_ms=time_ms or 1)
    cart = Reservation(other, tenant, time_ms, reference=sku, customer=other, lines=(line,))
    prefixes = {
        names: (
            index.promised_prefix(Key(*names), allocated=False),
            index.promised_prefix(Key(*names), allocated=True),
            index.queue_prefix(Key(*names)),
            index.customer_prefix(*names),
            index.reference_prefix(*names[:2]),
        )
        for names in (left, right)
    }
    for entry in index.entries(cart):
        assert sum(entry.startswith(prefix) for prefix in prefixes[left]) == 1
        if left[:2] != right[:2]:
            assert not any(entry.startswith(prefix) for prefix in prefixes[right])


def test_what_is_no_entry_is_damage() -> None:
    with pytest.raises(LogError, match="names no reservation"):
        index.reservation_of(PREFIXES["held"] + bytes(8) + b"\xff", PREFIXES["held"])
    with pytest.raises(LogError, match="names no line"):
        index.queued_line_of(PREFIXES["queue"] + bytes(16) + b"no line", PREFIXES["queue"])
