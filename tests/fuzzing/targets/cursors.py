"""Cursors: what is read is exactly what is written."""

from engine.feed.cursor import Cursor, CursorForeign, MalformedCursor, own
from engine.shard.local import LocalShards
from tests.fuzzing.targets.scratch import kept

HISTORY = "0123abcd"


def one_input(data: bytes) -> None:
    """A text is the cursor that gives this very text again, or it is none; and it is of a history
    up to where that goes, or foreign."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        cursor = Cursor.parse(text)
    except MalformedCursor as malformed:
        assert malformed.cursor == text
        return
    assert cursor.encode() == text
    shards = kept("shards", lambda: LocalShards(2, history=HISTORY, epoch=7))
    shards.past_epochs = {1: (5, 3)}
    try:
        own(cursor, text, shards)
    except CursorForeign as foreign:
        assert (foreign.history, foreign.epoch) == (HISTORY, 7)


def examples() -> list[bytes]:
    """Cursors, and what looks like some."""
    texts = ("1-0123abcd-7-0.9_1.9", "1-0123abcd-1-1.3", "1-0123abcd-1-0.6_1.3", "1-ffffffff-2-0.0")
    wrong = (
        "1-0123abcd-7-1.9_0.9",
        "1-0123abcd-7-0.09",
        "2-0123abcd-7-0.9",
        "",
        "1-0123abcd-7-\u0661.9",
    )
    many = "1-0123abcd-999999999-" + "_".join(f"{shard}.{10**18}" for shard in range(64))
    return [each.encode() for each in (*texts, *wrong, many, many * 2)]
