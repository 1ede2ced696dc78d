"""Pages of lists: how large, and where the next one starts.

A page token is opaque to callers: a hash of what was asked, and the place to go on from. It keeps
nothing on the server, and so stays good when that restarts.
"""

import base64
import binascii
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from engine.core.limits import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from engine.rpc.checks import InvalidField, check_range

TOKEN_CHARACTERS_MAX = 4_096
"""Characters of the longest token that is looked at."""

PAGE_LIMIT = "next_page_token of a page of this very query"

_HASH_BYTES = 8
_encode = msgspec.msgpack.Encoder().encode

T = TypeVar("T", bound=msgspec.Struct)


class Pages:
    """The pages of one list. `request` has `page_size` and `page_token`."""

    def __init__(self, request: Any) -> None:
        """InvalidField if the page size is out of its limits."""
        check_range(request.page_size, 0, PAGE_SIZE_MAX, "page_size")
        self.limit: int = request.page_size or PAGE_SIZE_DEFAULT
        """Entries of the page, at most."""
        query = type(request)()
        query.CopyFrom(request)
        query.ClearField("page_size")
        query.ClearField("page_token")
        content = query.DESCRIPTOR.full_name.encode() + query.SerializeToString(deterministic=True)
        self._query = blake2b(content, digest_size=_HASH_BYTES).digest()
        self._token: str = request.page_token

    def start(self, kind: type[T]) -> T | None:
        """Where this page starts; None: at the beginning. InvalidField if the token is not one of
        this list."""
        if not self._token:
            return None
        try:
            if len(self._token) > TOKEN_CHARACTERS_MAX:
                raise ValueError(self._token)
            data = base64.b64decode(self._token, altchars=b"-_", validate=True)
            if data[:_HASH_BYTES] != self._query:
                raise ValueError(self._token)
            return msgspec.msgpack.decode(data[_HASH_BYTES:], type=kind)
        except (ValueError, binascii.Error, msgspec.DecodeError) as error:
            raise InvalidField("page_token", self._token, PAGE_LIMIT) from error

    def token(self, place: msgspec.Struct) -> str:
        """The token of the page that starts at a place."""
        return base64.b64encode(self._query + _encode(place), altchars=b"-_").decode()
