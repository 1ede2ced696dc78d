"""The gRPC server: services, health, reflection and limits; how it starts and how it drains."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import grpc.aio
import msgspec
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc
from holdfast.v1 import inventory_pb2, inventory_pb2_grpc

from engine.access.gate import Gate
from engine.rpc import SPEAKS_OLD_TLS, channels, configuration, history, operations
from engine.rpc.channels import add_channel_service
from engine.rpc.configuration import add_configuration_service
from engine.rpc.drain import Drain
from engine.rpc.execute import RefusalObserver
from engine.rpc.history import add_history_service
from engine.rpc.inventory import InventoryService
from engine.rpc.methods import Methods, Observer, ignore
from engine.rpc.operations import NodeFacts, add_operations_service
from engine.rpc.tls import Certificates
from engine.shard.port import Shards

INVENTORY = inventory_pb2.DESCRIPTOR.services_by_name["InventoryService"].full_name


def ignore_refusal(command: str, reason: str) -> None:
    """What a server without metrics is told of refused commands."""


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the server meets the network. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free port."""
    share_port: bool = False
    """Whether several processes may listen on the port (SO_REUSEPORT)."""
    message_bytes_max: int = 16 * 1024 * 1024
    streams_max: int = 1_000
    """Concurrent calls of one connection."""
    unary_deadline_s: float = 30.0
    """The deadline of unary calls whose client states none."""
    keepalive_time_s: float = 30.0
    """After so long without a sign of life the server pings the client."""
    keepalive_timeout_s: float = 10.0
    """Without an answer for so long the connection is closed."""
    ping_interval_s_min: float = 10.0
    """Clients that ping more often are disconnected."""
    handshake_timeout_s: float = 20.0
    """A connection that has not greeted by then is closed; gRPC itself would wait for 120 s."""
    pending_calls_max: int = 1_000
    """Calls that have arrived and that no handler has taken yet. gRPC cancels what comes beyond it,
    without a word: a client that hears CANCELLED without having cancelled may ask again. Three
    times as many may wait by gRPC's own rule, each with up to 16 MiB of metadata."""
    connections_max: int = 10_000
    """Connections at once; a further one is closed as soon as it is made. Each takes a
    descriptor."""


class Service(NamedTuple):
    """A further service of this server: its full name, and how it is added."""

    name: str
    add: Callable[[Methods], None]


class RpcServer:
    """The front end's server. Make, start and stop it in one event loop."""

    def __init__(
        self,
        shards: Shards,
        options: ServerOptions | None = None,
        services: Callable[[Drain], Sequence[Service]] | None = None,
        observer: Observer = ignore,
        on_refusal: RefusalObserver = ignore_refusal,
        facts: NodeFacts | None = None,
        *,
        certificates: Certificates | None = None,
        gate: Gate | None = None,
    ) -> None:
        """`services` makes the services beside those of stock, history, configuration, channels
        and operations; they watch the drain to end their streams. With `certificates` it speaks
        TLS 1.3 and nothing else. `gate` says who may do what; None: everybody everything."""
        if certificates is not None and SPEAKS_OLD_TLS:
            raise RuntimeError("gRPC was loaded before engine.rpc: it would speak TLS 1.2 too")
        self.drain = Drain()
        self._certificates = certificates
        self._options = options or ServerOptions()
        methods = Methods(self._options.unary_deadline_s, observer, gate)
        options_of_channels = _channel_options(self._options)
        self._server = grpc.aio.server(handlers=[methods], options=options_of_channels)
        inventory_pb2_grpc.add_InventoryServiceServicer_to_server(
            InventoryService(shards, self.drain, on_refusal), methods
        )
        add_history_service(shards, methods)
        add_configuration_service(shards, methods)
        add_channel_service(shards, methods)
        add_operations_service(shards, facts or NodeFacts(), methods)
        names = [INVENTORY, history.SERVICE, configuration.SERVICE, channels.SERVICE]
        names.append(operations.SERVICE)
        for service in services(self.drain) if services else ():
            service.add(methods)
            names.append(service.name)
        # Health is registered: its calls wait in queues of their own, however many others wait.
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._health_names = ["", *names]
        names = [*names, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            reflection.aio.ReflectionServicer(names),  # type: ignore[attr-defined]
            methods,
        )

    async def start(self) -> int:
        """Listen; return the port. OSError if it cannot be bound. Health stays NOT_SERVING until
        `set_serving(True)`."""
        await self.set_serving(False)
        host = self._options.host
        address = f"[{host}]" if ":" in host else host
        address = f"{address}:{self._options.port}"
        try:
            if self._certificates is None:
                port = self._server.add_insecure_port(address)
            else:
                credentials = self._certificates.credentials()
                port = self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        await self._server.start()
        return port

    async def set_serving(self, serving: bool) -> None:
        """Tell health checks whether every shard is up. After `stop` has begun it stays
        NOT_SERVING."""
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if serving else statuses.NOT_SERVING
        for name in self._health_names:
            await self._health.set(name, status)

    async def stop(self, grace_s: float) -> None:
        """Drain: NOT_SERVING first, then no new calls; streams answer what they took and end; after
        `grace_s` the rest is cancelled. What was submitted to a shard goes on in any case."""
        await self._health.enter_graceful_shutdown()
        self.drain.start()
        await self._server.stop(grace_s)

    async def wait(self) -> None:
        """Return once the server has stopped."""
        await self._server.wait_for_termination()


def _channel_options(options: ServerOptions) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", options.message_bytes_max),
        ("grpc.max_send_message_length", options.message_bytes_max),
        ("grpc.max_concurrent_streams", options.streams_max),
        ("grpc.so_reuseport", int(options.share_port)),
        ("grpc.keepalive_time_ms", int(options.keepalive_time_s * 1_000)),
        ("grpc.keepalive_timeout_ms", int(options.keepalive_timeout_s * 1_000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", int(options.ping_interval_s_min * 1_000)),
        ("grpc.server_handshake_timeout_ms", int(options.handshake_timeout_s * 1_000)),
        ("grpc.server.max_pending_requests", options.pending_calls_max),
        ("grpc.server.max_pending_requests_hard_limit", options.pending_calls_max),
        ("grpc.max_allowed_incoming_connections", options.connections_max),
    ]
