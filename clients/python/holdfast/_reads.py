"""What a client asks without changing anything."""

from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any, Literal

from holdfast import _convert, _convert_configuration, types
from holdfast._command import check_timeout, set_moment
from holdfast._fields import enum_number, numbers, set_reservation
from holdfast._rpc import Connection
from holdfast.errors import DeadlineExpired
from holdfast.event import Event
from holdfast.listing import Explanations, Listing
from holdfast.types import (
    Availabilities,
    CustomerLimit,
    Kit,
    Location,
    Node,
    NodeConfiguration,
    Reservation,
    Stock,
    Transfer,
)
from holdfast.v1 import (
    configuration_pb2,
    feed_pb2,
    history_pb2,
    inventory_pb2,
    operations_pb2,
)

BALANCE_FIELD = numbers(history_pb2.BalanceField, "BALANCE_FIELD_")
PROMISE_STATE = numbers(history_pb2.PromiseState, "PROMISE_STATE_")


class Reads:
    """The queries of a client. Each covers all earlier answers of the server."""

    def __init__(self, connection: Connection, tenant: str, timeout_s: float) -> None:
        self._connection = connection
        self._tenant = tenant
        self._timeout_s = check_timeout(timeout_s)

    async def stock(
        self,
        sku: str,
        location: str,
        *,
        as_of: datetime | str | None = None,
        tenant: str | None = None,
        read_at_least: str = "",
        timeout_s: float | None = None,
    ) -> Stock:
        """Reads the state of one SKU-location: now, or `as_of` a time or a cursor. Raises
        UnknownStock, and ReadNotKept for what is older than the server keeps.

        A time means after all that was recorded up to it, a cursor right after the event that it
        names. Every read covers all earlier answers of the server; `read_at_least`, a cursor, only
        checks that it belongs there.
        """
        request = inventory_pb2.GetStockRequest(read_at_least=read_at_least)
        self._set_key(request.key, sku, location, tenant)
        _set_as_of(request, as_of)
        response = await self._read("get_stock", request, timeout_s)
        return _convert.stock(response.stock, response.cursor)

    async def reservation(
        self,
        reservation_id: str = "",
        *,
        reservation_reference: str = "",
        tenant: str | None = None,
        read_at_least: str = "",
        timeout_s: float | None = None,
    ) -> Reservation:
        """Reads one reservation as it stands, by its id, or by `reservation_reference`: the one
        open reservation that has it. Raises UnknownReservation, AmbiguousReference."""
        request = inventory_pb2.GetReservationRequest(
            tenant=self._of(tenant), read_at_least=read_at_least
        )
        set_reservation(request, reservation_id, reservation_reference)
        response = await self._read("get_reservation", request, timeout_s)
        return _convert.reservation(response.reservation, response.cursor)

    async def transfer(
        self,
        transfer_id: str,
        *,
        tenant: str | None = None,
        read_at_least: str = "",
        timeout_s: float | None = None,
    ) -> Transfer:
        """Reads one transfer as it stands. Raises UnknownTransfer."""
        request = inventory_pb2.GetTransferRequest(
            tenant=self._of(tenant), transfer_id=transfer_id, read_at_least=read_at_least
        )
        response = await self._read("get_transfer", request, timeout_s)
        return _convert.transfer(response.transfer, response.cursor)

    async def availability(
        self,
        keys: Iterable[str | tuple[str, str]],
        *,
        channel: str = "",
        excluding_reservation: str = "",
        tenant: str | None = None,
        read_at_least: str = "",
        timeout_s: float | None = None,
    ) -> Availabilities:
        """Reads what may be promised of up to 1 000 keys: a SKU at all its locations, or a (SKU,
        location).

        For a `channel`, its buffer counts as taken; what `excluding_reservation` holds counts as
        free.
        """
        request = inventory_pb2.BatchGetAvailabilityRequest(
            tenant=self._of(tenant),
            channel=channel,
            excluding_reservation=excluding_reservation,
            read_at_least=read_at_least,
        )
        for key in [keys] if isinstance(keys, str) else keys:
            entry = request.keys.add()
            if isinstance(key, str):
                entry.sku = key
            else:
                entry.sku, entry.location = key
        response = await self._read("batch_get_availability", request, timeout_s)
        items = tuple([_convert.availability(each) for each in response.availabilities])
        return Availabilities(items, response.cursor)

    def list_events(
        self,
        sku: str = "",
        location: str = "",
        *,
        reservation_id: str = "",
        from_version: int | None = None,
        to_version: int | None = None,
        from_time: datetime | None = None,
        to_time: datetime | None = None,
        newest_first: bool = False,
        page_size: int = 0,
        page_token: str = "",
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Listing[Event]:
        """What has happened to a SKU-location, or to a reservation and its lines: ``async for event
        in client.list_events("TEA", "LONDON")``, oldest first unless stated otherwise.

        Limits by version, of a SKU-location alone, and by time belong to what is listed. Raises
        ReadNotKept when it begins with what is not kept any more.
        """
        request = history_pb2.ListEventsRequest(
            tenant=self._of(tenant),
            from_version=from_version,
            to_version=to_version,
            newest_first=newest_first,
            page_size=page_size,
            read_at_least=read_at_least,
        )
        if bool(sku and location) is bool(reservation_id) or bool(sku) is not bool(location):
            raise ValueError("name either sku and location, or a reservation_id")
        if reservation_id:
            request.reservation_id = reservation_id
        else:
            self._set_key(request.key, sku, location, tenant)
        if from_time is not None:
            set_moment(request.from_time, from_time)
        if to_time is not None:
            set_moment(request.to_time, to_time)
        fetch = self._pages("list_events", request, timeout_s)
        return Listing(fetch, _read_events, page_token)

    def explain_stock(
        self,
        sku: str,
        location: str,
        field: Literal[
            "on_hand",
            "held",
            "allocated",
            "available",
            "unavailable",
            "picked",
            "incoming",
            "backordered",
            "waiting",
        ]
        | types.BalanceField,
        *,
        as_of: datetime | str | None = None,
        page_size: int = 0,
        page_token: str = "",
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Explanations:
        """Why a number of a SKU-location is what it is, now or `as_of` a time or a cursor: ``async
        for step in client.explain_stock("TEA", "LONDON", "available")`` gives each event that
        changed it, newest first; `value` the number. Raises UnknownStock, ReadNotKept."""
        request = history_pb2.ExplainStockRequest(
            field=enum_number(BALANCE_FIELD, "field", field),
            page_size=page_size,
            read_at_least=read_at_least,
        )
        self._set_key(request.key, sku, location, tenant)
        _set_as_of(request, as_of)
        return Explanations(self._pages("explain_stock", request, timeout_s), page_token)

    def list_reservations(
        self,
        sku: str = "",
        location: str = "",
        *,
        state: Literal["held", "allocated"] | types.PromiseState | None = None,
        at_risk: bool = False,
        reference: str = "",
        customer: str = "",
        page_size: int = 0,
        page_token: str = "",
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Listing[Reservation]:
        """Reservations, newest first: ``async for reservation in client.list_reservations("TEA",
        "LONDON")``.

        By `sku` and `location`: open ones with units there, of the `state` alone if one is given;
        with `at_risk`, those whose units may not be there, as more is promised than may be sold
        (holds, then allocations). By `reference`: all that have it. By `sku` and `customer`: those
        of the customer with units of the SKU.
        """
        request = history_pb2.ListReservationsRequest(
            tenant=self._of(tenant), page_size=page_size, read_at_least=read_at_least
        )
        by_key = bool(sku and location and not reference and not customer)
        if by_key:
            self._set_key(request.at_risk if at_risk else request.key, sku, location, tenant)
        elif reference and not (sku or location or customer):
            request.reference = reference
        elif sku and customer and not (location or reference):
            request.customer.sku = sku
            request.customer.customer = customer
        else:
            raise ValueError("name either sku and location, or a reference, or sku and customer")
        if (at_risk or state is not None) and (not by_key or (at_risk and state is not None)):
            raise ValueError("state and at_risk each narrow sku and location, and not both at once")
        if state is not None:
            request.state = enum_number(PROMISE_STATE, "state", state)
        fetch = self._pages("list_reservations", request, timeout_s)
        return Listing(fetch, _read_reservations, page_token)

    async def configuration(
        self,
        *,
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> NodeConfiguration:
        """Reads all that is configured: locations, kits, customer limits, how long holds last."""
        request = configuration_pb2.GetConfigurationRequest(
            tenant=self._of(tenant), read_at_least=read_at_least
        )
        locations: list[Location] = []
        kits: list[Kit] = []
        limits: list[CustomerLimit] = []
        cursor = ""
        while True:
            response = await self._read("get_configuration", request, timeout_s)
            locations += map(_convert_configuration.location, response.locations)
            kits += map(_convert_configuration.kit, response.kits)
            limits += map(_convert_configuration.customer_limit, response.customer_limits)
            # All pages cover at least what the first does.
            cursor = cursor or response.cursor
            request.page_token = response.next_page_token
            if not request.page_token:
                hold_times = _convert_configuration.hold_times(response.hold_times)
                return NodeConfiguration(
                    tuple(locations), tuple(kits), tuple(limits), hold_times, cursor
                )

    async def node(self, *, timeout_s: float | None = None) -> Node:
        """Reads what the node is and how it is set."""
        response = await self._read("get_node", operations_pb2.GetNodeRequest(), timeout_s)
        return _convert_configuration.node(response)

    async def wait_for_subscriber(
        self,
        name: str,
        cursor: str,
        *,
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> str:
        """Waits until the feed that was opened with `name` has been sent all that `cursor`, of a
        write or any answer, covers; gives how far it is.

        Raises DeadlineExpired, which names it, when it is not so far in time or was never opened.
        """
        request = feed_pb2.WaitForSubscriberRequest(
            tenant=self._of(tenant), name=name, cursor=cursor
        )
        try:
            response = await self._read("wait_for_subscriber", request, timeout_s)
        except DeadlineExpired as late:
            if late.reason:
                raise
            # The deadline is this side's, which knows nothing but whom it has waited for.
            message = f"subscriber {name} was not sent all of it before the deadline"
            raise DeadlineExpired(message, code=late.code, metadata={"name": name}) from late
        return str(response.cursor)

    def _of(self, tenant: str | None) -> str:
        return self._tenant if tenant is None else tenant

    def _set_key(self, key: Any, sku: str, location: str, tenant: str | None) -> None:
        key.tenant = self._of(tenant)
        key.sku = sku
        key.location = location

    def _pages(
        self, name: str, request: Any, timeout_s: float | None
    ) -> Callable[[str], Coroutine[Any, Any, Any]]:
        """Fetches the page of a token."""

        async def fetch(page_token: str) -> Any:
            request.page_token = page_token
            return await self._read(name, request, timeout_s)

        return fetch

    async def _read(self, name: str, request: Any, timeout_s: float | None) -> Any:
        limit_s = self._timeout_s if timeout_s is None else check_timeout(timeout_s)
        return await self._connection.unary(name, request, limit_s)


def _set_as_of(request: Any, as_of: datetime | str | None) -> None:
    if isinstance(as_of, datetime):
        set_moment(request.as_of_time, as_of)
    elif as_of is not None:
        request.as_of_cursor = as_of


def _read_events(response: history_pb2.ListEventsResponse) -> tuple[Event, ...]:
    return tuple([Event(each) for each in response.events])


def _read_reservations(
    response: history_pb2.ListReservationsResponse,
) -> tuple[Reservation, ...]:
    return tuple([_convert.reservation(each) for each in response.reservations])
