"""The Shopify adapter as an operator runs it, a process that may be killed; and inside a test."""

import asyncio
import logging
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from holdfast import Client
from holdfast.adapters import Context, SystemClock
from holdfast.adapters.following import SubscriptionSource
from holdfast.adapters.http import HttpServer
from holdfast.adapters.settings import Secret
from holdfast.adapters.shopify import Shopify
from holdfast.adapters.worker import Worker

from benchmarks.node import Node
from tests.shopify.server import SECRET, TOKEN, ShopifyServer
from tests.shopify.shop import SHOP
from tests.shopify.trade import CHANNEL

POLL_EVERY_S = 0.5
"""Often, so that a test need not wait for what webhooks have missed."""
OVERLAP_S = 5.0


class AdapterProcess:
    """One process after the other, with the same settings; webhooks follow its port."""

    def __init__(self, node: Node, shopify: ShopifyServer) -> None:
        self._node = node
        self._shopify = shopify
        self._process: asyncio.subprocess.Process | None = None
        self._logging: asyncio.Task[None] | None = None
        self.log: list[str] = []
        """Everything that it has written."""

    async def start(self) -> None:
        """Starts it; returns when it listens and follows the engine."""
        options = {
            "shop": SHOP,
            "url": self._shopify.url,
            "address": self._node.address,
            "channel": CHANNEL,
            "listen": "127.0.0.1:0",
            "poll-every-s": str(POLL_EVERY_S),
            "overlap-s": str(OVERLAP_S),
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        environment = {name: value for name, value in os.environ.items() if "HOLDFAST_" not in name}
        environment |= {
            "HOLDFAST_ADAPTER_ACCESS_TOKEN": TOKEN,
            "HOLDFAST_ADAPTER_WEBHOOK_SECRET": SECRET,
            "NO_PROXY": "127.0.0.1",
        }
        self._process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "holdfast.adapters", "shopify", *flags],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        )
        output = self._process.stderr
        assert output is not None
        while True:
            line = (await output.readline()).decode()
            self.log.append(line)
            if not line:
                raise RuntimeError(f"the adapter has ended: {''.join(self.log[-20:])}")
            if '"port":' in line:
                port = line.split('"port":')[1].split(",")[0].strip(" }\n")
                self._shopify.deliver_to(f"http://127.0.0.1:{port}/webhooks/shopify")
            if "Following." in line:
                break
        self._logging = asyncio.create_task(self._read(output))

    async def _read(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            self.log.append(line.decode())

    async def kill(self) -> None:
        """SIGKILL."""
        await self._end(kill=True)

    async def stop(self) -> int | None:
        """SIGTERM; gives the exit code."""
        return await self._end(kill=False)

    async def _end(self, *, kill: bool) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            (process.kill if kill else process.terminate)()
        code = await process.wait()
        if self._logging is not None:
            await self._logging
        return code


@asynccontextmanager
async def adapter_inside(
    adapter: Shopify, address: str, shopify: ShopifyServer, *, tenant: str = ""
) -> AsyncIterator[Worker]:
    """The adapter in this process, for what a test wants to change or to see of it."""
    name = f"shopify-{CHANNEL}"
    async with (
        Client(address, tenant=tenant) as client,
        client.subscribe(name, channel=CHANNEL, mode="latest", start="snapshot") as subscription,
    ):
        adapter.context = Context(
            SubscriptionSource(client, subscription, CHANNEL),
            SystemClock(),
            random.random,
            logging.LoggerAdapter(logging.getLogger("tests.shopify"), {}),
            channel=CHANNEL,
            subscription=name,
            client=client,
        )
        worker = Worker(adapter)
        metrics = worker.metrics
        adapter.context = replace(
            adapter.context, count=metrics.count, reconciled=metrics.reconciled
        )
        failures: list[Exception] = []
        server = HttpServer(adapter.routes(), on_error=failures.append)
        running = asyncio.create_task(worker.run())
        port = await server.start("127.0.0.1", 0)
        shopify.deliver_to(f"http://127.0.0.1:{port}/webhooks/shopify")
        try:
            yield worker
        finally:
            shopify.deliver_to("")
            worker.stop()
            await running
            await server.close()
        assert failures == []


def shopify_adapter(shopify: ShopifyServer, **options: Any) -> Shopify:
    """The adapter with the settings of the tests."""
    return Shopify(
        shop=SHOP,
        access_token=Secret(TOKEN),
        webhook_secret=Secret(SECRET),
        url=shopify.url,
        **{"poll_every_s": POLL_EVERY_S, "overlap_s": OVERLAP_S, **options},
    )
