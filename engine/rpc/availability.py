"""BatchGetAvailability: gathered from the shards of all SKUs and, for kits, of their components."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from holdfast.v1 import inventory_pb2 as pb

from engine.core.configuration import Component
from engine.core.limits import (
    AVAILABILITY_KEYS_MAX,
    AVAILABILITY_LOCATIONS_MAX,
    KIT_COMPONENTS_READ_MAX,
)
from engine.rpc.calls import ask, unanswered
from engine.rpc.checks import InvalidField, check_count, check_required, check_text
from engine.rpc.convert_state import put_availability
from engine.rpc.cursors import covering, positions_at_least
from engine.shard.channel_queries import LocationAvailable
from engine.shard.port import Shards
from engine.shard.queries import AvailabilityRead, ReadAvailability, TooLarge
from engine.shard.slots import slot_of

Place = tuple[str, str]
"""A SKU and a location, or all of them if that is empty."""

Locations = tuple[LocationAvailable, ...]
Components = tuple[Component, ...]


async def batch_get_availability(
    shards: Shards, request: pb.BatchGetAvailabilityRequest
) -> pb.BatchGetAvailabilityResponse:
    """Read what may be promised of many keys: each shard is asked once, and once for each key,
    however often the request repeats it, and once more for components of kits; the answer keeps the
    order of the request."""
    check_text(request.tenant, "tenant")
    check_text(request.channel, "channel")
    check_text(request.excluding_reservation, "excluding_reservation")
    at_least = positions_at_least(request.read_at_least, shards)
    keys = _keys(request.keys)
    gathered = _Gathered(shards, request)
    await gathered.read(dict.fromkeys(keys))
    await gathered.read_components()
    _check_locations(sum(len(gathered.found[key]) for key in keys))
    response = pb.BatchGetAvailabilityResponse(
        cursor=covering(at_least, gathered.positions, shards)
    )
    for key in keys:
        put_availability(response.availabilities.add(), key[0], gathered.found[key])
    return response


class _Gathered:
    """What was read so far for one request."""

    def __init__(self, shards: Shards, request: pb.BatchGetAvailabilityRequest) -> None:
        self.found: dict[Place, Locations] = {}
        self.positions: dict[int, int] = {}
        """By shard, the earliest position that was read there."""
        self._shards = shards
        self._request = request
        self._kits: dict[Place, Components] = {}

    async def read(self, places: Iterable[Place]) -> None:
        """Read these places, and learn which of their SKUs are kits."""
        tenant, shards = self._request.tenant, self._shards
        of_shard: dict[int, list[Place]] = {}
        for place in places:
            of_shard.setdefault(shards.shard_of(slot_of(tenant, place[0])), []).append(place)
        await asyncio.gather(*(self._read_shard(own) for own in of_shard.values()))

    async def _read_shard(self, own: list[Place]) -> None:
        request, shards = self._request, self._shards
        slot = slot_of(request.tenant, own[0][0])
        question = ReadAvailability(
            request.tenant, tuple(own), request.channel, request.excluding_reservation
        )
        result = await ask(shards, slot, question)
        shard = shards.shard_of(slot)
        if isinstance(result, TooLarge):
            raise _too_large(result)
        if not isinstance(result, AvailabilityRead):
            raise unanswered(result, shard, question)
        self.found.update(zip(own, result.availabilities, strict=True))
        self._kits.update({own[index]: components for index, components in result.kits})
        self.positions[shard] = min(self.positions.get(shard, result.position), result.position)

    async def read_components(self) -> None:
        """Read the components of the kits that were found, and compute what may be promised of
        each kit."""
        if not self._kits:
            return
        kits = dict(self._kits)
        places = dict.fromkeys(
            (component.sku, location)
            for (_, location), components in kits.items()
            for component in components
        )
        if len(places) > KIT_COMPONENTS_READ_MAX:
            limit = f"kits with at most {KIT_COMPONENTS_READ_MAX} components in all"
            raise InvalidField("keys", f"{len(places)} components", limit)
        for batch in _batches(list(places)):
            await self.read(batch)
        for place, components in kits.items():
            find = partial(self._of_component, place[1])
            self.found[place] = kit_availability(components, [find(each) for each in components])

    def _of_component(self, location: str, component: Component) -> Locations:
        return self.found[component.sku, location]


def _batches(places: list[Place]) -> list[list[Place]]:
    size = AVAILABILITY_KEYS_MAX
    return [places[start : start + size] for start in range(0, len(places), size)]


def kit_availability(components: Components, found: Sequence[Locations]) -> Locations:
    """How many kits may be promised at each location that has all components: as many as the
    scarcest of them allows. A kit has no version; it is unlimited if every component is."""
    by_location = [{one.location: one for one in locations} for locations in found]
    common = set(by_location[0]).intersection(*by_location[1:])
    kits = []
    for location in sorted(common):
        kits_of = [
            at[location].available // component.quantity
            for component, at in zip(components, by_location, strict=True)
            if not at[location].unlimited
        ]
        kits.append(LocationAvailable(location, min(kits_of, default=0), not kits_of, 0))
    return tuple(kits)


def _check_locations(count: int) -> None:
    """Refuse an answer that is too large, before its message is made."""
    if count > AVAILABILITY_LOCATIONS_MAX:
        raise _too_large(TooLarge("keys", count, AVAILABILITY_LOCATIONS_MAX))


def _too_large(result: TooLarge) -> InvalidField:
    limit = f"keys with at most {result.limit} locations in one answer"
    return InvalidField(result.field, f"{result.value} locations", limit)


def _keys(messages: Sequence[pb.AvailabilityKey]) -> list[Place]:
    check_count(len(messages), 1, AVAILABILITY_KEYS_MAX, "keys", "keys")
    keys: list[Place] = []
    for index, message in enumerate(messages):
        check_required(message.sku, f"keys[{index}].sku")
        check_text(message.location, f"keys[{index}].location")
        keys.append((message.sku, message.location))
    return keys
