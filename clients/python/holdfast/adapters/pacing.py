"""How long to wait before trying again, and how fast to go. Pure: times and chance come in."""

from collections.abc import Callable


def backoff_s(attempt: int, first_s: float, longest_s: float, chance: float) -> float:
    """The delay after the given number of failed attempts, from 1: it doubles from the first to the
    longest, and `chance`, 0 to 1, takes away up to half of it, so that many do not come back at
    once."""
    doubled: float = first_s * 2.0 ** min(attempt - 1, 30)
    return min(longest_s, doubled) * (1.0 - chance / 2)


def delay_s(
    attempt: int,
    asked_s: float | None,
    first_s: float,
    longest_s: float,
    random: Callable[[], float],
) -> float:
    """When to try again: as asked for and up to a tenth later (never earlier), or else by
    backoff."""
    if asked_s is not None:
        return max(0.0, asked_s) * (1.0 + random() / 10)
    return backoff_s(attempt, first_s, longest_s, random())


class TokenBucket:
    """Allows `rate_per_s` on average, and `burst` at once after a rest. Something may be taken when
    there is a whole token. Whoever takes more than there is goes into debt, and the next one waits
    until it is paid: a large push is never impossible."""

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = burst
        self._at = now

    def ready_at(self) -> float:
        """From when on something may be taken."""
        missing = min(1.0, self._burst) - self._tokens
        return self._at + max(0.0, missing) / self._rate_per_s

    def take(self, tokens: float, now: float) -> None:
        """Takes so many."""
        gained = (now - self._at) * self._rate_per_s if now > self._at else 0.0
        self._tokens = min(self._burst, self._tokens + gained) - tokens
        self._at = max(self._at, now)
