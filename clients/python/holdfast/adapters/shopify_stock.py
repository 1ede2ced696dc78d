"""The quantities of a Shopify shop: read, compared, set.

A quantity is only set where Shopify still has what is known of it (compare and set). Where it does
not, somebody has bought: the quantity is read, then the orders are taken in that are not known yet,
then the engine is asked what may be sold now, and that is set. In this order nothing that was sold
is ever overwritten.
"""

import json
from collections import Counter
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from holdfast.adapters.adapter import Context
from holdfast.adapters.inbound import Place
from holdfast.adapters.outcomes import PermanentError, PushError, RetryLater
from holdfast.adapters.shopify_api import ShopifyApi
from holdfast.adapters.shopify_levels import QUANTITIES_MAX, Levels
from holdfast.adapters.source import ChannelLocation, ChannelUpdate
from holdfast.errors import AttemptDecided, DeadlineExpired, Overloaded, Unavailable

ROUNDS_MAX = 8
"""How often a push reads and sets again while shoppers are faster."""

STALE_DIVISOR = 4
"""By how much fewer quantities are set at once after a comparison has failed: a mutation sets all
or none."""

UNEXPLAINED_S = 6.0
"""How long a push waits for the order behind a quantity that has changed. Then somebody has changed
it by hand, and the engine's number goes before that."""

UNEXPLAINED_TRY_S = 2.0
"""How long it waits before it looks again."""

SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { code field message }
  }
}"""

STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
NEW_KEY = frozenset({"IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"})
NOT_STOCKED = "ITEM_NOT_STOCKED_AT_LOCATION"
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
    until: float
    """When it was waited for long enough, on the monotonic clock."""


class Drift(NamedTuple):
    """A place that shows something else than it should, for no order that is known."""

    sku: str
    item: str
    location: str
    shown: int
    expected: int


TakeIn = Callable[[Collection[Place]], Awaitable[None]]
"""Takes in every order that may be behind the quantities of places that were just read."""


class ShopStock:
    """What one shop has, as far as it is known, and how that is brought in line with the engine."""

    def __init__(
        self,
        api: ShopifyApi,
        context: Context,
        take_in: TakeIn,
        *,
        shop: str,
        activate: bool = False,
    ) -> None:
        """With `activate`, an item is stocked where it has to be set and is not stocked yet."""
        self._api = api
        self._levels = Levels(api)
        self._shop = shop
        self._activates = activate
        self._context = context
        self._take_in = take_in
        self._known: dict[Place, Known] = {}
        self._touches: Counter[Place] = Counter()
        self._suspicions: dict[Place, Suspicion] = {}
        self._stated: dict[str, tuple[int, int]] = {}
        self._salt = 0

    def _wishes(self, updates: Iterable[ChannelUpdate]) -> dict[Place, Wish]:
        """What the shop's places are to have, as far as they are mapped and counted. A channel may
        have other shops, too."""
        wishes: dict[Place, Wish] = {}
        for update in updates:
            stated: list[ChannelUpdate | ChannelLocation] = [update, *update.locations]
            for each in stated:
                listing = each.listing
                if listing is not None and listing.shop == self._shop and not each.unlimited:
                    place = Place(listing.item, listing.external_location)
                    wishes[place] = Wish(update.sku, each.units)
        return wishes

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
        """Sets what the updates say, or newer ones; gives the failures by SKU.

        What is known is set while other places are read again, and the more often a comparison has
        failed, the fewer are set at once: so a push comes to an end also while others buy.
        """
        updates = dict(updates)
        failures: dict[str, PushError] = {}
        size = QUANTITIES_MAX
        for _ in range(ROUNDS_MAX):
            unknown = {
                place: wish
                for place, wish in self._open(updates, failures).items()
                if place not in self._known
            }
            if unknown:
                failures |= await self._read(unknown)
                await self._take_in(unknown)
                failures |= self._unexplained(unknown)
                updates |= await self.latest({wish.sku for wish in unknown.values()})
            open_ = self._open(updates, failures)
            if not open_:
                break
            due = [(place, wish) for place, wish in open_.items() if place in self._known]
            for start in range(0, len(due), size):
                failures |= await self._set(due[start : start + size])
            if any(place not in self._known for place, _ in due):
                size = max(1, size // STALE_DIVISOR)
        for wish in self._open(updates, failures).values():
            error = RetryLater("Shoppers were faster, again and again.", reason="stale")
            failures.setdefault(wish.sku, error)
        self._remember(updates, failures)
        return failures

    def _open(
        self, updates: Mapping[str, ChannelUpdate], failures: Collection[str]
    ) -> dict[Place, Wish]:
        """What is still to be brought in line: read, or set."""
        wishes = self._wishes(update for sku, update in updates.items() if sku not in failures)
        return {
            place: wish
            for place, wish in wishes.items()
            if place not in self._known or self._known[place].units != wish.units
        }

    def _remember(
        self, updates: Mapping[str, ChannelUpdate], failures: Mapping[str, PushError]
    ) -> None:
        for sku, update in updates.items():
            if sku not in failures:
                self._stated[sku] = (update.epoch, update.version)

    async def compare(self, skus: Collection[str], threshold: int) -> list[Drift]:
        """Looks for what has changed for no order; gives what is more than `threshold` units off.
        That is suspicious from now on: stating it waits for an order before it is corrected."""
        wishes = self._wishes((await self.latest(skus)).values())
        before = {place: self._touches[place] for place in wishes}
        levels = {place: units async for place, units in self._levels.read(wishes)}
        await self._take_in(())
        drifts = []
        for place, wish in self._wishes((await self.latest(skus)).values()).items():
            shown, known = levels.get(place), self._known.get(place)
            expected = wish.units if known is None else known.units
            if shown is None or abs(shown - expected) <= threshold:
                continue
            if self._touches[place] != before.get(place):
                continue  # An order has changed it meanwhile: it is stated anyway.
            self._known.pop(place, None)
            self._suspicions.setdefault(place, self._suspicion(self._touches[place]))
            drifts.append(Drift(wish.sku, *place, shown, expected))
        return drifts

    async def _read(self, unknown: Mapping[Place, Wish]) -> dict[str, PushError]:
        """Reads what Shopify has; gives a failure for what it does not have."""
        failures: dict[str, PushError] = {}
        missing = dict(unknown)
        unstocked = []
        async for place, units in self._levels.read(unknown):
            if units is not None:
                self._know(place, units)
                del missing[place]
            elif self._activates:
                unstocked.append(place)
        for place in unstocked:
            wish = missing.pop(place)
            try:
                self._know(place, await self._levels.activate(place, self._token()))
            except PermanentError as error:
                failures[wish.sku] = error
            else:
                self._context.count("activated", "")
        for place, wish in missing.items():
            text = f"The shop does not stock {place.item} at {place.external_location}."
            failures[wish.sku] = PermanentError(text, reason="not_stocked")
        return failures

    def _know(self, place: Place, units: int) -> None:
        self._known[place] = Known(units, self._token(), self._touches[place])

    def _token(self) -> str:
        return f"{self._context.clock.monotonic()}/{self._context.random()}"

    def _suspicion(self, touches: int) -> Suspicion:
        return Suspicion(touches, self._context.clock.monotonic() + UNEXPLAINED_S)

    def _unexplained(self, places: Mapping[Place, Wish]) -> dict[str, PushError]:
        """Failures for quantities that have changed while no order says why: it may be shown
        late."""
        failures: dict[str, PushError] = {}
        for place, wish in places.items():
            suspicion = self._suspicions.pop(place, None)
            if suspicion is None or self._touches[place] != suspicion.touches:
                continue
            if self._context.clock.monotonic() < suspicion.until:
                self._suspicions[place] = suspicion
                self._known.pop(place, None)
                failures[wish.sku] = RetryLater(
                    "The shop's quantity has changed for no order that is known.",
                    after_s=UNEXPLAINED_TRY_S,
                    reason="unexplained",
                )
                continue
            known = self._known.get(place)
            self._context.count("overwritten", "")
            self._context.log.warning(
                "A quantity that was changed for no order is overwritten.",
                extra={"sku": wish.sku, "place": place, "was": known and known.units},
            )
        return failures

    async def _set(self, due: Sequence[tuple[Place, Wish]]) -> dict[str, PushError]:
        """Sets quantities where Shopify has what is known. What is stale is not known any more;
        what else is wrong is given as failures. Then none was set."""
        # What an order has touched meanwhile is read again by the next round.
        due = [(place, wish) for place, wish in due if place in self._known]
        if not due:
            return {}
        known = [self._known[place] for place, _ in due]
        quantities = [
            {
                "inventoryItemId": place.item,
                "locationId": place.external_location,
                "quantity": wish.units,
                "changeFromQuantity": each.units,
            }
            for (place, wish), each in zip(due, known, strict=True)
        ]
        given = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://holdfast/Channel/{quote(self._context.channel)}",
            "quantities": quantities,
        }
        tokens = [each.token for each in known]
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
            elif error["code"] == NOT_STOCKED and self._activates:
                self._known.pop(due[index][0], None)  # The next round has it stocked.
            elif error["code"] in STALE:
                place, _ = due[index]
                known = self._known.pop(place, None)
                self._context.count("stale", "")
                if known is not None:
                    self._suspicions[place] = self._suspicion(known.touches)
            else:
                place, wish = due[index]
                text = f"{error['code']}: {error['message']} ({place})"
                failures[wish.sku] = PermanentError(text, reason=error["code"].lower())
        return failures


def _index(field: Sequence[str] | None) -> int | None:
    """Which quantity an error is about: ``["input", "quantities", "3", "quantity"]``."""
    if field and len(field) >= 3 and field[1] == "quantities" and field[2].isdecimal():
        return int(field[2])
    return None
