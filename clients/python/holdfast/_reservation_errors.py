"""Errors about reservations and their lines."""

from holdfast._error_base import Fact, HoldfastError, OfReservation


class UnknownReservation(OfReservation):
    """No such reservation in this tenant."""


class UnknownLine(OfReservation):
    """The reservation has no such line."""

    line_id = Fact(str, "line_id", "The line.")


class ReservationExpired(OfReservation):
    """The hold's deadline has passed; its units are free again."""

    expired_at = Fact(str, "expired_at", "The deadline, in ISO 8601.")


class ReservationReleased(OfReservation):
    """The reservation was released."""


class ReservationCommitted(OfReservation):
    """The reservation was committed before, and with other content."""


class ReservationShipped(OfReservation):
    """Nothing of the reservation waits any more: all of it was shipped."""


class ReservationNotCommitted(OfReservation):
    """Nothing of the reservation is allocated yet: commit it first."""


class LineQuantityExceeded(OfReservation):
    """A line has fewer units in the asked-for state."""

    line_id = Fact(str, "line_id", "The line.")
    asked = Fact(int, "asked", "Units asked for.")
    limit = Fact(int, "limit", "Units that it has.")


class AmbiguousReference(HoldfastError):
    """Several open reservations have this reference: name one by its id."""

    reference = Fact(str, "reference", "The reference.")
    reservations = Fact(int, "reservations", "How many have it.")


class StillWaiting(OfReservation):
    """The reservation waits for stock; it can be committed once it has it all."""


class PickedUnits(OfReservation):
    """Units of a line lie in a box: unpick them first."""

    line_id = Fact(str, "line_id", "The line.")
    picked = Fact(int, "picked", "Units in the box.")


class NotBacked(OfReservation):
    """Units of a line are backordered: stock is there for fewer than were asked."""

    line_id = Fact(str, "line_id", "The line.")
    asked = Fact(int, "asked", "Units asked for.")
    backed = Fact(int, "backed", "Units that stock is there for.")


class NotShipped(OfReservation):
    """Nothing of the reservation has been shipped that could come back."""


class UnknownShipment(OfReservation):
    """The reservation has no such shipment."""

    shipment_id = Fact(str, "shipment_id", "The shipment.")


class LineExists(OfReservation):
    """A line cannot be given another SKU once units of it are shipped, nor counted units where it
    has uncounted ones: use another line."""

    line_id = Fact(str, "line_id", "The line.")


class TooManyLines(HoldfastError):
    """The basket would have too many lines, those of its kits' components included."""

    lines = Fact(int, "lines", "How many it would have.")
    limit = Fact(int, "limit", "How many it may have.")


class UnknownGroup(HoldfastError):
    """No location is in this group."""

    line_id = Fact(str, "line_id", "The line.")
    group = Fact(str, "group", "The group.")


class CustomerRequired(HoldfastError):
    """How many units one customer may have is limited, so a customer has to be named."""

    line_id = Fact(str, "line_id", "The line.")
    sku = Fact(str, "sku", "The SKU that is limited.")


class AttemptDecided(HoldfastError):
    """A basket over several shards was given up, again and again until the call's deadline; nothing
    was changed."""

    attempt_id = Fact(str, "attempt_id", "The last try, as the server names it.")
