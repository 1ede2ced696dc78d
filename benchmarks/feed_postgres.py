"""PostgreSQL as a feed: a table of events, and NOTIFY in the transaction that adds them.

A notification is no event: it says that there are some. Whoever hears it reads the rows after the
last one that it has seen, so that nothing is missed, however many notifications become one. That
needs rows to become visible in the order of their ids, and so writers take a lock in turn; NOTIFY
makes commits wait for each other anyway. Who follows SKUs listens to a channel of each.

Its programs are looked for on the path and where Debian has them; they refuse to run as root, and
are then run as another user.
"""

import asyncio
import importlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.feed_peers import ALL, EVENT, PeerServer, serving
from benchmarks.feed_systems import Told, Write
from benchmarks.node import free_port

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
"""Whom the server may run as where this process may choose."""
SUPERUSER = "holdfast"
WRITERS = 4
CONNECTING_AT_ONCE = 16
CONNECTIONS_MAX = 1_100
PAGE_ROWS = 1_000
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": str(CONNECTIONS_MAX),
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}

TABLE = """
CREATE TABLE IF NOT EXISTS events (
    id bigserial PRIMARY KEY, sku text NOT NULL, sent bigint NOT NULL, event bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_sku ON events (sku, id);
"""
LOCK = "SELECT pg_advisory_xact_lock(1)"
ADD = "INSERT INTO events (sku, sent, event) SELECT unnest($1::text[]), $2, $3"
NOTIFY = "SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel"
LAST = "SELECT coalesce(max(id), 0) FROM events"
PAGE = "SELECT id, sent, event FROM events WHERE id > $1 ORDER BY id LIMIT $2"
PAGE_OF_SKUS = (
    "SELECT id, sent, event FROM events WHERE id > $1 AND sku = ANY($3::text[]) "
    "ORDER BY id LIMIT $2"
)


def _program(name: str) -> str | None:
    """Where a program of PostgreSQL is: on the path, or the newest that Debian has."""
    found = shutil.which(name)
    if found:
        return found
    versions = (folder for folder in DEBIAN.glob("*") if folder.name.isdecimal())
    newest_first = sorted(versions, key=lambda folder: int(folder.name), reverse=True)
    places = (folder / "bin" / name for folder in newest_first)
    return next((str(place) for place in places if os.access(place, os.X_OK)), None)


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as, where it may not run as this process does; None: there is none."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((names[name] for name in USERS if name in names), None)


async def _connect(address: str) -> Any:
    asyncpg: Any = importlib.import_module("asyncpg")
    host, _, port = address.partition(":")
    return await asyncpg.connect(
        host=host, port=int(port), user=SUPERUSER, database="postgres", ssl=False
    )


class PostgresServer(PeerServer):
    """A server with one table."""

    @asynccontextmanager
    async def writing(self, by_sku: bool) -> AsyncIterator[Write]:
        """See Server. Some connections write in turn."""
        idle: asyncio.Queue[Any] = asyncio.Queue()
        async with AsyncExitStack() as stack:
            for _ in range(WRITERS):
                connection = await _connect(self.address)
                stack.push_async_callback(connection.close)
                await connection.execute(TABLE)
                idle.put_nowait(connection)

            async def write(skus: Sequence[str]) -> int:
                sent = time.monotonic_ns()
                connection = await idle.get()
                try:
                    await _add(connection, skus, sent, set(skus) if by_sku else (ALL,))
                finally:
                    idle.put_nowait(connection)
                return len(skus)

            yield write


async def _add(connection: Any, skus: Sequence[str], sent: int, channels: Iterable[str]) -> None:
    async with connection.transaction():
        await connection.execute(LOCK)
        await connection.execute(ADD, skus, sent, EVENT)
        await connection.execute(NOTIFY, list(channels))


class PostgresReading:
    """A connection for each subscriber, as one process each would have."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def follow(
        self, number: int, skus: Sequence[str], start: str, ready: Callable[[], None], told: Told
    ) -> None:
        """See Reading."""
        notified = asyncio.Event()
        async with self._connecting:
            connection = await _connect(self._address)
            for channel in skus or (ALL,):
                await connection.add_listener(channel, lambda *_: notified.set())
            last = await connection.fetchval(LAST) if start == "now" else 0
            page = await connection.prepare(PAGE_OF_SKUS if skus else PAGE)
        wanted = (skus,) if skus else ()
        ready()
        try:
            while True:
                notified.clear()
                rows = await page.fetch(last, PAGE_ROWS, *wanted)
                if rows:
                    last = rows[-1]["id"]
                    told([row["sent"] for row in rows])
                if len(rows) < PAGE_ROWS:
                    await notified.wait()
        finally:
            connection.terminate()


class Postgres:
    """PostgreSQL with LISTEN and NOTIFY, by asyncpg."""

    name = "PostgreSQL LISTEN/NOTIFY"

    def missing(self) -> str:
        """See System."""
        for name in ("postgres", "initdb"):
            if _program(name) is None:
                return f"no {name}"
        if os.geteuid() == 0 and _user() is None:
            return f"no user whom it may run as: {' or '.join(USERS)}"
        return "" if importlib.util.find_spec("asyncpg") else "no Python package asyncpg"

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[PostgresServer]:
        """See System."""
        port = free_port()
        data = directory / "data"
        data.mkdir(mode=0o700)
        options = _as_another_user(directory, data)
        await asyncio.to_thread(_make, data, directory / "initdb.log", options)
        command = [str(_program("postgres")), "-D", str(data), "-p", str(port)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        log = directory / "postgres.log"
        # SIGINT cuts its connections off, SIGTERM would wait for them.
        async with serving(command, port, log, signal.SIGINT, **options) as process:
            await _until_open(f"127.0.0.1:{port}")
            yield PostgresServer("postgres", process, f"127.0.0.1:{port}")

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[PostgresReading]:
        """See System."""
        yield PostgresReading(address)


def _as_another_user(directory: Path, data: Path) -> Mapping[str, Any]:
    """How its programs are started: where this is root, as somebody who owns the data."""
    user = _user() if os.geteuid() == 0 else None
    if user is None:
        return {"cwd": data}
    os.chown(data, user.pw_uid, user.pw_gid)
    directory.chmod(0o711)
    return {"cwd": data, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make(data: Path, log: Path, options: Mapping[str, Any]) -> None:
    command = [str(_program("initdb")), "-D", str(data), "-U", SUPERUSER, "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C"]
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            **options,
        )
    if ended.returncode:
        raise RuntimeError(f"initdb has failed: {log.read_text(errors='replace')}")


async def _until_open(address: str) -> None:
    """It listens before it takes connections."""
    asyncpg: Any = importlib.import_module("asyncpg")
    while True:
        try:
            connection = await _connect(address)
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.02)
            continue
        await connection.close()
        return
