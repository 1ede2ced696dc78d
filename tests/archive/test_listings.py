"""The identifiers of channels outlive what came before them: in bases, in other numbers of shards,
and in directories that an older Holdfast has made."""

from pathlib import Path

import pytest
from rocksdict import WriteBatch

from engine.archive.reshard import reshard
from engine.core import events
from engine.core.channels import Channel
from engine.core.commands import ConfigureChannel, MapListings
from engine.core.listings import Listing
from engine.log import store as stores
from engine.log.layout import shard_directory
from engine.log.listings import listing_at, listings, name_key, place_key, place_named
from engine.log.recovery import LOG_FOLDER
from engine.log.rocks import RocksLog
from engine.log.store import Store
from engine.log.verify import verify
from tests.archive.histories import Past
from tests.archive.markets import RocksMarket

TEA = Listing("TEA", "LONDON", "eu", "tea", "ldn")
CUP = Listing("CUP", "", "eu", "cup")
OTHER_CUP = Listing("CUP", "", "eu", "mug")


def mapped(past: Past, *stated: Listing) -> None:
    past.ledger.commit(events.ListingsMapped("", "web", stated), command="MapListings")
    past.ledger.append(past.log)
    past.log.flush()


@pytest.fixture
def past(tmp_path: Path) -> Past:
    past = Past(tmp_path / "data")
    past.live(2)
    mapped(past, TEA, CUP)
    return past


def test_they_are_in_a_base_and_go_on_from_it(past: Past) -> None:
    past.forget()
    position = past.take_base()
    mapped(past, OTHER_CUP)
    assert past.log.drop(position)
    assert past.verified().differences == []
    log = RocksLog(past.directory, create=False)
    assert list(listings(log, "", "web")) == [OTHER_CUP, TEA]
    assert place_named(log, "", "web", CUP.name) is None
    log.close()


@pytest.mark.parametrize("key", [place_key("", "web", TEA.place), name_key("", "web", TEA.name)])
@pytest.mark.parametrize("value", [None, b"other"])
def test_one_that_is_not_what_the_log_says_is_found(
    past: Past, key: bytes, value: bytes | None
) -> None:
    past.log.close()
    store = Store(past.directory / LOG_FOLDER)
    batch = WriteBatch(raw_mode=True)
    if value is None:
        batch.delete(key, store.handles["listings"])
    else:
        batch.put(key, value, store.handles["listings"])
    store.write(batch)
    store.close()
    (difference,) = verify(past.data_dir).differences
    assert difference.startswith(f"shard 0, listings: {key!r} is ")


async def test_another_number_of_shards_has_them_too(tmp_path: Path) -> None:
    market = RocksMarket(tmp_path / "old", 3)
    await market.accepted(ConfigureChannel("", Channel("web")))
    await market.accepted(MapListings("", "web", (TEA, CUP)))
    await market.settle()
    market.stop()
    reshard(tmp_path / "old", tmp_path / "new", 2)
    assert verify(tmp_path / "new").differences == []
    market = RocksMarket(tmp_path / "new", 2, market.now_ms, market.requests)
    await market.accepted(MapListings("", "web", (OTHER_CUP,)))
    first, second = (shard.log for shard in market.shards.shards)
    assert list(listings(first, "", "web")) == [OTHER_CUP, TEA]
    assert list(listings(second, "", "web")) == []
    await market.settle()
    market.stop()
    assert verify(tmp_path / "new").differences == []


def test_a_directory_from_before_there_were_any_is_read_and_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = [name for name in stores.COLUMN_FAMILIES if name != "listings"]
    with monkeypatch.context() as older:
        older.setattr(stores, "COLUMN_FAMILIES", families)
        past = Past(tmp_path / "data")
        past.live(2)
        past.log.close()
    assert verify(past.data_dir).differences == []
    past.log = RocksLog(shard_directory(past.data_dir, 0), create=False)
    assert listing_at(past.log, "", "web", TEA.place) is None
    mapped(past, TEA)
    assert past.verified().differences == []
