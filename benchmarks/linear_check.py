"""Whether a history of operations on SKU-locations is linearizable, told in linear time.

The log gives every effect a version, and these are the order in which effects must have happened.
So there is nothing to search for: each SKU-location is replayed once, in the order of versions,
against the model of `linear_stock`. At its version each operation must come to its answer; a read
must say what the model is at the version that it names; and who began after another one had been
answered must come later. An operation without an effect (a refusal, a second release) names no
version: there must be one, not before anything that was answered when it began and not after
anything that began when it was answered, at which the model comes to the same answer. Each gets the
first such version that leaves the operations without effect in their order; the later ones have no
better choice than that, so the check is exact.

Linearizability is local: if each SKU-location is linearizable, so are all of them together.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from benchmarks.linear_stock import REFUSED, Effect, Operation, Shelf

EXAMPLES_MAX = 5
FINDINGS = ("lost", "doubled", "unasked", "answered otherwise", "stale", "no place", "balances")


class Written(NamedTuple):
    """What the log has of one operation at one SKU-location."""

    request_id: str
    sku: int
    first: int
    """Version after its first event."""
    last: int
    balances: tuple[int, int, int]
    """On hand, held and allocated after its last event."""
    reservation_id: str = ""


@dataclass
class Findings:
    """What contradicts a linearizable history; every count should be 0."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    resolved: int = 0
    """Operations without an answer that the log has."""

    def add(self, kind: str, operation: Operation | None, said: object = "") -> None:
        """Note one."""
        self.counts[kind] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(f"{kind}: {_shown(operation)} {said}".strip())


def _shown(operation: Operation | None) -> str:
    if operation is None:
        return ""
    asked = f"{operation.kind} {operation.asked} of {operation.sku} ({operation.request_id})"
    return f"{asked} was answered {operation.answer}"


def check(operations: Iterable[Operation], written: Iterable[Written]) -> Findings:
    """All SKU-locations; `written` in the order of the log."""
    findings = Findings()
    asked: dict[int, list[Operation]] = {}
    for operation in operations:
        asked.setdefault(operation.sku, []).append(operation)
    logged: dict[int, list[Written]] = {}
    for one in written:
        logged.setdefault(one.sku, []).append(one)
    for sku in sorted(asked.keys() | logged.keys()):
        _Replay(asked.get(sku, []), logged.get(sku, []), findings).run()
    return findings


class _Replay:
    """One SKU-location."""

    def __init__(
        self, operations: list[Operation], written: list[Written], findings: Findings
    ) -> None:
        self._operations = operations
        self._written = written
        self._findings = findings
        self._shelf = Shelf()
        self._states = {0: self._shelf.read}
        self._writes: dict[int, Operation] = {}
        """By version after the last event."""

    def run(self) -> None:
        """Note all that is wrong."""
        placed = self._with_effect()
        without = [
            operation
            for operation in self._operations
            if operation.kind != "read"
            and operation.request_id not in placed
            and operation.answer is not None
        ]
        reads = [each for each in self._operations if each.kind == "read" and each.answer]
        versioned = [
            (one.first, one.last, placed[one.request_id])
            for one in self._written
            if one.request_id in placed
        ]
        waiting = _Unplaced(without, _Bounds(versioned, reads), self._findings)
        waiting.try_at(self._shelf)
        for one in self._written:
            self._replay(one, placed.get(one.request_id))
            waiting.try_at(self._shelf)
        waiting.end()
        self._reads(reads)
        self._order(reads)

    def _with_effect(self) -> dict[str, Operation]:
        """The operations that the log has, by request id."""
        known = {each.request_id: each for each in self._operations if each.request_id}
        placed: dict[str, Operation] = {}
        for one in self._written:
            operation = known.get(one.request_id)
            if operation is None:
                self._findings.add("unasked", None, one)
            elif one.request_id in placed:
                self._findings.add("doubled", operation)
            else:
                placed[one.request_id] = operation
                self._findings.resolved += operation.answer is None
        return placed

    def _replay(self, one: Written, operation: Operation | None) -> None:
        """Let one effect happen as the model says, and compare it with the log and the answer."""
        shelf = self._shelf
        effect = shelf.effect(operation, one.reservation_id) if operation else Effect(())
        if operation is not None:
            shelf.take(operation, effect, one.reservation_id)
            if operation.answer is not None and operation.answer != effect.answer:
                self._findings.add("answered otherwise", operation, f"and came to {effect.answer}")
        found = (shelf.version - max(0, effect.events - 1), shelf.version, shelf.balances)
        if found != (one.first, one.last, one.balances) or not effect.events:
            self._findings.add("balances", operation, f"and the log has {one}, not {found}")
            shelf.version = one.last
            shelf.on_hand, shelf.held, shelf.allocated = one.balances
        self._states[shelf.version] = shelf.read
        if operation is not None:
            self._writes[shelf.version] = operation

    def _reads(self, reads: Sequence[Operation]) -> None:
        for read in reads:
            state = self._states.get(read.answer[1]) if read.answer else None
            if read.answer != state:
                self._findings.add("answered otherwise", read, f"when it was {state}")

    def _order(self, reads: Sequence[Operation]) -> None:
        """Who comes later must not have been answered before who comes earlier had begun."""
        at_version: dict[int, list[Operation]] = {}
        for read in reads:
            if read.answer:
                at_version.setdefault(read.answer[1], []).append(read)
        began = 0.0
        for version in sorted(at_version.keys() | self._writes.keys()):
            write = self._writes.get(version)
            if write is not None:
                if write.answered < began:
                    self._findings.add("stale", write)
                began = max(began, write.invoked)
            same = at_version.get(version, ())
            for read in same:
                if read.answered < began:
                    self._findings.add("stale", read)
            began = max([began, *(read.invoked for read in same)])


class _Bounds:
    """Between which versions an operation that names none has to be, by real time."""

    def __init__(
        self, writes: Sequence[tuple[int, int, Operation]], reads: Sequence[Operation]
    ) -> None:
        of_reads = [(read.answer[1], read.answer[1] + 1, read) for read in reads if read.answer]
        answered = [(each.answered, last) for _, last, each in writes]
        answered += [(each.answered, version) for version, _, each in of_reads]
        answered.sort()
        self._answered = [time for time, _ in answered]
        self._lowest = list(accumulate((version for _, version in answered), max))
        began = [(each.invoked, first) for first, _, each in writes]
        began += [(each.invoked, after) for _, after, each in of_reads]
        began.sort(reverse=True)
        self._began = [-time for time, _ in began]
        self._highest = list(accumulate((version for _, version in began), min))

    def lowest(self, operation: Operation) -> int:
        """The version that everybody had seen who was answered when it began."""
        index = bisect_left(self._answered, operation.invoked)
        return self._lowest[index - 1] if index else 0

    def highest(self, operation: Operation) -> float:
        """The version before all who began when it had been answered."""
        index = bisect_left(self._began, -operation.answered)
        return self._highest[index - 1] - 1 if index else float("inf")


class _Unplaced:
    """The operations without effect of one SKU-location that wait for their version."""

    def __init__(
        self, operations: Sequence[Operation], bounds: _Bounds, findings: Findings
    ) -> None:
        self._findings = findings
        bounded = [(bounds.lowest(each), bounds.highest(each), each) for each in operations]
        self._coming = sorted(bounded, key=lambda each: each[0], reverse=True)
        self._waiting: list[tuple[float, Operation]] = []
        """With the last version at which each may be, in the order of answers."""

    def try_at(self, shelf: Shelf) -> None:
        """Place all that may be, and come to their answer, at this version."""
        while self._coming and self._coming[-1][0] <= shelf.version:
            _, highest, operation = self._coming.pop()
            index = bisect_right(
                self._waiting, operation.answered, key=lambda each: each[1].answered
            )
            self._waiting.insert(index, (highest, operation))
        left: list[tuple[float, Operation]] = []
        for highest, operation in self._waiting:
            if highest < shelf.version:
                self._no_place(operation)
            elif (left and left[0][1].answered < operation.invoked) or not _fits(shelf, operation):
                left.append((highest, operation))
        self._waiting = left

    def end(self) -> None:
        """Note those that were never placed."""
        for _, operation in self._waiting:
            self._no_place(operation)
        for _, _, operation in self._coming:
            self._no_place(operation)

    def _no_place(self, operation: Operation) -> None:
        answer = operation.answer or ()
        changed = answer[:1] != (REFUSED,) and answer != ("moved", 0)
        self._findings.add("lost" if changed else "no place", operation)


def _fits(shelf: Shelf, operation: Operation) -> bool:
    effect = shelf.effect(operation)
    return not effect.events and effect.answer == operation.answer
