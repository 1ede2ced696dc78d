"""How every process of a node logs: to standard error, as much and in the form that was asked for.

Standard output is for what was asked; a log line is for whoever runs the node.
"""

import sys

import structlog


def configure(level: str, form: str) -> None:
    """Log from `level` ("debug", "info", "warning", "error") on, as lines for people ("console") or
    as one JSON object a line ("json")."""
    is_json = form == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.dict_tracebacks] if is_json else []),
            structlog.processors.JSONRenderer()
            if is_json
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
