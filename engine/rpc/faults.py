"""What happens to a fault of ours: the log has everything, the caller has a correlation id to ask
about it."""

import secrets

import structlog

from engine.rpc.errors import explain, internal
from engine.rpc.refusals import Refusal

_log = structlog.get_logger(__name__)


def new_correlation_id() -> str:
    """A correlation id for what came without one."""
    return secrets.token_hex(8)


def refusal_of(problem: BaseException, correlation_id: str, **facts: str) -> Refusal:
    """What the caller hears of whatever was raised. What nobody foresaw is reported as a fault of
    ours, and so is a problem that cannot be explained."""
    try:
        refusal = explain(problem)
    except Exception as fault:
        return report(fault, correlation_id, **facts)
    return refusal or report(problem, correlation_id, **facts)


def report(fault: BaseException, correlation_id: str, **facts: str) -> Refusal:
    """Log an unexpected exception with its traceback; return what the caller hears. Without a
    correlation id, one is made."""
    correlation_id = correlation_id or new_correlation_id()
    _log.error("unexpected exception", correlation_id=correlation_id, exc_info=fault, **facts)
    return internal(correlation_id)
