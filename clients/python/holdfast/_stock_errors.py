"""Errors about SKU-locations, transfers and kits."""

from holdfast._error_base import Fact, HoldfastError, OfStock
from holdfast.types import ShortLine


class InsufficientStock(HoldfastError):
    """A promise asks for more than is available."""

    omitted_lines = Fact(int, "omitted_lines", "Short lines beyond those listed.")

    @property
    def short_lines(self) -> tuple[ShortLine, ...]:
        """Every line that could not be filled: with what was asked, what was available, and what
        stood in the way."""
        return self._short_lines


class UnknownStock(OfStock):
    """No such SKU-location; receive, expect, take_back, adjust, set_on_hand, configure and
    send_transfer create one."""


class BelowPromised(OfStock):
    """The change would leave less than is held and allocated; tell it with
    ``if_short="record"``."""

    on_hand = Fact(int, "on_hand", "Units that could be sold after it.")
    promised = Fact(int, "promised", "Units held and allocated.")


class BalanceOutOfRange(OfStock):
    """A balance would leave its range."""

    field = Fact(str, "field", "The balance.")
    value = Fact(str, "value", "What it would be.")
    limit = Fact(str, "limit", "What it may be.")


class VersionMismatch(OfStock):
    """The SKU-location's version is not `if_version`: somebody else changed it. Read it again, then
    decide."""

    expected = Fact(int, "expected", "The version that was stated.")
    actual = Fact(int, "actual", "The version that it has.")


class OnHandMismatch(OfStock):
    """The units on hand are not `if_on_hand`. Read them again, then decide."""

    expected = Fact(int, "expected", "The units that were stated.")
    actual = Fact(int, "actual", "The units that are there.")


class KitHasNoStock(OfStock):
    """The SKU is a kit, or is to be one: its components have stock, it has none of its own, nor any
    to allocate to a channel."""


class KitInKit(HoldfastError):
    """A component of a kit may not be a kit, and a kit may not be a component."""

    sku = Fact(str, "sku", "The kit.")
    component = Fact(str, "component", "The component.")


class UnknownTransfer(HoldfastError):
    """No such transfer in this tenant."""

    transfer_id = Fact(str, "transfer_id", "The transfer.")


class TransferQuantityExceeded(HoldfastError):
    """A transfer has fewer units on their way."""

    transfer_id = Fact(str, "transfer_id", "The transfer.")
    asked = Fact(int, "asked", "Units that were told of.")
    limit = Fact(int, "limit", "Units on their way.")


class UnavailableQuantityExceeded(OfStock):
    """Fewer units are unavailable for this cause."""

    unavailable_cause = Fact(str, "unavailable_cause", "The cause.")
    asked = Fact(int, "asked", "Units asked for.")
    limit = Fact(int, "limit", "Units that are unavailable for it.")


class UnknownIncoming(OfStock):
    """Nothing is expected under this reference."""

    reference = Fact(str, "reference", "The reference.")


class SourceStale(OfStock):
    """The source has told this, or something later, before: nothing more is to be done."""

    source = Fact(str, "source", "The source.")
    source_sequence = Fact(int, "source_sequence", "The number of this write.")
    last = Fact(int, "last", "The highest number that the source has given.")


class CountStale(OfStock):
    """The source has told of a count made then or later: nothing more is to be done."""

    source = Fact(str, "source", "The source.")
    observed_at = Fact(str, "observed_at", "When this count was made, in ISO 8601.")
    last = Fact(str, "last", "When the source's last count was made, in ISO 8601.")


class ObservationTooOld(OfStock):
    """What was on hand at the time of the count is not kept any more: count again."""

    observed_at = Fact(str, "observed_at", "When the count was made, in ISO 8601.")
