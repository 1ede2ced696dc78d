"""SKU-locations in order of their keys, page by page, and as of one position while more is
written."""

import pytest

from engine.core.model import Key, Stock
from engine.log.codec import sku_prefix, tenant_prefix
from engine.log.port import Log
from engine.shard.queries import ReadStocks
from engine.shard.stocks import read_stocks
from tests.contracts.log_backends import Backend
from tests.log.ledger import Ledger

PLACES = [
    ("TEA", "LONDON"),
    ("TEA", "PARIS"),
    ("TEA GREEN", "LONDON"),
    ("TEA-GREEN", "LONDON"),
    ("TEE", "PARIS"),
    ("ö", "LONDON"),
]
"""In the order of their bytes, in which a SKU ends before what a longer one goes on with."""


@pytest.fixture
def ledger(backend: Backend) -> Ledger:
    """A log with these places, written in another order, of this tenant and two others."""
    ledger = Ledger()
    for tenant in ("acme", "acme2", ""):
        for units, (sku, location) in reversed(list(enumerate(PLACES, 1))):
            ledger.receive(sku, units, location, tenant)
    ledger.append(backend.log)
    backend.log.flush()
    return ledger


def asked(
    *skus: str,
    prefixes: tuple[str, ...] = (),
    locations: tuple[str, ...] | None = None,
    limit: int = 100,
    after: Key | None = None,
) -> ReadStocks:
    return ReadStocks("acme", skus, prefixes, locations, limit, after)


def units(log: Log, question: ReadStocks, position: int) -> list[int]:
    return [stock.on_hand for _, stock in read_stocks(log, question, position).stocks]


@pytest.mark.usefixtures("ledger")
def test_stocks_come_in_order_from_a_key_on(backend: Backend) -> None:
    prefix = tenant_prefix("acme")
    keys = [Key("acme", *place) for place in PLACES]
    found = list(backend.log.stocks(prefix))
    assert found == [(key, Stock(on_hand=n, version=1, moved=n)) for n, key in enumerate(keys, 1)]
    for index, key in enumerate(keys):
        assert [each for each, _ in backend.log.stocks(prefix, key)] == keys[index + 1 :]
    tea = sku_prefix("acme", "TEA")
    assert [each for each, _ in backend.log.stocks(tea)] == keys[:2]
    assert [each for each, _ in backend.log.stocks(tea, keys[0])] == keys[1:2]
    assert [each for each, _ in backend.log.stocks(tea, keys[3])] == []
    between = Key("acme", "TEA", "M")
    assert [each for each, _ in backend.log.stocks(prefix, between)] == keys[1:]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (asked(), [1, 2, 3, 4, 5, 6]),
        (asked("TEA"), [1, 2]),
        (asked("TEE", "TEA", "GONE"), [1, 2, 5]),
        (asked(prefixes=("TEA",)), [1, 2, 3, 4]),
        (asked("TEA", "TEE", prefixes=("TEA-", "TE")), [1, 2, 3, 4, 5]),
        (asked(locations=("PARIS",)), [2, 5]),
        (asked(locations=()), []),
        (asked("ö"), [6]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_give_each_once(
    backend: Backend, ledger: Ledger, question: ReadStocks, expected: list[int], limit: int
) -> None:
    position = ledger.next_position - 1
    found: list[int] = []
    after: Key | None = None
    while True:
        page = ReadStocks(
            question.tenant, question.skus, question.sku_prefixes, question.locations, limit, after
        )
        read = read_stocks(backend.log, page, position)
        assert len(read.stocks) <= limit
        found += [stock.on_hand for _, stock in read.stocks]
        after = read.next_after
        if after is None:
            break
    assert found == expected


def test_a_page_is_as_of_its_position_whatever_was_written_since(
    backend: Backend, ledger: Ledger
) -> None:
    durable = ledger.next_position - 1
    ledger.receive("TEA", 100, "PARIS", "acme")
    ledger.receive("NEW", 100, "PARIS", "acme")
    ledger.append(backend.log)
    ledger.receive("TEA", 1_000, "PARIS", "acme")
    ledger.append(backend.log)
    assert units(backend.log, asked(), durable) == [1, 2, 3, 4, 5, 6]
    assert units(backend.log, asked(), durable + 2) == [100, 1, 102, 3, 4, 5, 6]
    assert units(backend.log, asked(), durable + 3) == [100, 1, 1_102, 3, 4, 5, 6]
