"""What may be promised, and to whom."""

import pytest

from engine.core.availability import available_to, promisable
from engine.core.model import Selling, Stock

PLAIN = Stock(on_hand=10, held=2, allocated=1, safety_stock=1)
BUFFERED = Stock(on_hand=6, channel_buffers=(("shop", 1), ("web", 9)))
OVERDRAWN = Stock(on_hand=1, held=3)
DAMAGED = Stock(on_hand=10, held=2, safety_stock=1, unavailable=(("damaged", 3), ("lost", 1)))
BACKORDERED = Stock(on_hand=4, held=4, backorder_limit=5, backordered=2, waiting=3)
STOPPED = Stock(on_hand=6, selling=Selling.STOPPED)


@pytest.mark.parametrize(
    ("stock", "channel", "available", "may_be_promised"),
    [
        pytest.param(PLAIN, "", 6, 6, id="less promises and safety stock"),
        pytest.param(PLAIN, "web", 6, 6, id="a channel without buffers"),
        pytest.param(BUFFERED, "", 6, 6, id="no channel, no buffer"),
        pytest.param(BUFFERED, "shop", 5, 5, id="less the buffer"),
        pytest.param(BUFFERED, "web", -3, 0, id="a buffer above what there is"),
        pytest.param(BUFFERED, "fair", 6, 6, id="another channel's buffer"),
        pytest.param(OVERDRAWN, "", -2, 0, id="more promised than there is"),
        pytest.param(DAMAGED, "", 3, 3, id="less what may not be sold"),
        pytest.param(BACKORDERED, "", 0, 0, id="what may be backordered is not available"),
        pytest.param(STOPPED, "", 6, 0, id="selling is stopped"),
    ],
)
def test_availability(stock: Stock, channel: str, available: int, may_be_promised: int) -> None:
    assert available_to(stock, channel) == available
    assert promisable(stock, channel) == may_be_promised


def test_a_disabled_location_promises_nothing() -> None:
    assert promisable(PLAIN, "", enabled=False) == 0
    assert promisable(PLAIN, "", enabled=True) == 6
