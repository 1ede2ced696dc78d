"""What is found on disk is the right data, or it is refused with the name of the directory."""

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rocksdict import WriteBatch

from engine.core.model import Cause, Key
from engine.log.layout import open_layout, shard_directory
from engine.log.port import Commit, Group, LogError
from engine.log.rocks import RocksLog
from engine.log.store import Store
from engine.log.verify import Verdict, verify
from tests.log.effort import per_hundred_examples
from tests.log.images import Image, open_cut, record_boundaries, wal_of
from tests.log.ledger import Ledger, write_history

TURNS = 12


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Everything is in the write-ahead log; the last two groups were never acknowledged."""
    directory = tmp_path_factory.mktemp("killed")
    log = RocksLog(directory / "log")
    ledger = write_history(log, TURNS)
    acknowledged = ledger.next_position - 1
    for _ in range(2):
        ledger.receive("TEA", 1)
        ledger.append(log)
    shutil.copytree(directory / "log", directory / "image")
    log.close()
    return Image(directory / "image", ledger, acknowledged)


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The first half lies in tables, the second in the write-ahead log; all is acknowledged."""
    directory = tmp_path_factory.mktemp("restarted")
    log = RocksLog(directory / "log")
    ledger = write_history(log, TURNS)
    log.close()
    log = RocksLog(directory / "log")
    for _ in range(TURNS):
        ledger.hold(Key("", "TEA", "LONDON"), 1)
        ledger.append(log)
    log.flush()
    shutil.copytree(directory / "log", directory / "image")
    log.close()
    return Image(directory / "image", ledger, ledger.next_position - 1)


@pytest.fixture(params=["killed", "restarted"])
def image(request: pytest.FixtureRequest) -> Image:
    made: Image = request.getfixturevalue(request.param)
    return made


def _check_everything(log: RocksLog, ledger: Ledger) -> None:
    """Touch all there is; what is not damaged must be right."""
    assert {key: log.stock(key) for key in ledger.stock} == ledger.stock
    names = ledger.reservations
    assert {name: log.reservation(name) for name in names} == ledger.reservations
    for written in range(1, ledger.written + 1):
        kinds = (f"receive-{written}", f"reserve-{written}")
        assert any(log.request(f"\0\0\0{kind}".encode()) for kind in kinds)
    assert log.totals() == ledger.totals()
    assert len(list(log.timers())) == len(ledger.reservations)
    assert log.locations("", "TEA") == ["LONDON"]
    assert sum(map(len, log.read(1, 1 << 30, ledger.next_position))) > 0
    assert log.commit_at(1)


def test_an_undamaged_image_opens_with_all_that_was_written(image: Image, tmp_path: Path) -> None:
    log = RocksLog(image.copy(tmp_path / "copy"), create=False)
    assert log.head.position == image.ledger.next_position - 1
    _check_everything(log, image.ledger)
    log.close()


def test_a_recovered_tail_is_acknowledged_by_opening(killed: Image, tmp_path: Path) -> None:
    directory = killed.copy(tmp_path / "copy")
    log = RocksLog(directory)
    head = log.head
    assert head.position == killed.acknowledged + 2
    image = shutil.copytree(directory, tmp_path / "second")
    log.close()
    # The second crash comes at once, and takes the files that held the tail.
    for table in (image / "log").glob("*.sst"):
        table.unlink()
    with pytest.raises(LogError, match=str(image)):
        RocksLog(image)


def test_a_deleted_write_ahead_log_is_missed(image: Image, tmp_path: Path) -> None:
    directory = image.copy(tmp_path / "copy")
    for path in (directory / "log").glob("*.log"):
        path.unlink()
    message = rf"{directory}/log ends at \d+ but {image.acknowledged} was acknowledged"
    with pytest.raises(LogError, match=message):
        RocksLog(directory)


def test_a_deleted_write_ahead_log_that_held_nothing_is_not_missed(tmp_path: Path) -> None:
    log = RocksLog(tmp_path / "log")
    ledger = write_history(log, TURNS)
    log.close()
    for path in (tmp_path / "log" / "log").glob("*.log"):
        path.unlink()
    log = RocksLog(tmp_path / "log")
    _check_everything(log, ledger)
    log.close()


def test_a_write_ahead_log_cut_at_every_record_boundary_is_missed(
    image: Image, tmp_path: Path
) -> None:
    wal = wal_of(image.directory).read_bytes()
    boundaries = record_boundaries(wal)
    assert len(boundaries) > TURNS
    outcomes = [open_cut(image, tmp_path / "copy", wal, cut) for cut in boundaries]
    # Groups come whole, so each boundary either holds all that was acknowledged or not.
    refused = [outcome for outcome in outcomes if outcome is None]
    opened = [outcome for outcome in outcomes if outcome is not None]
    assert outcomes == refused + opened
    assert len(refused) >= TURNS
    assert all(position >= image.acknowledged for position in opened)
    assert opened[-1] == image.ledger.next_position - 1


@per_hundred_examples(15)
@given(data=st.data())
def test_a_write_ahead_log_cut_anywhere_loses_nothing_acknowledged(
    image: Image, tmp_path: Path, data: st.DataObject
) -> None:
    wal = wal_of(image.directory).read_bytes()
    cut = data.draw(st.integers(0, record_boundaries(wal)[-1]))
    position = open_cut(image, tmp_path / "copy", wal, cut)
    assert position is None or position >= image.acknowledged


KINDS_OF_FILE = [
    ("write-ahead log", "log/*.log"),
    ("table", "log/*.sst"),
    ("manifest", "log/MANIFEST-*"),
    ("current", "log/CURRENT"),
    ("options", "log/OPTIONS-*"),
    ("identity", "log/IDENTITY"),
    ("rocksdict's settings", "log/rocksdict-config.json"),
    ("mark", "mark"),
]


@pytest.mark.parametrize(
    "pattern", [pattern for _, pattern in KINDS_OF_FILE], ids=[kind for kind, _ in KINDS_OF_FILE]
)
@per_hundred_examples(15)
@given(data=st.data())
def test_a_flipped_bit_gives_the_right_data_or_a_refusal_by_name(
    restarted: Image, tmp_path: Path, pattern: str, data: st.DataObject
) -> None:
    directory = restarted.copy(tmp_path / "copy")
    path = data.draw(st.sampled_from(sorted(directory.glob(pattern))))
    content = bytearray(path.read_bytes())
    offset = data.draw(st.integers(0, max(0, len(content.rstrip(b"\0")) - 1)))
    content[offset] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        log = RocksLog(directory)
        try:
            _check_everything(log, restarted.ledger)
        finally:
            log.close()
    except LogError as error:
        assert str(directory) in str(error)


@pytest.mark.parametrize("pattern", ["log/MANIFEST-*", "log/*.log"])
def test_a_flipped_bit_in_the_type_of_a_record_is_refused_at_once(
    restarted: Image, tmp_path: Path, pattern: str
) -> None:
    """RocksDB itself would never return from some of these."""
    directory = restarted.copy(tmp_path / "copy")
    path = max(directory.glob(pattern))
    content = path.read_bytes()
    for end in record_boundaries(content)[:-1][-2:]:
        for bit in range(8):
            flipped = bytearray(content)
            flipped[end + 6] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(LogError, match=str(directory)):
                RocksLog(directory)


def test_flipped_bits_are_caught_at_all(restarted: Image, tmp_path: Path) -> None:
    """The control: in the middle of what holds data, every flip is refused."""
    for pattern in ("log/*.log", "log/MANIFEST-*"):
        directory = restarted.copy(tmp_path / "copy")
        path = max(directory.glob(pattern))
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 4
        path.write_bytes(content)
        with pytest.raises(LogError, match=f"{directory}/log"):
            RocksLog(directory)


def test_keys_that_are_no_positions_are_refused_by_name(tmp_path: Path) -> None:
    """As the write-ahead log of another shard brings them, whose families have other numbers."""
    open_layout(tmp_path, 1)
    directory = shard_directory(tmp_path, 0)
    log = RocksLog(directory, create=False)
    write_history(log, TURNS)
    log.close()
    store = Store(directory / "log")
    batch = WriteBatch(raw_mode=True)
    batch.put(b"TEA\0LONDON", b"x" * 40, store.handles["log"])
    store.write(batch)
    store.close()
    with pytest.raises(LogError, match=f"{directory}/log is damaged: the stored key b'TEA"):
        RocksLog(directory)
    report = verify(tmp_path)
    assert report.verdict is Verdict.DAMAGED
    assert "the stored key b'TEA" in report.differences[0]


@pytest.mark.parametrize("family", ["reservations", "transfers"])
def test_keys_that_are_no_names_are_damage(tmp_path: Path, family: str) -> None:
    """As another shard's write-ahead log may bring them: that was a fault of verify."""
    open_layout(tmp_path, 1)
    directory = shard_directory(tmp_path, 0)
    log = RocksLog(directory, create=False)
    write_history(log, TURNS)
    log.close()
    store = Store(directory / "log")
    batch = WriteBatch(raw_mode=True)
    batch.put(b"ab\0\xa2", b"x" * 40, store.handles[family])
    store.write(batch)
    store.close()
    report = verify(tmp_path)
    assert report.verdict is Verdict.DAMAGED
    assert any("the stored key b'ab" in difference for difference in report.differences)


def test_a_lost_list_of_files_is_missed_by_its_name(killed: Image, tmp_path: Path) -> None:
    directory = killed.copy(tmp_path / "copy")
    (directory / "log" / "CURRENT").unlink()
    with pytest.raises(LogError, match=f"{directory}/log/CURRENT is missing"):
        RocksLog(directory)


def _copy_if_there(source: str, destination: str) -> None:
    """RocksDB may delete a file between the listing and the copy."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, destination)


def test_tables_without_their_write_ahead_log_are_of_one_moment(tmp_path: Path) -> None:
    """Column families reach tables together: a full log beside old stock would go unnoticed."""
    log = RocksLog(tmp_path / "log")
    ledger = Ledger()
    tables = tmp_path / "log" / "log"
    for _ in range(64):
        ledger.receive("TEA", 1)
        group, changes = ledger.turn()
        (commit,) = group.commits
        cause = Cause(commit.cause.command, commit.cause.request_id, reference="x" * 500_000)
        commit = Commit(
            cause, commit.request_key, commit.content_hash, commit.short_lines, commit.recorded
        )
        group = Group(group.first_position, group.recorded_at_ms, (commit,))
        log.append(group, changes, group.first_position - 1)
    log.flush()
    # Opening a second copy waits for no background work: it looks at what is there.
    image = shutil.copytree(tmp_path / "log", tmp_path / "image", copy_function=_copy_if_there)
    log.close()
    assert list(tables.glob("*.sst"))
    for path in (image / "log").glob("*.log"):
        path.unlink()
    with pytest.raises(LogError, match=r"ends at \d+ but 64 was acknowledged|cannot be opened"):
        RocksLog(image)


def test_another_history_under_the_mark_is_refused(tmp_path: Path) -> None:
    for name, units in (("one", 1), ("two", 2)):
        log = RocksLog(tmp_path / name)
        ledger = Ledger()
        ledger.receive("TEA", units)
        ledger.append(log)
        log.close()
    shutil.copy(tmp_path / "one" / "mark", tmp_path / "two" / "mark")
    with pytest.raises(LogError, match=f"{tmp_path}/two/log has another history at 1"):
        RocksLog(tmp_path / "two")


def test_a_lost_mark_is_missed(killed: Image, tmp_path: Path) -> None:
    directory = killed.copy(tmp_path / "copy")
    (directory / "mark").unlink()
    for create in (True, False):
        with pytest.raises(LogError, match=f"{directory} has a log but no high-water mark"):
            RocksLog(directory, create=create)


def test_a_lost_database_is_missed(killed: Image, tmp_path: Path) -> None:
    directory = killed.copy(tmp_path / "copy")
    shutil.rmtree(directory / "log")
    message = f"the log in {directory} ends at 0 but {killed.acknowledged} was acknowledged"
    with pytest.raises(LogError, match=message):
        RocksLog(directory)


def test_a_directory_without_a_log_is_made_one_only_on_demand(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=f"{tmp_path}/log holds no log"):
        RocksLog(tmp_path / "log", create=False)
    assert not (tmp_path / "log").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match=f"{tmp_path}/file"):
        RocksLog(tmp_path / "file")
