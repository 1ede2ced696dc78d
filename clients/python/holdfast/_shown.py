"""What goes with every call of a client: the channel's credentials, metadata, and the token that is
in force when the call is made."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import grpc
import grpc.aio

from holdfast.access import AUTHORIZATION, Tls, Token, current, stays_here
from holdfast.errors import Code, Unauthenticated

Metadata = Sequence[tuple[str, str]]

_SAY_NOTHING_OF_WHO_CALLS = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""Codes with which a call can fail before the server has looked at its token."""


class Showing(NamedTuple):
    """What one call shows: the token, and the number of the call, from 1 for each client."""

    number: int
    token: str


class TokenRenewed(grpc.aio.AioRpcError):
    """The call was refused for its token alone, in place of which there is another by now: it had
    no effect, and is worth another try."""

    def __init__(self) -> None:
        nothing = grpc.aio.Metadata()
        details = "The token has been renewed."
        super().__init__(grpc.StatusCode.UNAVAILABLE, nothing, nothing, details, "")


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
        self._calls = 0
        self._refused_up_to = 0
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

    def now(self) -> tuple[Metadata, Showing]:
        """Metadata for a call, and the token in it. Unauthenticated if there is none to be had."""
        self._calls += 1
        if self._token is None:
            return self._metadata, Showing(self._calls, "")
        token = self._current(self._token)
        metadata = (*self._metadata, (AUTHORIZATION, f"Bearer {token}"))
        return metadata, Showing(self._calls, token)

    def let_in(self, showing: Showing) -> None:
        """The server has taken a call for that of somebody it knows."""
        if showing.number > self._refused_up_to:
            self._refused_up_to = 0

    def explain(self, failure: grpc.aio.AioRpcError, showing: Showing) -> grpc.aio.AioRpcError:
        """What a failed call means: `TokenRenewed` if only its token was too old.

        A source may give another token each time, none of which is any good. So after a refusal
        the calls that were open are tried again, but none that began after it, until one of these
        is let in.
        """
        source = self._token
        if failure.code() is not grpc.StatusCode.UNAUTHENTICATED:
            if failure.code() not in _SAY_NOTHING_OF_WHO_CALLS:
                self.let_in(showing)
            return failure
        if not callable(source) or 0 < self._refused_up_to < showing.number:
            return failure
        try:
            is_renewed = self._current(source) != showing.token
        except Unauthenticated:
            return failure
        if not is_renewed:
            return failure
        self._refused_up_to = self._refused_up_to or self._calls
        return TokenRenewed()

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

    def __init__(self, stream: Any, shown: Shown, showing: Showing) -> None:
        self._stream = stream
        self._shown = shown
        self._showing = showing

    async def read(self) -> Any:
        """The next message, or the end."""
        try:
            message = await self._stream.read()
        except grpc.aio.AioRpcError as failure:
            raise self._shown.explain(failure, self._showing) from None
        self._shown.let_in(self._showing)
        return message

    async def write(self, message: Any) -> None:
        """Sends a message."""
        try:
            await self._stream.write(message)
        except grpc.aio.AioRpcError as failure:
            raise self._shown.explain(failure, self._showing) from None

    async def done_writing(self) -> None:
        """Says that no more comes."""
        await self._stream.done_writing()

    def cancel(self) -> bool:
        """Gives it up."""
        cancelled: bool = self._stream.cancel()
        return cancelled
