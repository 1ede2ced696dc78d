"""Who comes to the flash sale, when, for what, and how each behaves: chosen by a seed alone."""

import random
from enum import StrEnum
from typing import NamedTuple

HOT_SKU = "SNEAKER-RED-42"
HOT_UNITS = 1_000
LOCATION = "WAREHOUSE-1"
ARTICLES = ("CAP", "SOCKS", "BAG", "SHIRT", "BELT", "SCARF", "GLOVES", "LACES")
ARTICLE_VARIANTS = 125


class Behaviour(StrEnum):
    """What a buyer does once the basket is held."""

    PAYS = "pays"
    REPEATS = "repeats"
    """Sends everything twice, with the same request ids: a double click, a retrying proxy."""
    ABANDONS = "abandons"
    """Never comes back: the hold has to expire."""
    COMES_TOO_LATE = "comes too late"
    """Tries to pay when the hold has expired."""
    CANCELS = "cancels"
    """Gives the basket back before paying."""
    REGRETS = "regrets"
    """Pays, and cancels the order before it is shipped."""


_SHARES = {
    Behaviour.PAYS: 56,
    Behaviour.REPEATS: 14,
    Behaviour.ABANDONS: 14,
    Behaviour.COMES_TOO_LATE: 5,
    Behaviour.CANCELS: 6,
    Behaviour.REGRETS: 5,
}


class Buyer(NamedTuple):
    """One buyer: everything that is chosen before the sale opens."""

    number: int
    arrives_s: float
    """Seconds after the sale opens."""
    behaviour: Behaviour
    basket: tuple[tuple[str, int], ...]
    """SKU and units; the hot one first."""
    thinks_s: float
    """Between getting the hold and what comes next."""
    hold_s: float
    comes_back: int
    """How often to try again when the hot article is gone."""
    takes_the_rest: bool
    """Whether to buy the other things when the hot article is gone for good."""


class Plan(NamedTuple):
    """A whole sale."""

    stock: dict[str, int]
    buyers: list[Buyer]


def make_plan(seed: int, buyers: int, sale_s: float) -> Plan:
    """A sale of `sale_s` seconds. The same arguments give the same plan."""
    chance = random.Random(seed)
    skus = [
        f"{article}-{number:03d}"
        for article in ARTICLES
        for number in range(1, 1 + ARTICLE_VARIANTS)
    ]
    stock = {HOT_SKU: HOT_UNITS} | {sku: chance.randint(2, 60) for sku in skus}
    # Demand is skewed as in any shop: few SKUs are in many baskets.
    weights = [1 / (1 + rank) ** 0.7 for rank in range(len(skus))]
    chance.shuffle(skus)
    # Most come when the doors open, fewer and fewer later.
    arrivals = sorted(sale_s * chance.random() ** 1.6 for _ in range(buyers))
    return Plan(
        stock,
        [_buyer(chance, number, at_s, skus, weights) for number, at_s in enumerate(arrivals)],
    )


def _buyer(
    chance: random.Random, number: int, arrives_s: float, skus: list[str], weights: list[float]
) -> Buyer:
    behaviour = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
    others = chance.choices(skus, weights, k=chance.choices((0, 1, 2, 3), (35, 35, 20, 10))[0])
    wanted = [(HOT_SKU, 1 if chance.random() < 0.85 else 2)]
    wanted += [(sku, chance.randint(1, 3)) for sku in dict.fromkeys(others)]
    expires = behaviour in (Behaviour.ABANDONS, Behaviour.COMES_TOO_LATE)
    return Buyer(
        number=number,
        arrives_s=arrives_s,
        behaviour=behaviour,
        basket=tuple(wanted),
        thinks_s=chance.uniform(0.02, 0.4),
        hold_s=chance.choice((1.0, 1.5, 2.0)) if expires else 60.0,
        comes_back=chance.choices((0, 1, 3), (50, 25, 25))[0],
        takes_the_rest=chance.random() < 0.6,
    )
