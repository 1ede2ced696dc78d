"""An adapter as a process of its own, which a test starts, asks, kills, and reads the log of."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx


class AdapterProcess:
    """One run of `python -m holdfast.adapters`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.port = 0
        self._read = asyncio.ensure_future(self._read_log())
        self._more = asyncio.Event()

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))
            self._more.set()
        self.lines.append("")
        self._more.set()

    async def said(self, message: str) -> dict[str, Any]:
        """Waits for a line of the log; gives it."""
        seen = 0
        while True:
            for line in self.lines[seen:]:
                assert line, f"it ended without saying {message!r}: {self.lines}"
                if message in line:
                    found: dict[str, Any] = json.loads(line)
                    return found
            seen = len(self.lines)
            self._more.clear()
            await self._more.wait()

    async def get(self, path: str) -> httpx.Response:
        port = (await self.said("Metrics and health"))["port"]
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{port}{path}")

    async def ended(self) -> int:
        code = await self.process.wait()
        await self._read
        return code

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line]


@asynccontextmanager
async def adapter_process(
    node: str, *words: str, secret: str = "", **variables: str
) -> AsyncIterator[AdapterProcess]:
    environment = {**os.environ, **variables, "HOLDFAST_ADDRESS": node}
    if secret:
        environment["HOLDFAST_ADAPTER_SECRET"] = secret
    process = AdapterProcess(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "holdfast.adapters", *words, "--listen", "127.0.0.1:0"),
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    )
    try:
        yield process
    finally:
        if process.process.returncode is None:
            process.process.kill()
        await process.ended()
