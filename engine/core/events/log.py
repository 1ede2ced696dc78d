"""What has happened to the log itself. These events have no SKU-location and no tenant."""

from engine.core.model import Struct


class BaseTaken(Struct, frozen=True, tag=True):
    """The whole state of a shard after the event at `position` was written to a file of its own: a
    base, from which the log can go on if what came before it is dropped. `digest` names the file's
    content and `chain_hash` the history that led to it, both in hex digits."""

    position: int
    digest: str
    chain_hash: str


LogEvent = BaseTaken
"""Events of the log itself."""
