"""The bounds that commands share: what is short, what is missing, what is out of range."""

from collections.abc import Iterator

from engine.core.availability import available_to
from engine.core.events import AtRisk, ShortfallDetected
from engine.core.limits import AT_RISK_MAX, BALANCE_MAX, UNAVAILABLE_CAUSES_MAX
from engine.core.model import IfShort, Key, Reservation, ShortCause, ShortLine, Stock
from engine.core.rejections import BalanceOutOfRange, BelowPromised, KitHasNoStock, TooMany
from engine.core.view import View


def short_line(stock: Stock, channel: str, key: Key, asked: int) -> ShortLine | None:
    """Why a command may not take `asked` units at once; None if it may: whatever it asks for where
    nothing is counted, else what is available to the channel."""
    if not stock.tracked:
        return None
    available = available_to(stock, channel)
    if asked <= available:
        return None
    cause = ShortCause.CHANNEL if asked <= stock.available else ShortCause.STOCK
    return ShortLine("", key, cause, asked, max(0, available))


def below_promised(key: Key, stock: Stock, change: int, if_short: IfShort) -> BelowPromised | None:
    """Why a command that asks may not change what may be sold by `change`; None if it may.

    It may not cut into what was promised. It may always bring more, even if that is not yet enough.
    """
    if change >= 0 or if_short is IfShort.RECORD:
        return None
    sellable = stock.sellable + change
    return BelowPromised(key, sellable, stock.promised) if sellable < stock.promised else None


def shortfall(
    view: View,
    key: Key,
    stock: Stock,
    change: int,
    own: AtRisk | None = None,
    after: Reservation | None = None,
) -> tuple[ShortfallDetected, ...]:
    """The event due when `change` to sellable less promised makes a shortfall, or makes it worse.

    `stock` is the state before, and so is what the view says is promised: a decision that makes
    promises itself names them as its `own`, the newest of their kind, and one that changes a
    reservation says how that is `after` it. Nothing is ever missing where nothing is counted.
    """
    if change >= 0 or not stock.tracked:
        return ()
    return shortfall_of(view, key, stock.promised - stock.sellable - change, own, after)


def shortfall_of(
    view: View,
    key: Key,
    missing: int,
    own: AtRisk | None = None,
    after: Reservation | None = None,
) -> tuple[ShortfallDetected, ...]:
    """The event that says who is at risk because so many units are missing; none if none are."""
    if missing <= 0:
        return ()
    at_risk: list[AtRisk] = []
    uncovered = missing
    for one in _at_risk(view, key, own, after):
        if uncovered <= 0:
            break
        if len(at_risk) == AT_RISK_MAX:
            return (ShortfallDetected(key, missing, tuple(at_risk), more=True),)
        at_risk.append(one)
        uncovered -= one.units
    return (ShortfallDetected(key, missing, tuple(at_risk)),)


def _at_risk(
    view: View, key: Key, own: AtRisk | None, after: Reservation | None
) -> Iterator[AtRisk]:
    """Who has units with stock behind them: holds, then allocations, the newest first."""
    for allocated in (False, True):
        if own is not None and own.allocated is allocated:
            yield own
        for reservation in view.promised(key, allocated=allocated):
            changed = after is not None and reservation.reservation_id == after.reservation_id
            units = _backed_units(after if after and changed else reservation, key, allocated)
            if units:
                yield AtRisk(reservation.reservation_id, units, allocated)


def _backed_units(reservation: Reservation, key: Key, allocated: bool) -> int:
    """Units held, or allocated, at the SKU-location with stock behind them."""
    return sum(
        line.allocated - line.allocated_backordered
        if allocated
        else line.held - line.held_backordered
        for line in reservation.lines
        if line.key == key and line.counted
    )


def out_of_range(key: Key, field: str, value: int) -> BalanceOutOfRange | None:
    """The refusal of a balance beyond plus or minus BALANCE_MAX; None within it."""
    if -BALANCE_MAX <= value <= BALANCE_MAX:
        return None
    return BalanceOutOfRange(key, field, value, BALANCE_MAX)


def units_of_cause(stock: Stock, cause: str) -> int:
    """Units that are unavailable for this cause."""
    for name, units in stock.unavailable:
        if name == cause:
            return units
    return 0


def too_unavailable(
    key: Key, stock: Stock, cause: str, units: int
) -> TooMany | BalanceOutOfRange | None:
    """Why so many more units may not be unavailable for this cause; None if they may. An empty
    cause stands for what may be sold."""
    if not cause:
        return None
    causes = len(stock.unavailable)
    if causes >= UNAVAILABLE_CAUSES_MAX and not units_of_cause(stock, cause):
        return TooMany(key, "unavailable", causes + 1, UNAVAILABLE_CAUSES_MAX)
    return out_of_range(key, "unavailable", stock.unavailable_units + units)


def arrival_refused(
    key: Key, stock: Stock, quantity: int, cause: str
) -> TooMany | BalanceOutOfRange | None:
    """Why so many units may not arrive, for this cause not to be sold; None if they may."""
    refusal = out_of_range(key, "on_hand", stock.on_hand + quantity)
    return refusal or (too_unavailable(key, stock, cause, quantity) if quantity else None)


def no_stock_of_kit(view: View, key: Key) -> KitHasNoStock | None:
    """The refusal of stock of a SKU that is a kit; None if it is none."""
    return None if view.kit(key.tenant, key.sku) is None else KitHasNoStock(key)
