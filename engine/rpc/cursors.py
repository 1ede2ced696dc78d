"""Cursors that come with a request: they must be of the history that is served."""

from engine.feed.cursor import Cursor, CursorOutOfRange, MalformedCursor, own
from engine.rpc.checks import CURSOR_LIMIT, InvalidField
from engine.shard.port import Shards


def own_cursor(text: str, field: str, shards: Shards) -> Cursor:
    """The cursor of a field. InvalidField if it is none, CursorForeign if it is not of this node's
    history."""
    try:
        cursor = Cursor.parse(text)
    except MalformedCursor as malformed:
        raise InvalidField(field, text, CURSOR_LIMIT) from malformed
    return own(cursor, text, shards)


def position_in(text: str, field: str, shards: Shards, shard: int) -> int:
    """The position that the cursor of a field names in a shard. Raises as `own_cursor` does, and
    InvalidField if it does not name that shard."""
    position = own_cursor(text, field, shards).positions.get(shard)
    if position is None:
        limit = f"{CURSOR_LIMIT} for shard {shard}, where this SKU is"
        raise InvalidField(field, text, limit)
    return position


def positions_at_least(text: str, shards: Shards) -> dict[int, int]:
    """The positions, by shard, that an answer must cover, given the `read_at_least` of its request;
    empty if that is."""
    return dict(own_cursor(text, "read_at_least", shards).positions) if text else {}


def covering(at_least: dict[int, int], positions: dict[int, int], shards: Shards) -> str:
    """The cursor of an answer as of `positions`. CursorOutOfRange if it does not cover `at_least`:
    an answer covers everything that was answered before it was asked for, so that such a cursor
    names what has never happened here."""
    for shard, position in positions.items():
        if at_least.get(shard, 0) > position:
            asked = Cursor(shards.history, shards.epoch, at_least).encode()
            raise CursorOutOfRange(asked, oldest_cursor(shards))
    return Cursor(shards.history, shards.epoch, positions).encode()


def oldest_cursor(shards: Shards) -> str:
    """The cursor after which everything follows that is kept."""
    places = {shard: shards.feed(shard).oldest - 1 for shard in range(shards.count)}
    return Cursor(shards.history, shards.epoch, places).encode()
