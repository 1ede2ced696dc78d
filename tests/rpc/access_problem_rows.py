"""The problems of the door, with the reason and the sentence that callers hear of each."""

from engine.access.problems import PermissionDenied, RateLimited, Unauthenticated

ACCESS_ROWS: list[tuple[object, str, str]] = [
    (Unauthenticated("the token has expired"), "UNAUTHENTICATED", "the token has expired"),
    (
        PermissionDenied("checkout", "Receive", "location PARIS"),
        "PERMISSION_DENIED",
        "checkout may not Receive: location PARIS",
    ),
    (
        RateLimited("checkout", "commands_per_s", 500, 20),
        "RATE_LIMITED",
        "checkout has reached its commands_per_s of 500",
    ),
]
