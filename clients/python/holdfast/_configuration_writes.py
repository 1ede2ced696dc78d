"""Writes of the node's configuration. They do not travel in batches: each is answered once every
shard has recorded it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Unpack

from holdfast._command import Write, WriteOptions, set_length
from holdfast.types import Location, NodeConfigured
from holdfast.v1 import configuration_pb2


def configure_locations(
    locations: Iterable[Location], **options: Unpack[WriteOptions]
) -> Write[NodeConfigured]:
    """States how 1 to 1 000 locations are; others stay as they are.

    A location that was never configured is enabled and in no group. Gives `NodeConfigured` once
    every shard goes by it; raises InvalidField.
    """
    request = configuration_pb2.ConfigureLocationsRequest()
    for location in locations:
        if isinstance(location.groups, str):
            raise TypeError(f"groups is the string {location.groups!r}; it must be a list")
        request.locations.add(
            name=location.name,
            priority=location.priority,
            region=location.region,
            enabled=location.enabled,
            groups=location.groups,
        )
    return Write("configure_locations", request, request, options)


def define_kit(
    sku: str, components: Mapping[str, int], **options: Unpack[WriteOptions]
) -> Write[NodeConfigured]:
    """States that one unit of `sku` consists of so many units of each of the `components`; none: it
    is no kit any more.

    Reservations made before keep the components that they were made with. Gives `NodeConfigured`;
    raises KitHasNoStock, KitInKit, InvalidField.
    """
    request = configuration_pb2.DefineKitRequest(sku=sku)
    for component, quantity in components.items():
        request.components.add(sku=component, quantity=quantity)
    return Write("define_kit", request, request, options)


def limit_customers(
    sku: str,
    units: int,
    *,
    window: timedelta | None = None,
    **options: Unpack[WriteOptions],
) -> Write[NodeConfigured]:
    """States how many units of a SKU one customer may have, over all locations; 0: any number.

    Units count while they are held, allocated or waited for, and for the `window`, up to 366 days,
    after they were shipped. Gives `NodeConfigured`; raises InvalidField.
    """
    request = configuration_pb2.LimitCustomersRequest(sku=sku, units=units)
    if window is not None:
        set_length(request, "window", window)
    return Write("limit_customers", request, request, options)


def configure_holds(
    *,
    cart: timedelta | None = None,
    checkout: timedelta | None = None,
    order: timedelta | None = None,
    **options: Unpack[WriteOptions],
) -> Write[NodeConfigured]:
    """States how long holds of each class last from now on, of this tenant: 1 second to 90 days
    each. What is not given stays as it is, and so do the deadlines of holds that are there.

    Gives `NodeConfigured`; raises InvalidField.
    """
    request = configuration_pb2.ConfigureHoldsRequest()
    for name, length in (("cart", cart), ("checkout", checkout), ("order", order)):
        if length is not None:
            set_length(request.hold_times, name, length)
    return Write("configure_holds", request, request, options)
