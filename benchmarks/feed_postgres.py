"""PostgreSQL as a feed: a table of events, and NOTIFY in the transaction that adds them.

A notification is no event: it says that there are some. Whoever hears it reads the rows after the
last one that it has seen, so that nothing is missed, however many notifications become one. That
needs rows to become visible in the order of their ids, and so writers take a lock in turn; NOTIFY
makes commits wait for each other anyway. Who follows SKUs listens to a channel of each.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.feed_peers import ALL, EVENT, PeerServer
from benchmarks.feed_systems import Told, Write
from benchmarks.peers.postgres_server import connect, missing_postgres, running_postgres

WRITERS = 4
CONNECTING_AT_ONCE = 16
PAGE_ROWS = 1_000
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


class PostgresServer(PeerServer):
    """A server with one table."""

    @asynccontextmanager
    async def writing(self, by_sku: bool) -> AsyncIterator[Write]:
        """See Server. Some connections write in turn."""
        idle: asyncio.Queue[Any] = asyncio.Queue()
        async with AsyncExitStack() as stack:
            for _ in range(WRITERS):
                connection = await connect(self.address)
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
            connection = await connect(self._address)
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
        return missing_postgres()

    @asynccontextmanager
    async def running(self, directory: Path) -> AsyncIterator[PostgresServer]:
        """See System."""
        async with running_postgres(directory) as server:
            yield PostgresServer("postgres", server.process, server.address)

    @asynccontextmanager
    async def reading(self, address: str) -> AsyncIterator[PostgresReading]:
        """See System."""
        yield PostgresReading(address)
