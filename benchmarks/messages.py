"""Requests that are built and serialised before the clock starts, for load that costs little."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import grpc
from holdfast.v1 import inventory_pb2

LOCATION = "WAREHOUSE"
HOLD_S = 3_600
SERVICE = "/holdfast.v1.InventoryService"
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
PLACE = b"########"
"""Stands in a serialised batch where the number of the batch comes."""
NUMBERS = 1 << 32
SCATTER = 0x9E3779B1
"""Odd, so that no two numbers of batches become the same by it."""
GATHERED = pow(SCATTER, -1, NUMBERS)
"""What gives them back."""


def channel(address: str) -> Any:
    """A channel whose methods take and give serialised messages. Untyped: grpc's types insist on
    serialisers."""
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
    return grpc.aio.insecure_channel(address, options=options)


def reserve(sku: str) -> inventory_pb2.ReserveRequest:
    """A hold of one unit of a SKU, with a request id of its own."""
    request = inventory_pb2.ReserveRequest()
    request.context.request_id = uuid4().hex
    request.ttl.seconds = HOLD_S
    line = request.lines.add()
    line.line_id = "1"
    line.sku = sku
    line.location = LOCATION
    line.quantity = 1
    return request


def allocate(sku: str) -> inventory_pb2.AllocateRequest:
    """An allocation of one unit of a SKU, with a request id of its own."""
    request = inventory_pb2.AllocateRequest()
    request.context.request_id = uuid4().hex
    line = request.lines.add()
    line.line_id = "1"
    line.sku = sku
    line.location = LOCATION
    line.quantity = 1
    return request


def receive(sku: str, quantity: int) -> inventory_pb2.ReceiveRequest:
    """Units of a SKU that have arrived."""
    request = inventory_pb2.ReceiveRequest()
    request.context.request_id = uuid4().hex
    request.key.sku = sku
    request.key.location = LOCATION
    request.quantity = quantity
    return request


def batch_of_reserves(batch_id: int, skus: Sequence[str]) -> bytes:
    """A batch that holds one unit of each SKU."""
    batch = inventory_pb2.ExecuteRequest(batch_id=batch_id)
    for sku in skus:
        batch.commands.add().reserve.CopyFrom(reserve(sku))
    return batch.SerializeToString()


def batch_of_receipts(batch_id: int, skus: Sequence[str], quantity: int) -> bytes:
    """A batch in which so many units of each SKU arrive."""
    batch = inventory_pb2.ExecuteRequest(batch_id=batch_id)
    for sku in skus:
        batch.commands.add().receive.CopyFrom(receive(sku, quantity))
    return batch.SerializeToString()


class Template:
    """A batch that was built and serialised before the clock started. Whenever it is sent it gets
    a number, and by it request ids that no other batch has. They are as long as those that clients
    make, and as scattered: ids that count up would lie side by side in the store."""

    def __init__(self, batch: inventory_pb2.ExecuteRequest) -> None:
        for index, command in enumerate(batch.commands):
            asked = getattr(command, command.WhichOneof("command") or "")
            name = f"{random.getrandbits(76):019x}"
            asked.context.request_id = f"{name}-{index:03d}-{PLACE.decode()}"
        self._bytes = batch.SerializeToString()
        self.size = len(batch.commands)

    def numbered(self, number: int) -> bytes:
        """The batch with this number."""
        head = inventory_pb2.ExecuteRequest(batch_id=number).SerializeToString()
        return head + self._bytes.replace(PLACE, b"%08x" % (number * SCATTER % NUMBERS))


def batch_and_index(request_id: str) -> tuple[int, int] | None:
    """The number of the batch of a Template that a command came in, and its place there; None if it
    came in none."""
    _, index, number = request_id.split("-") if request_id.count("-") == 2 else ("", "", "")
    return (int(number, 16) * GATHERED % NUMBERS, int(index)) if number else None
