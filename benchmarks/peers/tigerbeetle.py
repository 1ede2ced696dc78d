"""TigerBeetle, by its Python client: a hold is a pending transfer, with a timeout, out of an
account that may not be overdrawn.

A transfer's id is the request's: a second one with it exists already, and changes nothing. Its
transfers are its events. All callers share one client, which sends what they ask meanwhile in
common batches. Its server is one program that has to be on the path: its makers hand it out by
themselves, in no package.
"""

import importlib
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.load import Ask
from benchmarks.node import free_port
from benchmarks.peers import HOLD_S, UNITS, Recorded
from benchmarks.peers.programs import missing, program, serving

LEDGER = CODE = 1
STOCK, OUTSIDE, CUSTOMERS = 1, 2, 3
"""Accounts: what is on hand, where it comes from, who holds it."""
FILE = "0_0.tigerbeetle"


class TigerBeetleServer:
    """A cluster of one replica."""

    process_trees: Mapping[str, int] = {}

    def __init__(self, process_id: int, client: Any) -> None:
        self.process_ids = {"server": process_id}
        self._client = client
        self._api: Any = importlib.import_module("tigerbeetle")

    async def bring_stock(self) -> None:
        """Make the accounts, and the stock."""
        limited = self._api.AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS
        made = await self._client.create_accounts(
            [
                self._api.Account(id=STOCK, ledger=LEDGER, code=CODE, flags=limited),
                self._api.Account(id=OUTSIDE, ledger=LEDGER, code=CODE),
                self._api.Account(id=CUSTOMERS, ledger=LEDGER, code=CODE),
            ]
        )
        if any(each.status != self._api.CreateAccountStatus.CREATED for each in made):
            raise RuntimeError(f"TigerBeetle made no accounts: {made}")
        receipt = self._api.Transfer(
            id=self._api.id(),
            debit_account_id=OUTSIDE,
            credit_account_id=STOCK,
            amount=UNITS,
            ledger=LEDGER,
            code=CODE,
        )
        await self._create([receipt])

    async def reserve(self, request_id: str) -> str:
        """See Reserving: a hold has the request's name."""
        number = UUID(request_id).int
        await self._create([self._hold(number)])
        (found,) = await self._client.lookup_transfers([number])
        return f"{found.id:x} {found.timestamp}"

    async def recorded(self) -> Recorded:
        """See Reserving. Transfers are holds and events in one."""
        (stock,) = await self._client.lookup_accounts([STOCK])
        asked = self._api.AccountFilter(
            account_id=STOCK,
            user_data_128=0,
            user_data_64=0,
            user_data_32=0,
            code=0,
            timestamp_min=0,
            timestamp_max=0,
            limit=8_000,
            flags=self._api.AccountFilterFlags.DEBITS,
        )
        holds = len(await self._client.get_account_transfers(asked))
        return Recorded(stock.debits_pending, holds, holds)

    @asynccontextmanager
    async def singles(self, callers: int) -> AsyncIterator[Ask]:
        """See Server."""
        del callers

        async def ask(_caller: int, _call: int) -> int:
            await self._create([self._hold(self._api.id())])
            return 1

        yield ask

    @asynccontextmanager
    async def batches(self, callers: int, size: int) -> AsyncIterator[Ask]:
        """See Server."""
        del callers

        async def ask(_caller: int, _call: int) -> int:
            await self._create([self._hold(self._api.id()) for _ in range(size)])
            return size

        yield ask

    def _hold(self, number: int) -> Any:
        return self._api.Transfer(
            id=number,
            debit_account_id=STOCK,
            credit_account_id=CUSTOMERS,
            amount=1,
            timeout=HOLD_S,
            ledger=LEDGER,
            code=CODE,
            flags=self._api.TransferFlags.PENDING,
        )

    async def _create(self, transfers: list[Any]) -> None:
        status = self._api.CreateTransferStatus
        for made in await self._client.create_transfers(transfers):
            if made.status not in {status.CREATED, status.EXISTS}:
                raise RuntimeError(f"TigerBeetle refused a transfer: {made.status.name}")


class TigerBeetle:
    """TigerBeetle with one replica, which syncs before it answers."""

    name = "TigerBeetle"

    def missing(self) -> str:
        """See Peer."""
        return missing("tigerbeetle", "tigerbeetle")

    @asynccontextmanager
    async def running(
        self, directory: Path, environment: Mapping[str, str]
    ) -> AsyncIterator[TigerBeetleServer]:
        """See Peer. No library can be loaded before its program, which holds all of its own."""
        port = free_port()
        binary, file = str(program("tigerbeetle")), str(directory / FILE)
        identity = ["--cluster=0", "--replica=0", "--replica-count=1"]
        subprocess.run(  # noqa: ASYNC221 - nothing else goes on yet
            [binary, "format", *identity, file], check=True, capture_output=True
        )
        command = [binary, "start", f"--addresses={port}", file]
        log = directory / "tigerbeetle.log"
        async with serving(command, port, log, environment=environment) as process:
            api: Any = importlib.import_module("tigerbeetle")
            async with api.ClientAsync(cluster_id=0, replica_addresses=str(port)) as client:
                server = TigerBeetleServer(process.pid, client)
                await server.bring_stock()
                yield server
