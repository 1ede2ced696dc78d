"""Python loads this at its start when this folder is on its path: a Holdfast whose shards' queues
take whatever comes, to show that the checks of overload notice."""

from engine.shard.link import ShardLink

ShardLink.is_full = False  # type: ignore[assignment,method-assign]
