"""ComputeBuffers: one command for each SKU, in its shard."""

from hashlib import blake2b
from typing import Any

from holdfast.v1 import channels_pb2 as pb
from msgspec.structs import replace

from engine.channels.buffers import compute_buffers as compute
from engine.core.commands import ComputeBuffer
from engine.feed.cursor import Cursor
from engine.rpc.calls import CURRENT, problem_of
from engine.rpc.channel_calls import asking_now
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_channel_state import put_computed_buffer
from engine.rpc.convert_channels import compute_buffers as convert
from engine.rpc.convert_parts import Caller
from engine.rpc.convert_state import put_time
from engine.shard.messages import Accepted, Write
from engine.shard.port import Shards

_NAME_BYTES = 12


async def compute_buffers(
    shards: Shards, request: pb.ComputeBuffersRequest
) -> pb.ComputeBuffersResponse:
    """Compute the buffers of SKUs. If one shard fails, those of others are computed: the same call
    again computes what is missing."""
    call = CURRENT.get()
    context, tenant, channel, skus = convert(
        request, Caller(shards, call.correlation_id, call.principal)
    )

    def write_of(command: ComputeBuffer) -> Write:
        # What was sold is no part of what the caller asks for.
        asked = replace(command, daily_sales=())
        own = replace(context, request_id=_request_id(context.request_id, command.sku))
        return Write(own, content_hash(asked), command)

    computed = await compute(asking_now(shards), tenant, channel, skus, write_of)
    response = pb.ComputeBuffersResponse()
    positions: dict[int, int] = {}
    recorded_at_ms = 0
    replayed = True
    for write, shard, result in computed:
        if not isinstance(result, Accepted):
            raise problem_of(result, write, shard)
        answer: Any = result.answer
        put_computed_buffer(response.buffers.add(), answer.buffer)
        if result.position:
            positions[shard] = max(positions.get(shard, 0), result.position)
            recorded_at_ms = max(recorded_at_ms, result.recorded_at_ms)
        replayed = replayed and result.replayed
    if positions:
        response.receipt.cursor = Cursor(shards.history, shards.epoch, positions).encode()
        put_time(response.receipt.recorded_at, recorded_at_ms)
    response.receipt.replayed = replayed
    return response


def _request_id(request_id: str, sku: str) -> str:
    """The request id of the command for one SKU: of one call there may be several in a shard."""
    return f"{request_id}/{blake2b(sku.encode(), digest_size=_NAME_BYTES).hexdigest()}"
