"""The quantities of a Shopify shop: read, compared, set.

A quantity is only set where Shopify still has what is known of it (compare and set). Where it does
not, somebody has bought: the quantity is read, then the orders are taken in that are not known yet,
then the engine is asked what may be sold now, and that is set. In this order nothing that was sold
is ever overwritten.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from holdfast.adapters.adapter import Context
from holdfast.adapters.inbound import Place
from holdfast.adapters.outcomes import PermanentError, PushError, RetryLater
from holdfast.adapters.shopify_api import ShopifyApi
from holdfast.adapters.source import ChannelUpdate
from holdfast.errors import AttemptDecided, DeadlineExpired, Overloaded, Unavailable

QUANTITIES_MAX = 250
"""Quantities that one mutation may set, and nodes that one query may name."""

ROUNDS_MAX = 8
"""How often a push reads and sets again while shoppers are faster."""

UNEXPLAINED_TRIES_MAX = 3
UNEXPLAINED_WAIT_S = 2.0
"""How often, and how long each time, a push waits for the order behind a quantity that has changed.
Then somebody has changed it by hand, and the engine's number goes before that."""

LEVELS = """query Levels($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }
    }
  }
}"""

SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { code field message }
  }
}"""

STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
NEW_KEY = frozenset({"IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"})
IN_PROGRESS = "IDEMPOTENCY_CONCURRENT_REQUEST"
ENGINE_BUSY = (Unavailable, Overloaded, DeadlineExpired, AttemptDecided)


class Known(NamedTuple):
    """What Shopify had when it was read or set; `token` names that moment, so that a push of the
    same number from the same moment is the same push. `touches` counts the orders until then."""

    units: int
    token: str
    touches: int


class Wish(NamedTuple):
    """What a place is to have."""

    sku: str
    units: int


class Suspicion(NamedTuple):
    """A quantity that has changed for no order that is known."""

    touches: int
    tries: int


TakeIn = Callable[[Collection[Place]], Awaitable[None]]
"""Takes in every order that may be behind the quantities of places that were just read."""


class ShopStock:
    """What one shop has, as far as it is known, and how that is brought in line with the engine."""

    def __init__(self, api: ShopifyApi, context: Context, take_in: TakeIn) -> None:
        self._api = api
        self._context = context
        self._take_in = take_in
        self._known: dict[Place, Known] = {}
        self._touches: Counter[Place] = Counter()
        self._suspicions: dict[Place, Suspicion] = {}
        self._stated: dict[str, tuple[int, int]] = {}
        self._salt = 0

    async def newest(self, updates: Iterable[ChannelUpdate]) -> dict[str, ChannelUpdate]:
        """The updates without those that are older than what was stated: an order may have had
        something newer stated while they waited. Of two with one version, the engine is asked."""
        found: dict[str, ChannelUpdate] = {}
        again: list[str] = []
        for update in updates:
            order, stated = (update.epoch, update.version), self._stated.get(update.sku, (0, 0))
            if order > stated:
                found[update.sku] = update
            elif order == stated:
                again.append(update.sku)
        return found | await self.latest(again)

    def touch(self, places: Iterable[Place], being_stated: Collection[Place] = ()) -> None:
        """Orders were taken in that have changed these places: what was known of them does not hold
        any more, unless it was read just now."""
        for place in places:
            self._touches[place] += 1
            if place not in being_stated:
                self._known.pop(place, None)

    async def latest(self, skus: Iterable[str]) -> dict[str, ChannelUpdate]:
        """What the engine says now of SKUs."""
        try:
            return {sku: await self._context.source.latest(sku) for sku in skus}
        except ENGINE_BUSY as error:
            raise RetryLater(str(error), whole_channel=True, reason="engine") from None

    async def state(self, updates: Mapping[str, ChannelUpdate]) -> dict[str, PushError]:
        """Sets what the updates say, or newer ones; gives the failures by SKU."""
        updates = dict(updates)
        failures: dict[str, PushError] = {}
        for _ in range(ROUNDS_MAX):
            wishes = _wishes(update for sku, update in updates.items() if sku not in failures)
            unknown = {place: wish for place, wish in wishes.items() if place not in self._known}
            if unknown:
                failures |= await self._read(unknown)
                await self._take_in(unknown)
                failures |= self._unexplained(unknown)
                updates |= await self.latest({wish.sku for wish in unknown.values()})
                continue
            due = [
                (place, wish)
                for place, wish in wishes.items()
                if self._known[place].units != wish.units
            ]
            if not due:
                self._remember(updates, failures)
                return failures
            for start in range(0, len(due), QUANTITIES_MAX):
                failures |= await self._set(due[start : start + QUANTITIES_MAX])
        for wish in wishes.values():
            error = RetryLater("Shoppers were faster, again and again.", reason="stale")
            failures.setdefault(wish.sku, error)
        return failures

    def _remember(
        self, updates: Mapping[str, ChannelUpdate], failures: Mapping[str, PushError]
    ) -> None:
        for sku, update in updates.items():
            if sku not in failures:
                self._stated[sku] = (update.epoch, update.version)

    async def _read(self, unknown: Mapping[Place, Wish]) -> dict[str, PushError]:
        """Reads what Shopify has; gives a failure for what it does not have."""
        failures: dict[str, PushError] = {}
        for location in {place.external_location for place in unknown}:
            items = [place.item for place in unknown if place.external_location == location]
            for start in range(0, len(items), QUANTITIES_MAX):
                part = items[start : start + QUANTITIES_MAX]
                found = await self._api.ask(LEVELS, {"ids": part, "location": location})
                for item, node in zip(part, found["nodes"], strict=True):
                    place = Place(item, location)
                    level = (node or {}).get("inventoryLevel")
                    if level is None:
                        text = f"The shop does not stock {item} at {location}."
                        failures[unknown[place].sku] = PermanentError(text, reason="not_stocked")
                        continue
                    units = level["quantities"][0]["quantity"]
                    token = f"{self._context.clock.monotonic()}/{self._context.random()}"
                    self._known[place] = Known(units, token, self._touches[place])
        return failures

    def _unexplained(self, places: Mapping[Place, Wish]) -> dict[str, PushError]:
        """Failures for quantities that have changed while no order says why: it may be shown
        late."""
        failures: dict[str, PushError] = {}
        for place, wish in places.items():
            suspicion = self._suspicions.pop(place, None)
            if suspicion is None or self._touches[place] != suspicion.touches:
                continue
            if suspicion.tries < UNEXPLAINED_TRIES_MAX:
                self._suspicions[place] = suspicion._replace(tries=suspicion.tries + 1)
                self._known.pop(place, None)
                failures[wish.sku] = RetryLater(
                    "The shop's quantity has changed for no order that is known.",
                    after_s=UNEXPLAINED_WAIT_S,
                    reason="unexplained",
                )
        return failures

    async def _set(self, due: Sequence[tuple[Place, Wish]]) -> dict[str, PushError]:
        """Sets quantities where Shopify has what is known. What is stale is not known any more;
        what else is wrong is given as failures. Then none was set."""
        known = [self._known.get(place) for place, _ in due]
        if None in known:
            return {}  # An order was taken in meanwhile: the next round reads again.
        quantities = [
            {
                "inventoryItemId": place.item,
                "locationId": place.external_location,
                "quantity": wish.units,
                "changeFromQuantity": each.units,
            }
            for (place, wish), each in zip(due, known, strict=True)
            if each is not None
        ]
        given = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://holdfast/Channel/{quote(self._context.channel)}",
            "quantities": quantities,
        }
        tokens = [each.token for each in known if each is not None]
        key = str(uuid5(NAMESPACE_URL, json.dumps([self._salt, given, tokens], sort_keys=True)))
        answer = await self._api.ask(SET, {"input": given, "key": key})
        errors = answer["inventorySetQuantities"]["userErrors"]
        if not errors:
            for place, wish in due:
                self._known[place] = Known(wish.units, key, self._touches[place])
            return {}
        return self._refused(due, errors)

    def _refused(
        self, due: Sequence[tuple[Place, Wish]], errors: Iterable[Mapping[str, Any]]
    ) -> dict[str, PushError]:
        failures: dict[str, PushError] = {}
        for error in errors:
            index = _index(error["field"])
            if error["code"] in NEW_KEY:
                self._salt += 1
            elif error["code"] == IN_PROGRESS:
                raise RetryLater(error["message"], after_s=1.0, whole_channel=True)
            elif index is None or index >= len(due):
                raise PermanentError(f"{error['code']}: {error['message']}", reason="user_error")
            elif error["code"] in STALE:
                place, _ = due[index]
                known = self._known.pop(place, None)
                self._context.count("stale", "")
                if known is not None:
                    self._suspicions[place] = Suspicion(known.touches, 0)
            else:
                place, wish = due[index]
                text = f"{error['code']}: {error['message']} ({place})"
                failures[wish.sku] = PermanentError(text, reason=error["code"].lower())
        return failures


def _wishes(updates: Iterable[ChannelUpdate]) -> dict[Place, Wish]:
    """What the shop's places are to have, as far as they are mapped and counted."""
    wishes: dict[Place, Wish] = {}
    for update in updates:
        if update.listing is not None and not update.unlimited:
            place = Place(update.listing.item, update.listing.external_location)
            wishes[place] = Wish(update.sku, update.units)
        for each in update.locations:
            if each.listing is not None and not each.unlimited:
                place = Place(each.listing.item, each.listing.external_location)
                wishes[place] = Wish(update.sku, each.units)
    return wishes


def _index(field: Sequence[str] | None) -> int | None:
    """Which quantity an error is about: ``["input", "quantities", "3", "quantity"]``."""
    if field and len(field) >= 3 and field[1] == "quantities" and field[2].isdecimal():
        return int(field[2])
    return None
