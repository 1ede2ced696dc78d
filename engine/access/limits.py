"""How fast, and how much at once, one principal may ask."""

from collections.abc import Callable

from engine.access.model import Principal
from engine.access.problems import RateLimited

AT_ONCE_RETRY_MS = 100
"""When to try again after too much was under way: nobody knows when some of it will be done."""
RETRY_MS_MIN = 10
RETRY_S_MAX = 5.0
"""Nobody is told to come back sooner, or later, than this."""

Clock = Callable[[], float]
"""Seconds that never go back."""


class Limiter:
    """What one principal has under way, and how much it may begin now: a bucket of tokens, as many
    as it may use in a second, filled evenly. Each command takes one, and each call that is no
    Execute."""

    def __init__(self, principal: Principal, clock_s: Clock) -> None:
        self._clock_s = clock_s
        self._at_s = clock_s()
        self.principal = principal
        self._tokens = float(principal.commands_per_s)
        self._promised_s = 0.0
        self.at_once = 0
        """Open calls and commands in flight."""

    def change(self, principal: Principal) -> None:
        """The principals file says something else now. Tokens beyond the new second are lost."""
        self._fill()
        self.principal = principal
        self._tokens = min(self._tokens, float(principal.commands_per_s))

    def spend(self) -> None:
        """Take a token. RateLimited if there is none, with when there will be one for whoever was
        told so last, and so for each of many a later time."""
        rate = self.principal.commands_per_s
        if not rate:
            return
        now_s = self._fill()
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return
        first_s = now_s + (1.0 - self._tokens) / rate
        self._promised_s = min(max(self._promised_s, first_s), now_s + RETRY_S_MAX)
        retry_ms = max(RETRY_MS_MIN, round((self._promised_s - now_s) * 1_000))
        self._promised_s += 1.0 / rate
        raise RateLimited(self.principal.name, "commands_per_s", rate, retry_ms)

    def enter(self) -> None:
        """Something begins that ends with `leave`. RateLimited if as much is under way as may
        be."""
        limit = self.principal.calls_at_once
        if limit and self.at_once >= limit:
            raise RateLimited(self.principal.name, "calls_at_once", limit, AT_ONCE_RETRY_MS)
        self.at_once += 1

    def leave(self) -> None:
        """What had entered has ended."""
        self.at_once -= 1

    def _fill(self) -> float:
        now_s = self._clock_s()
        rate = self.principal.commands_per_s
        self._tokens = min(float(rate), self._tokens + (now_s - self._at_s) * rate)
        self._at_s = now_s
        return now_s
