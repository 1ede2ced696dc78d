"""Runs an adapter as a process: ``holdfast-adapter webhooks --channel shop``, or `run` in a program
of its own. It ends with 0 after SIGTERM or SIGINT, with 1 when it cannot go on, and with 2 when it
was set wrongly; it says why in its last line."""

import asyncio
import json
import logging
import os
import random
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NoReturn

from holdfast import Client
from holdfast.adapters import logs
from holdfast.adapters.adapter import Adapter, Context
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.following import SubscriptionSource
from holdfast.adapters.http import Handler, HttpServer, Request, Response
from holdfast.adapters.metrics import Metrics
from holdfast.adapters.outcomes import ChannelGone
from holdfast.adapters.settings import Settings, SettingsError, address_of, read
from holdfast.adapters.worker import Worker
from holdfast.errors import HoldfastError, UnknownChannel
from holdfast.subscription import Subscription

ADAPTERS = {
    "files": "holdfast.adapters.files:Files",
    "shopify": "holdfast.adapters.shopify:Shopify",
    "stdout": "holdfast.adapters.files:Stdout",
    "webhooks": "holdfast.adapters.webhooks:Webhooks",
}
"""The adapters that come with the SDK. Others are named as ``module:Class``, or by an entry point
of the group `holdfast.adapters`."""

PROGRAM = "holdfast-adapter"
WATCH_EVERY_S = 1.0
"""How often it is looked whether the engine is there."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def run(adapter: type[Adapter], arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs an adapter by this process's flags and environment, and exits."""
    sys.exit(_run(adapter, sys.argv[1:] if arguments is None else arguments, adapter.name))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The command `holdfast-adapter NAME ...`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0].startswith("-"):
        names = sorted({*ADAPTERS, *entry_points(group="holdfast.adapters").names})
        _say(f"usage: {PROGRAM} NAME --channel CHANNEL ...\nNAME is {', '.join(names)}, or")
        _say(f"module:Class of an adapter of your own. {PROGRAM} NAME --help lists its flags.")
        sys.exit(0 if words and words[0] in {"-h", "--help"} else 2)
    try:
        adapter = find(words[0])
    except SettingsError as error:
        _say(f"{PROGRAM}: {error}")
        sys.exit(2)
    sys.exit(_run(adapter, words[1:], f"{PROGRAM} {words[0]}"))


def find(name: str) -> type[Adapter]:
    """The adapter of a name. SettingsError if there is none, or it cannot push."""
    installed = {each.name: each.value for each in entry_points(group="holdfast.adapters")}
    place = ADAPTERS.get(name) or installed.get(name, name)
    module, colon, attribute = place.partition(":")
    if not colon:
        known = ", ".join(sorted({*ADAPTERS, *installed}))
        raise SettingsError(f"There is no adapter {name!r}; there are {known}, and module:Class.")
    if place == name and os.getcwd() not in sys.path:
        # A console script, unlike `python -m`, does not look where it was started.
        sys.path.insert(0, os.getcwd())
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"The adapter {name!r} cannot be loaded: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise SettingsError(f"{name!r} is not a subclass of holdfast.adapters.Adapter.")
    _must_push(found, name)
    return found


def _must_push(adapter: type[Adapter], name: str) -> None:
    """Refuse a class that would fail with its first push only, and try that again and again. A
    class that others inherit from may well be without."""
    if adapter.push is Adapter.push:
        raise SettingsError(
            f"The adapter {name!r} has no method `push`: it needs `async def push(self, updates)`, "
            "which tells the channel these numbers."
        )


def _run(adapter: type[Adapter], arguments: Sequence[str], program: str) -> int:
    try:
        _must_push(adapter, adapter.__name__)
        settings, made = read(adapter, arguments, os.environ, program)
        listen = address_of(settings.listen, "--listen") if settings.listen else None
    except (SettingsError, ValueError) as error:
        _say(f"{program}: {error}")
        return 2
    logs.configure(settings.log_level)
    return asyncio.run(Process(made, settings, listen).run())


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class Process:
    """One adapter, from connecting to the end."""

    def __init__(
        self, adapter: Adapter, settings: Settings, listen: tuple[str, int] | None
    ) -> None:
        self._adapter = adapter
        self._settings = settings
        self._listen = listen
        self._metrics = Metrics(adapter.name, settings.channel)
        self._stopping = asyncio.Event()
        self._worker: Worker | None = None
        self._is_following = False
        fields = {"adapter": adapter.name, "channel": settings.channel}
        self._log = logs.FieldsAdapter(logging.getLogger("holdfast.adapters"), fields)

    async def run(self) -> int:
        """Runs until it is told to stop, or cannot go on; gives the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        server = HttpServer(self._routes(), on_error=self._answer_failed)
        try:
            if self._listen is not None:
                port = await server.start(*self._listen)
                self._log.info("Metrics and health are answered.", extra={"port": port})
            return await self._until_stopped()
        except OSError as error:
            self._log.error(
                "--listen %s cannot be used: %s", self._settings.listen, error.strerror or error
            )
            return 1
        finally:
            await server.close()

    async def _until_stopped(self) -> int:
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
            if self._worker is not None:
                self._worker.stop()
                await asyncio.wait((work,), timeout=self._settings.stop_s)
                if not work.done():
                    self._log.error("The push in flight took too long and was given up.")
            work.cancel()
            await asyncio.wait((work,))
        finally:
            stop.cancel()
        return self._conclude(work)

    def _conclude(self, work: "asyncio.Task[None]") -> int:
        """Says how it ended; gives the exit code."""
        if work.cancelled() and self._worker is not None:
            return 1
        error = None if work.cancelled() else work.exception()
        if error is None:
            self._log.info("Stopped.")
            return 0
        if isinstance(error, ChannelGone):
            self._log.error("The channel wants no more updates: %s", error)
        elif isinstance(error, OSError):
            self._log.error("The adapter cannot go on: %s", error)
        elif isinstance(error, HoldfastError):
            hint = ": configure it first" if isinstance(error, UnknownChannel) else ""
            fields = {"reason": error.reason or "transport"}
            self._log.error("The adapter cannot go on: %s%s", error, hint, extra=fields)
        else:
            self._log.error("The adapter has failed: %r", error, exc_info=error)
        return 1

    async def _work(self) -> None:
        settings = self._settings
        self._log.info("Connecting.", extra={"address": settings.address})
        async with (
            Client(
                settings.address, tenant=settings.tenant, tls=settings.tls, token=settings.token
            ) as client,
            client.subscribe(
                settings.subscription, channel=settings.channel, mode="latest", start="snapshot"
            ) as subscription,
        ):
            self._adapter.context = Context(
                SubscriptionSource(client, subscription, settings.channel),
                SystemClock(),
                random.random,
                self._log,
                channel=settings.channel,
                tenant=settings.tenant,
                subscription=settings.subscription,
                client=client,
                count=self._metrics.count,
                reconciled=self._metrics.reconciled,
            )
            worker = Worker(self._adapter, metrics=self._metrics)
            async for parked in client.parked_messages(settings.subscription):
                worker.parked_before(parked)
            self._worker, self._is_following = worker, True
            self._log.info(
                "Following.",
                extra={"subscription": subscription.name, "cursor": subscription.cursor},
            )
            watch = asyncio.create_task(self._watch(subscription))
            try:
                await worker.run()
            finally:
                watch.cancel()

    async def _watch(self, subscription: Subscription) -> None:
        """Says when the engine is lost and found again: the subscription looks for it by itself."""
        clock = SystemClock()
        while True:
            await clock.wait(asyncio.Event(), WATCH_EVERY_S)
            was, self._is_following = self._is_following, subscription.connected
            if was and not self._is_following:
                address = self._settings.address
                self._log.warning("The engine does not answer.", extra={"address": address})
            elif self._is_following and not was:
                self._log.info("Following again.")

    def _routes(self) -> Mapping[tuple[str, str], Handler]:
        return {
            ("GET", "/metrics"): self._answer_metrics,
            ("GET", "/healthz"): self._answer_health,
            ("GET", "/readyz"): self._answer_ready,
            **self._adapter.routes(),
        }

    async def _answer_metrics(self, request: Request) -> Response:
        del request
        return Response(200, self._metrics.text(), METRICS_TYPE)

    async def _answer_health(self, request: Request) -> Response:
        """Alive: the event loop answers."""
        del request
        return Response(200, b"ok\n")

    async def _answer_ready(self, request: Request) -> Response:
        """Ready: it follows the engine, and the channel takes what is pushed."""
        del request
        worker = self._worker
        state: dict[str, Any] = {
            "following": self._is_following,
            "channel_works": worker is not None and worker.is_ready,
            "pending_skus": 0 if worker is None else len(worker.pending),
        }
        is_ready = state["following"] and state["channel_works"] and not self._stopping.is_set()
        body = json.dumps({"ready": is_ready, **state}).encode() + b"\n"
        return Response(200 if is_ready else 503, body, "application/json")

    def _answer_failed(self, error: Exception) -> None:
        self._log.error("A request could not be answered: %r", error, exc_info=error)
