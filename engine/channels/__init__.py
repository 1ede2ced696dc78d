"""What a channel may sell, put together from the shards that know parts of it."""
