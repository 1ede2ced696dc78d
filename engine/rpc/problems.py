"""What a handler raises when it has no answer to give; `errors` says what the caller hears of
each."""

from engine.core.rejections import Rejection


class Rejected(Exception):
    """The engine has refused the command or found nothing to read, for a reason of its closed
    set."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(repr(rejection))
        self.rejection = rejection


class BasketSpansShards(Exception):
    """The lines of one basket live on `shards` shards, and this version decides a basket on one."""

    def __init__(self, shards: int) -> None:
        super().__init__(f"the basket's lines live on {shards} shards")
        self.shards = shards


class DeadlineExpired(Exception):
    """The shard found the deadline passed before it decided: nothing was changed."""

    def __init__(self, shard: int) -> None:
        super().__init__(f"the deadline passed before shard {shard} decided")
        self.shard = shard


class DecisionFailed(Exception):
    """The shard answered that it failed: a fault of ours. Nothing was changed. Of a command, the
    shard logs what was raised, with the request id; the front end logs each failure, with
    `correlation_id`."""

    def __init__(self, shard: int, correlation_id: str) -> None:
        super().__init__(f"shard {shard} failed to answer")
        self.shard = shard
        self.correlation_id = correlation_id


class ServerStopping(Exception):
    """The server drains: it takes nothing new on this stream. What it took before was answered."""
