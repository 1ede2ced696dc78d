"""The unary methods of the contract: where each is called, and what it answers.

They are read off the descriptors instead of the generated stubs, which insist on the newest gRPC
release.
"""

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from holdfast.v1 import (
    channels_pb2,
    configuration_pb2,
    feed_pb2,
    history_pb2,
    inventory_pb2,
    operations_pb2,
    subscriptions_pb2,
)

_FILES: tuple[Any, ...] = (
    channels_pb2,
    configuration_pb2,
    feed_pb2,
    history_pb2,
    inventory_pb2,
    operations_pb2,
    subscriptions_pb2,
)
_WORD = re.compile(r"(?<!^)(?=[A-Z])")

UNARY: Mapping[str, tuple[str, type[Message]]] = {
    _WORD.sub("_", method.name).lower(): (
        f"/{service.full_name}/{method.name}",
        GetMessageClass(method.output_type),
    )
    for file in _FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if not method.client_streaming and not method.server_streaming
}
"""Path and type of answer of each method; the names are those of the commands in Command."""
