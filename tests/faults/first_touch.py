"""What a directory is found to hold: opened as a node opens it, and every fact that was
acknowledged asked for once. It runs in processes of its own, a fork for each directory, since what
is damaged may take a process along, or never return.

    python -m tests.faults.first_touch     # reads lines of JSON, answers each with one
"""

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from engine.archive.backup import BackupError
from engine.archive.restore import restore
from engine.feed.sqlite_subscriptions import FILE, SqliteSubscriptions
from engine.feed.subscription_store import StoreError
from engine.log import codec
from engine.log.layout import read_layout, shard_directory
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from engine.log.verify import verify
from engine.shard.host import ActorHost, ShardBroken
from engine.shard.options import SharedOptions
from engine.shard.tally import Tally
from engine.shard.turn_view import Place

HANG_S = 60
REFUSALS = (LogError, StoreError, BackupError, ShardBroken)
READ_BYTES = 1 << 30

Facts = dict[str, str]
"""What was acknowledged, or why it was not told, by what it is."""


def digest(value: Any) -> str:
    """A value in short."""
    return blake2b(repr(value).encode(), digest_size=12).hexdigest()


def facts_of(directory: Path, known: Facts | None) -> tuple[Facts, list[str]]:
    """Every fact, or, where `known` says which there are, those; and what was refused of them."""
    layout = read_layout(directory)
    facts = {"layout": digest((layout.history, layout.shards, len(layout.past)))}
    refused: list[str] = []

    def note(name: str, ask: Callable[[], Any]) -> None:
        try:
            facts[name] = digest(ask())
        except REFUSALS as error:
            refused.append(f"{name}: {error}")

    for shard in range(layout.shards):
        log = RocksLog(shard_directory(directory, shard), create=False)
        host = ActorHost(
            log,
            SharedOptions(epoch=layout.epoch, shards=layout.shards).settings,
            place=Place(shard, layout.shards, layout.epoch),
            actors_max=100,
            tally=Tally(),
        )
        names = _names(log) if known is None else _known_names(known, shard)
        for name in names:
            note(f"{shard} {name}", _asking(log, name))
        host.close()
        log.close()
    store = SqliteSubscriptions(directory / FILE)
    loaded = store.load()
    for subscription, count in loaded:
        key = subscription.key
        facts[f"subscription {key}"] = digest((subscription, count))
        note(f"parked {key}", partial(store.parked, key, 0, 1_000, READ_BYTES))
    store.close()
    return facts, refused


def _known_names(known: Facts, shard: int) -> list[str]:
    start = f"{shard} "
    return [name.removeprefix(start) for name in known if name.startswith(start)]


def _names(log: RocksLog) -> Iterator[str]:
    """What a log holds."""
    yield from ("totals", "timers", "configuration", "history", "listings")
    for key, stock in log.stocks(b""):
        encoded = codec.encode_key(key).hex()
        yield f"stock {encoded}"
        for version in range(1, stock.version + 1):
            yield f"version {encoded} {version}"
    for family in ("reservations", "requests", "transfers"):
        for stored, _ in log._store.scan(family):
            yield f"{family} {stored.hex()}"
    position = log.oldest_position
    while position <= log.head.position:
        commit, last, _ = log.commit_at(position)
        assert commit.recorded
        yield f"commit {position}"
        position = last + 1


def _asking(log: RocksLog, name: str) -> Callable[[], Any]:
    """How a fact is asked for."""
    kind, _, rest = name.partition(" ")
    key = bytes.fromhex(rest.partition(" ")[0]) if kind != "commit" else b""
    asking: dict[str, Callable[[], Any]] = {
        "totals": log.totals,
        "timers": lambda: list(log.timers()),
        "configuration": lambda: [*log._store.scan("configuration")],
        "history": lambda: log.read(1, READ_BYTES, log.head.position),
        "listings": lambda: [*log._store.scan("listings")],
        "stock": lambda: log.stock(codec.decode_key(key)),
        "version": lambda: log.history(codec.decode_key(key), int(rest.split()[1])),
        "reservations": lambda: log.reservation(key.decode()),
        "requests": lambda: log.request(key),
        "transfers": lambda: log.transfer(key.decode()),
        "commit": lambda: log.commit_at(int(rest)),
    }
    return asking[kind]


def look(task: dict[str, Any], known: Facts | None) -> dict[str, Any]:
    """Verify a directory, open it and ask for everything. A backup is restored first."""
    directory = Path(task["directory"])
    said: dict[str, Any] = {"refused": "", "verdict": "", "wrong": [], "facts": {}, "untold": []}
    try:
        if task.get("backup"):
            restore(Path(task["backup"]), directory)
        try:
            said["verdict"] = verify(directory).verdict
        except LogError as error:
            said["verdict"] = str(error)
        facts, untold = facts_of(directory, known)
    except REFUSALS as error:
        return {**said, "refused": str(error)}
    said["untold"] = untold[:5]
    if known is None:
        return {**said, "facts": facts}
    silent = {name.partition(": ")[0] for name in untold}
    said["wrong"] = [
        name for name in known if name not in silent and facts.get(name) != known[name]
    ][:10]
    return said


def _in_a_fork(task: dict[str, Any], known: Facts | None) -> dict[str, Any]:
    """Look in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as out:
                out.write(msgspec.json.encode(look(task, known)))
        except BaseException:
            sys.stderr.write(f"{task}:\n{traceback.format_exc()}")
            os._exit(1)
        os._exit(0)
    os.close(writing)
    parts = []
    with os.fdopen(reading, "rb") as answer:
        while select.select([answer], [], [], HANG_S)[0]:
            part = os.read(answer.fileno(), 1 << 20)
            if not part:
                break
            parts.append(part)
        else:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if status:
        return {"died": f"status {status}"}
    found: dict[str, Any] = json.loads(b"".join(parts))
    return found


def main() -> None:
    """Answer until there is nothing more to do. What the first look at an image finds is what is
    known of it."""
    known: dict[str, Facts] = {}
    for line in sys.stdin:
        task = json.loads(line)
        said = _in_a_fork(task, known.get(task["image"]))
        if task["image"] not in known:
            known[task["image"]] = said.pop("facts")
            said["facts"] = len(known[task["image"]])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
