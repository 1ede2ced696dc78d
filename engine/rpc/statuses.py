"""How a refusal is sent: as google.rpc.Status when it ends a call, as holdfast.v1.Failure for a
command of Execute."""

from typing import Any

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from holdfast.v1 import errors_pb2 as pb

from engine.rpc.convert_state import put_short_line
from engine.rpc.refusals import Refusal

DOMAIN = "holdfast"

SHORT_LINES_MAX = 20
"""Short lines that a status lists; Execute lists all."""

STATUS_BYTES_MAX = 4_096
"""Bytes of a status. It travels in a header, a third longer as base64, and beside its message,
which is in it too; gRPC drops a call whose headers exceed 8 KiB."""


def put_failure(message: pb.Failure, refusal: Refusal) -> None:
    """Render a refusal as the outcome of a command of Execute: whole, with every short line."""
    message.code = refusal.code.value[0]
    message.reason = refusal.reason
    message.message = refusal.message
    for name, value in refusal.metadata.items():
        message.metadata[name] = value
    for line in refusal.short_lines:
        put_short_line(message.short_lines.add(), line)
    if refusal.retry_after_ms:
        message.retry_after.FromMilliseconds(refusal.retry_after_ms)


def to_status(refusal: Refusal) -> status_pb2.Status:
    """Render a refusal as the status of a call, small enough for its header."""
    lines = pb.ShortLines()
    for line in refusal.short_lines[:SHORT_LINES_MAX]:
        put_short_line(lines.lines.add(), line)
    status = _status(refusal, lines)
    while status.ByteSize() > STATUS_BYTES_MAX and lines.lines:
        del lines.lines[-1]
        status = _status(refusal, lines)
    return status


def _status(refusal: Refusal, lines: pb.ShortLines) -> status_pb2.Status:
    """The status of a refusal that lists these of its short lines."""
    metadata = refusal.metadata
    details: list[Any] = []
    if refusal.reason == pb.ERROR_REASON_INVALID_FIELD:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=metadata["field"], description=refusal.message
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.short_lines:
        lines.omitted = len(refusal.short_lines) - len(lines.lines)
        metadata = metadata | {"omitted_lines": str(lines.omitted)}
        details.append(lines)
    if refusal.retry_after_ms:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(refusal.retry_after_ms)
        details.append(retry)
    reason = pb.ErrorReason.Name(refusal.reason)
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)
    status = status_pb2.Status(code=refusal.code.value[0], message=refusal.message)
    for detail in [info, *details]:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status
