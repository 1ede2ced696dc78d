"""Reconciliation: from time to time all that a shop shows is compared with the engine.

A push corrects only what it sets, so a quantity that somebody has changed by hand would stay until
the SKU's next event. A pass goes through the channel's listings page by page and remembers the page
with the subscription: when a process dies, the next one goes on there.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from holdfast.adapters.adapter import Context
from holdfast.adapters.shopify_stock import Drift
from holdfast.errors import InvalidField

MARK = "reconcile"
"""The mark of the subscription: when the pass began that was begun last, how many places and units
it has found different so far, and the page where it goes on; no page: it is over."""

PAGE_LISTINGS = 100
"""Listings that are compared at once: pushes wait no longer than that takes."""

Compare = Callable[[Collection[str]], Awaitable[list[Drift]]]
"""Compares SKUs, has corrected what is different, and gives what that is."""


class Pass(NamedTuple):
    """How far a pass has come."""

    began_at: datetime
    places: int = 0
    units: int = 0
    page_token: str = ""

    def written(self) -> str:
        """As a mark."""
        return f"{self.began_at.isoformat()} {self.places} {self.units} {self.page_token}"

    @classmethod
    def read(cls, mark: str) -> "Pass":
        """A mark."""
        began_at, places, units, page_token = mark.split(" ", 3)
        return cls(datetime.fromisoformat(began_at), int(places), int(units), page_token)


class Reconciliation:
    """The passes over one shop's listings."""

    def __init__(self, context: Context, shop: str, compare: Compare, *, every_s: float) -> None:
        """A pass begins `every_s` seconds after the one before it has begun."""
        self._context = context
        self._shop = shop
        self._compare = compare
        self._every = timedelta(seconds=every_s)
        self._pass = Pass(context.clock.now())

    async def start(self) -> None:
        """Goes on with the pass that was begun. Before the first one everything is pushed, so that
        it begins an interval later."""
        written = self._context.source.marks.get(MARK)
        if written:
            self._pass = Pass.read(written)
        else:
            await self._advance(self._pass)

    def due_in_s(self) -> float:
        """After how many seconds `step` has something to do."""
        if self._pass.page_token:
            return 0.0
        due_at = self._pass.began_at + self._every
        return max(0.0, (due_at - self._context.clock.now()).total_seconds())

    async def step(self) -> None:
        """Compares one page."""
        began = self._pass if self._pass.page_token else Pass(self._context.clock.now())
        listings = self._context.client.listings(
            self._context.channel, page_size=PAGE_LISTINGS, page_token=began.page_token
        )
        try:
            page = await listings.page()
        except InvalidField:
            # An older engine has given the page: the pass begins again.
            await self._advance(began._replace(page_token=""))
            return
        skus = dict.fromkeys(
            report.listing.sku for report in page or () if report.listing.shop == self._shop
        )
        drifts = await self._compare(skus) if skus else []
        for drift in drifts:
            self._context.log.warning(
                "A quantity was changed by somebody else.", extra=drift._asdict()
            )
        done = began._replace(
            places=began.places + len(drifts),
            units=began.units + sum(abs(drift.shown - drift.expected) for drift in drifts),
            page_token=listings.next_page_token,
        )
        await self._advance(done)
        if not done.page_token:
            self._context.reconciled(done.places, done.units)

    async def _advance(self, done: Pass) -> None:
        context = self._context
        await context.client.set_mark(context.subscription, MARK, done.written())
        self._pass = done
