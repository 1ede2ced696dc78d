"""What the stock must be, reckoned only from the order file and the answers that clients got:
it shares no code with the engine and never asks it for a balance until the end.

Answers arrive in another order than the engine decided in. The final numbers are exact all the
same. A single answer is judged by bounds: while it was on its way, at least so many units of a SKU
must have been available, and at most so many can have been, whatever the order was.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Line = tuple[str, str, int]
"""Line id, SKU, units."""


class Balances(NamedTuple):
    """The numbers of a SKU."""

    on_hand: int
    held: int
    allocated: int

    @property
    def available(self) -> int:
        """Units that may still be promised."""
        return self.on_hand - self.held - self.allocated


class Question(NamedTuple):
    """What was known when something was asked: for each SKU, available units by the answers so far,
    and running totals of units asked for and offered, with those still unanswered."""

    available: Mapping[str, int]
    asked: Mapping[str, int]
    asked_unanswered: Mapping[str, int]
    offered: Mapping[str, int]
    offered_unanswered: Mapping[str, int]


class Short(NamedTuple):
    """What an answer says about a line that it could not fill, or not in full."""

    asked: int
    available: int


class Ledger:
    """One location's stock by SKU; `problems` lists every answer that cannot be right."""

    def __init__(self, opening: Mapping[str, int]) -> None:
        self._on_hand = Counter(opening)
        self._held: Counter[str] = Counter()
        self._allocated: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._asked_answered: Counter[str] = Counter()
        self._offered: Counter[str] = Counter()
        self._offered_answered: Counter[str] = Counter()
        self.problems: list[str] = []

    def balances(self, sku: str) -> Balances:
        """What a SKU has by the answers so far."""
        return Balances(self._on_hand[sku], self._held[sku], self._allocated[sku])

    def asks(self, lines: Sequence[Line]) -> Question:
        """Note a basket that is asked for; `filled` or `refused` note its answer."""
        skus = {sku for _, sku, _ in lines}
        asked, offered = self._asked, self._offered
        question = Question(
            available={sku: self.balances(sku).available for sku in skus},
            asked={sku: asked[sku] for sku in skus},
            asked_unanswered={sku: asked[sku] - self._asked_answered[sku] for sku in skus},
            offered={sku: offered[sku] for sku in skus},
            offered_unanswered={sku: offered[sku] - self._offered_answered[sku] for sku in skus},
        )
        for _, sku, units in lines:
            self._asked[sku] += units
        return question

    def filled(
        self,
        what: str,
        question: Question,
        lines: Sequence[Line],
        granted: Iterable[Line],
        short: Mapping[str, Short],
    ) -> None:
        """Note that a basket was held, in part where lines are named in `short`."""
        self._judge(what, question, lines, short, partly=True)
        given = {line_id: (sku, units) for line_id, sku, units in granted}
        for line_id, sku, units in lines:
            named = short.get(line_id)
            expected = units if named is None else named.available
            if given.pop(line_id, (sku, 0)) != (sku, expected):
                self.problems.append(f"{what}: line {line_id} should hold {expected} of {sku}")
            self._held[sku] += expected
            self._asked_answered[sku] += units
        if given:
            self.problems.append(f"{what}: holds lines that were not asked for: {given}")

    def refused(
        self, what: str, question: Question, lines: Sequence[Line], short: Mapping[str, Short]
    ) -> None:
        """Note that a basket was refused; `short` are the lines that the refusal names."""
        self._judge(what, question, lines, short, partly=False)
        if not short:
            self.problems.append(f"{what}: refused, and no short line is named")
        self.withdrawn(lines)

    def withdrawn(self, lines: Sequence[Line]) -> None:
        """Note that nothing came of a basket, for another reason than stock."""
        for _, sku, units in lines:
            self._asked_answered[sku] += units

    def committed(self, lines: Iterable[Line]) -> None:
        """Held units were allocated."""
        for _, sku, units in lines:
            self._held[sku] -= units
            self._allocated[sku] += units

    def shipped(self, lines: Iterable[Line]) -> None:
        """Allocated units left."""
        for _, sku, units in lines:
            self._allocated[sku] -= units
            self._on_hand[sku] -= units

    def corrects(self, sku: str, delta: int) -> None:
        """Note a correction that is asked for; `corrected` notes its answer."""
        if delta > 0:
            self._offered[sku] += delta
        else:
            self._asked[sku] -= delta

    def corrected(self, sku: str, delta: int, *, accepted: bool) -> None:
        """Note that a correction was recorded, or refused."""
        if delta > 0:
            self._offered_answered[sku] += delta
        else:
            self._asked_answered[sku] -= delta
        if accepted:
            self._on_hand[sku] += delta

    def _judge(
        self,
        what: str,
        question: Question,
        lines: Sequence[Line],
        short: Mapping[str, Short],
        *,
        partly: bool,
    ) -> None:
        """Find what the answer says, or leaves out, that no order of events explains."""
        own: Counter[str] = Counter()
        for _, sku, units in lines:
            own[sku] += units
        unknown = short.keys() - {line_id for line_id, _, _ in lines}
        if unknown:
            self.problems.append(f"{what}: names lines that were not asked for: {sorted(unknown)}")
        taken: Counter[str] = Counter()
        for line_id, sku, units in lines:
            least, most = self._bounds(question, sku, own[sku])
            least, most = least - taken[sku], most - taken[sku]
            named = short.get(line_id)
            if named is None:
                if most < units:
                    self.problems.append(
                        f"{what}: line {line_id} asks for {units} of {sku}, at most {max(0, most)} "
                        "can have been there, and it is not named"
                    )
                taken[sku] += units
                continue
            if named.asked != units or not max(0, least) <= named.available <= max(0, most):
                self.problems.append(
                    f"{what}: line {line_id} asks for {units} of {sku} and is told of "
                    f"{named.asked} asked and {named.available} available; it must have been "
                    f"{max(0, least)} to {max(0, most)}"
                )
            if named.available >= units:
                self.problems.append(f"{what}: line {line_id} of {sku} is not short at all")
            if partly:
                taken[sku] += named.available

    def _bounds(self, question: Question, sku: str, own: int) -> tuple[int, int]:
        """Units that must, and that can, have been available while the question was open."""
        asked_since = self._asked[sku] - question.asked[sku] - own
        offered_since = self._offered[sku] - question.offered[sku]
        available = question.available[sku]
        least = available - question.asked_unanswered[sku] - asked_since
        most = available + question.offered_unanswered[sku] + offered_since
        return least, most
