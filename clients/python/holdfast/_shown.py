"""What goes with every call of a client: the channel's credentials, metadata, and the token that is
in force when the call is made."""

from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from holdfast.access import AUTHORIZATION, Tls, Token, current, stays_here
from holdfast.errors import Code, Unauthenticated

Metadata = Sequence[tuple[str, str]]


class Shown:
    """What a client shows. ValueError if it would tell a token in clear beyond this machine."""

    def __init__(
        self,
        target: str,
        tls: Tls | None,
        token: Token | None,
        credentials: grpc.ChannelCredentials | None,
        metadata: Metadata,
    ) -> None:
        if tls is not None and credentials is not None:
            raise ValueError("give tls or credentials, not both")
        self.credentials = tls.credentials() if tls is not None else credentials
        self._token = token
        self._metadata = tuple(metadata)
        tells = token is not None or any(name.lower() == AUTHORIZATION for name, _ in metadata)
        if tells and self.credentials is None and not stays_here(target):
            raise ValueError(
                f"a token is not sent to {target} in clear: use TLS, or an address of this machine"
            )
        if isinstance(token, str):
            current(token)
        # A proxy would read what is in clear, and "this machine" would be the proxy's.
        is_exposed = tells and self.credentials is None
        self.channel_options: dict[str, Any] = {"grpc.enable_http_proxy": 0} if is_exposed else {}

    @property
    def renews(self) -> bool:
        """Whether a later call may show another token."""
        return callable(self._token)

    def now(self) -> tuple[Metadata, str]:
        """Metadata for a call, and the token in it. Unauthenticated if there is none to be had."""
        if self._token is None:
            return self._metadata, ""
        token = self._current(self._token)
        return (*self._metadata, (AUTHORIZATION, f"Bearer {token}")), token

    def explain(self, failure: grpc.aio.AioRpcError, token: str) -> grpc.aio.AioRpcError:
        """What a failed call means. If only its token was too old, and there is another by now, it
        is worth another try, as if the connection had broken."""
        source = self._token
        if failure.code() is not grpc.StatusCode.UNAUTHENTICATED or not callable(source):
            return failure
        try:
            is_renewed = self._current(source) != token
        except Unauthenticated:
            return failure
        if not is_renewed:
            return failure
        nothing = grpc.aio.Metadata()
        details = "The token has been renewed."
        return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing, details, "")

    @staticmethod
    def _current(source: Token) -> str:
        try:
            return current(source)
        except ValueError as error:
            raise Unauthenticated(f"{error}.", code=Code.UNAUTHENTICATED) from None


class TokenStream:
    """A stream that outlives the token with which it was opened: when the server ends it for that,
    and there is another token by now, whoever uses it hears that it has broken, and opens another.
    """

    def __init__(self, stream: Any, shown: Shown, token: str) -> None:
        self._stream = stream
        self._shown = shown
        self._token = token

    async def read(self) -> Any:
        """The next message, or the end."""
        try:
            return await self._stream.read()
        except grpc.aio.AioRpcError as failure:
            raise self._shown.explain(failure, self._token) from None

    async def write(self, message: Any) -> None:
        """Sends a message."""
        try:
            await self._stream.write(message)
        except grpc.aio.AioRpcError as failure:
            raise self._shown.explain(failure, self._token) from None

    async def done_writing(self) -> None:
        """Says that no more comes."""
        await self._stream.done_writing()

    def cancel(self) -> bool:
        """Gives it up."""
        cancelled: bool = self._stream.cancel()
        return cancelled
