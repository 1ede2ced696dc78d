"""The buffer that follows from what is sold and how long new units take to come.

The formula is the usual one of safety stock for independent, normally distributed demand and lead
time: z * sqrt(L * sd^2 + d^2 * sL^2). See Chopra and Meindl, Supply Chain Management, "Managing
Uncertainty in a Supply Chain: Safety Inventory"; King, "Crack the Code: Understanding Safety Stock
and Mastering Its Equations", APICS Magazine, July/August 2011.
"""

from collections.abc import Sequence
from math import ceil, sqrt

from engine.core.channels import DynamicBuffer
from engine.core.limits import QUANTITY_MAX


def daily_sales(units: Sequence[int]) -> tuple[float, float]:
    """The mean of what was sold in a day, and its standard deviation over just these days. Of no
    days: 0 and 0."""
    if not units:
        return 0.0, 0.0
    mean = sum(units) / len(units)
    return mean, sqrt(sum((sold - mean) ** 2 for sold in units) / len(units))


def safety_stock(parameters: DynamicBuffer, mean: float, deviation: float) -> int:
    """Units that cover as many standard deviations of the demand during a lead time as the service
    factor says, rounded up."""
    demand = parameters.lead_time_days * deviation**2
    supply = mean**2 * parameters.lead_time_deviation_days**2
    units = parameters.service_factor * sqrt(demand + supply)
    # A number that is whole but for the error of its last binary digit is not rounded up.
    return min(ceil(round(units, 6)), QUANTITY_MAX)
