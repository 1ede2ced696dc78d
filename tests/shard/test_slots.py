"""The published hash: these rows are part of the contract, a change of any of them loses data."""

from collections import Counter
from zlib import crc32

import pytest

from engine.shard import slots


def test_crc32_is_the_published_one() -> None:
    assert crc32(b"123456789") == 0xCBF43926  # The check value of CRC-32/ISO-HDLC.


@pytest.mark.parametrize(
    ("tenant", "sku", "slot"),
    [("", "A", 1017), ("", "a", 817), ("acme", "A", 2002), ("", "85123A", 1860)],
)
def test_slots_stay_where_they_are(tenant: str, sku: str, slot: int) -> None:
    assert slots.slot_of(tenant, sku) == slot


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 7, 64])
def test_slots_are_dealt_evenly_and_in_order(shards: int) -> None:
    dealt = [slots.shard_of(slot, shards) for slot in range(slots.SLOTS)]
    assert dealt == sorted(dealt)
    counts = Counter(dealt)
    assert set(counts) == set(range(shards))
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("slot", [0, 1, 0xABC, 4095])
def test_a_reservation_id_carries_its_home(slot: int) -> None:
    assert slots.slot_of_reservation(slots.reservation_id(slot, 1, 123_456)) == slot


@pytest.mark.parametrize("text", ["", "abc", "abc-", "xyz-1-2", "1000-1-2", "-1-2", "ab-1-2"])
def test_other_ids_have_no_home(text: str) -> None:
    assert slots.slot_of_reservation(text) is None
