"""OperationsService: what the node says about itself."""

from typing import Any, NamedTuple

import grpc.aio
from holdfast.v1 import operations_pb2 as pb
from holdfast.v1 import operations_pb2_grpc

from engine.rpc.calls import look_up
from engine.rpc.configuration import CONFIGURATION_SHARD
from engine.rpc.convert_past import put_hold_times
from engine.rpc.convert_state import put_duration
from engine.rpc.cursors import oldest_cursor
from engine.rpc.methods import Methods
from engine.shard.port import Shards
from engine.shard.queries import ConfigurationRead, ReadConfiguration

SERVICE = pb.DESCRIPTOR.services_by_name["OperationsService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]


class NodeFacts(NamedTuple):
    """What the node knows of itself beside its shards. `request_retention_ms` 0: request ids are
    remembered for ever."""

    version: str = ""
    request_retention_ms: int = 0


class OperationsService(operations_pb2_grpc.OperationsServiceServicer):
    """Answers queries about the node."""

    def __init__(self, shards: Shards, facts: NodeFacts) -> None:
        self._shards = shards
        self._facts = facts

    async def GetNode(self, request: pb.GetNodeRequest, context: Context) -> pb.GetNodeResponse:
        shards, facts = self._shards, self._facts
        question = ReadConfiguration("", 1)
        read = await look_up(shards, CONFIGURATION_SHARD, question, ConfigurationRead)
        response = pb.GetNodeResponse(
            version=facts.version,
            history=shards.history,
            epoch=shards.epoch,
            shards=shards.count,
            oldest_cursor=oldest_cursor(shards),
        )
        if facts.request_retention_ms:
            put_duration(response.request_retention, facts.request_retention_ms)
        put_hold_times(response.hold_times, read.settings)
        return response


def add_operations_service(shards: Shards, facts: NodeFacts, methods: Methods) -> None:
    """Serve OperationsService."""
    operations_pb2_grpc.add_OperationsServiceServicer_to_server(
        OperationsService(shards, facts), methods
    )
