"""What outlives a data directory, and what it may forget: bases and retention, backups, restores,
exports, and the move to another number of shards."""
