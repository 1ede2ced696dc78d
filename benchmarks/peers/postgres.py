"""PostgreSQL, by asyncpg: statements that are prepared, a connection for each caller.

Two ways to hold a unit. The first keeps a count in the SKU's row, as most shops do; its function
takes the row's lock last, so that it is held for the commit and nothing else. The second has a row
for each unit and takes any that nobody else is about to take: FOR UPDATE SKIP LOCKED. It begins
its search anywhere, not with the first unit: all callers would step over each other's locks and
over all that was taken before, and be several times as slow.

Either way the hold's row is keyed by the request id: a second one finds it there and changes
nothing. Both rows and the event are of one transaction.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.load import Ask
from benchmarks.peers import HOLD_S, UNITS, Recorded
from benchmarks.peers.postgres_server import Running, connect, missing_postgres, running_postgres

UNIT_ROWS = 500_000
"""Of one SKU, where each unit has a row: more than some rounds of three seconds take of them."""

COMMON = f"""
CREATE TABLE holds (
    request_id uuid PRIMARY KEY, id bigserial, sku text NOT NULL, quantity int NOT NULL,
    ends_at timestamptz NOT NULL DEFAULT now() + interval '{HOLD_S} seconds'
);
CREATE TABLE events (
    id bigserial PRIMARY KEY, sku text NOT NULL, kind text NOT NULL, hold bigint NOT NULL,
    quantity int NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
"""

ROW_LOCK = """
CREATE TABLE stock (sku text PRIMARY KEY, on_hand bigint NOT NULL, held bigint NOT NULL)
    WITH (fillfactor = 10);

CREATE FUNCTION reserve(asked uuid, wanted text, units int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    hold bigint;
BEGIN
    INSERT INTO holds (request_id, sku, quantity) VALUES (asked, wanted, units)
        ON CONFLICT DO NOTHING RETURNING id INTO hold;
    IF hold IS NULL THEN
        RETURN (SELECT id FROM holds WHERE request_id = asked);
    END IF;
    INSERT INTO events (sku, kind, hold, quantity) VALUES (wanted, 'held', hold, units);
    UPDATE stock SET held = held + units WHERE sku = wanted AND on_hand - held >= units;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'short of %', wanted;
    END IF;
    RETURN hold;
END $$;

CREATE FUNCTION reserve_many(asked uuid[], wanted text) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    added int;
BEGIN
    WITH added AS (
        INSERT INTO holds (request_id, sku, quantity) SELECT unnest(asked), wanted, 1
            ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO events (sku, kind, hold, quantity) SELECT wanted, 'held', id, 1 FROM added;
    GET DIAGNOSTICS added = ROW_COUNT;
    UPDATE stock SET held = held + added WHERE sku = wanted AND on_hand - held >= added;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'short of %', wanted;
    END IF;
    RETURN ARRAY(
        SELECT holds.id FROM unnest(asked) WITH ORDINALITY AS line(request_id, place)
            JOIN holds USING (request_id) ORDER BY place
    );
END $$;
"""

UNIT_LOCK = """
CREATE TABLE units (id bigserial PRIMARY KEY, sku text NOT NULL, hold bigint);
CREATE INDEX free_units ON units (sku, id) WHERE hold IS NULL;

CREATE FUNCTION reserve(asked uuid, wanted text, units int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
    unit bigint;
    start bigint := random() * (SELECT last_value FROM units_id_seq);
BEGIN
    INSERT INTO holds (request_id, sku, quantity) VALUES (asked, wanted, 1)
        ON CONFLICT DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        RETURN (SELECT id FROM holds WHERE request_id = asked);
    END IF;
    SELECT id INTO unit FROM units WHERE sku = wanted AND hold IS NULL AND id >= start
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF unit IS NULL THEN
        SELECT id INTO unit FROM units WHERE sku = wanted AND hold IS NULL
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF unit IS NULL THEN
        RAISE EXCEPTION 'short of %', wanted;
    END IF;
    UPDATE units SET hold = made WHERE id = unit;
    INSERT INTO events (sku, kind, hold, quantity) VALUES (wanted, 'held', made, 1);
    RETURN made;
END $$;
"""

BRING_COUNT = "INSERT INTO stock VALUES ('HOT', $1, 0)"
BRING_UNITS = "INSERT INTO units (sku) SELECT 'HOT' FROM generate_series(1, $1)"
RESERVE = "SELECT reserve($1, 'HOT', 1)"
RESERVE_MANY = "SELECT reserve_many($1, 'HOT')"
HOLDS_AND_EVENTS = "SELECT (SELECT count(*) FROM holds), (SELECT count(*) FROM events)"


class PostgresServer:
    """A server with the tables and functions of one way."""

    process_ids: Mapping[str, int] = {}

    def __init__(self, running: Running, control: Any, way: "Way") -> None:
        self.process_trees = {"server": running.process.pid}
        self._address = running.address
        self._control = control
        self._way = way

    async def reserve(self, request_id: str) -> str:
        """See Reserving."""
        return str(await self._control.fetchval(RESERVE, UUID(request_id)))

    async def recorded(self) -> Recorded:
        """See Reserving."""
        holds, events = await self._control.fetchrow(HOLDS_AND_EVENTS)
        return Recorded(await self._control.fetchval(self._way.held), holds, events)

    @asynccontextmanager
    async def singles(self, callers: int) -> AsyncIterator[Ask]:
        """See Server."""
        async with self._statements(callers, RESERVE) as statements:

            async def ask(caller: int, _call: int) -> int:
                await statements[caller].fetchval(uuid4())
                return 1

            yield ask

    def batches(self, callers: int, size: int) -> AbstractAsyncContextManager[Ask] | None:
        """See Server: a transaction for each batch."""
        return self._batches(callers, size) if self._way.has_batches else None

    @asynccontextmanager
    async def _batches(self, callers: int, size: int) -> AsyncIterator[Ask]:
        async with self._statements(callers, RESERVE_MANY) as statements:

            async def ask(caller: int, _call: int) -> int:
                answers = await statements[caller].fetchval([uuid4() for _ in range(size)])
                return len(answers)

            yield ask

    @asynccontextmanager
    async def _statements(self, callers: int, statement: str) -> AsyncIterator[list[Any]]:
        async with AsyncExitStack() as stack:
            prepared = []
            for _ in range(callers):
                connection = await connect(self._address)
                stack.push_async_callback(connection.close)
                prepared.append(await connection.prepare(statement))
            yield prepared


class Way:
    """A way to hold units in PostgreSQL."""

    def __init__(self, name: str, script: str, bring: str, units: int, held: str) -> None:
        """`bring` brings so many units of stock, and `held` asks how many of them are held."""
        self.name = name
        self.held = held
        self._script = script
        self._bring = bring
        self._units = units

    @property
    def has_batches(self) -> bool:
        """Whether one transaction may reserve for many."""
        return "reserve_many" in self._script

    def missing(self) -> str:
        """See Peer."""
        return missing_postgres()

    @asynccontextmanager
    async def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[PostgresServer]:
        """See Peer."""
        async with running_postgres(directory, environment) as running:
            control = await connect(running.address)
            await control.execute(COMMON + self._script)
            await control.execute(self._bring, self._units)
            await control.execute("VACUUM ANALYZE")
            try:
                yield PostgresServer(running, control, self)
            finally:
                await control.close()


HELD_COUNT = "SELECT held FROM stock WHERE sku = 'HOT'"
HELD_UNITS = "SELECT count(*) FROM units WHERE hold IS NOT NULL"
ROW = Way("PostgreSQL, row lock", ROW_LOCK, BRING_COUNT, UNITS, HELD_COUNT)
UNIT = Way("PostgreSQL, SKIP LOCKED", UNIT_LOCK, BRING_UNITS, UNIT_ROWS, HELD_UNITS)
