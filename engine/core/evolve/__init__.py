"""How facts change state: to evolve is to apply an event, and never refuses, because it has
happened. Replaying the log is nothing but this package."""

from engine.core.evolve.reservation import evolve_lines
from engine.core.evolve.stock import evolve_stock
from engine.core.evolve.transfer import evolve_transfer

__all__ = ["evolve_lines", "evolve_stock", "evolve_transfer"]
