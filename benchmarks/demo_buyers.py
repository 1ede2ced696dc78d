"""The buyers of the flash sale, each a task of its own that knows only what the SDK answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from holdfast import Client
from holdfast.errors import InsufficientStock, ReservationExpired
from holdfast.types import Committed, LineResult, ReservationStatus, Reserved

from benchmarks.demo_plan import HOT_SKU, LOCATION, Behaviour, Buyer
from benchmarks.persist import until_known

SHIPPED_EVERY = 2
"""The warehouse ships every so many of the paid orders before the sale is over."""

Answer = TypeVar("Answer")


@dataclass
class Answers:
    """What all buyers together were told: the only source of the report's figures of sale."""

    counts: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    """Units by SKU that a commit confirmed, less those of orders cancelled afterwards."""
    shipped: Counter[str] = field(default_factory=Counter)
    left_to_expire: dict[str, datetime] = field(default_factory=dict)
    """The deadline of each reservation that nobody came back for."""
    acknowledged: set[str] = field(default_factory=set)
    """Request ids of writes that were answered and changed something."""
    answered_at: list[float] = field(default_factory=list)
    """Monotonic time of every answer."""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """How long each call took, by command."""
    wrong: list[str] = field(default_factory=list)
    """Answers that cannot be right, such as two effects of one request id."""


class Buyers:
    """Runs buyers against a node through one client."""

    def __init__(self, client: Client, answers: Answers) -> None:
        self._client = client
        self._answers = answers

    async def run(self, buyer: Buyer, opened_at: float) -> None:
        """One buyer, from arrival to the end."""
        await asyncio.sleep(max(0.0, opened_at + buyer.arrives_s - time.monotonic()))
        counts = self._answers.counts
        counts["arrived"] += 1
        reserved = await self._get_hold(buyer)
        if reserved is None:
            counts["left with nothing"] += 1
        else:
            counts["held"] += 1
            await _NEXT[buyer.behaviour](self, buyer, reserved)
        counts["gone"] += 1

    async def _get_hold(self, buyer: Buyer) -> Reserved | None:
        """Ask for the basket; where it is short, come back or be content with the rest."""
        basket = list(buyer.basket)
        returns = buyer.comes_back
        for attempt in range(2 + buyer.comes_back):
            try:
                return await self._reserve(buyer, basket, attempt)
            except InsufficientStock as refusal:
                self._answers.counts["refused"] += 1
                short = {line.sku for line in refusal.short_lines}
                if not short or not short <= {sku for sku, _ in basket}:
                    self._answers.wrong.append(f"a refusal does not name its short lines: {short}")
                if HOT_SKU in short and returns:
                    returns -= 1
                    await asyncio.sleep(1.0 + buyer.thinks_s)
                    continue
                basket = [(sku, units) for sku, units in basket if sku not in short]
                if not basket or (HOT_SKU in short and not buyer.takes_the_rest):
                    return None
        return None

    async def _reserve(self, buyer: Buyer, basket: list[tuple[str, int]], attempt: int) -> Reserved:
        request_id = f"{buyer.number}-reserve-{attempt}"
        lines = [(sku, LOCATION, units) for sku, units in basket]

        async def ask() -> Reserved:
            return await self._client.reserve(
                lines, ttl_s=buyer.hold_s, reference=f"cart-{buyer.number}", request_id=request_id
            )

        reserved = await self._timed("reserve", ask)
        if buyer.behaviour is Behaviour.REPEATS:
            again = await self._timed("reserve", ask)
            self._answers.counts["repeated"] += 1
            same = (again.reservation_id, again.lines) == (reserved.reservation_id, reserved.lines)
            if not same or not again.replayed:
                self._answers.wrong.append(f"{request_id} was answered in two ways")
        if sorted((line.sku, line.quantity) for line in reserved.lines) != sorted(basket):
            self._answers.wrong.append(f"{request_id} holds other lines than it asked for")
        self._answers.acknowledged.add(request_id)
        return reserved

    async def _pay(self, buyer: Buyer, reserved: Reserved) -> Committed:
        await asyncio.sleep(buyer.thinks_s)
        request_id = f"{buyer.number}-commit"

        async def ask() -> Committed:
            return await self._client.commit(
                reserved.reservation_id, reference=f"order-{buyer.number}", request_id=request_id
            )

        committed = await self._timed("commit", ask)
        if buyer.behaviour is Behaviour.REPEATS:
            again = await self._timed("commit", ask)
            self._answers.counts["repeated"] += 1
            if again.lines != committed.lines:
                self._answers.wrong.append(f"{request_id} was answered in two ways")
        self._answers.acknowledged.add(request_id)
        self._confirm(committed.lines, 1)
        return committed

    def _confirm(self, lines: tuple[LineResult, ...], sign: int) -> None:
        for line in lines:
            self._answers.confirmed[line.sku] += sign * line.quantity

    async def _pays(self, buyer: Buyer, reserved: Reserved) -> None:
        await self._pay(buyer, reserved)
        self._answers.counts["paid"] += 1
        if buyer.number % SHIPPED_EVERY:
            return
        request_id = f"{buyer.number}-ship"
        shipped = await self._timed(
            "ship", lambda: self._client.ship(reserved.reservation_id, request_id=request_id)
        )
        self._answers.acknowledged.add(request_id)
        self._answers.counts["shipped"] += 1
        for line in shipped.lines:
            self._answers.shipped[line.sku] += line.quantity

    async def _abandons(self, _buyer: Buyer, reserved: Reserved) -> None:
        self._answers.counts["abandoned"] += 1
        self._left_to_expire(reserved)

    async def _comes_too_late(self, buyer: Buyer, reserved: Reserved) -> None:
        await asyncio.sleep(buyer.hold_s)
        try:
            committed = await self._pay(buyer, reserved)
        except ReservationExpired:
            self._answers.counts["came too late"] += 1
            self._left_to_expire(reserved)
        else:
            # By the engine's clock, which rules, it may have been in time.
            self._answers.counts["paid"] += 1
            recorded_at, ends_at = committed.recorded_at, reserved.expires_at
            if recorded_at is None or ends_at is None or recorded_at >= ends_at:
                self._answers.wrong.append(f"{committed.reservation_id} was paid after its end")

    def _left_to_expire(self, reserved: Reserved) -> None:
        if reserved.expires_at is None:
            self._answers.wrong.append(f"{reserved.reservation_id} is held without a deadline")
        else:
            self._answers.left_to_expire[reserved.reservation_id] = reserved.expires_at

    async def _cancels(self, buyer: Buyer, reserved: Reserved) -> None:
        await asyncio.sleep(buyer.thinks_s)
        await self._release(buyer, reserved, "payment_failed", ReservationStatus.RELEASED)
        self._answers.counts["cancelled before paying"] += 1

    async def _regrets(self, buyer: Buyer, reserved: Reserved) -> None:
        await self._pay(buyer, reserved)
        await asyncio.sleep(buyer.thinks_s)
        await self._release(buyer, reserved, "customer_cancelled", ReservationStatus.RELEASED)
        self._confirm(reserved.lines, -1)
        self._answers.counts["cancelled after paying"] += 1

    async def _release(
        self, buyer: Buyer, reserved: Reserved, reason: str, expected: ReservationStatus
    ) -> None:
        request_id = f"{buyer.number}-release"
        released = await self._timed(
            "release",
            lambda: self._client.release(
                reserved.reservation_id,
                reason=reason,  # type: ignore[arg-type]  # One of the two names given above.
                request_id=request_id,
            ),
        )
        self._answers.acknowledged.add(request_id)
        if released.status is not expected or sorted(released.lines) != sorted(reserved.lines):
            self._answers.wrong.append(f"{request_id} gave back other lines than were held")

    async def _timed(self, command: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until the outcome is known, and note how long that took, also if it is a refusal."""
        asked_at = time.monotonic()
        try:
            return await until_known(ask)
        finally:
            now = time.monotonic()
            self._answers.answered_at.append(now)
            self._answers.seconds.setdefault(command, []).append(now - asked_at)


_NEXT: dict[Behaviour, Callable[[Buyers, Buyer, Reserved], Awaitable[None]]] = {
    Behaviour.PAYS: Buyers._pays,
    Behaviour.REPEATS: Buyers._pays,
    Behaviour.ABANDONS: Buyers._abandons,
    Behaviour.COMES_TOO_LATE: Buyers._comes_too_late,
    Behaviour.CANCELS: Buyers._cancels,
    Behaviour.REGRETS: Buyers._regrets,
}
