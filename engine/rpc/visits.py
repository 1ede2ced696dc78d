"""A call of somebody who was let in: what it may do, as long as it lasts."""

import asyncio
from functools import lru_cache
from types import TracebackType
from typing import Any

from cryptography import x509

from engine.access.gate import Gate, Shown
from engine.access.named import NOTHING, Named
from engine.access.problems import PermissionDenied, Unauthenticated
from engine.rpc.naming import ALL_STOCK, named_by

AUTHORIZATION_HEADER = "authorization"
SCHEME = "bearer"

_CERTIFICATES_MAX = 1_024
"""Certificates whose end is remembered."""


class Visit:
    """One call, from when its caller is known. A context: what the call has under way ends with
    it."""

    def __init__(self, gate: Gate, shown: Shown) -> None:
        """Unauthenticated if what is shown is nobody's."""
        self._gate = gate
        self._shown = shown
        self._identity = gate.authenticate(shown)
        self._generation = gate.generation
        self._limiter = gate.limiter(self._identity.name)
        self._entered = 0
        self._standing: tuple[str, Named] | None = None
        self.asked = NOTHING
        """What the request of the call names and touches, as far as it says it itself."""
        self.ended: asyncio.Future[None] | None = None
        """Of a stream: fails when the caller may go on no longer. It is shared: wait for it with
        asyncio.wait, which does not cancel it."""

    @property
    def name(self) -> str:
        """The principal."""
        return self._identity.name

    def __enter__(self) -> "Visit":
        """Begin. RateLimited if the principal has as much under way as it may."""
        self.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave(self._entered)
        self._gate.forget(self)
        if self.ended is not None and self.ended.done():
            self.ended.exception()

    def enter(self) -> None:
        """Something more is under way. RateLimited if that is too much."""
        self._limiter.enter()
        self._entered += 1

    def leave(self, count: int) -> None:
        """So much of it has ended; what the end of the call has ended before is not counted
        again."""
        count = min(count, self._entered)
        self._entered -= count
        for _ in range(count):
            self._limiter.leave()

    def spend(self) -> None:
        """Use up a token of the principal's rate. RateLimited if there is none."""
        self._limiter.spend()

    def watch(self) -> None:
        """This is a stream: look after it whenever the files are looked at."""
        self.ended = asyncio.get_running_loop().create_future()
        self._gate.on_look(self, self._review)

    def ask(self, command: str, request: Any) -> None:
        """Hold what a request names against the rules. PermissionDenied if none covers it,
        Unauthenticated if the caller is nobody any more. A stream has to be covered as long as it
        lasts."""
        asked = named_by(command, request)
        self.check(command, asked)
        self.asked = asked
        if self.ended is not None:
            self._standing = command, asked

    def check(self, command: str, named: Named) -> None:
        """Hold a command against the rules that are in force now. Raises as `ask` does."""
        self._renew()
        self._gate.check(self.name, command, named)

    def confirm(self, command: str, asked: Named, found: Named, what: str) -> None:
        """Hold a command against the rules together with what was found where it leads.
        PermissionDenied says no more of that than `what` it is."""
        try:
            self.check(command, asked.with_(found))
        except PermissionDenied as denied:
            raise PermissionDenied(self.name, command, f"all that {what} is about") from denied

    def needs_to_see(self, command: str, asked: Named) -> bool:
        """Whether it matters where a command leads: not if one rule covers all stock."""
        try:
            self.check(command, asked.with_(ALL_STOCK))
        except PermissionDenied:
            return True
        return False

    def check_time(self) -> None:
        """Unauthenticated if the caller is nobody any more."""
        self._renew()

    def _renew(self) -> None:
        """See who the caller is again if something else is in force, or its time is over."""
        gate, identity = self._gate, self._identity
        if gate.now_s() >= identity.expires_s:
            raise Unauthenticated(identity.expired)
        if self._generation == gate.generation:
            return
        renewed = gate.authenticate(self._shown)
        if renewed.name != identity.name:
            raise Unauthenticated("the caller is another principal now; call again")
        self._identity = renewed
        self._generation = gate.generation

    def _review(self) -> None:
        """End the stream if its caller may go on no longer."""
        ended = self.ended
        if ended is None or ended.done():
            return
        changed = self._generation != self._gate.generation
        try:
            self._renew()
            if changed and self._standing is not None:
                self._gate.check(self.name, *self._standing)
        except (Unauthenticated, PermissionDenied) as problem:
            ended.set_exception(problem)


def shown_by(context: Any) -> Shown:
    """What the caller of a gRPC call shows. Unauthenticated if it cannot be read. A token goes
    before a certificate."""
    tokens = [
        value for name, value in context.invocation_metadata() or () if name == AUTHORIZATION_HEADER
    ]
    if tokens:
        return Shown(_token_of(tokens))
    facts = context.auth_context()
    # The common name is what certificates had before they had alternative names: who has those is
    # not who the common name says, which may be cut off.
    alternative = tuple(facts.get("x509_subject_alternative_name") or ())
    names = alternative or tuple(facts.get("x509_common_name") or ())
    if not names:
        return Shown()
    pem = b"".join(facts.get("x509_pem_cert") or ())
    return Shown("", tuple(name.decode(errors="replace") for name in names), _end_of(pem))


def _token_of(values: list[Any]) -> str:
    if len(values) > 1:
        raise Unauthenticated("there is more than one authorization")
    scheme, _, token = str(values[0]).partition(" ")
    if scheme.lower() != SCHEME or not token.strip():
        raise Unauthenticated("the authorization is no bearer token")
    return token.strip()


@lru_cache(_CERTIFICATES_MAX)
def _end_of(pem: bytes) -> float:
    """When a certificate ends, in seconds since 1970; one that cannot be read has ended."""
    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
    except ValueError:
        return 0.0
