"""InventoryService: check, convert, submit, convert back."""

from typing import Any, TypeVar

import grpc.aio
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import inventory_pb2_grpc

from engine.rpc import reads
from engine.rpc.availability import batch_get_availability
from engine.rpc.convert_answers import FILLERS
from engine.rpc.convert_commands import CONVERTERS
from engine.rpc.drain import Drain
from engine.rpc.execute import ExecuteStream, RefusalObserver
from engine.rpc.writes import write
from engine.shard.port import Shards

M = TypeVar("M")
Context = grpc.aio.ServicerContext[Any, Any]


class InventoryService(inventory_pb2_grpc.InventoryServiceServicer):
    """Answers commands and queries of stock. Problems are raised; `Methods` makes statuses of
    them."""

    def __init__(self, shards: Shards, drain: Drain, on_refusal: RefusalObserver) -> None:
        self._shards = shards
        self._on_refusal = on_refusal
        self._drain = drain

    async def _write(self, name: str, request: Any, response: M) -> M:
        """Run one command, and fill its response."""
        return await write(self._shards, CONVERTERS[name], FILLERS[name], request, response)

    async def Reserve(self, request: pb.ReserveRequest, context: Context) -> pb.ReserveResponse:
        return await self._write("reserve", request, pb.ReserveResponse())

    async def Extend(self, request: pb.ExtendRequest, context: Context) -> pb.ExtendResponse:
        return await self._write("extend", request, pb.ExtendResponse())

    async def Commit(self, request: pb.CommitRequest, context: Context) -> pb.CommitResponse:
        return await self._write("commit", request, pb.CommitResponse())

    async def Release(self, request: pb.ReleaseRequest, context: Context) -> pb.ReleaseResponse:
        return await self._write("release", request, pb.ReleaseResponse())

    async def Allocate(self, request: pb.AllocateRequest, context: Context) -> pb.AllocateResponse:
        return await self._write("allocate", request, pb.AllocateResponse())

    async def Ship(self, request: pb.ShipRequest, context: Context) -> pb.ShipResponse:
        return await self._write("ship", request, pb.ShipResponse())

    async def Sell(self, request: pb.SellRequest, context: Context) -> pb.SellResponse:
        return await self._write("sell", request, pb.SellResponse())

    async def Receive(self, request: pb.ReceiveRequest, context: Context) -> pb.ReceiveResponse:
        return await self._write("receive", request, pb.ReceiveResponse())

    async def Adjust(self, request: pb.AdjustRequest, context: Context) -> pb.AdjustResponse:
        return await self._write("adjust", request, pb.AdjustResponse())

    async def SetOnHand(
        self, request: pb.SetOnHandRequest, context: Context
    ) -> pb.SetOnHandResponse:
        return await self._write("set_on_hand", request, pb.SetOnHandResponse())

    async def Configure(
        self, request: pb.ConfigureRequest, context: Context
    ) -> pb.ConfigureResponse:
        return await self._write("configure", request, pb.ConfigureResponse())

    async def Amend(self, request: pb.AmendRequest, context: Context) -> pb.AmendResponse:
        return await self._write("amend", request, pb.AmendResponse())

    async def Confirm(self, request: pb.ConfirmRequest, context: Context) -> pb.ConfirmResponse:
        return await self._write("confirm", request, pb.ConfirmResponse())

    async def Pick(self, request: pb.PickRequest, context: Context) -> pb.PickResponse:
        return await self._write("pick", request, pb.PickResponse())

    async def Unpick(self, request: pb.UnpickRequest, context: Context) -> pb.UnpickResponse:
        return await self._write("unpick", request, pb.UnpickResponse())

    async def Return(self, request: pb.ReturnRequest, context: Context) -> pb.ReturnResponse:
        return await self._write("return", request, pb.ReturnResponse())

    async def TransferReservation(
        self, request: pb.TransferReservationRequest, context: Context
    ) -> pb.TransferReservationResponse:
        return await self._write("transfer_reservation", request, pb.TransferReservationResponse())

    async def Expect(self, request: pb.ExpectRequest, context: Context) -> pb.ExpectResponse:
        return await self._write("expect", request, pb.ExpectResponse())

    async def TakeBack(self, request: pb.TakeBackRequest, context: Context) -> pb.TakeBackResponse:
        return await self._write("take_back", request, pb.TakeBackResponse())

    async def Move(self, request: pb.MoveRequest, context: Context) -> pb.MoveResponse:
        return await self._write("move", request, pb.MoveResponse())

    async def SendTransfer(
        self, request: pb.SendTransferRequest, context: Context
    ) -> pb.SendTransferResponse:
        return await self._write("send_transfer", request, pb.SendTransferResponse())

    async def ReceiveTransfer(
        self, request: pb.ReceiveTransferRequest, context: Context
    ) -> pb.ReceiveTransferResponse:
        return await self._write("receive_transfer", request, pb.ReceiveTransferResponse())

    async def Execute(self, requests: Any, context: Context) -> None:
        await ExecuteStream(self._shards, self._drain, context, self._on_refusal).run()

    async def GetStock(self, request: pb.GetStockRequest, context: Context) -> pb.GetStockResponse:
        return await reads.get_stock(self._shards, request)

    async def GetReservation(
        self, request: pb.GetReservationRequest, context: Context
    ) -> pb.GetReservationResponse:
        return await reads.get_reservation(self._shards, request)

    async def GetTransfer(
        self, request: pb.GetTransferRequest, context: Context
    ) -> pb.GetTransferResponse:
        return await reads.get_transfer(self._shards, request)

    async def BatchGetAvailability(
        self, request: pb.BatchGetAvailabilityRequest, context: Context
    ) -> pb.BatchGetAvailabilityResponse:
        return await batch_get_availability(self._shards, request)
