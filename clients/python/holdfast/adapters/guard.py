"""The order guard: what was pushed last of each SKU, so that nothing older is pushed after it."""

from typing import NamedTuple, Protocol

from holdfast.adapters.source import ChannelUpdate


class Guard(Protocol):
    """Remembers the newest update of each SKU that was pushed."""

    def is_stale(self, update: ChannelUpdate) -> bool:
        """Whether pushing the update is needless: what was pushed is newer, or says the same."""

    def pushed(self, update: ChannelUpdate) -> None:
        """The update was pushed."""


class _Pushed(NamedTuple):
    """Of an update, what tells whether another is newer or different."""

    epoch: int
    version: int
    content: int


class MemoryGuard:
    """Remembers as long as the process lives. That is enough for what the feed tells: a later
    process is told nothing older, since the feed goes on after what was acknowledged."""

    def __init__(self) -> None:
        self._pushed: dict[str, _Pushed] = {}

    def is_stale(self, update: ChannelUpdate) -> bool:
        """Whether what was pushed is newer, or says the same. Of the same version other content may
        be told, when the channel's configuration has changed."""
        last = self._pushed.get(update.sku)
        if last is None:
            return False
        this = _summary(update)
        return this[:2] < last[:2] or this == last

    def pushed(self, update: ChannelUpdate) -> None:
        """The update was pushed."""
        self._pushed[update.sku] = _summary(update)


def _summary(update: ChannelUpdate) -> _Pushed:
    content = hash(update._replace(recorded_at=None))
    return _Pushed(update.epoch, update.version, content)
