"""How every process of a node logs: to standard error, as much and in the form that was asked for.

Standard output is for what was asked; a log line is for whoever runs the node.
"""

import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer

TRACEBACK_FRAMES_MAX = 50
"""Frames of a traceback that a JSON log line holds."""

# Local variables are whole requests, which are other people's data, and rendering them takes
# minutes of a blocked event loop: no traceback ever shows them.
_structured_traceback = structlog.processors.ExceptionRenderer(
    ExceptionDictTransformer(show_locals=False, max_frames=TRACEBACK_FRAMES_MAX, use_rich=False)
)


def configure(level: str, form: str) -> None:
    """Log from `level` ("debug", "info", "warning", "error") on, as lines for people ("console") or
    as one JSON object a line ("json")."""
    is_json = form == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([_structured_traceback] if is_json else []),
            structlog.processors.JSONRenderer()
            if is_json
            else structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
