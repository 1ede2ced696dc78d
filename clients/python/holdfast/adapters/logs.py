"""An adapter's log: one JSON object a line, to standard error."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, and the keywords of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line. A traceback has no local variables: they are other people's data."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _OWN},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class FieldsAdapter(logging.LoggerAdapter[logging.Logger]):
    """Adds fields to each record, beside those of its `extra`."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """The record's fields, with what is the same for all."""
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


def configure(level: str, stream: TextIO | None = None) -> None:
    """Logs from `level` ("debug", "info", "warning", "error") on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("httpx", "httpcore", "grpc", "asyncio"):
        # httpx would log each request with its URL, which may be a secret.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
