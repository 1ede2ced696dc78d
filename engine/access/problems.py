"""Why a caller is turned away. None of these holds anything secret: neither a token nor a part of
one, and nothing of the rules of others."""


class Unauthenticated(Exception):
    """What the caller shows does not say who they are. `cause` is a sentence without anything of
    what was shown."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class PermissionDenied(Exception):
    """No rule of the principal covers what the command names. `not_covered` says what of it is
    covered by none of them."""

    def __init__(self, principal: str, command: str, not_covered: str) -> None:
        super().__init__(f"{principal} may not {command}: {not_covered}")
        self.principal = principal
        self.command = command
        self.not_covered = not_covered


class RateLimited(Exception):
    """The principal has more under way than it may. `limit` is the key of the principals file that
    says how much: commands_per_s or calls_at_once; `value` is what it says there."""

    def __init__(self, principal: str, limit: str, value: int, retry_after_ms: int) -> None:
        super().__init__(f"{principal} has reached its {limit} of {value}")
        self.principal = principal
        self.limit = limit
        self.value = value
        self.retry_after_ms = retry_after_ms
