"""A node dealt out anew to another number of shards is the same node."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rocksdict import WriteBatch

from engine.archive.backup import BackupError
from engine.archive.reshard import Lost, NotSettled, reshard
from engine.core.answers import Reserved
from engine.core.commands import Amend, BasketLine, DefineKit, Receive, Reserve
from engine.core.configuration import Component
from engine.core.model import Stock
from engine.core.view import Terms, Wish
from engine.log import codec, new_shard
from engine.log.layout import NODE_FILE, read_layout, shard_directory
from engine.log.new_shard import NewShard
from engine.log.port import LogError
from engine.log.recovery import LOG_FOLDER
from engine.log.store import Store
from engine.log.verify import verify
from engine.shard.messages import Prepare
from engine.shard.slots import shard_of, slot_of
from tests.archive.markets import SKUS, RocksMarket, Seen, Walk, look

STEPS = 40


async def live_through(directory: Path, seed: int) -> None:
    """One shard, then three, then two: at each of them the node lives on."""
    walk = Walk(Random(seed))
    now_ms = 0
    before: Seen | None = None
    for number, count in enumerate((1, 3, 2)):
        data_dir = directory / str(number)
        if number:
            layout = reshard(directory / str(number - 1), data_dir, count)
            assert verify(data_dir).differences == []
            assert layout.history != read_layout(directory / str(number - 1)).history
        market = RocksMarket(data_dir, count, now_ms)
        if before is not None:
            assert await look(market, walk) == before
        await walk.take(market, STEPS)
        assert market.waiting() == [(0, 0)] * count
        before = await look(market, walk)
        now_ms = market.now_ms
        market.stop()
        assert verify(data_dir).differences == []


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 32))
async def test_from_one_shard_to_three_to_two(seed: int) -> None:
    with TemporaryDirectory() as directory:
        await live_through(Path(directory), seed)


async def test_what_a_line_was_before_is_kept(tmp_path: Path) -> None:
    """Its home alone knows of what it was in another shard."""
    market = RocksMarket(tmp_path / "old", 2)
    here, there = (
        next(sku for sku in SKUS if shard_of(slot_of("", sku.sku), 2) == shard) for shard in (0, 1)
    )
    for key in (here, there):
        await market.accepted(Receive(key, 9))
    held = await market.accepted(Reserve("", (BasketLine("1", here, 1), BasketLine("2", there, 1))))
    assert isinstance(held.answer, Reserved)
    name = held.answer.reservation_id
    await market.accepted(Amend("", name, (BasketLine("2", here, 2),)))
    before = await market.reservation(name)
    market.stop()
    assert before is not None
    assert [line.former for line in before.lines] == [False, True, False]
    reshard(tmp_path / "old", tmp_path / "new", 3)
    market = RocksMarket(tmp_path / "new", 3, market.now_ms)
    after = await market.reservation(name)
    market.stop()
    assert after == before


@pytest.fixture
async def sold(tmp_path: Path) -> Path:
    """The data directory of two shards that have sold."""
    market = RocksMarket(tmp_path / "old", 2)
    await Walk(Random(4)).take(market, STEPS)
    market.stop()
    return market.data_dir


@pytest.mark.parametrize("method", ["put_stock", "put_reservation"])
def test_a_mapping_that_drops_one_key_is_found(
    sold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    put = getattr(NewShard, method)
    dropped: list[Any] = []

    def drop_one(self: NewShard, *state: Any) -> None:
        if dropped or (method == "put_reservation" and state[0].home_shard is not None):
            put(self, *state)
        else:
            dropped.append(state)

    monkeypatch.setattr(NewShard, method, drop_one)
    with pytest.raises(Lost, match=r"was \d+ and would be"):
        reshard(sold, tmp_path / "new", 3)
    assert dropped
    assert not (tmp_path / "new" / NODE_FILE).exists()


def test_a_directory_that_is_not_what_its_log_says_is_refused(sold: Path, tmp_path: Path) -> None:
    store = Store(shard_directory(sold, 0) / LOG_FOLDER)
    batch = WriteBatch(raw_mode=True)
    key = codec.encode_key(SKUS[0])
    batch.put(key, codec.encode_state(Stock(on_hand=77)), store.handles["stock"])
    store.write(batch)
    store.close()
    with pytest.raises(LogError, match=r"old is damaged, and nothing was made of it: shard 0, "):
        reshard(sold, tmp_path / "new", 3)
    assert not (tmp_path / "new" / NODE_FILE).exists()


def test_what_was_dealt_out_wrongly_is_not_left_to_be_used(
    sold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sums are as they were: only a look at everything that is stored tells.
    monkeypatch.setattr(new_shard, "entries", lambda _: ())
    with pytest.raises(Lost, match=r"new is damaged: shard \d, index: "):
        reshard(sold, tmp_path / "new", 3)
    assert not (tmp_path / "new" / NODE_FILE).exists()


@pytest.mark.parametrize(
    ("method", "changed", "named"),
    [
        ("put_stock", {"safety_stock": 99}, r"\w+ at \w+ would"),
        ("put_reservation", {"customer": "another"}, r"\w+-\w+ would"),
    ],
)
def test_what_is_sound_but_not_as_it_was_is_not_left_to_be_used(
    sold: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    changed: dict[str, object],
    named: str,
) -> None:
    put = getattr(NewShard, method)

    def put_changed(self: NewShard, *state: Any) -> None:
        put(self, *state[:-1], replace(state[-1], **changed))

    monkeypatch.setattr(NewShard, method, put_changed)
    with pytest.raises(Lost, match=f"{named} not be as it was"):
        reshard(sold, tmp_path / "new", 3)
    assert not (tmp_path / "new" / NODE_FILE).exists()


async def test_what_is_not_settled_is_refused(tmp_path: Path) -> None:
    market = RocksMarket(tmp_path / "old", 2)
    # The other shard is gone when it is to hear of a kit.
    market.shards.shards[1].close()
    market.send(DefineKit("", "SET", (Component(SKUS[0].sku, 2),)))
    await market.idle()
    market.stop()
    with pytest.raises(NotSettled, match=r"has yet to tell another one: start the node"):
        reshard(tmp_path / "old", tmp_path / "new", 3)
    assert not (tmp_path / "new").exists()


async def test_units_that_are_set_aside_are_refused(tmp_path: Path) -> None:
    market = RocksMarket(tmp_path / "old", 2)
    key = next(sku for sku in SKUS if shard_of(slot_of("", sku.sku), 2) == 1)
    await market.accepted(Receive(key, 5))
    wish = Wish("1", (key,), 2)
    prepare = Prepare("attempt", "", 0, (wish,), Terms())
    await market.shards.shards[1].submit(0, prepare, 0)
    market.stop()
    with pytest.raises(NotSettled, match="has units set aside for attempt"):
        reshard(tmp_path / "old", tmp_path / "new", 3)


def test_nothing_is_written_over(sold: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").touch()
    with pytest.raises(BackupError, match="not empty"):
        reshard(sold, tmp_path / "new", 3)
