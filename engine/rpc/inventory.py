"""InventoryService: check, convert, submit, convert back."""

from functools import partial
from typing import Any

import grpc.aio
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import inventory_pb2_grpc

from engine.rpc import reads
from engine.rpc.availability import batch_get_availability
from engine.rpc.convert_commands import CONVERTERS
from engine.rpc.drain import Drain
from engine.rpc.execute import ExecuteStream, RefusalObserver
from engine.rpc.writes import method
from engine.shard.port import Shards

Context = grpc.aio.ServicerContext[Any, Any]
_command = partial(method, CONVERTERS)


class InventoryService(inventory_pb2_grpc.InventoryServiceServicer):
    """Answers commands and queries of stock. Problems are raised; `Methods` makes statuses of
    them."""

    def __init__(self, shards: Shards, drain: Drain, on_refusal: RefusalObserver) -> None:
        self.shards = shards
        self._on_refusal = on_refusal
        self._drain = drain

    Reserve = _command("reserve", pb.ReserveResponse)
    Extend = _command("extend", pb.ExtendResponse)
    Commit = _command("commit", pb.CommitResponse)
    Release = _command("release", pb.ReleaseResponse)
    Allocate = _command("allocate", pb.AllocateResponse)
    Ship = _command("ship", pb.ShipResponse)
    Sell = _command("sell", pb.SellResponse)
    Receive = _command("receive", pb.ReceiveResponse)
    Adjust = _command("adjust", pb.AdjustResponse)
    SetOnHand = _command("set_on_hand", pb.SetOnHandResponse)
    Configure = _command("configure", pb.ConfigureResponse)
    Amend = _command("amend", pb.AmendResponse)
    Confirm = _command("confirm", pb.ConfirmResponse)
    Pick = _command("pick", pb.PickResponse)
    Unpick = _command("unpick", pb.UnpickResponse)
    Return = _command("return", pb.ReturnResponse)
    TransferReservation = _command("transfer_reservation", pb.TransferReservationResponse)
    Expect = _command("expect", pb.ExpectResponse)
    TakeBack = _command("take_back", pb.TakeBackResponse)
    Move = _command("move", pb.MoveResponse)
    SendTransfer = _command("send_transfer", pb.SendTransferResponse)
    ReceiveTransfer = _command("receive_transfer", pb.ReceiveTransferResponse)

    async def Execute(self, requests: Any, context: Context) -> None:
        await ExecuteStream(self.shards, self._drain, context, self._on_refusal).run()

    async def GetStock(self, request: pb.GetStockRequest, context: Context) -> pb.GetStockResponse:
        return await reads.get_stock(self.shards, request)

    async def GetReservation(
        self, request: pb.GetReservationRequest, context: Context
    ) -> pb.GetReservationResponse:
        return await reads.get_reservation(self.shards, request)

    async def GetTransfer(
        self, request: pb.GetTransferRequest, context: Context
    ) -> pb.GetTransferResponse:
        return await reads.get_transfer(self.shards, request)

    async def BatchGetAvailability(
        self, request: pb.BatchGetAvailabilityRequest, context: Context
    ) -> pb.BatchGetAvailabilityResponse:
        return await batch_get_availability(self.shards, request)
