"""What goes wrong on the way to Shopify and back, from a seed."""

import random
from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """What becomes of a request."""

    WELL = "well"
    REFUSED = "a 5xx without an effect"
    LOST_ANSWER = "an effect whose answer never comes"
    LATE_ANSWER = "an effect that is answered with a 5xx"
    TOO_MANY = "a 429 with Retry-After"


@dataclass
class Faults:
    """How often, of 1."""

    seed: int = 0
    refused: float = 0.0
    lost_answer: float = 0.0
    late_answer: float = 0.0
    too_many: float = 0.0
    webhook_lost: float = 0.0
    webhook_twice: float = 0.0
    webhook_late: float = 0.0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def fate(self) -> Fate:
        chance = self.random.random()
        for fate, share in (
            (Fate.REFUSED, self.refused),
            (Fate.LOST_ANSWER, self.lost_answer),
            (Fate.LATE_ANSWER, self.late_answer),
            (Fate.TOO_MANY, self.too_many),
        ):
            if chance < share:
                return fate
            chance -= share
        return Fate.WELL

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def cease(self) -> None:
        """From now on all goes well."""
        self.refused = self.lost_answer = self.late_answer = self.too_many = 0.0
        self.webhook_lost = self.webhook_twice = self.webhook_late = 0.0
