"""What each wish of a basket gets, here and in other shards, and what of it makes whole kits."""

from collections.abc import Iterable, Mapping, Sequence

from engine.core.decide.filler import Filler
from engine.core.limits import BALANCE_MAX
from engine.core.model import Key, Stock, Struct
from engine.core.rejections import CustomerRequired
from engine.core.view import HERE, Elsewhere, Filled, Terms, View, Wish


class Given(Struct, frozen=True):
    """What a command gives back before it takes anything, so that it is free to it alone: units
    with stock behind them, and backordered ones, by SKU-location."""

    free: Mapping[Key, int]
    backordered: Mapping[Key, int]


def fill(
    view: View,
    wishes: Sequence[Wish],
    terms: Terms,
    now_ms: int,
    given: Given | None = None,
) -> list[Filled] | Elsewhere | CustomerRequired:
    """What each wish gets, in their order; Elsewhere if other shards have to be asked first.

    A kit's wishes follow the one that counts it: they get units for whole kits alone.
    """
    filler = Filler(view, terms, now_ms)
    if given is not None:
        filler.given = given.free
        filler.taken = {key: -units for key, units in given.free.items()}
        filler.backordered = {key: -units for key, units in given.backordered.items()}
    filler.begin(wishes)
    found: list[Filled] = []
    elsewhere: list[tuple[int, Wish]] = []
    kit: list[Wish] = []
    for wish in wishes:
        if kit and not (wish.of_kit and wish.line_id == kit[0].line_id):
            if not elsewhere:
                filler.keep_whole_kits(kit, found)
            kit = []
        if wish.of_kit:
            if not kit:
                filler.begin_kit()
            kit.append(wish)
        key = wish.keys[0]
        shard = view.shard_of(key.tenant, key.sku)
        filled: Filled | CustomerRequired | None
        if shard == HERE:
            filled = filler.fill(wish)
        else:
            filled = view.prepared(wish)
            if filled is None:
                elsewhere.append((shard, wish))
                continue
        if type(filled) is CustomerRequired:
            return filled
        found.append(filled)  # type: ignore[arg-type]
    if elsewhere:
        return Elsewhere(tuple(elsewhere), terms)
    if kit:
        filler.keep_whole_kits(kit, found)
    return found


def promised_too_much(view: View, filled: Iterable[Filled]) -> tuple[Key, int] | None:
    """The SKU-location of this shard where told promises would leave the range of a balance, and
    what would be promised there; None if there is none."""
    promised: dict[Key, int] = {}
    for one in filled:
        for grant in one.grants:
            key = grant.key
            if grant.counted and view.shard_of(key.tenant, key.sku) == HERE:
                before = promised.get(key)
                if before is None:
                    before = (view.stock(key) or Stock()).promised
                promised[key] = before + grant.quantity
    for key, units in promised.items():
        if units > BALANCE_MAX:
            return key, units
    return None
