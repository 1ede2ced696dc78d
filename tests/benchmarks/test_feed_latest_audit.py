"""The auditor of those who follow the latest alone finds what is not so last."""

from collections.abc import Sequence

import pytest

from benchmarks.feed_audit import FINDINGS, Interest
from benchmarks.feed_latest_audit import LatestAuditor, LatestStream, State
from tests.benchmarks.test_feed_audit import CUP, EVERYTHING, TEA, cursor, log

TEA_1, TEA_2, TEA_3 = (State(TEA.sku, TEA.location, *of, 0, 0) for of in ((1, 0), (2, 1), (3, 3)))
CUP_1, CUP_2 = (State(CUP.sku, CUP.location, *of, 0, 0) for of in ((1, 1), (2, 3)))
"""At the positions 1, 3 and 7, and 4 and 6."""
TEA_ALONE = Interest(skus=("TEA",))
Message = tuple[int | None, Sequence[State]]
"""The position of a message's cursor, None within a snapshot, and its states."""


@pytest.mark.parametrize(
    ("interest", "start", "sent", "found"),
    [
        (EVERYTHING, 0, [(1, [TEA_1]), (4, [TEA_2, CUP_1]), (7, [CUP_2, TEA_3])], {}),
        (EVERYTHING, 0, [(None, [TEA_3]), (None, [CUP_2]), (7, [])], {}),
        (EVERYTHING, 0, [(3, [TEA_3]), (7, [CUP_2])], {}),
        (EVERYTHING, 4, [(5, []), (7, [CUP_2, TEA_3])], {}),
        (TEA_ALONE, 1, [(7, [TEA_3])], {}),
        (EVERYTHING, 0, [(7, [CUP_2, TEA_2])], {"outdated": 1}),
        (EVERYTHING, 0, [(None, [CUP_2]), (7, []), (7, [TEA_3])], {"outdated": 1}),
        (EVERYTHING, 4, [(7, [])], {"outdated": 2}),
        (TEA_ALONE, 4, [(7, [TEA_3, CUP_2])], {"uncalled for": 1}),
        (TEA_ALONE, 4, [(7, [TEA_3._replace(held=1)])], {"altered": 1}),
        (TEA_ALONE, 4, [(7, [TEA_3._replace(version=4)])], {"altered": 1}),
        (TEA_ALONE, 4, [(7, [TEA_3]), (4, [])], {"back": 1}),
    ],
)
def test_a_stream_is_held_against_what_was_so_last(
    interest: Interest, start: int, sent: Sequence[Message], found: dict[str, int]
) -> None:
    stream = LatestStream(interest, {0: start})
    for position, states in sent:
        stream.take("" if position is None else cursor(position), states)
    auditor = LatestAuditor(log())
    auditor.stream(stream)
    assert {name: number for name, number in auditor.findings.items() if number} == found
    assert set(auditor.findings) <= set(FINDINGS)
