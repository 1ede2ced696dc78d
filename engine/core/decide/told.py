"""What the home of a reservation decides for lines in other shards is told to them: their line
events travel inside LinesTold, which the home records."""

from collections.abc import Iterable

from engine.core.events import Event, LineEvent, LinesTold
from engine.core.view import HERE, View


def to_shards(
    view: View, reservation_id: str, tenant: str, events: Iterable[LineEvent]
) -> list[Event]:
    """The line events of this shard as they are, in order, then one LinesTold for each other shard
    that has any. Where other shards have set units aside for this command, that is resolved by the
    same LinesTold, also where none of it is used."""
    here: list[Event] = []
    attempted = view.attempted_shards()
    elsewhere: dict[int, list[LineEvent]] = {}
    for shard in attempted:
        elsewhere[shard] = []
    for event in events:
        shard = view.shard_of(tenant, event.key.sku)
        if shard == HERE:
            here.append(event)
        else:
            elsewhere.setdefault(shard, []).append(event)
    for shard, told in elsewhere.items():
        attempt_id = view.attempt_id() if shard in attempted else ""
        here.append(LinesTold(reservation_id, tenant, shard, attempt_id, tuple(told)))
    return here
