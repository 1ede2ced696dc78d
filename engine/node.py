"""The composition root: the only place where everything is wired."""

import asyncio
import gc
import signal
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import structlog

from engine.access.gate import Gate
from engine.access.watched import FileRefused
from engine.archive.archivist import Archivist
from engine.archive.followers import Followers
from engine.archive.operator_socket import OperatorSocket
from engine.channels.buffer_job import BufferJob
from engine.config import Configuration, split_address
from engine.feed.hub import Hub
from engine.feed.limits import FeedLimits
from engine.feed.sqlite_subscriptions import FILE as SUBSCRIPTIONS_FILE
from engine.feed.sqlite_subscriptions import SqliteSubscriptions
from engine.feed.subscription_lag import Lag
from engine.feed.subscription_store import StoreError
from engine.feed.subscriptions import SubscriptionLimits, Subscriptions, wall_ms
from engine.log.keeping import DAY_MS, Policy
from engine.log.layout import open_layout
from engine.log.port import LogError
from engine.metrics import Metrics
from engine.rpc import feed, machine, subscriptions
from engine.rpc.operations import NodeFacts
from engine.rpc.server import RpcServer, ServerOptions, Service
from engine.rpc.tls import Certificates, TlsFiles, TlsRefused
from engine.shard.large_pages import use_large_pages
from engine.shard.link import ShardLink
from engine.shard.messages import ShardStatistics
from engine.shard.options import SharedOptions
from engine.shard.router import Router
from engine.shard.supervisor import ShardRefused, Supervisor

_logger = structlog.get_logger(__name__)


class Addresses(NamedTuple):
    """Where a node listens, with the ports it was given; `metrics` is empty if it serves none."""

    rpc: str
    metrics: str


class NodeRefused(Exception):
    """The node cannot start: the message says what stands in the way and what to do about it."""


class Node:
    """One node: a front end with its shards. Make, start and stop it in one event loop."""

    def __init__(self, configuration: Configuration) -> None:
        """Open the data directory. NodeRefused if it is not ours or not this configuration's, or
        if a file of the front door cannot be used."""
        self._configuration = configuration
        self._certificates = _certificates(configuration)
        self._gate = _gate(configuration)
        data_dir = Path(configuration.data_dir)
        try:
            layout = open_layout(data_dir, configuration.shards)
        except (LogError, OSError) as error:
            raise NodeRefused(str(error)) from error
        self.metrics = Metrics(layout.shards)
        self.metrics.disk_gauges(data_dir)
        if (certificates := self._certificates) is not None:
            self.metrics.certificate_gauges(
                lambda: (certificates.expires_at.timestamp(), certificates.refused)
            )
        if (gate := self._gate) is not None:
            self.metrics.gate_gauges(lambda: (gate.failures, gate.loaded_s))
        links = [
            ShardLink(shard, configuration.queue_commands_max, self._shard_spoke)
            for shard in range(layout.shards)
        ]
        self._up = [False] * layout.shards
        self._process_ids: dict[int, int] = {}
        self.supervisor = Supervisor(
            links,
            data_dir,
            SharedOptions(
                epoch=layout.epoch,
                shards=layout.shards,
                request_retention_ms=configuration.request_retention_s * 1_000,
                actors_max=configuration.active_actors_max,
                settings=configuration.settings,
                log_level=configuration.log_level,
                log_format=configuration.log_format,
            ),
            self._shard_changed,
        )
        router = Router(links, layout.history, layout.epoch, layout.past)
        limits = FeedLimits(
            subscribers_max=configuration.watch_subscribers_max,
            tail_bytes_max=configuration.tail_bytes_max,
            checkpoint_s=configuration.checkpoint_interval_s,
            stall_s=configuration.watch_stall_s,
        )
        self._hub = Hub(router, limits)
        self.metrics.feed_gauges(lambda: (self._hub.subscribers, self._hub.lag_events_max))
        self._subscriptions = Subscriptions(
            self._hub,
            router,
            lambda: SqliteSubscriptions(data_dir / SUBSCRIPTIONS_FILE),
            SubscriptionLimits(subscriptions_max=configuration.subscriptions_max),
        )
        self._lag = Lag(self._subscriptions, router, wall_ms)
        self._looking: asyncio.Task[None] | None = None
        keep_ms = configuration.retention_days * DAY_MS
        grace_ms = configuration.subscription_grace_days * DAY_MS
        followers = Followers(self._subscriptions, self._lag, keep_ms, grace_ms)
        self.metrics.subscription_gauges(self._lag.gauges, lambda: followers.holding)
        host, port = split_address(configuration.listen)
        self._host = host
        self._server = RpcServer(
            router,
            ServerOptions(
                host=host,
                port=port,
                message_bytes_max=configuration.message_bytes_max,
                streams_max=configuration.streams_max,
                unary_deadline_s=configuration.default_deadline_s,
                connections_max=machine.connections_max(),
            ),
            services=lambda _: [
                Service(feed.SERVICE, lambda server: feed.add_feed_service(self._hub, server)),
                Service(
                    subscriptions.SERVICE,
                    lambda server: subscriptions.add_subscription_service(
                        self._subscriptions, self._lag, router, server
                    ),
                ),
            ],
            observer=self.metrics.observe_call,
            on_refusal=self.metrics.observe_refusal,
            facts=NodeFacts(version("holdfast-engine"), configuration.request_retention_s * 1_000),
            certificates=self._certificates,
            gate=self._gate,
        )
        self._serving: asyncio.Task[None] | None = None
        policy = Policy(keep_ms, configuration.retention_events)
        self._archivist = Archivist(links, data_dir, layout, policy, followers)
        self._operator_socket = OperatorSocket(self._archivist, data_dir)
        self._forgets = not policy.keeps_everything
        self._forgetting: asyncio.Task[None] | None = None
        self._buffer_job = BufferJob(router, configuration.buffer_interval_s)
        self._computing: asyncio.Task[None] | None = None
        self._watching_files: list[asyncio.Task[None]] = []

    async def start(self) -> Addresses:
        """Start the shards, then listen. NodeRefused if either fails; nothing is left running."""
        try:
            await self.supervisor.start()
            await asyncio.to_thread(self._archivist.clean_up)
            await self._subscriptions.start()
            await self._operator_socket.start()
            port = await self._server.start()
            metrics = self._serve_metrics()
        except (ShardRefused, StoreError, OSError) as error:
            await self.stop()
            raise NodeRefused(str(error)) from error
        await self._server.set_serving(all(self._up))
        self._looking = asyncio.create_task(self._lag.look_for_ever())
        self._watching_files = [
            asyncio.create_task(files.look_for_ever())
            for files in (self._certificates, self._gate)
            if files is not None
        ]
        if self._forgets:
            self._forgetting = asyncio.create_task(self._archivist.retain_for_ever())
        self._computing = asyncio.create_task(self._buffer_job.run_for_ever())
        return Addresses(f"{self._host}:{port}", metrics)

    async def stop(self) -> None:
        """Drain: refuse what is new, answer what was taken, end the feeds, and let the shards close
        their logs. Nothing that was answered is lost, whatever this costs."""
        drain_s = self._configuration.drain_s
        self._hub.stop()
        jobs = (self._forgetting, self._looking, self._computing, *self._watching_files)
        for task in jobs:
            if task is not None:
                task.cancel()
        await self._operator_socket.stop()
        await self._server.stop(drain_s)
        await self._subscriptions.stop()
        await self.supervisor.stop(drain_s)
        await asyncio.to_thread(self.metrics.close)

    def _serve_metrics(self) -> str:
        if not self._configuration.metrics_listen:
            return ""
        host, port = split_address(self._configuration.metrics_listen)
        tls = None if self._certificates is None else self._certificates.context
        return f"{host}:{self.metrics.serve(host, port, tls)}"

    def _shard_spoke(self, shard: int, statistics: ShardStatistics) -> None:
        self.metrics.shard_statistics(shard, statistics, self.supervisor.process_ids[shard])

    def _shard_changed(self, shard: int, up: bool) -> None:
        """Health says NOT_SERVING while any shard is down: some SKUs cannot be sold then."""
        self.metrics.shard_up(shard, up)
        if up:
            # A shard that was silent and is heard again has the process that it had before.
            process_id = self.supervisor.process_ids[shard]
            if self._process_ids.setdefault(shard, process_id) != process_id:
                self._process_ids[shard] = process_id
                self.metrics.shard_restarted(shard)
        self._up[shard] = up
        self._serving = asyncio.ensure_future(self._server.set_serving(all(self._up)))


def _certificates(configuration: Configuration) -> Certificates | None:
    """What callers are shown, if TLS is configured."""
    if not configuration.tls_certificate:
        return None
    files = TlsFiles(
        configuration.tls_certificate, configuration.tls_key, configuration.tls_client_ca
    )
    try:
        return Certificates(files)
    except TlsRefused as refusal:
        raise NodeRefused(str(refusal)) from None


def _gate(configuration: Configuration) -> Gate | None:
    """Who may do what, if it is configured."""
    if not configuration.principals:
        return None
    try:
        return Gate(Path(configuration.principals))
    except FileRefused as refused:
        raise NodeRefused(str(refused)) from None


async def run(
    configuration: Configuration, on_ready: Callable[[Addresses], None] | None = None
) -> None:
    """Run a node until SIGTERM or SIGINT, then drain it. NodeRefused if it cannot start."""
    machine.prepare()
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    node = Node(configuration)
    starting = asyncio.create_task(node.start())
    stop_asked = asyncio.create_task(stopping.wait())
    await asyncio.wait((starting, stop_asked), return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        addresses = starting.result()
        # All that is loaded now stays: the collector need not go through it again and again.
        gc.freeze()
        use_large_pages()
        if on_ready is not None:
            on_ready(addresses)
        await stop_asked
    else:
        starting.cancel()
        await asyncio.wait((starting,))
    _logger.info("draining", drain_s=configuration.drain_s)
    await node.stop()
