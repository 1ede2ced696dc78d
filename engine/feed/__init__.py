"""Who is told: cursors, the tail of each shard's log, and the subscribers that read it."""
